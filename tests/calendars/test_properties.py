from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calendars.offices import HERE, HOURS_24X7, calendar

from itsm_bridge.calendars import Calendar, epoch
from itsm_bridge.calendars.steps import FEW
from itsm_bridge.config.model import CalendarDefinition, CalendarTerms, Holidays, Span

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Tehran",
)
DAY = 86_400
MINUTE = 60

# --- an oracle that knows nothing of the fast path: a clock on the wall, looked at once a minute --------------------


def wall_clock(zone: ZoneInfo, first: datetime, minutes: int) -> list[tuple[date, int]]:
    """What the furthest time is that the local clock has shown, at each minute from ``first`` on."""
    shown, furthest = [], datetime.min  # noqa: DTZ901  # what a clock on the wall shows has no zone
    for minute in range(-200, minutes):
        local = (first + timedelta(minutes=minute)).astimezone(zone).replace(tzinfo=None, fold=0)
        furthest = max(furthest, local)
        if minute >= 0:
            shown.append((furthest.date(), (furthest.hour * 60 + furthest.minute) * MINUTE))
    return shown


def open_at(office: CalendarDefinition, day: date, time: int) -> bool:
    """Whether a span of this day, or one that began the day before, holds what the clock shows."""
    today, yesterday = spans_of(office, day), spans_of(office, day - timedelta(days=1))
    return any(opens <= time < closes for opens, closes in today) or any(
        opens <= time + DAY < closes for opens, closes in yesterday
    )


def spans_of(office: CalendarDefinition, day: date) -> tuple[Span, ...]:
    if day in office.overrides:
        return office.overrides[day]
    kept = [terms for terms in office.terms if terms.start <= day][-1]
    if day in kept.holidays.add:
        return ()
    return ((0, DAY),) if kept.always else kept.week[day.weekday()]


def random_span(dice: random.Random) -> Span:
    opens = dice.randrange(0, DAY, 5 * MINUTE)
    return opens, opens + dice.randrange(5 * MINUTE, DAY, 5 * MINUTE)


def random_terms(dice: random.Random, start: date, near: list[date]) -> CalendarTerms:
    return CalendarTerms(
        start=start,
        always=dice.random() < 0.1,
        week=tuple(tuple(random_span(dice) for _ in range(dice.choice((0, 1, 1, 1, 2, 3)))) for _ in range(7)),
        holidays=Holidays(None, None, dict.fromkeys(dice.sample(near, dice.randrange(3)), ""), frozenset()),
    )


def random_office(dice: random.Random, zone: ZoneInfo, around: date) -> CalendarDefinition:
    near = [around + timedelta(days=days) for days in range(-2, 6)]
    changes = sorted(dice.sample(near, dice.choice((0, 0, 1, 2))))
    terms = [random_terms(dice, day, near) for day in (date.min, *changes)]
    return CalendarDefinition(
        name="random",
        zone=zone,
        always=terms[0].always,
        week=terms[0].week,
        holidays=terms[0].holidays,
        overrides={day: tuple(random_span(dice) for _ in range(dice.randrange(3))) for day in dice.sample(near, 1)},
        position=HERE,
        changes=tuple(terms[1:]),
    )


def changes_of(zone: ZoneInfo) -> list[datetime]:
    """The days on which a zone's clock changes between 2009 and 2027, or some day where it never does."""
    days = [datetime(2009, 1, 1, tzinfo=UTC) + timedelta(days=days) for days in range(18 * 365)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    found = [days[index] for index in range(len(days) - 1) if offsets[index] != offsets[index + 1]]
    return found or [datetime(2026, 1, 24, tzinfo=UTC)]


@pytest.mark.parametrize("name", ZONES)
def test_the_fast_path_agrees_with_a_clock_looked_at_once_a_minute(name: str) -> None:
    zone, dice = ZoneInfo(name), random.Random(name)
    days = changes_of(zone)
    for _ in range(12):
        first = dice.choice(days) - timedelta(hours=dice.randrange(60))
        shown = wall_clock(zone, first, 3 * 24 * 60)
        for _ in range(20):
            office = random_office(dice, zone, first.date())
            begin, end = sorted(dice.sample(range(len(shown)), 2))
            open_minutes = [minute for minute in range(begin, end) if open_at(office, *shown[minute])]
            check_case(Calendar(office), first, begin, end, open_minutes)


def check_case(office: Calendar, first: datetime, begin: int, end: int, open_minutes: list[int]) -> None:
    start = first + timedelta(minutes=begin)
    case = (office.definition, start, end - begin)
    assert office.elapsed(start, first + timedelta(minutes=end)) == MINUTE * len(open_minutes), case
    assert office.is_open(start) == (begin in open_minutes), case
    if open_minutes:
        due = first + timedelta(minutes=open_minutes[-1] + 1)
        assert office.due(start, MINUTE * len(open_minutes)) == due, case


# --- properties ----------------------------------------------------------------------------------------------------

zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.integers(epoch(datetime(1995, 1, 1, tzinfo=UTC)), epoch(datetime(2035, 1, 1, tzinfo=UTC)))
a_span = st.tuples(st.integers(0, DAY - 1), st.integers(1, DAY)).map(lambda pair: (pair[0], pair[0] + pair[1]))
a_day = st.lists(a_span, max_size=3).map(tuple)
dates = st.dates(date(1995, 1, 1), date(2035, 1, 1))


@st.composite
def all_terms(draw: st.DrawFn, start: date) -> CalendarTerms:
    """Any terms that open at least on Mondays."""
    week = [draw(a_day) for _ in range(7)]
    return CalendarTerms(
        start=start,
        always=draw(st.booleans()),
        week=((draw(a_span), *week[0]), *week[1:]),
        holidays=Holidays(None, None, dict.fromkeys(draw(st.lists(dates, max_size=4)), ""), frozenset()),
    )


@st.composite
def offices(draw: st.DrawFn) -> CalendarDefinition:
    """Any calendar that opens at least on Mondays, with or without changes."""
    first, *changes = (draw(all_terms(day)) for day in (date.min, *sorted(draw(st.sets(dates, max_size=2)))))
    return CalendarDefinition(
        name="any",
        zone=draw(zones),
        always=first.always,
        week=first.week,
        holidays=first.holidays,
        overrides=draw(st.dictionaries(dates, a_day, max_size=3)),
        position=HERE,
        changes=tuple(changes),
    )


def when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@given(offices(), st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_elapsed_time_adds_up_over_any_split_and_never_exceeds_the_clock(
    definition: CalendarDefinition, instants: list[int]
) -> None:
    office, (first, middle, last) = Calendar(definition), map(when, instants)
    whole = office.elapsed(first, last)
    assert whole == office.elapsed(first, middle) + office.elapsed(middle, last)
    assert office.elapsed(first, middle) <= whole <= (last - first).total_seconds()
    assert office.elapsed(last, first) == 0


@given(offices(), instants, st.integers(1, 500 * 3600))
def test_the_due_instant_is_the_earliest_at_which_the_time_is_used(
    definition: CalendarDefinition, start: int, seconds: int
) -> None:
    office = Calendar(definition)
    due = office.due(when(start), seconds)
    assert office.elapsed(when(start), due) == seconds
    assert office.elapsed(when(start), due - timedelta(seconds=1)) == seconds - 1


def with_one_more(holidays: Holidays, day: date) -> Holidays:
    return replace(holidays, add={**holidays.add, day: "one more"})


@given(offices(), instants, st.integers(0, 500 * 3600), st.integers(0, 40))
def test_a_holiday_more_never_lowers_a_due_instant(
    definition: CalendarDefinition, start: int, seconds: int, days: int
) -> None:
    day = (when(start) + timedelta(days=days)).date()
    changes = tuple(replace(terms, holidays=with_one_more(terms.holidays, day)) for terms in definition.changes)
    more = replace(definition, holidays=with_one_more(definition.holidays, day), changes=changes)
    assert Calendar(more).due(when(start), seconds) >= Calendar(definition).due(when(start), seconds)


@given(offices(), instants, st.integers(0, 100 * 3600), st.integers(0, 100 * 3600), st.integers(0, 10**6))
def test_a_pause_never_lowers_a_due_instant(
    definition: CalendarDefinition, start: int, used: int, left: int, pause: int
) -> None:
    office = Calendar(definition)
    paused_at = office.due(when(start), used)
    assert office.due(paused_at + timedelta(seconds=pause), left) >= office.due(when(start), used + left if left else 0)


@given(offices(), st.lists(instants, min_size=3, max_size=3).map(sorted), st.integers(0, 500 * 3600))
def test_neither_elapsed_time_nor_a_due_instant_ever_goes_back(
    definition: CalendarDefinition, instants: list[int], seconds: int
) -> None:
    office, (first, middle, last) = Calendar(definition), map(when, instants)
    assert office.elapsed(first, middle) <= office.elapsed(first, last)
    assert office.elapsed(middle, last) <= office.elapsed(first, last)
    assert office.due(first, seconds) <= office.due(middle, seconds + 1)
    assert office.due(first, seconds) <= office.due(first, seconds + 1)


@given(offices(), st.integers(-11, 12), st.tuples(instants, instants), st.integers(0, 500 * 3600), st.integers(-9, 9))
def test_moving_all_instants_and_the_zone_together_changes_nothing(
    definition: CalendarDefinition, east: int, interval: tuple[int, int], seconds: int, days: int
) -> None:
    start, end = interval
    here = Calendar(replace(definition, zone=ZoneInfo("UTC")))
    there = Calendar(replace(definition, zone=ZoneInfo(f"Etc/GMT{-east:+d}")))
    moved = timedelta(hours=east)
    assert there.elapsed(when(start) - moved, when(end) - moved) == here.elapsed(when(start), when(end))
    assert there.due(when(start) - moved, seconds) == here.due(when(start), seconds) - moved
    assert there.due_working_days(when(start) - moved, days) == here.due_working_days(when(start), days) - moved


@given(offices(), st.sampled_from([1900, 2100, 9000]), st.integers(0, 365 * DAY), st.integers(1, 500 * 3600))
def test_years_far_off_are_reckoned_like_those_near(
    definition: CalendarDefinition, year: int, into: int, seconds: int
) -> None:
    office, start = Calendar(definition), datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=into)
    office.elapsed(when(0), when(DAY))
    due = office.due(start, seconds)
    assert office.elapsed(start, due) == seconds
    assert Calendar(definition).due(start, seconds) == due
    assert office.elapsed(when(0), when(DAY)) == Calendar(definition).elapsed(when(0), when(DAY))


@given(offices(), st.lists(st.tuples(instants, st.integers(-30, 30)), min_size=1, max_size=8))
def test_working_days_in_columns_are_those_of_single_instants(
    definition: CalendarDefinition, rows: list[tuple[int, int]]
) -> None:
    starts, days = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    single = [epoch(Calendar(definition).due_working_days(when(start), number)) for start, number in rows]
    assert Calendar(definition).due_working_days_array(starts, days).tolist() == single


@given(offices(), st.lists(st.tuples(instants, instants, st.integers(0, 10**6)), min_size=1, max_size=8))
def test_columns_say_the_same_as_single_instants(
    definition: CalendarDefinition, rows: list[tuple[int, int, int]]
) -> None:
    starts, ends, seconds = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    together = Calendar(definition)
    elapsed, due = together.elapsed_array(starts, ends), together.due_array(starts, seconds)
    assert elapsed.tolist() == [Calendar(definition).elapsed(when(start), when(end)) for start, end, _ in rows]
    assert due.tolist() == [epoch(Calendar(definition).due(when(start), used)) for start, _, used in rows]


@pytest.mark.parametrize("seed", range(4))
def test_many_instants_at_once_are_those_of_single_ones(seed: int) -> None:
    dice = random.Random(seed)
    definition = random_office(dice, ZoneInfo(dice.choice(ZONES)), date(2026, 3, 25))
    office, first = Calendar(definition), epoch(datetime(2026, 1, 1, tzinfo=UTC))
    starts, lengths = (np.array([dice.randrange(400 * DAY) for _ in range(3 * FEW)]) for _ in range(2))
    starts, seconds = starts + first, lengths // 100
    elapsed = office.elapsed_array(starts, starts + lengths).tolist()
    due = office.due_array(starts, seconds).tolist()
    rows = list(zip(starts.tolist(), lengths.tolist(), seconds.tolist(), strict=True))
    assert elapsed == [office.elapsed(when(start), when(start + length)) for start, length, _ in rows]
    assert due == [epoch(office.due(when(start), used)) for start, _, used in rows]


@given(offices(), instants, st.integers(1, 60))
def test_a_working_day_ends_in_its_hours(definition: CalendarDefinition, start: int, days: int) -> None:
    office = Calendar(definition)
    due = office.due_working_days(when(start), days)
    assert due > when(start)
    assert office.is_open(due) or (not office.is_open(due) and office.is_open(due - timedelta(seconds=1)))
    assert office.due_working_days(when(start), days + 1) >= due


@given(offices(), instants)
def test_being_open_is_one_second_of_elapsed_time(definition: CalendarDefinition, start: int) -> None:
    office = Calendar(definition)
    assert office.is_open(when(start)) == (office.elapsed(when(start), when(start + 1)) == 1)


def test_empty_columns_have_empty_answers() -> None:
    nothing = np.array([], dtype=np.int64)
    office = calendar("UTC", HOURS_24X7)
    assert office.elapsed_array(nothing, nothing).size == 0
    assert office.due_array(nothing, nothing).size == 0
    assert office.due_working_days_array(nothing, nothing).size == 0
