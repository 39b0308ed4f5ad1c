from __future__ import annotations

import pytest
from tests.sla.tickets import at, clocks, filled, level, record, when

from itsm_bridge.config.model import OnChange, OnReopen
from itsm_bridge.sla import Cycle

APPROVAL = level(
    "approval",
    measures="approval",
    start=when(approval="requested"),
    stop=when(approval=["approved", "rejected"]),
    reset=when(assignee="agent"),
)
UPDATE = level("update", reset=when(assignee="agent"))


def told(cycles: list[Cycle]) -> list[tuple[str, int, float]]:
    """Stage, hour of the start and hours used."""
    return [(one.stage.value, one.started_at.hour, one.elapsed_seconds / 3600) for one in cycles]


def test_a_cycle_that_a_reset_completed_long_ago_does_not_go_on_without_a_reopening() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "assignee", "agent"),
        ("2026-06-03T12:00Z", "state", "closed"),
        ("2026-06-03T13:00Z", "state", "in_progress"),
        ("2026-06-03T14:00Z", "approval", "rejected"),
        ("2026-06-03T15:00Z", "approval", "requested"),
        approval="requested",
    )
    found = clocks(one, APPROVAL, now="2026-06-03T17:00Z")
    assert told(found) == [("completed", 10, 1), ("completed", 11, 3), ("in_progress", 15, 2)]


@pytest.mark.parametrize("on_reopen", OnReopen)
def test_a_cycle_that_a_reset_completed_does_not_go_on_in_the_place_of_a_cancelled_one(on_reopen: OnReopen) -> None:
    update = level("update", reset=when(assignee="agent"), on_reopen=on_reopen)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "assignee", "agent"),
        ("2026-06-03T13:00Z", "state", "canceled"),
        ("2026-06-03T14:00Z", "state", "in_progress"),
    )
    found = clocks(one, update, now="2026-06-03T17:00Z")
    assert told(found) == [("completed", 10, 1), ("cancelled", 11, 2), ("in_progress", 14, 3)]


@pytest.mark.parametrize("on_reopen", OnReopen)
def test_a_hand_over_starts_at_zero_even_if_this_vendor_had_the_ticket_before_it_was_reopened(
    on_reopen: OnReopen,
) -> None:
    bound = level("uc", kind="uc", start=filled("vendor"), on_reopen=on_reopen)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "resolved"),
        ("2026-06-03T12:00Z", "state", "in_progress"),
        ("2026-06-03T12:00Z", "vendor", "GWL"),
        ("2026-06-03T14:00Z", "vendor", "OptIT"),
        vendor="OptIT",
    )
    found = clocks(one, bound, now="2026-06-03T17:00Z")
    assert [cycle.vendor for cycle in found] == ["OptIT", "GWL", "OptIT"]
    assert told(found) == [("completed", 10, 1), ("cancelled", 12, 2), ("in_progress", 14, 3)]


def test_a_second_cycle_without_a_reopening_reaches_back_like_the_first() -> None:
    back = level(
        "approval",
        start=when(approval="requested"),
        stop=when(approval=["approved", "rejected"]),
        on_change=OnChange.RETROACTIVE,
        on_reopen=OnReopen.NEW_CYCLE,
    )
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "approval", "approved"),
        ("2026-06-03T12:00Z", "state", "resolved"),
        ("2026-06-03T13:00Z", "state", "in_progress"),
        ("2026-06-03T13:00Z", "approval", "requested"),
        ("2026-06-03T14:00Z", "approval", "approved"),
        ("2026-06-03T16:00Z", "approval", "requested"),
        approval="requested",
    )
    found = clocks(one, back, now="2026-06-03T17:00Z")
    assert [cycle.started_at.hour for cycle in found] == [10, 13, 10]


def test_a_retroactive_level_that_takes_over_reaches_back_even_if_its_start_held_before() -> None:
    urgent = level("urgent", start=when(priority=1))
    patient = level("patient", cancel=when(assignee="robot"), on_change=OnChange.RETROACTIVE)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T12:00Z", "assignee", ""),
        ("2026-06-03T12:00Z", "priority", "3"),
        priority=1,
        assignee="robot",
    )
    _, after = clocks(one, urgent, patient, now="2026-06-03T13:00Z")
    assert (after.sla, after.started_at, after.elapsed_seconds) == ("patient", at("2026-06-03T10:00Z"), 3 * 3600)
