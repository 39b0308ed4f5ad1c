"""What people do between two runs in some settings: set a ticket otherwise once more, finish it, resolve a conflict."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from tests.simulation.faults import Crash
from tests.simulation.people import People
from tests.simulation.world import Value, World

from itsm_bridge.model import Choice
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.conflicts import resolve, survey

LEAD = "asha"
"""The account of the machine under which conflicts are resolved."""


@dataclass(frozen=True)
class Asked:
    """Somebody resolved a conflict when the world's log had ``number`` lines; not ``done`` where the process died."""

    number: int
    at: datetime
    external_id: str
    field: str
    choice: Choice
    done: bool


def insist(world: World, people: People, chance: random.Random) -> None:
    """Somebody sets the oldest open ticket otherwise than we do, again."""
    still = [one for one, truth in world.tickets.items() if truth.record.ticket.state.is_open]
    if not still:
        return
    first = still[0]
    rank: dict[str, Value] = {"priority": 4} if world.name == "ops" else {"urgency": 3}
    vendor: dict[str, Value] = {"vendor": "eGov DevOps"}
    people.done["insist"] += 1
    world.edit(first, "asha.k@egov.example", chance.choice((rank, rank, vendor)))


def finish(world: World, people: People, chance: random.Random) -> None:
    """Somebody resolves the oldest open ticket, or opens one again."""
    ids = list(world.tickets)
    still = [one for one in ids if world.tickets[one].record.ticket.state.is_open]
    done = [one for one in ids if one not in still]
    if done and chance.random() < 0.4:
        people.done["reopen"] += 1
        world.edit(done[0], "ravi.s@egov.example", {"state": "in_progress"})
    elif still:
        people.done["finish"] += 1
        world.edit(still[0], "ravi.s@egov.example", {"state": chance.choice(("resolved", "closed"))})


def somebody_resolves(bridge: Bridge, world: World, chance: random.Random) -> Asked | None:
    """One of the conflicts that are listed is resolved; ``None`` where there is none."""
    number, at = len(world.log), bridge.clock()
    listed = survey(bridge, at).conflicts
    if not listed:
        return None
    one, choice = chance.choice(listed), chance.choice(tuple(Choice))
    ticket = bridge.store.find_ticket(one.ticket)
    assert ticket is not None
    world.say(f"{one.ticket} {one.field} ({one.kind}) is resolved as {choice}")
    try:
        kept = resolve(bridge, one.ticket, one.field, choice, by=LEAD, now=at)
    except Crash as crash:
        world.say(f"*** died: {crash}")
        return Asked(number, at, ticket.external_id, one.field, choice, done=False)
    done = not kept.already
    return Asked(number, at, ticket.external_id, one.field, choice, done) if done else None


def listed(bridge: Bridge) -> dict[tuple[str, str], str]:
    """What ``conflicts list`` shows: the kind, by id of the ticket and key."""
    found = {}
    for one in survey(bridge, bridge.clock()).conflicts:
        ticket = bridge.store.find_ticket(one.ticket)
        assert ticket is not None
        found[ticket.external_id, one.field] = one.kind
    return found
