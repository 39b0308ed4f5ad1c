"""Small random rule sets over a few fields, and every ticket that can make a difference to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain, combinations, product
from math import prod
from typing import Any

from tests.rules.made import environment, example, owner, vendor, with_rules

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Matcher, Not, Operator, Value
from itsm_bridge.config.model import (
    Assign,
    Classify,
    Configuration,
    Escalate,
    Intake,
    Knowledge,
    Policy,
    Position,
    RequireApproval,
    Rule,
    SetPriority,
    VendorStatus,
)

NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
LATER = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
"""After every date that the random configurations hold."""

NEEDLES = ("pb-", "pb-1", "b-1x")
Fields = Mapping[str, tuple[Value, ...]]


def _subsets(values: Sequence[str], most: int = 2) -> list[tuple[Value, ...]]:
    return list(chain.from_iterable(combinations(values, size) for size in range(most + 1)))


def _texts() -> list[tuple[Value, ...]]:
    """Every set of needles, in the middle, at the beginning and at the end."""
    middles = [" § ".join(some) for some in chain.from_iterable(combinations(NEEDLES, size) for size in range(4))]
    texts = ["zzz", *NEEDLES]
    texts += [
        f"{start}§ {middle} §{end}"
        for middle in middles
        for start in ("", "pb-", "pb-1")
        for end in ("", "pb-", "b-1x")
    ]
    return [(), *((text,) for text in dict.fromkeys(texts))]


DOMAINS: Mapping[str, list[tuple[Value, ...]]] = {
    "type": [("incident",), ("change",), ("task",)],
    "state": [("new",), ("on_hold",), ("in_progress",), ("closed",)],
    "environment": [(), ("punjab",), ("ap",)],
    "service": _subsets(("erp", "portal")),
    "category": _subsets(("access", "security", "zzz"), 3),
    "labels": _subsets(("vip", "vip-gold", "vip-x", "x-vip", "vip-x-gold", "x-gold", "zzz"), 3),
    "summary": _texts(),
    "impact": [(), (1,), (2,), (3,)],
    "urgency": [(), (1,), (2,), (3,)],
    "priority": [(), (1,), (2,), (3,), (4,), (5,)],
    "approval": [("not_required",), ("requested",), ("approved",), ("rejected",)],
    "reopened": [(0,), (1,), (2,), (3,)],
    "subcategory": [(), ("disk",), ("cpu",), ("zzz",)],
    "age": [(0,), (3599,), (3600,), (3601,), (7200,), (7201,)],
    "idle": [(0,), (3599,), (3600,), (3601,)],
}
"""For each field every value that the conditions below can tell apart."""

PLAIN: Mapping[str, tuple[Value, ...]] = {
    "type": ("task",),
    "state": ("new",),
    "approval": ("not_required",),
    "reopened": (0,),
}


def one(field: str, operator: Operator, *operands: Value) -> FieldTest:
    return FieldTest(field, (Matcher(operator, operands),))


def _is(chance: random.Random) -> Operator:
    return chance.choice([Operator.ONE_OF, Operator.ONE_OF, Operator.NOT])


def _present(chance: random.Random, field: str, values: list[str]) -> FieldTest:
    if chance.random() < 0.3:
        return one(field, Operator.EMPTY, chance.choice([True, False]))
    return one(field, _is(chance), *chance.sample(values, chance.choice([1, 1, 2])))


def _number(chance: random.Random, field: str, last: int) -> FieldTest:
    if chance.random() < 0.2:
        return one(field, Operator.EMPTY, chance.choice([True, False]))
    if chance.random() < 0.5:
        return one(field, chance.choice([Operator.LT, Operator.GTE]), chance.randint(1, last))
    return one(field, _is(chance), chance.randint(1, last))


def _labels(chance: random.Random) -> FieldTest:
    matchers = [
        Matcher(Operator.CONTAINS, (chance.choice(["vip", "gold"]),)),
        Matcher(Operator.NOT, (chance.choice(["vip", "vip-gold"]),)),
        Matcher(Operator.STARTS_WITH, ("vip",)),
        Matcher(Operator.EMPTY, (False,)),
    ]
    return FieldTest("labels", tuple(chance.sample(matchers, chance.choice([1, 2]))))


def _text(chance: random.Random) -> FieldTest:
    operator = chance.choice(
        [Operator.CONTAINS, Operator.CONTAINS, Operator.CONTAINS_ALL, Operator.ONE_OF, Operator.NOT]
    )
    if chance.random() < 0.2:
        return one("summary", Operator.STARTS_WITH, chance.choice(["pb-", "pb-1"]))
    if chance.random() < 0.2:
        return one("summary", Operator.ENDS_WITH, chance.choice(["pb-", "b-1x"]))
    return one("summary", operator, *chance.sample(NEEDLES, chance.choice([1, 2])))


TESTS: Mapping[str, Callable[[random.Random], FieldTest]] = {
    "type": lambda chance: one("type", _is(chance), chance.choice(["incident", "change"])),
    "state": lambda chance: one("state", _is(chance), *chance.sample(["new", "on_hold", "closed"], 2)),
    "environment": lambda chance: _present(chance, "environment", ["punjab", "ap"]),
    "service": lambda chance: _present(chance, "service", ["erp", "portal"]),
    "category": lambda chance: _present(chance, "category", ["access", "security"]),
    "labels": _labels,
    "summary": _text,
    "text": lambda chance: replace(_text(chance), field="text"),
    "impact": lambda chance: _number(chance, "impact", 3),
    "urgency": lambda chance: _number(chance, "urgency", 3),
    "priority": lambda chance: _number(chance, "priority", 5),
    "approval": lambda chance: one("approval", _is(chance), chance.choice(["not_required", "approved", "requested"])),
    "reopened": lambda chance: one("reopened", chance.choice([Operator.GT, Operator.LTE]), chance.choice([0, 1, 2])),
    "subcategory": lambda chance: _present(chance, "subcategory", ["disk", "cpu"]),
    "age": lambda chance: one(
        "age", chance.choice([Operator.GT, Operator.LTE, Operator.GTE]), chance.choice([3600, 7200])
    ),
    "idle": lambda chance: one("idle", chance.choice([Operator.GT, Operator.LT]), 3600),
}


def condition(chance: random.Random, fields: Sequence[str], depth: int = 2) -> Condition:
    if depth and chance.random() < 0.45:
        parts = tuple(condition(chance, fields, depth - 1) for _ in range(chance.choice([0, 1, 2, 2]) or 2))
        return AnyOf(parts) if chance.random() < 0.33 else AllOf(parts)
    test = TESTS[chance.choice(list(fields))](chance)
    return Not(test) if chance.random() < 0.15 else test


@dataclass
class Maker:
    """Makes the rules of one configuration; each stands on a line of its own."""

    chance: random.Random
    condition: Callable[[], Condition]
    line: int = 0

    def rules(self, name: str, most: int, then: Callable[[], Any]) -> tuple[Rule[Any], ...]:
        return tuple(self.rule(f"{name}{n}", then) for n in range(self.chance.randint(0, most)))

    def rule(self, name: str, then: Callable[[], Any]) -> Rule[Any]:
        self.line += 1
        when = AllOf(()) if self.chance.random() < 0.08 else self.condition()
        return Rule(name, "", when, then(), Position("rules.yaml", self.line, 3))


def configuration(seed: int) -> tuple[Configuration, list[str]]:
    """A random configuration, and the fields that its rules look at."""
    chance = random.Random(seed)
    fields = chance.sample(list(TESTS), chance.choice([1, 2, 2, 3]))
    if "text" in fields and "summary" in fields:
        fields.remove("summary")  # the tickets below have no description
    maker = Maker(chance, lambda: condition(chance, fields))
    sections = {
        name: maker.rules(name[:2], most if chance.random() < often else 0, partial(then, chance))
        for name, (often, most, then) in ACTIONS.items()
    }
    base = replace(example(), environments=environments(chance), vendors=vendors(chance))
    return with_rules(base, **sections), fields


def _filled(chance: random.Random) -> dict[str, str]:
    values = {"environment": "punjab", "service": "erp", "category": "access", "subcategory": "disk"}
    return {name: values[name] for name in chance.sample(list(values), chance.choice([1, 1, 2]))}


def _level(chance: random.Random) -> SetPriority:
    if chance.random() < 0.4:
        return SetPriority(None, None, chance.randint(1, 5))
    impact, urgency = chance.choice([(1, 1), (2, None), (None, 3), (3, 2)])
    return SetPriority(impact, urgency, None)


def _assign(chance: random.Random) -> Assign:
    skills = ("erp",) if chance.random() < 0.2 else ()
    choice = chance.random()
    if choice < 0.4:
        return Assign(chance.choice(["A", "B", "C"]), owner=False, among=(), by=None, skills=skills)
    if choice < 0.75:
        return Assign(None, owner=True, among=(), by=None, skills=skills)
    return Assign(None, owner=False, among=tuple(chance.sample("ABC", 2)), by="load", skills=skills)


ACTIONS: Mapping[str, tuple[float, int, Callable[[random.Random], Any]]] = {
    "classify": (0.35, 3, lambda chance: Classify(_filled(chance))),
    "intake": (0.2, 2, lambda chance: Intake(chance.choice(["accept", "decline"]), None, None)),
    "priority": (0.3, 4, _level),
    "approval": (0.3, 3, lambda chance: RequireApproval((chance.choice("xy"),), Policy("all"), None, None)),
    "assignment": (0.6, 5, _assign),
    "escalation": (0.1, 1, lambda _: Escalate(50, "resolution", "lead", note=False)),
    "knowledge": (0.1, 1, lambda _: Knowledge("KB1", None)),
}
"""Of each section how often it is there, how many rules it has at most, and a random action."""


def vendors(chance: random.Random) -> dict[str, Any]:
    return {
        "A": vendor("A", skills=("erp",)),
        "B": vendor("B", nda_signed=chance.choice([date(2026, 1, 1), date(2027, 2, 1), None])),
        "C": vendor("C", status=chance.choice([VendorStatus.ACTIVE, VendorStatus.ONBOARDING])),
    }


def environments(chance: random.Random) -> dict[str, Any]:
    def some(name: str) -> Any:  # noqa: ANN401 - an environment
        owners = [owner(chance.choice("ABC"), start=chance.choice([None, date(2026, 1, 1), date(2027, 1, 1)]))]
        if chance.random() < 0.5:
            owners.append(owner(chance.choice("ABC"), "portal", end=chance.choice([None, date(2027, 1, 1)])))
        fallback = chance.choice([None, "A", "B"])
        return environment(name, *owners, services=("erp", "portal"), fallback=fallback)

    return {"punjab": some("punjab"), "ap": some("ap")}


def tickets(configuration: Configuration, fields: Sequence[str], most: int) -> Iterator[tuple[Fields, datetime]]:
    """Every ticket that differs for the rules, today and after all dates; none where there are over ``most``."""
    filled = [name for rule in configuration.rules.classify for name in rule.then.fields]
    needed = ["environment", "service", "approval", "impact", "urgency", "priority"]
    read = {"summary" if name == "text" else name for name in fields}
    asked = [name for name in DOMAINS if name in {*read, *filled, *_read_by_actions(configuration, fields, needed)}]
    days = (NOW, datetime(2027, 1, 15, 6, tzinfo=UTC), LATER) if configuration.rules.assignment else (NOW,)
    if len(days) * prod(len(DOMAINS[name]) for name in asked) > most:
        return
    for values in product(*(DOMAINS[name] for name in asked)):
        found = {**PLAIN, **dict(zip(asked, values, strict=True))}
        for now in days:
            if _is_possible(found):
                yield _with_instants(found, now), now


def _read_by_actions(configuration: Configuration, fields: Sequence[str], names: Sequence[str]) -> list[str]:
    book = configuration.rules
    ranks = bool(set(fields) & {"impact", "urgency", "priority"})  # the matrix ranks without any rule
    uses = {
        "environment": any(True for _ in book.assignment),
        "service": any(owner.services for one in configuration.environments.values() for owner in one.owners)
        and bool(book.assignment),
        "approval": bool(book.approval),
        **dict.fromkeys(("impact", "urgency", "priority"), bool(book.priority) or ranks),
    }
    return [name for name in names if uses[name]]


def _is_possible(fields: Fields) -> bool:
    age, idle = fields.get("age", (0,)), fields.get("idle", (0,))
    return "age" not in fields or "idle" not in fields or float(str(idle[0])) <= float(str(age[0]))


def _with_instants(fields: Fields, now: datetime) -> Fields:
    age = float(str(next(iter(fields.get("age", fields.get("idle", (0,)))))))
    return {**fields, "created": (now - timedelta(seconds=age),)}
