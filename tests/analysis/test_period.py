from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.analysis.period import Period, Unit

KOLKATA = ZoneInfo("Asia/Kolkata")
ZONES = [KOLKATA, ZoneInfo("UTC"), ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Africa/Cairo")]

instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of aware ones
periods = st.builds(Period.holding, instants, st.sampled_from(["week", "month", "quarter"]), st.sampled_from(ZONES))


@pytest.mark.parametrize(
    ("day", "unit", "name"),
    [
        ("2026-11-19T12:00:00+05:30", "week", "2026-W47"),
        ("2026-11-19T12:00:00+05:30", "month", "2026-11"),
        ("2026-11-19T12:00:00+05:30", "quarter", "2026-Q4"),
        ("2027-01-01T12:00:00+05:30", "week", "2026-W53"),
        ("2024-12-31T12:00:00+05:30", "week", "2025-W01"),
        ("2026-12-31T23:59:59+05:30", "month", "2026-12"),
        ("2026-01-01T00:00:00+05:30", "quarter", "2026-Q1"),
        ("2025-12-31T18:30:00Z", "month", "2026-01"),
        ("2025-12-31T18:29:59Z", "month", "2025-12"),
    ],
)
def test_a_period_is_named_by_its_days_in_the_zone(day: str, unit: str, name: str) -> None:
    assert Period.holding(datetime.fromisoformat(day), unit, KOLKATA).name == name


@given(instants, st.sampled_from(list(Unit)), st.sampled_from(ZONES))
def test_every_instant_lies_in_the_period_that_holds_it(at: datetime, unit: Unit, zone: ZoneInfo) -> None:
    period = Period.holding(at, unit, zone)
    assert period.start <= at < period.end


@given(periods)
def test_periods_follow_each_other_without_a_gap(period: Period) -> None:
    assert period.next().start == period.end
    assert period.previous().end == period.start
    assert period.next().previous() == period
    assert Period.holding(period.end, period.unit, period.zone) == period.next()


def test_a_week_with_a_change_of_the_clock_has_an_hour_less() -> None:
    week = Period.holding(datetime(2026, 3, 28, tzinfo=UTC), "week", ZoneInfo("Europe/London"))
    assert week.end - week.start == timedelta(days=7, hours=-1)


def test_a_report_never_sees_past_the_end_of_its_period() -> None:
    week = Period.holding(datetime(2026, 11, 19, tzinfo=UTC), "week", KOLKATA)
    assert week.until(week.end + timedelta(days=3)) == week.end
    assert week.until(week.start + timedelta(days=3)) == week.start + timedelta(days=3)


def test_three_days_are_compared_with_three_days_and_a_whole_with_a_whole() -> None:
    week = Period.holding(datetime(2026, 11, 19, tzinfo=UTC), "week", KOLKATA)
    assert week.previous_until(week.start + timedelta(days=3)) == week.previous().start + timedelta(days=3)
    assert week.previous_until(week.end) == week.start
    march = Period.holding(datetime(2026, 3, 31, tzinfo=UTC), "month", KOLKATA)
    assert march.previous_until(march.start + timedelta(days=30)) == march.start
    february = march.previous()
    assert february.previous_until(february.end) == february.start


def test_the_weeks_of_a_period_are_those_it_touches_and_the_ones_before() -> None:
    november = Period.holding(datetime(2026, 11, 19, 12, tzinfo=UTC), "month", KOLKATA)
    until = datetime(2026, 11, 19, 12, tzinfo=UTC)
    weeks = november.weeks(until, 12)
    assert [weeks[0].name, weeks[12].name, weeks[-1].name] == ["2026-W32", "2026-W44", "2026-W47"]
    assert weeks[-1].end == until
    assert [week.complete for week in weeks] == [True] * 15 + [False]
    assert all(one.end == other.start for one, other in pairwise(weeks))


def test_a_whole_week_is_complete() -> None:
    week = Period.holding(datetime(2026, 11, 19, 12, tzinfo=UTC), "week", KOLKATA)
    assert week.weeks(week.end, 0)[-1].complete
