from __future__ import annotations

import random

import pytest
from tests.conditions.randomly import LONG, NAMES, some_condition, some_facts

from itsm_bridge.conditions import (
    AllOf,
    Condition,
    Facts,
    FieldTest,
    Matcher,
    Not,
    Operator,
    Shortlist,
    Value,
    compile_condition,
)


def on(field: str, operator: Operator, *operands: Value) -> FieldTest:
    return FieldTest(field, (Matcher(operator, operands),))


def listed(conditions: list[Condition], facts: Facts) -> list[int]:
    return list(Shortlist(conditions).of(facts))


@pytest.mark.parametrize("batch", range(100 if LONG else 5))
def test_nothing_that_holds_is_left_out(batch: int) -> None:
    chance = random.Random(batch)
    held = left_out = 0
    for _ in range(100):
        fields = chance.sample(NAMES, chance.choice((1, 2, 4)))
        conditions = [some_condition(chance, fields) for _ in range(8)]
        shortlist, compiled = Shortlist(conditions), [compile_condition(condition) for condition in conditions]
        for _ in range(10):
            facts = some_facts(chance, fields)
            able = list(shortlist.of(facts))
            holding = {place for place, holds in enumerate(compiled) if holds(facts)}
            assert able == sorted(able)
            assert holding <= set(able)
            held, left_out = held + len(holding), left_out + len(conditions) - len(able)
    assert held > 1000
    assert left_out > 1000


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"environment": ("Punjab",)}, [0, 3], id="a value is looked up without regard to case"),
        pytest.param({"environment": ("ap",), "text": ("Site DOWN",)}, [1, 2, 3], id="a text by what it contains"),
        pytest.param({}, [3], id="no value is none of any"),
        pytest.param({"environment": ("bihar", "punjab")}, [0, 3], id="one of several values is enough"),
    ],
)
def test_what_cannot_hold_is_not_asked(facts: Facts, expected: list[int]) -> None:
    conditions: list[Condition] = [
        on("environment", Operator.ONE_OF, "punjab"),
        AllOf((on("environment", Operator.ONE_OF, "ap"), on("priority", Operator.GT, 1))),
        on("text", Operator.CONTAINS, "site down", "outage"),
        Not(on("environment", Operator.ONE_OF, "goa")),
    ]
    assert listed(conditions, facts) == expected


def test_a_number_and_its_numeral_are_looked_up_alike() -> None:
    conditions: list[Condition] = [on("priority", Operator.ONE_OF, "1"), on("priority", Operator.ONE_OF, 1)]
    assert listed(conditions, {"priority": (1,)}) == [0, 1]
    assert listed(conditions, {"priority": ("1",)}) == [0, 1]
    assert listed(conditions, {"priority": (2,)}) == []


def test_a_thousand_conditions_shrink_to_a_handful() -> None:
    conditions: list[Condition] = [on("custom.code", Operator.ONE_OF, f"c{place}") for place in range(1000)]
    assert listed(conditions, {"custom.code": ("C77",)}) == [77]
