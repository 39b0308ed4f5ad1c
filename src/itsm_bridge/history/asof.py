"""A ticket as it stood at one instant: what a report made then saw, and one made later must see again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any

from itsm_bridge.history.course import CUSTOM, DERIVED, DONE, current, split, timeline, values_over_time
from itsm_bridge.history.entries import Histories, microseconds
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, State, Ticket, TicketRecord

_NAMES = tuple(field.name for field in fields(Ticket))
_VALUES = attrgetter(*_NAMES)


def as_of(record: TicketRecord, instant: datetime) -> TicketRecord | None:
    """``record`` with every field, entry and approval as of ``instant``; ``None`` where it was not created before it.

    What happened at ``instant`` or later has not happened. Fields without history, such as the summary, stay as is.
    """
    if record.ticket.created_at >= instant:
        return None
    return _dated(_undated(record, instant), instant)


def all_as_of(
    records: Sequence[TicketRecord], histories: Histories, instant: datetime
) -> tuple[list[TicketRecord], Histories]:
    """The same for many tickets with their ``histories``, but for the dates of their end; without who was not there.

    Most tickets have not changed since: only the others are rewound.
    """
    late = histories.touched(microseconds(instant)).tolist()
    places = [place for place, record in enumerate(records) if record.ticket.created_at < instant]
    seen = [
        _undated(records[place], instant) if late[place] or _may_be_late(records[place], instant) else records[place]
        for place in places
    ]
    return seen, histories.of_tickets(places).before(microseconds(instant))


def _may_be_late(record: TicketRecord, instant: datetime) -> bool:
    """Whether a ticket without late entries may have changed at an instant or after it."""
    return bool(record.approvals) or record.ticket.updated_at >= instant


def _undated(record: TicketRecord, instant: datetime) -> TicketRecord:
    """A ticket that was there, as of an instant but for the dates of its end."""
    ticket, history = record.ticket, record.history
    past = history if all(entry.at < instant for entry in history) else _before(history, instant)
    if past is not history or ticket.updated_at >= instant:
        ticket = _rewound(record, past, instant)
    votes = tuple(_asked(approval, instant) for approval in _known(record, instant)) if record.approvals else ()
    return TicketRecord(ticket, past, votes)


def with_recorded_end(record: TicketRecord) -> TicketRecord:
    """``record`` with entries for its end, where it is done and the source kept no history of its state.

    Without them it would look as if it had been done from the beginning, and every clock met in no time. The ticket's
    own ``resolved_at`` and ``closed_at`` say when; without either, its last update does.
    """
    ticket = record.ticket
    if ticket.state.value not in DONE or any(entry.field == "state" for entry in record.history):
        return record
    resolved = ticket.resolved_at or ticket.closed_at or ticket.updated_at
    ended = [(resolved, State.NEW, ticket.state)]
    if (
        ticket.state is State.CLOSED
        and ticket.resolved_at
        and ticket.closed_at
        and ticket.closed_at > ticket.resolved_at
    ):
        ended = [(resolved, State.NEW, State.RESOLVED), (ticket.closed_at, State.RESOLVED, State.CLOSED)]
    entries = [
        HistoryEntry(ticket.source, ticket.external_id, DERIVED, at, "state", before, after)
        for at, before, after in ended
    ]
    return replace(record, history=(*record.history, *entries))


def all_with_recorded_ends(
    records: Sequence[TicketRecord], histories: Histories
) -> tuple[Sequence[TicketRecord], Histories]:
    """The same for many tickets with their ``histories``: hardly any source keeps no history of the state."""
    told = histories.about("state").tolist()
    if all(has or record.ticket.state.value not in DONE for record, has in zip(records, told, strict=True)):
        return records, histories
    ended = list(map(with_recorded_end, records))
    return ended, Histories.of(ended)


def _rewound(record: TicketRecord, past: Sequence[HistoryEntry], instant: datetime) -> Ticket:
    ticket = record.ticket
    fields = {entry.field for entry in record.history if _is_ours(entry.field)}
    moments = [moment for moment in timeline(record, fields) if moment.at < instant]
    values = {field: value for field, value in moments[-1].values.items() if value != current(ticket, field)}
    plain: dict[str, Any] = {
        field: _READERS.get(field, _text)(value) for field, value in values.items() if not field.startswith(CUSTOM)
    }
    custom = {field.removeprefix(CUSTOM): split(value) for field, value in values.items() if field.startswith(CUSTOM)}
    touched = max([ticket.created_at, *(entry.at for entry in past)])
    dated = {"custom": {**ticket.custom, **custom}, "updated_at": min(ticket.updated_at, touched)}
    return _with(ticket, plain | dated)


def _with(ticket: Ticket, changes: Mapping[str, Any]) -> Ticket:
    """The same as ``replace``, which takes twice as long: reports ask for every ticket."""
    return Ticket(**{**dict(zip(_NAMES, _VALUES(ticket), strict=True)), **changes})


def _is_ours(field: str) -> bool:
    return field.startswith(CUSTOM) or field in Ticket.__dataclass_fields__


def _text(value: str) -> str | None:
    return value or None


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() else None


def _state(value: str) -> State:
    return State(value) if value in set(State) else State.UNKNOWN


def _approval(value: str) -> ApprovalState | None:
    return ApprovalState(value) if value in set(ApprovalState) else None


_READERS: Mapping[str, Callable[[str], object]] = {
    "state": _state,
    "approval": _approval,
    "impact": _number,
    "urgency": _number,
    "priority": _number,
    "service": split,
    "category": split,
    "labels": split,
}


def _before(history: Iterable[HistoryEntry], instant: datetime) -> tuple[HistoryEntry, ...]:
    return tuple(entry for entry in history if entry.at < instant)


def _known(record: TicketRecord, instant: datetime) -> list[Approval]:
    return [approval for approval in record.approvals if approval.requested_at < instant]


def _asked(approval: Approval, instant: datetime) -> Approval:
    """An approval without the answer that had not been given yet."""
    if approval.decided_at is None or approval.decided_at < instant:
        return approval
    return replace(approval, state=ApprovalState.REQUESTED, decided_at=None)


def _dated(seen: TicketRecord, instant: datetime) -> TicketRecord:
    """With the dates of its end: the source's own where they had passed, else those of its history."""
    ticket = seen.ticket
    resolved = closed = None
    if ticket.state.value in DONE:
        resolved = _passed(ticket.resolved_at, instant) or _last_into(seen, {State.RESOLVED.value})
        resolved = resolved or (_last_into(seen, DONE) if ticket.state is State.CLOSED else None)
    if ticket.state in {State.CLOSED, State.CANCELED}:
        closed = _passed(ticket.closed_at, instant) or _last_into(seen, {ticket.state.value})
    if resolved is ticket.resolved_at and closed is ticket.closed_at:
        return seen
    return TicketRecord(_with(ticket, {"resolved_at": resolved, "closed_at": closed}), seen.history, seen.approvals)


def _passed(at: datetime | None, instant: datetime) -> datetime | None:
    return at if at is not None and at < instant else None


def _last_into(seen: TicketRecord, states: frozenset[str] | set[str]) -> datetime | None:
    """When the ticket last went from elsewhere into one of these states."""
    steps = values_over_time(seen, ("state",))
    entered = [at for (_, (before,)), (at, (after,)) in pairwise(steps) if after in states and before not in states]
    return entered[-1] if entered else None
