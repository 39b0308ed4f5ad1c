from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import APPROVERS, CREATED, NOW, contains, entry, example, record, rule, vote, with_rules

from itsm_bridge.config.model import Configuration, Ownership
from itsm_bridge.model import ApprovalState, State, TicketRecord, TicketType
from itsm_bridge.rules import STAGES, Decider, Standing, inputs_json

DECIDER = Decider(example())


def test_the_sections_run_in_the_published_order() -> None:
    assert list(STAGES) == ["intake", "priority", "approval", "assignment", "escalation", "knowledge"]


def test_a_punjab_outage_is_decided_in_every_field(configuration: Configuration) -> None:
    verdict = Decider(configuration).decide(record(summary="ERP outage in Punjab"), NOW)
    assert {field: (decision.value, decision.rule) for field, decision in verdict.values.items()} == {
        "impact": (1, "citizen-outage"),
        "urgency": (1, "citizen-outage"),
        "priority": (1, "citizen-outage"),
        "approval": ("not_required", ""),
        "vendor": ("OptIT", "owner"),
    }
    assert verdict.held == ()
    assert verdict.unrouted is None


def test_a_ticket_is_classified_before_it_is_decided(configuration: Configuration) -> None:
    verdict = Decider(configuration).decide(record(environment=None, service=(), summary="pb-node-7: site down"), NOW)
    assert verdict.ticket.environment == "punjab"
    assert verdict.facts["environment"] == ("punjab",)
    assert verdict.values["priority"].value == 1
    assert [(line.section, line.rule) for line in verdict.trace] == [
        ("classify", "punjab-from-host"),
        ("priority", "citizen-outage"),
        ("priority", "default"),
        ("assignment", "owner"),
    ]


@pytest.mark.parametrize("state", [state for state in State if not state.is_open])
def test_only_open_tickets_are_decided(configuration: Configuration, state: State) -> None:
    verdict = Decider(configuration).decide(record(state=state), NOW)
    assert verdict.values == {}
    assert verdict.held == ()
    assert verdict.unrouted is None


RECORDS: st.SearchStrategy[TicketRecord] = st.builds(
    lambda kind, environment, summary, approval, history, approvals: record(
        *history, type=kind, environment=environment, summary=summary, approval=approval, approvals=approvals
    ),
    st.sampled_from(TicketType),
    st.sampled_from([None, "punjab", "AP", "bihar", "goa", ""]),
    st.sampled_from(["outage on pb-1", "ledger", "\ud800\x00", ""]),
    st.sampled_from([None, *ApprovalState]),
    st.lists(
        st.sampled_from([entry("vendor", "", "GWL"), entry("approval", "", "approved", actor=APPROVERS[0])]), max_size=2
    ),
    st.lists(
        st.sampled_from([vote(APPROVERS[0], ApprovalState.APPROVED), vote("x", ApprovalState.REJECTED)]), max_size=2
    ),
)


@given(RECORDS, st.integers(0, 400), st.dictionaries(st.sampled_from(["OptIT", "GWL"]), st.floats(0, 2)))
def test_deciding_twice_gives_the_same_verdict(made: TicketRecord, days: int, loads: dict[str, float]) -> None:
    now = NOW + timedelta(days=days)
    verdict = DECIDER.decide(made, now, loads=loads)
    assert Decider(example()).decide(made, now, loads=dict(reversed(list(loads.items())))) == verdict
    assert inputs_json(DECIDER.decide(made, now, loads=loads)) == inputs_json(verdict)


@given(RECORDS)
def test_a_field_is_decided_or_held_and_an_approval_in_the_way_means_no_vendor(made: TicketRecord) -> None:
    verdict = DECIDER.decide(made, NOW)
    assert {line.field for line in verdict.held}.isdisjoint(verdict.values)
    approval = verdict.values.get("approval")
    if approval is None or approval.value in {"requested", "rejected"}:
        assert "vendor" not in verdict.values
        assert verdict.unrouted is None
    else:
        assert ("vendor" in verdict.values) is (verdict.unrouted is None)


# --- inputs --------------------------------------------------------------------------------------------------------


def test_the_inputs_are_what_the_rules_can_see_and_what_else_a_decision_rests_on(configuration: Configuration) -> None:
    made = record(approvals=(vote(APPROVERS[0], ApprovalState.APPROVED),), description="long", assignee="ravi")
    standing = {"priority": Standing("asha", CREATED, Ownership.YIELD)}
    verdict = Decider(configuration).decide(made, NOW, standing=standing, loads={"OptIT": 0.5, "Other": 1.0})
    assert json.loads(inputs_json(verdict)) == {
        "approval": ["not_required"],
        "environment": ["punjab"],
        "loads": {"OptIT": 0.5},
        "now": "2026-11-02T06:00:00+00:00",
        "service": ["erp"],
        "standing": {"priority": ["asha", "2026-11-02T04:30:00+00:00"]},
        "state": ["new"],
        "text": ["The ledger is slow\nlong"],
        "type": ["incident"],
        "votes": [["punjab-spoc@egov.example", "approved", "2026-11-02T04:40:00+00:00"]],
    }
    assert inputs_json(verdict).index('"approval"') < inputs_json(verdict).index('"votes"')


def test_votes_in_a_plain_field_are_inputs_too(configuration: Configuration) -> None:
    made = record(entry("approval", "requested", "approved", actor=APPROVERS[0]), approval=ApprovalState.APPROVED)
    verdict = Decider(configuration).decide(made, NOW)
    assert json.loads(inputs_json(verdict))["votes"] == [[APPROVERS[0], "approved", "2026-11-02T04:40:00+00:00"]]


def test_a_rule_on_a_field_makes_it_an_input(configuration: Configuration) -> None:
    wider = with_rules(
        configuration, priority=(rule("noisy", contains("description", "noise"), example().rules.priority[0].then),)
    )
    assert "description" in json.loads(inputs_json(Decider(wider).decide(record(description="long"), NOW)))
