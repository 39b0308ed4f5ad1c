"""Tickets that are known and were not seen: what sweeps missed, what counts as gone, and what came back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select, update

from itsm_bridge.store.rows import AbsenceRow, SweepRow
from itsm_bridge.store.schema import absences, stops, streams, sweeps, tickets
from itsm_bridge.store.upsert import INSERT, put

BATCH = 500
"""Ids in one statement."""

HIDDEN = "hidden"
"""The reason of a ticket that is there and may not be seen."""

IS_GONE: ColumnElement[bool] = exists().where(
    absences.c.source == tickets.c.source,
    absences.c.external_id == tickets.c.external_id,
    absences.c.gone_at.is_not(None),
)
"""Whether a ticket counts as gone."""

IS_MISSED: ColumnElement[bool] = exists().where(
    absences.c.source == tickets.c.source, absences.c.external_id == tickets.c.external_id
)
"""Whether the last sweep missed a ticket, be it gone or not yet."""

IS_HIDDEN: ColumnElement[bool] = exists().where(
    absences.c.source == tickets.c.source,
    absences.c.external_id == tickets.c.external_id,
    absences.c.reason == HIDDEN,
)
"""Whether the last sweep missed a ticket that is there, and hidden from us."""


def versions(connection: Connection, source: str) -> dict[str, str]:
    """The stored version of every ticket of ``source`` that is not gone, by external id."""
    query = select(tickets.c.external_id, tickets.c.version).where(tickets.c.source == source, ~IS_GONE)
    return {row.external_id: row.version for row in connection.execute(query)}


def stream_of(connection: Connection, source: str) -> dict[str, str]:
    """In which stream each record of ``source`` was last read, by external id."""
    query = select(streams.c.external_id, streams.c.stream).where(streams.c.source == source)
    return {row.external_id: row.stream for row in connection.execute(query)}


def missed(connection: Connection, source: str | None) -> list[AbsenceRow]:
    """What the last sweeps missed, by source and id."""
    query = select(*absences.columns).order_by(absences.c.source, absences.c.external_id)
    wanted = query if source is None else query.where(absences.c.source == source)
    return [AbsenceRow(*row) for row in connection.execute(wanted)]


def last_sweeps(connection: Connection) -> list[SweepRow]:
    """The last whole sweep of each source."""
    return [SweepRow(*row) for row in connection.execute(select(*sweeps.columns).order_by(sweeps.c.source))]


def note_stop(connection: Connection, source: str, why: str, at: datetime) -> None:
    """Note that a sweep of ``source`` missed more tickets than it may."""
    put(connection, stops, [{"source": source, "at": at, "why": why}])


def stopped(connection: Connection) -> dict[str, str]:
    """The sources of which that is so still, and what was said then."""
    return {row.source: row.why for row in connection.execute(select(stops))}


def note_sweep(
    connection: Connection, sweep: SweepRow, missing: Mapping[str, str], final: Collection[str], patience: int
) -> list[str]:
    """Note a whole sweep and the tickets that it missed, with the reason of each; those that are gone since.

    A ticket is gone at once for a reason in ``final``, else when ``patience`` sweeps in a row have missed it.
    """
    _forget_all_but(connection, sweep.source, missing)
    _miss(connection, sweep, missing)
    gone = _give_up(connection, sweep, final, patience)
    connection.execute(delete(stops).where(stops.c.source == sweep.source))
    put(connection, sweeps, [{name: getattr(sweep, name) for name in sweeps.columns.keys()}])  # noqa: SIM118 (columns)
    return gone


def returned(connection: Connection, source: str, ids: Sequence[str]) -> None:
    """Tickets that were read: whatever sweeps missed, they are there."""
    for start in range(0, len(ids), BATCH):
        these = absences.c.external_id.in_(ids[start : start + BATCH])
        connection.execute(delete(absences).where(absences.c.source == source, these))


def _forget_all_but(connection: Connection, source: str, missing: Mapping[str, str]) -> None:
    """Only sweeps in a row count; what is gone stays gone until it is read again."""
    waiting = select(absences.c.external_id).where(absences.c.source == source, absences.c.gone_at.is_(None))
    returned(connection, source, [one for one in connection.scalars(waiting) if one not in missing])


def _miss(connection: Connection, sweep: SweepRow, missing: Mapping[str, str]) -> None:
    statement = INSERT[connection.dialect.name](absences).values(missed=1)
    again = {
        "reason": statement.excluded.reason,
        "last_missed": statement.excluded.last_missed,
        "missed": absences.c.missed + 1,
    }
    rows = [
        {
            "source": sweep.source,
            "external_id": external_id,
            "reason": reason,
            "first_missed": sweep.swept_at,
            "last_missed": sweep.swept_at,
        }
        for external_id, reason in missing.items()
    ]
    if rows:
        keys = list(absences.primary_key.columns)
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=again), rows)


def _give_up(connection: Connection, sweep: SweepRow, final: Collection[str], patience: int) -> list[str]:
    due = and_(
        absences.c.source == sweep.source,
        absences.c.gone_at.is_(None),
        absences.c.reason.in_(list(final)) | (absences.c.missed >= patience),
    )
    gone = list(connection.scalars(select(absences.c.external_id).where(due).order_by(absences.c.external_id)))
    connection.execute(update(absences).where(due).values(gone_at=sweep.swept_at))
    return gone
