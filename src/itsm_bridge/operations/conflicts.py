"""Conflicts between the rules and people: which there are, how each came about, and what somebody decides about it.

Nothing here writes to a source: a resolution is kept in the store, and the next run goes by it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.errors import UsageError
from itsm_bridge.model import Choice, FieldChange, Held, Outcome, Resolution, Ticket
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.deciding import Key, decide
from itsm_bridge.rules import OWNED
from itsm_bridge.writeback import Judged, collisions_in
from itsm_bridge.writeback.conflicts import Conflict, conflicts_of, next_run, values_text
from itsm_bridge.writeback.standing import last_change, ours_of, owner_key, theirs_of

LISTING = "itsm-bridge conflicts list"

FIELDS = tuple(field for fields in OWNED.values() for field in fields)
"""Whose change may be a conflict."""

UNDONE = frozenset({Outcome.REJECTED, Outcome.OVERRIDDEN, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Survey:
    """What the next run would make of the open tickets of which anything was ever written, changed or resolved."""

    judged: Mapping[Key, Judged]
    changes: Mapping[str, list[FieldChange]]
    held: Mapping[str, list[Held]]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a field: a ``write`` of ours, a ``change`` in the source, a ``resolution``."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldStory:
    """All about one key of ``ownership:`` of one ticket; ``conflict`` is ``None`` where there is none to resolve."""

    field: str
    ours: str
    theirs: str
    events: tuple[Event, ...]
    conflict: Conflict | None
    next_run: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution as it stands now, what the next run does, and whether it had been resolved so before."""

    ticket: str
    resolution: Resolution
    next_run: str
    already: bool


def survey(bridge: Bridge, now: datetime, only: Ticket | None = None) -> Survey:
    """Decide what was ever written, changed or resolved, and see where that does not agree with what is there.

    With ``only`` one ticket alone. Each is decided as if it were the next one of a run.
    """
    mine = (None, None) if only is None else (only.source, only.external_id)
    moved: dict[Key, list[str]] = defaultdict(list)
    for decision in bridge.store.decisions(latest=True, source=mine[0], external_id=mine[1]):
        if decision.outcome == Outcome.CONFLICT:
            moved[decision.source, decision.external_id].append(decision.field)
    judged: dict[Key, Judged] = {}

    def keep(one: Judged) -> None:
        judged[one.record.ticket.source, one.record.ticket.external_id] = one

    concerned = {*bridge.store.touched(FIELDS), *moved} if only is None else {(only.source, only.external_id)}
    plan = decide(bridge, tuple(bridge.configuration.sources), now, keep, sorted(concerned))
    changes, held = defaultdict(list), defaultdict(list)
    for change in plan.changes:
        changes[change.ticket].append(change)
    for line in plan.held:
        held[line.ticket].append(line)
    found = tuple(
        conflict
        for key, one in judged.items()
        for conflict in conflicts_of(bridge.configuration, one, held[one.record.ticket.id], moved[key])
    )
    return Survey(judged, changes, held, found)


def story_of(bridge: Bridge, ticket_id: str, now: datetime) -> tuple[FieldStory, ...]:
    """Each field of one open ticket that we may write: how it came to what it is, and what happens next.

    Raises ``UsageError`` where there is no such ticket, or where it is not decided.
    """
    ticket = _ticket(bridge, ticket_id)
    looked = survey(bridge, now, ticket)
    judged = _judged(looked, ticket)
    events = _events(bridge, judged)
    conflicts = {one.field: one for one in looked.conflicts if one.ticket == ticket.id}
    wish = judged.wish()
    stories = []
    for name in OWNED:
        theirs = theirs_of(bridge.configuration, judged.record, name)
        if theirs:
            ours = ours_of(bridge.configuration, judged.record, name, wish)
            then = next_run(name, judged, wish, looked.changes[ticket.id], looked.held[ticket.id])
            texts = (values_text(ours), values_text(theirs))
            stories.append(FieldStory(name, *texts, tuple(events[name]), conflicts.get(name), then))
    return tuple(stories)


def resolve(bridge: Bridge, ticket_id: str, field: str | None, choice: Choice, *, by: str, now: datetime) -> Resolved:
    """Keep who decided what about a conflict; the same decision once more changes nothing.

    Without ``field`` the ticket must have one conflict alone. Raises ``UsageError`` where there is no such conflict.
    """
    ticket = _ticket(bridge, ticket_id)
    looked = survey(bridge, now, ticket)
    judged = _judged(looked, ticket)
    name = _named(looked, judged, field)
    known, standing = judged.resolved.get(name), judged.standing.get(name)
    already = known is not None and known.choice is choice and standing is not None and standing.resolved == known.text
    if known is None or not already:
        last = last_change(judged.record, name)
        known = Resolution(
            source=ticket.source,
            external_id=ticket.external_id,
            field=name,
            choice=choice,
            ours=ours_of(bridge.configuration, judged.record, name, judged.wish()),
            theirs=theirs_of(bridge.configuration, judged.record, name),
            seen_at=None if last is None else last.at,
            by=by,
            at=now,
        )
        bridge.store.save_resolution(known)
        looked = survey(bridge, now, ticket)
        judged = _judged(looked, ticket)
    then = next_run(name, judged, judged.wish(), looked.changes[ticket.id], looked.held[ticket.id])
    return Resolved(ticket.id, known, then, already)


def account() -> str:
    """The name of the account that runs the program, as the operating system has it."""
    try:
        import pwd  # noqa: PLC0415 (not on every system)

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return os.environ.get("USERNAME") or "somebody unknown"


def _ticket(bridge: Bridge, ticket_id: str) -> Ticket:
    ticket = bridge.store.find_ticket(ticket_id)
    if ticket is None:
        raise UsageError(
            f"there is no ticket {ticket_id!r} in the store; ids are written source:number, such as snow:INC0010023",
            hint=LISTING,
        )
    if not ticket.state.is_open:
        raise UsageError(f"{ticket.id} is {ticket.state.value}; only open tickets are decided", hint=LISTING)
    return ticket


def _judged(looked: Survey, ticket: Ticket) -> Judged:
    """What was made of a ticket. One that the last sweep missed is not decided, nor one with a write that is open."""
    judged = looked.judged.get((ticket.source, ticket.external_id))
    if judged is None:
        raise UsageError(
            f"{ticket.id} is not decided: it was not there when its source was last looked through, or nobody knows "
            "yet what became of a write to it"
        )
    return judged


def _named(looked: Survey, judged: Judged, field: str | None) -> str:
    """The key of ``ownership:`` that is meant: one with a conflict, or one that was resolved before."""
    ticket = judged.record.ticket.id
    there = [one.field for one in looked.conflicts if one.ticket == ticket]
    shown = ", ".join(there) or "none"
    if field is None:
        if len(there) == 1:
            return there[0]
        count = "several conflicts, name one" if there else "no conflict"
        raise UsageError(f"{ticket} has {count} (conflicts: {shown})", hint=f"itsm-bridge conflicts show {ticket}")
    name = field if field in OWNED else owner_key(field)
    if name in there or name in judged.resolved:
        return name
    raise UsageError(
        f"{ticket} has no conflict of {field!r} (conflicts: {shown})", hint=f"itsm-bridge conflicts show {ticket}"
    )


def _events(bridge: Bridge, judged: Judged) -> dict[str, list[Event]]:
    """What happened to each key of ``ownership:``, the oldest first."""
    found: dict[str, list[Event]] = defaultdict(list)
    for name, event in (*_writes(bridge, judged), *_changes(judged), *_resolutions(bridge, judged)):
        found[name].append(event)
    return defaultdict(list, {name: sorted(events, key=lambda event: event.at) for name, events in found.items()})


def _writes(bridge: Bridge, judged: Judged) -> Iterator[tuple[str, Event]]:
    ticket = judged.record.ticket
    made = bridge.store.decisions(source=ticket.source, external_id=ticket.external_id)
    rules = {(decision.run_id, decision.field): decision.rule for decision in made}
    for intent in bridge.store.intents_of(ticket.source, ticket.external_id):
        for field, (before, after) in intent.values.items():
            if name := owner_key(field):
                rule = rules.get((intent.run_id, field), "")
                outcome = intent.outcomes.get(field, "sent, outcome not known yet")
                tail = "".join(f"; {said}" for said in _said(intent.detail, field, outcome))
                by_rule = f" (rule {rule})" if rule else ""
                text = f"we wrote {field} {_text(before)} → {_text(after)}{by_rule}: {outcome}{tail}"
                yield name, Event(intent.opened_at, "write", text)


def _said(detail: str, field: str, outcome: str) -> tuple[str, ...]:
    """What the detail of a write says of one field: why it is not there, or whose value it replaced."""
    if outcome in UNDONE:
        return (detail,) if detail else ()
    return tuple(part for part in collisions_in(detail) if part.startswith(f"{field}:"))


def _changes(judged: Judged) -> Iterator[tuple[str, Event]]:
    """What the source's own history says: people's changes and, under the bridge's account, our own."""
    for entry in judged.record.history:
        if (name := owner_key(entry.field)) and entry.old != entry.new:
            who = entry.actor or "somebody unknown"
            yield name, Event(entry.at, "change", f"{who} set {entry.field} {_text(entry.old)} → {_text(entry.new)}")


def _resolutions(bridge: Bridge, judged: Judged) -> Iterator[tuple[str, Event]]:
    ticket = judged.record.ticket
    for one in bridge.store.resolutions_of(ticket.source, ticket.external_id):
        said = f"the rules said {values_text(one.ours)}, the ticket {values_text(one.theirs)}"
        yield one.field, Event(one.at, "resolution", f"resolved as {one.choice} by {one.by}: {said}")


def _text(value: str | int | None) -> str:
    return "–" if value in {None, ""} else str(value)
