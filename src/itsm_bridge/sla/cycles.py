"""From tickets to cycles: reading, walking and measuring, some thousand tickets at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from itsm_bridge.calendars import Calendars, epoch, instant
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import Ticket, TicketRecord
from itsm_bridge.sla.machine import Desk, Level, Piece, Run, Walk
from itsm_bridge.sla.measure import NEVER, Measured, measure
from itsm_bridge.sla.model import Clocked, Cycle, Interval, Reckoning, Stage, Unclocked
from itsm_bridge.sla.readings import Reader

BATCH = 4_000
"""Tickets whose runs are held in memory at once."""


def cycles(records: Iterable[TicketRecord], configuration: Configuration, now: datetime) -> Clocked:
    """Every clock of every ticket as it stands at ``now``, an aware instant; later changes are not looked at.

    Raises ``ConfigurationInvalid`` for a condition on what no history records, and for a calendar that never opens.
    """
    everything = Clocked([], [])
    for some in clocked(records, configuration, now):
        everything.cycles.extend(some.cycles)
        everything.unclocked.extend(some.unclocked)
    return everything


def clocked(records: Iterable[TicketRecord], configuration: Configuration, now: datetime) -> Iterator[Clocked]:
    """The same in parts, in bounded memory."""
    clockwork = _Clockwork(configuration, now)
    remaining = iter(records)
    while batch := list(islice(remaining, BATCH)):
        yield clockwork.clock(batch)


def reckonings(record: TicketRecord, configuration: Configuration, now: datetime) -> tuple[Reckoning, ...]:
    """One ticket's cycles with the intervals that add up to each; without what cannot be measured."""
    return _Clockwork(configuration, now).reckon(record)


class _Clockwork:
    """All definitions of a configuration, ready for any number of tickets."""

    def __init__(self, configuration: Configuration, now: datetime) -> None:
        self._now = now
        self._levels = [
            Level(
                index=index,
                definition=definition,
                per_vendor=definition.calendar == "vendor" or definition.kind == "uc",
                family=(definition.measures, definition.kind),
            )
            for index, definition in enumerate(configuration.slas)
        ]
        self._reader = Reader(configuration.slas, configuration.zone)
        self._desk = Desk(self._levels, Calendars(configuration))

    def clock(self, records: Sequence[TicketRecord]) -> Clocked:
        """The cycles of some tickets."""
        walked = [(record.ticket, run) for record in records for run in self._walk(record)]
        good = [(ticket, run) for ticket, run in walked if not run.problem]
        found = []
        if good:
            measured = measure([run for _, run in good], epoch(self._now))
            found = [_cycle(ticket, run, measured, row) for row, (ticket, run) in enumerate(good)]
        return Clocked(found, list(dict.fromkeys(_unclocked(ticket, run) for ticket, run in walked if run.problem)))

    def reckon(self, record: TicketRecord) -> tuple[Reckoning, ...]:
        """The cycles of one ticket, with their intervals."""
        runs = [run for run in self._walk(record) if not run.problem]
        if not runs:
            return ()
        measured = measure(runs, epoch(self._now))
        seconds = iter(measured.piece_seconds.tolist())
        return tuple(
            Reckoning(
                cycle=_cycle(record.ticket, run, measured, row),
                carried_seconds=int(measured.carried[row]),
                intervals=tuple(_interval(piece, next(seconds)) for piece in run.pieces),
            )
            for row, run in enumerate(runs)
        )

    def _walk(self, record: TicketRecord) -> list[Run]:
        walk = Walk(self._levels, self._desk)
        for reading in self._reader.readings(record, self._now):
            walk.step(reading)
        runs = walk.finish(epoch(self._now))
        for run in runs:
            if run.carried_from is not None and run.carried_from.problem:
                run.problem = f"the clock that it takes over from cannot be measured: {run.carried_from.problem}"
        return runs


def _cycle(ticket: Ticket, run: Run, measured: Measured, row: int) -> Cycle:
    definition = run.level.definition
    target, elapsed, due = int(measured.target[row]), int(measured.elapsed[row]), int(measured.due[row])
    return Cycle(
        ticket=ticket.id,
        source=ticket.source,
        external_id=ticket.external_id,
        sla=definition.name,
        measures=definition.measures,
        kind=definition.kind,
        vendor=run.place.vendor or None,
        environment=run.place.environment or None,
        priority=int(run.place.priority) if run.place.priority.isdecimal() else None,
        started_at=instant(run.started),
        stopped_at=None if run.stopped is None else instant(run.stopped),
        due_at=None if due == NEVER or run.stage is Stage.PAUSED else instant(due),
        target_seconds=target,
        elapsed_seconds=elapsed,
        paused_seconds=int(measured.paused[row]),
        breached=elapsed > target,
        stage=run.stage,
    )


def _interval(piece: Piece, seconds: int) -> Interval:
    return Interval(instant(piece.start), instant(piece.end), piece.paused, piece.calendar.name, seconds)


def _unclocked(ticket: Ticket, run: Run) -> Unclocked:
    return Unclocked(ticket.id, ticket.source, ticket.external_id, run.level.definition.name, run.problem)
