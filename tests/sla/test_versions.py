from __future__ import annotations

import pytest
from tests.sla.tickets import HOUR, clock, clocks, level, record, when

from itsm_bridge.config.model import OnChange, OnReopen, SlaDefinition
from itsm_bridge.sla import Stage

MIDNIGHT = "2026-06-30T18:30Z"  # of the first of July in Kolkata


def versions(on_reopen: OnReopen = OnReopen.CONTINUE) -> tuple[SlaDefinition, SlaDefinition]:
    return (
        level("resolution", hours=8, end_day="2026-07-01", on_reopen=on_reopen),
        level("resolution", hours=4, first_day="2026-07-01", on_reopen=on_reopen),
    )


def told(one: SlaDefinition | tuple[SlaDefinition, ...], *changes: tuple[str, str, str]) -> list[tuple[str, int, str]]:
    levels = one if isinstance(one, tuple) else (one,)
    found = clocks(record("2026-06-30T10:00Z", *changes), *levels, now="2026-07-02T10:00Z")
    return [(f"{cycle.started_at:%dT%H:%M}", cycle.target_seconds // HOUR, cycle.stage) for cycle in found]


def test_a_clock_that_runs_keeps_the_version_that_it_began_under() -> None:
    assert told(versions()) == [("30T10:00", 8, Stage.IN_PROGRESS)]


def test_a_ticket_that_comes_after_the_turn_has_the_new_version() -> None:
    assert clock(record(MIDNIGHT), *versions()).target_seconds == 4 * HOUR
    assert clock(record("2026-06-30T18:29:59Z"), *versions()).target_seconds == 8 * HOUR


def test_a_new_level_attaches_to_open_tickets_at_the_midnight_from_which_it_is_in_force() -> None:
    assert told(versions()[1]) == [("30T18:30", 4, Stage.IN_PROGRESS)]


def test_a_new_level_does_not_attach_to_what_was_done_before() -> None:
    done = ("2026-06-30T12:00Z", "state", "resolved")
    assert told(versions()[1], done) == []
    assert told(versions()[1], done, ("2026-06-30T13:00Z", "state", "closed")) == []


def test_a_level_that_is_over_attaches_to_nothing_and_runs_on_where_it_runs() -> None:
    assert clocks(record(MIDNIGHT), versions()[0]) == []
    assert told(versions()[0]) == [("30T10:00", 8, Stage.IN_PROGRESS)]


@pytest.mark.parametrize(
    ("on_reopen", "expected"),
    [
        (OnReopen.CONTINUE, [("30T10:00", 8, Stage.IN_PROGRESS)]),
        (OnReopen.NEW_CYCLE, [("30T10:00", 8, Stage.COMPLETED), ("01T10:00", 4, Stage.IN_PROGRESS)]),
        (OnReopen.IGNORE, [("30T10:00", 8, Stage.COMPLETED)]),
    ],
)
def test_a_ticket_that_is_reopened_after_the_turn_goes_on_under_the_old_version_or_begins_under_the_new(
    on_reopen: OnReopen, expected: list[tuple[str, int, str]]
) -> None:
    done, again = ("2026-06-30T12:00Z", "state", "resolved"), ("2026-07-01T10:00Z", "state", "in_progress")
    assert told(versions(on_reopen), done, again) == expected


def test_what_was_settled_under_the_old_version_is_not_owed_again_under_the_new() -> None:
    owed, settled = when(priority=1), when(state="in_progress")
    response = [
        level("response", start=owed, stop=settled, hours=hours, first_day=first, end_day=end)
        for hours, first, end in ((2, None, "2026-07-01"), (1, "2026-07-01", None))
    ]
    answered, held = ("2026-06-30T11:00Z", "state", "in_progress"), ("2026-06-30T12:00Z", "state", "on_hold")
    one = record("2026-06-30T10:00Z", answered, held, priority=1)
    assert [cycle.stage for cycle in clocks(one, *response)] == [Stage.COMPLETED]


def test_a_reset_after_the_turn_begins_under_the_new_version() -> None:
    old, new = (
        level("resolution", hours=hours, reset=when(group="second line"), first_day=first, end_day=end)
        for hours, first, end in ((8, None, "2026-07-01"), (4, "2026-07-01", None))
    )
    assert told((old, new), ("2026-07-01T10:00Z", "group", "second line")) == [
        ("30T10:00", 8, Stage.COMPLETED),
        ("01T10:00", 4, Stage.IN_PROGRESS),
    ]


def test_a_clock_whose_old_version_no_longer_holds_hands_over_to_the_new_one() -> None:
    old = level("resolution", hours=8, start=when(priority=2), end_day="2026-07-01")
    new = level("resolution", hours=4, start=when(priority=1), first_day="2026-07-01", on_change=OnChange.CARRY)
    one = record("2026-06-30T10:00Z", ("2026-07-01T10:00Z", "priority", "1"), priority=2)
    before, after = clocks(one, old, new, now="2026-07-01T11:00Z")
    assert (before.stage, after.stage, after.elapsed_seconds) == (Stage.CANCELLED, Stage.IN_PROGRESS, 25 * HOUR)


def test_a_cycle_that_was_completed_under_a_version_that_no_longer_holds_begins_anew_when_reopened() -> None:
    old = level("resolution", hours=8, start=when(priority=2), end_day="2026-07-01")
    new = level("resolution", hours=4, start=when(priority=1), first_day="2026-07-01")
    changes = (
        ("2026-06-30T12:00Z", "state", "resolved"),
        ("2026-07-01T09:00Z", "priority", "1"),
        ("2026-07-01T10:00Z", "state", "in_progress"),
    )
    found = clocks(record("2026-06-30T10:00Z", *changes, priority=2), old, new, now="2026-07-01T11:00Z")
    assert [(cycle.target_seconds // HOUR, cycle.elapsed_seconds // HOUR) for cycle in found] == [(8, 2), (4, 1)]
