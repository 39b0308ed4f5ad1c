"""What a clock of ours would show had it run otherwise: from other instants, with other pauses, on other calendars.

Nothing here changes a clock: each change makes another one. All arithmetic of opening hours is that of ``calendars``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import Calendar, epoch, instant
from itsm_bridge.config.model import CalendarDefinition, Holidays
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.sla.model import Reckoning, Stage

TOLERANCE = 60
"""Seconds by which two figures may differ and still be the same: sources do things late, and some store minutes."""


FURTHEST = 10 * 366 * 86_400
"""Seconds beyond which nothing is counted: a source may say anything, and a calendar is laid out year by year."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a clock's time on one calendar, in epoch seconds."""

    start: int
    end: int
    paused: bool
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock did up to an instant, the end of the last of its ``stretches``, of which there is at least one.

    ``carried`` are seconds that it began with, ``set_aside`` business seconds of pauses that are known as a sum alone.
    ``ended`` says that it does not go on. ``promised`` is the due instant where it is known without counting.
    """

    stretches: tuple[Stretch, ...]
    carried: int
    target: int
    ended: bool
    set_aside: int = 0
    rounded: bool = False
    promised: int | None = None

    @property
    def calendar(self) -> Calendar:
        """The calendar at its end."""
        return self.stretches[-1].calendar

    @property
    def elapsed(self) -> int:
        """Business seconds used."""
        running = sum(_open(one.calendar, one.start, one.end) for one in self.stretches if not one.paused)
        return max(self.carried + running - self.set_aside, 0)

    @property
    def paused(self) -> int:
        """Business seconds of its pauses."""
        return sum(_open(one.calendar, one.start, one.end) for one in self.stretches if one.paused)

    @property
    def breached(self) -> bool:
        """Whether more than the target is used; where shares are ``rounded`` to two digits, whether it shows 100.00."""
        if self.rounded:
            return self.elapsed * 20_000 >= self.target * 19_999
        return self.elapsed > self.target

    @property
    def due(self) -> int | None:
        """The last good instant, in epoch seconds; ``None`` where the clock is paused or its calendar does not say."""
        if self.promised is not None:
            return self.promised
        left = self.target + self.set_aside - self.carried
        if left <= 0:
            return self.stretches[0].start
        if left > FURTHEST:
            return None
        for one in self.stretches:
            there = 0 if one.paused else _open(one.calendar, one.start, one.end)
            if there >= left:
                return _used_up(one.calendar, one.start, left)
            left -= there
        last = self.stretches[-1]
        return None if last.paused else _used_up(last.calendar, last.end, left)

    def is_due_at(self, at: int) -> bool:
        """Whether an instant may be the due one.

        Of pauses that are known as a sum, nobody knows which came before the target was used up, once it is.
        """
        due = self.due
        if due is None or is_the_same_deadline(due, at, self.calendar):
            return True
        earliest = replace(self, set_aside=0).due if self.set_aside and self.breached else None
        return earliest is not None and earliest - TOLERANCE <= at <= due + TOLERANCE

    def running_from(self, start: int) -> Clock | None:
        """The clock had it started at another instant; ``None`` where it had ended by then, or for one far away."""
        first = self.stretches[0]
        if first.start - start > FURTHEST:
            return None
        if start < first.start:
            return replace(
                self, stretches=(Stretch(start, first.start, paused=False, calendar=first.calendar), *self.stretches)
            )
        left = tuple(replace(one, start=max(one.start, start)) for one in self.stretches if one.end > start)
        return replace(self, stretches=left) if left else None

    def running_to(self, end: int) -> Clock | None:
        """The clock had it ended, or been looked at, at another instant.

        ``None`` where it had not started by then, or for an instant far away.
        """
        last = self.stretches[-1]
        if end - last.end > FURTHEST:
            return None
        if end > last.end:
            return replace(
                self, stretches=(*self.stretches, Stretch(last.end, end, paused=False, calendar=last.calendar))
            )
        left = tuple(replace(one, end=min(one.end, end)) for one in self.stretches if one.start < end)
        return replace(self, stretches=left) if left else None

    def never_paused(self, set_aside: int = 0) -> Clock:
        """The clock had none of its pauses been; ``set_aside`` business seconds count for nothing instead."""
        stretches = tuple(replace(one, paused=False) for one in self.stretches)
        return replace(self, stretches=stretches, set_aside=set_aside)

    def paused_since(self, at: int) -> Clock:
        """The clock had it stood still from an instant on."""
        before = tuple(replace(one, end=min(one.end, at)) for one in self.stretches if one.start < at)
        after = tuple(replace(one, start=max(one.start, at), paused=True) for one in self.stretches if one.end > at)
        return replace(self, stretches=(*before, *after)) if after else self

    def on(self, other: Callable[[Calendar], Calendar]) -> Clock:
        """The clock on other calendars."""
        stretches = tuple(replace(one, calendar=other(one.calendar)) for one in self.stretches)
        return replace(self, stretches=stretches)


def clock_of(reckoning: Reckoning, calendars: Mapping[str, Calendar]) -> Clock:
    """A cycle as a clock that can be changed."""
    cycle = reckoning.cycle
    stretches = tuple(
        Stretch(epoch(one.start), epoch(one.end), one.paused, calendars[one.calendar]) for one in reckoning.intervals
    )
    ended = cycle.stage in {Stage.COMPLETED, Stage.CANCELLED}
    promised = None if cycle.due_at is None else epoch(cycle.due_at)
    return Clock(stretches, reckoning.carried_seconds, cycle.target_seconds, ended, promised=promised)


class Variants:
    """Calendars that differ from ours in one thing. Each is laid out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, bool], Calendar] = {}
        self._kept: list[Calendar] = []

    def elsewhere(self, calendar: Calendar, zone: ZoneInfo) -> Calendar:
        """The same hours in another zone."""
        return self._of(calendar, zone, bare=False)

    def without_holidays(self, calendar: Calendar) -> Calendar:
        """The same hours in every week."""
        return self._of(calendar, calendar.definition.zone, bare=True)

    def _of(self, calendar: Calendar, zone: ZoneInfo, *, bare: bool) -> Calendar:
        key = id(calendar), zone.key, bare
        if key not in self._known:
            self._kept.append(calendar)  # an id is its own as long as the calendar is there
            self._known[key] = Calendar(_changed(calendar.definition, zone, bare=bare))
        return self._known[key]


def is_the_same_deadline(one: int, other: int, calendar: Calendar) -> bool:
    """Whether two due instants differ by the tolerance, or are a closing and the opening after it."""
    low, high = min(one, other), max(one, other)
    if high - low <= TOLERANCE or high - low > FURTHEST:
        return high - low <= TOLERANCE
    following = _used_up(calendar, low, 1)
    return following is not None and abs(following - 1 - high) <= TOLERANCE


def _changed(definition: CalendarDefinition, zone: ZoneInfo, *, bare: bool) -> CalendarDefinition:
    if not bare:
        return replace(definition, zone=zone)
    none = Holidays(None, None, MappingProxyType({}), frozenset())
    return replace(definition, zone=zone, holidays=none, overrides=MappingProxyType({}))


@lru_cache(maxsize=65_536)
def _open(calendar: Calendar, start: int, end: int) -> int:
    return calendar.elapsed(instant(start), instant(end))


@lru_cache(maxsize=65_536)
def _used_up(calendar: Calendar, start: int, seconds: int) -> int | None:
    try:
        return epoch(calendar.due(instant(start), seconds))
    except ConfigurationInvalid:
        return None  # it is not open for so long any more
