"""Which minutes are open, asked of the local wall clock minute by minute: one half of the oracle of the clocks.

Nothing here is taken from ``itsm_bridge.calendars``; only its written meaning is. The wall clock of every minute of an
era is laid out once per zone. What it shows twice in autumn counts the first time round: the clock is read as the
latest time that it has shown so far, so a time has been reached at the first instant that shows it or a later one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from itsm_bridge.config.model import CalendarDefinition, Configuration, Environment, Span

Flags = NDArray[np.bool_]
DAY = 1440
QUARTER = 15
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Era:
    """The minutes of some months, from ``first`` on."""

    first: datetime
    days: int

    @property
    def minutes(self) -> int:
        return self.days * DAY

    @property
    def start(self) -> int:
        """The first minute, in minutes since 1970."""
        return int(self.first.timestamp()) // 60


@lru_cache(maxsize=200)
def offsets(zone: str, era: Era) -> NDArray[np.int32]:
    """By how many minutes the zone is ahead of UTC in each quarter of an hour, in which it never changes."""
    place, start = ZoneInfo(zone), era.start * 60
    quarters = (datetime.fromtimestamp(start + quarter * 60, place) for quarter in range(0, era.minutes, QUARTER))
    return np.array([offset(quarter) for quarter in quarters], dtype=np.int32)


@lru_cache(maxsize=24)
def wall_clock(zone: str, era: Era) -> NDArray[np.int32]:
    """The latest local time, in minutes since 1970, that the zone's clock has shown up to each minute."""
    minutes = np.arange(era.start, era.start + era.minutes, dtype=np.int32)
    return np.maximum.accumulate(minutes + np.repeat(offsets(zone, era), QUARTER))


def offset(instant: datetime) -> int:
    ahead = instant.utcoffset()
    assert ahead is not None
    minutes, rest = divmod(ahead.seconds, 60)
    assert rest == 0
    return ahead.days * DAY + minutes


@lru_cache(maxsize=200)
def clock_changes(zone: str, era: Era) -> tuple[datetime, ...]:
    """The instants of the era at which the zone's clock is put forward or back."""
    quarters = np.flatnonzero(np.diff(offsets(zone, era))) + 1
    return tuple(era.first + timedelta(minutes=QUARTER * int(quarter)) for quarter in quarters)


def open_minutes(office: CalendarDefinition, era: Era) -> Flags:
    """For each minute of the era whether the calendar is open in it."""
    if office.always:
        return np.ones(era.minutes, dtype=np.bool_)
    day, minute = np.divmod(wall_clock(office.zone.key, era), DAY)
    before = int(day[0]) - 1
    hours = np.zeros((int(day[-1]) - before + 1, 2 * DAY), dtype=np.bool_)
    for row in range(len(hours)):
        for opens, closes in spans_on(office, EPOCH + timedelta(days=before + row)):
            assert closes <= 2 * DAY * 60
            hours[row, opens // 60 : closes // 60] = True
    found: Flags = hours[day - before, minute] | hours[day - before - 1, minute + DAY]
    return found


def spans_on(office: CalendarDefinition, day: date) -> tuple[Span, ...]:
    """The opening hours that start on a local day."""
    if day in office.overrides:
        return office.overrides[day]
    return () if day in office.holidays.add else office.week[day.weekday()]


@dataclass(frozen=True)
class World:
    """The open units of a configuration's calendars in an era; a unit is a minute, or a second (``unit`` seconds)."""

    configuration: Configuration
    era: Era
    unit: int = 60

    @cached_property
    def _calendars(self) -> dict[str, Flags]:
        return {name: open_minutes(office, self.era) for name, office in self.configuration.calendars.items()}

    @cached_property
    def _environments(self) -> dict[str, Flags]:
        return {name: self._owned(place) for name, place in self.configuration.environments.items()}

    @property
    def size(self) -> int:
        return self.era.minutes * 60 // self.unit

    def place(self, instant: datetime) -> int:
        """The unit that begins at an instant, counted from the beginning of the era."""
        seconds = int(instant.timestamp()) - self.era.start * 60
        assert seconds % self.unit == 0
        return seconds // self.unit

    def instant(self, place: int) -> datetime:
        return datetime.fromtimestamp(self.era.start * 60 + place * self.unit, UTC)

    def opened(self, kind: str, name: str, start: int, end: int) -> Flags:
        """The units from ``start`` to ``end`` of a ``calendar``, a ``vendor`` or an ``environment`` that are open."""
        assert 0 <= start <= end <= self.size, "the era is too short"
        minutes = self._environments[name] if kind == "environment" else self._calendars[self._calendar(kind, name)]
        if self.unit == 60:
            return minutes[start:end]
        first = start // 60
        return np.repeat(minutes[first : -(-end // 60)], 60)[start - first * 60 : end - first * 60]

    def _calendar(self, kind: str, name: str) -> str:
        return self.configuration.vendors[name].calendar if kind == "vendor" else name

    def _owned(self, place: Environment) -> Flags:
        """Each minute by the calendar of who owns the environment on that local day of the configuration."""
        day = wall_clock(self.configuration.zone.key, self.era) // DAY
        found = np.zeros(self.era.minutes, dtype=np.bool_)
        for owner in place.owners:
            since, until = (None if edge is None else (edge - EPOCH).days for edge in (owner.start, owner.end))
            owned = np.ones(self.era.minutes, dtype=np.bool_)
            owned &= True if since is None else day >= since
            owned &= True if until is None else day < until
            found |= owned & self._calendars[self._calendar("vendor", owner.vendor)]
        return found
