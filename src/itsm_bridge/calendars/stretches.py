"""A span of time cut into the parts in which a calendar is open or closed, each closed one with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from itsm_bridge.calendars.calendar import Calendar, epoch, instant
from itsm_bridge.calendars.days_off import days_off
from itsm_bridge.calendars.opening import table
from itsm_bridge.calendars.walltime import FIRST_YEAR, LAST_YEAR, midnight
from itsm_bridge.config.model import CalendarDefinition

OUTSIDE_HOURS = ""
OTHER_HOURS = "other hours on this day"
NAMELESS = "holiday"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open part of time, in UTC and whole seconds, in which a calendar is open, or closed for one reason.

    ``reason`` is that of the local day: the name of its holiday, ``OTHER_HOURS`` on a day of the calendar's overrides,
    else ``OUTSIDE_HOURS``. An open stretch has none.
    """

    start: datetime
    end: datetime
    open: bool
    reason: str

    @property
    def seconds(self) -> int:
        """Its length in real seconds."""
        return round((self.end - self.start).total_seconds())

    @property
    def is_holiday(self) -> bool:
        """Whether it is closed because of a holiday, a public one or one of our own."""
        return not self.open and self.reason not in {OUTSIDE_HOURS, OTHER_HOURS}


def stretches(calendar: Calendar, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """The consecutive stretches that cover ``[start, end)``; none where it is empty.

    A closed time is cut at a local midnight where the reason changes there. The open stretches add up to
    ``calendar.elapsed(start, end)``.
    """
    days = _SpecialDays(calendar.definition)
    return tuple(
        Stretch(instant(begin), instant(until), is_open, reason)
        for begin, until, is_open in _turns(calendar.definition, epoch(start), epoch(end))
        for begin, until, reason in ([(begin, until, "")] if is_open else days.cut(begin, until))
    )


def _turns(definition: CalendarDefinition, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Open and closed times in turn, in epoch seconds."""
    if start >= end:
        return
    first, last = max(instant(start).year - 1, FIRST_YEAR), min(instant(end).year + 1, LAST_YEAR)
    opening, here = table(definition, first, last), start
    for opens, closes in zip(opening.opens.tolist(), opening.closes.tolist(), strict=True):
        if opens >= end:
            break
        if closes <= here:
            continue
        if opens > here:
            yield here, opens, False
        yield max(opens, here), min(closes, end), True
        here = closes
    if here < end:
        yield here, end, False


class _SpecialDays:
    """The days on which a calendar is not as usual."""

    def __init__(self, definition: CalendarDefinition) -> None:
        self._definition = definition
        self._zone = definition.zone

    def cut(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """A closed time in epoch seconds, cut where its reason changes."""
        here = start
        for reason, days in groupby(self._days(start, end), key=itemgetter(1)):
            *_, (until, _) = days
            yield here, until, reason
            here = until

    def _days(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """Where each local day that the time touches ends, and its reason.

        A day begins when the clock first shows it: an hour before midnight that comes again belongs to the next day.
        """
        day, here = instant(start).astimezone(self._zone).date(), start
        while here < end:
            until = min(end, midnight(self._zone, day + timedelta(days=1)))
            if until > here:
                yield until, self._reason(day)
                here = until
            day += timedelta(days=1)

    def _reason(self, day: date) -> str:
        if day in self._definition.overrides:
            return OTHER_HOURS
        name = days_off(self._definition.terms_on(day).holidays, day.year, day.year).get(day)
        return OUTSIDE_HOURS if name is None else name or NAMELESS
