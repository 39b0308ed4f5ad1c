"""What was agreed about clocks and told of them, put beside the clocks of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from itsm_bridge.analysis.frames import Row
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import reopenings
from itsm_bridge.model import TicketRecord, Verdict, Warned
from itsm_bridge.sla import ClockedTicket, Cycle, Digests, Pair, causes, pairs

Identity = tuple[str, str]
"""A ticket's source and external id."""

Clock = tuple[str, str, str, datetime]
"""Source, external id, level and start of a clock."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the store holds about the clocks of some tickets: verdicts, and shares of targets that are used up."""

    verdicts: Callable[[Collection[Identity]], Iterable[Verdict]] = lambda _: ()
    warnings: Callable[[Collection[Identity]], Iterable[Warned]] = lambda _: ()


@dataclass(slots=True)
class Beside:
    """The rows of some tickets: ``cycles`` with their verdicts and warnings, and ``verdicts`` beside today's."""

    cycles: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)


class Agreements:
    """What was agreed, as of one instant and under one configuration."""

    def __init__(self, agreed: Agreed, configuration: Configuration, until: datetime) -> None:
        self._agreed = agreed
        self._digests = Digests(configuration)
        self._until = until

    def beside(self, tickets: Sequence[tuple[TicketRecord, TicketRecord]], cycles: Iterable[Cycle]) -> Beside:
        """The clocks of some tickets, each as the source has it and as classify rules fill it, with what was agreed."""
        of_ticket: defaultdict[Identity, list[Cycle]] = defaultdict(list)
        for cycle in cycles:
            of_ticket[cycle.source, cycle.external_id].append(cycle)
        ids = [(record.ticket.source, record.ticket.external_id) for record, _ in tickets]
        verdicts = self._verdicts(ids)
        warned = self._warned([one for one in ids if any(cycle.stopped_at is None for cycle in of_ticket[one])])
        found = Beside()
        for one, (record, read) in zip(ids, tickets, strict=True):
            ticket = ClockedTicket(record, read, of_ticket[one])
            together = list(_pairs(ticket, verdicts.get(one, ())))
            agreed = {id(pair.cycle): pair.verdict for pair in together if pair.cycle is not None}
            found.cycles += (_cycle_row(cycle, agreed.get(id(cycle)), warned) for cycle in ticket.cycles)
            found.verdicts += (_verdict_row(pair, self._causes(pair, ticket), ticket) for pair in together)
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


def _cycle_row(cycle: Cycle, verdict: Verdict | None, warned: Mapping[Clock, Warned]) -> Row:
    told = warned.get((cycle.source, cycle.external_id, cycle.sla, cycle.started_at))
    return (
        cycle.ticket, cycle.sla, cycle.measures, cycle.kind, cycle.vendor, cycle.environment, cycle.priority,
        cycle.started_at, cycle.stopped_at, cycle.due_at, cycle.target_seconds, cycle.elapsed_seconds,
        cycle.paused_seconds, cycle.breached, cycle.stage, cycle.remaining_seconds, cycle.due_if_resumed_at,
        *((None,) * 4 if verdict is None else (
            verdict.breached, verdict.elapsed_seconds, verdict.target_seconds, verdict.frozen_at,
        )),
        *((None, None) if told is None else (told.percent, told.crossed_at)),
    )  # fmt: skip


def _verdict_row(pair: Pair, cause: str, ticket: ClockedTicket) -> Row:
    then, now = pair.verdict, pair.cycle
    return (
        ticket.read.ticket.id, then.sla, then.kind, then.started_at, then.stopped_at, then.vendor, then.environment,
        then.priority, pair.agreed, pair.today, then.elapsed_seconds, None if now is None else now.elapsed_seconds,
        then.target_seconds, None if now is None else now.target_seconds, cause, then.frozen_at,
    )  # fmt: skip
