"""Rules over every kind of field against random tickets: none of them shows what was proved not to be."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from tests.proofs.oracle import decide_all
from tests.proofs.random_rules import ACTIONS, NOW, Fields, Maker, environments, vendors
from tests.proofs.test_properties import LONG, as_found
from tests.rules.made import example, with_rules

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Matcher, Not, Operator, Value
from itsm_bridge.config.model import Configuration
from itsm_bridge.proofs import prove

SETS = 400 if LONG else 12
TICKETS = 250
FIRST = datetime(2026, 11, 2, tzinfo=UTC)
PARTS = ("pb-", "b-1", "disk", "pb-1 disk", "full")
INSTANTS = tuple(FIRST + timedelta(hours=hours) for hours in (0, 5, 30, 24 * 40, 24 * 400))
TEXTUAL = (
    Operator.CONTAINS,
    Operator.CONTAINS_ALL,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.ONE_OF,
    Operator.NOT,
)
ORDER = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)


def _of(field: str, operator: Operator, *operands: Value) -> FieldTest:
    return FieldTest(field, (Matcher(operator, operands),))


def _textual(field: str) -> Callable[[random.Random], FieldTest]:
    def make(chance: random.Random) -> FieldTest:
        if chance.random() < 0.15:
            return _of(field, Operator.EMPTY, chance.choice([True, False]))
        operator = chance.choice(TEXTUAL)
        return _of(field, operator, *chance.sample(PARTS, chance.choice([1, 2])))

    return make


def _ordered(field: str, values: tuple[Value, ...]) -> Callable[[random.Random], FieldTest]:
    return lambda chance: _of(field, chance.choice(ORDER), chance.choice(values))


def _window(field: str, values: tuple[Value, ...]) -> Callable[[random.Random], FieldTest]:
    def make(chance: random.Random) -> FieldTest:
        low, high = sorted(chance.sample(range(len(values)), 2))
        return FieldTest(field, (Matcher(Operator.GTE, (values[low],)), Matcher(Operator.LT, (values[high],))))

    return make


KINDS: Mapping[str, tuple[Callable[[random.Random], FieldTest], ...]] = {
    **{name: (_textual(name),) for name in ("summary", "description", "text", "assignee", "category", "custom.tag")},
    "custom.size": (
        _ordered("custom.size", (3, 5)),
        lambda chance: _of("custom.size", Operator.NOT, chance.choice("34")),
    ),
    "created": (_ordered("created", INSTANTS), _window("created", INSTANTS)),
    "updated": (_ordered("updated", INSTANTS),),
    "due": (_ordered("due", INSTANTS), lambda chance: _of("due", Operator.EMPTY, chance.random() < 0.5)),
    "age": (_ordered("age", (0, 3600, 7200)),),
    "idle": (_ordered("idle", (0, 3600, 7200)),),
    "weekday": (
        lambda chance: _of(
            "weekday", chance.choice([Operator.ONE_OF, Operator.NOT]), *chance.sample(["mon", "tue", "sun"], 2)
        ),
    ),
    "time": (_window("time", (time(0), time(9), time(18), time(23, 59))),),
    "reassigned": (_ordered("reassigned", (0, 2)),),
    "vendor": (lambda chance: _of("vendor", chance.choice([Operator.ONE_OF, Operator.NOT]), chance.choice("abc")),),
}


def made(seed: int) -> tuple[Configuration, list[str]]:
    chance = random.Random(seed)
    fields = chance.sample(list(KINDS), 3)
    maker = Maker(chance, condition=lambda: _condition(chance, fields, 2))
    sections = {
        name: maker.rules(name[:2], most if chance.random() < often else 0, partial(then, chance))
        for name, (often, most, then) in ACTIONS.items()
    }
    base = replace(example(), environments=environments(chance), vendors=vendors(chance))
    return with_rules(base, **sections), fields


def _condition(chance: random.Random, fields: list[str], depth: int) -> Condition:
    if depth and chance.random() < 0.5:
        parts = tuple(_condition(chance, fields, depth - 1) for _ in range(2))
        return AnyOf(parts) if chance.random() < 0.3 else AllOf(parts)
    test = chance.choice(KINDS[chance.choice(fields)])(chance)
    return Not(test) if chance.random() < 0.2 else test


def sampled(chance: random.Random, count: int) -> Iterator[tuple[Fields, datetime]]:
    """Random tickets, with values beside what the rules name."""
    for _ in range(count):
        created = chance.choice(INSTANTS) + timedelta(seconds=chance.choice([-1, 0, 1, 3600, 86_400]))
        updated = created + timedelta(seconds=chance.choice([0, 3600, 3601, 7200, 86_400]))
        now = max(NOW, updated) + timedelta(seconds=chance.choice([0, 3600, 7201, 86_400 * 60]))
        yield (
            {
                "type": ("task",),
                "state": ("new",),
                "approval": (chance.choice(["not_required", "requested", "approved", "rejected"]),),
                "environment": chance.choice([(), ("punjab",), ("ap",)]),
                "service": chance.choice([(), ("erp",), ("portal",)]),
                **{name: _text(chance) for name in ("summary", "description", "assignee", "category", "custom.tag")},
                **{
                    name: chance.choice([(), (level,)])
                    for name, level in (("impact", 2), ("urgency", 1), ("priority", 4))
                },
                "custom.size": chance.choice([(), ("3",), ("4",), ("7",), ("2.5",), ("big",)]),
                "created": (created,),
                "updated": (updated,),
                "age": (int((now - created).total_seconds()),),
                "idle": (int((now - updated).total_seconds()),),
                "due": chance.choice([(), (chance.choice(INSTANTS),)]),
                "reassigned": (chance.choice([0, 1, 2, 3]),),
                "vendor": chance.choice([(), ("A",), ("B",)]),
            },
            now,
        )


def _text(chance: random.Random) -> tuple[Value, ...]:
    parts = chance.sample(PARTS, chance.choice([0, 1, 1, 2, 3]))
    return (chance.choice([" ", " · ", ""]).join(parts),) if parts else chance.choice([(), ("other",)])


@pytest.mark.parametrize("chunk", range(4))
def test_no_random_ticket_shows_what_was_proved_not_to_be(chunk: int) -> None:
    shown = 0
    for seed in range(chunk * 1_000, chunk * 1_000 + SETS):
        configuration, _ = made(seed)
        findings = prove(configuration, NOW)
        proved, seen = (
            as_found(findings, configuration),
            decide_all(configuration, sampled(random.Random(seed), TICKETS)),
        )
        open_rules = [one.message for one in findings if one.code == "R309"]
        assert open_rules == [], f"seed {seed}"
        assert proved.unreachable <= seen.unreachable, f"seed {seed}"
        assert seen.crossing <= proved.crossing, f"seed {seed}"
        assert seen.gaps <= proved.gaps, f"seed {seed}"
        assert proved.idle_vendors <= seen.idle_vendors, f"seed {seed}"
        shown += len(seen.crossing) + len(seen.gaps)
    assert shown, "the tickets show nothing"
