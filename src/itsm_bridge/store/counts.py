"""Completeness: how many tickets of each day the source has, and how many are here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, type_coerce
from sqlalchemy.types import BigInteger

from itsm_bridge.store.absent import IS_HIDDEN, IS_MISSED
from itsm_bridge.store.columns import EPOCH
from itsm_bridge.store.rows import DayCountRow, StreamCount
from itsm_bridge.store.schema import counted_streams, day_counts, quarantine, streams, tickets
from itsm_bridge.store.upsert import put

DAY = 86_400_000_000
"""Microseconds."""


def created_by_day(connection: Connection, source: str, stream: str, since: date) -> dict[date, int]:
    """Tickets of a stream by the day (UTC) of their creation; those that the last sweep missed are not counted."""
    return _by_day(connection, source, stream, since, ~IS_MISSED)


def _by_day(
    connection: Connection, source: str, stream: str, since: date, condition: ColumnElement[bool]
) -> dict[date, int]:
    created = type_coerce(tickets.c.created_at, BigInteger)
    first = since.toordinal() - EPOCH.date().toordinal()
    day = (created // DAY).label("day")
    is_same = and_(streams.c.source == tickets.c.source, streams.c.external_id == tickets.c.external_id)
    query = select(day, func.count()).join_from(tickets, streams, is_same)
    of_stream = query.where(tickets.c.source == source, streams.c.stream == stream, created >= first * DAY, condition)
    found = connection.execute(of_stream.group_by(day))
    return {EPOCH.date() + timedelta(days=int(number)): count for number, count in found}


def quarantined_in(connection: Connection, source: str, stream: str) -> int:
    """Records of a stream that are in quarantine and were never read."""
    is_same = and_(streams.c.source == quarantine.c.source, streams.c.external_id == quarantine.c.external_id)
    has_ticket = and_(tickets.c.source == quarantine.c.source, tickets.c.external_id == quarantine.c.external_id)
    query = select(func.count()).join_from(quarantine, streams, is_same).outerjoin(tickets, has_ticket)
    of_stream = query.where(quarantine.c.source == source, streams.c.stream == stream, tickets.c.external_id.is_(None))
    return connection.execute(of_stream).scalar_one()


def save(connection: Connection, comparison: StreamCount, source_counts: Mapping[date, int], settled: date) -> None:
    """Replace what the last comparison of a stream said. Days before ``settled`` were over."""
    source, stream = comparison.source, comparison.stream
    here = created_by_day(connection, source, stream, comparison.since) if comparison.counted else {}
    hidden = _by_day(connection, source, stream, comparison.since, IS_HIDDEN)
    days = sorted(day for day in {*source_counts, *here} if day >= comparison.since)
    rows = [
        {
            "source": source,
            "stream": stream,
            "day": day.isoformat(),
            "source_count": source_counts.get(day, 0),
            "store_count": here.get(day, 0),
            "hidden_count": hidden.get(day, 0),
            "settled": day < settled,
            "checked_at": comparison.checked_at,
        }
        for day in days
    ]
    of_stream = and_(day_counts.c.source == source, day_counts.c.stream == stream)
    connection.execute(delete(day_counts).where(of_stream))
    put(connection, day_counts, rows)
    row = {
        "source": source,
        "stream": stream,
        "since": comparison.since.isoformat(),
        "counted": comparison.counted,
        "checked_at": comparison.checked_at,
    }
    put(connection, counted_streams, [row])


def by_day(connection: Connection) -> list[DayCountRow]:
    """The last comparison of every stream, by source, stream and day."""
    order = (day_counts.c.source, day_counts.c.stream, day_counts.c.day)
    return [
        DayCountRow(source, stream, date.fromisoformat(day), *rest)
        for source, stream, day, *rest in connection.execute(select(*day_counts.columns).order_by(*order))
    ]


def by_stream(connection: Connection) -> list[StreamCount]:
    """When each stream was last compared."""
    order = (counted_streams.c.source, counted_streams.c.stream)
    return [
        StreamCount(source, stream, date.fromisoformat(since), *rest)
        for source, stream, since, *rest in connection.execute(select(*counted_streams.columns).order_by(*order))
    ]
