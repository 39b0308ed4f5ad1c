"""A saved plan against the present: which of its tickets are left out, and why each of them is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from itsm_bridge.model import Outcome, Ticket, is_note
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.writeback import Plan, SavedPlan, announced, current_value, what_changed

NOTE_DONE = frozenset({Outcome.VERIFIED, Outcome.NOOP})


def left_out(
    bridge: Bridge, saved: SavedPlan, whole: Plan, names: Collection[str], sources: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Of the tickets ``names`` of a file each that is not written, with the reason.

    ``whole`` is today's plan. A ticket that holds already what the file says is done, and one of a source that is not
    among ``sources`` is told of by the source's own problem: neither is listed.
    """
    present = _Present(bridge, saved, whole)
    for name in names:
        ticket = bridge.store.find_ticket(name)
        if ticket is None:
            yield name, "it is not in this store; not written"
        elif ticket.source in sources and not present.is_done(name, ticket):
            yield name, f"{present.why(name, ticket)}; not written"


class _Present:
    """What the store and today's plan say of the tickets of a file."""

    def __init__(self, bridge: Bridge, saved: SavedPlan, whole: Plan) -> None:
        self._store, self._saved = bridge.store, saved
        self._today = {one.ticket.id: announced(one) for one in whole.tickets}
        self._absent = {(row.source, row.external_id) for row in bridge.store.absences()}
        self._writes = cache(bridge.store.last_writes)

    def is_done(self, name: str, ticket: Ticket) -> bool:
        """Whether a ticket holds all that the file announced for it, as after a second ``apply`` of the same file."""
        writes = self._writes(ticket.source).get(ticket.external_id, {})
        left = {write.value for key, write in writes.items() if is_note(key) and write.outcome in NOTE_DONE}
        return all(
            value in left if is_note(field) else current_value(ticket, field) == value
            for field, value in self._saved.tickets[name]
        )

    def why(self, name: str, ticket: Ticket) -> str:
        """What is not so any more: the ticket, or else what the rules make of it."""
        (record,) = self._store.records(ids=[(ticket.source, ticket.external_id)])
        how = what_changed(record, self._saved.updated[name])
        if not ticket.state.is_open:
            return f"it is {ticket.state} by now{how}"
        if ticket.version != self._saved.versions[name]:
            return f"it changed since the plan was saved{how}"
        if (ticket.source, ticket.external_id) in self._absent:
            return "its source does not show it any more"
        return f"it did not change, but the rules decide otherwise by now ({self._otherwise(name)})"

    def _otherwise(self, name: str) -> str:
        """What the file says of a ticket against what today's plan says."""
        said, today = self._saved.tickets[name], self._today.get(name, frozenset())
        before, after = dict(said - today), dict(today - said)
        fields = [field for field in sorted({**before, **after}) if not is_note(field)]
        notes = ["a note is not left any more"] if any(map(is_note, before)) else []
        return ", ".join([*(f"{one}: {_word(before.get(one))} → {_word(after.get(one))}" for one in fields), *notes])


def _word(value: str | int | None) -> str:
    return "no change" if value is None else str(value)
