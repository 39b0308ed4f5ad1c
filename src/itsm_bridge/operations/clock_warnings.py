"""Warnings: which clocks have used up a share of their target that their definition warns of, each told once.

A warning is recorded when it is first seen and told by the run that ends well enough to keep its summary: what a killed
run has recorded, the next one tells. Not told, but recorded, is what was over when the bridge came to look: all that
was used up when a warning is looked for in a source for the first time, so that a first run does not list half the
instance, and a clock whose target had passed before the last look, such as one that attaches late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from itsm_bridge.calendars import Calendars
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord, Warned
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.rules import classify
from itsm_bridge.sla import Clockwork, Cycle, Reckoning, crossed, crossed_at

BATCH = 2_000
"""Open tickets whose clocks are looked at in one go."""

WHOLE = 100.0

Key = tuple[str, str, datetime, float]
"""External id, level, start of the clock, and percent."""


@dataclass(frozen=True, slots=True)
class ClockWarning:
    """A clock to tell of: the highest ``percent`` that is new, and how much of its target is ``used``, in percent."""

    ticket: str
    sla: str
    percent: float
    used: float
    vendor: str | None
    crossed_at: datetime


@dataclass(frozen=True, slots=True)
class Warnings:
    """What one look has found: the clocks to tell of, the rows that are told with them, and what was over before."""

    clocks: tuple[ClockWarning, ...] = ()
    rows: tuple[Warned, ...] = ()
    before: int = 0

    def __add__(self, other: Warnings) -> Warnings:
        return Warnings(self.clocks + other.clocks, self.rows + other.rows, self.before + other.before)


NO_WARNINGS = Warnings()


def look(
    bridge: Bridge, sources: Collection[str], now: datetime, expired: Callable[[], bool] = lambda: False
) -> Warnings:
    """Look at the clocks of the open tickets of ``sources``, and record what is used up of them.

    ``expired`` is asked between two batches; the next look finds the rest. Raises ``ConfigurationInvalid`` for clocks
    that cannot be computed.
    """
    watched = {(one.name, percent) for one in bridge.configuration.slas for percent in one.warn}
    found = NO_WARNINGS
    if not watched:
        return found
    for source in sources:
        lookout = _Lookout(bridge.configuration, bridge.store.watches(source), now)
        records = _open_records(bridge, source)
        while batch := list(islice(records, BATCH)):
            if expired():
                return found
            seen = lookout.seen(batch)
            known = {_key(one): one for one in bridge.store.warnings(source, {key[0] for key in seen})}
            fresh = list(lookout.recorded({key: cycle for key, cycle in seen.items() if key not in known}, batch))
            bridge.store.save_warnings(source, fresh, (), now)
            untold = [one for one in [*(known[key] for key in seen if key in known), *fresh] if one.told_at is None]
            found += Warnings(tuple(_told(untold, seen)), tuple(untold), sum(one.told_at is not None for one in fresh))
        bridge.store.save_warnings(source, (), watched, now)
    return replace(found, clocks=tuple(sorted(found.clocks, key=lambda one: (-one.used, one.ticket, one.sla))))


class _Lookout:
    """One configuration at one instant, and when each warning was last looked for in a source."""

    def __init__(
        self, configuration: Configuration, watches: Mapping[tuple[str, float], datetime], now: datetime
    ) -> None:
        self._clockwork = Clockwork(configuration)
        self._watches = watches
        self._now = now
        self._read = classify(configuration)
        self._calendars = Calendars(configuration)

    def seen(self, records: Sequence[TicketRecord]) -> dict[Key, Cycle]:
        """Every share that is used up of a clock that has not ended, with the clock."""
        return {
            (cycle.external_id, cycle.sla, cycle.started_at, percent): cycle
            for some in self._clockwork.clocked(map(self._read, records), self._now)
            for cycle in some.cycles
            if cycle.stopped_at is None
            for percent in crossed(cycle, cycle.definition.warn)
        }

    def recorded(self, seen: Mapping[Key, Cycle], records: Sequence[TicketRecord]) -> Iterator[Warned]:
        """The rows of what is new, with the instants at which it was used up."""
        by_id = {record.ticket.external_id: record for record in records}
        reckoned: dict[str, tuple[Reckoning, ...]] = {}
        for (one, sla, started_at, percent), cycle in seen.items():
            if one not in reckoned:
                reckoned = {one: next(self._clockwork.reckonings([self._read(by_id[one])], self._now))}
            reckoning = next(each for each in reckoned[one] if each.cycle == cycle)
            at = crossed_at(reckoning, percent, self._calendars)
            told_at = self._now if self._is_over(reckoning, percent, at) else None
            yield Warned(cycle.source, one, sla, started_at, percent, at, cycle.vendor, told_at)

    def _is_over(self, reckoning: Reckoning, percent: float, at: datetime) -> bool:
        """Whether nobody is to be told any more."""
        cycle = reckoning.cycle
        last = self._watches.get((cycle.sla, percent))
        if last is None:
            return True
        return cycle.breached and max(at, crossed_at(reckoning, WHOLE, self._calendars)) <= last


def _open_records(bridge: Bridge, source: str) -> Iterator[TicketRecord]:
    """The open tickets of a source, but for those that the last sweep missed."""
    missed = {row.external_id for row in bridge.store.absences(source)}
    for record in bridge.store.records(source=source, open_only=True):
        if record.ticket.external_id not in missed:
            yield record


def _key(one: Warned) -> Key:
    return one.external_id, one.sla, one.started_at, one.percent


def _told(untold: Sequence[Warned], seen: Mapping[Key, Cycle]) -> Iterator[ClockWarning]:
    """Of each clock the highest of its new shares."""
    highest: dict[Cycle, Warned] = {}
    for one in untold:
        cycle = seen[_key(one)]
        if cycle not in highest or one.percent > highest[cycle].percent:
            highest[cycle] = one
    for cycle, one in highest.items():
        used = 100 * cycle.elapsed_seconds / cycle.target_seconds if cycle.target_seconds else WHOLE
        yield ClockWarning(cycle.ticket, cycle.sla, one.percent, round(used, 1), cycle.vendor, one.crossed_at)
