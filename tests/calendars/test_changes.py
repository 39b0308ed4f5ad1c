"""Calendars whose hours or holidays change from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.calendars.offices import HOUR, NO_HOLIDAYS, at, definition, every_day, vendor

from itsm_bridge.calendars import Calendar, hours_in_week, month_of, normal_week_seconds
from itsm_bridge.config.model import CalendarDefinition, CalendarTerms, Capacity, Holidays


def changed(
    zone: str, hours: str | Mapping[str, str], later: Mapping[str, str | Mapping[str, str]], holiday: str = ""
) -> CalendarDefinition:
    """An office whose hours are others from each day of ``later`` on, with a holiday that those others know alone."""
    holidays = Holidays(None, None, {date.fromisoformat(holiday): "new"} if holiday else {}, frozenset())
    changes = tuple(
        CalendarTerms(date.fromisoformat(day), False, definition(zone, new).week, holidays)
        for day, new in later.items()
    )
    return replace(definition(zone, hours), changes=changes)


TWICE = changed("UTC", "09:00-17:00", {"2027-04-01": "08:00-12:00", "2027-05-03": "00:00-24:00"})


@pytest.mark.parametrize(
    ("day", "hours"), [("2027-03-31", 8), ("2027-04-01", 4), ("2027-04-30", 4), ("2027-05-03", 24), ("2099-01-01", 24)]
)
def test_each_day_has_the_hours_of_its_time(day: str, hours: int) -> None:
    assert Calendar(TWICE).elapsed(at(day), at(day) + timedelta(days=1)) == hours * HOUR


def test_time_and_working_days_run_on_over_a_change() -> None:
    office = Calendar(TWICE)
    assert office.elapsed(at("2027-03-31T16:00Z"), at("2027-04-01T09:00Z")) == 2 * HOUR
    assert office.due(at("2027-03-31T16:00Z"), 3 * HOUR) == at("2027-04-01T10:00Z")
    assert office.due_working_days(at("2027-03-31T16:00Z"), 1) == at("2027-04-01T12:00Z")
    assert office.due_working_days(at("2027-04-01T08:30Z"), -1) == at("2027-03-31T09:00Z")


def test_a_span_over_midnight_ends_as_it_began_though_the_hours_change_meanwhile() -> None:
    office = Calendar(changed("UTC", every_day("22:00-06:00"), {"2027-04-01": every_day("04:00-08:00")}))
    night = at("2027-03-31T12:00Z"), at("2027-04-01T12:00Z")
    assert office.elapsed(*night) == 10 * HOUR  # from 22:00 to 06:00, and from there to 08:00: 04:00 to 06:00 once
    assert office.elapsed(at("2027-04-01T12:00Z"), at("2027-04-02T12:00Z")) == 4 * HOUR


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_change_of_hours_on_the_day_of_a_change_of_the_clock(day: str, hours: int) -> None:
    office = Calendar(changed("Europe/London", every_day("09:00-17:00"), {day: every_day("00:00-24:00")}))
    midnight = at(day, "Europe/London")
    assert office.elapsed(midnight - timedelta(days=1), midnight) == 8 * HOUR
    assert office.elapsed(midnight, midnight + timedelta(days=1)) == hours * HOUR


def test_a_holiday_counts_from_the_change_that_brings_it() -> None:
    before = Calendar(changed("UTC", "09:00-17:00", {"2027-04-01": "09:00-17:00"}, holiday="2027-03-31"))
    after = Calendar(changed("UTC", "09:00-17:00", {"2027-04-01": "09:00-17:00"}, holiday="2027-04-01"))
    assert before.is_open(at("2027-03-31T12:00Z"))
    assert not after.is_open(at("2027-04-01T12:00Z"))


def test_an_override_wins_over_the_hours_of_its_time() -> None:
    office = Calendar(replace(TWICE, overrides={date(2027, 4, 5): ((0, 3600),)}))
    assert office.elapsed(at("2027-04-05"), at("2027-04-06")) == HOUR


def test_a_calendar_that_opens_only_after_a_change_is_waited_for() -> None:
    office = Calendar(changed("UTC", {}, {"2090-01-02": "09:00-17:00"}))
    assert office.due(at("2026-01-01T00:00Z"), HOUR) == at("2090-01-02T10:00Z")
    assert office.due_working_days(at("2026-01-01T10:00Z"), 1) == at("2090-01-02T10:00Z")


def test_a_weeks_capacity_follows_the_hours_of_each_day() -> None:
    office = Calendar(changed("UTC", "09:00-17:00", {"2027-04-01": "08:00-12:00"}))  # a Thursday
    ten = replace(vendor("OptIT", "office"), capacity=Capacity(1, 40, 1))
    assert normal_week_seconds(office.definition, date(2027, 3, 31)) == 40 * HOUR
    assert normal_week_seconds(office.definition, date(2027, 4, 1)) == 20 * HOUR
    assert hours_in_week(ten, office, date(2027, 3, 29)) == 40
    closed = replace(office.definition, overrides={date(2027, 4, 2): ()})
    assert hours_in_week(ten, Calendar(closed), date(2027, 3, 29)) == 32


def test_a_month_shows_the_hours_of_each_day() -> None:
    days = month_of(Calendar(TWICE), date(2027, 5, 1))
    assert [day.is_change for day in days].index(True) == 2
    assert [day.seconds for day in days[:4]] == [0, 0, 24 * HOUR, 24 * HOUR]
    assert all(day.holiday is None for day in days)


def test_terms_without_changes_are_those_of_all_time() -> None:
    office = definition("UTC", "09:00-17:00")
    assert office.terms_on(date.min) == office.terms_on(date.max) == office.terms[0]
    assert office.terms[0].holidays == NO_HOLIDAYS
