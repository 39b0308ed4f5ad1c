from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.calendars.offices import HERE, HOUR, HOURS_24X7, at, calendar, definition, every_day, spans

from itsm_bridge.calendars import Calendar
from itsm_bridge.config.model import CalendarDefinition, Holidays
from itsm_bridge.errors import ConfigurationInvalid, UsageError

LONDON = calendar("Europe/London", "09:00-17:00")
UTC_9_17 = calendar("UTC", "09:00-17:00")

# --- working days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "start", "due"),
    [
        ("09:00-17:00", "2026-06-05T07:00Z", "2026-06-08T09:00Z"),
        ("09:00-17:00", "2026-06-05T19:00Z", "2026-06-08T17:00Z"),
        ("09:00-17:00", "2026-06-05T17:00Z", "2026-06-08T17:00Z"),
        ("09:00-13:00 14:00-18:00", "2026-06-05T13:30Z", "2026-06-08T13:00Z"),
        ("09:00-17:00", "2026-06-06T10:00Z", "2026-06-08T10:00Z"),
        ("22:00-06:00", "2026-06-04T03:00Z", "2026-06-05T03:00Z"),
        ("22:00-06:00", "2026-06-04T23:00Z", "2026-06-05T23:00Z"),
        ("22:00-06:00", "2026-06-04T12:00Z", "2026-06-05T22:00Z"),
    ],
)
def test_a_working_day_outside_hours_is_brought_into_the_hours_of_the_day(hours: str, start: str, due: str) -> None:
    assert calendar("UTC", hours).due_working_days(at(start), 1) == at(due)


def test_working_days_skip_holidays_and_closed_days_but_not_open_weekends() -> None:
    office = calendar("UTC", "09:00-17:00", ["2026-06-08"], {"2026-06-06": "10:00-12:00", "2026-06-09": ""})
    assert office.due_working_days(at("2026-06-05T11:00Z"), 1) == at("2026-06-06T11:00Z")
    assert office.due_working_days(at("2026-06-05T11:00Z"), 2) == at("2026-06-10T11:00Z")


def test_working_days_keep_the_local_time_over_a_change_of_the_clock() -> None:
    assert LONDON.due_working_days(at("2026-03-27T10:00Z"), 1) == at("2026-03-30T10:00+01:00")


def test_no_working_days_are_the_start_itself() -> None:
    assert LONDON.due_working_days(at("2026-06-06T10:00Z"), 0) == at("2026-06-06T10:00Z")
    assert calendar("UTC", {}).due_working_days(at("2026-06-06T10:00Z"), 0) == at("2026-06-06T10:00Z")


def test_working_days_that_never_come_are_refused() -> None:
    office = calendar("UTC", {}, (), {"2026-06-05": "09:00-17:00", "2026-06-09": "09:00-17:00"})
    assert office.due_working_days(at("2026-06-05T11:00Z"), 1) == at("2026-06-09T11:00Z")
    with pytest.raises(ConfigurationInvalid, match="office"):
        office.due_working_days(at("2026-06-05T11:00Z"), 2)
    with pytest.raises(ConfigurationInvalid, match="before"):
        office.due_working_days(at("2026-06-05T11:00Z"), -1)


# --- edges ---------------------------------------------------------------------------------------------------------


def test_a_calendar_is_open_at_opening_and_not_at_closing() -> None:
    assert LONDON.is_open(at("2026-06-03T09:00+01:00"))
    assert LONDON.is_open(at("2026-06-03T16:59:59+01:00"))
    assert not LONDON.is_open(at("2026-06-03T17:00+01:00"))
    assert not LONDON.is_open(at("2026-06-06T12:00+01:00"))


def test_no_time_is_due_at_the_start_even_while_closed() -> None:
    assert LONDON.due(at("2026-06-06T12:00Z"), 0) == at("2026-06-06T12:00Z")


def test_answers_are_in_utc_and_in_whole_seconds() -> None:
    due = LONDON.due(at("2026-06-03T10:00:00.900+01:00"), 60)
    assert (due, due.tzinfo) == (at("2026-06-03T09:01Z"), UTC)
    assert LONDON.elapsed(at("2026-06-03T10:00:00.900Z"), at("2026-06-03T10:00:01.100Z")) == 1


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 6, 3, 10)  # noqa: DTZ001  # the mistake that is looked for
    with pytest.raises(UsageError, match="needs a zone"):
        LONDON.elapsed(naive, at("2026-06-03T10:00Z"))


def test_a_negative_time_has_no_due_instant() -> None:
    with pytest.raises(UsageError, match="negative"):
        LONDON.due(at("2026-06-03T10:00Z"), -1)


@pytest.mark.parametrize("hours", [{}, {"mon": ""}])
def test_a_calendar_that_never_opens_has_no_due_instant(hours: Mapping[str, str]) -> None:
    office = calendar("UTC", hours)
    assert office.elapsed(at("2026-06-03T10:00Z"), at("2036-06-03T10:00Z")) == 0
    with pytest.raises(ConfigurationInvalid, match=r"'office', sla\.yaml:1:1"):
        office.due(at("2026-06-03T10:00Z"), 1)


def test_a_calendar_that_opens_on_dated_days_only_is_followed_to_the_last_of_them() -> None:
    office = calendar("UTC", {}, (), {"2026-06-05": "09:00-10:00", "2120-01-01": "09:00-10:00"})
    assert office.due(at("2026-06-05T09:00Z"), 2 * HOUR) == at("2120-01-01T10:00Z")
    with pytest.raises(ConfigurationInvalid, match="after 21"):
        office.due(at("2026-06-05T09:00Z"), 2 * HOUR + 1)


def test_a_due_instant_decades_away_is_found() -> None:
    assert UTC_9_17.due(at("2026-01-01T00:00Z"), 100 * 52 * 40 * HOUR).year > 2100


def test_a_time_longer_than_the_ages_is_refused() -> None:
    with pytest.raises(ConfigurationInvalid):
        UTC_9_17.due(at("9990-01-01T00:00Z"), 10**9)


def test_years_that_were_asked_about_before_change_no_answer() -> None:
    office, question = calendar("Europe/Paris", "09:00-17:00"), (at("2026-06-05T16:00Z"), at("2026-06-08T09:00Z"))
    first = office.elapsed(*question)
    office.elapsed(at("1996-01-01T00:00Z"), at("2044-01-01T00:00Z"))
    assert office.elapsed(*question) == first


def test_an_override_wins_over_a_holiday_and_over_the_week() -> None:
    office = calendar("UTC", "09:00-17:00", ["2026-06-03"], {"2026-06-03": "10:00-11:00", "2026-06-04": ""})
    assert office.elapsed(at("2026-06-03T00:00Z"), at("2026-06-05T00:00Z")) == HOUR


def test_a_holiday_takes_the_night_that_starts_on_it_and_leaves_the_one_before() -> None:
    office = calendar("UTC", every_day("22:00-06:00"), ["2026-06-03"])
    assert office.elapsed(at("2026-06-02T12:00Z"), at("2026-06-03T12:00Z")) == 8 * HOUR
    assert office.elapsed(at("2026-06-03T12:00Z"), at("2026-06-04T12:00Z")) == 0


def test_a_holiday_closes_a_calendar_that_is_always_open() -> None:
    office = calendar("UTC", HOURS_24X7, ["2026-06-03"])
    assert office.elapsed(at("2026-06-02T12:00Z"), at("2026-06-04T12:00Z")) == 24 * HOUR


def test_overlapping_spans_count_once() -> None:
    office = calendar("UTC", every_day("09:00-13:00 12:00-17:00 17:00-18:00"))
    assert office.elapsed(at("2026-06-03T00:00Z"), at("2026-06-04T00:00Z")) == 9 * HOUR


@pytest.mark.parametrize(
    ("zone", "hours", "day", "seconds"),
    [
        ("Europe/London", "01:30-05:00", "2026-03-29", 3 * HOUR),
        ("Europe/London", "00:00-01:30", "2026-03-29", HOUR),
        ("Europe/London", "01:15-01:45", "2026-03-29", 0),
        ("Europe/London", "01:30-05:00", "2026-10-25", 4 * HOUR + 1800),
        ("Europe/London", "00:00-01:30", "2026-10-25", 5400),
        ("Australia/Lord_Howe", "00:00-24:00", "2026-04-05", 24 * HOUR + 1800),
        ("America/Sao_Paulo", "00:00-24:00", "2018-11-04", 23 * HOUR),
        ("America/Sao_Paulo", "00:00-24:00", "2018-02-17", 25 * HOUR),
        ("Pacific/Apia", "09:00-17:00", "2011-12-30", 0),
    ],
)
def test_a_boundary_counts_from_when_the_clock_first_shows_or_passes_it(
    zone: str, hours: str, day: str, seconds: int
) -> None:
    office = calendar(zone, {}, (), {day: hours})
    noon = at(f"{day}T12:00Z")
    assert office.elapsed(noon - timedelta(days=3), noon + timedelta(days=3)) == seconds


# --- public holidays -----------------------------------------------------------------------------------------------


def with_holidays(country: str, subdivision: str | None, *, add: str = "", remove: str = "") -> Calendar:
    own = Holidays(
        country,
        subdivision,
        {date.fromisoformat(add): "ours"} if add else {},
        frozenset({date.fromisoformat(remove)} if remove else ()),
    )
    return Calendar(replace(definition("Asia/Kolkata", every_day("09:00-17:00")), holidays=own))


def is_working_day(office: Calendar, day: str) -> bool:
    return office.is_open(at(f"{day}T12:00", "Asia/Kolkata"))


def test_public_holidays_of_a_country_and_its_state_are_closed() -> None:
    assert not is_working_day(with_holidays("IN", None), "2026-01-26")
    assert is_working_day(with_holidays("IN", None), "2026-03-23")
    assert not is_working_day(with_holidays("IN", "PB"), "2026-03-23")


def test_holidays_of_our_own_are_added_and_public_ones_removed() -> None:
    office = with_holidays("IN", "PB", add="2026-11-30", remove="2026-12-25")
    assert not is_working_day(office, "2026-11-30")
    assert is_working_day(office, "2026-12-25")


def test_a_day_on_which_a_holiday_is_observed_is_closed_too() -> None:
    assert not is_working_day(with_holidays("US", None), "2026-07-03")


def test_years_beyond_what_is_known_of_movable_holidays_keep_the_fixed_ones() -> None:
    assert not is_working_day(with_holidays("IN", None), "2050-01-26")


@pytest.mark.parametrize(("country", "subdivision"), [("XX", None), ("IN", "ZZ")])
def test_an_unknown_region_is_refused(country: str, subdivision: str | None) -> None:
    with pytest.raises(ConfigurationInvalid, match=country):
        is_working_day(with_holidays(country, subdivision), "2026-01-26")


# --- the calendars of the example configuration --------------------------------------------------------------------

PUNJAB = CalendarDefinition(
    name="punjab-office",
    zone=ZoneInfo("Asia/Kolkata"),
    always=False,
    week=(spans("09:30-13:30 14:00-18:30"),) * 5 + (spans("10:00-14:00"), ()),
    holidays=Holidays("IN", "PB", {date(2026, 11, 30): "Founders' day"}, frozenset({date(2026, 12, 25)})),
    overrides={date(2026, 10, 19): spans("09:30-13:30")},
    position=HERE,
)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-06-03", 8.5),
        ("2026-06-06", 4),
        ("2026-06-07", 0),
        ("2026-10-19", 4),
        ("2026-11-30", 0),
        ("2026-12-25", 8.5),
        ("2026-08-15", 0),
        ("2026-03-23", 0),
    ],
)
def test_the_punjab_office_opens_as_its_configuration_says(day: str, hours: float) -> None:
    start = at(f"{day}T00:00", "Asia/Kolkata")
    assert Calendar(PUNJAB).elapsed(start, start + timedelta(days=1)) == hours * HOUR


def test_four_hours_in_the_punjab_office_step_over_lunch_and_over_sunday() -> None:
    office = Calendar(PUNJAB)
    assert office.due(at("2026-06-05T13:00+05:30"), 4 * HOUR) == at("2026-06-05T17:30+05:30")
    assert office.due(at("2026-06-06T13:00+05:30"), 4 * HOUR) == at("2026-06-08T12:30+05:30")
