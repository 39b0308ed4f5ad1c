"""Instants that go together: when a ticket was created and last updated, and when it is looked at.

``created``, ``updated``, ``age``, ``idle``, ``weekday`` and ``time`` are six ways to ask about three instants, the
third of which is the present. Given a span for each, ``settle`` finds the three, or that there are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from itsm_bridge.proofs.spans import DAYS, EARLIEST, LATEST, SECOND, Span, instant, micros

SEARCHED = 400
"""Days that are tried for one with the wanted weekday and time."""

FOREVER = 2 * (LATEST - EARLIEST)
ORIGIN, CREATED, UPDATED, NOW = range(4)
Distances = list[list[int]]
"""How far the second of two instants lies behind the first, at most; ``ORIGIN`` is 1970."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Three instants that fit."""

    created: datetime
    updated: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Clockwork:
    """What is asked of the instants. Fields without an entry may be anything; ``now`` has one always."""

    zone: ZoneInfo
    spans: Mapping[str, Span]
    weekday: str | None = None

    def settle(self) -> Moments | bool | None:
        """Instants that fit; ``False`` where there are none, ``None`` where none was found.

        The present comes as early as it can, the creation as late as it can.
        """
        bounds = _closed(self._distances())
        if bounds is None:
            return False
        soon = _with(bounds, NOW, -bounds[NOW][ORIGIN])
        for tried in (soon, bounds):
            found = next(self._settled(tried), None) if tried is not None else None
            if found is not None:
                return found
        return None if self._is_daily and _length(bounds) > SEARCHED else False

    @property
    def _is_daily(self) -> bool:
        return self.weekday is not None or "time" in self.spans

    def _settled(self, bounds: Distances) -> Iterator[Moments]:
        for created in self._creations(bounds):
            fixed = _with(bounds, CREATED, created)
            if fixed is not None:
                now = -fixed[NOW][ORIGIN]
                both = _with(fixed, NOW, now)
                if both is not None:
                    yield Moments(instant(created), instant(-both[UPDATED][ORIGIN]), instant(now))

    def _creations(self, bounds: Distances) -> Iterator[int]:
        first, last = -bounds[CREATED][ORIGIN], bounds[ORIGIN][CREATED]
        if not self._is_daily:
            whole = last - last % SECOND
            yield whole if whole >= first else last
            return
        newest = instant(last).astimezone(self.zone).date()
        oldest = instant(first).astimezone(self.zone).date()
        days = (newest - oldest).days
        tried = [newest - timedelta(days=back) for back in range(min(days, SEARCHED) + 1)]
        tried += [oldest + timedelta(days=on) for on in range(min(days, SEARCHED) + 1)]
        for day in tried:
            yield from self._on(day, first, last)

    def _on(self, day: date, first: int, last: int) -> Iterator[int]:
        """A moment of a day in the configuration's zone that has the wanted weekday and time."""
        if self.weekday is not None and DAYS[day.weekday()] != self.weekday:
            return
        start, end = self.spans.get("time", (0, 86_400 * SECOND - 1))
        noon = 12 * 3600 * SECOND
        for place in dict.fromkeys((noon if start <= noon <= end else start, start, end)):
            at = micros(datetime.combine(day, _time(place), self.zone))
            clamped = min(max(at, first), last)
            for moment in dict.fromkeys((at, clamped)):
                if first <= moment <= last and self._keeps(moment, day, start, end):
                    yield moment

    def _keeps(self, moment: int, day: date, start: int, end: int) -> bool:
        local = instant(moment).astimezone(self.zone)
        place = ((local.hour * 60 + local.minute) * 60 + local.second) * SECOND + local.microsecond
        return local.date() == day and start <= place <= end

    def _distances(self) -> Distances:
        table = [[0 if one == other else FOREVER for other in range(4)] for one in range(4)]
        _between(table, ORIGIN, CREATED, self.spans.get("created", (EARLIEST, LATEST)))
        _between(table, ORIGIN, UPDATED, self.spans.get("updated", (EARLIEST, LATEST)))
        _between(table, ORIGIN, NOW, self.spans["now"])
        _between(table, CREATED, UPDATED, (0, FOREVER))
        _between(table, CREATED, NOW, _seconds(self.spans.get("age")))
        _between(table, UPDATED, NOW, _seconds(self.spans.get("idle")))
        return table


def _seconds(span: Span | None) -> Span:
    """A span of whole seconds, which are rounded down, in microseconds."""
    return (0, FOREVER) if span is None else (span[0] * SECOND, span[1] * SECOND + SECOND - 1)


def _time(place: int) -> time:
    seconds, rest = divmod(place, SECOND)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


def _between(table: Distances, first: int, second: int, span: Span) -> None:
    table[first][second] = min(table[first][second], span[1])
    table[second][first] = min(table[second][first], -span[0])


def _with(bounds: Distances, which: int, place: int) -> Distances | None:
    table = [list(row) for row in bounds]
    _between(table, ORIGIN, which, (place, place))
    return _closed(table)


def _closed(table: Distances) -> Distances | None:
    """Every distance as short as the others make it (Floyd and Warshall); ``None`` where they contradict."""
    for middle in range(4):
        for one in range(4):
            for other in range(4):
                table[one][other] = min(table[one][other], table[one][middle] + table[middle][other])
    return None if any(table[one][one] < 0 for one in range(4)) else table


def _length(bounds: Distances) -> int:
    """Days in which the creation may lie."""
    return (bounds[ORIGIN][CREATED] + bounds[CREATED][ORIGIN]) // (86_400 * SECOND)
