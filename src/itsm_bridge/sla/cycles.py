"""From tickets to cycles: reading, walking and measuring, some thousand tickets at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import numpy as np

from itsm_bridge.calendars import Calendars, epoch, instant
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import Histories
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla.columns import NO_PRIORITY, CycleColumns, RunningColumns, Texts
from itsm_bridge.sla.desk import Desk
from itsm_bridge.sla.machine import Level
from itsm_bridge.sla.measure import NOTHING, Measured, measure
from itsm_bridge.sla.model import Clocked, Cycle, Interval, Reckoning, Unclocked
from itsm_bridge.sla.readings import Place, Reader
from itsm_bridge.sla.runs import Courses, Numbers, Pieces, Runs, lay_out, on_calendars, problems
from itsm_bridge.sla.shapes import STILL, Shapes
from itsm_bridge.sla.versions import Versions

BATCH = 4_000
"""Tickets whose runs are held in memory at once."""


def cycles(records: Iterable[TicketRecord], configuration: Configuration, now: datetime) -> Clocked:
    """Every clock of every ticket as it stands at ``now``, an aware instant; later changes are not looked at.

    Raises ``ConfigurationInvalid`` for a condition on what no history records, and for a calendar that never opens.
    """
    return Clockwork(configuration).cycles(records, now)


def clocked(records: Iterable[TicketRecord], configuration: Configuration, now: datetime) -> Iterator[Clocked]:
    """The same in parts, in bounded memory."""
    return Clockwork(configuration).clocked(records, now)


def reckonings(record: TicketRecord, configuration: Configuration, now: datetime) -> tuple[Reckoning, ...]:
    """One ticket's cycles with the intervals that add up to each; without what cannot be measured."""
    return next(Clockwork(configuration).reckonings([record], now))


@dataclass(frozen=True, slots=True)
class _Batch:
    """The runs of some tickets that can be measured, and what could not be."""

    records: Sequence[TicketRecord]
    runs: Runs
    pieces: Pieces
    measured: Measured | None
    unclocked: list[Unclocked]


class Clockwork:
    """All definitions of a configuration, ready for any number of tickets: what is the same for many is kept."""

    def __init__(self, configuration: Configuration) -> None:
        slots = {name: slot for slot, name in enumerate(dict.fromkeys(one.name for one in configuration.slas))}
        self._levels = [
            Level(
                index=index,
                slot=slots[definition.name],
                definition=definition,
                per_vendor=definition.calendar == "vendor" or definition.kind == "uc",
                family=(definition.measures, definition.kind),
            )
            for index, definition in enumerate(configuration.slas)
        ]
        self._reader = Reader(configuration.slas, configuration.zone)
        self._desk = Desk(self._levels, Calendars(configuration))
        self._versions = Versions.of(self._levels, configuration.zone)
        self._shapes = Shapes(self._levels, self._versions)
        self._rotas: list[tuple[int, ...]] = []

    def cycles(self, records: Iterable[TicketRecord], now: datetime) -> Clocked:
        """The cycles of some tickets as they stand at ``now``."""
        everything = Clocked([], [])
        for some in self.clocked(records, now):
            everything.cycles.extend(some.cycles)
            everything.unclocked.extend(some.unclocked)
        return everything

    def clocked(self, records: Iterable[TicketRecord], now: datetime) -> Iterator[Clocked]:
        """The same in parts."""
        for batch in self._batches(records, now):
            yield Clocked(list(self._columns(batch).cycles()), batch.unclocked)

    def columns(
        self, records: Sequence[TicketRecord], now: datetime, histories: Histories | None = None
    ) -> CycleColumns:
        """The same as columns; all these tickets are held in memory.

        ``histories`` are those of ``records``, where they are columns already.
        """
        return self._columns(self._measured(records, now, histories))

    def reckonings(self, records: Iterable[TicketRecord], now: datetime) -> Iterator[tuple[Reckoning, ...]]:
        """For each ticket its cycles with the intervals that add up to each, without what cannot be measured."""
        for batch in self._batches(records, now):
            of_ticket: list[list[Reckoning]] = [[] for _ in batch.records]
            reckoned: list[Reckoning] = []
            for run, cycle in enumerate(self._columns(batch).cycles()):
                before = int(batch.runs.carried[run])
                carried = () if before == STILL else reckoned[before].used
                reckoned.append(self._reckoning(batch, run, cycle, carried))
                of_ticket[int(batch.runs.ticket[run])].append(reckoned[run])
            yield from map(tuple, of_ticket)

    def _batches(self, records: Iterable[TicketRecord], now: datetime) -> Iterator[_Batch]:
        remaining = iter(records)
        while some := list(islice(remaining, BATCH)):
            yield self._measured(some, now)

    def _reckoning(self, batch: _Batch, run: int, cycle: Cycle, carried: tuple[Interval, ...]) -> Reckoning:
        first, end = np.searchsorted(batch.pieces.run, (run, run + 1)).tolist()
        intervals = [self._interval(batch, row) for row in range(first, end)]
        lasting = [one for one in intervals if one.end > one.start]
        return Reckoning(
            cycle=cycle,
            carried_seconds=sum(one.seconds for one in carried),
            intervals=tuple(lasting or intervals[:1]),
            carried=carried,
        )

    def _measured(self, records: Sequence[TicketRecord], now: datetime, histories: Histories | None = None) -> _Batch:
        courses = self._courses(records, now, histories)
        rotas = np.array(self._rotas, dtype=np.int64).reshape(len(self._rotas), len(self._levels))
        runs, pieces = lay_out(courses, self._shapes.known, rotas)
        pieces = on_calendars(pieces, self._desk)
        lost = problems(runs, pieces, self._desk)
        unclocked = dict.fromkeys(
            Unclocked(ticket.id, ticket.source, ticket.external_id, self._name(runs, row), lost[row])
            for row in sorted(lost)
            if (ticket := records[int(runs.ticket[row])].ticket)
        )
        if lost:
            runs, pieces = _without(runs, pieces, list(lost))
        dues = [None if record.ticket.due_at is None else epoch(record.ticket.due_at) for record in records]
        measured = measure(runs, pieces, self._desk, self._levels, dues, epoch(now)) if len(runs) else None
        return _Batch(records, runs, pieces, measured, list(unclocked))

    def _courses(self, records: Sequence[TicketRecord], now: datetime, histories: Histories | None) -> Courses:
        if self._reader.is_full:
            self._reader.forget()
            self._shapes.forget()
            self._rotas.clear()
        readings = self._reader.readings(records, now, self._versions.turns, histories)
        situations = self._reader.situations
        self._rotas.extend(self._desk.rotas_of(one) for one in situations[len(self._rotas) :])
        counts = np.bincount(readings.ticket, minlength=len(records))
        ends = np.cumsum(counts)
        numbers, turns = readings.situations.tolist(), self._versions.at(readings.at)
        shapes = [
            self._shapes.number(tuple(numbers[end - count : end]), situations, self._rotas, turns[end - count : end])
            for end, count in zip(ends.tolist(), counts.tolist(), strict=True)
        ]
        return Courses(  # after each ticket's last step comes now
            at=np.insert(readings.at, ends, epoch(now)),
            situations=np.insert(readings.situations, ends, 0),
            first=ends - counts + np.arange(len(records)),
            shape=np.array(shapes, dtype=np.int64),
        )

    def _columns(self, batch: _Batch) -> CycleColumns:
        runs, pieces, measured = batch.runs, batch.pieces, batch.measured or NOTHING
        ran = np.flatnonzero(~pieces.paused & (measured.piece_seconds > 0))
        return CycleColumns(
            records=batch.records,
            definitions=[level.definition for level in self._levels],
            ticket=runs.ticket,
            level=runs.level,
            vendor=self._texts(runs.vendor, lambda place: place.vendor),
            environment=self._texts(runs.place, lambda place: place.environment),
            priority=self._texts(runs.place, lambda place: _priority(place.priority)).astype(np.int64),
            started=runs.started,
            stopped=runs.stopped,
            due=measured.due,
            target=measured.target,
            elapsed=measured.elapsed,
            paused=measured.paused,
            stage=runs.stage,
            carried=runs.carried,
            pieces=RunningColumns(
                pieces.run[ran],
                pieces.start[ran],
                pieces.end[ran],
                self._calendars()[pieces.calendar[ran]],
                measured.piece_seconds[ran],
            ),
            unclocked=batch.unclocked,
        )

    def _texts(self, situations: Numbers, say: Callable[[Place], str | int]) -> Texts:
        """Something of the place of each situation, said once for those that are the same."""
        some, which = np.unique(situations, return_inverse=True)
        said = [say(self._reader.situations[number].place) for number in some.tolist()]
        return np.array(said, dtype=np.object_)[which]

    def _calendars(self) -> Texts:
        return np.array([calendar.name for calendar in self._desk.calendars], dtype=np.object_)

    def _interval(self, batch: _Batch, row: int) -> Interval:
        pieces = batch.pieces
        start, end = instant(int(pieces.start[row])), instant(int(pieces.end[row]))
        seconds = 0 if batch.measured is None else int(batch.measured.piece_seconds[row])
        return Interval(
            start, end, bool(pieces.paused[row]), self._desk.calendars[int(pieces.calendar[row])].name, seconds
        )

    def _name(self, runs: Runs, row: int) -> str:
        return self._levels[int(runs.level[row])].definition.name


def _priority(text: str) -> int:
    return int(text) if text.isdecimal() else NO_PRIORITY


def _without(runs: Runs, pieces: Pieces, lost: Sequence[int]) -> tuple[Runs, Pieces]:
    """The runs that can be measured, with their pieces; what a run takes over from can be measured where it can."""
    kept = np.ones(len(runs), dtype=np.bool_)
    kept[lost] = False
    of_kept = pieces.of(kept[pieces.run])
    places = np.cumsum(kept) - 1
    return runs.of(kept), Pieces(
        places[of_kept.run], of_kept.start, of_kept.end, of_kept.paused, of_kept.rota, of_kept.calendar
    )
