"""The tickets whose last resolution lies in the period, and how they came to it: what the scorecard asks of quality."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR
from itsm_bridge.model import OPEN_STATES, State

RESOLVED = (State.RESOLVED, State.CLOSED)
TOLD = (*OPEN_STATES, *RESOLVED, State.CANCELED)
"""States that say whether a ticket is open; any other leaves it as it was."""


def resolved(frames: Frames) -> pd.DataFrame:
    """One row a ticket: ``vendor`` that had it until then, ``first_contact``, ``reopened_tickets``, ``mttr_hours``.

    ``first_contact`` says that it was never handed from one vendor or team to another, ``reopened_tickets`` that it
    came back from a resolution in the period, ``mttr_hours`` are clock hours from creation to the last resolution.
    """
    lives = frames.intervals[frames.intervals["state"].isin(TOLD)]
    lives = lives.sort_values(["ticket", "start"], kind="stable", ignore_index=True)
    before = lives.shift().where(lives["ticket"] == lives["ticket"].shift())
    is_open, is_resolved = lives["state"].isin(list(OPEN_STATES)), lives["state"].isin(RESOLVED)
    ends = lives.assign(vendor=before["vendor"])[is_resolved & before["state"].isin(list(OPEN_STATES))]
    last = ends.drop_duplicates("ticket", keep="last")
    last = last[last["start"] >= frames.start]
    back = lives.loc[is_open & before["state"].isin(RESOLVED) & (lives["start"] >= frames.start), "ticket"]
    rows = last.merge(frames.tickets[["ticket", "created_at", "reassigned"]], on="ticket")
    return pd.DataFrame({
        "vendor": rows["vendor"].astype("string"),
        "first_contact": (rows["reassigned"] == 0).astype("int64"),
        "reopened_tickets": rows["ticket"].isin(back).astype("int64"),
        "mttr_hours": (rows["start"] - rows["created_at"]).dt.total_seconds() / SECONDS_PER_HOUR,
    })  # fmt: skip
