"""How tickets came to their last resolution: when, in whose hands, and what went before it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.analysis.business_time import business_seconds
from itsm_bridge.analysis.frames import SCHEMAS
from itsm_bridge.calendars import Calendars
from itsm_bridge.model import OPEN_STATES, State

Flags = npt.NDArray[np.bool_]

RESOLVED = (State.RESOLVED, State.CLOSED)
TOLD = (*OPEN_STATES, *RESOLVED, State.CANCELED)
"""States that say whether a ticket is open; any other leaves it as it was."""

OF_TICKET = ["created_at", "open", "reassigned", "service"]


def resolutions(tickets: pd.DataFrame, intervals: pd.DataFrame, calendars: Calendars, since: datetime) -> pd.DataFrame:
    """The frame ``resolutions``: those of ``tickets`` that were resolved, or came back from it, at ``since`` or later.

    A resolution is the change of an open ticket to resolved or closed, whatever unknown states lay between; it belongs
    to the vendor and environment of the interval that it ended.
    """
    lives = intervals.assign(place=pd.Index(tickets["ticket"]).get_indexer(intervals["ticket"]))
    lives = lives[lives["place"] >= 0]
    order = np.lexsort((lives["start"].astype("int64"), lives["place"]))
    lives = lives.take(order).reset_index(drop=True)
    told = lives[lives["state"].isin(TOLD)].reset_index(drop=True)
    is_open, is_resolved = (told["state"].isin(states).to_numpy(bool) for states in (list(OPEN_STATES), RESOLVED))
    ends, returns = _after(told, is_open) & is_resolved, _after(told, is_resolved) & is_open
    late = (told["start"] >= since).to_numpy(bool)
    came_back = told.loc[returns & late, "place"].unique()
    last = told[ends].drop_duplicates("place", keep="last")
    last = last[late[last.index] | last["place"].isin(came_back)]
    past_new = told[(told["state"] != State.NEW).to_numpy(bool)].drop_duplicates("place").set_index("place")["start"]
    had_it = told.loc[last.index - 1, ["place", "ticket", "vendor", "environment"]].reset_index(drop=True)
    places = had_it["place"].array
    rows = had_it.assign(
        resolved_at=last["start"].array,
        acknowledged_at=past_new.reindex(places).array,
        reopened=had_it["place"].isin(came_back),
        ping_pong=_ping_pong(lives).reindex(places, fill_value=0).array,
        **{name: tickets[name].take(places).array for name in OF_TICKET},
    )
    rows["acknowledge_seconds"] = business_seconds(rows, "created_at", "acknowledged_at", calendars)
    rows["resolve_seconds"] = business_seconds(rows, "created_at", "resolved_at", calendars)
    return rows[list(SCHEMAS["resolutions"])].astype(dict(SCHEMAS["resolutions"]))


def _after(told: pd.DataFrame, flags: Flags) -> Flags:
    """Which intervals follow a flagged one of the same ticket."""
    places = told["place"].to_numpy()
    found = np.zeros(len(flags), dtype=np.bool_)
    found[1:] = flags[:-1] & (places[1:] == places[:-1])
    return found


def _ping_pong(lives: pd.DataFrame) -> pd.Series:
    """By place, how often a ticket came back to a vendor from the very next one: A, B, A. Nobody between is passed."""
    held = lives.assign(vendor=pd.factorize(lives["vendor"])[0])
    held = held.loc[lives["vendor"] != "", ["place", "vendor"]]
    arrived = held[(held != held.shift(fill_value=-1)).any(axis=1)]
    return arrived[(arrived == arrived.shift(2, fill_value=-1)).all(axis=1)].groupby("place").size()
