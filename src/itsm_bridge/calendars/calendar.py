"""One calendar: time between instants, the instant at which time is used up, and whether it is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from itsm_bridge.calendars.opening import Table, opens_every_week, table
from itsm_bridge.calendars.provenance import digest_of
from itsm_bridge.calendars.walltime import DAY, EPOCH, EPOCH_ORDINAL, FIRST_YEAR, LAST_YEAR, Seconds
from itsm_bridge.config.model import CalendarDefinition
from itsm_bridge.errors import ConfigurationInvalid, UsageError

BARREN_YEARS = 30
"""A calendar that does not open once in so many years, whatever its hours say, is taken never to open again."""

FAR = 200
"""So many years are not laid out merely because they lie between two questions."""


class Calendar:
    """Business time of one calendar.

    Intervals are laid out on first use, for the years that are asked about, and kept; the answers do not depend on
    what was asked before. Instants are aware; a naive one raises ``UsageError``. Arrays are int64 seconds after
    1970-01-01T00:00:00Z.
    """

    __slots__ = ("_digest", "_table", "definition")

    def __init__(self, definition: CalendarDefinition) -> None:
        self.definition = definition
        self._digest = ""
        self._table: Table | None = None

    @property
    def name(self) -> str:
        """The calendar's name in the configuration."""
        return self.definition.name

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of everything that the answers depend on.

        That is the definition without names and places, and the versions of the zone data and of the public holidays
        where they are used. Two calendars that differ in it may answer differently.
        """
        if not self._digest:
            self._digest = digest_of(self.definition)
        return self._digest

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at an instant: at opening yes, at closing no."""
        when = epoch(at)
        opening = self._covering(when, when)
        return bool(when < opening.closes[np.searchsorted(opening.opens, when, side="right") - 1])

    def elapsed(self, start: datetime, end: datetime) -> int:
        """Open seconds in ``[start, end)``; 0 where ``end`` is before ``start``."""
        first, last = epoch(start), epoch(end)
        opening = self._covering(min(first, last), max(first, last))
        return max(opening.used(last) - opening.used(first), 0)

    def elapsed_array(self, starts: Seconds, ends: Seconds) -> Seconds:
        """``elapsed`` of each pair."""
        if starts.size == 0:
            return np.zeros(0, dtype=np.int64)
        opening = self._covering(int(min(starts.min(), ends.min())), int(max(starts.max(), ends.max())))
        seconds = opening.used_at_each(ends)
        np.subtract(seconds, opening.used_at_each(starts), out=seconds)
        np.maximum(seconds, 0, out=seconds)
        return seconds

    def due(self, start: datetime, seconds: int) -> datetime:
        """The earliest instant at which ``seconds`` of open time have gone by since ``start``, in UTC.

        Raises ``ConfigurationInvalid`` where the calendar is not open for so long any more, ``UsageError`` for a
        negative number.
        """
        if seconds < 0:
            raise UsageError(f"{seconds} seconds: a negative time has no due instant")
        begin = epoch(start)
        if seconds == 0:
            return instant(begin)
        opening = self._covering(begin, begin)
        wanted = opening.used(begin) + seconds
        opening = self._lasting(opening, wanted)
        return instant(int(opening.shut[opening.used_up.searchsorted(wanted)]) + wanted)

    def due_array(self, starts: Seconds, seconds: Seconds) -> Seconds:
        """``due`` of each pair."""
        if starts.size == 0:
            return np.zeros(0, dtype=np.int64)
        if seconds.min() < 0:
            raise UsageError(f"{int(seconds.min())} seconds: a negative time has no due instant")
        opening = self._covering(int(starts.min()), int(starts.max()))
        wanted = opening.used_at_each(starts)
        np.add(wanted, seconds, out=wanted)
        opening = self._lasting(opening, int(wanted.max()))
        due = opening.reached_at_each(wanted)
        np.copyto(due, starts, where=seconds == 0)
        return due

    def due_working_days(self, start: datetime, days: int) -> datetime:
        """The ``days``-th local day with opening hours after the start's, at the same local time, within its hours.

        Before the first opening of that day it is the opening; otherwise, while closed, the closing before it.
        A negative number counts back. Raises ``ConfigurationInvalid`` where there are no such days any more.
        """
        begin = epoch(start)
        return instant(int(self.due_working_days_array(_column(begin), _column(days))[0]) if days else begin)

    def due_working_days_array(self, starts: Seconds, days: Seconds) -> Seconds:
        """``due_working_days`` of each pair."""
        due, counted = starts.copy(), np.flatnonzero(days)
        if counted.size:
            opening, places, times = self._working_days(starts[counted], days[counted])
            due[counted] = _within_hours(opening, places, times)
        return due

    def on_working_day(self, start: datetime, days: int, by: int | None) -> datetime:
        """The same day as ``due_working_days``, at the local time ``by`` (seconds after midnight) within its hours.

        For ``by`` of ``None`` it is the last closing of that day, be it after midnight. 0 days are the start's own day,
        or the next one that opens.
        """
        opening, places, _ = self._working_days(_column(epoch(start)), _column(days))
        if by is None:
            return instant(int(opening.clock.first_reached(opening.day_closes[places])[0]))
        return instant(int(_within_hours(opening, places, _column(by))[0]))

    def opens_on(self, day: date) -> bool:
        """Whether there are opening hours that start on a local day."""
        number = day.toordinal() - EPOCH_ORDINAL
        days = self._covering(number * DAY, number * DAY).days
        place = int(np.searchsorted(days, number))
        return place < days.size and int(days[place]) == number

    def _working_days(self, starts: Seconds, numbers: Seconds) -> tuple[Table, Seconds, Seconds]:
        """Where in which table the n-th day with opening hours after each start's stands; and the starts' local times.

        Number 0 is the start's own day, or the next one that opens.
        """
        opening = self._covering(int(starts.min()), int(starts.max()))
        local_days, times = np.divmod(opening.clock.shown(starts), DAY)
        while int((places := _nth_days(opening.days, local_days, numbers)).max()) >= opening.days.size:
            opening = self._later(opening)
        while int((places := _nth_days(opening.days, local_days, numbers)).min()) < 0:
            opening = self._earlier(opening)
        return opening, places, times

    def _covering(self, first: int, last: int) -> Table:
        """The table that holds the instants ``first`` to ``last`` with a year around them."""
        known = self._table
        if known is not None and known.since <= first and last < known.until:
            return known
        low, high = max(_year(first) - 1, FIRST_YEAR), min(_year(last) + 1, LAST_YEAR)
        if known is None or low > known.last + FAR or high < known.first - FAR:
            return self._laid_out(low, high)
        return self._laid_out(min(low, known.first), max(high, known.last))

    def _laid_out(self, first: int, last: int) -> Table:
        self._table = table(self.definition, first, last)
        return self._table

    def _lasting(self, known: Table, used: int) -> Table:
        """The table, beginning with the same year, that has so much open time at least."""
        while used > known.total:
            known = self._later(known)
        return known

    def _later(self, known: Table) -> Table:
        """The table with as many years again after it; raises where they would bring nothing."""
        if known.last == LAST_YEAR or not self._opens_after(known):
            raise self._never_again(f"after {known.last}")
        return self._laid_out(known.first, min(known.last + max(known.last - known.first, 1), LAST_YEAR))

    def _earlier(self, known: Table) -> Table:
        before = [terms for terms in self.definition.terms if terms.start.year <= known.first]
        if known.first == FIRST_YEAR or not any(map(opens_every_week, before)):
            raise self._never_again(f"before {known.first}")
        return self._laid_out(max(known.first - max(known.last - known.first, 1), FIRST_YEAR), known.last)

    def _opens_after(self, known: Table) -> bool:
        """Whether more years can bring openings: dated overrides, later terms, or weekly hours that do take place."""
        if any(day.year > known.last for day in self.definition.overrides):
            return True
        last = self.definition.terms[-1]
        if last.start.year > known.last:
            return True  # the years up to there are few, and whether the last terms open is seen then
        took_place = known.closes[-1] >= epoch(datetime(max(known.last - BARREN_YEARS, FIRST_YEAR), 1, 1, tzinfo=UTC))
        young = known.last - max(known.first, last.start.year) <= BARREN_YEARS
        return opens_every_week(last) and (bool(took_place) or young)

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


def _nth_days(days: Seconds, from_days: Seconds, numbers: Seconds) -> Seconds:
    """Where among ``days`` the n-th one after each day stands, or before it for a negative number.

    Number 0 is the day itself or the next one.
    """
    after = np.searchsorted(days, from_days, side="right") + numbers - 1
    before = np.searchsorted(days, from_days, side="left") + numbers
    return np.where(numbers > 0, after, before)


def _within_hours(opening: Table, places: Seconds, times: Seconds) -> Seconds:
    """The instants of local times on the table's days, each brought into the opening hours of its day."""
    at = opening.clock.first_reached(opening.days[places] * DAY + times)
    first_opening = opening.clock.first_reached(opening.day_opens[places])
    closing = opening.closes[np.searchsorted(opening.opens, at, side="right") - 1]
    return np.where(at < closing, at, np.maximum(first_opening, closing))
