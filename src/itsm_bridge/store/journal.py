"""What people wrote on tickets: kept as it was read, by its own id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Connection, select

from itsm_bridge.model import JournalEntry
from itsm_bridge.store.schema import journal
from itsm_bridge.store.upsert import put

FIELDS = tuple(field.name for field in fields(JournalEntry))


def keep(connection: Connection, entries: Sequence[JournalEntry]) -> None:
    """Store entries; one that is read again is not doubled."""
    put(connection, journal, [{name: getattr(entry, name) for name in FIELDS} for entry in entries])


def of(connection: Connection, source: str, external_id: str) -> list[JournalEntry]:
    """What was written on one ticket, the oldest first."""
    mine = (journal.c.source == source, journal.c.external_id == external_id)
    query = select(*(journal.c[name] for name in FIELDS)).where(*mine).order_by(journal.c.at, journal.c.entry_id)
    return [JournalEntry(*row) for row in connection.execute(query)]
