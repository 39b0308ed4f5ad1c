from __future__ import annotations

import pytest
from tests.sla.tickets import EXAMPLE_LEVELS, HOUR, STANDARD, at, clock, clocks, level, record, when

from itsm_bridge.config.model import OnChange
from itsm_bridge.sla import Stage

ON_HOLD = when(state="on_hold")


def minutes(count: float) -> int:
    return round(count * 60)


def test_v_9_a_retroactive_clock_has_the_three_hours_since_the_creation() -> None:
    p3 = level("P3", hours=16, start=when(priority=3))
    p1 = level("P1", start=when(priority=1), on_change=OnChange.RETROACTIVE)
    one = record("2026-06-03T10:00Z", ("2026-06-03T13:00Z", "priority", "1"), priority=3)
    old, new = clocks(one, p3, p1, now="2026-06-03T13:00Z")
    assert (old.stage, old.elapsed_seconds) == (Stage.CANCELLED, 3 * HOUR)
    assert (new.stage, new.elapsed_seconds, new.started_at) == (Stage.IN_PROGRESS, 3 * HOUR, at("2026-06-03T10:00Z"))
    assert new.due_at == at("2026-06-03T14:00Z")


def test_v_9_holds_without_a_level_that_hands_over() -> None:
    p1 = level("P1", start=when(priority=1), on_change=OnChange.RETROACTIVE)
    one = record("2026-06-03T10:00Z", ("2026-06-03T13:00Z", "priority", "1"), priority=3)
    assert clock(one, p1, now="2026-06-03T13:30Z").elapsed_seconds == minutes(210)


@pytest.mark.parametrize(
    ("state", "stage"),
    [("in_progress", Stage.IN_PROGRESS), ("on_hold", Stage.PAUSED), ("resolved", Stage.COMPLETED)],
)
def test_v_10_a_change_of_priority_cancels_one_cycle_and_attaches_another(state: str, stage: Stage) -> None:
    p1 = level("P1", hours=8, start=when(priority=1), pause=ON_HOLD)
    p2 = level("P2", hours=12, start=when(priority=2), pause=ON_HOLD)
    one = record(
        "2026-06-03T10:00Z", ("2026-06-03T11:00Z", "priority", "2"), ("2026-06-03T12:00Z", "state", state), priority=1
    )
    old, new = clocks(one, p1, p2, now="2026-06-03T15:00Z")
    assert (old.sla, old.stage, old.stopped_at) == ("P1", Stage.CANCELLED, at("2026-06-03T11:00Z"))
    assert (new.sla, new.stage) == ("P2", stage)


@pytest.mark.parametrize(
    ("answered", "seconds"), [("2013-03-21T10:00Z", minutes(30)), ("2013-03-21T14:00Z", minutes(270))]
)
def test_z_2_the_first_response_in_office_hours(answered: str, seconds: int) -> None:
    response = level(measures="response", calendar="berlin", hours=1, stop=when(state=["in_progress", "resolved"]))
    cycle = clock(record("2013-03-21T09:30Z", (answered, "state", "in_progress")), response)
    assert (cycle.elapsed_seconds, cycle.breached) == (seconds, seconds > HOUR)
    assert cycle.due_at == at("2013-03-21T10:30Z")


def test_z_3_pending_and_closed_time_move_the_due_instant_of_a_reopened_ticket() -> None:
    one = record(
        "2013-06-04T09:00Z",
        ("2013-06-04T09:30Z", "state", "on_hold"),
        ("2013-06-04T09:45Z", "state", "in_progress"),
        ("2013-06-04T10:00Z", "state", "closed"),
        ("2013-06-04T10:30Z", "state", "in_progress"),
    )
    cycle = clock(one, level(calendar="berlin daily", hours=2, pause=ON_HOLD), now="2013-06-04T11:00Z")
    assert cycle.due_at == at("2013-06-04T11:45Z")
    assert (cycle.elapsed_seconds, cycle.paused_seconds) == (minutes(75), minutes(15))


def test_z_4_time_that_runs_out_at_closing_is_due_at_closing() -> None:
    one = record(
        "2013-06-04T09:00Z", ("2013-06-04T10:00Z", "state", "on_hold"), ("2013-06-04T15:00Z", "state", "in_progress")
    )
    cycle = clock(one, level(calendar="berlin daily", hours=2, pause=ON_HOLD), now="2013-06-04T15:30Z")
    assert cycle.due_at == at("2013-06-04T16:00Z")


def test_z_5_a_pause_counts_in_neither_the_response_nor_the_resolution() -> None:
    response = level("response", measures="response", hours=2, pause=ON_HOLD, stop=when(assignee="agent"))
    resolution = level("resolution", hours=250 / 60, pause=ON_HOLD)
    one = record(
        "2013-06-04T09:00Z",
        ("2013-06-04T10:00Z", "state", "on_hold"),
        ("2013-06-04T10:30Z", "state", "in_progress"),
        ("2013-06-04T10:45Z", "assignee", "agent"),
        ("2013-06-04T12:00Z", "state", "closed"),
    )
    used = [(cycle.elapsed_seconds, cycle.target_seconds) for cycle in clocks(one, response, resolution)]
    assert used == [(minutes(75), minutes(120)), (minutes(150), minutes(250))]


def test_z_6_a_ticket_that_was_never_open_uses_nothing() -> None:
    one = record("2013-06-04T09:00Z", ("2013-06-04T12:00Z", "state", "closed"), state="on_hold")
    cycle = clock(one, level(calendar="berlin daily", pause=ON_HOLD))
    assert (cycle.elapsed_seconds, cycle.paused_seconds, cycle.breached) == (0, 3 * HOUR, False)
    assert (cycle.stage, cycle.due_at) == (Stage.COMPLETED, at("2013-06-04T16:00Z"))


def test_z_7_a_window_of_a_ticket_is_the_difference_of_two_readings() -> None:
    one = record(
        "2026-06-03T10:00Z",
        ("2026-06-03T11:00Z", "state", "in_progress"),
        ("2026-06-03T11:30Z", "state", "on_hold"),
        ("2026-06-03T12:00Z", "state", "closed"),
    )
    early, late = (
        clock(one, level(pause=ON_HOLD), now=now).elapsed_seconds for now in ("2026-06-03T10:30Z", "2026-06-03T13:00Z")
    )
    assert (early, late, late - early) == (minutes(30), minutes(90), minutes(60))


@pytest.mark.parametrize(
    ("reply", "used"), [("2026-06-04T09:30+01:00", minutes(60)), ("2026-06-04T10:00+01:00", minutes(90))]
)
def test_f_1_all_time_used_is_met_and_a_second_more_is_breached(reply: str, used: int) -> None:
    one = record("2026-06-03T16:30+01:00", (reply, "state", "resolved"))
    cycle = clock(one, level(calendar="london", hours=1))
    assert (cycle.elapsed_seconds, cycle.breached) == (used, used > HOUR)
    assert cycle.due_at == at("2026-06-04T09:30+01:00")


def test_f_5_waiting_for_a_vendor_is_left_out() -> None:
    one = record(
        "2026-06-01T09:00+01:00",
        ("2026-06-01T11:00+01:00", "state", "on_hold"),
        ("2026-06-03T14:00+01:00", "state", "in_progress"),
        ("2026-06-04T10:00+01:00", "state", "closed"),
    )
    paused = clock(one, level(calendar="london", hours=8, pause=ON_HOLD))
    assert (paused.elapsed_seconds, paused.paused_seconds, paused.breached) == (6 * HOUR, 19 * HOUR, False)
    assert clock(one, level(calendar="london", hours=8)).elapsed_seconds == 25 * HOUR


def test_f_7_a_shorter_target_can_be_breached_at_the_change() -> None:
    p3, p1 = level("P3", hours=8, start=when(priority=3)), level("P1", hours=1, start=when(priority=1))
    one = record("2026-06-03T10:00Z", ("2026-06-03T12:00Z", "priority", "1"), priority=3)
    _, new = clocks(one, p3, p1, now="2026-06-03T12:00Z")
    assert (new.elapsed_seconds, new.breached, new.stage) == (2 * HOUR, True, Stage.IN_PROGRESS)
    assert (new.started_at, new.due_at) == (at("2026-06-03T12:00Z"), at("2026-06-03T12:00Z"))


def test_s_1_elapsed_time_is_carried_into_the_new_target() -> None:
    low, high = level("low", hours=3, start=when(priority=3)), level("high", hours=2, start=when(priority=1))
    one = record("2026-06-03T10:00Z", ("2026-06-03T11:00Z", "priority", "1"), priority=3)
    _, new = clocks(one, low, high, now="2026-06-03T11:30Z")
    assert (new.elapsed_seconds, new.due_at) == (minutes(90), at("2026-06-03T12:00Z"))


def test_the_levels_of_the_example_configuration_follow_a_ticket_through_its_life() -> None:
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T10:05+05:30", "vendor", "OptIT"),
        ("2026-06-03T10:10+05:30", "state", "in_progress"),
        ("2026-06-03T12:00+05:30", "priority", "1"),
        ("2026-06-03T13:00+05:30", "state", "on_hold"),
        ("2026-06-03T15:00+05:30", "state", "in_progress"),
        ("2026-06-03T16:00+05:30", "state", "resolved"),
        priority=3,
        environment="punjab",
    )
    found = {cycle.sla: cycle for cycle in clocks(one, *EXAMPLE_LEVELS)}
    assert found.keys() == {"standard resolution", "vendor resolution", "P1 resolution"}
    assert (found["standard resolution"].stage, found["standard resolution"].elapsed_seconds) == ("cancelled", 2 * HOUR)
    assert (found["P1 resolution"].elapsed_seconds, found["P1 resolution"].paused_seconds) == (4 * HOUR, 2 * HOUR)
    assert (found["P1 resolution"].breached, found["P1 resolution"].due_at) == (False, at("2026-06-03T16:00+05:30"))
    assert found["vendor resolution"].elapsed_seconds == minutes(3 * 60 - 5 + 60)


def test_the_standard_level_pauses_for_approval_and_starts_anew_when_reopened() -> None:
    one = record(
        "2026-06-03T10:00+05:30",
        ("2026-06-03T11:00+05:30", "approval", "requested"),
        ("2026-06-03T13:00+05:30", "approval", "approved"),
        ("2026-06-03T14:00+05:30", "state", "resolved"),
        ("2026-06-04T10:00+05:30", "state", "in_progress"),
        priority=3,
        environment="punjab",
    )
    first, second = clocks(one, STANDARD, now="2026-06-04T12:00+05:30")
    assert (first.elapsed_seconds, first.paused_seconds, first.stage) == (2 * HOUR, 2 * HOUR, "completed")
    assert (second.elapsed_seconds, second.started_at) == (2 * HOUR, at("2026-06-04T10:00+05:30"))
