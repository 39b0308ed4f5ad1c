"""What a store holds beside tickets: decisions and writes, agreed verdicts, clocks of the source, runs, and CSV files.

All of it is made up here, from random tickets and from the oracle of the clocks. The verdicts alone are frozen by the
program, at two instants and under an older configuration, since what is agreed is whatever it froze.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.analysis.independent import estate
from tests.analysis.independent.hours import Hours
from tests.analysis.independent.test_the_past import known_at
from tests.analysis.made import NOW, decision
from tests.sla.oracle import Answer, Walk

from itsm_bridge.config.model import Configuration, SlaDefinition
from itsm_bridge.connectors.base import Page
from itsm_bridge.history import with_recorded_end
from itsm_bridge.model import Decision, NativeSla, Outcome, TicketRecord
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.freezing import freeze
from itsm_bridge.store import Store

SINCE = NOW - timedelta(days=60)

FROZEN = [NOW - timedelta(days=days) for days in (40, 12, 1)]
"""When verdicts were agreed; until then some histories are as they never were again."""

INPUTS = {
    "uptime": "vendor,environment,month,value,of,note\nGWL,punjab,2026-10,99.95%,44640,planned stop left out\n"
    "OptIT,,2026-11,0.998,,\nOurs,ap,2026-12,97%,,still to come\nGWL,,2026-09,1,10,\n",
    "cost": "vendor;month;value;currency\nGWL;2026-10;1200000.50;INR\nOptIT;2026-11;7000;EUR\n",
    "satisfaction": "vendor,month,value,of\nOurs,2026-11,4.25,12\nGWL,2026-03,5,\n",
}

FILES: Mapping[str, str] = {
    **estate.FILES,
    "bridge": estate.FILES["bridge"] + "  inputs: {uptime: in/up.csv, cost: in/cost.csv, satisfaction: in/liked.csv}\n",
}
PLACES = {"uptime": "in/up.csv", "cost": "in/cost.csv", "satisfaction": "in/liked.csv"}

OLDER: Mapping[str, str] = {
    **FILES,
    "sla": FILES["sla"]
    .replace("target: 4h", "target: 25h")
    .replace("target: 24h", "target: 2h")
    .replace('"14:00-18:00"', '"14:00-23:00"'),
}
"""That under which verdicts were agreed: one target was longer, one shorter, and the office was open longer."""

CHANGED_LEVELS, CHANGED_CALENDARS = {"answer", "a day"}, {"office"}


def configurations(folder: Path) -> tuple[Configuration, Configuration]:
    """Today's, with its CSV files, and the older one."""
    made = estate.configuration(folder / "today", FILES), estate.configuration(folder / "older", OLDER)
    for place in folder.iterdir():
        (place / "in").mkdir()
        for kind, text in INPUTS.items():
            (place / PLACES[kind]).write_text(text, encoding="utf-8")
    return made


def kept(
    store: Store, today: Configuration, older: Configuration, seed: int
) -> Mapping[str, tuple[datetime, datetime]]:
    """Fill a store: tickets, verdicts agreed on the way, then all that lies beside them.

    Returned are the tickets whose history was another one when verdicts were agreed, by id, with when they were said to
    have ended then and when they are now.
    """
    chance, records = random.Random(seed), estate.population(seed, 160, SINCE)
    wrong = {one.ticket.external_id: _ended_late(one) for one in records if _ended(one) and chance.random() < 0.7}
    for at in FROZEN:
        then = [wrong.get(one.ticket.external_id, one) for one in records if one.ticket.created_at < at]
        store.save_page("snow", "incident", Page(tuple(known_at(one, at) for one in then), {"at": "1"}), at)
        freeze(Bridge(older, store, lambda: NOW), ["snow"], at)
    natives = tuple(natives_of(records, today, chance))
    store.save_page("snow", "incident", Page(tuple(records), {"at": "2"}, natives=natives), NOW)
    _decide(store, records, chance)
    store.mark_synced("snow", NOW - timedelta(days=2))
    return {name: (one.history[-1].at, one.history[-1].at - LATER) for name, one in wrong.items()}


LATER = timedelta(hours=26)


def _ended(record: TicketRecord) -> bool:
    last = record.history[-1] if record.history else None
    return last is not None and last.field == "state" and last.new in {"resolved", "closed"}


def _ended_late(record: TicketRecord) -> TicketRecord:
    """A ticket that was read as if it had ended some hours later than it had."""
    last = record.history[-1]
    return replace(record, history=(*record.history[:-1], replace(last, at=last.at + LATER)))


# --- decisions and what became of them -------------------------------------------------------------------------------

FIELDS = ("priority", "approval", "vendor", "vendor", "note a1", "note a2")
HELD = ("not given within 8 h of business time since it was asked for (rule x)", "two owners on one day")


def _decide(store: Store, records: Sequence[TicketRecord], chance: random.Random) -> None:
    """Decisions of three runs, some too late for a report of the past; and writes of some that were planned."""
    for days, outcome in (25, "6"), (12, "0"), (1, "6"):
        at = NOW - timedelta(days=days)
        run = store.start_run("run", at, "d")
        there = [one for one in records if one.ticket.created_at < at]
        made = [
            _decided(chance, record, field, at + timedelta(minutes=place))
            for place, record in enumerate(there)
            for field in {chance.choice(FIELDS), chance.choice(FIELDS)}
            if chance.random() < 0.6
        ]
        store.save_decisions(run, made)
        for place, one in enumerate(made):
            if one.outcome == "planned":
                (record,) = (each for each in there if each.ticket.external_id == one.external_id)
                _write(store, run, record, one, random.Random(f"{run} {place}"))
        store.finish_run(run, at + timedelta(hours=5), outcome, {"problems": ["too many"]})


def _decided(chance: random.Random, record: TicketRecord, field: str, at: datetime) -> Decision:
    outcome = chance.choice(["planned", "planned", "kept", "noop", "verified", "held", "conflict", "overridden"])
    values: dict[str, str | int] = {"priority": 2, "approval": "requested", "vendor": "GWL"}
    value = None if outcome == "held" else values.get(field, "Late.")
    because = chance.choice(HELD) if outcome == "held" else "One owner."
    if field.startswith("note"):
        because = chance.choice(["(its approval is overdue)", "A note."])
    return decision(record, field, value, at, outcome, because=because)


def _write(store: Store, run: int, record: TicketRecord, made: Decision, chance: random.Random) -> None:
    """None, one or two writes of what was planned, of which the last may still be open."""
    for number in range(chance.choice([0, 1, 1, 2])):
        at = made.decided_at + timedelta(minutes=10 * number)
        marker, change = f"{run} {made.external_id} {made.field} {number}", {made.field: (None, made.value)}
        intent = store.open_intent(run, record.ticket, change, marker, "i", at)
        if number or chance.random() < 0.8:
            outcome = chance.choice([Outcome.VERIFIED, Outcome.REJECTED, Outcome.CONFLICT])
            store.close_intent(intent, outcome, at + timedelta(minutes=chance.choice([1, 60 * 24 * 9])))


# --- the source's own clocks -----------------------------------------------------------------------------------------

PLANTED = ("same", "same", "target", "a little late", "late", "verdict", "silent", "alone")


def natives_of(records: Sequence[TicketRecord], programme: Configuration, chance: random.Random) -> Iterator[NativeSla]:
    """For every other clock one of the source, as it stood at an instant: the same, or with something planted."""
    world = Hours(programme).world
    for record in records:
        whole = with_recorded_end(record)
        for place, one in enumerate(Walk(whole, programme.slas, world, NOW).answers):
            if chance.random() < 0.5:
                yield from _native(chance, whole, one, programme, place)


def _native(
    chance: random.Random, record: TicketRecord, ours: Answer, programme: Configuration, place: int
) -> Iterator[NativeSla]:
    planted = chance.choice(PLANTED)
    level = next(level for level in programme.slas if level.name == ours.sla)
    measured = NOW - estate.STEP * chance.randrange(4000)
    at = None if ours.stopped_at else max(measured, ours.started_at + estate.STEP)
    seen: Answer | None = ours if at is None else as_of(record, ours, programme.slas, programme, at)
    if seen is None or seen.stopped_at != ours.stopped_at:
        return
    assert level.target.seconds is not None
    target, due, breached = level.target.seconds, seen.due_at, seen.breached
    if planted == "target":
        levels = [replace(one, target=replace(one.target, seconds=2 * target)) if one is level else one
                  for one in programme.slas]  # fmt: skip
        twice = as_of(record, ours, levels, programme, at or NOW)
        assert twice is not None
        target, due, breached = 2 * target, twice.due_at, twice.breached
    late = {"a little late": 40, "late": 4000}.get(planted, 0)
    is_silent = planted == "silent"
    yield NativeSla(
        source="snow",
        external_id=record.ticket.external_id,
        native_id=f"{record.ticket.external_id}-{place}-{planted.replace(' ', '_')}",
        name="something else" if planted == "alone" else ours.sla.upper(),
        stage=seen.stage,
        started_at=seen.started_at,
        stopped_at=seen.stopped_at,
        due_at=None if is_silent else due,
        elapsed_seconds=None if is_silent else seen.elapsed_seconds + late,
        breached=None if is_silent else breached is not (planted == "verdict"),
        measured_at=at,
        target_seconds=None if is_silent else target,
    )  # fmt: skip


def as_of(
    record: TicketRecord, ours: Answer, levels: Sequence[SlaDefinition], programme: Configuration, at: datetime
) -> Answer | None:
    """One clock as it stood at an instant."""
    world: Any = Hours(programme).world
    answers = Walk(record, levels, world, at).answers
    return next((one for one in answers if (one.sla, one.started_at) == (ours.sla, ours.started_at)), None)
