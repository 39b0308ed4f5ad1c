"""Which version of each service level may attach when: definitions of one name, each for its own days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from itsm_bridge.calendars import midnight
from itsm_bridge.sla.machine import NOBODY, Level

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Versions:
    """``turns`` are the instants (epoch seconds) at which a version begins or ends to be in force.

    ``in_force`` has an entry for each time before, between and after them: for each slot the definition that may
    attach, else ``NOBODY``.
    """

    turns: tuple[int, ...]
    in_force: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, levels: Sequence[Level], zone: ZoneInfo) -> Self:
        """Days begin at midnight of the configuration's zone; the first is inclusive, the last exclusive."""
        bounds = [(level.definition.start_day, level.definition.end_day) for level in levels]
        days = sorted({day for pair in bounds for day in pair if day is not None})
        slots = 1 + max((level.slot for level in levels), default=NOBODY)
        return cls(
            tuple(midnight(zone, day) for day in days),
            tuple(_in_force(levels, slots, day) for day in (date.min, *days)),
        )

    def at(self, instants: Numbers) -> list[int]:
        """Which entry of ``in_force`` counts at each of some instants."""
        turns: list[int] = np.searchsorted(np.array(self.turns, dtype=np.int64), instants, side="right").tolist()
        return turns


def _in_force(levels: Sequence[Level], slots: int, day: date) -> tuple[int, ...]:
    found = [NOBODY] * slots
    for level in levels:
        if level.definition.holds_on(day):
            found[level.slot] = level.index
    return tuple(found)
