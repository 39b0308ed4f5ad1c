"""From what a local clock shows to instants, for whole columns and over changes of the clock in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.int64]
"""Whole seconds: lengths of time, or instants since 1970-01-01T00:00:00Z."""

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
FIRST_YEAR, LAST_YEAR = 3, 9_997
"""The years that are laid out: those of ``datetime``, less what zones and margins need."""

FIRST_EVENTFUL, LAST_EVENTFUL = date(1900, 1, 1).toordinal(), date(2101, 1, 1).toordinal()
BEFORE_ALL, AFTER_ALL = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class LocalClock:
    """The changes of a zone's clock in a range of years.

    ``changes`` are the instants of the changes; ``offsets`` (one more) are the seconds east of UTC before, between and
    after them.
    """

    changes: Seconds
    offsets: Seconds

    def shown(self, instants: Seconds) -> Seconds:
        """The wall time that the clock shows at each instant."""
        walls: Seconds = instants + self.offsets[np.searchsorted(self.changes, instants, side="right")]
        return walls

    def first_reached(self, walls: Seconds) -> Seconds:
        """The first instant at which the clock shows each wall time, or has passed it.

        A wall time is given as seconds after 1970-01-01T00:00:00 of the same clock.
        """
        shown_until = np.maximum.accumulate(self.changes + self.offsets[:-1])
        stretch = np.searchsorted(shown_until, walls, side="right")
        begins = np.concatenate(([BEFORE_ALL], self.changes))
        reached: Seconds = np.maximum(walls - self.offsets[stretch], begins[stretch])
        return reached


@lru_cache(maxsize=256)
def local_clock(zone: ZoneInfo, first_year: int, last_year: int) -> LocalClock:
    """The clock of ``zone`` from the start of ``first_year`` to the end of ``last_year``, and a few days around.

    The zone is asked once a day, so two changes that undo each other within one day would go unseen; no zone has them.
    Outside of 1900 to 2100, where no zone has more than yearly rules, it is asked every four weeks.
    """
    probes = [day * DAY for day in _probed_days(first_year, last_year)]
    offsets = [offset(zone, probe) for probe in probes]
    changes = [
        _change(zone, probes[index], probes[index + 1])
        for index, (before, after) in enumerate(pairwise(offsets))
        if before != after
    ]
    kept = [offsets[0], *(offset(zone, change) for change in changes)]
    return LocalClock(np.array(changes, dtype=np.int64), np.array(kept, dtype=np.int64))


def _probed_days(first_year: int, last_year: int) -> list[int]:
    first, last = date(first_year, 1, 1).toordinal() - 3, date(last_year, 12, 31).toordinal() + 4
    eventful = range(max(first, FIRST_EVENTFUL), min(last, LAST_EVENTFUL))
    days = {*range(first, last, 28), *eventful, last}
    return [day - EPOCH_ORDINAL for day in sorted(days)]


def offset(zone: ZoneInfo, instant: int) -> int:
    """How far east of UTC the zone's clock is at an instant, in seconds."""
    there = (EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset()
    return 0 if there is None else round(there.total_seconds())


def midnight(zone: ZoneInfo, day: date) -> int:
    """The instant at which a local day begins."""
    wall = (day.toordinal() - EPOCH_ORDINAL) * DAY
    year = min(max(day.year, FIRST_YEAR), LAST_YEAR)
    return int(local_clock(zone, year, year).first_reached(np.array([wall]))[0])


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first instant after ``low``, at most ``high``, at which the clock differs from what it is at ``low``."""
    before = offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high
