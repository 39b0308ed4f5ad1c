"""One calendar: time between instants, the instant at which time is used up, and whether it is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from itsm_bridge.calendars.opening import Table, opens_every_week, table
from itsm_bridge.calendars.walltime import DAY, EPOCH, FIRST_YEAR, LAST_YEAR, Seconds, offset
from itsm_bridge.config.model import CalendarDefinition
from itsm_bridge.errors import ConfigurationInvalid, UsageError

BARREN_YEARS = 30
"""A calendar that does not open once in so many years, whatever its hours say, is taken never to open again."""


class Calendar:
    """Business time of one calendar.

    Intervals are laid out on first use, for the years that are asked about, and kept; the answers do not depend on
    what was asked before. Instants are aware; a naive one raises ``UsageError``. Arrays are int64 seconds after
    1970-01-01T00:00:00Z.
    """

    __slots__ = ("_table", "definition")

    def __init__(self, definition: CalendarDefinition) -> None:
        self.definition = definition
        self._table: Table | None = None

    @property
    def name(self) -> str:
        """The calendar's name in the configuration."""
        return self.definition.name

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at an instant: at opening yes, at closing no."""
        when = epoch(at)
        opening = self._covering(when, when)
        return bool(when < opening.closes[np.searchsorted(opening.opens, when, side="right") - 1])

    def elapsed(self, start: datetime, end: datetime) -> int:
        """Open seconds in ``[start, end)``; 0 where ``end`` is before ``start``."""
        return int(self.elapsed_array(_column(epoch(start)), _column(epoch(end)))[0])

    def elapsed_array(self, starts: Seconds, ends: Seconds) -> Seconds:
        """``elapsed`` of each pair."""
        if starts.size == 0:
            return np.zeros(0, dtype=np.int64)
        opening = self._covering(int(min(starts.min(), ends.min())), int(max(starts.max(), ends.max())))
        seconds: Seconds = np.maximum(_used(opening, ends) - _used(opening, starts), 0)
        return seconds

    def due(self, start: datetime, seconds: int) -> datetime:
        """The earliest instant at which ``seconds`` of open time have gone by since ``start``, in UTC.

        Raises ``ConfigurationInvalid`` where the calendar is not open for so long any more, ``UsageError`` for a
        negative number.
        """
        return instant(int(self.due_array(_column(epoch(start)), _column(seconds))[0]))

    def due_array(self, starts: Seconds, seconds: Seconds) -> Seconds:
        """``due`` of each pair."""
        if starts.size == 0:
            return np.zeros(0, dtype=np.int64)
        if seconds.min() < 0:
            raise UsageError(f"{int(seconds.min())} seconds: a negative time has no due instant")
        opening = self._covering(int(starts.min()), int(starts.max()))
        while int((_used(opening, starts) + seconds).max()) > opening.total:
            opening = self._later(opening)
        wanted = _used(opening, starts) + seconds
        into = np.searchsorted(opening.used_up, wanted, side="left")
        return np.where(seconds == 0, starts, opening.opens[into] + wanted - opening.used[into])

    def due_working_days(self, start: datetime, days: int) -> datetime:
        """The ``days``-th local day with opening hours after the start's, at the same local time, within its hours.

        Before the first opening of that day it is the opening; otherwise, while closed, the closing before it.
        A negative number counts back. Raises ``ConfigurationInvalid`` where there are no such days any more.
        """
        begin = epoch(start)
        if days == 0:
            return instant(begin)
        wall = begin + offset(self.definition.zone, begin)
        opening = self._covering(begin, begin)
        while (place := _nth_day(opening.days, wall // DAY, days)) >= opening.days.size:
            opening = self._later(opening)
        while (place := _nth_day(opening.days, wall // DAY, days)) < 0:
            opening = self._earlier(opening)
        return instant(_within_hours(opening, place, wall % DAY))

    def _covering(self, first: int, last: int) -> Table:
        """The table that holds the instants ``first`` to ``last`` with a year around them."""
        low, high = max(_year(first) - 1, FIRST_YEAR), min(_year(last) + 1, LAST_YEAR)
        known = self._table
        if known is None or low < known.first or high > known.last:
            known = self._laid_out(*((low, high) if known is None else (min(low, known.first), max(high, known.last))))
        return known

    def _laid_out(self, first: int, last: int) -> Table:
        self._table = table(self.definition, first, last)
        return self._table

    def _later(self, known: Table) -> Table:
        """The table with as many years again after it; raises where they would bring nothing."""
        if known.last == LAST_YEAR or not self._opens_after(known):
            raise self._never_again(f"after {known.last}")
        return self._laid_out(known.first, min(known.last + max(known.last - known.first, 1), LAST_YEAR))

    def _earlier(self, known: Table) -> Table:
        if known.first == FIRST_YEAR or not opens_every_week(self.definition):
            raise self._never_again(f"before {known.first}")
        return self._laid_out(max(known.first - max(known.last - known.first, 1), FIRST_YEAR), known.last)

    def _opens_after(self, known: Table) -> bool:
        """Whether more years can bring openings: those of dated overrides, or weekly hours that do take place."""
        if any(day.year > known.last for day in self.definition.overrides):
            return True
        took_place = known.closes[-1] >= epoch(datetime(max(known.last - BARREN_YEARS, FIRST_YEAR), 1, 1, tzinfo=UTC))
        return opens_every_week(self.definition) and (bool(took_place) or known.last - known.first <= BARREN_YEARS)

    def _never_again(self, when: str) -> ConfigurationInvalid:
        return ConfigurationInvalid(
            f"calendar {self.name!r}, {self.definition.position}: it is not open long enough {when}, "
            "so there is no instant at which that time is used up"
        )


def epoch(at: datetime) -> int:
    """An aware instant as whole seconds after 1970-01-01T00:00:00Z, fractions dropped."""
    if at.tzinfo is None:
        raise UsageError(f"{at.isoformat()}: an instant needs a zone, such as {at.isoformat()}+05:30")
    since = at - EPOCH
    return since.days * DAY + since.seconds


def instant(seconds: int) -> datetime:
    """The aware instant, in UTC, of whole seconds after 1970-01-01T00:00:00Z."""
    return EPOCH + timedelta(seconds=int(seconds))


def _column(value: int) -> Seconds:
    return np.array([value], dtype=np.int64)


def _year(seconds: int) -> int:
    return instant(seconds).year


def _used(opening: Table, at: Seconds) -> Seconds:
    """Open time from the table's beginning up to each instant."""
    within = np.searchsorted(opening.opens, at, side="right") - 1
    return opening.used[within] + np.minimum(at, opening.closes[within]) - opening.opens[within]


def _nth_day(days: Seconds, day: int, number: int) -> int:
    """Where among ``days`` the ``number``-th one after ``day`` stands, or before it for a negative number."""
    if number > 0:
        return int(np.searchsorted(days, day, side="right")) + number - 1
    return int(np.searchsorted(days, day, side="left")) + number


def _within_hours(opening: Table, place: int, time_of_day: int) -> int:
    """The instant of a local time on one of the table's days, brought into the opening hours of that day."""
    walls = np.array([opening.days[place] * DAY + time_of_day, opening.day_opens[place]])
    at, first_opening = opening.clock.first_reached(walls)
    closing = opening.closes[np.searchsorted(opening.opens, at, side="right") - 1]
    return int(at if at < closing else max(first_opening, closing))
