from __future__ import annotations

import random

import pytest
from tests.conditions.randomly import LONG, NAMES, some_condition, some_facts

from itsm_bridge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Matcher,
    Nearest,
    Not,
    Operator,
    Shortlist,
    compile_distance,
    explain,
)


@pytest.mark.parametrize("batch", range(50 if LONG else 3))
def test_the_nearest_is_the_one_whose_explanation_counts_the_fewest_failures(batch: int) -> None:
    chance = random.Random(batch)
    seen: set[int] = set()
    for _ in range(100):
        fields = chance.sample(NAMES, chance.choice((1, 3, 5)))
        conditions = [some_condition(chance, fields) for _ in range(12)]
        for facts in (some_facts(chance, fields) for _ in range(6)):
            failing = [condition for condition in conditions if not explain(condition, facts).held]
            if failing:
                failed = [explain(condition, facts).failed for condition in failing]
                assert [compile_distance(condition)(facts) for condition in failing] == failed
                assert Nearest(failing, Shortlist(failing)).of(facts) == failed.index(min(failed))
                seen.update(failed)
    assert {1, 2, 3} <= seen


@pytest.mark.parametrize(
    ("condition", "distance"),
    [
        pytest.param(AllOf(()), 0, id="what always holds is there"),
        pytest.param(AnyOf(()), 1, id="what never holds counts as one"),
        pytest.param(Not(AllOf(())), 1, id="and so does its other form"),
        pytest.param(Not(FieldTest("ci", (Matcher(Operator.ONE_OF, ("db",)),))), 1, id="not turns the test round"),
    ],
)
def test_the_distance_of_a_condition(condition: Condition, distance: int) -> None:
    assert compile_distance(condition)({"ci": ("db",)}) == distance
    assert explain(condition, {"ci": ("db",)}).failed == distance
