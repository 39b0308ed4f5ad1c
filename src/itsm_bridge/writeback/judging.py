"""What became of a write: the plan of a ticket held against what its source says before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.connectors.base import Connector
from itsm_bridge.errors import RecordRejected, WriteRefused
from itsm_bridge.model import FieldChange, HistoryEntry, Note, Outcome, Ticket, TicketRecord, is_note
from itsm_bridge.writeback.comparing import current_value, unasked
from itsm_bridge.writeback.moving import what_changed
from itsm_bridge.writeback.plan import TicketPlan

FieldValue = str | int | None

Changes = Mapping[str, tuple[FieldValue, FieldValue]]
"""What each field was and was to become."""

SAVED_IN_BETWEEN = "was saved in between and replaced by"
"""What a detail says of a person's value that one of ours has replaced."""

NO_APPROVAL = frozenset({None, "not_required"})
"""What a ticket says where no approval is needed: nothing, or so."""


@dataclass(frozen=True, slots=True)
class TicketOutcome:
    """How the write of one ticket ended, by field; ``detail`` says in words what was not done and why."""

    plan: TicketPlan
    fields: Mapping[str, Outcome]
    detail: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether somebody should look: anything but a value that is there now."""
        return bool(self.detail) or any(
            outcome not in {Outcome.VERIFIED, Outcome.NOOP} for outcome in self.fields.values()
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that was announced: why the source refused it, or why nobody knows what became of it."""

    intent: int
    refusal: str = ""
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Which notes of ours a ticket bears; ``hidden`` says why that cannot be seen."""

    markers: Collection[str] = ()
    hidden: str = ""

    @classmethod
    def of(cls, ticket: Ticket, connector: Connector, *, wanted: bool) -> Board:
        """As the source shows them; where no note is wanted, nobody asks."""
        if not wanted:
            return cls()
        try:
            return cls(connector.notes(ticket))
        except (RecordRejected, WriteRefused) as problem:
            return cls(hidden=problem.message)


def says_so(plan: TicketPlan, fresh: TicketRecord, board: Board) -> bool:
    """Whether nothing is left to do: each value is there, and each note."""
    values = all(_is_stored(plan, change, fresh) for change in plan.changes if change.note is None)
    return values and all(note.marker in board.markers for note in plan.notes)


def moved(plan: TicketPlan, fresh: TicketRecord) -> TicketOutcome | None:
    """Why a ticket is not written after all: it is not the ticket that the plan saw."""
    how = what_changed(fresh, plan.ticket.updated_at)
    if not fresh.ticket.state.is_open:
        return all_of(plan, Outcome.CONFLICT, f"it is {fresh.ticket.state} by now{how}; not written")
    if fresh.ticket.version != plan.ticket.version:
        why = f"it changed since the plan was made{how}; not written, the next run decides anew"
        return all_of(plan, Outcome.CONFLICT, why)
    return None


def judge(plan: TicketPlan, after: TicketRecord, before: Board, there: Board, sent: Sent) -> TicketOutcome:
    """Compare what is there with what was wanted."""
    fields = {
        change.key: _judge_note(change.note, before, there, sent, is_moved=after.ticket.version != plan.ticket.version)
        if change.note is not None
        else _judge_field(plan, change, after, sent)
        for change in plan.changes
    }
    said = (_detail(plan, fields, before, there, sent), _collision(plan, after))
    return TicketOutcome(plan, fields, "; ".join(filter(None, said)))


def _is_stored(plan: TicketPlan, change: FieldChange, record: TicketRecord) -> bool:
    """Whether a field has the value; an approval that is requested of more people has it when these were asked."""
    if change.field == "approval" and change.before == change.after and unasked(record, plan.approvers):
        return False
    return current_value(record.ticket, change.field) == change.after


def _judge_field(plan: TicketPlan, change: FieldChange, after: TicketRecord, sent: Sent) -> Outcome:
    if _is_stored(plan, change, after):
        return Outcome.VERIFIED
    return Outcome.REJECTED if sent.refusal else Outcome.OVERRIDDEN


def _judge_note(note: Note, before: Board, there: Board, sent: Sent, *, is_moved: bool) -> Outcome:
    """What became of a note. One that may have been sent is ``unknown``, unless the ticket has not moved at all."""
    if note.marker in before.markers:
        return Outcome.NOOP
    if note.marker in there.markers:
        return Outcome.VERIFIED
    if before.hidden or sent.refusal or (sent.unclear and not is_moved):
        return Outcome.REJECTED
    return Outcome.UNKNOWN if sent.unclear or there.hidden else Outcome.OVERRIDDEN


def _detail(plan: TicketPlan, outcomes: Mapping[str, Outcome], before: Board, there: Board, sent: Sent) -> str:
    """What was not done, and why, in words."""
    lost = [key for key, outcome in outcomes.items() if outcome not in {Outcome.VERIFIED, Outcome.NOOP}]
    if sent.refusal and lost:
        return sent.refusal
    if fields := [key for key in lost if not is_note(key)]:
        return f"the source did not store {', '.join(fields)}; a permission or a workflow of the source is in the way"
    if lost:
        shown = "the source took a note and does not show it; it is not sent again, lest there be two"
        unsent = "; the ticket has not moved: it did not arrive" if Outcome.REJECTED in outcomes.values() else ""
        return before.hidden or (sent.unclear + unsent if sent.unclear else there.hidden or shown)
    return strange_note(plan, before)


def strange_note(plan: TicketPlan, board: Board) -> str:
    """A note that is there, though this store never sent it: another store did, or somebody who knows our marks."""
    strange = [note for note in plan.notes if note.marker in board.markers and note.marker not in plan.tried]
    return "a note of ours that this store never sent is on the ticket already; not sent again" if strange else ""


def _collision(plan: TicketPlan, after: TicketRecord) -> str:
    """Which of our values replaced one that we had not seen: a person saved between our read and our write."""
    changes = {change.key: (change.before, change.after) for change in plan.changes if change.note is None}
    return replaced(changes, after.history, plan.ticket.updated_at)


def replaced(changes: Changes, history: Iterable[HistoryEntry], since: datetime | None = None) -> str:
    """Which of ``changes`` (before, after) replaced another value than the one before, by the history from ``since``.

    Every one is named, as each is a person's work. A value that was there already replaced nothing.
    """
    entries = tuple(history)
    found = []
    for field, (before, value) in changes.items():
        lost = _lost(before, value, [entry for entry in entries if entry.field == field], since)
        if lost is not None:
            found.append(f"{field}: a person's {lost!r} {SAVED_IN_BETWEEN} {value!r}")
    return "; ".join(found)


def collisions_in(detail: str) -> tuple[str, ...]:
    """The parts of a detail that say which value of a person was replaced by ours."""
    return tuple(part for part in detail.split("; ") if SAVED_IN_BETWEEN in part)


def _lost(before: FieldValue, value: FieldValue, entries: Sequence[HistoryEntry], since: datetime | None) -> str | None:
    """What ``value`` replaced in a field, where that is not what we had seen; ``entries`` are those of the field."""
    place = next((place for place in range(len(entries) - 1, -1, -1) if entries[place].new == str(value)), None)
    if place is None or before == value:
        return None
    ours = entries[place]
    if (since is not None and ours.at < since) or ours.old == ("" if before is None else str(before)):
        return None
    if before in NO_APPROVAL and ours.old in {"", "not_required"} and not _was_saved(entries[:place], ours.old, since):
        return None
    return ours.old


def _was_saved(entries: Sequence[HistoryEntry], value: str, since: datetime | None) -> bool:
    """Whether the last of ``entries`` is somebody who saved ``value``.

    A source may read as nothing what its history calls "not required". A person who says "not required" where nothing
    was said is told from that by an entry of their own.
    """
    last = entries[-1] if entries else None
    return last is not None and last.new == value != last.old and (since is None or last.at >= since)


def all_of(plan: TicketPlan, outcome: Outcome, detail: str = "") -> TicketOutcome:
    """One outcome for everything that was planned."""
    return TicketOutcome(plan, {change.key: outcome for change in plan.changes}, detail)
