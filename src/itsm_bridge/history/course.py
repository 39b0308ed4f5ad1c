"""What a ticket's fields were when: its dated entries and its snapshot, reconciled into one course of events.

Entries are the truth for time, the snapshot for what is in force now:

* A field has, from the ticket's creation on, the ``old`` value of its first entry; without entries, today's value.
* Entries of one instant are one change. Those dated before the creation count as of the creation.
* Where the last entry of a field does not lead to the snapshot's value, a change was not recorded. The value is then
  taken to have changed when the snapshot was last updated, unless the entry is younger than the snapshot; either way
  ``mismatches`` lists the entry.
* A ticket without an approval counts as ``not_required``. Several values of one field are one text, joined by ``", "``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from operator import attrgetter

from itsm_bridge.model import ApprovalState, HistoryEntry, State, Ticket, TicketRecord

SEPARATOR = ", "
"""Between the values of a field that has several."""

DONE = frozenset({State.RESOLVED.value, State.CLOSED.value, State.CANCELED.value})
OPEN = frozenset({State.NEW.value, State.IN_PROGRESS.value, State.ON_HOLD.value})

CUSTOM = "custom."
"""What the name of a custom field begins with."""

DERIVED = "derived"
"""The ``entry_id`` of an entry that no source has: it is made from the ticket's own dates."""

_WHEN = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Moment:
    """What the fields were from ``at`` on, up to the next moment; no value is the empty text."""

    at: datetime
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HandOver:
    """A ticket that goes from one vendor to another; the empty text stands for nobody."""

    at: datetime
    before: str
    after: str


def timeline(record: TicketRecord, fields: Collection[str]) -> tuple[Moment, ...]:
    """The course of some fields, oldest first: one moment for the creation and one for each later change.

    ``fields`` are names of ``HistoryEntry.field``, or any other attribute of a ticket; those without entries stay as
    they are. The first moment is at ``created_at``; no two are at the same instant.
    """
    names = tuple(fields)
    return tuple(Moment(at, dict(zip(names, values, strict=True))) for at, values in values_over_time(record, names))


def values_over_time(record: TicketRecord, fields: Sequence[str]) -> list[tuple[datetime, tuple[str, ...]]]:
    """The same as plain values, in the order of ``fields``: for what reads many tickets."""
    ticket, places = record.ticket, {field: place for place, field in enumerate(fields)}
    created = ticket.created_at
    initial: dict[str, str] = {}
    changes: dict[datetime, dict[int, str]] = {}
    last: dict[str, HistoryEntry] = {}
    for entry in _oldest_first(record.history):
        field = entry.field
        if field in places:
            initial.setdefault(field, _text(field, entry.old))
            changes.setdefault(max(entry.at, created), {})[places[field]] = _text(field, entry.new)
            last[field] = entry
    for entry in _unrecorded(ticket, last):
        if entry.at <= ticket.updated_at:
            late = changes.setdefault(max(ticket.updated_at, created), {})
            late[places[entry.field]] = current(ticket, entry.field)
    return _changed(
        created, [initial[field] if field in initial else current(ticket, field) for field in fields], changes
    )


def current(ticket: Ticket, field: str) -> str:
    """What a field of a ticket is now, as text in the way of ``HistoryEntry``."""
    return said(field, value_of(ticket, field))


def said(field: str, value: object) -> str:
    """A value of the model as text in the way of ``HistoryEntry``."""
    if isinstance(value, tuple):
        return SEPARATOR.join(value)
    return _text(field, "" if value is None else str(value))


def value_of(ticket: Ticket, field: str) -> object:
    """What a field of a ticket is now, as the model has it."""
    if field.startswith(CUSTOM):
        return ticket.custom.get(field.removeprefix(CUSTOM), ())
    return getattr(ticket, field)


def split(value: str) -> tuple[str, ...]:
    """The values that a text holds, none where it is empty."""
    return tuple(value.split(SEPARATOR)) if value else ()


def mismatches(record: TicketRecord) -> tuple[HistoryEntry, ...]:
    """The last entry of each field whose ``new`` is not what the ticket says now, without regard to case."""
    last = {entry.field: entry for entry in _oldest_first(record.history)}
    return tuple(_unrecorded(record.ticket, {field: entry for field, entry in last.items() if is_known(field)}))


def reopenings(record: TicketRecord) -> tuple[datetime, ...]:
    """The instants at which the ticket was opened again after it was resolved, closed or canceled."""
    steps = values_over_time(record, ("state",))
    again = reopens(state for _, (state,) in steps)
    return tuple(at for (at, _), opens in zip(steps, again, strict=True) if opens)


def reopens(states: Iterable[str]) -> Iterator[bool]:
    """For each state of a course, whether the ticket was opened again with it."""
    done = False
    for state in states:
        yield done and state in OPEN
        done = state in DONE or (done and state not in OPEN)


def reassignments(record: TicketRecord) -> tuple[datetime, ...]:
    """The instants at which the ticket went from one vendor or group to another one.

    The first to have it is not a reassignment, nor is coming back from nobody to whom had it before.
    """
    found = []
    holders = {"vendor": "", "group": ""}
    for moment in timeline(record, ("vendor", "group")):
        seen = {field: value for field, value in moment.values.items() if value}
        if any(holders[field] not in {"", value} for field, value in seen.items()):
            found.append(moment.at)
        holders |= seen
    return tuple(found)


def hand_overs(record: TicketRecord) -> tuple[HandOver, ...]:
    """Every change of the vendor after the creation, those from and to nobody included."""
    moments = timeline(record, ("vendor",))
    return tuple(
        HandOver(after.at, before.values["vendor"], after.values["vendor"]) for before, after in pairwise(moments)
    )


def _oldest_first(history: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    return sorted(history, key=_WHEN)


def _changed(
    created: datetime, values: list[str], changes: Mapping[datetime, Mapping[int, str]]
) -> list[tuple[datetime, tuple[str, ...]]]:
    for place, value in changes.get(created, {}).items():
        values[place] = value
    now = tuple(values)
    steps = [(created, now)]
    for at in sorted(changes):
        for place, value in changes[at].items():
            values[place] = value
        before, now = now, tuple(values)
        if now != before:
            steps.append((at, now))
    return steps


def _unrecorded(ticket: Ticket, last: Mapping[str, HistoryEntry]) -> list[HistoryEntry]:
    return [entry for field, entry in last.items() if not _alike(field, entry.new, current(ticket, field))]


def _alike(field: str, left: str, right: str) -> bool:
    """Whether two texts are the same value: case and the order of several values do not count."""
    return left == right or _folded(field, left) == _folded(field, right)


def _folded(field: str, value: str) -> frozenset[str]:
    return frozenset(part.casefold() for part in split(_text(field, value)))


def _text(field: str, value: str) -> str:
    return value or ApprovalState.NOT_REQUIRED.value if field == "approval" else value


def is_known(field: str) -> bool:
    """Whether a ticket has a field of that name, so that its history can be held against it."""
    return field.startswith(CUSTOM) or field in Ticket.__dataclass_fields__
