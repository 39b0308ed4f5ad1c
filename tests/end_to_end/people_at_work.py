"""Plays the acts of a schedule on a sandbox: which ticket, which values, whose hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from tests.end_to_end.schedules import ELSEWHERE, PLACES, Act, SourceKind

from itsm_bridge.sandbox import Sandbox, Strike, Truth
from itsm_bridge.sandbox.population.foundation import (
    APPROVAL,
    ENVIRONMENT,
    ENVIRONMENTS,
    IMPACT,
    LEVELS,
    SERVICES,
    STATUSES,
    URGENCY,
    VENDOR,
    account_of,
)
from itsm_bridge.sandbox.population.people import APPROVERS, ENGINEERS, GROUPS, VENDORS, Person
from itsm_bridge.sandbox.servicenow.tables import made_up_id

STAFF: tuple[Person, ...] = tuple(person for team in ENGINEERS.values() for person in team)
STATES: Mapping[str, str] = {"incident": "123678", "sc_req_item": "12347", "change_request": "034", "problem": "1234"}
NOT_OURS = made_up_id("sys_user_group", "Office IT desk")
"""A group outside the scope."""

Values = dict[str, object]


@dataclass
class PeopleAtWork:
    """Everybody who works in one source of a sandbox; ``done`` counts what they did."""

    sandbox: Sandbox
    kind: SourceKind
    done: Counter[str] = field(default_factory=Counter)

    @property
    def product(self) -> str:
        """The product as the sandbox calls it."""
        return "servicenow" if self.kind == "servicenow" else "jira"

    def tickets(self, *, hidden: bool = True) -> list[Truth]:
        """All tickets by id."""
        found = [one for one in self.sandbox.truth(hidden=hidden) if one.product == self.product]
        return sorted(found, key=lambda one: one.id)

    def play(self, act: Act) -> None:
        """Let an act happen, or nothing where there is no ticket for it."""
        self.sandbox.clock.advance(act.pause)
        if act.verb == "strike":
            faults = self.sandbox.faults
            self.sandbox.faults = replace(faults, strikes=(*faults.strikes, Strike(act.fault)))
        elif act.verb in MAKERS:
            MAKERS[act.verb](self, act, random.Random(act.draw))
            self.done[act.verb] += 1
        else:
            chosen = self._chosen(act)
            if chosen is not None and DEEDS[act.verb](self, chosen, random.Random(act.draw)):
                self.done[act.verb] += 1

    def _chosen(self, act: Act) -> Truth | None:
        tickets = self.tickets()
        return tickets[int(act.which * len(tickets))] if tickets else None

    def who(self, chance: random.Random) -> str:
        """Somebody of the staff."""
        return chance.choice(STAFF).user_name

    def values(self, place: str, chance: random.Random) -> Values:
        """Some fields of a ticket of ``place``, and what they shall be."""
        every = servicenow_values(place, chance) if self.product == "servicenow" else jira_values(chance)
        return {name: every[name] for name in chance.sample(sorted(every), chance.randint(1, 4))}


def servicenow_values(table: str, chance: random.Random) -> Values:
    group = chance.choice([*GROUPS.values()])
    return {
        "short_description": f"the portal is down, {chance.random()}",
        "description": chance.choice(["", "since this morning\nfor everybody"]),
        "impact": chance.choice("123"),
        "urgency": chance.choice("123"),
        "state": chance.choice(STATES[table]),
        "assignment_group": made_up_id("sys_user_group", group),
        "assigned_to": chance.choice(["", made_up_id("sys_user", chance.choice(STAFF).user_name)]),
        "u_environment": chance.choice(ENVIRONMENTS),
        "business_service": chance.choice(["", made_up_id("cmdb_ci_service", chance.choice(SERVICES))]),
        "category": chance.choice(["network", "access", ""]),
        "due_date": chance.choice(["", "2026-12-24 10:00:00"]),
    }


def jira_values(chance: random.Random) -> Values:
    def option(values: tuple[str, ...]) -> object:
        return chance.choice([None, {"value": chance.choice(values)}])

    return {
        "summary": f"the portal is down, {chance.random()}",
        "description": chance.choice(["nothing works", "since this morning\nfor everybody"]),
        "priority": {"id": chance.choice("12345")},
        "status": chance.choice(list(STATUSES)),
        "assignee": chance.choice([None, {"accountId": account_of(chance.choice(STAFF))["accountId"]}]),
        "labels": chance.sample(["network", "access", "erp"], chance.randint(0, 2)),
        "components": [{"name": name} for name in chance.sample(SERVICES, chance.randint(0, 2))],
        "duedate": chance.choice([None, "2026-12-24"]),
        ENVIRONMENT: option(ENVIRONMENTS),
        IMPACT: option(LEVELS),
        URGENCY: option(LEVELS),
        VENDOR: option(VENDORS),
        APPROVAL: option(("Not required", "Requested", "Approved", "Rejected")),
    }


# --- what needs no ticket ---


def _create(people: PeopleAtWork, _act: Act, chance: random.Random, ago: timedelta | None = None) -> None:
    place = chance.choice(PLACES[people.kind])
    values = people.values(place, chance)
    if people.product == "servicenow":
        values = {"assignment_group": made_up_id("sys_user_group", "eGov OptIT"), **values}
    else:
        values = {"issuetype": chance.choice(["Incident", "Change", "Task"]), **values}
    at = None if ago is None else people.sandbox.clock() - ago
    people.sandbox.create(place, values, people.who(chance), at)


def _create_several(people: PeopleAtWork, act: Act, chance: random.Random) -> None:
    for _ in range(3):
        _create(people, act, chance)


def _back_date_creation(people: PeopleAtWork, act: Act, chance: random.Random) -> None:
    _create(people, act, chance, timedelta(seconds=chance.choice((130, 4_000, 500_000))))


def _wait(people: PeopleAtWork, _act: Act, chance: random.Random) -> None:
    people.sandbox.clock.advance(chance.choice((60, 900, 3_600)))


MAKERS: Mapping[str, Callable[[PeopleAtWork, Act, random.Random], None]] = {
    "create": _create,
    "create_several": _create_several,
    "back_date_creation": _back_date_creation,
    "wait": _wait,
}

# --- what happens to a ticket; each says whether it could ---


def _edit(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    people.sandbox.edit(ticket.id, people.values(ticket.place, chance), people.who(chance))
    return True


def _twice(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    return all(_edit(people, ticket, chance) for _ in range(3))


def _same_second(people: PeopleAtWork, _ticket: Truth, chance: random.Random) -> bool:
    """More tickets than a page holds, changed at one instant."""
    tickets = people.tickets()
    return all(_edit(people, one, chance) for one in chance.sample(tickets, min(6, len(tickets))))


def _back_date(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    """A change that says it was made a while ago, as that of an import or of a transaction that took long."""
    at = people.sandbox.clock() - timedelta(seconds=chance.choice((1, 130, 4_000, 500_000)))
    people.sandbox.edit(ticket.id, people.values(ticket.place, chance), people.who(chance), at)
    return True


def _delete(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    people.sandbox.delete(ticket.id, people.who(chance))
    return True


def _move(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    to = chance.choice([place for place in PLACES[people.kind] if place != ticket.place])
    people.sandbox.move(ticket.id, to, people.who(chance))
    return True


def _move_away(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    people.sandbox.move(ticket.id, ELSEWHERE[people.kind], people.who(chance))
    return True


def _hide(people: PeopleAtWork, ticket: Truth, _chance: random.Random) -> bool:
    people.sandbox.hide(ticket.id)
    return True


def _unhide(people: PeopleAtWork, _ticket: Truth, chance: random.Random) -> bool:
    seen = {one.id for one in people.tickets(hidden=False)}
    hidden = [one for one in people.tickets() if one.id not in seen]
    if hidden:
        people.sandbox.unhide(chance.choice(hidden).id)
    return bool(hidden)


def _leave_scope(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    people.sandbox.edit(ticket.id, {"assignment_group": NOT_OURS}, people.who(chance))
    return True


def _ask(people: PeopleAtWork, ticket: Truth, chance: random.Random) -> bool:
    approver = chance.choice(APPROVERS).user_name
    people.sandbox.ask(ticket.id, approver, people.who(chance))
    return True


def _vote(people: PeopleAtWork, _ticket: Truth, chance: random.Random) -> bool:
    names = {made_up_id("sys_user", one.user_name): one.user_name for one in APPROVERS}
    asked = [(one.id, vote.approver) for one in people.tickets() for vote in one.votes if vote.state == "requested"]
    if asked:
        task, approver = chance.choice(asked)
        people.sandbox.vote(task, names[approver], chance.choice(("approved", "rejected")))
    return bool(asked)


DEEDS: Mapping[str, Callable[[PeopleAtWork, Truth, random.Random], bool]] = {
    "edit": _edit,
    "twice": _twice,
    "same_second": _same_second,
    "back_date": _back_date,
    "delete": _delete,
    "move": _move,
    "move_away": _move_away,
    "hide": _hide,
    "unhide": _unhide,
    "leave_scope": _leave_scope,
    "ask": _ask,
    "vote": _vote,
}
