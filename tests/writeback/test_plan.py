from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.writeback.world import BRIDGE, NOW, World, a_ticket

from itsm_bridge.config import Configuration
from itsm_bridge.model import Approval, ApprovalState, Outcome, State, Ticket, TicketRecord, TicketType
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback import (
    Plan,
    make_plan,
    plan_document,
    plan_summary,
)
from itsm_bridge.writeback.loads import Ledger


def planned(configuration: Configuration, records: Iterable[TicketRecord], ledger: Ledger | None = None) -> Plan:
    return make_plan(configuration, records, ledger or {}, NOW)


def lines(plan: Plan) -> set[tuple[str, Any, Any]]:
    return {(change.field, change.before, change.after) for change in plan.changes}


def test_an_open_ticket_is_ranked_and_given_to_the_owner(configuration: Configuration) -> None:
    plan = planned(configuration, [TicketRecord(a_ticket())])
    assert lines(plan) == {("impact", 3, 2), ("urgency", 3, 2), ("vendor", None, "OptIT")}


def test_where_the_source_computes_priority_the_plan_lists_impact_and_urgency_instead(
    configuration: Configuration,
) -> None:
    assert "priority" not in {change.field for change in planned(configuration, [TicketRecord(a_ticket())]).changes}


def test_a_ticket_that_is_as_the_rules_want_it_is_left_alone(configuration: Configuration) -> None:
    fresh = NOW - timedelta(minutes=5)
    right = a_ticket(impact=2, urgency=2, priority=3, vendor="OptIT", group="eGov OptIT", created_at=fresh)
    plan = planned(configuration, [TicketRecord(right)])
    assert plan.changes == ()
    assert {decision.outcome for decision in plan.decisions} == {"kept"}


def test_what_a_person_changed_after_creation_stands(configuration: Configuration, world: World) -> None:
    world.edit("id-INC0000001", "asha.k@egov.example", impact=1)
    plan = planned(configuration, [world.records["id-INC0000001"]])
    assert lines(plan) == {("vendor", None, "OptIT")}


def test_our_own_last_write_is_no_persons_change(configuration: Configuration, world: World) -> None:
    world.edit("id-INC0000001", BRIDGE, vendor="GWL")
    ledger = {"snow": {"id-INC0000001": {"vendor": LastWrite("GWL", world.now, Outcome.VERIFIED, 0, "")}}}
    plan = planned(configuration, [world.records["id-INC0000001"]], ledger)
    assert ("vendor", "GWL", "OptIT") in lines(plan)


def test_an_approval_is_asked_for_and_until_then_nobody_is_given_the_ticket(configuration: Configuration) -> None:
    change = a_ticket(type=TicketType.CHANGE, project="change_request", impact=2, urgency=2, priority=3)
    plan = planned(configuration, [TicketRecord(change)])
    assert lines(plan) == {("approval", None, ApprovalState.REQUESTED)}
    assert plan.tickets[0].approvers == ("punjab-spoc@egov.example", "infra-head@egov.example")
    assert [held.field for held in plan.held] == ["vendor"]


def test_the_bridge_never_withdraws_or_gives_an_approval(configuration: Configuration) -> None:
    ticket = a_ticket(approval=ApprovalState.REQUESTED, impact=2, urgency=2, vendor="OptIT")
    assert "approval" not in {change.field for change in planned(configuration, [TicketRecord(ticket)]).changes}


def test_a_value_that_was_refused_twice_on_the_same_inputs_is_held(configuration: Configuration) -> None:
    record = TicketRecord(a_ticket())
    digest = planned(configuration, [record]).tickets[0].inputs_digest
    last = LastWrite("OptIT", None, Outcome.REJECTED, 2, digest, "no active group 'eGov OptIT'")
    plan = planned(configuration, [record], {"snow": {"id-INC0000001": {"vendor": last}}})
    assert "vendor" not in {change.field for change in plan.changes}
    assert plan.refused == plan.held
    assert [(held.field, "2 tries (no active group 'eGov OptIT')" in held.why) for held in plan.held] == [
        ("vendor", True)
    ]


def test_a_refused_value_is_sent_once_more(configuration: Configuration) -> None:
    record = TicketRecord(a_ticket())
    digest = planned(configuration, [record]).tickets[0].inputs_digest
    ledger = {"snow": {"id-INC0000001": {"vendor": LastWrite("OptIT", None, Outcome.OVERRIDDEN, 1, digest)}}}
    assert "vendor" in {change.field for change in planned(configuration, [record], ledger).changes}


def test_time_going_by_does_not_make_a_refused_value_worth_another_try(configuration: Configuration) -> None:
    record = TicketRecord(a_ticket())
    later = make_plan(configuration, [record], {}, NOW.replace(hour=9))
    assert later.tickets[0].inputs_digest == planned(configuration, [record]).tickets[0].inputs_digest


def test_an_edit_of_the_ticket_makes_it_worth_another_try(configuration: Configuration) -> None:
    before = planned(configuration, [TicketRecord(a_ticket())]).tickets[0].inputs_digest
    after = planned(configuration, [TicketRecord(a_ticket(summary="The ledger is very slow"))]).tickets[0].inputs_digest
    assert before != after


def test_load_is_shared_ticket_by_ticket_within_one_plan(configuration: Configuration) -> None:
    homeless = [TicketRecord(a_ticket(f"INC{n:07}", environment=None, service=())) for n in range(10)]
    plan = planned(configuration, homeless)
    assert plan_summary(plan)["to_vendor"] == {"GWL": 4, "OptIT": 6}  # their capacities are 120 and 180 hours


def test_a_ticket_that_is_not_ours_is_held_with_the_reason(configuration: Configuration) -> None:
    plan = planned(configuration, [TicketRecord(a_ticket(category=("desktop",)))])
    assert [change.field for change in plan.changes] == ["note"]
    assert "Office IT desk" in plan.held[0].why


def test_the_document_has_the_shape_that_scripts_rely_on(configuration: Configuration) -> None:
    document = plan_document(planned(configuration, [TicketRecord(a_ticket())]))
    assert set(document["changes"][0]) == {"ticket", "source", "field", "from", "to", "rule", "because"}
    assert {"changes", "held", "unrouted", "summary"} <= set(document)
    assert json.loads(json.dumps(document)) == document


def test_a_closed_ticket_is_not_decided(configuration: Configuration) -> None:
    assert planned(configuration, [TicketRecord(a_ticket(state=State.RESOLVED))]).changes == ()


def a_requested_change(**given: object) -> Ticket:
    known: dict[str, object] = {"project": "change_request", "impact": 2, "urgency": 2}
    fields = known | {"type": TicketType.CHANGE, "approval": ApprovalState.REQUESTED} | given
    return a_ticket("INC0000001", **fields)


def test_who_became_an_approver_after_the_request_is_asked_too(configuration: Configuration) -> None:
    asked = Approval("snow", "id-INC0000001", "v1", "punjab-spoc@egov.example", ApprovalState.REQUESTED, NOW)
    plan = planned(configuration, [TicketRecord(a_requested_change(), approvals=(asked,))])
    assert lines(plan) == {("approval", "requested", "requested")}
    assert plan.changes[0].because.endswith("(asks infra-head@egov.example)")
    both = (asked, replace(asked, approval_id="v2", approver="Infra-Head@egov.example"))
    assert planned(configuration, [TicketRecord(a_requested_change(), approvals=both)]).changes == ()


def test_where_nobody_was_asked_a_field_that_says_requested_is_no_request(configuration: Configuration) -> None:
    assert lines(planned(configuration, [TicketRecord(a_requested_change())])) == {
        ("approval", "requested", "requested")
    }


def test_where_the_field_is_the_request_it_is_not_asked_for_again(configuration: Configuration) -> None:
    plan = planned(configuration, [TicketRecord(a_requested_change(source="ops", project="OPS", priority=3))])
    assert [change.field for change in plan.changes] == ["note"]  # after three days somebody is told
