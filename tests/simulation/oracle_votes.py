"""Says what is wrong with approvals: asked for by us, given by people only, awaited before a ticket is given away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.simulation.people import APPROVERS
from tests.simulation.world import Event, World

from itsm_bridge.model import Ticket, TicketRecord, TicketType


def needed(ticket: Ticket) -> tuple[str, ...]:
    """Who has to approve, by the shipped rules: of a change both, of access one, else nobody."""
    if ticket.type is TicketType.CHANGE:
        return APPROVERS
    return APPROVERS[1:] if "access" in ticket.category else ()


def is_let_through(record: TicketRecord, events: list[Event]) -> bool | None:
    """Whether all whom it needs have approved; ``None`` where the words of people cross, and only they know."""
    words = [event for event in events if not event.marker and {"approval", "vote"} & event.changes.keys()]
    people = needed(record.ticket)
    if any(event.actor not in people or "rejected" in _said(event) for event in words):
        return None
    if any("approval" in event.changes for event in words):  # a plain field
        if any(event.marker and "approval" in event.changes and event.number > words[0].number for event in events):
            return None
        approved = {event.actor for event in words if "approved" in _said(event)}
        return True if approved == set(people) else None
    return bool(words) and all(_last_vote(words, person) == "approved" for person in people)


def misread_votes(world: World, *, race: bool, seen: Counter[str]) -> Iterator[str]:
    """What we wrote that only people may, or before they had."""
    for event in world.log:
        truth = world.tickets.get(event.external_id)
        if "vote" in event.changes or (event.actor in APPROVERS and "approval" in event.changes):
            seen["votes"] += 1
        if not event.marker or truth is None:
            continue
        if event.asked.get("approval", "requested") != "requested":
            yield f"{event.external_id}: we wrote the approval {event.asked['approval']!r}"
        if "vendor" in event.asked and (people := needed(truth.record.ticket)):
            seen["given to a vendor when approved"] += 1
            before = [one for one in world.log[: event.number] if one.external_id == event.external_id]
            yield from (
                f"{event.external_id} was given to {event.asked['vendor']} without the approval of {person}"
                for person in people
                if not _has_approved(before, person, race=race)
            )


def _has_approved(events: list[Event], person: str, *, race: bool) -> bool:
    """In a plain field, or in a race, that somebody did once; else that it is their last word."""
    votes = [event for event in events if event.actor == person and "vote" in event.changes]
    if votes and not race:
        return "approved" in _said(votes[-1])
    return any(event.actor == person and "approved" in _said(event) for event in events)


def _last_vote(events: list[Event], person: str) -> object:
    return next((event.changes["vote"][1] for event in reversed(events) if event.actor == person), None)


def _said(event: Event) -> set[object]:
    return {new for name, (_, new) in event.changes.items() if name in {"approval", "vote"}}
