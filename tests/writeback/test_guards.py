from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.writeback.world import a_ticket

from itsm_bridge.config.model import Limits
from itsm_bridge.errors import GuardTripped
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
