"""When the made-up tickets arrive: a year with a rhythm of the day and the week, a mild trend and one bad month."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate

from itsm_bridge.sandbox.clock import INDIA

DAYS = 365
_WEEK = (1.25, 1.1, 1.0, 1.0, 0.9, 0.3, 0.15)
_HOURS = (*[0.1] * 7, 0.5, 1, 3, 5, 6, 5, 3, 4, 5, 5, 4, 2, 1, 0.7, 0.5, 0.3, 0.2)
_BEFORE, _NOW, _BAD = 0.92, 1.03, 1.42
"""How busy the programme was a year ago and is now, and how much busier the bad month was."""
_MOOD = 0.18
"""By how much a week may be busier or calmer than its neighbours."""
_BAD_MONTH_BEGINS, _BAD_MONTH_ENDS = 110, 80
"""Days before the end; the month in which Andhra Pradesh moved its data centre."""


def arrivals(rng: random.Random, end: datetime, wanted: int) -> list[datetime]:
    """That many moments of the year before ``end``, ascending.

    One falls into each of ``wanted`` equal parts of the year's work, so that a week's number follows the rhythm more
    than luck.
    """
    hours = [end - timedelta(hours=back) for back in range(DAYS * 24, 0, -1)]
    moods: dict[tuple[int, int], float] = {}
    weights = []
    for hour in hours:
        week = hour.astimezone(INDIA).isocalendar()[:2]
        mood = moods.setdefault(week, rng.uniform(1 - _MOOD, 1 + _MOOD))
        weights.append(mood * _busy(hour, end))
    edges = list(accumulate(weights))
    parts = ((place + rng.random()) / wanted * edges[-1] for place in range(wanted))
    moments = (hours[min(bisect(edges, part), len(hours) - 1)] for part in parts)
    return sorted((moment + timedelta(seconds=rng.randrange(3600))).replace(microsecond=0) for moment in moments)


def in_bad_month(at: datetime, end: datetime) -> bool:
    """Whether a moment lies in the month in which everything went wrong."""
    return _BAD_MONTH_ENDS <= (end - at).days <= _BAD_MONTH_BEGINS


def without_nearest(moments: Iterable[datetime], taken: Iterable[datetime]) -> list[datetime]:
    """What is left of ``moments`` after each of ``taken`` has had the place of the one nearest to it."""
    left = list(moments)
    for at in taken:
        left.remove(min(left, key=lambda moment: abs(moment - at)))
    return left


def _busy(at: datetime, end: datetime) -> float:
    local = at.astimezone(INDIA)
    trend = _NOW - (_NOW - _BEFORE) * (end - at).days / DAYS
    return _WEEK[local.weekday()] * _HOURS[local.hour] * trend * (_BAD if in_bad_month(at, end) else 1.0)
