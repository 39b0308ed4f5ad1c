"""Why one ticket is where it is, now or at an instant in the past, and what the rules come to over all open tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from itsm_bridge.errors import UsageError
from itsm_bridge.history import as_of, with_recorded_end
from itsm_bridge.model import JournalEntry, TicketRecord
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.learning import efforts_of, goes_by_load
from itsm_bridge.rules import Decider, Explanation, Overview, OwnerSlot, Verdict, classify, explain, overview, owner_map
from itsm_bridge.sla import Statements, statements
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback import Loads, clocks_of, standing_of

Writes = Mapping[str, LastWrite]


def explain_ticket(bridge: Bridge, ticket_id: str, now: datetime, *, at: datetime | None = None) -> Explanation:
    """Why one ticket is decided as it is at ``now``, or was at ``at``, on what the store holds.

    For ``at`` the ticket, the other open tickets and the bridge's own writes are those of then; the rules, and what is
    learnt about effort, are today's. Raises ``UsageError`` where there is no such ticket, or was none yet.
    """
    record = _record(bridge, ticket_id)
    writes = bridge.store.last_writes(record.ticket.source).get(record.ticket.external_id, {})
    if at is None:
        return _explained(bridge, record, writes, now, bridge.store.records(open_only=True))
    then = _as_of(record, at)
    others = (past for one in bridge.store.records() if (past := as_of(one, at)) and past.ticket.state.is_open)
    return _explained(bridge, then, _before(writes, at), at, others)


def explain_clocks(bridge: Bridge, ticket_id: str, now: datetime, *, at: datetime | None = None) -> Statements:
    """How each clock of one ticket came to what a report shows at ``now``, or showed at ``at``.

    Raises ``UsageError`` where there is no such ticket, or was none yet, and ``ConfigurationInvalid`` as ``cycles``.
    """
    record = with_recorded_end(_record(bridge, ticket_id))
    then = record if at is None else _as_of(record, at)
    return statements(classify(bridge.configuration)(then), bridge.configuration, now if at is None else at)


def notes_on(bridge: Bridge, ticket_id: str) -> list[JournalEntry]:
    """What people wrote on one ticket, the oldest first, where notes are read."""
    ticket = bridge.store.find_ticket(ticket_id)
    return bridge.store.journal(ticket.source, ticket.external_id) if ticket is not None else []


@dataclass(frozen=True, slots=True)
class Glance:
    """The owner map of a day, and what the rules come to over the open tickets."""

    owners: tuple[OwnerSlot, ...]
    rules: Overview


def at_a_glance(bridge: Bridge, now: datetime) -> Glance:
    """Decide every open ticket by itself, as if it were the next one, and count what each rule does."""
    configuration, decider = bridge.configuration, Decider(bridge.configuration)
    records = list(map(classify(configuration), bridge.store.records(open_only=True)))
    loads = _loads(bridge, decider, records, now)
    clocks = clocks_of(configuration, records, now)
    ledger = {source: bridge.store.last_writes(source, open_only=True) for source in configuration.sources}
    resolved = bridge.store.resolutions()

    def decided(record: TicketRecord) -> Verdict:
        key = (record.ticket.source, record.ticket.external_id)
        decide = partial(decider.decide, record, now, loads=loads.turns(record.ticket), clocks=clocks.get(key, ()))
        writes = ledger[key[0]].get(key[1], {})
        return decide(standing=standing_of(configuration, record, writes, resolved.get(key, {}), decide))

    today = now.astimezone(configuration.zone).date()
    return Glance(owner_map(configuration, today), overview(configuration, map(decided, records)))


def _record(bridge: Bridge, ticket_id: str) -> TicketRecord:
    ticket = bridge.store.find_ticket(ticket_id)
    if ticket is None:
        raise UsageError(
            f"there is no ticket {ticket_id!r} in the store; ids are written source:number, such as snow:INC0010023",
            hint="itsm-bridge sync",
        )
    return next(bridge.store.records(ids=[(ticket.source, ticket.external_id)]))


def _as_of(record: TicketRecord, at: datetime) -> TicketRecord:
    then = as_of(record, at)
    if then is None:
        ticket = record.ticket
        raise UsageError(f"{ticket.id} was created only on {ticket.created_at.isoformat()}; nothing to explain")
    return then


def _before(writes: Writes, at: datetime) -> Writes:
    """Those of our own writes that had been made."""
    return {key: write for key, write in writes.items() if write.written_at is not None and write.written_at < at}


def _explained(
    bridge: Bridge, record: TicketRecord, writes: Writes, now: datetime, others: Iterable[TicketRecord]
) -> Explanation:
    decider = Decider(bridge.configuration)
    read = classify(bridge.configuration)(record)
    ticket = read.ticket
    loads = _loads(bridge, decider, others, now).turns(ticket)
    clocks = clocks_of(bridge.configuration, [read], now).get((ticket.source, ticket.external_id), ())
    past = bridge.store.resolutions_of(ticket.source, ticket.external_id)
    resolved = {one.field: one for one in past if one.at <= now}
    wish = partial(decider.decide, record, now, loads=loads, clocks=clocks)
    standing = standing_of(bridge.configuration, read, writes, resolved, wish)
    return explain(decider, record, now, standing=standing, loads=loads, clocks=clocks)


def _loads(bridge: Bridge, decider: Decider, records: Iterable[TicketRecord], now: datetime) -> Loads:
    """How loaded each vendor is; counted only where a rule goes by it."""
    configuration = bridge.configuration
    ledger = {source: bridge.store.last_writes(source, open_only=True) for source in configuration.sources}
    loads = Loads(configuration, decider.calendars, efforts_of(bridge, now), ledger, now)
    if goes_by_load(bridge):
        loads.count(record.ticket for record in records)
    return loads
