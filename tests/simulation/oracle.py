"""Says what is wrong after a schedule, from the world's log, the store and its books alone; it knows no rule engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
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
SETTLED = frozenset({Outcome.VERIFIED, Outcome.NOOP})


@dataclass(frozen=True)
class Books:
    """What the store says of one source: tickets, what is not there, intents, and the last decision of each field.

    ``audited`` are the faults of the audit log.
    """

    records: Mapping[str, TicketRecord]
    absent: tuple[AbsenceRow, ...]
    intents: tuple[Intent, ...]
    decided: Mapping[tuple[str, str], tuple[object, str]]
    audited: tuple[AuditFault, ...]

    @classmethod
    def of(cls, store: Store, source: str) -> Books:
        with store._database.reading() as connection:
            rows = tuple(Intent(*row) for row in connection.execute(select(*intents.columns).order_by(intents.c.id)))
        return cls(
            {record.ticket.external_id: record for record in store.records(source=source)},
            tuple(store.absences()),
            rows,
            {(one.external_id, one.field): (one.value, one.outcome) for one in store.decisions(latest=True)},
            store.verify_audit().faults,
        )


def wrong(world: World, books: Books, *, race: bool, seen: Counter[str]) -> list[str]:
    """Each thing that must not be, a line each; ``seen`` counts what was looked at, lest it pass for want of it."""
    by_marker = {intent.marker: intent for intent in books.intents}
    return [
        *mirror(world, books),
        *unwritten(world, books, seen),
        *overwritten(world, by_marker, race=race, seen=seen),
        *unannounced(world, by_marker, seen),
        *unfounded(world, books, seen),
        *noted_twice(world, by_marker, seen),
        *(f"the audit log does not hold: {fault}" for fault in books.audited),
    ]


def mirror(world: World, books: Books) -> Iterator[str]:
    """The store holds what the account may see, with all its history."""
    gone = {row.external_id for row in books.absent if row.gone_at is not None}
    missing = {row.external_id for row in books.absent} - gone
    yield from (f"{one} is missed though it is there" for one in (gone | missing) & world.tickets.keys())
    yield from (f"{one} is not known to be gone" for one in world.deleted & books.records.keys() - gone)
    for external_id in world.tickets:
        truth, here = world.seen(external_id), books.records.get(external_id)
        if here is None:
            yield f"{external_id} is not in the store"
        elif here.ticket != truth.ticket:
            yield f"{external_id} differs: {here.ticket} instead of {truth.ticket}"
        elif _told(here) != _told(truth) or set(here.approvals) != set(truth.approvals):
            yield f"{external_id} has another history or other votes than the source"


def unwritten(world: World, books: Books, seen: Counter[str]) -> Iterator[str]:
    """Each field that the rules decide says so, unless somebody decided it, or the books hold it, with good reason."""
    for external_id, truth in world.tickets.items():
        record = world.seen(external_id)
        if not record.ticket.state.is_open:
            continue
        events = [event for event in world.log if event.external_id == external_id]
        for name, wanted in expected(record, world.name).items():
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


def expected(record: TicketRecord, source: str) -> Mapping[str, Value]:
    """What the shipped rules say of the tickets of this world."""
    ticket = record.ticket
    rank: dict[str, Value] = {"impact": 2, "urgency": 2} if source == "snow" else {"priority": 3}
    if ticket.type is TicketType.CHANGE:
        return {**rank, "approval": "requested"}
    return {**rank, "vendor": OWNERS[ticket.environment or ""]}


def _refused(events: list[Event], name: str, wanted: Value, truth: object) -> bool:
    """Whether the source did not store a value, as often as it takes to hold it."""
    blocked = name in {getattr(truth, one) for one in ("unreadable", "unwritable", "rewritten")}
    return blocked or sum(event.asked.get(name) == wanted and name not in event.changes for event in events) >= 1


def _note_left(external_id: str, record: TicketRecord, world: World, books: Books) -> Iterator[str]:
    if "disk full" not in record.ticket.summary:
        return
    left = any(event.note for event in world.log if event.external_id == external_id)
    tried = [key for one in books.intents if one.external_id == external_id for key in one.outcomes if " " in key]
    if not left and len(tried) < 2:
        yield f"{external_id}: the note is not there, and nothing says why"


def overwritten(world: World, by_marker: Mapping[str, Intent], *, race: bool, seen: Counter[str]) -> Iterator[str]:
    """No value of a person was replaced by ours without a record; without a race none was at all."""
    last: dict[tuple[str, str], Event] = {}
    for event in world.log:
        for name, (old, new) in event.changes.items():
            before = last.get((event.external_id, name))
            if event.marker and name in event.asked and before is not None and not before.marker:
                seen["collisions"] += 1
                intent = by_marker.get(event.marker)
                blind = world.tickets.get(event.external_id) and world.tickets[event.external_id].unreadable == name
                if not race and not blind:
                    yield f"{event.external_id} {name}: {old!r} of a person was replaced by {new!r} without a race"
                elif old == "not_required":
                    seen["asked although somebody said no"] += 1  # in a race it is taken for nothing said, by design
                elif intent is None or not _recorded(intent, name):
                    yield f"{event.external_id} {name}: {old!r} of a person was silently replaced by {new!r}"
            last[event.external_id, name] = event


def _recorded(intent: Intent, name: str) -> bool:
    return intent.outcomes.get(name) not in SETTLED or f"{name}: a person's" in intent.detail


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


def noted_twice(world: World, by_marker: Mapping[str, Intent], seen: Counter[str]) -> Iterator[str]:
    """Each note is on its ticket once, unless nobody could know: the source hides it and never said it took it."""
    times: Counter[tuple[str, str]] = Counter()
    for event in world.log:
        if not event.note:
            continue
        seen["notes"] += 1
        times[event.external_id, event.note] += 1
        intent = by_marker.get(event.marker)
        if event.unseen and intent is not None and set(_of_notes(intent)) == {Outcome.UNKNOWN}:
            seen["notes that nobody could know of"] += 1
            times[event.external_id, event.note] -= 1
    yield from (
        f"{external_id} bears {count} times: {note}" for (external_id, note), count in times.items() if count > 1
    )


def _of_notes(intent: Intent) -> Iterator[Outcome]:
    return (outcome for key, outcome in intent.outcomes.items() if " " in key)


def _told(record: TicketRecord) -> set[tuple[object, ...]]:
    return {(one.entry_id, one.at, one.field, one.old, one.new, one.actor) for one in record.history}
