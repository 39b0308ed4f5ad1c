from __future__ import annotations

import pytest
from tests.sla.tickets import (
    HOUR,
    VENDOR_RESOLUTION,
    at,
    clock,
    clocks,
    level,
    record,
    when,
)

from itsm_bridge.config.model import OnChange, OnReopen
from itsm_bridge.sla import Cycle, Stage

ON_HOLD = when(state="on_hold")
RESOLVED_AND_REOPENED = (
    ("2026-06-03T12:00Z", "state", "resolved"),
    ("2026-06-03T15:00Z", "state", "in_progress"),
)


def stages(cycles: list[Cycle]) -> list[tuple[str, str, float]]:
    return [(cycle.sla, cycle.stage.value, cycle.elapsed_seconds / HOUR) for cycle in cycles]


LOW = level("low", hours=16, start=when(priority=3), pause=ON_HOLD)


@pytest.mark.parametrize(
    ("on_change", "started", "used", "due"),
    [
        (OnChange.CARRY, "2026-06-03T14:00Z", 4, "2026-06-03T19:00Z"),
        (OnChange.RESTART, "2026-06-03T14:00Z", 1, "2026-06-03T22:00Z"),
        (OnChange.RETROACTIVE, "2026-06-03T10:00Z", 4, "2026-06-03T19:00Z"),
    ],
)
def test_a_change_of_level_keeps_what_the_new_level_says(
    on_change: OnChange, started: str, used: float, due: str
) -> None:
    high = level("high", hours=8, start=when(priority=1), pause=ON_HOLD, on_change=on_change)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T12:00Z", "state", "on_hold"),
        ("2026-06-03T13:00Z", "state", "in_progress"),
        ("2026-06-03T14:00Z", "priority", "1"),
        priority=3,
    )
    old, new = clocks(one, LOW, high, now="2026-06-03T15:00Z")
    assert (old.stage, old.elapsed_seconds, old.priority) == (Stage.CANCELLED, 3 * HOUR, 3)
    assert (new.started_at, new.elapsed_seconds, new.due_at) == (at(started), used * HOUR, at(due))


def test_a_retroactive_clock_has_its_own_pauses() -> None:
    high = level("high", start=when(priority=1), on_change=OnChange.RETROACTIVE)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T10:30Z", "state", "on_hold"),
        ("2026-06-03T12:00Z", "priority", "1"),
        priority=3,
    )
    old, new = clocks(one, LOW, high, now="2026-06-03T12:00Z")
    assert (old.elapsed_seconds, new.elapsed_seconds, new.paused_seconds) == (HOUR // 2, 2 * HOUR, 0)


def test_a_retroactive_clock_leaves_out_the_time_in_which_the_ticket_was_resolved() -> None:
    high = level("high", hours=8, start=when(priority=1), on_change=OnChange.RETROACTIVE)
    one = record("2026-06-03T10:00Z", *RESOLVED_AND_REOPENED, ("2026-06-03T16:00Z", "priority", "1"), priority=3)
    new = clocks(one, LOW, high, now="2026-06-03T17:00Z")[-1]
    assert (new.sla, new.elapsed_seconds, new.due_at) == ("high", 4 * HOUR, at("2026-06-03T21:00Z"))


def test_used_time_is_carried_through_several_changes() -> None:
    high = level("high", start=when(priority=1))
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "priority", "1"),
        ("2026-06-03T12:00Z", "priority", "3"),
        ("2026-06-03T13:00Z", "priority", "1"),
        priority=3,
    )
    found = clocks(one, LOW, high, now="2026-06-03T14:00Z")
    assert stages(found) == [
        ("low", "cancelled", 1),
        ("high", "cancelled", 2),
        ("low", "cancelled", 3),
        ("high", "in_progress", 4),
    ]
    assert found[-1].due_at == at("2026-06-03T14:00Z")


def test_a_change_within_one_level_changes_nothing() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "priority", "4"), priority=3)
    cycle = clock(one, level(start=when(priority=[2, 3, 4])), now="2026-06-03T12:00Z")
    assert (cycle.elapsed_seconds, cycle.priority) == (2 * HOUR, 4)


def test_a_level_of_another_kind_or_measure_hands_over_nothing() -> None:
    ola = level("ola", start=when(priority=1), kind="ola")
    response = level("response", start=when(priority=1), measures="response")
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "priority", "1"), priority=3)
    found = clocks(one, LOW, ola, response, now="2026-06-03T12:00Z")
    assert stages(found) == [("low", "cancelled", 1), ("ola", "in_progress", 1), ("response", "in_progress", 1)]


def test_a_change_while_waiting_hands_over_to_a_paused_clock() -> None:
    high = level("high", start=when(priority=1), pause=ON_HOLD)
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "on_hold"),
        ("2026-06-03T12:00Z", "priority", "1"),
        priority=3,
    )
    old, new = clocks(one, LOW, high, now="2026-06-03T13:00Z")
    assert (old.stage, old.paused_seconds) == (Stage.CANCELLED, HOUR)
    assert (new.stage, new.elapsed_seconds, new.paused_seconds, new.due_at) == (Stage.PAUSED, HOUR, HOUR, None)


# --- vendors -------------------------------------------------------------------------------------------------------


def test_a_hand_over_cancels_the_clock_of_one_vendor_and_starts_that_of_the_next_at_zero() -> None:
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T12:00+05:30", "vendor", "GWL"),
        ("2026-06-03T15:00+05:30", "state", "resolved"),
        vendor="OptIT",
    )
    first, second = clocks(one, VENDOR_RESOLUTION)
    assert (first.vendor, first.stage, first.elapsed_seconds) == ("OptIT", Stage.CANCELLED, 2 * HOUR)
    assert (second.vendor, second.stage, second.elapsed_seconds) == ("GWL", Stage.COMPLETED, 3 * HOUR)


def test_no_vendor_clock_runs_while_nobody_holds_the_ticket() -> None:
    everybody = level("uc", calendar="vendor", kind="uc")
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T11:00+05:30", "vendor", "OptIT"),
        ("2026-06-03T12:00+05:30", "vendor", ""),
    )
    cycle = clock(one, everybody)
    assert (cycle.vendor, cycle.stage, cycle.elapsed_seconds) == ("OptIT", Stage.CANCELLED, HOUR)


def test_a_clock_is_the_vendors_who_held_the_ticket_when_the_same_change_stops_it_and_hands_it_on() -> None:
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T12:00+05:30", "state", "resolved"),
        ("2026-06-03T12:00+05:30", "vendor", "GWL"),
        vendor="OptIT",
    )
    cycle = clock(one, VENDOR_RESOLUTION)
    assert (cycle.vendor, cycle.stage) == ("OptIT", Stage.COMPLETED)


@pytest.mark.parametrize(("who", "expected"), [("OptIT", [3]), ("GWL", [2, 1])])
def test_a_reopened_ticket_goes_on_with_the_clock_of_the_same_vendor_only(who: str, expected: list[float]) -> None:
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T12:00+05:30", "state", "resolved"),
        ("2026-06-03T15:00+05:30", "state", "in_progress"),
        ("2026-06-03T15:00+05:30", "vendor", who),
        vendor="OptIT",
    )
    found = clocks(one, VENDOR_RESOLUTION, now="2026-06-03T16:00+05:30")
    assert [cycle.elapsed_seconds / HOUR for cycle in found] == expected


def test_what_the_levels_say_of_a_vendor_does_not_bind_another() -> None:
    urgent = level(
        "urgent", kind="uc", calendar="always", start=when(priority=1), on_change=OnChange.RETROACTIVE, hours=12
    )
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T12:00Z", "vendor", "GWL"),
        ("2026-06-03T13:00Z", "priority", "1"),
        vendor="OptIT",
        priority=3,
    )
    cycle = clock(one, urgent, now="2026-06-03T14:00Z")
    assert (cycle.vendor, cycle.started_at, cycle.elapsed_seconds) == ("GWL", at("2026-06-03T12:00Z"), 2 * HOUR)


@pytest.mark.parametrize(
    ("on_change", "started", "used"),
    [
        (OnChange.CARRY, "2026-06-01T14:00Z", 2 + 1),
        (OnChange.RESTART, "2026-06-01T14:00Z", 1),
        (OnChange.RETROACTIVE, "2026-06-01T10:00Z", 2 + 1),
    ],
)
def test_a_ticket_that_is_reopened_under_another_definition_brings_the_time_that_it_had_used(
    on_change: OnChange, started: str, used: int
) -> None:
    before, after = level("P3", start=when(priority=3)), level("P1", start=when(priority=1), on_change=on_change)
    one = record(
        "2026-06-01T10:00Z",
        ("2026-06-01T12:00Z", "state", "resolved"),
        ("2026-06-01T13:00Z", "priority", "1"),
        ("2026-06-01T14:00Z", "state", "in_progress"),
        priority=3,
    )
    first, second = clocks(one, before, after, now="2026-06-01T15:00Z")
    assert (first.sla, first.stage, first.elapsed_seconds) == ("P3", Stage.COMPLETED, 2 * HOUR)
    assert (second.sla, second.started_at, second.elapsed_seconds) == ("P1", at(started), used * HOUR)


def test_what_begins_anew_when_reopened_brings_nothing_to_another_definition() -> None:
    before = level("P3", start=when(priority=3), on_reopen=OnReopen.NEW_CYCLE)
    one = record(
        "2026-06-01T10:00Z",
        ("2026-06-01T12:00Z", "state", "resolved"),
        ("2026-06-01T13:00Z", "priority", "1"),
        ("2026-06-01T14:00Z", "state", "in_progress"),
        priority=3,
    )
    _, second = clocks(one, before, level("P1", start=when(priority=1)), now="2026-06-01T15:00Z")
    assert second.elapsed_seconds == HOUR


def test_time_that_was_handed_over_at_a_reopening_is_not_taken_up_a_second_time() -> None:
    before, after = level("P3", start=when(priority=3)), level("P1", start=when(priority=1))
    one = record(
        "2026-06-01T10:00Z",
        ("2026-06-01T12:00Z", "state", "resolved"),
        ("2026-06-01T13:00Z", "priority", "1"),
        ("2026-06-01T14:00Z", "state", "in_progress"),
        ("2026-06-01T15:00Z", "priority", "3"),
        priority=3,
    )
    found = clocks(one, before, after, now="2026-06-01T16:00Z")
    assert [(cycle.sla, cycle.elapsed_seconds // HOUR) for cycle in found] == [("P3", 2), ("P1", 3), ("P3", 4)]
