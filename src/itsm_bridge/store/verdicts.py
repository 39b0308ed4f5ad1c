"""What was agreed about clocks that ended, which is only added to, and the tickets whose clocks are to be looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from itsm_bridge.model import Verdict
from itsm_bridge.store.columns import clean
from itsm_bridge.store.schema import sla_freezes, sla_pending, sla_verdicts, tickets
from itsm_bridge.store.upsert import INSERT, put, put_new

BATCH = 500
"""Ids in one statement."""

FIELDS = tuple(field.name for field in fields(Verdict))


def queue(connection: Connection, source: str, ids: Iterable[str]) -> None:
    """Have tickets looked at: in the transaction that stores them, so that none is forgotten."""
    put_new(connection, sla_pending, [{"source": source, "external_id": one} for one in ids])


def queue_all(connection: Connection, source: str, inputs: str, at: datetime) -> bool:
    """Have all tickets of a source looked at, where they were frozen by other inputs or never."""
    known = connection.scalar(select(sla_freezes.c.inputs).where(sla_freezes.c.source == source))
    if known == inputs:
        return False
    every = select(tickets.c.source, tickets.c.external_id).where(tickets.c.source == source)
    adding = INSERT[connection.dialect.name](sla_pending).from_select(["source", "external_id"], every)
    connection.execute(adding.on_conflict_do_nothing())
    put(connection, sla_freezes, [{"source": source, "inputs": inputs, "queued_at": at}])
    return True


def queued(connection: Connection, source: str, limit: int) -> list[str]:
    """Who is to be looked at, in the order of the ids."""
    query = select(sla_pending.c.external_id).where(sla_pending.c.source == source)
    return list(connection.scalars(query.order_by(sla_pending.c.external_id).limit(limit)))


def freeze(connection: Connection, source: str, ids: Sequence[str], agreed: Iterable[Verdict]) -> int:
    """Add verdicts that are not there, and take the tickets off the queue."""
    rows = [{name: getattr(verdict, name) for name in FIELDS} for verdict in agreed]
    before = _count(connection, source, ids) if rows else 0
    put_new(connection, sla_verdicts, rows)
    added = _count(connection, source, ids) - before if rows else 0
    _take_off(connection, source, ids)
    return added


def of(connection: Connection, source: str, ids: Collection[str], before: datetime | None) -> list[Verdict]:
    """The verdicts of some tickets, by ticket, level and end."""
    table = sla_verdicts.c
    order = (table.external_id, table.sla, table.stopped_at, table.started_at)
    wanted, found = sorted({clean(one) for one in ids}), []
    for start in range(0, len(wanted), BATCH):
        query = select(*(table[name] for name in FIELDS)).where(
            table.source == source, table.external_id.in_(wanted[start : start + BATCH])
        )
        if before is not None:
            query = query.where(table.frozen_at <= before)
        found += [Verdict(*row) for row in connection.execute(query.order_by(*order))]
    return found


def _take_off(connection: Connection, source: str, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), BATCH):
        these = sla_pending.c.external_id.in_([clean(one) for one in ids[start : start + BATCH]])
        connection.execute(delete(sla_pending).where(sla_pending.c.source == source, these))


def _count(connection: Connection, source: str, ids: Sequence[str]) -> int:
    count = 0
    for start in range(0, len(ids), BATCH):
        these = sla_verdicts.c.external_id.in_([clean(one) for one in ids[start : start + BATCH]])
        query = select(func.count()).where(sla_verdicts.c.source == source, these)
        count += connection.execute(query).scalar_one()
    return count
