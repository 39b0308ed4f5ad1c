"""Who decided a field last: a change that a person made and that the bridge has to respect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from itsm_bridge.conditions import shown
from itsm_bridge.config.model import Ownership
from itsm_bridge.model import HistoryEntry, TicketRecord
from itsm_bridge.rules.verdict import Standing

OWNED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "priority": ("priority", "impact", "urgency"),
        "approval": ("approval",),
        "vendor": ("vendor", "group"),
    }
)
"""The keys of ``ownership:`` and the fields whose history counts for each: a priority is three fields, one decision."""


def standing_fields(
    record: TicketRecord,
    last_writes: Mapping[str, datetime],
    ownership: Mapping[str, Ownership],
    *,
    accounts: Collection[str] = (),
    values: Mapping[str, str | int | None] = MappingProxyType({}),
) -> dict[str, Standing]:
    """The last change of ``priority``, ``approval`` and ``vendor`` that a person made after us, where it binds.

    A person's change counts if it was made after the ticket was created and after the bridge's own last verified write
    of the field (``last_writes``, by the names of a plan). What a ticket was created with does not bind, nor does
    anything under ``force``. Changes by ``accounts``, the bridge's own, are nobody's. Of changes in the instant of our
    write, as a source that keeps whole seconds tells it, those count that replaced the one of ``values`` that we wrote,
    or that left the field at another: a person's save that was taken for our own, as a part of it says the same.
    """
    found = {}
    for name, fields in OWNED.items():
        mode = ownership.get(name, Ownership.YIELD)
        since = max([record.ticket.created_at, *(last_writes[field] for field in fields if field in last_writes)])
        last = max(_changes(record, fields, since, accounts, values), key=lambda entry: entry.at, default=None)
        if last is not None and mode is not Ownership.FORCE:
            found[name] = Standing(last.actor, last.at, mode)
    return found


def whose(standing: Standing) -> str:
    """Who changed a field, or who resolved a conflict of it, in words."""
    return standing.resolved or f"changed by {who(standing)}"


def who(standing: Standing) -> str:
    """Who changed a field and when, in words."""
    return f"{shown(standing.by) or 'somebody unknown'} on {standing.at:%Y-%m-%d %H:%M} UTC"


def _changes(
    record: TicketRecord,
    fields: Collection[str],
    since: datetime,
    accounts: Collection[str],
    values: Mapping[str, str | int | None],
) -> Iterator[HistoryEntry]:
    return (
        entry
        for entry in record.history
        if entry.field in fields
        and (entry.at > since or (entry.at == since and _is_against(entry, values, record)))
        and entry.old != entry.new
        and entry.actor not in accounts
    )


def _is_against(entry: HistoryEntry, values: Mapping[str, str | int | None], record: TicketRecord) -> bool:
    """Whether a change replaced what we wrote, or is the last word of its instant and says something else."""
    if entry.field not in values:
        return False
    ours = str(values[entry.field])
    words = (one for one in reversed(record.history) if one.field == entry.field and one.at == entry.at)
    return entry.old == ours or (entry.new != ours and next(words) == entry)
