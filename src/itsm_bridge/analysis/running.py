"""The running time of breached clocks, to be divided among those who had the ticket meanwhile."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from itsm_bridge.analysis.effort import epochs
from itsm_bridge.analysis.frames import MICROSECONDS, SCHEMAS, Columns, Texts
from itsm_bridge.calendars import Calendars, epoch
from itsm_bridge.config.model import HolderKind
from itsm_bridge.sla import NEVER, CycleColumns, Stage

HOLDER, USED = ["holder", "kind"], ["cycle", "who", "business_seconds"]

NOBODY = (HolderKind.NOBODY.value, HolderKind.NOBODY.value)


def running(clocks: CycleColumns, ids: Texts, since: datetime, first: int) -> Columns:
    """Columns of the frame ``running``: of breached clocks that ended at or after ``since`` or still run.

    A cancelled one is owed nothing. ``ids`` are the tickets by their place; the clocks begin at row ``first``.
    """
    in_period = (clocks.stopped == NEVER) | (clocks.stopped >= epoch(since))
    counted = np.flatnonzero(clocks.breached & in_period & ~clocks.is_in(Stage.CANCELLED))
    pieces = clocks.running(counted)
    return {
        "cycle": pieces.row + first,
        "ticket": ids[clocks.ticket[pieces.row]],
        "start": pieces.start * MICROSECONDS,
        "end": pieces.end * MICROSECONDS,
        "calendar": pieces.calendar,
        "seconds": pieces.seconds,
    }


def divided(running: pd.DataFrame, hands: pd.DataFrame, calendars: Calendars) -> pd.DataFrame:
    """The frame ``used``: the seconds of ``running`` by cycle and holder, as the stretches of ``hands`` cut them.

    What a clock ran while its ticket was not open belongs to nobody. A cycle's rows add up to its used time.
    """
    holders = pd.concat([hands[HOLDER], pd.DataFrame([NOBODY], columns=HOLDER)], ignore_index=True).groupby(HOLDER)
    *who, nobody = holders.ngroup()  # one number for both names, which are the same few in all rows
    pieces = running.reset_index(names="piece")
    had = hands[["ticket", "start", "end"]].rename(columns={"start": "since", "end": "until"})
    cut = pieces.merge(had.assign(who=who), on="ticket")
    cut["business_seconds"] = _open_seconds(cut, calendars)
    rest = pieces.set_index("piece")["seconds"].sub(cut.groupby("piece")["business_seconds"].sum(), fill_value=0)
    used = pd.concat([cut[USED], pieces.assign(who=nobody, business_seconds=rest)[USED]], ignore_index=True)
    sums = used[used["business_seconds"] > 0].groupby(["cycle", "who"], as_index=False).agg({"business_seconds": "sum"})
    names = holders.size().index.take(sums["who"].to_numpy()).to_frame(index=False)
    return sums.join(names)[list(SCHEMAS["used"])].astype(dict(SCHEMAS["used"]))


def _open_seconds(cut: pd.DataFrame, calendars: Calendars) -> pd.Series:
    """Business seconds of the piece's calendar from the later start to the earlier end; 0 where they do not meet."""
    starts = np.maximum(epochs(cut["start"]), epochs(cut["since"]))
    ends = np.minimum(epochs(cut["end"]), epochs(cut["until"]))
    seconds = np.zeros(len(cut), dtype=np.int64)
    for name, places in cut.groupby("calendar").indices.items():
        seconds[places] = calendars[str(name)].elapsed_array(starts[places], ends[places])
    return pd.Series(seconds, index=cut.index, dtype="Int64")
