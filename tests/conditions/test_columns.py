from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from tests.conditions.randomly import EAST, LONG, NAMES, NOON, some_condition, some_facts, some_test

import itsm_bridge.conditions.columns.atoms as atoms
from itsm_bridge.conditions import (
    FIELDS,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    FieldTest,
    Matcher,
    Not,
    Operator,
    compile_condition,
)
from itsm_bridge.conditions.columns import Answers, Column, ColumnConditions, Columns, RowFacts, alike, no_rows, rows_of

SETS, BATCH = (10_000 if LONG else 500), 100


def answers(conditions: list[Condition], tickets: list[Facts]) -> Answers:
    return ColumnConditions(conditions).on(Columns.of(tickets))


def one_by_one(conditions: list[Condition], tickets: list[Facts]) -> list[list[bool]]:
    compiled = [compile_condition(condition) for condition in conditions]
    return [[holds(facts) for facts in tickets] for holds in compiled]


def by_columns(found: Answers, conditions: list[Condition], tickets: list[Facts]) -> list[list[bool]]:
    sets = [set(rows_of(found.where(place)).tolist()) for place in range(len(conditions))]
    return [[row in rows for row in range(len(tickets))] for rows in sets]


@pytest.mark.parametrize("batch", range(SETS // BATCH))
def test_columns_say_what_each_ticket_says(batch: int) -> None:
    chance = random.Random(batch)
    held = 0
    for _ in range(BATCH):
        fields = chance.sample(NAMES, chance.choice((1, 2, 3, 6)))
        conditions = [some_condition(chance, fields) for _ in range(8)]
        tickets = [some_facts(chance, fields) for _ in range(30)]
        expected = one_by_one(conditions, tickets)
        found = answers(conditions, tickets)
        assert by_columns(found, conditions, tickets) == expected
        firsts = [next((place for place, row in enumerate(expected) if row[t]), -1) for t in range(30)]
        assert found.first(range(8)).tolist() == firsts
        held += sum(map(sum, expected))
    assert 0.1 < held / (BATCH * 8 * 30) < 0.9


@pytest.mark.parametrize("operator", list(Operator))
def test_every_operator_on_every_field_says_the_same(operator: Operator) -> None:
    chance = random.Random(operator.value)
    for field in NAMES:
        tests = [test for test in (some_test(chance, field) for _ in range(250)) if _uses(test, operator)]
        assert tests
        tickets = [some_facts(chance, (field,)) for _ in range(25)]
        assert by_columns(answers([*tests], tickets), [*tests], tickets) == one_by_one([*tests], tickets)


def _uses(test: FieldTest, operator: Operator) -> bool:
    return any(matcher.operator is operator for matcher in test.matchers)


def test_rows_past_a_word_of_bits_are_kept_apart() -> None:
    tickets: list[Facts] = [{"priority": (row % 5,), "number": (f"INC{row}",)} for row in range(200)]
    conditions: list[Condition] = [
        FieldTest("priority", (Matcher(Operator.GTE, (3,)),)),
        Not(FieldTest("number", (Matcher(Operator.STARTS_WITH, ("inc1",)),))),
    ]
    for size in (1, 7, 8, 63, 64, 65, 128, 129, 200):
        some = tickets[:size]
        assert by_columns(answers(conditions, some), conditions, some) == one_by_one(conditions, some)


def test_nobody_is_asked_of_an_empty_population() -> None:
    found = answers([AllOf(()), AnyOf(()), FieldTest("text", (Matcher(Operator.CONTAINS, ("a",)),))], [])
    assert [rows_of(found.where(place)).tolist() for place in range(3)] == [[], [], []]
    assert found.first(range(3)).tolist() == []


def test_equal_values_that_read_differently_are_kept_apart() -> None:
    tickets: list[Facts] = [
        {"custom.x": (1,)},
        {"custom.x": (True,)},
        {"custom.x": (1.0,)},
        {"custom.x": (NOON,)},
        {"custom.x": (NOON.astimezone(EAST),)},
    ]
    conditions: list[Condition] = [
        FieldTest("custom.x", (Matcher(Operator.ONE_OF, ("true",)),)),
        FieldTest("custom.x", (Matcher(Operator.CONTAINS, ("+05:30",)),)),
    ]
    assert by_columns(answers(conditions, tickets), conditions, tickets) == [
        [False, True, False, False, False],
        [False, False, False, False, True],
    ]


def test_several_operators_of_one_matcher_must_hold_for_one_and_the_same_value() -> None:
    both = FieldTest("labels", (Matcher(Operator.STARTS_WITH, ("pb",)), Matcher(Operator.ENDS_WITH, ("db",))))
    tickets: list[Facts] = [{"labels": ("pb-web", "ap-db")}, {"labels": ("ap", "pb-db")}]
    assert by_columns(answers([both], tickets), [both], tickets) == [[False, True]]


def test_a_comparison_asks_only_a_few_of_many_instants(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(condition: Condition) -> Callable[[Facts], bool]:
        holds = compile_condition(condition)

        def ask(facts: Facts) -> bool:
            asked.append(facts)
            return holds(facts)

        return ask

    monkeypatch.setattr(atoms, "compile_condition", counted)
    tickets: list[Facts] = [{"created": (NOON + timedelta(minutes=minute),)} for minute in range(5000)]
    condition = FieldTest("created", (Matcher(Operator.LT, (NOON + timedelta(minutes=3210),)),))
    assert len(rows_of(answers([condition], tickets).where(0))) == 3210
    assert 0 < len(asked) < 20


def test_only_those_asked_about_are_found() -> None:
    tickets: list[Facts] = [{"priority": (row,)} for row in range(100)]
    found = answers([AllOf(()), FieldTest("priority", (Matcher(Operator.LT, (50,)),))], tickets)
    some = found.where(1)
    assert rows_of(found.where(0, some)).tolist() == list(range(50))
    assert found.first([0], no_rows(100)).tolist() == [-1] * 100


def test_a_column_is_read_once_for_each_distinct_key() -> None:
    read: list[str] = []

    def reader(row: str) -> tuple[str, ...]:
        read.append(row)
        return (row,)

    column = Column.keyed(["ap", "bihar", "ap", "ap"], ["AP", "Bihar", "ap", "Ap"], reader)
    assert read == ["AP", "Bihar"]
    assert column.codes.tolist() == [0, 1, 0, 0]
    assert Column.keyed(None, ["a", "a"], reader).codes.tolist() == [0, 1]


def test_where_nearly_every_row_differs_none_is_looked_up() -> None:
    keys = [*range(5000), 4]
    column = Column.keyed(keys, keys, lambda row: (row,))
    assert len(column.counts) == 5001
    assert column[5000] == (4,)


def test_changed_fields_are_worked_out_when_asked_for_and_once() -> None:
    asked: list[str] = []
    columns = Columns.of([{"group": ("a",)}, {"group": ("b",)}])

    def change() -> Column:
        asked.append("group")
        return columns["group"].added(np.array([1]), np.array([0]), [("c",)])

    changed = columns.replaced({"group": change})
    assert asked == []
    assert (RowFacts(changed, 1)["group"], RowFacts(columns, 1)["group"]) == (("c",), ("b",))
    assert dict(RowFacts(changed, 0))["group"] == ("a",)
    assert asked == ["group"]


def test_a_field_that_no_condition_looks_at_is_never_read() -> None:
    read: list[str] = []

    def reader(field: str) -> Column:
        read.append(field)
        return Column.of([("a",), ("b",)])

    found = ColumnConditions([FieldTest("group", (Matcher(Operator.ONE_OF, ("a",)),))]).on(Columns(2, reader))
    assert read == []
    found.where(0)
    found.where(0)
    assert read == ["group"]
    assert "group" in FIELDS


def test_who_agrees_in_more_than_a_number_holds_is_found_as_well() -> None:
    chance = random.Random(3)
    keys = [np.array([chance.choice((-1, 0, 10**6, 10**9)) for _ in range(200)]) for _ in range(6)]
    examples, group = alike(keys, 200)
    rows = list(zip(*(key.tolist() for key in keys), strict=True))
    assert [rows[examples[place]] for place in group] == rows
    assert len(set(rows)) == len(examples)
