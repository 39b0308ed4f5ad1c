"""When a source stored what we sent: by a ticket's history, which does not say which of its saves was ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from itsm_bridge.model import TicketRecord, is_note
from itsm_bridge.writeback.comparing import current_value

Wanted = Mapping[str, str | int | None]
"""What was sent, by field of a plan; a note among them tells nothing."""


def written_at(wanted: Wanted, after: TicketRecord, since: datetime) -> datetime:
    """When the source stored our values, sent after ``since``: by its history, as a person may have saved since."""
    return stored_at(wanted, after, since) or after.ticket.updated_at


def stored_at(wanted: Wanted, record: TicketRecord, since: datetime) -> datetime | None:
    """The first save from ``since`` on that left most of our values there, by the ticket's history.

    A person may set one of them again later, and that save is not ours: what they changed before it is theirs too.
    A save in the instant ``since`` itself counts where no later one left as many: most likely it was there before.
    Where a clock is so far off that there is none, it is the last save of one of the values; ``None`` for none at all.
    """
    came = sorted({one.at for one in record.history if one.field in wanted and one.new == _text(wanted[one.field])})
    candidates = [at for at in came if at >= since] or came[-1:]
    by = {at: (_there_at(wanted, record, at), at > since) for at in candidates}
    return max(by, key=by.__getitem__, default=None)  # of equal ones the first


def _there_at(wanted: Wanted, record: TicketRecord, at: datetime) -> int:
    """How many of our values were there in an instant; of several in one second each counts as there."""
    return sum(_text(value) in _said_at(record, field, at) for field, value in wanted.items() if not is_note(field))


def _said_at(record: TicketRecord, field: str, at: datetime) -> Collection[str]:
    """What a field said in an instant: what it was set to then, or what it had been set to before."""
    changes = sorted((one for one in record.history if one.field == field), key=lambda one: one.at)
    then = {one.new for one in changes if one.at == at}
    before = [one.new for one in changes if one.at < at]
    after = [one.old for one in changes if one.at > at]
    return then or {(before[-1:] or after[:1] or [_text(current_value(record.ticket, field))])[0]}


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)
