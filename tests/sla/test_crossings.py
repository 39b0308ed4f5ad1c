"""The instants at which shares of a target are used up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sla.tickets import CALENDARS, P1_RESOLUTION, at, configured, level, record, when

from itsm_bridge.calendars import Calendars
from itsm_bridge.sla import crossed, crossed_at, cycles, reckonings

ON_HOLD = when(state="on_hold")


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [("2026-06-03T11:59:59Z", []), ("2026-06-03T12:00Z", [50]), ("2026-06-03T13:00Z", [50, 75])],
)
def test_a_share_is_used_up_when_as_much_has_gone_by(elapsed: str, expected: list[float]) -> None:
    (cycle,) = cycles([record("2026-06-03T10:00Z")], configured(level()), at(elapsed)).cycles
    assert list(crossed(cycle, (50, 75, 100))) == expected


def test_time_that_was_carried_over_counts_from_the_start() -> None:
    one = record("2026-06-03T10:00Z", ("2026-06-03T13:00Z", "priority", "1"), priority=3)
    ours = configured(level("low", hours=16, start=when(priority=3)), level("high", start=when(priority=1)))
    high = reckonings(one, ours, at("2026-06-03T13:30Z"))[-1]
    assert crossed_at(high, 50, Calendars(ours)) == at("2026-06-03T13:00Z")
    assert crossed_at(high, 80, Calendars(ours)) == at("2026-06-03T13:12Z")


def test_f_6_a_warning_at_80_percent_of_an_hour_is_crossed_after_48_minutes() -> None:
    ours = configured(level(hours=1))
    (running,) = reckonings(record("2026-06-03T10:00Z"), ours, at("2026-06-03T10:50Z"))
    assert crossed_at(running, 80, Calendars(ours)) == at("2026-06-03T10:48Z")


def test_a_share_that_is_left_has_no_instant() -> None:
    ours = configured(level())
    (running,) = reckonings(record("2026-06-03T10:00Z"), ours, at("2026-06-03T11:00Z"))
    with pytest.raises(ValueError, match="has not used 50 % yet"):
        crossed_at(running, 50, Calendars(ours))


@given(
    st.lists(st.integers(0, 60 * 24 * 10), max_size=5, unique=True),
    st.sampled_from([one.name for one in CALENDARS]),
    st.integers(1, 100),
)
def test_at_that_instant_as_much_is_used_and_a_second_before_less(
    waits: list[int], calendar: str, percent: int
) -> None:
    begun = at("2026-10-19T10:00Z")
    states = [
        (f"2026-10-{19 + minute // 1440:02}T{minute % 1440 // 60:02}:{minute % 60:02}Z", "state", state)
        for minute, state in zip(sorted(waits), ["on_hold", "in_progress"] * 3, strict=False)
        if minute > 600
    ]
    one = record("2026-10-19T10:00Z", *states)
    ours = configured(level(hours=7, calendar=calendar, pause=ON_HOLD))
    (now,) = reckonings(one, ours, at("2026-11-30T00:00Z"))
    if percent in crossed(now.cycle, (percent,)):
        instant = crossed_at(now, percent, Calendars(ours))
        assert instant >= begun
        (then,) = cycles([one], ours, instant).cycles
        assert then.elapsed_seconds * 100 >= percent * then.target_seconds > (then.elapsed_seconds - 1) * 100
        assert then.elapsed_seconds <= now.cycle.elapsed_seconds


def test_the_example_s_urgent_clock_is_half_used_two_hours_after_its_creation() -> None:
    ours = configured(P1_RESOLUTION)
    (one,) = reckonings(record("2026-06-03T10:00Z", priority=1), ours, at("2026-06-03T13:00Z"))
    assert crossed_at(one, 50, Calendars(ours)) == at("2026-06-03T12:00Z")
