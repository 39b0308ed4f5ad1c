"""What happened to a ticket since somebody looked at it, in words: by its own history, and by whom."""

from __future__ import annotations

from datetime import datetime

from itsm_bridge.model import HistoryEntry, TicketRecord

NAMED = 3
"""Changes that are named; the others are counted."""

LONGEST = 60
"""Characters of a value that are shown."""


def what_changed(record: TicketRecord, since: datetime) -> str:
    """The changes after ``since`` in parentheses and with a blank before; empty where the history shows none."""
    later = [entry for entry in record.history if entry.at > since and entry.is_change]
    if not later:
        return ""
    more = [f"{len(later) - NAMED} more"] if len(later) > NAMED else []
    return f" ({', '.join([*map(_in_words, later[:NAMED]), *more])})"


def _in_words(entry: HistoryEntry) -> str:
    by = f" by {entry.actor}" if entry.actor else ""
    return f"{entry.field} {_shown(entry.old)} → {_shown(entry.new)}{by}"


def _shown(value: str) -> str:
    return (value if len(value) <= LONGEST else value[: LONGEST - 1] + "…") or "–"
