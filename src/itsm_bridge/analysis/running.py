"""The running time of breached clocks, to be divided among those who had the ticket meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from itsm_bridge.analysis.effort import epochs
from itsm_bridge.analysis.frames import SCHEMAS, Row
from itsm_bridge.calendars import Calendars
from itsm_bridge.config.model import HolderKind
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import Cycle, Reckoning, Stage

Reckon = Callable[[Sequence[TicketRecord], datetime], Iterable[Sequence[Reckoning]]]
"""What gives, for each ticket, its cycles with the intervals that add up to each, in the order of its cycles."""


@dataclass(frozen=True, slots=True)
class Breaches:
    """How the time of a period's breached cycles is found: of those that ended in ``[since, until)`` or still run."""

    reckon: Reckon
    since: datetime
    until: datetime

    def running(self, records: Sequence[TicketRecord], cycles: Sequence[Cycle], first: int) -> Iterator[Row]:
        """Rows of the frame ``running`` for ``cycles``, which are those of ``records`` and begin at row ``first``."""
        of_ticket: dict[tuple[str, str], list[tuple[int, Cycle]]] = defaultdict(list)
        for row, cycle in enumerate(cycles, start=first):
            of_ticket[cycle.source, cycle.external_id].append((row, cycle))
        own = [of_ticket[record.ticket.source, record.ticket.external_id] for record in records]
        late = [place for place, some in enumerate(own) if any(self._counts(cycle) for _, cycle in some)]
        reckoned = self.reckon([records[place] for place in late], self.until)
        for place, reckonings in zip(late, reckoned, strict=True):
            for (row, cycle), reckoning in zip(own[place], reckonings, strict=True):
                if self._counts(cycle):
                    yield from _running(row, reckoning)

    def _counts(self, cycle: Cycle) -> bool:
        """A cancelled cycle is owed nothing."""
        in_period = cycle.stopped_at is None or cycle.stopped_at >= self.since
        return cycle.breached and in_period and cycle.stage is not Stage.CANCELLED


def _running(row: int, reckoning: Reckoning) -> Iterator[Row]:
    for piece in reckoning.used:
        if piece.seconds:
            yield row, reckoning.cycle.ticket, piece.start, piece.end, piece.calendar, piece.seconds


def divided(running: pd.DataFrame, hands: pd.DataFrame, calendars: Calendars) -> pd.DataFrame:
    """The frame ``used``: the seconds of ``running`` by cycle and holder, as the stretches of ``hands`` cut them.

    What a clock ran while its ticket was not open belongs to nobody. A cycle's rows add up to its used time.
    """
    pieces = running.reset_index(names="piece")
    had = hands[["ticket", "start", "end", "holder", "kind"]].rename(columns={"start": "since", "end": "until"})
    cut = pieces.merge(had, on="ticket")
    cut["business_seconds"] = _open_seconds(cut, calendars)
    rest = pieces.set_index("piece")["seconds"].sub(cut.groupby("piece")["business_seconds"].sum(), fill_value=0)
    nobody = pieces.assign(holder=HolderKind.NOBODY.value, kind=HolderKind.NOBODY.value, business_seconds=rest)
    used = pd.concat([cut, nobody], ignore_index=True)
    groups = used[used["business_seconds"] > 0].groupby(["cycle", "holder", "kind"])
    return groups.agg({"business_seconds": "sum"}).reset_index().astype(dict(SCHEMAS["used"]))


def _open_seconds(cut: pd.DataFrame, calendars: Calendars) -> pd.Series:
    """Business seconds of the piece's calendar from the later start to the earlier end; 0 where they do not meet."""
    starts = np.maximum(epochs(cut["start"]), epochs(cut["since"]))
    ends = np.minimum(epochs(cut["end"]), epochs(cut["until"]))
    seconds = np.zeros(len(cut), dtype=np.int64)
    for name, places in cut.groupby("calendar").indices.items():
        seconds[places] = calendars[str(name)].elapsed_array(starts[places], ends[places])
    return pd.Series(seconds, index=cut.index, dtype="Int64")
