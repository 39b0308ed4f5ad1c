"""When a share of a clock's target was used up: the exact instant, in the business time of its calendars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from itsm_bridge.calendars import Calendar
from itsm_bridge.sla.model import Cycle, Reckoning


def share_of(target_seconds: int, percent: float) -> int:
    """The seconds that are ``percent`` of a target, rounded up."""
    return math.ceil(target_seconds * percent / 100)


def crossed(cycle: Cycle, thresholds: Iterable[float]) -> Iterator[float]:
    """Those of some thresholds, in percent, that a cycle has used up."""
    return (one for one in thresholds if cycle.elapsed_seconds >= share_of(cycle.target_seconds, one))


def crossed_at(reckoning: Reckoning, percent: float, calendars: Mapping[str, Calendar]) -> datetime:
    """The instant at which a cycle had used up ``percent`` of its target; what was carried over counts from the start.

    Raises ``ValueError`` where it has not used as much.
    """
    left = share_of(reckoning.cycle.target_seconds, percent) - reckoning.carried_seconds
    if left <= 0:
        return reckoning.cycle.started_at
    for interval in reckoning.intervals:
        if not interval.paused and interval.seconds >= left:
            return calendars[interval.calendar].due(interval.start, left)
        left -= 0 if interval.paused else interval.seconds
    raise ValueError(f"{reckoning.cycle.sla} has not used {percent:g} % yet")
