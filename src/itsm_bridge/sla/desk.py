"""Which calendars each definition runs on, wherever a ticket is: rotas and calendars by number, for columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from itsm_bridge.calendars import Calendar, Calendars, Rota, instant
from itsm_bridge.sla.machine import Level
from itsm_bridge.sla.readings import Situation

Numbers = npt.NDArray[np.int64]

NO_CALENDAR = -1
"""In place of a calendar's number: nobody's, or there is none."""


class Desk:
    """Answers are kept: the same question has the same number again.

    ``rotas`` and ``calendars`` are what the numbers stand for; in place of a rota there may be the reason why there is
    none.
    """

    def __init__(self, levels: Sequence[Level], calendars: Calendars) -> None:
        self.rotas: list[Rota | str] = []
        self.calendars: list[Calendar] = []
        self._levels = levels
        self._source = calendars
        self._steady: dict[str, Rota] = {}
        self._numbers: dict[int | str, int] = {}
        self._calendar_numbers: dict[str, int] = {}
        self._known: dict[tuple[str, str, tuple[str, ...]], tuple[int, ...]] = {}

    def rotas_of(self, situation: Situation) -> tuple[int, ...]:
        """For each definition the number of its rota."""
        key = situation.place.vendor, situation.environment, situation.services
        if key not in self._known:
            self._known[key] = tuple(
                self._number(self._rota(level.definition.calendar, *key)) for level in self._levels
            )
        return self._known[key]

    def on(self, rota: int) -> tuple[Numbers, Numbers]:
        """From when on (epoch seconds) which calendar counts, by its number; ``NO_CALENDAR`` where there is none."""
        turning = self.rotas[rota]
        if isinstance(turning, str):
            return np.zeros(1, dtype=np.int64), np.array([NO_CALENDAR])
        return np.array(turning.since), np.array([self._calendar(one) for one in turning.calendars])

    def reason(self, rota: int, at: int) -> str:
        """Why there is no calendar on a rota at an instant."""
        turning = self.rotas[rota]
        return turning if isinstance(turning, str) else f"its environment had no owner on {instant(at):%Y-%m-%d}"

    def rota(self, number: int) -> Rota:
        """A rota that is one."""
        turning = self.rotas[number]
        if isinstance(turning, str):
            raise TypeError(turning)
        return turning

    def _number(self, rota: Rota | str) -> int:
        key = rota if isinstance(rota, str) else id(rota)
        if key not in self._numbers:
            self._numbers[key] = len(self.rotas)
            self.rotas.append(rota)
        return self._numbers[key]

    def _calendar(self, calendar: Calendar | None) -> int:
        if calendar is None:
            return NO_CALENDAR
        if calendar.name not in self._calendar_numbers:
            self._calendar_numbers[calendar.name] = len(self.calendars)
            self.calendars.append(calendar)
        return self._calendar_numbers[calendar.name]

    def _rota(self, calendar: str, vendor: str, environment: str, services: tuple[str, ...]) -> Rota | str:
        if calendar == "environment":
            return self._of_environment(environment, services)
        if calendar == "vendor":
            of_vendor = self._source.for_vendor(vendor)
            return f"there is no vendor {vendor!r}" if of_vendor is None else self._always(of_vendor)
        return self._always(self._source[calendar])

    def _of_environment(self, environment: str, services: tuple[str, ...]) -> Rota | str:
        if not environment:
            return "it has no environment"
        if not self._source.knows_environment(environment):
            return f"there is no environment {environment!r}"
        return self._source.rota(environment, services)

    def _always(self, calendar: Calendar) -> Rota:
        return self._steady.setdefault(calendar.name, Rota.steady(calendar))
