"""Storing what was read: rows, and with a page its bookmark, within the caller's transaction.

Everything here may be done again without harm: in a walk an older version never replaces a newer one, and an entry of
history that is read again is not doubled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

import itsm_bridge.store.absent as absent
import itsm_bridge.store.journal as journal
import itsm_bridge.store.lookouts as lookouts
import itsm_bridge.store.verdicts as verdicts
import itsm_bridge.store.worklogs as worklogs
from itsm_bridge.model import Approval, HistoryEntry, NativeSla, Ticket, TicketRecord
from itsm_bridge.store.columns import clean
from itsm_bridge.store.page import PageOfRecords
from itsm_bridge.store.rows import Saved
from itsm_bridge.store.schema import approvals, bookmarks, history, native_slas, streams, ticket_numbers, tickets
from itsm_bridge.store.upsert import Row, put, put_new

BATCH = 500
"""Tickets that are stored at once; bounds the length of a statement."""

TICKET_FIELDS = tuple(field.name for field in fields(Ticket))
HISTORY_FIELDS = tuple(field.name for field in fields(HistoryEntry))
APPROVAL_FIELDS = tuple(field.name for field in fields(Approval))
NATIVE_FIELDS = tuple(field.name for field in fields(NativeSla))

Known = Mapping[str, tuple[str, datetime]]
"""Number and version's instant of the tickets that are stored already, by external id."""


def save_page(connection: Connection, source: str, stream: str, page: PageOfRecords, at: datetime) -> Saved:
    """Store all that ``page`` brought, and that the stream is read up to its bookmark."""
    saved = _save_all(connection, source, stream, page, at, in_order=True)
    put(connection, bookmarks, [{"source": source, "stream": stream, "data": page.bookmark, "saved_at": at}])
    return saved


def save_found(connection: Connection, source: str, stream: str, page: PageOfRecords, at: datetime) -> Saved:
    """Store all that ``page`` brought; how far the stream is read stays.

    Its records were asked for by their ids, since another version of them was seen: they count as they are, also where
    the source has dated them back.
    """
    return _save_all(connection, source, stream, page, at, in_order=False)


def _save_all(
    connection: Connection, source: str, stream: str, page: PageOfRecords, at: datetime, *, in_order: bool
) -> Saved:
    saved = save_records(connection, source, page.records, at, in_order=in_order)
    put(connection, approvals, [_row(approval, APPROVAL_FIELDS) for approval in page.approvals])
    put(connection, native_slas, [_row(native, NATIVE_FIELDS) for native in page.natives])
    worklogs.replace(connection, source, page.worklogs)
    journal.keep(connection, page.journal)
    lookouts.replace_oddities(connection, source, page, at)
    parts = [vote.approval_id for vote in page.approvals] + [native.native_id for native in page.natives]
    lookouts.release(connection, source, parts + [entry.entry_id for entry in page.journal])
    lookouts.set_aside(connection, source, page.rejected, at)
    place(connection, source, dict.fromkeys([record.ticket.external_id for record in page.records], stream))
    unread = {item.external_id for item in page.rejected}  # where it was read before counts
    put_new(connection, streams, [{"source": source, "external_id": one, "stream": stream} for one in unread])
    return saved


def place(connection: Connection, source: str, stream_of: Mapping[str, str]) -> None:
    """Note in which stream records were seen, by external id."""
    rows = [{"source": source, "external_id": one, "stream": stream} for one, stream in stream_of.items()]
    put(connection, streams, rows)


def save_records(
    connection: Connection, source: str, records: Iterable[TicketRecord], at: datetime, *, in_order: bool = True
) -> Saved:
    """Store tickets of ``source`` with their history and approvals, each in its newest version.

    With ``in_order`` a version that is older than what is stored changes nothing but the history.
    """
    newest = list(_newest(source, records).values())
    total = Saved()
    for start in range(0, len(newest), BATCH):
        part = _save_batch(connection, source, newest[start : start + BATCH], at, in_order=in_order)
        total = Saved(
            total.new + part.new,
            total.changed + part.changed,
            total.unchanged + part.unchanged,
            total.history_entries + part.history_entries,
        )
    return total


def bookmark(connection: Connection, source: str, stream: str) -> Mapping[str, str] | None:
    """How far ``stream`` is read."""
    query = select(bookmarks.c.data).where(bookmarks.c.source == source, bookmarks.c.stream == stream)
    return connection.execute(query).scalar_one_or_none()


def forget_bookmarks(connection: Connection, source: str) -> None:
    """Let every stream of ``source`` be read from its start; the rows stay."""
    connection.execute(delete(bookmarks).where(bookmarks.c.source == source))


def _newest(source: str, records: Iterable[TicketRecord]) -> dict[str, TicketRecord]:
    """One record a ticket, the later of two equally old ones, with the history of all its versions."""
    found: dict[str, TicketRecord] = {}
    for record in records:
        if record.ticket.source != source:
            raise ValueError(f"a ticket of {record.ticket.source!r} in a page of {source!r}")
        key = clean(record.ticket.external_id)
        found[key] = _later(found[key], record) if key in found else record
    return found


def _later(one: TicketRecord, other: TicketRecord) -> TicketRecord:
    newer, older = (other, one) if one.ticket.updated_at <= other.ticket.updated_at else (one, other)
    return TicketRecord(newer.ticket, (*older.history, *newer.history), newer.approvals)


def _save_batch(
    connection: Connection, source: str, records: Sequence[TicketRecord], at: datetime, *, in_order: bool
) -> Saved:
    ids = [clean(record.ticket.external_id) for record in records]
    known = _known(connection, source, ids)
    entries_before = _count_entries(connection, source, ids)
    stale = frozenset(clean(one.ticket.external_id) for one in records if in_order and _is_stale(one.ticket, known))
    rows = [{**_row(record.ticket, TICKET_FIELDS), "saved_at": at} for record in records]
    written = put(connection, tickets, rows, in_order=in_order)
    put_new(connection, ticket_numbers, _aliases(known, records, stale, at))
    put(connection, history, [_row(entry, HISTORY_FIELDS) for record in records for entry in record.history])
    current = [record for record in records if clean(record.ticket.external_id) not in stale]
    put(connection, approvals, [_row(vote, APPROVAL_FIELDS) for record in current for vote in record.approvals])
    verdicts.queue(connection, source, ids)
    lookouts.release(connection, source, ids)
    absent.returned(connection, source, ids)
    return Saved(
        new=len(records) - len(known),
        changed=written - (len(records) - len(known)),
        unchanged=len(records) - written,
        history_entries=_count_entries(connection, source, ids) - entries_before,
    )


def _row(item: Ticket | HistoryEntry | Approval | NativeSla, names: Sequence[str]) -> Row:
    return {name: getattr(item, name) for name in names}


def _known(connection: Connection, source: str, ids: Sequence[str]) -> Known:
    """What is stored of these tickets, held against other writers until the transaction ends."""
    columns = (tickets.c.external_id, tickets.c.number, tickets.c.updated_at)
    query = select(*columns).where(tickets.c.source == source, tickets.c.external_id.in_(ids))
    ordered = query.order_by(tickets.c.external_id).with_for_update()
    return {external_id: (number, updated_at) for external_id, number, updated_at in connection.execute(ordered)}


def _count_entries(connection: Connection, source: str, ids: Sequence[str]) -> int:
    query = select(func.count()).where(history.c.source == source, history.c.external_id.in_(ids))
    return connection.execute(query).scalar_one()


def _is_stale(ticket: Ticket, known: Known) -> bool:
    stored = known.get(clean(ticket.external_id))
    return stored is not None and ticket.updated_at < stored[1]


def _aliases(known: Known, records: Sequence[TicketRecord], stale: Collection[str], at: datetime) -> list[Row]:
    """The other numbers that tickets have, or had."""
    rows: list[Row] = []
    for record in records:
        ticket = record.ticket
        stored = known.get(clean(ticket.external_id))
        if stored is not None and stored[0] != clean(ticket.number):
            number = ticket.number if clean(ticket.external_id) in stale else stored[0]
            rows.append(_alias(ticket, number, at))
    return rows


def _alias(ticket: Ticket, number: str, at: datetime) -> Row:
    return {"source": ticket.source, "number": number, "external_id": ticket.external_id, "seen_at": at}
