"""Says what is wrong with clocks after a schedule: verdicts, warnings and escalations, each once and none left out.

What the clocks should show is reckoned second by second by the oracle of ``tests/sla`` from what the world holds; what
was agreed, told and noted is read from the store and from the world's log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from sqlalchemy import select
from tests.simulation.configurations import configuration
from tests.simulation.oracle import Books, mirror, overwritten, unannounced, unfounded, unwritten
from tests.simulation.world import BRIDGE, World
from tests.sla.oracle import Answer, Walk
from tests.sla.wall import Era
from tests.sla.wall import World as Wall

from itsm_bridge.model import Outcome, TicketType, Verdict
from itsm_bridge.store import Store
from itsm_bridge.store.schema import sla_verdicts
from itsm_bridge.store.verdicts import FIELDS

CLOSED_DAYS = frozenset({date(2026, 11, 24), date(2026, 12, 25)})
"""Holidays of every office in the weeks of the simulation: Guru Nanak Jayanti, Christmas."""

ERA = Era(datetime(2026, 11, 22, tzinfo=UTC), 40)
ESCALATED: Mapping[float, frozenset[int]] = {50.0: frozenset({1, 2}), 100.0: frozenset({1, 2, 3, 4, 5})}
"""Shares of a clock of ``resolution`` at which the shipped rules leave a note, and for which priorities."""

ENOUGH = 2
"""Times that a note which a source does not take is sent."""

NOTE = re.compile(r"(?P<share>[\d.]+) % of (?P<sla>.+) is used up\.")
Told = tuple[str, str, float, str]
"""Ticket, level, percent, and when that was used up, as a run told it."""


@dataclass
class Diary:
    """What the store said after each process: nothing that was agreed may be missing or different later."""

    agreed: frozenset[Verdict] = frozenset()
    changed: list[str] = field(default_factory=list)
    ended: datetime | None = None

    def look(self, store: Store, ended: datetime | None) -> None:
        """Look after a process; ``ended`` is when it began, if it came to its end."""
        now = agreed(store)
        self.changed += [f"{one.external_id} {one.sla}: a verdict is gone or changed" for one in self.agreed - now]
        self.agreed = now
        self.ended = ended or self.ended


def agreed(store: Store) -> frozenset[Verdict]:
    """Every verdict in the store."""
    with store._database.reading() as connection:
        rows = connection.execute(select(*(sla_verdicts.c[name] for name in FIELDS)))
        return frozenset(Verdict(*row) for row in rows)


def wrong_clocks(world: World, store: Store, diary: Diary, *, race: bool, seen: Counter[str]) -> list[str]:
    """Each thing that must not be, a line each; ``seen`` counts what was looked at."""
    books = Books.of(store, world.name)
    by_marker = {intent.marker: intent for intent in books.intents}
    now = max(run.started_at for run in store.runs(1))
    clocks = {one: reckoned(world, one, now) for one in world.tickets}
    told = list(told_of(store))
    return [
        *mirror(world, books),
        *unwritten(world, books, seen),
        *overwritten(world, books, race=race, seen=seen),
        *unannounced(world, by_marker, seen),
        *unfounded(world, books, seen),
        *(f"the audit log does not hold: {fault}" for fault in books.audited),
        *diary.changed,
        *(line for one in world.tickets for line in unagreed(one, clocks[one], diary, seen)),
        *told_twice(told, seen),
        *(line for one in world.tickets for line in untold(world, one, clocks[one], store, told, seen)),
        *(line for one in world.tickets for line in unescalated(world, one, clocks[one], books, seen)),
        *(line for one in world.tickets for line in noted_too_often(world, one, clocks[one], seen)),
    ]


# --- what the clocks should show ---------------------------------------------------------------------------------


@cache
def wall() -> Wall:
    """The opening hours of the configuration with clocks, with its holidays written out."""
    whole = configuration("clocks")
    added = dict.fromkeys(CLOSED_DAYS, "holiday")
    offices = {
        name: office
        if office.always
        else replace(office, holidays=replace(office.holidays, add={**office.holidays.add, **added}))
        for name, office in whole.calendars.items()
    }
    owned = {  # no ticket of the simulation is about a service with an owner of its own
        name: replace(place, owners=tuple(one for one in place.owners if not one.services))
        for name, place in whole.environments.items()
    }
    return Wall(replace(whole, calendars=offices, environments=owned), ERA, unit=1)


def reckoned(world: World, external_id: str, now: datetime) -> list[Answer]:
    """Every clock of a ticket, by the other oracle."""
    return Walk(world.seen(external_id), configuration("clocks").slas, wall(), now).answers


def _share(clock: Answer) -> float:
    level = next(one for one in configuration("clocks").slas if one.name == clock.sla)
    assert level.target.seconds is not None
    return 100 * clock.elapsed_seconds / level.target.seconds


# --- verdicts ----------------------------------------------------------------------------------------------------


def unagreed(external_id: str, clocks: Sequence[Answer], diary: Diary, seen: Counter[str]) -> Iterator[str]:
    """Each clock that ended before the last whole run has one verdict, with its figures."""
    mine = [one for one in diary.agreed if one.external_id == external_id]
    for clock in clocks:
        if clock.stopped_at is None or diary.ended is None or clock.stopped_at > diary.ended - timedelta(minutes=5):
            continue
        same = [
            one
            for one in mine
            if (one.sla, one.started_at, one.stopped_at) == (clock.sla, clock.started_at, clock.stopped_at)
        ]
        seen["verdicts"] += 1
        seen["breaches"] += clock.breached
        if len(same) != 1:
            span = f"from {clock.started_at} to {clock.stopped_at}"
            yield f"{external_id} {clock.sla}: {len(same)} verdicts of the clock {span}"
        elif same[0].stage != clock.stage or same[0].elapsed_seconds != clock.elapsed_seconds:
            yield f"{external_id} {clock.sla}: {same[0].stage} {same[0].elapsed_seconds}, and not {clock}"


# --- warnings ----------------------------------------------------------------------------------------------------


def told_of(store: Store) -> Iterator[Told]:
    """The clocks that the runs told of which came to their end."""
    for run in store.runs(100):
        warnings = run.summary.get("warnings", {})
        assert isinstance(warnings, dict)
        for ticket, sla, percent, _, _, crossed_at in warnings.get("clocks", ()):
            yield ticket, sla, percent, crossed_at


def told_twice(told: Sequence[Told], seen: Counter[str]) -> Iterator[str]:
    """No warning is told twice."""
    for one, times in Counter(told).items():
        seen["warnings"] += 1
        if times > 1:
            yield f"{one} was told {times} times"


def untold(  # noqa: PLR0917 (called in one place)
    world: World, external_id: str, clocks: Sequence[Answer], store: Store, told: Sequence[Told], seen: Counter[str]
) -> Iterator[str]:
    """Each clock of an open ticket that has used up a share that warns is in the books, and was told of."""
    record = world.tickets[external_id].record
    if not record.ticket.state.is_open:
        return
    rows = store.warnings(world.name, [external_id])
    whole = (run.finished_at for run in store.runs(100) if not run.summary.get("problems"))
    first = min(at for at in whole if at is not None)
    for clock in (one for one in clocks if one.stopped_at is None):
        level = next(one for one in configuration("clocks").slas if one.name == clock.sla)
        for percent in (one for one in level.warn if _share(clock) >= one + 0.1):
            there = [
                one for one in rows if (one.sla, one.percent, one.started_at) == (clock.sla, percent, clock.started_at)
            ]
            seen["shares used up"] += 1
            if len(there) != 1 or there[0].told_at is None:
                yield f"{external_id} {clock.sla}: {percent} % is used up; the books have {there}"
            elif there[0].crossed_at > first and not clock.breached:
                seen["told in time"] += 1
                if not any(one[:2] == (record.ticket.id, clock.sla) and one[2] >= percent for one in told):
                    yield f"{external_id} {clock.sla}: {percent} % is used up, and nobody was told"


# --- escalations -------------------------------------------------------------------------------------------------


def unescalated(
    world: World, external_id: str, clocks: Sequence[Answer], books: Books, seen: Counter[str]
) -> Iterator[str]:
    """Whoever is to be told is told by a note, for each clock of an open ticket that has used up a share."""
    record = world.seen(external_id)
    ticket = record.ticket
    if not ticket.state.is_open or ticket.type is TicketType.CHANGE:
        return
    left = Counter(_about(world, external_id, unseen=True))
    tried = Counter(
        (float(found["share"]), found["sla"])
        for intent in books.intents
        if intent.external_id == external_id
        for key, (_, text) in intent.values.items()
        if " " in key and (found := NOTE.search(str(text)))
        for _ in range(ENOUGH if intent.outcomes.get(key) is Outcome.UNKNOWN else 1)  # it may be there: not sent again
    )
    for clock in (one for one in clocks if one.stopped_at is None and "resolution" in one.sla):
        for share, priorities in ESCALATED.items():
            if _share(clock) < share + 0.1 or ticket.priority not in priorities or not ticket.vendor:
                continue
            seen[f"escalated at {share:g}"] += 1
            if not left[share, clock.sla] and tried[share, clock.sla] < ENOUGH:
                yield f"{external_id} {clock.sla}: {share:g} % is used up, and no note says so"


def noted_too_often(world: World, external_id: str, clocks: Sequence[Answer], seen: Counter[str]) -> Iterator[str]:
    """No more notes about a level than it had clocks; no note is there twice."""
    truth = world.tickets[external_id]
    had = Counter(clock.sla for clock in clocks)
    for (share, sla), times in Counter(_about(world, external_id)).items():
        seen["escalations"] += 1
        if times > had[sla]:
            yield f"{external_id}: {times} notes say {share:g} % of {sla}, which had {had[sla]} clocks"
    for marker, times in Counter(note.marker for note in truth.board).items():
        if times > 1 and marker not in truth.unseen:
            yield f"{external_id}: note {marker} is there {times} times"


def _about(world: World, external_id: str, *, unseen: bool = False) -> Iterator[tuple[float, str]]:
    """Share and level of each note that we left, with ``unseen`` of those too that the source does not show."""
    for event in world.log:
        if event.external_id == external_id and event.actor == BRIDGE and (unseen or not event.unseen):
            found = NOTE.search(event.note)
            if found:
                yield float(found["share"]), found["sla"]
