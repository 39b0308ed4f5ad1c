"""Random conditions and facts: every operator on every field, with the values that are easily got wrong."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone

from itsm_bridge.conditions import (
    FIELDS,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    FieldTest,
    Kind,
    Matcher,
    Not,
    Operator,
    Value,
    field_of,
)

LONG = "ITSM_BRIDGE_LONG" in os.environ
"""Whether the tests that try many random cases try very many (``make long``)."""

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=5, minutes=30))

TEXTS: tuple[str, ...] = (
    *("punjab", "Punjab", "PUNJAB", "ap", "bihar", "Straße", "strasse", "STRASSE", "İzmir", "i̇zmir", "izmir", "ﬁnance"),
    *("finance", "Σίσυφος", "σίσυφοσ", "पंजाब", "पंजा", "é", "e\u0301", "\ud800", "a\ud800b", "\0", "", " ", "\n"),
    *("1", "01", "1.0", "1.10", "-3", "true", "TRUE", "false", "nan", "inf", "mon", "Monday", "tuesday", "09:30"),
    *("2026-11-02", "2026-11-02T12:00:00+00:00", "2026-11-02T17:30:00+05:30", "pb-db outage", "portal outage pb-"),
    *("ap pb-web pb-db", "aaaa", "aa", "a", "x" * 300),
)
OTHERS: tuple[Value, ...] = (
    *(0, 1, 2, 3, 5, -1, 86_400, 10**30, 0.0, -0.0, 1.0, 1.5, float("nan"), float("inf"), True, False),
    *(NOON, NOON.astimezone(EAST), NOON.replace(tzinfo=None), NOON + timedelta(days=1), NOON - timedelta(seconds=1)),
    *(date(2026, 11, 2), date(2027, 1, 1), time(9, 30), time(18), time(9, 30, tzinfo=UTC)),
)
OF_KIND: dict[Kind, tuple[Value, ...]] = {
    Kind.NUMBER: (0, 1, 2, 3, 4, 5, 1.5),
    Kind.DURATION: tuple(range(0, 400_000, 7_331)),
    Kind.INSTANT: tuple(NOON + timedelta(hours=17 * step) for step in range(-20, 20)),
    Kind.WEEKDAY: ("mon", "tue", "Monday", "sunday", "SAT"),
    Kind.TIME: tuple(time(hour, minute) for hour in range(0, 24, 3) for minute in (0, 30)),
}
PATTERNS: tuple[Value, ...] = ("pb-.*outage", "^a+$", "straße|strasse", r"\d+", "", "(?i)É", "[[:alpha:]]{3}", r"^\s*$")
NAMES = (*FIELDS, "custom.release", "custom.vip")


def some_value(chance: random.Random, field: str) -> Value:
    """Mostly a value of the field's own kind, sometimes any."""
    known = field_of(field)
    own = OF_KIND.get(known.kind, TEXTS) if known is not None else TEXTS
    return chance.choice(own if chance.random() < 0.9 else (*TEXTS, *OTHERS))


def some_facts(chance: random.Random, fields: Sequence[str]) -> Facts:
    """Facts of one ticket: most fields have a value, some several, some none, some are not there at all."""
    counts = {field: chance.choice((0, 1, 1, 1, 1, 2, 3) if _many(chance, field) else (0, 1, 1, 1)) for field in fields}
    return {
        field: tuple(some_value(chance, field) for _ in range(count))
        for field, count in counts.items()
        if count or chance.random() < 0.5
    }


def some_condition(chance: random.Random, fields: Sequence[str], depth: int = 3) -> Condition:
    """A condition of any form."""
    kind = chance.random()
    if depth == 0 or kind < 0.5:
        return some_test(chance, chance.choice(fields))
    if kind < 0.6:
        return Not(some_condition(chance, fields, depth - 1))
    parts = tuple(some_condition(chance, fields, depth - 1) for _ in range(chance.choice((0, 1, 2, 2, 3, 4))))
    return AllOf(parts) if kind < 0.85 else AnyOf(parts)


def some_test(chance: random.Random, field: str) -> FieldTest:
    """One or more matchers of any operator."""
    return FieldTest(field, tuple(some_matcher(chance, field) for _ in range(chance.choice((1, 1, 1, 1, 2, 3, 0)))))


def some_matcher(chance: random.Random, field: str) -> Matcher:
    """A matcher with operands as the configuration would hand them over, and now and then with none or unfolded."""
    operator = chance.choice(list(Operator))
    if operator is Operator.EMPTY:
        return Matcher(operator, (chance.random() < 0.5,))
    if operator is Operator.MATCHES:
        return Matcher(operator, tuple(chance.sample(PATTERNS, chance.choice((1, 1, 2)))))
    operands = tuple(some_value(chance, field) for _ in range(chance.choice((1, 1, 2, 3, 4, 0))))
    folded = chance.random() < 0.8
    return Matcher(operator, tuple(_folded(operand) if folded else operand for operand in operands))


def _many(chance: random.Random, field: str) -> bool:
    known = field_of(field)
    return (known is not None and known.many) or chance.random() < 0.05


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value
