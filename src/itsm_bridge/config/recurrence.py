"""Repetition of whole days (``RRULE`` of RFC 5545), reckoned for every day of a fixed range at once.

``dateutil`` knows these rules too, but looks for the next day until it finds one: a rule for 30 February keeps it busy
to the year 9999. Here a rule is a few conditions on columns of days, so that it takes milliseconds whatever it says.
The tests hold it against ``dateutil``.

Weeks by number, and anything smaller than a day, are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

FIRST: Final = date(1600, 1, 1).toordinal()
LAST: Final = date(2101, 1, 1).toordinal()
"""The range of days, half-open: to the last year of a configuration, and from before every rule in use began."""

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_NUMBERS: Final = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYSETPOS": 366}
_PARTS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_NUMBERS})

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class BadRule(Exception):
    """A rule that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class _Days:
    """What there is to know of each day, one row a day."""

    ordinal: Column
    year: Column
    month: Column
    day: Column
    month_length: Column
    of_year: Column
    year_length: Column

    def rows(self, begin: int, end: int) -> _Days:
        return _Days(
            self.ordinal[begin:end],
            self.year[begin:end],
            self.month[begin:end],
            self.day[begin:end],
            self.month_length[begin:end],
            self.of_year[begin:end],
            self.year_length[begin:end],
        )


@lru_cache(maxsize=1)
def _all_days() -> _Days:
    days = np.arange(FIRST, LAST, dtype=np.int64)
    dates = (days - date(1970, 1, 1).toordinal()).astype("datetime64[D]")
    months, years = dates.astype("datetime64[M]"), dates.astype("datetime64[Y]")
    month_begins, year_begins = months.astype("datetime64[D]"), years.astype("datetime64[D]")
    return _Days(
        ordinal=days,
        year=years.astype(np.int64) + 1970,
        month=months.astype(np.int64) % 12 + 1,
        day=(dates - month_begins).astype(np.int64) + 1,
        month_length=((months + 1).astype("datetime64[D]") - month_begins).astype(np.int64),
        of_year=(dates - year_begins).astype(np.int64) + 1,
        year_length=((years + 1).astype("datetime64[D]") - year_begins).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One rule. ``numbers`` are those of ``BYMONTH`` and the like, ``weekdays`` those of ``BYDAY`` with their ordinals.

    ``until`` is the ordinal of the last day, and ``count`` the greatest number of occurrences.
    """

    frequency: str
    interval: int
    count: int | None
    until: int | None
    week_start: int
    numbers: Mapping[str, frozenset[int]]
    weekdays: tuple[tuple[int | None, int], ...]

    @classmethod
    def read(cls, text: str) -> Recurrence:
        """Read the value of an ``RRULE``; raises ``BadRule``."""
        parts = _parts(text)
        frequency = str(parts.get("FREQ", [""])[0])
        if frequency not in _FREQUENCIES:
            raise BadRule(f"FREQ is one of {', '.join(_FREQUENCIES)}")
        weekdays = tuple(_weekday(str(one), frequency) for one in parts.get("BYDAY", []))
        return cls(
            frequency=frequency,
            interval=_positive(parts, "INTERVAL") or 1,
            count=_positive(parts, "COUNT"),
            until=_until(parts.get("UNTIL", [None])[0]),
            week_start=_weekday(str(parts.get("WKST", ["MO"])[0]), "")[1],
            numbers={name: _within(name, parts[name], most) for name, most in _NUMBERS.items() if name in parts},
            weekdays=weekdays,
        )

    def days(self, start: int) -> Mask:
        """On which days of the range it occurs, for an event that first is on the ``start``-th of them."""
        every = _all_days()
        last = LAST - FIRST - 1 if self.until is None else min(self.until, LAST - 1) - FIRST
        if last < start:
            return np.zeros(LAST - FIRST, dtype=np.bool_)
        # the first and the last week and year whole, since BYSETPOS counts in them
        begin = max(start - int(every.of_year[start]) - 6, 0)
        end = last + int(every.year_length[last] - every.of_year[last]) + 7
        rows, found = every.rows(begin, end), np.zeros(LAST - FIRST, dtype=np.bool_)
        first = every.rows(start, start + 1)
        turn = self._period(rows) - self._period(first)
        whole = self._filled(first)
        holds = _holds(whole, rows) & (turn >= 0) & (turn % self.interval == 0)
        places = self._at_positions(np.flatnonzero(holds), turn) + begin
        found[places[(places >= start) & (places <= last)][: self.count]] = True
        return found

    def _filled(self, first: _Days) -> Recurrence:
        """The rule with what it leaves to the day on which the event begins."""
        if self.weekdays or "BYMONTHDAY" in self.numbers or "BYYEARDAY" in self.numbers or self.frequency == "DAILY":
            return self
        numbers, weekdays = dict(self.numbers), self.weekdays
        if self.frequency == "WEEKLY":
            weekdays = ((None, int(first.ordinal[0] - 1) % 7),)
        else:
            numbers["BYMONTHDAY"] = frozenset({int(first.day[0])})
        if self.frequency == "YEARLY":
            numbers.setdefault("BYMONTH", frozenset({int(first.month[0])}))
        return replace(self, numbers=numbers, weekdays=weekdays)

    def _period(self, rows: _Days) -> Column:
        """Which day, week, month or year each day is in, counted on."""
        match self.frequency:
            case "DAILY":
                return rows.ordinal
            case "WEEKLY":
                return (rows.ordinal - 1 - self.week_start) // 7
            case "MONTHLY":
                return rows.year * 12 + rows.month
            case _:
                return rows.year

    def _at_positions(self, places: Column, turn: Column) -> Column:
        """Of the days of each period those that ``BYSETPOS`` names."""
        if "BYSETPOS" not in self.numbers:
            return places
        _, begins, sizes = np.unique(turn[places], return_index=True, return_counts=True)
        position = np.arange(places.size) - np.repeat(begins, sizes) + 1
        return places[_among(position, np.repeat(sizes, sizes), self.numbers["BYSETPOS"])]


def _parts(text: str) -> Mapping[str, list[object]]:
    from icalendar import vRecur  # noqa: PLC0415 - a tenth of a second, and few read calendar files

    try:
        parts: Mapping[str, list[object]] = {name.upper(): values for name, values in vRecur.from_ical(text).items()}
    except (ValueError, OverflowError, TypeError) as error:
        raise BadRule(str(error)[:100]) from None
    for name in sorted(parts.keys() - _PARTS):
        raise BadRule(f"{name[:20]} is not read")
    return parts


def _positive(parts: Mapping[str, list[object]], name: str) -> int | None:
    if name not in parts:
        return None
    found = parts[name][0]
    if not isinstance(found, int) or not 1 <= found < 10**6:
        raise BadRule(f"{name} is a number from 1 on")
    return found


def _until(found: object) -> int | None:
    if found is None:
        return None
    if not isinstance(found, date):
        raise BadRule("UNTIL is a day")
    return (found.date() if isinstance(found, datetime) else found).toordinal()


def _within(name: str, found: Iterable[object], most: int) -> frozenset[int]:
    numbers = frozenset(int(str(one)) if _NUMBER.fullmatch(str(one)) else 0 for one in found)
    least = 1 if name == "BYMONTH" else -most
    if not numbers or 0 in numbers or not all(least <= one <= most for one in numbers):
        raise BadRule(f"{name} has numbers up to {most}")
    return numbers


def _weekday(text: str, frequency: str) -> tuple[int | None, int]:
    found = _WEEKDAY.fullmatch(text.upper())
    if found is None:
        raise BadRule(f"{text[:20]} is no weekday")
    ordinal, weekday = int(found[1] or 0), WEEKDAYS.index(found[2])
    if not found[1]:
        return None, weekday
    if frequency not in {"MONTHLY", "YEARLY"} or not 1 <= abs(ordinal) <= 53:
        raise BadRule(f"{text[:20]} has no meaning here")
    return ordinal, weekday


def _holds(rule: Recurrence, rows: _Days) -> Mask:
    """On which days all that the rule says of days is so."""
    holds = np.ones(rows.day.size, dtype=np.bool_)
    if "BYMONTH" in rule.numbers:
        holds &= np.isin(rows.month, list(rule.numbers["BYMONTH"]))
    if "BYMONTHDAY" in rule.numbers:
        holds &= _among(rows.day, rows.month_length, rule.numbers["BYMONTHDAY"])
    if "BYYEARDAY" in rule.numbers:
        holds &= _among(rows.of_year, rows.year_length, rule.numbers["BYYEARDAY"])
    if rule.weekdays:
        holds &= np.logical_or.reduce([_on_weekday(rule, rows, *one) for one in rule.weekdays])
    return holds


def _on_weekday(rule: Recurrence, rows: _Days, ordinal: int | None, weekday: int) -> Mask:
    """On which days that weekday is; with an ordinal, the n-th of its month or year, from the end if negative."""
    holds: Mask = (rows.ordinal - 1) % 7 == weekday
    if ordinal is None:
        return holds
    of_year = rule.frequency == "YEARLY" and "BYMONTH" not in rule.numbers
    place, length = (rows.of_year, rows.year_length) if of_year else (rows.day, rows.month_length)
    which = (place - 1) // 7 + 1 if ordinal > 0 else -((length - place) // 7 + 1)
    holds &= which == ordinal
    return holds


def _among(place: Column, length: Column, numbers: frozenset[int]) -> Mask:
    """Whether a place is one of ``numbers``, which count from the end where they are negative."""
    return np.isin(place, list(numbers)) | np.isin(place - length - 1, list(numbers))
