"""Notes in the journals of ServiceNow: what is sent to which, and what ``sys_journal_field`` says is there."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.notes import TAG, body_of, markers_in
from itsm_bridge.connectors.servicenow.cells import is_sys_id, text_of
from itsm_bridge.connectors.servicenow.columns import JOURNALS
from itsm_bridge.connectors.servicenow.query import joined, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.errors import WriteRefused
from itsm_bridge.model import Note, Ticket

PUBLIC, WORK = "comments", "work_notes"
MOST_ENTRIES = 1_000
"""Entries of ours on one ticket that are looked through."""


def entries_of(notes: Sequence[Note]) -> dict[str, str]:
    """What a PATCH adds to each journal: several notes are one entry. Raises ``WriteRefused`` for what would be run."""
    added = {
        column: "\n\n".join(body_of(note) for note in notes if note.public is public)
        for column, public in ((WORK, False), (PUBLIC, True))
    }
    for text in added.values():
        if text.lstrip().casefold().startswith("javascript:") or "[code]" in text.casefold():
            raise WriteRefused(
                "a note that begins with javascript: or holds [code] would be run by ServiceNow; nothing was written"
            )
    return {column: text for column, text in added.items() if text}


def markers_on(transport: SnowTransport, source: str, ticket: Ticket) -> frozenset[str]:
    """The markers of our notes on a ticket.

    Raises ``WriteRefused`` where the account does not see all of them: without that a note could come twice.
    """
    if not is_sys_id(ticket.external_id):
        raise WriteRefused(f"{ticket.id} has no sys_id to look for notes; nothing was written")
    query = joined(
        term("element_id", "=", ticket.external_id),
        term("element", "IN", (PUBLIC, WORK)),
        term("value", "LIKE", TAG.strip()),
    )
    try:
        found = transport.get(JOURNALS, query, ("sys_id", "element_id", "element", "value"), MOST_ENTRIES)
    except ReadRefused:
        raise _unseen(source, ticket) from None
    rows = [row for row in found.rows if text_of(row.get("element_id")) == ticket.external_id]
    if len(rows) < (found.total or 0) or found.has_next or any("value" not in row for row in rows):
        raise _unseen(source, ticket)
    return frozenset().union(*(markers_in(text_of(row["value"])) for row in rows))


def _unseen(source: str, ticket: Ticket) -> WriteRefused:
    return WriteRefused(
        f"{ticket.id}: the account cannot see all entries of {JOURNALS} in {source}, so that a note might come twice; "
        "it was not sent"
    )
