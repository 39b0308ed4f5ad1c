"""What was agreed about clocks and told of them, put beside the clocks of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from itsm_bridge.analysis.frames import MICROSECONDS, Columns, Numbers, Texts, texts
from itsm_bridge.analysis.frames import NEVER as NO_INSTANT
from itsm_bridge.calendars import Seconds
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import microseconds, reopenings
from itsm_bridge.model import TicketRecord, Verdict, Warned
from itsm_bridge.sla import (
    GONE,
    NEVER,
    NO_PRIORITY,
    STAGES,
    ClockedTicket,
    CycleColumns,
    Digests,
    Pair,
    Stage,
    causes,
    pairs,
    word,
    words,
)

Identity = tuple[str, str]
"""A ticket's source and external id."""

NO_CLOCK = -1
"""In place of the row of a clock."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the store holds about the clocks of some tickets: verdicts, and shares of targets that are used up."""

    verdicts: Callable[[Collection[Identity]], Iterable[Verdict]] = lambda _: ()
    warnings: Callable[[Collection[Identity]], Iterable[Warned]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside some clocks: columns of the frame ``cycles``, and the frame ``verdicts`` (none: no rows)."""

    agreed: Columns
    warned: Columns
    verdicts: Columns


class Line(NamedTuple):
    """A verdict beside the row of its clock, ``NO_CLOCK`` where there is none today; ``cause`` is why they differ."""

    place: int
    verdict: Verdict
    row: int
    cause: str = ""


class Agreements:
    """What was agreed, as of one instant and under one configuration."""

    def __init__(self, agreed: Agreed, configuration: Configuration, until: datetime) -> None:
        self._agreed = agreed
        self._digests = Digests(configuration)
        self._until = until

    def beside(self, records: Sequence[TicketRecord], clocks: CycleColumns) -> Beside:
        """What was agreed about the clocks of some tickets; ``records`` are these as their source has them."""
        places = {(one.ticket.source, one.ticket.external_id): place for place, one in enumerate(records)}
        verdicts = [one for one in self._agreed.verdicts(places) if one.stopped_at < self._until]
        lines = self._paired([(places[one.source, one.external_id], one) for one in verdicts], records, clocks)
        return Beside(
            agreed=_agreed_columns([line for line in lines if line.row != NO_CLOCK], len(clocks)),
            warned=self._warned(places, clocks),
            verdicts=_verdict_columns(lines, clocks),
        )

    def _paired(
        self, verdicts: Sequence[tuple[int, Verdict]], records: Sequence[TicketRecord], clocks: CycleColumns
    ) -> list[Line]:
        """Each verdict, with the place of its ticket, beside its clock; by ticket and level, the first begun first.

        Where of each verdict of a ticket there is one clock with the same start and end, and it says the same today,
        they belong together. The other tickets are looked at one by one.
        """
        if not verdicts:
            return []
        rows, today = _rows(clocks), words(clocks)
        lines = [Line(place, one, rows.get((place, *_when(one)), NO_CLOCK)) for place, one in verdicts]
        odd = {line.place for line in lines if line.row == NO_CLOCK or today[line.row] != word(line.verdict)}
        of_odd: defaultdict[int, list[Verdict]] = defaultdict(list)
        for place, one in verdicts:
            if place in odd:
                of_odd[place].append(one)
        found = [line for line in lines if line.place not in odd]
        for place, some in of_odd.items():
            found += self._looked_at(place, some, records[place], clocks)
        of_tickets = sorted(dict.fromkeys((place, one.sla) for place, one in verdicts), key=lambda level: level[0])
        levels = {level: number for number, level in enumerate(of_tickets)}
        return sorted(
            found, key=lambda line: (line.place, levels[line.place, line.verdict.sla], *_when(line.verdict)[1:])
        )

    def _looked_at(
        self, place: int, verdicts: Sequence[Verdict], record: TicketRecord, clocks: CycleColumns
    ) -> Iterator[Line]:
        """The verdicts of one ticket that still stand."""
        rows = clocks.rows_of(place)
        ticket = ClockedTicket(record, clocks.records[place], list(clocks.cycles(rows)))
        row_of = {id(cycle): row for row, cycle in zip(rows, ticket.cycles, strict=True)}
        for pair in _pairs(ticket, verdicts):
            row = NO_CLOCK if pair.cycle is None else row_of[id(pair.cycle)]
            yield Line(place, pair.verdict, row, self._causes(pair, ticket))

    def _causes(self, pair: Pair, ticket: ClockedTicket) -> str:
        return ", ".join(causes(pair, ticket, self._digests)) if pair.flipped else ""

    def _warned(self, places: Mapping[Identity, int], clocks: CycleColumns) -> Columns:
        """The highest share of each clock that is known to be used up, of tickets with one that has not ended."""
        running = frozenset(clocks.ticket[clocks.stopped == NEVER].tolist())
        found: dict[tuple[int, str, int], Warned] = {}
        for one in self._agreed.warnings([identity for identity, place in places.items() if place in running]):
            clock = places[one.source, one.external_id], one.sla, microseconds(one.started_at)
            if one.crossed_at < self._until and (clock not in found or found[clock].percent < one.percent):
                found[clock] = one
        return _warned_columns(found, clocks)


def _pairs(ticket: ClockedTicket, verdicts: Iterable[Verdict]) -> Iterator[Pair]:
    by_level: defaultdict[str, list[Verdict]] = defaultdict(list)
    for one in verdicts:
        by_level[one.sla].append(one)
    reopened = reopenings(ticket.record)
    for sla, agreed in by_level.items():
        yield from pairs([cycle for cycle in ticket.cycles if cycle.sla == sla], agreed, reopened)


def _when(one: Verdict) -> tuple[str, int, int]:
    """Level, start and end."""
    return one.sla, microseconds(one.started_at), microseconds(one.stopped_at)


def _rows(clocks: CycleColumns) -> dict[tuple[int, str, int, int], int]:
    """The row of each clock by ticket, level, start and end; ``NO_CLOCK`` where there are several."""
    found: dict[tuple[int, str, int, int], int] = {}
    columns = (clocks.ticket, clocks.named("name"), _instants(clocks.started), _instants(clocks.stopped))
    for row, key in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        found[key] = NO_CLOCK if key in found else row
    return found


def cycle_columns(clocks: CycleColumns, ids: Texts, beside: Beside) -> Columns:
    """The frame ``cycles``; ``ids`` are the tickets by their place."""
    paused, stopped, due = clocks.is_in(Stage.PAUSED), _instants(clocks.stopped), _instants(clocks.due)
    return {
        "ticket": ids[clocks.ticket],
        "sla": clocks.named("name"),
        "measures": clocks.named("measures"),
        "kind": clocks.named("kind"),
        "vendor": clocks.vendor,
        "environment": clocks.environment,
        "priority": pd.arrays.IntegerArray(clocks.priority, clocks.priority == NO_PRIORITY),
        "started_at": _instants(clocks.started),
        "stopped_at": stopped,
        "due_at": np.where(paused, NO_INSTANT, due),
        "target_seconds": clocks.target,
        "elapsed_seconds": clocks.elapsed,
        "paused_seconds": clocks.paused,
        "breached": clocks.breached,
        "stage": np.array([str(stage) for stage in STAGES], dtype=np.object_)[clocks.stage],
        "remaining_seconds": clocks.target - clocks.elapsed,
        "due_if_resumed_at": np.where(paused, due, NO_INSTANT),
        **beside.agreed,
        **beside.warned,
    }


def _agreed_columns(lines: Sequence[Line], count: int) -> Columns:
    """What was agreed about the clocks that are there today."""
    if not lines:
        return {}
    rows, verdicts = [line.row for line in lines], [line.verdict for line in lines]
    return {
        "agreed_breached": _scattered(rows, [one.breached for one in verdicts], count),
        "agreed_elapsed_seconds": _scattered(rows, [one.elapsed_seconds for one in verdicts], count),
        "agreed_target_seconds": _scattered(rows, [one.target_seconds for one in verdicts], count),
        "agreed_at": _scattered_instants(rows, [one.frozen_at for one in verdicts], count),
    }


def _warned_columns(found: Mapping[tuple[int, str, int], Warned], clocks: CycleColumns) -> Columns:
    """What was told of some clocks, which are known by ticket, level and start."""
    if not found:
        return {}
    keys = zip(clocks.ticket.tolist(), clocks.named("name"), _instants(clocks.started).tolist(), strict=True)
    told = {row: found[key] for row, key in enumerate(keys) if key in found}
    return {
        "warned_percent": _scattered(list(told), [one.percent for one in told.values()], len(clocks)),
        "warned_at": _scattered_instants(list(told), [one.crossed_at for one in told.values()], len(clocks)),
    }


def _verdict_columns(lines: Sequence[Line], clocks: CycleColumns) -> Columns:
    """The frame ``verdicts``."""
    if not lines:
        return {}
    then, rows = [line.verdict for line in lines], np.array([line.row for line in lines], dtype=np.int64)
    gone = rows == NO_CLOCK
    return {
        "ticket": [clocks.records[line.place].ticket.id for line in lines],
        "sla": texts(one.sla for one in then),
        "kind": texts(one.kind for one in then),
        "started_at": _microseconds(one.started_at for one in then),
        "stopped_at": _microseconds(one.stopped_at for one in then),
        "vendor": texts(one.vendor for one in then),
        "environment": texts(one.environment for one in then),
        "priority": [one.priority for one in then],
        "agreed": texts(map(word, then)),
        "today": np.where(gone, GONE, np.append(words(clocks), GONE)[rows]),
        "agreed_elapsed_seconds": [one.elapsed_seconds for one in then],
        "elapsed_seconds": pd.arrays.IntegerArray(np.append(clocks.elapsed, 0)[rows], gone),
        "agreed_target_seconds": [one.target_seconds for one in then],
        "target_seconds": pd.arrays.IntegerArray(np.append(clocks.target, 0)[rows], gone),
        "cause": texts(line.cause for line in lines),
        "frozen_at": _microseconds(one.frozen_at for one in then),
    }


def _scattered(rows: Sequence[int], values: Sequence[object], count: int) -> Texts:
    """A column that says something in some rows."""
    column = np.full(count, None, dtype=np.object_)
    column[rows] = values
    return column


def _scattered_instants(rows: Sequence[int], instants: Iterable[datetime], count: int) -> Numbers:
    column = np.full(count, NO_INSTANT, dtype=np.int64)
    column[rows] = _microseconds(instants)
    return column


def _microseconds(instants: Iterable[datetime]) -> Numbers:
    return np.array([microseconds(at) for at in instants], dtype=np.int64)


def _instants(seconds: Seconds) -> Seconds:
    """Epoch seconds as a frame has its instants."""
    return np.where(seconds == NEVER, NO_INSTANT, seconds * MICROSECONDS)
