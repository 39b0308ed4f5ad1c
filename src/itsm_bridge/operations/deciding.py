"""Deciding what the store holds: all open tickets as a run does, or some of them alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from itsm_bridge.errors import GuardTripped
from itsm_bridge.model import Ticket
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.learning import efforts_of, goes_by_load
from itsm_bridge.sync import stop
from itsm_bridge.writeback import Ledger, Plan, Shown, Watch, make_plan, open_writes, unwatched

Key = tuple[str, str]
"""Source and external id."""


def decide(
    bridge: Bridge,
    sources: Collection[str],
    now: datetime,
    watch: Watch = unwatched,
    only: Collection[Key] | None = None,
) -> Plan:
    """Decide the open tickets of ``sources`` as they stand in the store; ``watch`` is shown each of them.

    With ``only`` those alone (source, external id): then each is decided as if it were the next one.
    """
    store, left = bridge.store, _left_alone(bridge, sources)
    some = None if only is None else [key for key in only if key not in left and key[0] in sources]
    if some is None:
        records = (record for source in sources for record in store.records(source=source, open_only=True))
    else:
        records = (record for record in store.records(ids=some) if record.ticket.state.is_open)
    return make_plan(
        bridge.configuration,
        (record for record in records if (record.ticket.source, record.ticket.external_id) not in left),
        _ledger(bridge, sources, some),
        now,
        efforts_of(bridge, now),
        resolved=store.resolutions(),
        shown=shown_of(bridge),
        watch=watch,
        beside=None if some is None else _work(bridge, sources, left),
    )


def _left_alone(bridge: Bridge, sources: Collection[str]) -> set[Key]:
    """What is not decided: a ticket that the last sweep missed, or one with a write whose end nobody knows yet."""
    missed = {(row.source, row.external_id) for row in bridge.store.absences()}
    return missed | {(one.source, one.external_id) for source in sources for one in open_writes(bridge.store, source)}


def _ledger(bridge: Bridge, sources: Collection[str], some: Sequence[Key] | None) -> Ledger:
    """Our last writes; of one ticket alone where nothing else is decided and no rule goes by load."""
    if some is not None and len(some) == 1 and not goes_by_load(bridge):
        ((source, external_id),) = some
        return {source: bridge.store.last_writes(source, external_id=external_id)}
    return {source: bridge.store.last_writes(source, open_only=True) for source in sources}


def _work(bridge: Bridge, sources: Collection[str], left: Collection[Key]) -> Iterator[Ticket]:
    """All the work in anybody's hands, where a rule goes by that."""
    if goes_by_load(bridge):
        for source in sources:
            yield from (one for one in bridge.store.open_tickets(source) if (source, one.external_id) not in left)


def shown_of(bridge: Bridge) -> Shown:
    """Where customers are shown an internal note of ours."""
    return {(one.source, one.project): one.ticket for one in bridge.store.shown_notes()}


def halts(bridge: Bridge, sources: Collection[str]) -> Mapping[str, GuardTripped]:
    """Those of ``sources`` whose last sweep missed too much: neither decided nor written until one has passed."""
    found = bridge.store.stops()
    return {name: stop(name, found[name]) for name in sources if name in found}
