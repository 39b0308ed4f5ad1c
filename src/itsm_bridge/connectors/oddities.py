"""What is odd about one ticket and its history, whichever source it came from: kept, and listed under data quality."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_bridge.connectors.base import Oddity
from itsm_bridge.history import mismatches
from itsm_bridge.model import State, TicketRecord, TicketType

DONE = frozenset({State.RESOLVED, State.CLOSED})

RESOLVED_FIRST = frozenset({TicketType.INCIDENT, TicketType.PROBLEM})
"""Types that are resolved before they are closed, so that a date of closing does not stand in for the other."""


def odd_about(record: TicketRecord) -> list[Oddity]:
    """Every oddity that shows in the normalized record itself."""
    found = [*_mismatching(record), *_unmapped(record), *_after_closing(record), *_without_date(record)]
    return [Oddity(record.ticket.external_id, check, detail) for check, detail in found]


def _mismatching(record: TicketRecord) -> Iterator[tuple[str, str]]:
    for entry in mismatches(record):
        yield "history_mismatch", f"the last entry of {entry.field} does not lead to today's value"


def _unmapped(record: TicketRecord) -> Iterator[tuple[str, str]]:
    """States of the past that nobody mapped; that of today is found where the ticket is read."""
    sides = (
        side
        for entry in record.history
        if entry.field == "state"
        for side in ((entry.old, entry.source_old), (entry.new, entry.source_new))
    )
    for name in dict.fromkeys(name for state, name in sides if state == State.UNKNOWN):
        if name != record.ticket.originals.get("state"):
            yield "unmapped_state", f"state {name[:40]!r} of its history is not in states:"


def _after_closing(record: TicketRecord) -> Iterator[tuple[str, str]]:
    """Fields that were changed while the ticket was closed, which neither product lets people do."""
    closed_at, late = None, 0
    for entry in record.history:
        if entry.field == "state":
            closed_at = entry.at if entry.new == State.CLOSED else None
        elif closed_at is not None and entry.at > closed_at:
            late += 1
    if late:
        yield "changed_after_closing", f"{late} of its changes lie after the one that closed it"


def _without_date(record: TicketRecord) -> Iterator[tuple[str, str]]:
    """Tickets that are done and do not say since when; changes and requests have a date of closing alone."""
    ticket = record.ticket
    ended = ticket.resolved_at or (None if ticket.type in RESOLVED_FIRST else ticket.closed_at)
    if ticket.state in DONE and ended is None:
        yield "resolved_without_date", f"it is {ticket.state}, and has no resolved_at"
