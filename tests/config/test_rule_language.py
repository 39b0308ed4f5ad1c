from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from tests.config.editing import ACCESS, edit, errors_of

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Matcher, Not, Operator
from itsm_bridge.config import load


def one(field: str, operator: Operator, *operands: object) -> FieldTest:
    return FieldTest(field, (Matcher(operator, operands),))  # type: ignore[arg-type]  # any operand is fine here


@pytest.fixture
def custom(config: Path) -> Path:
    """The example with the custom fields ``vip`` and ``floor``."""
    edit(config, "bridge.yaml", "category: category", "category: category\n      vip: u_vip\n      floor: u_floor")
    return config


EQUALITY = Operator.ONE_OF

WHENS: list[tuple[str, Condition]] = [
    ("{}", AllOf(())),
    ("{environment: punjab}", one("environment", EQUALITY, "punjab")),
    ("{environment: PUNJAB}", one("environment", EQUALITY, "punjab")),
    ("{vendor: optit}", one("vendor", EQUALITY, "optit")),
    ("{category: no}", one("category", EQUALITY, "no")),
    ("{category: true}", one("category", EQUALITY, "true")),
    ("{category: 404}", one("category", EQUALITY, "404")),
    ("{category: 1.10}", one("category", EQUALITY, "1.10")),
    ("{number: INC0010023}", one("number", EQUALITY, "inc0010023")),
    ("{category: [Network, VPN]}", one("category", EQUALITY, "network", "vpn")),
    ("{environment: {not: internal}}", one("environment", Operator.NOT, "internal")),
    ("{environment: {not: [ap, bihar]}}", one("environment", Operator.NOT, "ap", "bihar")),
    ("{ci: {empty: true}}", one("ci", Operator.EMPTY, True)),
    ("{text: {contains: Stra\u00dfe}}", one("text", Operator.CONTAINS, "strasse")),
    ("{text: {contains: [a, b]}}", one("text", Operator.CONTAINS, "a", "b")),
    ("{labels: {contains_all: [a, b]}}", one("labels", Operator.CONTAINS_ALL, "a", "b")),
    ("{summary: {starts_with: '[P1]'}}", one("summary", Operator.STARTS_WITH, "[p1]")),
    ("{group: {ends_with: [A, B]}}", one("group", Operator.ENDS_WITH, "a", "b")),
    (r"{summary: {matches: '^DB-\d+'}}", one("summary", Operator.MATCHES, r"^DB-\d+")),
    ("{priority: 1}", one("priority", EQUALITY, 1)),
    ("{priority: {lte: 2}}", one("priority", Operator.LTE, 2)),
    ("{reopened: {gt: 2}}", one("reopened", Operator.GT, 2)),
    ("{age: {gt: 4h}}", one("age", Operator.GT, 14_400)),
    ("{idle: {gte: 90s}}", one("idle", Operator.GTE, 90)),
    (
        "{created: {lt: 2026-11-02T10:00:00+05:30}}",
        one("created", Operator.LT, datetime(2026, 11, 2, 4, 30, tzinfo=UTC)),
    ),
    ("{weekday: [sat, sunday]}", one("weekday", EQUALITY, "sat", "sun")),
    ("{time: {gte: 18:00}}", one("time", Operator.GTE, time(18, 0))),
    ("{type: change}", one("type", EQUALITY, "change")),
    ("{state: [new, on_hold]}", one("state", EQUALITY, "new", "on_hold")),
    ("{approval: requested}", one("approval", EQUALITY, "requested")),
    ("{source: snow}", one("source", EQUALITY, "snow")),
    ("{custom.vip: yes}", one("custom.vip", EQUALITY, "yes")),
    ("{custom.floor: {gt: 3}}", one("custom.floor", Operator.GT, 3)),
    ("{custom.floor: {gt: 2026-04-01}}", one("custom.floor", Operator.GT, date(2026, 4, 1))),
    (
        "{reassigned: {gte: 2, lt: 5}}",
        FieldTest("reassigned", (Matcher(Operator.GTE, (2,)), Matcher(Operator.LT, (5,)))),
    ),
    ("{type: change, priority: 1}", AllOf((one("type", EQUALITY, "change"), one("priority", EQUALITY, 1)))),
    (
        "{any: [{type: change}, {all: [{priority: 1}, {}]}]}",
        AnyOf((one("type", EQUALITY, "change"), AllOf((one("priority", EQUALITY, 1), AllOf(()))))),
    ),
    (
        "{not: {type: change, ci: {empty: false}}}",
        Not(AllOf((one("type", EQUALITY, "change"), one("ci", Operator.EMPTY, False)))),
    ),
]


@pytest.mark.parametrize(("written", "condition"), WHENS, ids=[written for written, _ in WHENS])
def test_the_whole_rule_language_is_read(custom: Path, written: str, condition: Condition) -> None:
    edit(custom, "rules.yaml", ACCESS, written)

    assert not errors_of(custom)
    assert load(custom).rules.approval[1].when == condition


@pytest.mark.parametrize(
    "written",
    [
        "{any: []}",
        "{any: {type: change}}",
        "{not: [{type: change}]}",
        "{not: }",
        "{type: [change, nonsense]}",
        "{category: {contains: ''}}",
        "{category: ' '}",
        "{category: {contains: null}}",
        "{category: {any: [a]}}",
        "{category: {empty: 1}}",
        "{priority: '1'}",
        "{priority: P1}",
        "{priority: 1.5}",
        "{priority: {gt: [1, 2]}}",
        "{age: 4}",
        "{age: {contains: 4}}",
        "{weekday: {gt: mon}}",
        "{time: {matches: x}}",
        "{custom.floor: {gt: high}}",
        "{custom.: x}",
        "{custom: x}",
        "{all: [change]}",
        "{summary: {matches: '" + "a" * 1_001 + "'}}",
        "{summary: {matches: '((a{1,1000}){1,1000}){1,1000}'}}",
        "[]",
        "change",
        "true",
    ],
)
def test_what_is_no_condition_is_refused(custom: Path, written: str) -> None:
    edit(custom, "rules.yaml", ACCESS, written)

    found = errors_of(custom)

    assert len(found) == 1
    assert (found[0].file, found[0].severity) == ("rules.yaml", "error")


def test_a_rule_may_fill_a_custom_field(custom: Path) -> None:
    edit(custom, "rules.yaml", "then: {environment: punjab}", "then: {environment: punjab, custom.vip: yes}")

    assert load(custom).rules.classify[0].then.fields == {"environment": "punjab", "custom.vip": "yes"}


def test_facts_of_a_test_may_be_several_or_none(config: Path) -> None:
    edit(config, "rules.yaml", "type: change, environment: ap", "labels: [A, b], priority: 2, vendor: null, age: 4h")

    ticket = load(config).rules.tests[1].ticket

    assert ticket["labels"] == ("A", "b")
    assert (ticket["priority"], ticket["vendor"], ticket["age"]) == ((2,), (), (14_400,))
