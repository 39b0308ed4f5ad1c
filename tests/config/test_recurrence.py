"""Repetition of whole days, held against ``dateutil``."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import takewhile

import numpy as np
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.config.recurrence import FIRST, WEEKDAYS, BadRule, Recurrence


def days_of(rule: str, start: date) -> list[date]:
    found = Recurrence.read(rule).days(start.toordinal() - FIRST)
    return [date.fromordinal(int(place) + FIRST) for place in np.flatnonzero(found)]


def numbers(most: int, *, negative: bool = True) -> st.SearchStrategy[str]:
    low = -most if negative else 1
    number = st.integers(low, most).filter(bool)
    return st.lists(number, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))


WEEKDAY = st.sampled_from(WEEKDAYS)
ORDINAL = st.sampled_from(["1", "2", "5", "-1", "-2"])
CYCLES = 19 * 400
"""Years after which the weekdays of the Gregorian calendar are the same again, many times over: a rule that never holds
keeps ``dateutil`` busy to the year 9999, which is near by then."""


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules of all parts; weekdays have ordinals all or none, since ``dateutil`` takes the mixture for an "and"."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(numbers(12, negative=False))}")
    if frequency != "WEEKLY" and draw(st.booleans()):
        parts.append(f"BYMONTHDAY={draw(numbers(31))}")
    if frequency == "YEARLY" and draw(st.booleans()):
        parts.append(f"BYYEARDAY={draw(numbers(366))}")
    if draw(st.booleans()):
        has_ordinals = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
        ordinal = ORDINAL if has_ordinals else st.just("")
        days = draw(st.lists(st.tuples(ordinal, WEEKDAY).map("".join), min_size=1, max_size=3, unique=True))
        parts.append(f"BYDAY={','.join(days)}")
        if frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
            parts.append(f"BYSETPOS={draw(numbers(3))}")
    if frequency == "WEEKLY":
        parts.append(f"WKST={draw(WEEKDAY)}")
    return ";".join(parts)


@given(rules(), st.dates(date(2060, 1, 1), date(2090, 1, 1)))
def test_a_rule_names_the_days_that_dateutil_finds(rule: str, start: date) -> None:
    last = start + timedelta(days=9 * 366)
    far = datetime(start.year + CYCLES, start.month, start.day)  # noqa: DTZ001 - dateutil wants the day without a zone
    found = takewhile(lambda one: one <= far + (last - start), rrulestr(rule, dtstart=far))
    expected = [one.replace(year=one.year - CYCLES).date() for one in found]
    assert days_of(f"{rule};UNTIL={last:%Y%m%d}", start) == expected


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=YEARLY;COUNT=3", ["2026-01-26", "2027-01-26", "2028-01-26"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20271231T183000Z", ["2026-11-26", "2027-11-25"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-01-30", "2026-02-27"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU;COUNT=2", ["2026-02-08", "2026-02-22"]),
        ("FREQ=MONTHLY;BYDAY=1MO,2MO;BYSETPOS=-1;UNTIL=20260310", ["2026-02-09", "2026-03-09"]),
        ("FREQ=MONTHLY;BYDAY=1MO,2MO;BYSETPOS=-1;UNTIL=20260308", ["2026-02-09"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", []),
        ("FREQ=YEARLY;UNTIL=20200101", []),
    ],
)
def test_a_rule_of_a_calendar_file_is_understood(rule: str, days: list[str]) -> None:
    assert [day.isoformat() for day in days_of(rule, date(2026, 1, 26))] == days


def test_a_rule_without_an_end_goes_on_to_the_last_year_of_a_configuration() -> None:
    assert days_of("FREQ=YEARLY", date(1900, 2, 28))[-1] == date(2100, 2, 28)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=YEARLY;BYWEEKNO=3",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=WEEKLY;BYDAY=2MO",
        "FREQ=MONTHLY;BYDAY=99MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=WEEKLY;WKST=1MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=5L",
        "FREQ=YEARLY;UNTIL=tomorrow",
        "FREQ=YEARLY;X=1",
    ],
)
def test_what_cannot_be_reckoned_with_is_refused(rule: str) -> None:
    with pytest.raises(BadRule):
        Recurrence.read(rule)


VALUES = [
    "1",
    "-1",
    "+1",
    "0",
    "1.5",
    "\N{FULLWIDTH DIGIT ONE}",
    "MO",
    "mo",
    "1MO",
    "-5su",
    "20300101",
    "20300101T000000Z",
    "P1D",
    "DAILY",
]
PIECES = st.sampled_from(["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"])
A_PART = st.tuples(PIECES | st.text(max_size=3), st.lists(st.sampled_from(VALUES) | st.text(max_size=3), max_size=3))


@given(st.lists(A_PART, max_size=4), st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
def test_no_text_breaks_the_reader_of_rules(parts: list[tuple[str, list[str]]], frequency: str) -> None:
    text = ";".join([f"FREQ={frequency}", *(f"{name}={','.join(values)}" for name, values in parts)])
    try:
        Recurrence.read(text).days(date(2026, 1, 1).toordinal() - FIRST)
    except BadRule:
        return
