"""How much work went into each ticket: the time in progress, shared where more is in progress than people can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.calendars import Calendar, Calendars, Seconds, normal_weeks
from itsm_bridge.config.model import Configuration, Vendor
from itsm_bridge.model import State

SECONDS_PER_HOUR = 3600
BEFORE_ALL, AFTER_ALL = -(2**62), 2**62


def work_seconds(
    intervals: pd.DataFrame, configuration: Configuration, calendars: Calendars, until: datetime
) -> pd.Series:
    """The seconds of work in each interval in progress in a known vendor's hands; missing for others.

    One that still lasts counts up to ``until``: it takes its share of the time of those beside it.
    """
    work = pd.Series(float("nan"), index=intervals.index, dtype="float64")
    worked = intervals[intervals["state"] == State.IN_PROGRESS]
    starts, ends = epochs(worked["start"]), epochs(worked["end"].fillna(pd.Timestamp(until)))
    for name, places in worked.groupby("vendor").indices.items():
        vendor = configuration.vendors.get(str(name))
        if vendor is not None and vendor.capacity.hours > 0:
            calendar = calendars[vendor.calendar]
            work.loc[worked.index[places]] = shared(starts[places], ends[places], calendar, _hands(vendor, calendar))
    return work


@dataclass(frozen=True, slots=True)
class Hands:
    """How many tickets are worked on at a time: ``number[i]`` from ``since[i]`` on, up to the next."""

    since: Seconds
    number: npt.NDArray[np.float64]

    @classmethod
    def steady(cls, number: float) -> Hands:
        """So many for all time."""
        return cls(np.array([BEFORE_ALL]), np.array([number]))


def shared(starts: Seconds, ends: Seconds, calendar: Calendar, hands: Hands) -> npt.NDArray[np.float64]:
    """Work in each interval, in business seconds of ``calendar``.

    A pair of hands works on one ticket at a time: while ``n`` intervals overlap, each gets ``min(1, hands / n)`` of the
    time, so that no more is counted than there were hands to do.
    """
    turns = hands.since[(hands.since > starts.min(initial=AFTER_ALL)) & (hands.since < ends.max(initial=BEFORE_ALL))]
    edges = np.unique(np.concatenate([starts, ends, turns]))
    begun = np.searchsorted(np.sort(starts), edges[:-1], side="right")
    ended = np.searchsorted(np.sort(ends), edges[:-1], side="right")
    there = hands.number[np.searchsorted(hands.since, edges[:-1], side="right") - 1]
    part = np.minimum(1.0, there / np.maximum(begun - ended, 1))
    worked = np.concatenate([[0.0], np.cumsum(calendar.elapsed_array(edges[:-1], edges[1:]) * part)])
    done: npt.NDArray[np.float64] = worked[np.searchsorted(edges, ends)] - worked[np.searchsorted(edges, starts)]
    return done


def _hands(vendor: Vendor, calendar: Calendar) -> Hands:
    """As many as use the vendor's capacity up in a full week of the calendar, whose hours may change."""
    since, normal = normal_weeks(calendar.definition)
    return Hands(since, vendor.capacity.hours * SECONDS_PER_HOUR / np.maximum(normal, 1))


def epochs(instants: pd.Series) -> Seconds:
    """Whole seconds after 1970-01-01T00:00:00Z."""
    return np.asarray(instants.dt.as_unit("s").astype("int64"), dtype=np.int64)
