"""What was agreed about clocks and told of them, put beside the clocks of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from itsm_bridge.analysis.frames import MICROSECONDS, Columns, Row, Texts
from itsm_bridge.analysis.frames import NEVER as NO_INSTANT
from itsm_bridge.calendars import Seconds
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import reopenings
from itsm_bridge.model import TicketRecord, Verdict, Warned
from itsm_bridge.sla import (
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
)

Identity = tuple[str, str]
"""A ticket's source and external id."""

Clock = tuple[str, str, str, datetime]
"""Source, external id, level and start of a clock."""


AGREED: Mapping[str, Callable[[Verdict], object]] = {
    "agreed_breached": lambda one: one.breached,
    "agreed_elapsed_seconds": lambda one: one.elapsed_seconds,
    "agreed_target_seconds": lambda one: one.target_seconds,
    "agreed_at": lambda one: one.frozen_at,
}
WARNED: Mapping[str, Callable[[Warned], object]] = {
    "warned_percent": lambda one: one.percent,
    "warned_at": lambda one: one.crossed_at,
}


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the store holds about the clocks of some tickets: verdicts, and shares of targets that are used up."""

    verdicts: Callable[[Collection[Identity]], Iterable[Verdict]] = lambda _: ()
    warnings: Callable[[Collection[Identity]], Iterable[Warned]] = lambda _: ()


@dataclass(slots=True)
class Beside:
    """What stands beside some clocks: by their row the verdict and the warning, and the rows of ``verdicts``."""

    agreed: dict[int, Verdict] = field(default_factory=dict)
    warned: dict[int, Warned] = field(default_factory=dict)
    verdicts: list[Row] = field(default_factory=list)


class Agreements:
    """What was agreed, as of one instant and under one configuration."""

    def __init__(self, agreed: Agreed, configuration: Configuration, until: datetime) -> None:
        self._agreed = agreed
        self._digests = Digests(configuration)
        self._until = until

    def beside(self, records: Sequence[TicketRecord], clocks: CycleColumns) -> Beside:
        """What was agreed about the clocks of some tickets; ``records`` are these as their source has them."""
        places = {(one.ticket.source, one.ticket.external_id): place for place, one in enumerate(records)}
        verdicts, warned = self._verdicts(places), self._warned(_running(clocks, records))
        found = Beside()
        for one in sorted({*verdicts, *(clock[:2] for clock in warned)}, key=places.__getitem__):
            rows = clocks.rows_of(places[one])
            ticket = ClockedTicket(records[places[one]], clocks.records[places[one]], list(clocks.cycles(rows)))
            row_of = {id(cycle): row for row, cycle in zip(rows, ticket.cycles, strict=True)}
            for pair in _pairs(ticket, verdicts.get(one, ())):
                found.verdicts.append(_verdict_row(pair, self._causes(pair, ticket), ticket))
                if pair.cycle is not None:
                    found.agreed[row_of[id(pair.cycle)]] = pair.verdict
            told = (
                (row, warned.get((*one, cycle.sla, cycle.started_at)))
                for row, cycle in zip(rows, ticket.cycles, strict=True)
            )
            found.warned |= {row: one for row, one in told if one is not None}
        return found

    def _verdicts(self, ids: Collection[Identity]) -> Mapping[Identity, list[Verdict]]:
        found: defaultdict[Identity, list[Verdict]] = defaultdict(list)
        for one in self._agreed.verdicts(ids):
            if one.stopped_at < self._until:
                found[one.source, one.external_id].append(one)
        return found

    def _warned(self, ids: Collection[Identity]) -> Mapping[Clock, Warned]:
        """The highest share of each clock that is known to be used up."""
        found: dict[Clock, Warned] = {}
        for one in self._agreed.warnings(ids):
            clock = one.source, one.external_id, one.sla, one.started_at
            if one.crossed_at < self._until and (clock not in found or found[clock].percent < one.percent):
                found[clock] = one
        return found

    def _causes(self, pair: Pair, ticket: ClockedTicket) -> str:
        return ", ".join(causes(pair, ticket, self._digests)) if pair.flipped else ""


def _pairs(ticket: ClockedTicket, verdicts: Iterable[Verdict]) -> Iterator[Pair]:
    by_level: defaultdict[str, list[Verdict]] = defaultdict(list)
    for one in verdicts:
        by_level[one.sla].append(one)
    reopened = reopenings(ticket.record) if by_level else ()
    for sla, agreed in by_level.items():
        yield from pairs([cycle for cycle in ticket.cycles if cycle.sla == sla], agreed, reopened)


def _running(clocks: CycleColumns, records: Sequence[TicketRecord]) -> list[Identity]:
    """The tickets with a clock that has not ended."""
    places = np.unique(clocks.ticket[clocks.stopped == NEVER]).tolist()
    return [(records[place].ticket.source, records[place].ticket.external_id) for place in places]


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
        **_scattered(beside.agreed, AGREED, len(clocks)),
        **_scattered(beside.warned, WARNED, len(clocks)),
    }


def _scattered(beside: Mapping[int, Any], said: Mapping[str, Callable[[Any], object]], count: int) -> Columns:
    """Columns that say something in a few rows."""
    if not beside:
        return {}
    rows = [beside.get(row) for row in range(count)]
    return {name: [None if one is None else say(one) for one in rows] for name, say in said.items()}


def _instants(seconds: Seconds) -> Seconds:
    """Epoch seconds as a frame has its instants."""
    return np.where(seconds == NEVER, NO_INSTANT, seconds * MICROSECONDS)


def _verdict_row(pair: Pair, cause: str, ticket: ClockedTicket) -> Row:
    then, now = pair.verdict, pair.cycle
    return (
        ticket.read.ticket.id, then.sla, then.kind, then.started_at, then.stopped_at, then.vendor, then.environment,
        then.priority, pair.agreed, pair.today, then.elapsed_seconds, None if now is None else now.elapsed_seconds,
        then.target_seconds, None if now is None else now.target_seconds, cause, then.frozen_at,
    )  # fmt: skip
