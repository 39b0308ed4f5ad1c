"""What instant a target promises: the published examples, the edges of days and hours, and what always holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.calendars.offices import DAYS, HOURS_24X7, at, calendar
from tests.calendars.test_properties import instants, offices, spans_of, when

from itsm_bridge.calendars import Calendar, epoch
from itsm_bridge.config.model import CalendarDefinition, Target
from itsm_bridge.config.targets import parse_target
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.sla.targets import promised

OFFICE = calendar("UTC", "08:00-17:00", ["2026-06-10"])
"""Open on weekdays, in a week that begins on Monday 2026-06-08 and has its Wednesday off."""

LONDON = calendar("Europe/London", "09:00-17:00")
NIGHT = calendar("UTC", "22:00-06:00")
HALF_DAY = calendar("UTC", "09:00-17:00", (), {"2026-06-09": "09:00-13:00", "2026-06-10": "18:00-22:00"})


def promise(office: Calendar, target: str, start: str, due: str | None = None) -> datetime:
    day = None if due is None else epoch(at(due))
    return when(promised(parse_target(target), office, epoch(at(start)), day))


# --- some working days on ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "start", "due"),
    [
        ("1 working_days by 16:00", "2026-06-08T12:00Z", "2026-06-09T16:00Z"),
        ("1 working_days by 16:00", "2026-06-12T14:00Z", "2026-06-15T16:00Z"),
        ("1 working_days by close", "2026-06-08T12:00Z", "2026-06-09T17:00Z"),
        ("1 working_days by 16:00 if before 14:00", "2026-06-15T13:59:59Z", "2026-06-16T16:00Z"),
        ("1 working_days by 16:00 if before 14:00", "2026-06-15T14:00Z", "2026-06-17T16:00Z"),
        ("2 working_days by 16:00 if before 10:00", "2026-06-15T09:00Z", "2026-06-17T16:00Z"),
        ("2 working_days by 16:00 if before 10:00", "2026-06-15T10:30Z", "2026-06-18T16:00Z"),
        ("3 working_days by 16:00 if before 10:00", "2026-06-15T09:00Z", "2026-06-18T16:00Z"),
        ("3 working_days by 16:00 if before 10:00", "2026-06-15T10:30Z", "2026-06-19T16:00Z"),
    ],
)
def test_the_relative_durations_of_servicenow_hold(target: str, start: str, due: str) -> None:
    assert promise(OFFICE, target, start) == at(due)


def test_a_holiday_is_no_working_day() -> None:
    assert promise(OFFICE, "1 working_days by 16:00", "2026-06-09T12:00Z") == at("2026-06-11T16:00Z")


def test_a_start_on_a_closed_day_comes_after_every_time_of_the_day_before() -> None:
    friday, saturday = (
        promise(OFFICE, "2 working_days by 16:00 if before 10:00", f"2026-06-{day}T{time}Z")
        for day, time in ((12, "10:00"), (13, "09:00"))
    )

    assert friday == saturday == at("2026-06-17T16:00Z")


def test_a_start_on_a_closed_day_counts_no_day_more_where_no_time_is_set() -> None:
    assert promise(OFFICE, "2 working_days by 16:00", "2026-06-13T09:00Z") == at("2026-06-16T16:00Z")


def test_a_day_that_closes_earlier_is_due_at_its_closing() -> None:
    assert promise(HALF_DAY, "1 working_days by 16:00", "2026-06-08T12:00Z") == at("2026-06-09T13:00Z")
    assert promise(HALF_DAY, "1 working_days by close", "2026-06-08T12:00Z") == at("2026-06-09T13:00Z")


def test_a_day_that_opens_later_is_due_at_its_opening() -> None:
    assert promise(HALF_DAY, "2 working_days by 16:00", "2026-06-08T12:00Z") == at("2026-06-10T18:00Z")


def test_a_time_in_a_break_is_due_when_the_break_begins() -> None:
    office = calendar("UTC", "09:00-13:00 14:00-18:00")

    assert promise(office, "1 working_days by 13:30", "2026-06-08T12:00Z") == at("2026-06-09T13:00Z")
    assert promise(office, "1 working_days by close", "2026-06-08T12:00Z") == at("2026-06-09T18:00Z")


def test_a_night_shift_closes_on_the_day_after_the_one_that_it_belongs_to() -> None:
    assert promise(NIGHT, "1 working_days by close", "2026-06-08T23:00Z") == at("2026-06-10T06:00Z")


def test_a_calendar_that_is_always_open_closes_at_midnight() -> None:
    always = calendar("Asia/Kolkata", HOURS_24X7)

    assert promise(always, "1 working_days by close", "2026-06-08T12:00+05:30") == at("2026-06-10T00:00+05:30")
    assert promise(always, "1 working_days by 16:00", "2026-06-13T23:00+05:30") == at("2026-06-14T16:00+05:30")


def test_times_are_local_on_both_sides_of_a_change_of_the_clock() -> None:
    target = "1 working_days by 16:00 if before 10:00"

    assert promise(LONDON, target, "2026-03-27T09:59Z") == at("2026-03-30T16:00+01:00")
    assert promise(LONDON, target, "2026-10-23T10:30+01:00") == at("2026-10-27T16:00Z")
    assert promise(LONDON, target, "2026-06-08T09:30Z") == at("2026-06-10T16:00+01:00")


def test_without_a_time_of_day_a_working_day_is_due_at_the_time_of_the_start() -> None:
    assert promise(OFFICE, "1 working_days", "2026-06-08T11:20Z") == at("2026-06-09T11:20Z")


def test_an_amount_of_time_is_due_when_it_is_used_up() -> None:
    assert promise(OFFICE, "2h", "2026-06-08T16:00Z") == at("2026-06-09T09:00Z")


def test_a_calendar_that_does_not_open_any_more_is_refused() -> None:
    office = calendar("UTC", {}, (), {"2026-06-05": "09:00-17:00"})

    with pytest.raises(ConfigurationInvalid, match="office"):
        promise(office, "1 working_days by 16:00", "2026-06-05T11:00Z")


# --- the same day ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-06-08T09:00Z", "2026-06-08T16:00Z"),
        ("2026-06-08T06:00Z", "2026-06-08T16:00Z"),
        ("2026-06-08T15:59:59Z", "2026-06-08T16:00Z"),
        ("2026-06-08T16:00Z", "2026-06-09T16:00Z"),
        ("2026-06-09T20:00Z", "2026-06-11T16:00Z"),
        ("2026-06-13T09:00Z", "2026-06-15T16:00Z"),
    ],
)
def test_the_same_day_is_the_next_working_day_once_its_time_has_gone_by(start: str, due: str) -> None:
    assert promise(OFFICE, "0 working_days by 16:00", start) == at(due)


def test_the_same_day_may_end_at_a_time_before_that_of_the_promise() -> None:
    target = "0 working_days by 16:00 if before 10:00"

    assert promise(OFFICE, target, "2026-06-08T09:59Z") == at("2026-06-08T16:00Z")
    assert promise(OFFICE, target, "2026-06-08T10:00Z") == at("2026-06-09T16:00Z")
    assert promise(OFFICE, target, "2026-06-13T09:00Z") == at("2026-06-15T16:00Z")


def test_the_same_day_by_closing_is_the_next_day_from_closing_on() -> None:
    assert promise(HALF_DAY, "0 working_days by close", "2026-06-09T12:00Z") == at("2026-06-09T13:00Z")
    assert promise(HALF_DAY, "0 working_days by close", "2026-06-09T13:00Z") == at("2026-06-10T22:00Z")


# --- the due date ------------------------------------------------------------------------------------------------

V_7 = calendar("UTC", "08:00-16:00")


def test_v_7_a_due_date_outside_hours_is_the_next_opening() -> None:
    assert promise(V_7, "due", "2017-01-09T09:00Z", "2017-01-11T20:30Z") == at("2017-01-12T08:00Z")
    assert promise(V_7, "due", "2017-01-09T09:00Z", "2017-01-14T12:00Z") == at("2017-01-16T08:00Z")


@pytest.mark.parametrize("due", [None, "2017-01-08T09:00Z", "2017-01-09T09:00Z"])
def test_v_8_a_due_date_that_is_empty_or_past_is_one_second_after_the_start(due: str | None) -> None:
    assert promise(V_7, "due", "2017-01-09T09:00Z", due) == at("2017-01-09T09:00:01Z")


@pytest.mark.parametrize("due", ["2017-01-11T08:00Z", "2017-01-11T12:34:56Z", "2017-01-11T16:00Z"])
def test_a_due_date_within_hours_or_at_closing_is_itself(due: str) -> None:
    assert promise(V_7, "due", "2017-01-09T09:00Z", due) == at(due)


# --- whatever the calendar ---------------------------------------------------------------------------------------

times_of_day = st.integers(0, 23 * 60 + 59).map(lambda minutes: minutes * 60)
daytime = st.integers(5 * 60, 22 * 60).map(lambda minutes: minutes * 60)
"""No clock shows these twice on one day."""

relative = st.builds(Target, working_days=st.integers(0, 9), by=times_of_day, before=st.none() | daytime)
closing = st.builds(Target, working_days=st.integers(0, 9), by_close=st.just(value=True), before=st.none() | daytime)


@given(offices(), relative | closing, instants)
def test_a_promise_lies_after_the_start_and_within_hours_or_at_their_edge(
    definition: CalendarDefinition, target: Target, start: int
) -> None:
    office = Calendar(definition)

    due = promised(target, office, start)

    assert due > start
    assert office.is_open(when(due)) or office.is_open(when(due - 1))


@given(offices(), relative, instants, st.integers(0, 10 * 86_400))
def test_who_comes_later_is_not_served_earlier(
    definition: CalendarDefinition, target: Target, start: int, later: int
) -> None:
    office = Calendar(definition)

    assert promised(target, office, start) <= promised(target, office, start + later)


@given(offices(), relative, instants)
def test_a_promise_is_on_the_day_that_a_walk_over_the_days_finds(
    definition: CalendarDefinition, target: Target, start: int
) -> None:
    office, zone = Calendar(definition), definition.zone
    local = when(start).astimezone(zone)
    late = target.before is not None and (local.time() >= as_time(target.before) or not opens(definition, local.date()))
    days = (target.working_days or 0) + late
    assume(days)  # the same day is told by examples

    day = nth_opening(definition, local.date(), days)

    due = when(promised(target, office, start))
    wanted = datetime.combine(day, as_time(target.by or 0), zone).astimezone(UTC)
    assume(wanted.astimezone(zone).time() == as_time(target.by or 0))  # else no clock shows that time on that day
    assert due.astimezone(zone).date() == day
    assert office.elapsed(min(due, wanted), max(due, wanted)) == 0
    assert due == wanted or not office.is_open(wanted)


def as_time(seconds: int) -> time:
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def opens(definition: CalendarDefinition, day: date) -> bool:
    return any(end > start for start, end in spans_of(definition, day))


def nth_opening(definition: CalendarDefinition, day: date, number: int) -> date:
    while number:
        day += timedelta(days=1)
        number -= opens(definition, day)
    return day


def test_the_days_on_which_a_calendar_opens_are_known() -> None:
    assert [OFFICE.opens_on(date(2026, 6, 8 + day)) for day in range(7)] == [
        True,
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    assert [NIGHT.opens_on(date(2026, 6, 8 + day)) for day in range(7)] == [day not in {"sat", "sun"} for day in DAYS]
