"""The tickets of the last weeks, also those that were done before the period: what repeats are looked for in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from itsm_bridge.analysis.frames import Columns, Flags, Texts, texts
from itsm_bridge.analysis.growing import GrowingColumns
from itsm_bridge.analysis.sla_cycles import RUNNING
from itsm_bridge.history import SEPARATOR, Histories, microseconds
from itsm_bridge.model import Ticket, TicketRecord
from itsm_bridge.sla import STAGES, CycleColumns

REPEATS_OVER = timedelta(weeks=12)
"""How far back repeats are looked for."""

BATCH = 4_000
"""Tickets whose clocks are computed at a time."""

Clock = Callable[[Sequence[TicketRecord], datetime, Histories | None], CycleColumns]

KIND, COMPLETED = "sla", "completed"
"""Clocks that count: what we owe. Of these one that ended so is judged, or that runs and is past its target."""


class Recent:
    """Gathers the frame ``recent``: tickets created at ``since`` or later, and before ``until``."""

    def __init__(self, clock: Clock, since: datetime, until: datetime) -> None:
        self._clock = clock
        self._since, self._until = since, until
        self._rows = GrowingColumns("recent")
        self._waiting: list[TicketRecord] = []
        self._judged: list[Texts] = [np.empty(0, dtype=np.object_)]
        self._breached: list[Texts] = [np.empty(0, dtype=np.object_)]

    def holds(self, records: Sequence[TicketRecord]) -> Flags:
        """Which tickets are of the frame."""
        return np.array([self._since <= one.ticket.created_at < self._until for one in records], dtype=np.bool_)

    def add(self, records: Sequence[TicketRecord], *, clocked: Flags) -> None:
        """Take tickets in, as they stood at the instant; ``clocked`` are those whose clocks are asked for nowhere else.

        These are asked for whenever they were created, since whoever gave us ``clock`` may look at them too.
        """
        places = np.flatnonzero(self.holds(records)).tolist()
        if places:
            self._rows.put(_columns([records[place].ticket for place in places]))
        self._waiting += [records[place] for place in np.flatnonzero(clocked).tolist()]
        if len(self._waiting) >= BATCH:
            self._judge_waiting()

    def frame(self, cycles: pd.DataFrame) -> pd.DataFrame:
        """The frame; ``cycles`` are those of the tickets of the period."""
        self._judge_waiting()
        columns = (cycles[name].to_numpy() for name in ("ticket", "kind", "stage", "breached"))
        self._note(*columns)
        recent = self._rows.frame()
        return recent.assign(
            judged=recent["ticket"].isin(np.concatenate(self._judged)).astype("boolean"),
            breached=recent["ticket"].isin(np.concatenate(self._breached)).astype("boolean"),
        )

    def _judge_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            clocks = self._clock(waiting, self._until, None)
            ids = np.array([record.ticket.id for record in waiting], dtype=np.object_)
            stages = np.array([str(stage) for stage in STAGES], dtype=np.object_)
            self._note(ids[clocks.ticket], clocks.named("kind"), stages[clocks.stage], clocks.breached)

    def _note(self, tickets: Texts, kinds: Texts, stages: Texts, breached: Flags) -> None:
        """Keep of which tickets a clock is judged, and of which one of these is past its target."""
        past = breached.astype(np.bool_)
        judged = (kinds == KIND) & ((stages == COMPLETED) | (past & np.isin(stages, RUNNING)))
        self._judged.append(tickets[judged])
        self._breached.append(tickets[judged & past])


def _columns(tickets: Sequence[Ticket]) -> Columns:
    """The frame ``recent``, but for what was judged."""
    return {
        "ticket": [ticket.id for ticket in tickets],
        "environment": texts(ticket.environment for ticket in tickets),
        "category": texts(SEPARATOR.join(ticket.category) for ticket in tickets),
        "vendor": texts(ticket.vendor for ticket in tickets),
        "summary": texts(ticket.summary for ticket in tickets),
        "created_at": np.array([microseconds(ticket.created_at) for ticket in tickets], dtype=np.int64),
    }
