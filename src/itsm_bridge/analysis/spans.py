"""From the intervals of tickets' lives to the spans in which a ticket stayed open in one pair of hands."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.analysis.frames import SCHEMAS, Flags, Numbers, by_ticket, changes
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
    ordered, ticket = by_ticket(intervals, "start")
    is_open, is_done = (ordered["state"].isin(list(some)).to_numpy(dtype=bool) for some in (OPEN_STATES, DONE))
    same_ticket = ~changes(ticket)
    after_open = same_ticket & np.insert(is_open[:-1], 0, values=False)
    first = is_open & ~(after_open & ~changes(*(pd.factorize(ordered[name])[0] for name in KEY)))
    span: Numbers = np.cumsum(first, dtype=np.int64)[is_open]
    begins, lasts = np.flatnonzero(first), np.flatnonzero(is_open)[changes(span[::-1])[::-1]]
    opened_before = (pd.Series(is_open.astype("int64")).groupby(ticket).cumsum() > 1).to_numpy()
    done_before = same_ticket & np.insert(_last_told(is_open, is_done, ticket)[:-1], 0, values=False)
    moved_in = after_open | (opened_before & ~done_before)
    result = ordered.iloc[begins].assign(
        began=np.select([moved_in[begins], opened_before[begins]], ["moved_in", "reopened"], "created"),
        ended=_endings(same_ticket, is_done)[lasts],
        end=ordered["end"].iloc[lasts].array,
        work_seconds=ordered.loc[is_open, "work_seconds"].groupby(span).sum().array,
    )
    return result[list(SCHEMAS["spans"])].astype(dict(SCHEMAS["spans"])).reset_index(drop=True)


def open_before(of: pd.DataFrame, instant: datetime) -> pd.Series:
    """Which spans hold the moment just before ``instant``: what happens at it belongs to what begins there."""
    return (of["start"] < instant) & (of["end"].isna() | (of["end"] >= instant))


def _last_told(is_open: Flags, is_done: Flags, ticket: Numbers) -> Flags:
    """Whether the last state up to each interval that says whether its ticket is open says that it is done."""
    told = pd.Series(np.where(is_open | is_done, is_done, np.nan))
    return (told.groupby(ticket).ffill() == 1).to_numpy(dtype=bool)


def _endings(same_ticket: Flags, is_done: Flags) -> npt.NDArray[np.str_]:
    """What ends each interval, seen from the one after it."""
    followed, done_after = (np.append(flags[1:], False) for flags in (same_ticket, is_done))
    return np.select([followed & done_after, followed], ["resolved", "moved_out"], "")
