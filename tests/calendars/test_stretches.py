"""A span of time in its open and closed parts: nothing is left out, and each closed part says why."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calendars.offices import at, calendar, definition, every_day
from tests.calendars.test_properties import ZONES, changes_of, random_office

from itsm_bridge.calendars import Calendar
from itsm_bridge.calendars.stretches import NAMELESS, OTHER_HOURS, Stretch, stretches
from itsm_bridge.config.model import CalendarTerms, Holidays

LONDON = "Europe/London"


def told(found: tuple[Stretch, ...], zone: str) -> list[tuple[str, str, str]]:
    """Begin, end and reason of each, by the clock of a zone; ``open`` for the open ones."""
    clock = ZoneInfo(zone)
    return [
        (f"{one.start.astimezone(clock):%d %H:%M}", f"{one.end.astimezone(clock):%d %H:%M}", one.reason or "-")
        if not one.open
        else (f"{one.start.astimezone(clock):%d %H:%M}", f"{one.end.astimezone(clock):%d %H:%M}", "open")
        for one in found
    ]


def holidays(days: Mapping[str, str], **public: str) -> Calendar:
    added = {date.fromisoformat(day): name for day, name in days.items()}
    office = definition(LONDON, "09:00-17:00")
    return Calendar(
        replace(office, holidays=Holidays(public.get("country"), public.get("subdivision"), added, frozenset()))
    )


def check_whole(office: Calendar, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """What holds of any calendar and span."""
    found = stretches(office, start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(one.start < one.end for one in found)
    assert all(before.end == after.start for before, after in pairwise(found))
    assert all((before.open, before.reason) != (after.open, after.reason) for before, after in pairwise(found))
    assert sum(one.seconds for one in found if one.open) == office.elapsed(start, end)
    assert all(office.elapsed(one.start, one.end) == (one.seconds if one.open else 0) for one in found)
    assert not any(one.reason for one in found if one.open)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_the_parts_of_any_span_cover_it_and_the_open_ones_add_up(zone: str) -> None:
    dice, changes = random.Random(zone), changes_of(ZoneInfo(zone))
    for _ in range(12):
        around = dice.choice(changes)
        office = Calendar(random_office(dice, ZoneInfo(zone), around.date()))
        start = around + timedelta(seconds=dice.randrange(-3 * 86_400, 3 * 86_400))
        check_whole(office, start, start + timedelta(seconds=dice.randrange(1, 6 * 86_400)))


@given(st.integers(0, 5_000_000), st.integers(1, 5_000_000))
def test_public_holidays_do_not_change_the_sum(since: int, length: int) -> None:
    office = holidays({"2026-12-24": ""}, country="GB", subdivision="ENG")
    start = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=since)
    check_whole(office, start, start + timedelta(seconds=length))


def test_an_empty_span_has_no_parts() -> None:
    noon = at("2026-11-23T12:00")
    assert stretches(calendar(LONDON, "09:00-17:00"), noon, noon) == ()
    assert stretches(calendar(LONDON, "09:00-17:00"), noon, at("2026-11-22T12:00")) == ()


def test_nights_and_weekends_are_one_part_each() -> None:
    office = calendar(LONDON, "09:00-17:00")
    assert told(stretches(office, at("2026-11-20T16:00"), at("2026-11-23T10:00")), LONDON) == [
        ("20 16:00", "20 17:00", "open"),
        ("20 17:00", "23 09:00", "-"),
        ("23 09:00", "23 10:00", "open"),
    ]


def test_a_holiday_is_named_from_midnight_to_midnight() -> None:
    office = holidays({"2026-11-24": "Founders' day"})
    assert told(stretches(office, at("2026-11-23T16:00"), at("2026-11-25T10:00")), LONDON) == [
        ("23 16:00", "23 17:00", "open"),
        ("23 17:00", "24 00:00", "-"),
        ("24 00:00", "25 00:00", "Founders' day"),
        ("25 00:00", "25 09:00", "-"),
        ("25 09:00", "25 10:00", "open"),
    ]


def test_a_public_holiday_has_its_name_and_one_that_was_removed_has_none() -> None:
    christmas = at("2026-12-25T08:00"), at("2026-12-25T20:00")
    office = holidays({}, country="GB", subdivision="ENG")
    assert [one.reason for one in stretches(office, *christmas)] == ["Christmas Day"]
    at_work = replace(office.definition.holidays, remove=frozenset({date(2026, 12, 25)}))
    removed = stretches(Calendar(replace(office.definition, holidays=at_work)), *christmas)
    assert [one.reason or one.open for one in removed] == [False, True, False]


def test_a_day_off_has_the_name_of_the_terms_that_then_hold() -> None:
    office = holidays({"2026-11-24": "Founders' day", "2026-12-24": "Old eve"})
    later = Holidays(None, None, {date(2026, 12, 24): "New eve"}, frozenset())
    changed = CalendarTerms(date(2026, 12, 1), always=False, week=office.definition.week, holidays=later)
    terms = Calendar(replace(office.definition, changes=(changed,)))
    found = check_whole(terms, at("2026-11-23T00:00Z"), at("2026-12-26T00:00Z"))
    assert [one.reason for one in found if one.is_holiday] == ["Founders' day", "New eve"]


def test_a_holiday_without_a_name_is_still_one() -> None:
    (found,) = stretches(holidays({"2026-11-24": ""}), at("2026-11-24T08:00"), at("2026-11-24T20:00"))
    assert (found.reason, found.is_holiday) == (NAMELESS, True)


def test_our_own_day_goes_before_the_public_one_and_other_hours_before_both() -> None:
    office = holidays({"2026-12-25": "Inventory"}, country="GB", subdivision="ENG")
    christmas = at("2026-12-25T08:00"), at("2026-12-25T20:00")
    assert [one.reason for one in stretches(office, *christmas)] == ["Inventory"]
    short = Calendar(replace(office.definition, overrides={date(2026, 12, 25): ((10 * 3600, 12 * 3600),)}))
    found = stretches(short, *christmas)
    assert [one.reason or "open" for one in found] == [OTHER_HOURS, "open", OTHER_HOURS]
    assert not any(one.is_holiday for one in found)


def test_a_span_over_midnight_is_not_cut_there() -> None:
    office = calendar(LONDON, every_day("22:00-06:00"))
    assert told(stretches(office, at("2026-11-23T23:00"), at("2026-11-24T23:00")), LONDON) == [
        ("23 23:00", "24 06:00", "open"),
        ("24 06:00", "24 22:00", "-"),
        ("24 22:00", "24 23:00", "open"),
    ]


def test_the_hour_that_a_spring_change_leaves_out_is_not_counted() -> None:
    office = calendar(LONDON, every_day("00:00-06:00"))
    found = check_whole(office, at("2026-03-29T00:00", LONDON).astimezone(UTC), at("2026-03-29T12:00Z"))
    assert [one.seconds for one in found] == [5 * 3600, 7 * 3600]


def test_the_hour_that_an_autumn_change_repeats_is_counted_twice() -> None:
    office = calendar(LONDON, every_day("00:00-06:00"))
    found = check_whole(office, at("2026-10-25T00:00", LONDON).astimezone(UTC), at("2026-10-25T12:00Z"))
    assert [one.seconds for one in found] == [7 * 3600, 6 * 3600]


def test_a_midnight_that_comes_twice_begins_the_next_day_the_first_time() -> None:
    zone = "America/St_Johns"  # one minute after midnight the clock went back to 23:01
    office = Calendar(
        replace(
            definition(zone, "09:00-17:00"),
            holidays=Holidays(None, None, {date(2010, 11, 7): "the day after"}, frozenset()),
        )
    )
    found = check_whole(office, at("2010-11-06T12:00", zone).astimezone(UTC), at("2010-11-07T03:00Z"))
    assert [(one.seconds, one.reason) for one in found] == [(12 * 3600, ""), (1800, "the day after")]
