"""Internal notes of ours that a source showed to customers, until they are taken off their tickets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from itsm_bridge.model import Ticket
from itsm_bridge.store.rows import ShownNote
from itsm_bridge.store.schema import shown_notes
from itsm_bridge.store.upsert import put


def note(connection: Connection, ticket: Ticket, marker: str, at: datetime) -> None:
    """Keep that a note on ``ticket`` is seen by whom it is not for."""
    row = {"source": ticket.source, "external_id": ticket.external_id, "marker": marker, "project": ticket.project}
    put(connection, shown_notes, [row | {"number": ticket.number, "at": at}])


def every(connection: Connection) -> list[ShownNote]:
    """All of them, the oldest first."""
    query = select(*shown_notes.columns).order_by(shown_notes.c.at, shown_notes.c.source, shown_notes.c.external_id)
    return [ShownNote(*row) for row in connection.execute(query)]


def forget(connection: Connection, one: ShownNote) -> None:
    """It is not on its ticket any more."""
    is_it = (shown_notes.c.source == one.source, shown_notes.c.external_id == one.external_id)
    connection.execute(delete(shown_notes).where(*is_it, shown_notes.c.marker == one.marker))
