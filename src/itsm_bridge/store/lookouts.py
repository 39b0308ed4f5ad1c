"""Records that need a person's look: those kept out (quarantine), and oddities of those that were taken in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from itsm_bridge.store.columns import clean
from itsm_bridge.store.page import PageOfRecords, Unreadable
from itsm_bridge.store.rows import OddityRow, QuarantineRow
from itsm_bridge.store.schema import oddities, quarantine
from itsm_bridge.store.upsert import INSERT

BATCH = 500
"""Ids in one statement."""

Oddness = tuple[str, str, str]
"""External id, check and detail: what makes two oddities the same one."""

ODDITY_COLUMNS = tuple(column for column in oddities.columns if column.name != "id")


def set_aside(connection: Connection, source: str, rejected: Sequence[Unreadable], at: datetime) -> None:
    """Count another failed attempt at each of ``rejected``; when it was first seen stays."""
    rows = [
        {"source": source, "external_id": item.external_id, "reason": item.reason, "first_seen": at, "last_seen": at}
        for item in rejected
    ]
    statement = INSERT[connection.dialect.name](quarantine).values(attempts=1)
    again = {
        "reason": statement.excluded.reason,
        "last_seen": statement.excluded.last_seen,
        "attempts": quarantine.c.attempts + 1,
    }
    if rows:
        keys = list(quarantine.primary_key.columns)
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=again), rows)


def release(connection: Connection, source: str, ids: Sequence[str]) -> None:
    """Take records out of quarantine: they were read after all."""
    for start in range(0, len(ids), BATCH):
        these = quarantine.c.external_id.in_(ids[start : start + BATCH])
        connection.execute(delete(quarantine).where(quarantine.c.source == source, these))


def quarantined(connection: Connection) -> list[QuarantineRow]:
    """Every record in quarantine, by source and id."""
    query = select(*quarantine.columns).order_by(quarantine.c.source, quarantine.c.external_id)
    return [QuarantineRow(*row) for row in connection.execute(query)]


def replace_oddities(connection: Connection, source: str, page: PageOfRecords, at: datetime) -> None:
    """Make what ``page`` says the current oddities of its tickets; one that persists keeps when it was first seen."""
    ids = sorted(
        {clean(record.ticket.external_id) for record in page.records}
        | {clean(oddity.external_id) for oddity in page.oddities}
    )
    present = {(clean(odd.external_id), clean(odd.check), clean(odd.detail)) for odd in page.oddities}
    stored: dict[Oddness, int] = {}
    for start in range(0, len(ids), BATCH):
        stored |= _stored(connection, source, ids[start : start + BATCH])
    _delete(connection, [number for oddness, number in stored.items() if oddness not in present])
    _stamp(connection, [number for oddness, number in stored.items() if oddness in present], at)
    _add(connection, source, sorted(present - stored.keys()), at)


def current_oddities(connection: Connection) -> list[OddityRow]:
    """Every oddity of every ticket as it was last read."""
    order = (oddities.c.source, oddities.c.external_id, oddities.c.check, oddities.c.detail)
    return [OddityRow(*row) for row in connection.execute(select(*ODDITY_COLUMNS).order_by(*order))]


def _stored(connection: Connection, source: str, ids: Sequence[str]) -> dict[Oddness, int]:
    columns = (oddities.c.id, oddities.c.external_id, oddities.c.check, oddities.c.detail)
    query = select(*columns).where(oddities.c.source == source, oddities.c.external_id.in_(ids))
    return {(external_id, check, detail): number for number, external_id, check, detail in connection.execute(query)}


def _delete(connection: Connection, numbers: Sequence[int]) -> None:
    for start in range(0, len(numbers), BATCH):
        connection.execute(delete(oddities).where(oddities.c.id.in_(numbers[start : start + BATCH])))


def _stamp(connection: Connection, numbers: Sequence[int], at: datetime) -> None:
    for start in range(0, len(numbers), BATCH):
        found = oddities.c.id.in_(numbers[start : start + BATCH])
        connection.execute(update(oddities).where(found).values(last_seen=at))


def _add(connection: Connection, source: str, found: Sequence[Oddness], at: datetime) -> None:
    rows = [
        {
            "source": source,
            "external_id": external_id,
            "check": check,
            "detail": detail,
            "first_seen": at,
            "last_seen": at,
        }
        for external_id, check, detail in found
    ]
    if rows:
        connection.execute(insert(oddities), rows)
