"""Whose word counts for a field of a ticket: what people changed since our last write, and what they resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from itsm_bridge.config.model import Configuration, Ownership
from itsm_bridge.model import Choice, HistoryEntry, Resolution, TicketRecord
from itsm_bridge.rules import OWNED, Standing, Verdict, standing_fields
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback.comparing import current_value

Writes = Mapping[str, LastWrite]
"""Our last write of each field of one ticket."""

Resolved = Mapping[str, Resolution]
"""What was decided about the conflicts of one ticket and counts now, by key of ``ownership:``."""

Values = dict[str, str | int | None]
"""By field of a plan."""


def standing_of(
    configuration: Configuration,
    record: TicketRecord,
    writes: Writes,
    resolved: Resolved,
    wish: Callable[[], Verdict],
) -> Mapping[str, Standing]:
    """What people decided about a ticket since it was created and since our own last write of the field.

    A resolution takes the place of that: ``hold`` until it is resolved otherwise, ``theirs`` while the rules and the
    ticket say what they said then (``wish`` is what the rules say where nobody's change stands), ``ours`` (which stands
    as ``force``) until it was sent once or somebody changed the field again.
    """
    written = {field: write.written_at for field, write in writes.items() if write.written_at is not None}
    values = {field: write.value for field, write in writes.items()}
    standing = standing_fields(record, written, configuration.ownership, values=values)
    for name, resolution in resolved.items():
        mode = MODES[resolution.choice]
        if _counts(configuration, record, writes, resolution, wish):
            standing[name] = Standing(resolution.by, resolution.at, mode, resolution.text)
    return standing


MODES = {Choice.HOLD: Ownership.HOLD, Choice.THEIRS: Ownership.YIELD, Choice.OURS: Ownership.FORCE}
"""As what a resolution stands."""


def ours_of(configuration: Configuration, record: TicketRecord, name: str, verdict: Verdict) -> Values:
    """What the rules decided for a key of ``ownership:``, by the fields that may be written."""
    fields = _fields(configuration, record, name)
    return {field: verdict.values[field].value for field in fields if field in verdict.values}


def theirs_of(configuration: Configuration, record: TicketRecord, name: str) -> Values:
    """What the ticket says in the same fields."""
    return {field: current_value(record.ticket, field) for field in _fields(configuration, record, name)}


def last_change(record: TicketRecord, name: str) -> HistoryEntry | None:
    """The last change of a key of ``ownership:``, whoever made it."""
    changes = (entry for entry in record.history if entry.field in OWNED[name] and entry.old != entry.new)
    return max(changes, key=lambda entry: entry.at, default=None)


def owner_key(field: str) -> str:
    """The key of ``ownership:`` that a field of a plan belongs to; empty for a note."""
    return next((name for name, fields in OWNED.items() if field in fields), "")


def _counts(
    configuration: Configuration,
    record: TicketRecord,
    writes: Writes,
    resolution: Resolution,
    wish: Callable[[], Verdict],
) -> bool:
    """Whether a resolution is still in force."""
    if resolution.choice is Choice.HOLD:
        return True
    name = resolution.field
    if resolution.choice is Choice.THEIRS:
        as_it_was = theirs_of(configuration, record, name) == dict(resolution.theirs)
        return as_it_was and ours_of(configuration, record, name, wish()) == dict(resolution.ours)
    tried = (writes[field].tried_at for field in OWNED[name] if field in writes)
    return not any(at is not None and at >= resolution.at for at in tried) and not _changed_since(
        last_change(record, name), resolution.seen_at
    )


def _changed_since(last: HistoryEntry | None, seen_at: datetime | None) -> bool:
    return last is not None and (seen_at is None or last.at > seen_at)


def _fields(configuration: Configuration, record: TicketRecord, name: str) -> tuple[str, ...]:
    writable = configuration.sources[record.ticket.source].writable
    return tuple(field for field in writable if field in OWNED[name])
