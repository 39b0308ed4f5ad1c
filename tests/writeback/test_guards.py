from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.writeback.world import a_ticket

from itsm_bridge.config.model import Limits
from itsm_bridge.errors import GuardTripped
from itsm_bridge.model import FieldChange, Note
from itsm_bridge.writeback import Plan, TicketPlan, check_limits


def plan_of(changes: int, open_tickets: int, elsewhere: int = 0) -> Plan:
    tickets = [TicketPlan(a_ticket(f"INC{n:07}"), (), (), "") for n in range(changes)]
    others = [TicketPlan(a_ticket(f"OPS-{n}", source="ops"), (), (), "") for n in range(elsewhere)]
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Plan("", at, (*tickets, *others), (), (), (), {"snow": open_tickets, "ops": 10_000})


@pytest.mark.parametrize(
    ("changes", "open_tickets"),
    [(0, 0), (20, 20), (20, 25), (21, 105), (200, 1000)],
    ids=["none", "a small source whole", "twenty of a few", "a fifth exactly", "the most exactly"],
)
def test_a_plan_within_the_limits_passes(changes: int, open_tickets: int) -> None:
    check_limits(plan_of(changes, open_tickets), Limits())


@pytest.mark.parametrize(
    ("changes", "open_tickets", "told"),
    [(21, 104, "21 of 104 open tickets of snow"), (201, 100_000, "201 tickets would change, limit max_changes 200")],
)
def test_a_plan_past_a_limit_stops_with_the_command_that_allows_it(changes: int, open_tickets: int, told: str) -> None:
    with pytest.raises(GuardTripped, match=told) as stopped:
        check_limits(plan_of(changes, open_tickets), Limits())
    assert f"--allow-changes {changes}" in stopped.value.hint
    assert "nothing was written" in stopped.value.message


def test_max_changes_counts_the_tickets_of_all_sources() -> None:
    with pytest.raises(GuardTripped, match="201 tickets"):
        check_limits(plan_of(101, 10_000, elsewhere=100), Limits())


def test_both_limits_are_lifted_up_to_the_number_that_was_allowed() -> None:
    check_limits(plan_of(250, 300), Limits(), allow=250)
    with pytest.raises(GuardTripped):
        check_limits(plan_of(251, 300), Limits(), allow=250)


def test_one_less_than_the_plan_needs_is_not_enough() -> None:
    check_limits(plan_of(250, 300), Limits(), allow=250)
    with pytest.raises(GuardTripped, match="250 tickets would change") as stopped:
        check_limits(plan_of(250, 300), Limits(), allow=249)
    assert stopped.value.hint.endswith("itsm-bridge apply --allow-changes 250")


def test_a_number_that_is_allowed_never_makes_the_limits_narrower() -> None:
    check_limits(plan_of(30, 10_000), Limits(), allow=1)


@pytest.mark.parametrize(("changes", "open_tickets", "stops"), [(20, 20, False), (21, 21, True), (21, 20_000, False)])
def test_the_percentage_counts_from_the_twenty_first_ticket(changes: int, open_tickets: int, stops: bool) -> None:
    plan = plan_of(changes, open_tickets)
    with pytest.raises(GuardTripped, match="21 of 21 open tickets of snow") if stops else nullcontext():
        check_limits(plan, Limits())


def test_every_limit_that_is_passed_is_named_in_one_message() -> None:
    plan = replace(plan_of(150, 200, elsewhere=100), open_tickets={"snow": 200, "ops": 120})
    with pytest.raises(GuardTripped) as stopped:
        check_limits(plan, Limits())
    told = stopped.value.message
    assert "250 tickets would change, limit max_changes 200" in told
    assert "150 of 200 open tickets of snow would change, limit max_change_percent 20 %" in told
    assert "100 of 120 open tickets of ops" in told


def test_the_rule_that_changes_most_tickets_is_named() -> None:
    plan = plan_of(30, 30)
    lines = [
        FieldChange(one.ticket.id, "snow", "vendor", None, "GWL", "owner" if place else "pool", "")
        for place, one in enumerate(plan.tickets)
    ]
    tickets = tuple(replace(one, changes=(line,)) for one, line in zip(plan.tickets, lines, strict=True))
    with pytest.raises(GuardTripped, match=r"20 % \(most by rule owner: 29\); nothing was written"):
        check_limits(replace(plan, tickets=tickets), Limits())


def test_the_command_that_allows_a_saved_plan_names_its_file() -> None:
    with pytest.raises(GuardTripped) as stopped:
        check_limits(plan_of(30, 30), Limits(), file="monday.json")
    assert stopped.value.hint.endswith("itsm-bridge apply monday.json --allow-changes 30")


def test_of_rules_that_change_as_many_one_that_changes_a_field_is_named() -> None:
    plan = plan_of(30, 30)
    note = Note("0123456789abcdef", "half of the time is used up")
    tickets = tuple(
        replace(
            one,
            changes=(
                FieldChange(one.ticket.id, "snow", "note", None, note.text, "breach", "", note),
                FieldChange(one.ticket.id, "snow", "vendor", None, "GWL", "owner", ""),
            ),
        )
        for one in plan.tickets
    )
    with pytest.raises(GuardTripped, match="most by rule owner: 30"):
        check_limits(replace(plan, tickets=tickets), Limits())
