"""Cycles as columns: the same as ``Cycle``, for what looks at many of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from itsm_bridge.calendars import instant
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla.model import Cycle, Stage, Unclocked
from itsm_bridge.sla.runs import NEVER, Flags, Numbers, spread
from itsm_bridge.sla.shapes import STAGES, STILL

Texts = npt.NDArray[np.object_]

NO_PRIORITY = -1
"""In place of a priority that a clock's ticket did not have."""


@dataclass(frozen=True, slots=True)
class RunningColumns:
    """The parts in which clocks ran, clock by clock and oldest first; ``row`` is the clock's row.

    Half-open, in epoch seconds; ``seconds`` are business seconds of the calendar, and never none.
    """

    row: Numbers
    start: Numbers
    end: Numbers
    calendar: Texts
    seconds: Numbers

    def of(self, rows: Numbers | Flags) -> Self:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class CycleColumns:
    """The cycles of some tickets, ticket by ticket and in the order of attachment, and what could not be measured.

    ``ticket`` is a place among ``records``, ``level`` one among ``definitions``, ``stage`` one among ``STAGES``.
    Instants are epoch seconds, ``NEVER`` where there is none; texts are empty, and ``priority`` is ``NO_PRIORITY``,
    where there is none. Of a paused clock ``due`` is when it would be due if it went on. ``carried`` is the row of the
    clock that one took over from, else ``STILL``; ``pieces`` are what each ran itself.
    """

    records: Sequence[TicketRecord]
    definitions: Sequence[SlaDefinition]
    ticket: Numbers
    level: Numbers
    vendor: Texts
    environment: Texts
    priority: Numbers
    started: Numbers
    stopped: Numbers
    due: Numbers
    target: Numbers
    elapsed: Numbers
    paused: Numbers
    stage: Numbers
    carried: Numbers
    pieces: RunningColumns
    unclocked: Sequence[Unclocked]

    def __len__(self) -> int:
        return len(self.ticket)

    @property
    def breached(self) -> Flags:
        """Which have used more than their target."""
        return self.elapsed > self.target

    def is_in(self, stage: Stage) -> Flags:
        """Which are in a stage."""
        found: Flags = self.stage == STAGES.index(stage)
        return found

    def named(self, attribute: str) -> Texts:
        """A text of each one's definition."""
        return np.array([str(getattr(one, attribute)) for one in self.definitions], dtype=np.object_)[self.level]

    def rows_of(self, place: int) -> range:
        """The rows of one ticket."""
        first, end = np.searchsorted(self.ticket, (place, place + 1)).tolist()
        return range(first, end)

    def running(self, rows: Numbers) -> RunningColumns:
        """All running time of some cycles, what they carry over included: in all their ``elapsed``."""
        of, run, steps = [rows], [rows], [np.zeros(len(rows), dtype=np.int64)]
        while len(run[-1]):
            before = self.carried[run[-1]]
            taken = before != STILL
            of.append(of[-1][taken])
            run.append(before[taken])
            steps.append(steps[-1][taken] - 1)
        owner, runs, step = (np.concatenate(one) for one in (of, run, steps))
        order = np.lexsort((step, owner))
        counts = np.bincount(self.pieces.row, minlength=len(self))
        which, piece = spread((np.cumsum(counts) - counts)[runs[order]], counts[runs[order]])
        return replace(self.pieces.of(piece), row=owner[order][which])

    def cycles(self, rows: slice | range = slice(None)) -> Iterator[Cycle]:
        """All of them as objects, or the rows of a range."""
        some = slice(rows.start, rows.stop) if isinstance(rows, range) else rows
        columns = (
            self.ticket, self.level, self.vendor, self.environment, self.priority, self.started, self.stopped,
            self.due, self.target, self.elapsed, self.paused, self.stage,
        )  # fmt: skip
        for ticket_at, level, vendor, environment, priority, started, stopped, due, target, elapsed, paused, at in zip(
            *(column[some].tolist() for column in columns), strict=True
        ):
            definition, ticket, stage = self.definitions[level], self.records[ticket_at].ticket, STAGES[at]
            due_at = None if due == NEVER else instant(due)
            is_paused = stage is Stage.PAUSED
            yield Cycle(
                ticket=ticket.id,
                source=ticket.source,
                external_id=ticket.external_id,
                sla=definition.name,
                measures=definition.measures,
                kind=definition.kind,
                vendor=vendor or None,
                environment=environment or None,
                priority=None if priority == NO_PRIORITY else priority,
                started_at=instant(started),
                stopped_at=None if stopped == NEVER else instant(stopped),
                due_at=None if is_paused else due_at,
                target_seconds=target,
                elapsed_seconds=elapsed,
                paused_seconds=paused,
                breached=elapsed > target,
                stage=stage,
                definition=definition,
                due_if_resumed_at=due_at if is_paused else None,
            )
