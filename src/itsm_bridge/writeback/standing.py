"""Whose word counts for a field of a ticket: what people changed since our last write, and what they resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from itsm_bridge.config.model import Configuration, Ownership
from itsm_bridge.model import Choice, HistoryEntry, Outcome, Resolution, TicketRecord
from itsm_bridge.rules import OWNED, Standing, Verdict, standing_fields
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback.comparing import current_value

Writes = Mapping[str, LastWrite]
"""Our last write of each field of one ticket."""

Resolved = Mapping[str, Resolution]
"""What was decided about the conflicts of one ticket and counts now, by key of ``ownership:``."""

CLOCKS_APART = timedelta(minutes=2)
"""How far the clock of a source may be behind ours."""

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
    as ``force``) until it was sent once or somebody changed the field again: a write that never arrived is none.
    """
    found = ((field, _written_at(record, field, write)) for field, write in writes.items())
    written = {field: at for field, at in found if at is not None}
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
        return as_it_was and _says_still(configuration, record, resolution, wish())
    sent = any(_was_sent_since(writes[field], resolution.at) for field in OWNED[name] if field in writes)
    return not sent and not _changed_since(last_change(record, name), resolution.seen_at)


def _was_sent_since(write: LastWrite, instant: datetime) -> bool:
    """Whether our value was sent since. One whose end is not known, and that no history shows, was not."""
    known = write.outcome is not Outcome.UNKNOWN
    return known and write.tried_at is not None and write.tried_at >= instant


def _says_still(configuration: Configuration, record: TicketRecord, resolution: Resolution, verdict: Verdict) -> bool:
    """Whether the rules say what they said when a conflict was resolved.

    A rule that gives a ticket to one among several, by load or in turn, says the same as long as it may give it to the
    one of then: whose turn it is changes from run to run without anybody's doing.
    """
    now, then = ours_of(configuration, record, resolution.field, verdict), dict(resolution.ours)
    decided = verdict.values.get("vendor")
    rule = next((one for one in configuration.rules.assignment if decided and one.name == decided.rule), None)
    if resolution.field == "vendor" and rule is not None and rule.then.by and then.get("vendor") in rule.then.among:
        now, then = now | {"vendor": None}, then | {"vendor": None}
    return now == then


def _changed_since(last: HistoryEntry | None, seen_at: datetime | None) -> bool:
    return last is not None and (seen_at is None or last.at > seen_at)


def _written_at(record: TicketRecord, field: str, write: LastWrite) -> datetime | None:
    """When the source stored our value.

    Of a write whose end is not known, as the ticket could not be seen then, the history tells it once it is seen again:
    nobody else is taken for the one who set the value that we had just sent. Where the ticket could be seen when its
    end was looked for, whoever sets that value later is somebody else.
    """
    if write.outcome is not Outcome.UNKNOWN or write.tried_at is None:
        return write.written_at
    since, said = write.tried_at - CLOCKS_APART, str(write.value)
    ours = (one.at for one in record.history if one.field == field and one.new == said and one.at >= since)
    return min((at for at in ours if write.read_to is None or at <= write.read_to), default=write.written_at)


def _fields(configuration: Configuration, record: TicketRecord, name: str) -> tuple[str, ...]:
    writable = configuration.sources[record.ticket.source].writable
    return tuple(field for field in writable if field in OWNED[name])
