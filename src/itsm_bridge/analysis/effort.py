"""How much work went into each ticket: the time in progress, shared where more is in progress than people can do."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.calendars import Calendar, Calendars, Seconds, normal_week_seconds
from itsm_bridge.config.model import Configuration, Vendor
from itsm_bridge.model import State

SECONDS_PER_HOUR = 3600


def work_seconds(
    intervals: pd.DataFrame, configuration: Configuration, calendars: Calendars, until: datetime
) -> pd.Series:
    """The seconds of work in each interval in progress in a known vendor's hands; missing for others.

    One that still lasts counts up to ``until``: it takes its share of the time of those beside it.
    """
    work = pd.Series(float("nan"), index=intervals.index, dtype="float64")
    worked = intervals[intervals["state"] == State.IN_PROGRESS]
    starts, ends = _epochs(worked["start"]), _epochs(worked["end"].fillna(pd.Timestamp(until)))
    for name, places in worked.groupby("vendor").indices.items():
        vendor = configuration.vendors.get(str(name))
        if vendor is not None and (hands := _hands(vendor, calendars[vendor.calendar])) > 0:
            seconds = shared(starts[places], ends[places], calendars[vendor.calendar], hands)
            work.loc[worked.index[places]] = seconds
    return work


def shared(starts: Seconds, ends: Seconds, calendar: Calendar, hands: float) -> npt.NDArray[np.float64]:
    """Work in each interval, in business seconds of ``calendar``.

    A pair of hands works on one ticket at a time: while ``n`` intervals overlap, each gets ``min(1, hands / n)`` of the
    time, so that no more is counted than there were hands to do.
    """
    edges = np.unique(np.concatenate([starts, ends]))
    begun = np.searchsorted(np.sort(starts), edges[:-1], side="right")
    ended = np.searchsorted(np.sort(ends), edges[:-1], side="right")
    part = np.minimum(1.0, hands / np.maximum(begun - ended, 1))
    worked = np.concatenate([[0.0], np.cumsum(calendar.elapsed_array(edges[:-1], edges[1:]) * part)])
    done: npt.NDArray[np.float64] = worked[np.searchsorted(edges, ends)] - worked[np.searchsorted(edges, starts)]
    return done


def _hands(vendor: Vendor, calendar: Calendar) -> float:
    """How many tickets are worked on at a time while the calendar is open, so that a full week uses the capacity up."""
    normal = normal_week_seconds(calendar.definition)
    return vendor.capacity.hours * SECONDS_PER_HOUR / normal if normal else 0.0


def _epochs(instants: pd.Series) -> Seconds:
    return np.asarray(instants.dt.as_unit("s").astype("int64"), dtype=np.int64)
