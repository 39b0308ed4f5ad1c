"""Reading tickets back: one by what people call it, or all of them in order, a chunk at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)

from itsm_bridge.model import Approval, Entries, Ticket, TicketRecord
from itsm_bridge.store.absent import IS_GONE
from itsm_bridge.store.columns import DamageError, from_microseconds
from itsm_bridge.store.database import Reading
from itsm_bridge.store.pages import APPROVAL_FIELDS, HISTORY_FIELDS, TICKET_FIELDS
from itsm_bridge.store.rows import Arrival, KnownTicket
from itsm_bridge.store.schema import IS_OPEN, approvals, history, intents, resolutions, ticket_numbers, tickets

CHUNK = 500
"""Tickets that are held in memory at once."""

OF_REPORT = 2_000
"""The same for a report, which holds more of them than that, and saves most of the time between chunks."""

Identity = tuple[str, str]
"""A ticket's source and external id."""

_TICKET = tuple(tickets.c[name] for name in TICKET_FIELDS)
_ENTRY = tuple(type_coerce(history.c.at, BigInteger) if name == "at" else history.c[name] for name in HISTORY_FIELDS)
"""What ``Entries`` are made of: instants as they lie there."""

_AT = HISTORY_FIELDS.index("at")
_VOTE = tuple(approvals.c[name] for name in APPROVAL_FIELDS)
_ORDER = (tickets.c.source, tickets.c.external_id)
_KNOWN = tuple(tickets.c[name] for name in ("source", "external_id", "number", "created_at"))
_IS_OPEN: ColumnElement[bool] = literal_column(f"({IS_OPEN})")
_PARTS = {
    history: (_ENTRY, (history.c.external_id, history.c.at, history.c.entry_id, history.c.field)),
    approvals: (_VOTE, (approvals.c.external_id, approvals.c.requested_at, approvals.c.approval_id)),
}
"""What a record consists of beside its ticket: columns, the second of them the external id, and their order."""


def find(connection: Connection, ticket_id: str) -> Ticket | None:
    """The ticket that ``<source>:<number>`` means today; else the last one that once had the number."""
    source, _, number = ticket_id.partition(":")
    present = select(*_TICKET).where(tickets.c.source == source, tickets.c.number == number)
    newest = present.order_by(tickets.c.updated_at.desc(), tickets.c.external_id).limit(1)
    return _first(connection, newest) or _first(connection, _by_alias(source, number))


def by_identity(connection: Connection, source: str, external_id: str) -> Ticket | None:
    """The ticket with the source's own id."""
    return _first(connection, select(*_TICKET).where(tickets.c.source == source, tickets.c.external_id == external_id))


def open_tickets(reading: Reading, source: str) -> Iterator[Ticket]:
    """The open tickets of a source without their history, by external id."""
    query = select(*_TICKET).where(*_filters(source, open_only=True)).order_by(*_ORDER)
    with reading() as connection, connection.execute(query.execution_options(yield_per=CHUNK)) as result:
        for row in result:
            yield Ticket(*row)


def touched(connection: Connection, fields: Collection[str]) -> list[Identity]:
    """The open tickets of which one of ``fields`` ever changed, or on which we wrote, or somebody resolved anything."""

    def of_ticket(table: Table) -> ColumnElement[bool]:
        return and_(table.c.source == tickets.c.source, table.c.external_id == tickets.c.external_id)

    changed = exists().where(of_ticket(history), history.c.field.in_(list(fields)), history.c.old != history.c.new)
    ours = exists().where(of_ticket(intents))
    theirs = exists().where(of_ticket(resolutions))
    query = select(*_ORDER).where(_IS_OPEN, ~IS_GONE, ours | theirs | changed).order_by(*_ORDER)
    return [(source, external_id) for source, external_id in connection.execute(query)]


def count(connection: Connection, source: str | None, *, open_only: bool) -> int:
    """How many tickets there are."""
    query = select(func.count()).select_from(tickets).where(*_filters(source, open_only=open_only))
    return connection.execute(query).scalar_one()


def finished(connection: Connection, since: datetime, limit: int) -> list[Identity]:
    """Who was resolved or closed last, the newest first, at most ``limit`` since an instant."""
    ended = func.coalesce(tickets.c.resolved_at, tickets.c.closed_at)
    query = select(*_ORDER).where(ended >= since, *_filters(None, open_only=False))
    rows = connection.execute(query.order_by(ended.desc(), *_ORDER).limit(limit))
    return [(source, external_id) for source, external_id in rows]


def walk(
    reading: Reading, source: str | None, *, open_only: bool, ids: Collection[Identity] | None
) -> Iterator[TicketRecord]:
    """Whole records, ordered by source and external id (by code point), a chunk in memory at a time.

    Each chunk is read in a transaction of its own, so that the caller may write in between; in a snapshot all are one.
    """
    query = select(*_TICKET).where(*_filters(source, open_only=open_only)).order_by(*_ORDER)
    chunks = _in_order(reading, query, CHUNK) if ids is None else _chosen(reading, query, ids)
    for chunk in chunks:
        yield from chunk


def alive(reading: Reading, since: datetime, before: datetime) -> Iterator[TicketRecord]:
    """Whole records as ``walk`` gives them: created ``before`` an instant, and open or dated ``since`` another."""
    dated = [tickets.c[name] >= since for name in ("updated_at", "resolved_at", "closed_at")]
    query = select(*_TICKET).where(tickets.c.created_at < before, or_(_IS_OPEN, *dated, _changed(since)))
    for chunk in _in_order(reading, query.order_by(*_ORDER), OF_REPORT):
        yield from chunk


def created(connection: Connection, before: datetime) -> dict[str, int]:
    """How many tickets of each source were created before an instant."""
    query = select(tickets.c.source, func.count()).where(tickets.c.created_at < before)
    return {row[0]: row[1] for row in connection.execute(query.group_by(tickets.c.source))}


def arrivals(connection: Connection, since: datetime, before: datetime) -> list[Arrival]:
    """What was created from ``since`` on and ``before`` an instant, and whether it may have changed its place since."""
    moved = exists().where(
        history.c.source == tickets.c.source,
        history.c.external_id == tickets.c.external_id,
        history.c.field.in_(("environment", "service")),
        or_(history.c.at >= before, tickets.c.updated_at >= before),
    )
    query = select(*_ORDER, tickets.c.created_at, tickets.c.environment, tickets.c.service, moved)
    there = query.where(tickets.c.created_at >= since, tickets.c.created_at < before).order_by(*_ORDER)
    return [Arrival(*row) for row in connection.execute(there).all()]


def known(connection: Connection, ids: Iterable[Identity]) -> Iterator[KnownTicket]:
    """The numbers and creations of some tickets, in the order of their source and id; unknown ones are left out."""
    for source, wanted in _in_parts(ids):
        query = select(*_KNOWN).where(tickets.c.source == source, tickets.c.external_id.in_(wanted))
        yield from (KnownTicket(*row) for row in connection.execute(query.order_by(*_ORDER)))


def _by_alias(source: str, number: str) -> Select[*tuple[Any, ...]]:
    is_same = and_(tickets.c.source == ticket_numbers.c.source, tickets.c.external_id == ticket_numbers.c.external_id)
    query = select(*_TICKET).join_from(ticket_numbers, tickets, is_same)
    had_it = query.where(ticket_numbers.c.source == source, ticket_numbers.c.number == number)
    return had_it.order_by(ticket_numbers.c.seen_at.desc(), ticket_numbers.c.external_id).limit(1)


def _first(connection: Connection, query: Select[*tuple[Any, ...]]) -> Ticket | None:
    row = connection.execute(query).first()
    return None if row is None else Ticket(*row)


def _filters(source: str | None, *, open_only: bool) -> list[ColumnElement[bool]]:
    of_source = [] if source is None else [tickets.c.source == source]
    return [*of_source, *([_IS_OPEN, ~IS_GONE] if open_only else [])]


def _in_order(reading: Reading, query: Select[*tuple[Any, ...]], size: int) -> Iterator[list[TicketRecord]]:
    """Chunk after chunk, each beginning after the last ticket of the one before."""
    query = query.limit(size)
    chunk = _read(reading, query)
    while chunk:
        yield chunk
        last = chunk[-1].ticket
        after = tuple_(*_ORDER) > tuple_(last.source, last.external_id)
        chunk = _read(reading, query.where(after)) if len(chunk) == size else []


def _chosen(
    reading: Reading, query: Select[*tuple[Any, ...]], ids: Collection[Identity]
) -> Iterator[list[TicketRecord]]:
    for source, wanted in _in_parts(ids):
        yield _read(reading, query.where(tickets.c.source == source, tickets.c.external_id.in_(wanted)))


def _in_parts(ids: Iterable[Identity]) -> Iterator[tuple[str, list[str]]]:
    """Ids in order, by source and at most ``CHUNK`` at a time."""
    for source, group in groupby(sorted(set(ids)), key=lambda identity: identity[0]):
        wanted = [external_id for _, external_id in group]
        for start in range(0, len(wanted), CHUNK):
            yield source, wanted[start : start + CHUNK]


def _changed(since: datetime) -> ColumnElement[bool]:
    """Whether the history of a ticket has an entry at an instant or after it."""
    is_of = and_(history.c.source == tickets.c.source, history.c.external_id == tickets.c.external_id)
    return exists().where(is_of, history.c.at >= since)


def _read(reading: Reading, query: Select[*tuple[Any, ...]]) -> list[TicketRecord]:
    """The tickets of one query, with their history and approvals from the same transaction."""
    with reading() as connection:
        found = [Ticket(*row) for row in connection.execute(query).all()]
        entries = _parts(connection, history, query, found)
        _check_instants(entries)
        votes = _parts(connection, approvals, query, found)
        return [
            TicketRecord(
                ticket,
                Entries(entries.get((ticket.source, ticket.external_id), ())),
                tuple([Approval(*row) for row in votes.get((ticket.source, ticket.external_id), ())]),
            )
            for ticket in found
        ]


def _check_instants(entries: Mapping[Identity, Sequence[Row[*tuple[Any, ...]]]]) -> None:
    """Raise ``DamageError`` now, and not when somebody looks at an entry."""
    instants = [row[_AT] for rows in entries.values() for row in rows]
    try:
        ends = {min(instants, default=0), max(instants, default=0)}
    except TypeError as error:
        raise DamageError("not an instant") from error
    for at in ends:
        from_microseconds(at)


def _parts(
    connection: Connection, table: Table, query: Select[*tuple[Any, ...]], found: Sequence[Ticket]
) -> Mapping[Identity, list[Row[*tuple[Any, ...]]]]:
    """Rows of ``table`` that belong to the tickets that a query found, in its order, by ticket.

    They are asked for by the query itself and not by their ids: a list of these costs as much as the rows.
    """
    columns, order = _PARTS[table]
    parts: defaultdict[Identity, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    chosen = query.with_only_columns(tickets.c.external_id).order_by(None).limit(None)
    for source, group in groupby(found, key=lambda ticket: ticket.source):
        ids = [ticket.external_id for ticket in group]
        in_range = (tickets.c.external_id >= ids[0], tickets.c.external_id <= ids[-1])  # BETWEEN takes no collation
        these = chosen.where(tickets.c.source == source, *in_range)
        some = select(*columns).where(table.c.source == source, table.c.external_id.in_(these)).order_by(*order)
        for row in connection.execute(some).all():
            parts[source, row[1]].append(row)
    return parts
