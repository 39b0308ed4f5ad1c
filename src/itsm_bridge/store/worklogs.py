"""The time booked on tickets: for each ticket that was read, what it has now takes the place of what it had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from itsm_bridge.model import Worklog
from itsm_bridge.store.columns import clean
from itsm_bridge.store.schema import worklogs
from itsm_bridge.store.upsert import put

BATCH = 500
"""Ids in one statement."""

FIELDS = tuple(field.name for field in fields(Worklog))


def replace(connection: Connection, source: str, found: Mapping[str, Sequence[Worklog]]) -> None:
    """Keep exactly the worklogs in ``found`` of the tickets that it names; one may have come from another ticket."""
    present = [worklog for booked in found.values() for worklog in booked]
    kept = {clean(worklog.worklog_id) for worklog in present}
    ids = [clean(external_id) for external_id in found]
    for start in range(0, len(ids), BATCH):
        _delete(
            connection,
            source,
            [one for one in _stored(connection, source, ids[start : start + BATCH]) if one not in kept],
        )
    put(connection, worklogs, [{name: getattr(worklog, name) for name in FIELDS} for worklog in present])


def of(connection: Connection, source: str, external_id: str) -> list[Worklog]:
    """What is booked on one ticket, by the instant from which it counts."""
    mine = (worklogs.c.source == source, worklogs.c.external_id == external_id)
    query = select(*(worklogs.c[name] for name in FIELDS)).where(*mine)
    ordered = query.order_by(worklogs.c.started_at, worklogs.c.worklog_id)
    return [Worklog(*row) for row in connection.execute(ordered)]


def booked(connection: Connection, before: datetime) -> dict[tuple[str, str], int]:
    """Seconds booked on each ticket (source, external id) for time that began before an instant."""
    ticket = (worklogs.c.source, worklogs.c.external_id)
    query = select(*ticket, func.sum(worklogs.c.seconds)).where(worklogs.c.started_at < before).group_by(*ticket)
    return {(source, external_id): int(seconds) for source, external_id, seconds in connection.execute(query)}


def _stored(connection: Connection, source: str, ids: Sequence[str]) -> list[str]:
    query = select(worklogs.c.worklog_id).where(worklogs.c.source == source, worklogs.c.external_id.in_(ids))
    return list(connection.scalars(query))


def _delete(connection: Connection, source: str, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), BATCH):
        these = worklogs.c.worklog_id.in_(ids[start : start + BATCH])
        connection.execute(delete(worklogs).where(worklogs.c.source == source, these))
