"""A ticket as it stood at one instant: what a report made then saw, and one made later must see again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from itsm_bridge.history.course import DONE, current, split, timeline
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, State, Ticket, TicketRecord

DERIVED = "derived"
"""The ``entry_id`` of an entry that no source has: it is made from the ticket's own dates."""

_CUSTOM = "custom."


def as_of(record: TicketRecord, instant: datetime) -> TicketRecord | None:
    """``record`` with every field, entry and approval as of ``instant``; ``None`` where it was not created before it.

    What happened at ``instant`` or later has not happened. Fields without history, such as the summary, stay as is.
    """
    ticket = record.ticket
    if ticket.created_at >= instant:
        return None
    past = tuple(entry for entry in record.history if entry.at < instant)
    if len(past) < len(record.history) or ticket.updated_at >= instant:
        ticket = _rewound(record, past, instant)
    seen = TicketRecord(ticket, past, tuple(_asked(approval, instant) for approval in _known(record, instant)))
    return replace(seen, ticket=_dated(seen, instant))


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


def _rewound(record: TicketRecord, past: tuple[HistoryEntry, ...], instant: datetime) -> Ticket:
    ticket = record.ticket
    fields = {entry.field for entry in record.history if _is_ours(entry.field)}
    moments = [moment for moment in timeline(record, fields) if moment.at < instant]
    values = {field: value for field, value in moments[-1].values.items() if value != current(ticket, field)}
    plain: dict[str, Any] = {
        field: _READERS.get(field, _text)(value) for field, value in values.items() if not field.startswith(_CUSTOM)
    }
    custom = {field.removeprefix(_CUSTOM): split(value) for field, value in values.items() if field.startswith(_CUSTOM)}
    touched = max([ticket.created_at, *(entry.at for entry in past)])
    return replace(ticket, **plain, custom={**ticket.custom, **custom}, updated_at=min(ticket.updated_at, touched))


def _is_ours(field: str) -> bool:
    return field.startswith(_CUSTOM) or field in Ticket.__dataclass_fields__


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


def _known(record: TicketRecord, instant: datetime) -> list[Approval]:
    return [approval for approval in record.approvals if approval.requested_at < instant]


def _asked(approval: Approval, instant: datetime) -> Approval:
    """An approval without the answer that had not been given yet."""
    if approval.decided_at is None or approval.decided_at < instant:
        return approval
    return replace(approval, state=ApprovalState.REQUESTED, decided_at=None)


def _dated(seen: TicketRecord, instant: datetime) -> Ticket:
    """The ticket with the dates of its end: the source's own where they had passed, else those of its history."""
    ticket = seen.ticket
    resolved = closed = None
    if ticket.state.value in DONE:
        resolved = _before(ticket.resolved_at, instant) or _last_into(seen, {State.RESOLVED.value})
        resolved = resolved or (_last_into(seen, DONE) if ticket.state is State.CLOSED else None)
    if ticket.state in {State.CLOSED, State.CANCELED}:
        closed = _before(ticket.closed_at, instant) or _last_into(seen, {ticket.state.value})
    return replace(ticket, resolved_at=resolved, closed_at=closed)


def _before(at: datetime | None, instant: datetime) -> datetime | None:
    return at if at is not None and at < instant else None


def _last_into(seen: TicketRecord, states: frozenset[str] | set[str]) -> datetime | None:
    """When the ticket last went from elsewhere into one of these states."""
    moments = timeline(seen, ("state",))
    entered = [
        after.at
        for before, after in pairwise(moments)
        if after.values["state"] in states and before.values["state"] not in states
    ]
    return entered[-1] if entered else None
