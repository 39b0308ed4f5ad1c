"""The values of an open field that can make a difference: for each way to pass one of its tests, and for none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise

from itsm_bridge.conditions import FieldTest, Matcher, Operator, Value
from itsm_bridge.conditions.matching import FIELD_OPERATORS
from itsm_bridge.proofs.texts import mark_beside, operand_texts, ways_to_pass
from itsm_bridge.proofs.views import passes

ORDERED = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
PARTLY = frozenset({Operator.CONTAINS, Operator.CONTAINS_ALL, Operator.STARTS_WITH, Operator.ENDS_WITH})


def values_of_tests(tests: Iterable[FieldTest]) -> tuple[list[Value], bool]:
    """The values, and whether they are all that make a difference.

    They are not where a test has a regular expression, or where one field is asked for its order and its parts.
    """
    asked = [FieldTest(test.field, matchers) for test in tests for matchers in _asked(test)]
    operators = {matcher.operator for test in asked for matcher in test.matchers}
    mark = mark_beside(operand_texts(asked))
    values: dict[Value, None] = {}
    complete = not (operators & ORDERED and operators & PARTLY)
    for test in asked:
        found, all_ways = ways_to_pass(test, mark)
        values |= dict.fromkeys(text for text in found if text.strip())
        complete = complete and all_ways
    values |= dict.fromkeys(_measures(asked))
    other = next(
        text for text in ("other", "another", f"{mark}other{mark}") if not any(passes(t, (text,)) for t in asked)
    )
    return [*values, other], complete


def _asked(test: FieldTest) -> Iterator[tuple[Matcher, ...]]:
    """What one value has to pass, and what no value may be."""
    of_value = tuple(matcher for matcher in test.matchers if matcher.operator not in FIELD_OPERATORS)
    if of_value:
        yield of_value
    for matcher in test.matchers:
        if matcher.operator is Operator.NOT:
            yield (Matcher(Operator.ONE_OF, matcher.operands),)


def _measures(tests: Iterable[FieldTest]) -> Iterator[str]:
    """Below, at, between and above everything that values are compared with, as text."""
    operands = [
        operand
        for test in tests
        for matcher in test.matchers
        if matcher.operator in ORDERED
        for operand in matcher.operands
    ]
    numbers = sorted({float(operand) for operand in operands if isinstance(operand, int | float)})
    yield from (f"{number:.15g}" for number in _around(numbers, 1.0))
    instants = sorted({operand.timestamp() for operand in operands if isinstance(operand, datetime)})
    yield from (datetime.fromtimestamp(at, UTC).isoformat() for at in _around(instants, 60.0))
    days = sorted(operand for operand in operands if isinstance(operand, date) and not isinstance(operand, datetime))
    yield from (date.fromordinal(round(day)).isoformat() for day in _around(sorted({d.toordinal() for d in days}), 1.0))
    times = sorted({_seconds(operand) for operand in operands if isinstance(operand, time)})
    near = (round(at) for at in _around(times, 1.0) if 0 <= at < 86_400)
    yield from (time(at // 3600, at // 60 % 60, at % 60).isoformat() for at in near)


def _around(places: Sequence[float], step: float) -> Iterator[float]:
    """Places below, at, between and above ``places``, which are in order."""
    for low, high in pairwise((None, *places, None)):
        if low is not None and high is not None:
            yield low + (high - low) / 2
        elif high is not None:
            yield high - step
        elif low is not None:
            yield low + step
        if high is not None:
            yield high


def _seconds(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60 + at.second
