"""What became of a write: the plan of a ticket held against what its source says before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.connectors.base import Connector
from itsm_bridge.errors import WriteRefused
from itsm_bridge.model import FieldChange, HistoryEntry, Note, Outcome, Ticket, TicketRecord, is_note
from itsm_bridge.writeback.comparing import current_value, unasked
from itsm_bridge.writeback.moving import what_changed
from itsm_bridge.writeback.plan import TicketPlan

Changes = Mapping[str, tuple[str | int | None, str | int | None]]
"""What each field was and was to become."""


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
        except WriteRefused as problem:
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
        change.key: _judge_note(change.note, before, there, sent)
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


def _judge_note(note: Note, before: Board, there: Board, sent: Sent) -> Outcome:
    """What became of a note. One that may have been sent is ``unknown`` until it is looked for again."""
    if note.marker in before.markers:
        return Outcome.NOOP
    if note.marker in there.markers:
        return Outcome.VERIFIED
    if before.hidden or sent.refusal:
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
        return before.hidden or sent.unclear or there.hidden or shown
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
    found = []
    for field, (before, value) in changes.items():
        ours = [entry for entry in history if entry.field == field and entry.new == str(value)]
        recent = bool(ours) and (since is None or ours[-1].at >= since)
        if recent and before != value and ours[-1].old not in _as_text(before):
            found.append(f"{field}: a person's {ours[-1].old!r} was saved in between and replaced by {value!r}")
    return "; ".join(found)


def _as_text(before: str | int | None) -> Iterable[str]:
    """How history writes a value; nothing and "not required" are the same for an approval."""
    return {"", "not_required"} if before in {None, "not_required"} else {str(before)}


def all_of(plan: TicketPlan, outcome: Outcome, detail: str = "") -> TicketOutcome:
    """One outcome for everything that was planned."""
    return TicketOutcome(plan, {change.key: outcome for change in plan.changes}, detail)
