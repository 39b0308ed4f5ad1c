"""The tickets of the last weeks, also those that were done before the period: what repeats are looked for in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import pandas as pd

from itsm_bridge.analysis.frames import Growing, Row
from itsm_bridge.analysis.sla_cycles import RUNNING
from itsm_bridge.history import SEPARATOR
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import STAGES, CycleColumns

REPEATS_OVER = timedelta(weeks=12)
"""How far back repeats are looked for."""

BATCH = 4_000
"""Tickets whose clocks are computed at a time."""

Clock = Callable[[Sequence[TicketRecord], datetime], CycleColumns]

KIND = "sla"
"""Clocks that count: what we owe."""


class Recent:
    """Gathers the frame ``recent``: tickets created at ``since`` or later, and before ``until``."""

    def __init__(self, clock: Clock, since: datetime, until: datetime) -> None:
        self._clock = clock
        self._since, self._until = since, until
        self._rows = Growing("recent")
        self._waiting: list[TicketRecord] = []
        self._judged: dict[str, bool] = {}

    def holds(self, record: TicketRecord) -> bool:
        """Whether a ticket is one of the frame."""
        return self._since <= record.ticket.created_at < self._until

    def add(self, record: TicketRecord, *, is_clocked: bool) -> None:
        """Take a ticket in, as it stood at the instant; ``is_clocked`` where its clocks are asked for nowhere else.

        These are asked for whenever it was created, since whoever gave us ``clock`` may look at them too.
        """
        if self.holds(record):
            self._rows.add([_row(record)])
        if is_clocked:
            self._waiting.append(record)
            if len(self._waiting) >= BATCH:
                self._judge_waiting()

    def frame(self, cycles: pd.DataFrame) -> pd.DataFrame:
        """The frame; ``cycles`` are those of the tickets of the period."""
        self._judge_waiting()
        known = cycles.loc[cycles["kind"] == KIND, ["ticket", "stage", "breached"]]
        self._note(known.itertuples(index=False, name=None))
        recent = self._rows.frame()
        return recent.assign(
            judged=recent["ticket"].isin(self._judged.keys()).astype("boolean"),
            breached=recent["ticket"].map(self._judged).astype("boolean").fillna(value=False),
        )

    def _judge_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._note(_stages([record.ticket.id for record in waiting], self._clock(waiting, self._until)))

    def _note(self, cycles: Iterable[tuple[str, str, bool]]) -> None:
        """Take in of each ticket whether a clock of it is judged, and whether one of them is past its target."""
        for ticket, stage, is_breached in cycles:
            if stage == "completed" or (is_breached and stage in RUNNING):
                self._judged[ticket] = self._judged.get(ticket, False) or bool(is_breached)


def _stages(ids: Sequence[str], clocks: CycleColumns) -> Iterator[tuple[str, str, bool]]:
    """Ticket, stage, and whether it is past its target, of each clock that counts."""
    columns = (clocks.ticket, clocks.stage, clocks.breached, clocks.named("kind"))
    for place, stage, is_breached, kind in zip(*(column.tolist() for column in columns), strict=True):
        if kind == KIND:
            yield ids[place], str(STAGES[stage]), is_breached


def _row(record: TicketRecord) -> Row:
    ticket = record.ticket
    category = SEPARATOR.join(ticket.category)
    return ticket.id, ticket.environment, category, ticket.vendor, ticket.summary, ticket.created_at, None, None
