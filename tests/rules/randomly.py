"""Random rule books and tickets: all sections that set values, with people's changes and votes among them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from tests.conditions.randomly import NAMES, TEXTS, some_condition
from tests.rules.made import (
    APPROVERS,
    CREATED,
    NOW,
    RULES,
    approval_by,
    assign,
    entry,
    example,
    levels,
    rule,
    ticket,
    vote,
)

from itsm_bridge.config.model import (
    Action,
    Assign,
    Classify,
    Configuration,
    Duration,
    Intake,
    Ownership,
    RequireApproval,
    Rule,
    SetPriority,
)
from itsm_bridge.model import ApprovalState, State, TicketRecord, TicketType

A = TypeVar("A", bound=Action)

PLACES = ("punjab", "ap", "bihar", "internal", "nowhere", "Punjab")
SERVICES = ("microservices", "erp", "portal", "ERP", "payroll")
VENDORS = ("OptIT", "GWL", "MacroSkies", "eGov DevOps")
FILLABLE: dict[str, Sequence[str]] = {
    "environment": PLACES,
    "service": SERVICES,
    "category": TEXTS[:6],
    "subcategory": TEXTS[:6],
    "custom.release": ("1", "1.10"),
}
PEOPLE = (*APPROVERS, "asha", "")


def some_configuration(chance: random.Random) -> Configuration:
    """The example with random rules; which fields they look at is random too."""
    fields = [*chance.sample(NAMES, chance.choice((2, 4, 8))), "environment", "priority", "text"]
    book = replace(
        RULES,
        classify=_rules(chance, fields, 4, _classify),
        intake=_rules(chance, fields, 2, _intake),
        priority=_rules(chance, fields, 5, _priority),
        approval=_rules(chance, fields, 2, _approval),
        assignment=_rules(chance, fields, 6, _assign),
    )
    ownership = {field: chance.choice(list(Ownership)) for field in ("priority", "approval", "vendor")}
    return replace(example(), rules=book, ownership=ownership)


def some_record(chance: random.Random, place: int) -> TicketRecord:
    """A ticket with any fields, a history, and now and then votes."""
    maybe = _Maybe(chance)
    made = ticket(
        source=chance.choice(("snow", "ops")),
        external_id=f"id-{place}",
        number=chance.choice(TEXTS),
        type=chance.choice(list(TicketType)),
        project=chance.choice(("incident", "OPS", "")),
        state=chance.choice((State.NEW, State.NEW, State.IN_PROGRESS, State.ON_HOLD, State.RESOLVED, State.UNKNOWN)),
        created_at=CREATED - timedelta(minutes=chance.randrange(20_000)),
        updated_at=CREATED + timedelta(minutes=chance.randrange(60)),
        summary=chance.choice(TEXTS),
        description=chance.choice(TEXTS),
        environment=maybe(PLACES),
        service=tuple(chance.sample(SERVICES, chance.choice((0, 0, 1, 2)))),
        category=tuple(chance.sample(TEXTS, chance.choice((0, 1, 2)))),
        labels=tuple(chance.sample(TEXTS, chance.choice((0, 1, 3)))),
        subcategory=maybe(TEXTS),
        ci=maybe(TEXTS),
        reporter=maybe(TEXTS),
        assignee=maybe(TEXTS),
        group=maybe(TEXTS),
        vendor=maybe(VENDORS),
        impact=maybe((1, 2, 3)),
        urgency=maybe((1, 2, 3)),
        priority=maybe((1, 2, 3, 4, 5)),
        approval=maybe(list(ApprovalState)),
        due_at=maybe((NOW, CREATED)),
        custom={"release": ("1.10",)} if chance.random() < 0.5 else {},
    )
    return TicketRecord(made, _history(chance), _votes(chance))


class _Maybe:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, values: Sequence[Any]) -> Any:  # noqa: ANN401  # whatever a field may be
        return None if self._chance.random() < 0.3 else self._chance.choice(values)


def _history(chance: random.Random) -> tuple[Any, ...]:
    changes = (
        ("approval", "requested", "approved"),
        ("approval", "approved", "rejected"),
        ("approval", "", "requested"),
        ("vendor", "GWL", "OptIT"),
        ("priority", "3", "1"),
        ("state", "resolved", "new"),
        ("group", "a", "b"),
    )
    count = chance.choice((0, 0, 0, 1, 3))
    minutes = sorted(chance.sample(range(80), count))
    return tuple(entry(*chance.choice(changes), minutes=at, actor=chance.choice(PEOPLE)) for at in minutes)


def _votes(chance: random.Random) -> tuple[Any, ...]:
    states = (ApprovalState.REQUESTED, ApprovalState.APPROVED, ApprovalState.APPROVED, ApprovalState.REJECTED)
    return tuple(vote(person, chance.choice(states)) for person in APPROVERS if chance.random() < 0.2)


def _rules(
    chance: random.Random, fields: Sequence[str], most: int, then: Callable[[random.Random], A]
) -> tuple[Rule[A], ...]:
    count = chance.randint(0, most)
    return tuple(
        rule(f"{then.__name__}-{place}", some_condition(chance, fields, 2), then(chance)) for place in range(count)
    )


def _classify(chance: random.Random) -> Classify:
    fields = chance.sample(list(FILLABLE), chance.choice((1, 1, 2)))
    return Classify({field: chance.choice(FILLABLE[field]) for field in fields})


def _intake(chance: random.Random) -> Intake:
    return chance.choice(
        (Intake("accept", None, None), Intake("redirect", "desk", None), Intake("decline", None, "no"))
    )


def _priority(chance: random.Random) -> SetPriority:
    maybe = _Maybe(chance)
    return levels(maybe((1, 2, 3)), maybe((1, 2, 3)), chance.choice((None, None, 1, 4, 5)))


def _approval(chance: random.Random) -> RequireApproval:
    asked = approval_by(*APPROVERS[: chance.choice((1, 2))], kind=chance.choice(("all", "any")))
    return replace(asked, on_timeout=chance.choice(("escalate", "reject")), timeout=Duration(seconds=600))


def _assign(chance: random.Random) -> Assign:
    skills = chance.choice(((), (), ("kubernetes",), ("portal",)))
    form = chance.random()
    if form < 0.4:
        return assign(vendor=chance.choice(VENDORS), skills=skills)
    if form < 0.6:
        return assign(owner=True, skills=skills)
    some = chance.sample(VENDORS, chance.choice((1, 2, 3)))
    return assign(among=some, by=chance.choice(("load", "rotation")), skills=skills)
