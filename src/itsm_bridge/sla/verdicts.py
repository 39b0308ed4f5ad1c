"""Two verdicts of a clock that ended: the one agreed when it ended, which stands, and the one of today's rules.

A verdict is frozen when a clock's end is news. It is no news that today's rules, or a history that was corrected, give
another end to time about which there is a verdict already: that is a flip, and is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from itsm_bridge.history import reopenings
from itsm_bridge.model import TicketRecord, Verdict
from itsm_bridge.sla.columns import CycleColumns, Texts
from itsm_bridge.sla.digests import Digests, history_digest, versions
from itsm_bridge.sla.model import Cycle, Stage

CANCELLED, MET, BREACHED, RUNNING, GONE = "cancelled", "met", "breached", "running", "gone"
"""What a verdict says. Today a clock may also run, or not be there at all."""


@dataclass(frozen=True, slots=True)
class ClockedTicket:
    """One ticket: as the source has it, as classify rules fill it (``read``), and its clocks."""

    record: TicketRecord
    read: TicketRecord
    cycles: Sequence[Cycle]


@dataclass(frozen=True, slots=True)
class Pair:
    """A verdict beside the cycle that it is about; without one, today's rules know of no such clock."""

    verdict: Verdict
    cycle: Cycle | None

    @property
    def agreed(self) -> str:
        """The verdict in a word."""
        return word(self.verdict)

    @property
    def today(self) -> str:
        """Today's in a word."""
        return GONE if self.cycle is None else word(self.cycle)

    @property
    def flipped(self) -> bool:
        """Whether the two differ."""
        return self.agreed != self.today


def word(one: Cycle | Verdict) -> str:
    """``met``, ``breached`` or ``cancelled``; ``running`` for what has not ended and is in time."""
    if one.stage == Stage.CANCELLED:
        return CANCELLED
    if one.breached:
        return BREACHED
    return MET if one.stage == Stage.COMPLETED else RUNNING


def words(clocks: CycleColumns) -> Texts:
    """The same of many clocks."""
    said = {
        CANCELLED: clocks.is_in(Stage.CANCELLED),
        BREACHED: clocks.breached,
        MET: clocks.is_in(Stage.COMPLETED),
    }
    return np.select(list(said.values()), list(said), RUNNING).astype(np.object_)


def frozen(ticket: ClockedTicket, agreed: Sequence[Verdict], digests: Digests, now: datetime) -> Iterator[Verdict]:
    """The verdicts to be added about one ticket as it is at ``now``; ``agreed`` is what is frozen of it already."""
    ended = [one for one in ticket.cycles if one.stopped_at is not None]
    if not ended:
        return
    by_level: defaultdict[str, list[Verdict]] = defaultdict(list)
    for one in agreed:
        by_level[one.sla].append(one)
    reopened = reopenings(ticket.record) if agreed else ()
    history = history_digest(ticket.record)
    for cycle in ended:
        if is_news(cycle, by_level[cycle.sla], reopened):
            yield _verdict(cycle, ticket, history, digests, now)


def is_news(cycle: Cycle, agreed: Sequence[Verdict], reopened: Sequence[datetime]) -> bool:
    """Whether a cycle that has ended is one that nothing is agreed about. ``agreed`` are verdicts of its level.

    So it is where no verdict covers its time; or where it ended after all that was known when the last was frozen, and
    goes on after a reopening, or stands for what was only cancelled.
    """
    end = cycle.stopped_at
    if end is None:
        return False
    if not any(_overlap(cycle, one) for one in agreed):
        return True
    last = max(agreed, key=lambda one: (one.known_at, one.stopped_at))
    if end <= last.known_at:
        return False
    return last.stage == Stage.CANCELLED or any(last.stopped_at <= at <= end for at in reopened)


def pairs(cycles: Sequence[Cycle], agreed: Sequence[Verdict], reopened: Sequence[datetime]) -> list[Pair]:
    """Each verdict of one level of one ticket beside its cycle; without those that a later end has overtaken.

    The same start and end come first, then the same start, then any time in common.
    """
    left = list(cycles)
    rest = list(agreed)
    found: list[Pair] = []
    for alike in (_same, _same_start, _overlap):
        for verdict in rest[:]:
            if alike is not _same and _overtaken(verdict, cycles, reopened):
                rest.remove(verdict)
                continue
            cycle = next((one for one in left if alike(one, verdict)), None)
            if cycle is not None:
                left.remove(cycle)
                rest.remove(verdict)
                found.append(Pair(verdict, cycle))
    found += (Pair(verdict, None) for verdict in rest)
    return sorted(found, key=lambda pair: (pair.verdict.started_at, pair.verdict.stopped_at))


def causes(pair: Pair, ticket: ClockedTicket, digests: Digests) -> tuple[str, ...]:
    """Why today's verdict is another one: what has changed of all that the agreed one rests on."""
    then = pair.verdict
    place: Cycle | Verdict = then if pair.cycle is None else pair.cycle
    end = place.stopped_at or then.stopped_at
    level = digests.in_force(then.sla, then.started_at) if pair.cycle is None else pair.cycle.definition
    seen = (place.vendor, place.environment, ticket.read.ticket.service, place.started_at, end)
    definition, now_calendars = digests.definition(level), digests.calendars(level, seen)
    now = {
        "definition changed": (then.definition, definition),
        "calendar changed": (then.calendars, now_calendars if definition else then.calendars),
        "zone data changed": (then.zone_data, versions()[0]),
        "holidays changed": (then.holidays, versions()[1]),
        "history changed": (then.history, history_digest(ticket.record)(then.stopped_at)),
    }
    changed = tuple(cause for cause, (before, after) in now.items() if before != after)
    other = "configuration changed" if then.configuration != digests.configuration else "program changed"
    return changed or (other,)


def _verdict(
    cycle: Cycle, ticket: ClockedTicket, history: Callable[[datetime], str], digests: Digests, now: datetime
) -> Verdict:
    read, end = ticket.read, cycle.stopped_at
    if end is None:
        raise ValueError(f"{cycle.sla} of {cycle.ticket} has not ended")
    seen = (cycle.vendor, cycle.environment, read.ticket.service, cycle.started_at, end)
    zone_data, holidays = versions()
    return Verdict(
        source=cycle.source,
        external_id=cycle.external_id,
        sla=cycle.sla,
        measures=cycle.measures,
        kind=cycle.kind,
        started_at=cycle.started_at,
        stopped_at=end,
        stage=cycle.stage.value,
        target_seconds=cycle.target_seconds,
        elapsed_seconds=cycle.elapsed_seconds,
        paused_seconds=cycle.paused_seconds,
        due_at=cycle.due_at,
        breached=cycle.breached,
        vendor=cycle.vendor,
        environment=cycle.environment,
        priority=cycle.priority,
        definition=digests.definition(cycle.definition),
        calendars=digests.calendars(cycle.definition, seen),
        zone_data=zone_data,
        holidays=holidays,
        configuration=digests.configuration,
        history=history(end),
        known_at=max([read.ticket.updated_at, *(entry.at for entry in read.history)]),
        frozen_at=now,
    )


def _same(cycle: Cycle, verdict: Verdict) -> bool:
    return (cycle.started_at, cycle.stopped_at) == (verdict.started_at, verdict.stopped_at)


def _same_start(cycle: Cycle, verdict: Verdict) -> bool:
    return cycle.started_at == verdict.started_at


def _overlap(cycle: Cycle, verdict: Verdict) -> bool:
    """Whether the two have time in common, or begin together."""
    if cycle.started_at == verdict.started_at:
        return True
    later_end = cycle.stopped_at is None or cycle.stopped_at > verdict.started_at
    return later_end and cycle.started_at < verdict.stopped_at


def _overtaken(verdict: Verdict, cycles: Iterable[Cycle], reopened: Iterable[datetime]) -> bool:
    """Whether the clock went on when the ticket was reopened, so that its end is another one by now."""
    return any(
        verdict.stopped_at <= at and (cycle.stopped_at is None or at <= cycle.stopped_at)
        for at in reopened
        for cycle in cycles
        if _same_start(cycle, verdict)
    )
