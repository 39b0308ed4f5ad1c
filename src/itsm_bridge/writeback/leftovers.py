"""Writes of which nobody knows the end yet: what became of them is read at the start of a run, and never guessed.

A write is left open where a run died around it, or where its ticket could not be read back. It stays open until that
ticket can be read: only then is it known which of the changes in its history are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from itsm_bridge.connectors.base import Absence, Connector
from itsm_bridge.errors import RecordRejected, WriteRefused
from itsm_bridge.model import HistoryEntry, Outcome, Ticket, TicketRecord, is_note
from itsm_bridge.store import Intent, LastWrite, Reader, Store
from itsm_bridge.writeback.comparing import current_value
from itsm_bridge.writeback.judging import Board, Changes, replaced
from itsm_bridge.writeback.notes import LOOKED_FOR, marker_in
from itsm_bridge.writeback.standing import CLOCKS_APART, owner_key
from itsm_bridge.writeback.storing import written_at

DIED = "a run died around this write"


@dataclass(frozen=True, slots=True)
class Unread:
    """A write that stays open, as its ticket cannot be read; ``why`` is what the source said."""

    ticket: str
    why: str


@dataclass(frozen=True, slots=True)
class Leftovers:
    """How many open writes were resolved, and those that stay open."""

    resolved: int
    unread: tuple[Unread, ...]


def resolve_leftovers(store: Store, connectors: Mapping[str, Connector], clock: Callable[[], datetime]) -> Leftovers:
    """Close the writes that are open, by reading what their tickets say now. Raises what a source raises."""
    resolved = 0
    unread = []
    for name, connector in connectors.items():
        gone = _gone(store, name)
        for intent in store.unresolved_intents(name):
            reason = gone.get(intent.external_id)
            if reason == Absence.DELETED:
                _give_up(store, intent, "its ticket was deleted", clock())
            elif reason is not None:
                continue  # hidden, most likely: it is asked for when the ticket is back
            elif why := _resolve(store, connector, intent, clock):
                unread.append(Unread(f"{name}:{intent.number}", why))
                continue
            resolved += 1
    return Leftovers(resolved, tuple(unread))


def open_writes(store: Reader, source: str) -> list[Intent]:
    """The writes of which nobody knows the end, but of tickets that are gone: those are asked for when one is back."""
    gone = _gone(store, source)
    return [intent for intent in store.unresolved_intents(source) if intent.external_id not in gone]


def look_for_notes(store: Store, connector: Connector, run: int, clock: Callable[[], datetime]) -> int:
    """Look once more for notes that may be on their tickets, and keep which are there; how many were found.

    Whatever hid them, or held them up, may be over by now. What is still not seen stays as it is.
    """
    found = 0
    for external_id, writes in store.last_writes(connector.name, open_only=True).items():
        lost = {key: last for key, last in writes.items() if is_note(key) and last.outcome in LOOKED_FOR}
        ticket = store.ticket(connector.name, external_id) if lost else None
        if ticket is not None:
            there = Board.of(ticket, connector, wanted=True).markers
            shown = {key: last for key, last in lost.items() if marker_in(key) in there}
            _keep(store, ticket, shown, run, clock())
            found += len(shown)
    return found


def look_for_shown(store: Store, connector: Connector) -> None:
    """Forget those internal notes that customers were shown, where somebody has taken them off their tickets."""
    gone = _gone(store, connector.name)
    for one in (one for one in store.shown_notes() if one.source == connector.name):
        ticket = store.ticket(one.source, one.external_id)
        if ticket is None or gone.get(one.external_id) == Absence.DELETED:
            store.forget_shown(one)
        elif one.external_id not in gone:
            board = Board.of(ticket, connector, wanted=True)
            if not board.hidden and one.marker not in board.markers:
                store.forget_shown(one)


def _keep(store: Store, ticket: Ticket, shown: Mapping[str, LastWrite], run: int, now: datetime) -> None:
    """Keep that notes are there which were sent before."""
    for key, last in shown.items():
        intent = store.open_intent(run, ticket, {key: (None, last.value)}, uuid4().hex, last.inputs_digest, now)
        store.close_intent(intent, Outcome.NOOP, now, detail="a note that was sent before shows on the ticket by now")


def _gone(store: Reader, source: str) -> Mapping[str, str]:
    """Why the tickets of ``source`` that count as gone are gone, by external id."""
    return {row.external_id: row.reason for row in store.absences(source) if row.gone_at is not None}


def _give_up(store: Store, intent: Intent, why: str, now: datetime) -> None:
    store.close_intent(intent.id, Outcome.UNKNOWN, now, detail=f"{DIED}; {why}")


def _resolve(store: Store, connector: Connector, intent: Intent, clock: Callable[[], datetime]) -> str:
    """Decide from the ticket's own values what became of one write; why that cannot be done, empty where it was."""
    ticket = store.ticket(intent.source, intent.external_id)
    if ticket is None:
        _give_up(store, intent, "its ticket is not in the store any more", clock())
        return ""
    wanted = {field: after for field, (_, after) in intent.values.items()}
    has_note = any(map(is_note, wanted))
    account = connector.identity().account if has_note else ""  # before the reading: names in a history follow it
    try:
        record = connector.read(ticket)
    except (RecordRejected, WriteRefused) as problem:
        return problem.message
    board = Board.of(record.ticket, connector, wanted=has_note)
    since = _since(intent, ticket)
    nothing_came = record.ticket.version == intent.version or _is_last(intent, record, since, account)
    outcomes = {
        key: _outcome(key, value, record, board.markers, intent, nothing_came=nothing_came)
        for key, value in wanted.items()
    }
    detail = _detail(intent, outcomes, record, since)
    store.close_intent(intent.id, outcomes, clock(), written_at(wanted, record, since), detail, record)
    return ""


def _outcome(
    key: str,
    value: str | int | None,
    record: TicketRecord,
    markers: Collection[str],
    intent: Intent,
    *,
    nothing_came: bool,
) -> Outcome:
    """What became of one field or note; ``nothing_came`` says that no note can have, wherever it is not seen."""
    decided_together = () if is_note(key) else [one for one in intent.values if owner_key(one) == owner_key(key)]
    somebodys = any(_is_somebodys(intent.values[one], one, record) for one in decided_together)
    if _is_there(key, value, record.ticket, markers) and not somebodys:
        return Outcome.VERIFIED
    return Outcome.REJECTED if is_note(key) and nothing_came else Outcome.UNKNOWN


def _is_last(intent: Intent, record: TicketRecord, since: datetime, account: str) -> bool:
    """Whether our own values are the last that happened to a ticket: a note goes behind them, and moves it once more.

    They are ours where one save of our account stored all of them at once, for what we had seen, and nobody saved one
    of them before it: of a save of a person that came to the same, a note may be behind. Only instants with fractions
    tell: within one second of ServiceNow values and note may both have been stored.
    """
    ours = {field: both for field, both in intent.values.items() if not is_note(field) and both[0] != both[1]}
    stored = [entry for entry in record.history if entry.at >= since and _says(entry, ours)]
    return (
        record.ticket.updated_at.microsecond != 0
        and {(entry.at, entry.actor) for entry in stored} == {(record.ticket.updated_at, account)}
        and sorted(entry.field for entry in stored) == sorted(ours)
        and not replaced(ours, record.history)
    )


def _says(entry: HistoryEntry, changes: Changes) -> bool:
    """Whether somebody, we or another, set a field to what we wanted."""
    return entry.field in changes and entry.new == str(changes[entry.field][1])


def _is_there(key: str, value: str | int | None, ticket: Ticket, markers: Collection[str]) -> bool:
    return marker_in(key) in markers if is_note(key) else current_value(ticket, key) == value


def _is_somebodys(change: tuple[str | int | None, str | int | None], field: str, record: TicketRecord) -> bool:
    """Whether a field has a value that is neither the one before nor ours, and did not replace ours.

    Then it was saved before our write, or that never came; what else is there of the same decision counts as theirs.
    """
    before, after = change
    last = next((entry for entry in reversed(record.history) if entry.field == field), None)
    return current_value(record.ticket, field) not in {before, after} and (last is None or last.old != str(after))


def _since(intent: Intent, ticket: Ticket) -> datetime:
    """The instant after which a change is none that we knew when we decided: by the source's own clock, if we can."""
    return ticket.updated_at if ticket.version == intent.version else intent.opened_at - CLOCKS_APART


def _came_and_went(intent: Intent, key: str, record: TicketRecord, since: datetime) -> bool:
    """Whether a field has had our value since then, and has another by now."""
    if is_note(key) or current_value(record.ticket, key) == (value := intent.values[key][1]):
        return False
    return any(entry.field == key and entry.new == str(value) and entry.at >= since for entry in record.history)


def _detail(intent: Intent, outcomes: Mapping[str, Outcome], record: TicketRecord, since: datetime) -> str:
    """What was not done or is not there any more, and whose value ours replaced, in words."""
    lost = {key: outcome for key, outcome in outcomes.items() if outcome is not Outcome.VERIFIED}
    went = sorted(key for key in lost if _came_and_went(intent, key, record, since))
    stored = {key: both for key, both in intent.values.items() if key not in lost or key in went}
    said = [f"{DIED}; {', '.join(went)}: stored, and changed again since"] if went else []
    left = {key: outcome for key, outcome in lost.items() if key not in went}
    if any(outcome is Outcome.REJECTED or not is_note(key) for key, outcome in left.items()):
        said.append(f"{', '.join(sorted(left))}: not applied" if went else f"{DIED}; it was not applied")
    elif left:
        said.append(f"{DIED}; nobody knows whether it left its note")
    return "; ".join(filter(None, [*said, replaced(stored, record.history)]))
