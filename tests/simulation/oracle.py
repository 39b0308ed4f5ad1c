"""Says what is wrong after a schedule, from the world's log, the store and its books alone; it knows no rule engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from tests.simulation.oracle_votes import is_let_through, misread_votes
from tests.simulation.world import Event, Value, World, said

from itsm_bridge.model import Outcome, TicketRecord, TicketType
from itsm_bridge.store import Intent, Store
from itsm_bridge.store.chain import AuditFault
from itsm_bridge.store.rows import AbsenceRow
from itsm_bridge.store.schema import intents

GROUPS: Mapping[str, frozenset[str]] = {
    name: frozenset(group)
    for group in (("priority", "impact", "urgency"), ("vendor", "group"), ("approval",))
    for name in group
}
"""Fields that are one decision: whoever decides one of them decides all."""

OWNERS = {"punjab": "OptIT", "ap": "GWL"}
Telling = tuple[str, str, str]
"""A finding of a run: its kind, what it is about, and the words."""

SETTLED = frozenset({Outcome.VERIFIED, Outcome.NOOP})


@dataclass(frozen=True)
class Books:
    """What the store says of one source: tickets, what is not there, intents, and the last decision of each field.

    ``audited`` are the faults of the audit log, ``told`` all that runs ever told of collisions and unknown notes.
    """

    records: Mapping[str, TicketRecord]
    absent: tuple[AbsenceRow, ...]
    intents: tuple[Intent, ...]
    decided: Mapping[tuple[str, str], tuple[object, str]]
    audited: tuple[AuditFault, ...]
    told: frozenset[Telling]

    @classmethod
    def of(cls, store: Store, source: str) -> Books:
        with store._database.reading() as connection:
            query = select(*intents.columns).where(intents.c.source == source).order_by(intents.c.id)
            rows = tuple(Intent(*row) for row in connection.execute(query))
        return cls(
            {record.ticket.external_id: record for record in store.records(source=source)},
            tuple(store.absences(source)),
            rows,
            {
                (one.external_id, one.field): (one.value, one.outcome)
                for one in store.decisions(latest=True, source=source)
            },
            store.verify_audit().faults,
            frozenset(_tellings(store)),
        )


def _tellings(store: Store) -> Iterator[Telling]:
    for run in store.runs(1000):
        findings = run.summary.get("findings", ())
        assert isinstance(findings, list | tuple)
        yield from ((kind, about, text) for kind, about, text in findings if kind in {"collision", "unknown_note"})


def wrong(world: World, books: Books, *, race: bool, seen: Counter[str]) -> list[str]:
    """Each thing that must not be, a line each; ``seen`` counts what was looked at, lest it pass for want of it."""
    by_marker = {intent.marker: intent for intent in books.intents}
    return [
        *mirror(world, books),
        *unwritten(world, books, seen),
        *overwritten(world, books, race=race, seen=seen),
        *unannounced(world, by_marker, seen),
        *unfounded(world, books, seen),
        *noted_twice(world, seen),
        *misread_votes(world, race=race, seen=seen),
        *unfound(world, books),
        *(f"the audit log does not hold: {fault}" for fault in books.audited),
    ]


def mirror(world: World, books: Books) -> Iterator[str]:
    """The store holds what the account may see, with all its history."""
    gone = {row.external_id for row in books.absent if row.gone_at is not None}
    missing = {row.external_id for row in books.absent} - gone
    yield from (f"{one} is missed though it is there" for one in (gone | missing) & world.tickets.keys())
    yield from (f"{one} is not known to be gone" for one in world.deleted.keys() & books.records.keys() - gone)
    for external_id in world.tickets:
        truth, here = world.seen(external_id), books.records.get(external_id)
        if here is None:
            yield f"{external_id} is not in the store"
        elif here.ticket != truth.ticket:
            yield f"{external_id} differs: {here.ticket} instead of {truth.ticket}"
        elif _history_of(here) != _history_of(truth) or set(here.approvals) != set(truth.approvals):
            yield f"{external_id} has another history or other votes than the source"


def unwritten(world: World, books: Books, seen: Counter[str]) -> Iterator[str]:
    """Each field that the rules decide says so, unless somebody decided it, or the books hold it, with good reason."""
    for external_id, truth in world.tickets.items():
        record = world.seen(external_id)
        if not record.ticket.state.is_open:
            continue
        events = [event for event in world.log if event.external_id == external_id]
        for name, wanted in expected(record, world.name, events).items():
            if any(not event.marker and GROUPS[name] & event.changes.keys() for event in events):
                seen["decided by somebody"] += 1
                continue
            if (external_id, name) not in books.decided:
                yield f"{external_id} {name}: no decision is in the books"
            if said(record.ticket, name) == wanted:
                seen["as decided"] += 1
            elif books.decided.get((external_id, name), ("", ""))[1] == "held" and _refused(
                events, name, wanted, truth
            ):
                seen["held"] += 1
            else:
                yield f"{external_id} {name}: {said(record.ticket, name)!r} is there, not {wanted!r}, unexplained"
        yield from _note_left(external_id, record, world, books)


def expected(record: TicketRecord, source: str, events: list[Event]) -> Mapping[str, Value]:
    """What the shipped rules say of the tickets of this world."""
    ticket = record.ticket
    rank: dict[str, Value] = {"impact": 2, "urgency": 2} if source == "snow" else {"priority": 3}
    vendor = "eGov DevOps" if "access" in ticket.category else OWNERS[ticket.environment or ""]
    if ticket.type is not TicketType.CHANGE and "access" not in ticket.category:
        return {**rank, "vendor": vendor}
    let_through = is_let_through(record, events)
    if let_through is None:
        return rank
    return {**rank, "vendor": vendor} if let_through else {**rank, "approval": "requested"}


def _refused(events: list[Event], name: str, wanted: Value, truth: object) -> bool:
    """Whether the source did not store a value, as often as it takes to hold it."""
    blocked = name in {getattr(truth, one) for one in ("unreadable", "unwritable", "rewritten")}
    return blocked or sum(event.asked.get(name) == wanted and name not in event.changes for event in events) >= 1


def _note_left(external_id: str, record: TicketRecord, world: World, books: Books) -> Iterator[str]:
    if "disk full" not in record.ticket.summary:
        return
    left = any(event.note for event in world.log if event.external_id == external_id)
    tried = [key for one in books.intents if one.external_id == external_id for key in one.outcomes if " " in key]
    told = any(kind == "unknown_note" and about == f"{record.ticket.id} note" for kind, about, _ in books.told)
    if not left and len(tried) < 2 and not told:
        yield f"{external_id}: the note is not there, and nothing says why"


def overwritten(world: World, books: Books, *, race: bool, seen: Counter[str]) -> Iterator[str]:
    """No value of a person was replaced by ours without a record that a run told; without a race none was at all."""
    by_marker, told = {intent.marker: intent for intent in books.intents}, books.told
    last: dict[tuple[str, str], Event] = {}
    for event in world.log:
        if "vote" in event.changes:
            last.pop((event.external_id, "approval"), None)  # an approver's later word counts, whoever said what before
        for name, (old, new) in event.changes.items():
            before = last.get((event.external_id, name))
            if event.marker and name in event.asked and before is not None and not before.marker:
                seen["collisions"] += 1
                intent = by_marker.get(event.marker)
                if not race and not world.is_blind(event.external_id, name):
                    yield f"{event.external_id} {name}: {old!r} of a person was replaced by {new!r} without a race"
                elif intent is None or not _recorded(intent, name):
                    yield f"{event.external_id} {name}: {old!r} of a person was silently replaced by {new!r}"
                elif f"{name}: a person's" in intent.detail and not _told(intent, name, told):
                    yield f"{event.external_id} {name}: no run told that {old!r} of a person was replaced by {new!r}"
            last[event.external_id, name] = event


def _recorded(intent: Intent, name: str) -> bool:
    return intent.outcomes.get(name) not in SETTLED or f"{name}: a person's" in intent.detail


def _told(intent: Intent, name: str, told: frozenset[Telling]) -> bool:
    subject = f"{intent.source}:{intent.number}"
    return any(
        (kind, about) == ("collision", subject) and text.startswith(f"{name}: a person's") for kind, about, text in told
    )


def unannounced(world: World, by_marker: Mapping[str, Intent], seen: Counter[str]) -> Iterator[str]:
    """Each write has an intent with an outcome."""
    for event in world.log:
        if event.marker:
            seen["writes"] += 1
            intent = by_marker.get(event.marker)
            if intent is None:
                yield f"{event.external_id}: a write {event.changes or event.note!r} that no intent announced"
            elif intent.state != "closed":
                yield f"{event.external_id}: nobody knows what became of the write {intent.values}"
            elif missing := event.asked.keys() - intent.outcomes.keys():
                yield f"{event.external_id}: no outcome of {missing}"
            elif event.asked and event.asked.keys() != {name for name in intent.values if " " not in name}:
                yield f"{event.external_id}: {intent.values} was announced and {event.asked} was written"
    for intent in by_marker.values():
        if intent.state != "closed" and intent.external_id in world.tickets:
            yield f"{intent.external_id}: an intent is still open: {intent.values}"


def unfounded(world: World, books: Books, seen: Counter[str]) -> Iterator[str]:
    """What is called verified was there; what is called unknown or lost was not there to be seen."""
    for intent in books.intents:
        ours = [event for event in world.log if event.marker == intent.marker]
        for name, outcome in intent.outcomes.items():
            if " " in name:
                continue
            wanted = intent.values[name][1]
            if outcome is Outcome.VERIFIED:
                seen["verified"] += 1
                if not any(
                    event.changes.get(name, ("", ""))[1] == wanted
                    for event in world.log
                    if event.external_id == intent.external_id
                    and (not ours or event.number <= ours[-1].number or not event.marker)
                ):
                    yield f"{intent.external_id} {name}: {wanted!r} is called verified and never was there"


def noted_twice(world: World, seen: Counter[str]) -> Iterator[str]:
    """Each note is on its ticket once, whoever can see it."""
    times: Counter[tuple[str, str]] = Counter()
    for event in world.log:
        if event.note:
            seen["notes"] += 1
            times[event.external_id, event.note] += 1
    yield from (
        f"{external_id} bears {count} times: {note}" for (external_id, note), count in times.items() if count > 1
    )


def unfound(world: World, books: Books) -> Iterator[str]:
    """A note of ours that anybody can see on an open ticket is known to be there."""
    last = {(one.external_id, key): outcome for one in books.intents for key, outcome in one.outcomes.items()}
    for external_id, truth in world.tickets.items():
        shown = [note for note in truth.board if note.marker not in truth.unseen]
        for note in shown if truth.record.ticket.state.is_open else ():
            if (outcome := last.get((external_id, note.key))) not in SETTLED:
                yield f"{external_id}: {note.key} can be seen there and counts as {outcome}"


def _history_of(record: TicketRecord) -> set[tuple[object, ...]]:
    return {(one.entry_id, one.at, one.field, one.old, one.new, one.actor) for one in record.history}
