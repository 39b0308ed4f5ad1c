"""Whose calendar counts: of a vendor, or of an environment's accountable owner day by day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from itsm_bridge.calendars.calendar import Calendar, epoch, instant
from itsm_bridge.calendars.walltime import AFTER_ALL, BEFORE_ALL, Seconds, midnight
from itsm_bridge.config.model import Configuration, Environment, Owner


@dataclass(frozen=True, slots=True)
class Rota:
    """Which calendar counts when: ``calendars[i]`` from ``since[i]`` (epoch seconds) on, up to the next.

    ``None`` stands where nobody owns the environment. The first entry has no beginning.
    """

    since: tuple[int, ...]
    calendars: tuple[Calendar | None, ...]

    @classmethod
    def steady(cls, calendar: Calendar) -> Rota:
        """One calendar for all time."""
        return cls((BEFORE_ALL,), (calendar,))

    def at(self, when: int) -> Calendar | None:
        """The calendar at an instant."""
        return self.calendars[bisect_right(self.since, when) - 1]

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, Calendar | None]]:
        """``[start, end)`` cut where the calendar changes; an empty interval is one piece."""
        place = bisect_right(self.since, start) - 1
        while place + 1 < len(self.since) and self.since[place + 1] < end:
            yield start, self.since[place + 1], self.calendars[place]
            place, start = place + 1, self.since[place + 1]
        yield start, end, self.calendars[place]

    def cut(self, starts: Seconds, ends: Seconds) -> Iterator[tuple[Calendar | None, Seconds, Seconds, Seconds]]:
        """``pieces`` of many intervals: for each calendar the places of those that it counts in, and what it counts."""
        for calendar, begin, to in zip(self.calendars, self.since, (*self.since[1:], AFTER_ALL), strict=True):
            there_from, there_to = np.maximum(starts, begin), np.minimum(ends, to)
            some = np.flatnonzero(there_to > there_from)
            yield calendar, some, there_from[some], there_to[some]

    def changes_in(self, start: int, end: int) -> bool:
        """Whether the calendar changes after ``start`` and before ``end``."""
        return len(self.since) > 1 and bisect_right(self.since, start) < bisect_left(self.since, end)

    def due(self, start: int, seconds: int) -> int | None:
        """The earliest instant at which ``seconds`` of open time are used; ``None`` where nobody owns them."""
        for begin, end, calendar in self.pieces(start, AFTER_ALL):
            if calendar is None:
                return None
            there = seconds if end == AFTER_ALL else calendar.elapsed(instant(begin), instant(end))
            if there >= seconds:
                return epoch(calendar.due(instant(begin), seconds))
            seconds -= there
        return None

    def elapsed(self, start: int, end: int) -> int:
        """Open time in ``[start, end)``; where nobody owns the environment there is none."""
        pieces = ((begin, to, calendar) for begin, to, calendar in self.pieces(start, end) if calendar is not None)
        return sum(calendar.elapsed(instant(begin), instant(to)) for begin, to, calendar in pieces)


class Calendars(Mapping[str, Calendar]):
    """Every calendar of a configuration by its name, and those of environments and vendors. Built once, then shared."""

    def __init__(self, configuration: Configuration) -> None:
        self._zone = configuration.zone
        self._by_name = {name: Calendar(definition) for name, definition in configuration.calendars.items()}
        self._by_vendor = {
            name.casefold(): self._by_name[vendor.calendar] for name, vendor in configuration.vendors.items()
        }
        self._environments = {name.casefold(): value for name, value in configuration.environments.items()}
        self._rotas: dict[tuple[str, tuple[str, ...]], Rota] = {}

    def __getitem__(self, name: str) -> Calendar:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def for_vendor(self, vendor: str) -> Calendar | None:
        """A vendor's calendar; ``None`` for somebody whom the configuration does not know."""
        return self._by_vendor.get(vendor.casefold())

    def for_environment(self, environment: str, services: Collection[str], day: date) -> Calendar | None:
        """The calendar of the environment's owner on a day; ``None`` without such an environment or owner.

        An owner who is named for one of ``services`` goes before one of the whole environment.
        """
        known = self._environments.get(environment.casefold())
        owner = None if known is None else owner_on(known, services, day)
        return None if owner is None else self.for_vendor(owner.vendor)

    def knows_environment(self, environment: str) -> bool:
        """Whether the configuration has such an environment."""
        return environment.casefold() in self._environments

    def rota(self, environment: str, services: Collection[str]) -> Rota:
        """``for_environment`` for all time. Days begin at midnight of the configuration's zone."""
        key = environment.casefold(), tuple(sorted(services))
        if key not in self._rotas:
            self._rotas[key] = self._rota(*key)
        return self._rotas[key]

    def _rota(self, environment: str, services: tuple[str, ...]) -> Rota:
        known = self._environments.get(environment)
        owners = () if known is None else known.owners
        turns = sorted({day for owner in owners for day in (owner.start, owner.end) if day is not None})
        days = [date.min, *turns]
        calendars = [self.for_environment(environment, services, day) for day in days]
        kept = [index for index in range(len(days)) if index == 0 or calendars[index] is not calendars[index - 1]]
        since = [BEFORE_ALL if index == 0 else midnight(self._zone, days[index]) for index in kept]
        return Rota(tuple(since), tuple(calendars[index] for index in kept))


def owner_on(environment: Environment, services: Collection[str], day: date) -> Owner | None:
    """Who is accountable for an environment on a day: ``start`` inclusive, ``end`` exclusive.

    An owner who is named for one of ``services`` goes before one of the whole environment; of two alike, the first in
    the file (``check`` reports them as R305).
    """
    there = [owner for owner in environment.owners if _owns(owner, day)]
    wanted = {service.casefold() for service in services}
    named = (owner for owner in there if any(service.casefold() in wanted for service in owner.services))
    return next(named, next((owner for owner in there if not owner.services), None))


def _owns(owner: Owner, day: date) -> bool:
    return (owner.start is None or owner.start <= day) and (owner.end is None or day < owner.end)
