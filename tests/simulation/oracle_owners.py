"""Says what is wrong where people and rules disagree: who may write over whom, under each mode and each resolution.

It reads the world's log, what people asked of ``conflicts resolve``, the store and its audit log, and knows no engine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from tests.simulation.meanwhile import LEAD, Asked
from tests.simulation.oracle import SETTLED, Books, expected, mirror, noted_twice, unannounced, unfounded
from tests.simulation.world import Event, Truth, World, said

from itsm_bridge.model import Choice, Resolution
from itsm_bridge.store import Intent, Store
from itsm_bridge.store.audit import walk

KEYS: Mapping[str, tuple[str, ...]] = {
    "priority": ("priority", "impact", "urgency"),
    "approval": ("approval",),
    "vendor": ("vendor",),
}
"""The fields of a ticket that are one decision, by their key of ``ownership:``."""

OWNED = frozenset(name for names in KEYS.values() for name in names)
BREAKER = timedelta(hours=24)
HELD = "held"
TURNED_AWAY = frozenset({"turned_away"})
"""What becomes of a write that surely did not arrive: its source said so. It is made again."""

NEVER_ARRIVED = TURNED_AWAY | {"request_lost"}
"""Writes that replaced nothing: after them what was resolved as ours may be sent, as it was not yet."""


@dataclass(frozen=True)
class Course:
    """One key of one ticket: what happened to the ticket, and what was resolved about the key, each with its place."""

    external_id: str
    key: str
    mode: str
    events: tuple[Event, ...]
    resolved: tuple[tuple[int, Resolution], ...]

    def before(self, number: int) -> tuple[int, Resolution] | None:
        """The last that was resolved before a place in the log."""
        return next((one for one in reversed(self.resolved) if one[0] <= number), None)

    def changes(self, name: str, until: int) -> list[Event]:
        return [one for one in self.events if name in one.changes and one.number < until]

    def touched(self, since: int, until: int) -> bool:
        """Whether anything changed in the ticket between two places."""
        return any(one.changes for one in self.events if since <= one.number < until)

    def theirs_after(self, resolution: Resolution, until: int) -> bool:
        """Whether somebody changed the key after what was known when it was resolved."""
        return any(
            not one.marker
            and one.number < until
            and self.names & one.changes.keys()
            and (resolution.seen_at is None or one.at > resolution.seen_at)
            for one in self.events
        )

    def in_force(self, place: tuple[int, Resolution], until: int) -> bool:
        """Whether nothing has happened to the ticket since it was resolved, nor before without being known then."""
        return not self.touched(place[0], until) and not self.theirs_after(place[1], until)

    def tried(self, since: int, until: int, but: Collection[str] = TURNED_AWAY) -> bool:
        """Whether a write of ours was on its way between two places, ``but`` those that failed so."""
        ours = (one for one in self.events if one.marker and since <= one.number < until and one.failed not in but)
        return any(self.names & one.asked.keys() for one in ours)

    def voted_after(self, name: str, until: int) -> bool:
        """Whether an approver voted since the field was last set: a later word counts, whoever said what before."""
        last = self.changes(name, until)[-1].number
        return self.key == "approval" and any("vote" in one.changes for one in self.events if last < one.number < until)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(KEYS[self.key])


@dataclass(frozen=True)
class Case:
    """All that is known of one simulation."""

    world: World
    books: Books
    race: bool
    courses: tuple[Course, ...]
    by_marker: Mapping[str, Intent]
    audited: frozenset[tuple[int, str, str, str]]
    listed: Mapping[tuple[str, str], str]


def wrong_owners(
    world: World,
    store: Store,
    asked: Sequence[Asked],
    listed: Mapping[tuple[str, str], str],
    ownership: Mapping[str, object],
    *,
    race: bool,
    seen: Counter[str],
) -> list[str]:
    """Each thing that must not be, a line each; ``seen`` counts what was looked at.

    ``listed`` is what ``conflicts list`` shows in the end: the kind, by id of the ticket and key.
    """
    books = Books.of(store, world.name)
    by_marker = {intent.marker: intent for intent in books.intents}
    known, odd = _matched(store, world, asked, seen)
    ids = sorted({event.external_id for event in world.log} | world.tickets.keys())
    courses = tuple(_course(world, one, key, str(ownership[key]), known) for one in ids for key in KEYS)
    audited = frozenset((row.intent_id, row.field, row.old, row.new) for row in walk(store._database.reading))
    case = Case(world, books, race, courses, by_marker, audited, listed)
    return [
        *odd,
        *mirror(world, books),
        *unannounced(world, by_marker, seen),
        *unfounded(world, books, seen),
        *noted_twice(world, seen),
        *(line for course in courses for line in unlawful(case, course, seen)),
        *(line for course in courses for line in unsettled(case, course, seen)),
        *(f"the audit log does not hold: {fault}" for fault in books.audited),
    ]


# --- what was resolved -------------------------------------------------------------------------------------------


def _matched(
    store: Store, world: World, asked: Sequence[Asked], seen: Counter[str]
) -> tuple[Mapping[tuple[str, str], list[tuple[int, Resolution]]], list[str]]:
    """The resolutions in the store by ticket and key, each with its place in the log; and those that nobody asked."""
    left = list(asked)
    found: dict[tuple[str, str], list[tuple[int, Resolution]]] = {}
    odd = []
    ids = {event.external_id for event in world.log} | world.tickets.keys()
    for row in (row for one in sorted(ids) for row in store.resolutions_of(world.name, one)):
        wanted = (row.at, row.external_id, row.field, row.choice, row.by)
        match = next((one for one in left if (one.at, one.external_id, one.field, one.choice, LEAD) == wanted), None)
        if match is None:
            odd.append(f"{row.external_id} {row.field}: resolved as {row.choice}, which nobody asked for")
        else:
            left.remove(match)
            seen[f"resolved as {row.choice}"] += 1
            found.setdefault((row.external_id, row.field), []).append((match.number, row))
    odd += [f"{one.external_id} {one.field}: {one.choice} was asked for and is not kept" for one in left if one.done]
    seen["died resolving"] += sum(not one.done for one in asked)
    return found, odd


def _course(
    world: World,
    external_id: str,
    key: str,
    mode: str,
    known: Mapping[tuple[str, str], list[tuple[int, Resolution]]],
) -> Course:
    events = tuple(event for event in world.log if event.external_id == external_id)
    return Course(external_id, key, mode, events, tuple(known.get((external_id, key), ())))


# --- who wrote over whom -----------------------------------------------------------------------------------------


def unlawful(case: Case, course: Course, seen: Counter[str]) -> Iterator[str]:
    """Writes of ours that the mode, or what was resolved, forbids; and those of which not both values are kept."""
    for write in course.events:
        names = course.names & write.asked.keys()
        if not write.marker or not names:
            continue
        place = course.before(write.number)
        if place is not None and place[1].choice is Choice.HOLD:
            yield f"{course.external_id} {course.key}: {write.asked} was sent while somebody holds it"
        for name in sorted(names & write.changes.keys()):
            earlier = course.changes(name, write.number)
            if earlier and not earlier[-1].marker and not case.world.is_blind(course.external_id, name):
                yield from _over_a_person(case, course, write, name, seen)


def _over_a_person(case: Case, course: Course, write: Event, name: str, seen: Counter[str]) -> Iterator[str]:
    """What is wrong with one value of ours that replaced one of a person."""
    old, new = write.changes[name]
    line = f"{course.external_id} {name}: {old!r} of a person was replaced by {new!r}"
    intent = case.by_marker.get(write.marker)
    if intent is None:
        return  # told of by `unannounced`
    knew = intent.values[name][0] == old
    if not knew:
        seen["collisions"] += 1
        if not case.race:
            yield f"{line} without a race"
        elif not _recorded(intent, name) and old != "not_required":
            yield f"{line} silently"
        return
    if (intent.id, name, json.dumps(old), json.dumps(new)) not in case.audited:
        yield f"{line}, and the audit log has not both"
    yield from (f"{line}, {why}" for why in _not_allowed(course, write, name, seen))


def _not_allowed(course: Course, write: Event, name: str, seen: Counter[str]) -> Iterator[str]:
    """Why a value of a person that was known was not ours to replace."""
    place = course.before(write.number)
    if place is not None and place[1].choice is Choice.OURS and not course.theirs_after(place[1], write.number):
        if not course.tried(place[0], write.number, NEVER_ARRIVED):
            seen["ours was written"] += 1
            return
        if course.mode != "force":
            yield "though it was sent once already since it was resolved so"
            return
    if place is not None and place[1].choice is Choice.THEIRS and course.in_force(place, write.number):
        yield "though it was resolved that it stands"
    elif course.mode != "force" and not (course.mode == "yield" and course.voted_after(name, write.number)):
        yield f"under {course.mode}"
    elif _breaks(course, write, name):
        yield "though it was overridden twice within 24 hours"
    else:
        seen["forced"] += 1


def _breaks(course: Course, write: Event, name: str) -> bool:
    """Whether two values of ours were overridden within 24 hours, and the ticket said nothing else since.

    Changes in one and the same second are left out: a source that keeps seconds does not tell which was the first.
    """
    turns = _turns(course.changes(name, write.number))
    if len(turns) < 4 or turns[-1][0].marker or turns[-3][0].marker:
        return False
    (first_ours, *_), (*_, first), (ours, *_), (second, *_) = turns[-4:]
    instants = [first_ours.at, first.at, ours.at, second.at, write.at]
    apart = all(one < other for one, other in pairwise(instants))
    moved = any(one.changes.keys() - OWNED for one in course.events if first_ours.number <= one.number <= write.number)
    place = course.before(write.number)
    since_resolved = place is not None and place[0] > first_ours.number
    return apart and not moved and not since_resolved and second.at - first.at <= BREAKER


def _turns(changes: Sequence[Event]) -> list[list[Event]]:
    """Changes of one field, ours and others' by turns."""
    turns: list[list[Event]] = []
    for one in changes:
        if turns and bool(turns[-1][0].marker) == bool(one.marker):
            turns[-1].append(one)
        else:
            turns.append([one])
    return turns


def _recorded(intent: Intent, name: str) -> bool:
    return intent.outcomes.get(name) not in SETTLED or f"{name}: a person's" in intent.detail


# --- how it stands at the end ------------------------------------------------------------------------------------


def unsettled(case: Case, course: Course, seen: Counter[str]) -> Iterator[str]:
    """In the end each key is as decided, or as somebody decided it, or the books say that it is held."""
    truth = case.world.tickets.get(course.external_id)
    if truth is None or not truth.record.ticket.state.is_open:
        return
    record = case.world.seen(course.external_id)
    wish = {
        name: value
        for name, value in expected(record, case.world.name, list(course.events)).items()
        if name in course.names
    }
    differs = {name for name, value in wish.items() if said(record.ticket, name) != value}
    if not wish or truth.unreadable in course.names or said(record.ticket, course.key) == "rejected":
        return  # what nobody decides, what nobody sees, and a rejection, with which the rules agree
    kind = case.listed.get((course.external_id, course.key), "")
    line = f"{course.external_id} {course.key}: {sorted(differs) or 'nothing'} differs, listed as {kind or 'nothing'}"
    place = course.before(len(case.world.log))
    if place is None:
        yield from _by_mode(course, truth, differs, kind, line, seen)
    elif place[1].choice is Choice.HOLD:
        seen["held by somebody"] += 1
        if kind != HELD:
            yield f"{line}, and somebody holds it"
    elif place[1].choice is Choice.THEIRS and course.in_force(place, len(case.world.log)):
        seen["theirs stands"] += 1
        if kind:
            yield f"{line}, though it was resolved that it stands"
    elif place[1].choice is Choice.OURS and not course.theirs_after(place[1], len(case.world.log)):
        seen["ours was sent"] += 1
        if differs and not course.tried(place[0], len(case.world.log)):
            yield f"{line}, though it was resolved as ours"


def _by_mode(  # noqa: PLR0917 (called in one place)
    course: Course,
    truth: Truth,
    differs: set[str],
    kind: str,
    line: str,
    seen: Counter[str],
) -> Iterator[str]:
    """Nobody has resolved anything."""
    changed = [one for one in course.events if course.names & one.changes.keys()]
    theirs = any(not one.marker for one in changed)
    if course.mode == "hold" and changed and not changed[-1].marker and differs:
        seen["held by ownership"] += 1
        if kind != HELD and (course.key != "approval" or "approval" in differs):
            yield f"{line}, though it is a person's and is to be held"
    elif differs and (course.mode == "force" or not theirs):
        stuck = [name for name in differs if not _given_up(course, truth, name)]
        seen["given up"] += 1
        if stuck or not kind:
            yield f"{line}, and nothing says why"
        elif any(_overridden(course, name) for name in differs):
            seen["the breaker holds"] += 1


def _given_up(course: Course, truth: Truth, name: str) -> bool:
    """Whether there is a reason to write a value no more: it was overridden twice, or not stored."""
    blocked = name in {truth.unwritable, truth.rewritten}
    lost = any(one.marker and name in one.asked and name not in one.changes for one in course.events)
    return blocked or lost or _overridden(course, name)


def _overridden(course: Course, name: str) -> bool:
    turns = _turns(course.changes(name, len(course.events) + 10**9))
    return sum(not turn[0].marker for turn in turns[1:]) >= 2
