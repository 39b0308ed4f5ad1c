"""Freezing: what is agreed about each clock once it has ended, kept before a rule or a history can change it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from itsm_bridge.config.model import Configuration
from itsm_bridge.history import with_recorded_end
from itsm_bridge.model import TicketRecord, Verdict
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.rules import classify
from itsm_bridge.sla import ClockedTicket, Clockwork, Cycle, Digests, frozen

BATCH = 2_000
"""Tickets that are frozen in one transaction."""


def freeze(bridge: Bridge, sources: Collection[str], now: datetime, expired: Callable[[], bool] = lambda: False) -> int:
    """Freeze the verdicts of what has ended in ``sources`` and is not frozen yet; how many were added.

    Looked at are tickets that were stored since the last time, or all of them where the definitions or calendars have
    changed. ``expired`` is asked between two batches; the next time goes on there. Raises ``ConfigurationInvalid`` for
    clocks that cannot be computed.
    """
    if not bridge.configuration.slas:
        return 0
    registrar = _Registrar(bridge.configuration, now)
    added = 0
    for source in sources:
        bridge.store.queue_for_freezing(source, registrar.inputs, now)
        gone = {row.external_id for row in bridge.store.absences(source) if row.gone_at is not None}
        while not expired() and (ids := bridge.store.unfrozen(source, BATCH)):
            there = [(source, one) for one in ids if one not in gone]
            records = list(bridge.store.records(ids=there))
            agreed = bridge.store.verdicts(source, ids)
            added += bridge.store.freeze(source, ids, registrar.verdicts(records, agreed))
    return added


class _Registrar:
    """What is to be frozen of some tickets, under one configuration."""

    def __init__(self, configuration: Configuration, now: datetime) -> None:
        self._now = now
        self._clockwork = Clockwork(configuration)
        self._digests = Digests(configuration)
        self._read = classify(configuration)

    @property
    def inputs(self) -> str:
        """The digest of all that clocks are computed from, but the tickets."""
        return self._digests.inputs

    def verdicts(self, records: Sequence[TicketRecord], agreed: Sequence[Verdict]) -> list[Verdict]:
        """The verdicts to be added."""
        whole = [with_recorded_end(record) for record in records]
        read = [self._read(record) for record in whole]
        clocks: defaultdict[str, list[Cycle]] = defaultdict(list)
        for some in self._clockwork.clocked(read, self._now):
            for cycle in some.cycles:
                clocks[cycle.external_id].append(cycle)
        known: defaultdict[str, list[Verdict]] = defaultdict(list)
        for one in agreed:
            known[one.external_id].append(one)
        tickets = (
            ClockedTicket(record, as_read, clocks[record.ticket.external_id])
            for record, as_read in zip(whole, read, strict=True)
        )
        return [
            verdict
            for ticket in tickets
            for verdict in frozen(ticket, known[ticket.record.ticket.external_id], self._digests, self._now)
        ]
