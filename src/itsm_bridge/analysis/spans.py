"""From the intervals of tickets' lives to the spans in which a ticket stayed open in one pair of hands."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from itsm_bridge.analysis.frames import SCHEMAS, chosen
from itsm_bridge.history import DONE
from itsm_bridge.model import OPEN_STATES

KEY = ["vendor", "environment"]

GONE = "gone"
"""In place of the state of a ticket that cannot be seen in its source any more."""


def spans(intervals: pd.DataFrame) -> pd.DataFrame:
    """One row for each half-open span of a ticket being open with one vendor in one environment.

    ``began`` is ``created`` (the ticket's first opening), ``reopened`` (after it was done) or ``moved_in``; ``ended``
    is ``resolved`` (resolved, closed or canceled), ``moved_out`` (to another vendor or environment, out of sight, or
    into a state that no mapping knows: nobody can say that it was resolved), or empty while the span lasts. A ticket
    that is handed over in the very change that resolves it counts for who had it until then.
    """
    ordered = intervals.sort_values(["ticket", "start"], kind="stable", ignore_index=True)
    is_open, is_done = (ordered["state"].isin(list(states)) for states in (OPEN_STATES, DONE))
    same_ticket = ordered["ticket"] == ordered["ticket"].shift()
    after_open = same_ticket & is_open.shift(fill_value=False)
    moved = (ordered[KEY] != ordered[KEY].shift()).any(axis=1)
    opened_before = is_open.astype("int64").groupby(ordered["ticket"]).cumsum() > 1
    done_before = same_ticket & _last_told(is_open, is_done, ordered["ticket"]).shift(fill_value=False)
    ordered["began"] = chosen(
        {"moved_in": after_open | (opened_before & ~done_before), "reopened": opened_before}, "created"
    )
    ordered["ended"] = _endings(ordered["ticket"], is_done)
    first = is_open & ~(after_open & ~moved)
    ordered["span"] = first.cumsum()
    grouped = ordered[is_open].groupby("span")
    first_of = dict.fromkeys(["ticket", *KEY, "service", "start", "began"], "first")
    result = grouped.agg({**first_of, "ended": "last", "work_seconds": "sum"})
    result["end"] = ordered[is_open].drop_duplicates("span", keep="last").set_index("span")["end"]
    return result[list(SCHEMAS["spans"])].astype(dict(SCHEMAS["spans"])).reset_index(drop=True)


def open_before(of: pd.DataFrame, instant: datetime) -> pd.Series:
    """Which spans hold the moment just before ``instant``: what happens at it belongs to what begins there."""
    return (of["start"] < instant) & (of["end"].isna() | (of["end"] >= instant))


def _last_told(is_open: pd.Series, is_done: pd.Series, tickets: pd.Series) -> pd.Series:
    """Whether the last state up to each interval that says whether its ticket is open says that it is done."""
    told = is_done.astype("float64").where(is_open | is_done)
    return told.groupby(tickets).ffill() == 1


def _endings(tickets: pd.Series, is_done: pd.Series) -> pd.Series:
    """What ends each interval, seen from the one after it."""
    followed = tickets == tickets.shift(-1)
    return chosen({"resolved": followed & is_done.shift(-1, fill_value=False), "moved_out": followed}, "")
