"""What people wrote on tickets, from ``sys_journal_field``: with a ticket, and as a stream of its own.

No row of a ticket holds its comments and work notes, and what they hang on is told by an id that leads nowhere by
itself. A note does not surely move the ticket's ``sys_updated_on``, hence the stream; and a ticket that comes into the
scope later has notes that the stream passed long before, hence the other way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from itsm_bridge.connectors.base import Rejected
from itsm_bridge.connectors.servicenow.attached import Attached
from itsm_bridge.connectors.servicenow.cells import Row, instant, text_of
from itsm_bridge.connectors.servicenow.columns import JOURNALS
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk, by_ids
from itsm_bridge.connectors.texts import LONGEST_LINE, cut
from itsm_bridge.model import JournalEntry

ATTACHED = Attached(
    JOURNALS,
    "element_id",
    ("sys_id", "sys_created_on", "sys_created_by", "element", "value"),
    ticket_class="name",
    order="sys_created_on",
    only=("element", ("comments", "work_notes")),
)


def notes_of(transport: SnowTransport, source: str, ids: Collection[str]) -> Sequence[Row]:
    """The journal rows of tickets."""
    walk = Walk(source, JOURNALS, ATTACHED.condition, ATTACHED.asked, order="sys_id", test=ATTACHED.is_wanted)
    return list(by_ids(transport, walk, ATTACHED.ticket, ids, []))


def entries_of(source: str, rows: Sequence[Row]) -> tuple[tuple[JournalEntry, ...], tuple[Rejected, ...]]:
    """The notes in ``rows``, and those that cannot be read."""
    entries, rejected = [], []
    for row in rows:
        try:
            entries.append(_entry(source, row))
        except ValueError as error:
            rejected.append(Rejected(text_of(row.get("sys_id")), f"{JOURNALS}: {error}"))
    return tuple(entries), tuple(rejected)


def _entry(source: str, row: Row) -> JournalEntry:
    at, ticket = instant(text_of(row.get("sys_created_on"))), ATTACHED.ticket_of(row)
    if at is None or not ticket:
        raise ValueError("it has no time, or hangs on no ticket")
    return JournalEntry(
        source=source,
        external_id=ticket,
        entry_id=text_of(row.get("sys_id")),
        element=text_of(row.get("element")),
        at=at,
        author=cut(text_of(row.get("sys_created_by")), LONGEST_LINE),
        text=cut(text_of(row.get("value"))),
    )
