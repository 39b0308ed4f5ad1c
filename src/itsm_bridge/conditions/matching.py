"""Whether a condition holds for a ticket's facts: the one meaning of every operator.

Text compares without regard to case. Where one side is text and the other is not, the text is read as the other's
kind; what cannot be compared (a word with a number, an instant with a bare day) does not hold. Several operators of one
matcher must hold for one and the same value; ``not`` and ``empty`` are about the field as a whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

import re2

from itsm_bridge.conditions.language import (
    WEEKDAYS,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    FieldTest,
    Matcher,
    Not,
    Operator,
    Value,
)

MATCH_LIMIT = 100_000
"""Characters of a value that ``matches`` looks at, as if the text ended there."""

Predicate = Callable[[Facts], bool]
ValueTest = Callable[[Value], bool]
T = TypeVar("T")

_NUMERAL = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether ``condition`` holds; for one question. Compile what is asked of many tickets."""
    return compile_condition(condition)(facts)


def compile_condition(condition: Condition) -> Predicate:
    """``condition`` as a function of facts, with its operands prepared and its patterns compiled once.

    Raises ``ValueError`` for a pattern that is not a regular expression of the dialect.
    """
    match condition:
        case FieldTest():
            return _field_test(condition)
        case AllOf(parts):
            return _all_of(tuple(map(compile_condition, parts)))
        case AnyOf(parts):
            return _any_of(tuple(map(compile_condition, parts)))
        case Not(part):
            inner = compile_condition(part)
            return lambda facts: not inner(facts)


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a regular expression for ``matches``; ``None`` for a good one."""
    try:
        _pattern(pattern)
    except ValueError as problem:
        return str(problem)
    return None


# --- the tree ----------------------------------------------------------------------------------------------------


def _all_of(parts: tuple[Predicate, ...]) -> Predicate:
    def test(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  # a generator costs more than most conditions
            if not part(facts):
                return False
        return True

    return parts[0] if len(parts) == 1 else test


def _any_of(parts: tuple[Predicate, ...]) -> Predicate:
    def test(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  # the same
            if part(facts):
                return True
        return False

    return parts[0] if len(parts) == 1 else test


def _field_test(test: FieldTest) -> Predicate:
    matchers = tuple(map(_weekday_operands, test.matchers)) if test.field == "weekday" else test.matchers
    of_field = [_of_field(test.field, matcher) for matcher in matchers if matcher.operator in FIELD_OPERATORS]
    of_value = [VALUE_OPERATORS[m.operator](m.operands) for m in matchers if m.operator in VALUE_OPERATORS]
    if of_value:
        of_field.append(_some_value(test.field, _every(of_value)))
    return _all_of(tuple(of_field))


def _some_value(field: str, check: ValueTest) -> Predicate:
    read = _values(field)
    return lambda facts: any(map(check, read(facts)))


def _of_field(field: str, matcher: Matcher) -> Predicate:
    read = _values(field)
    check = FIELD_OPERATORS[matcher.operator](matcher.operands)
    return lambda facts: check(read(facts))


def _values(field: str) -> Callable[[Facts], tuple[Value, ...]]:
    if field == "weekday":
        return lambda facts: tuple(map(_weekday, facts.get(field, ())))
    return lambda facts: facts.get(field, ())


def _every(checks: list[ValueTest]) -> ValueTest:
    return checks[0] if len(checks) == 1 else lambda value: all(check(value) for check in checks)


def _weekday_operands(matcher: Matcher) -> Matcher:
    return Matcher(matcher.operator, tuple(map(_weekday, matcher.operands)))


def _weekday(value: Value) -> Value:
    return WEEKDAYS.get(text_of(value), value) if isinstance(value, str) else value


# --- operators ---------------------------------------------------------------------------------------------------


def _one_of(operands: tuple[Value, ...]) -> ValueTest:
    texts = frozenset(text_of(operand) for operand in operands if isinstance(operand, str | bool))
    others = tuple(operand for operand in operands if not isinstance(operand, str | bool))
    numbers = frozenset(number for number in map(number_of, operands) if number is not None)

    def test(value: Value) -> bool:
        if isinstance(value, str | bool):
            return text_of(value) in texts or any(_order(value, operand) == 0 for operand in others)
        if isinstance(value, int | float):
            return value in numbers and not math.isnan(value)
        return any(_order(value, operand) == 0 for operand in operands)

    return test


def _contains(operands: tuple[Value, ...]) -> ValueTest:
    needles = tuple(map(text_of, operands))

    def test(value: Value) -> bool:
        text = text_of(value)
        return any(needle in text for needle in needles)

    return test


def _contains_all(operands: tuple[Value, ...]) -> ValueTest:
    needles = tuple(map(text_of, operands))

    def test(value: Value) -> bool:
        text = text_of(value)
        return all(needle in text for needle in needles)

    return test


def _starts_with(operands: tuple[Value, ...]) -> ValueTest:
    beginnings = tuple(map(text_of, operands))
    return lambda value: text_of(value).startswith(beginnings)


def _ends_with(operands: tuple[Value, ...]) -> ValueTest:
    endings = tuple(map(text_of, operands))
    return lambda value: text_of(value).endswith(endings)


def _matches(operands: tuple[Value, ...]) -> ValueTest:
    searches = tuple(_pattern(str(operand)) for operand in operands)

    def test(value: Value) -> bool:
        text = _encodable((value if isinstance(value, str) else text_of(value))[:MATCH_LIMIT])
        return any(search(text) for search in searches)

    return test


def _comparison(accepted: frozenset[int]) -> Callable[[tuple[Value, ...]], ValueTest]:
    return lambda operands: lambda value: all(_order(value, operand) in accepted for operand in operands)


VALUE_OPERATORS: Mapping[Operator, Callable[[tuple[Value, ...]], ValueTest]] = MappingProxyType(
    {
        Operator.ONE_OF: _one_of,
        Operator.CONTAINS: _contains,
        Operator.CONTAINS_ALL: _contains_all,
        Operator.STARTS_WITH: _starts_with,
        Operator.ENDS_WITH: _ends_with,
        Operator.MATCHES: _matches,
        Operator.GT: _comparison(frozenset({1})),
        Operator.GTE: _comparison(frozenset({0, 1})),
        Operator.LT: _comparison(frozenset({-1})),
        Operator.LTE: _comparison(frozenset({-1, 0})),
    }
)
"""Operators that one value must pass: the field's matcher holds if some value passes all of them."""


def _none_of(operands: tuple[Value, ...]) -> Callable[[tuple[Value, ...]], bool]:
    check = _one_of(operands)
    return lambda values: not any(map(check, values))


def _empty(operands: tuple[Value, ...]) -> Callable[[tuple[Value, ...]], bool]:
    wanted = all(operands)
    return lambda values: wanted == all(isinstance(value, str) and not value.strip() for value in values)


FIELD_OPERATORS: Mapping[Operator, Callable[[tuple[Value, ...]], Callable[[tuple[Value, ...]], bool]]] = (
    MappingProxyType({Operator.NOT: _none_of, Operator.EMPTY: _empty})
)
"""Operators that are about all values of a field at once."""


# --- comparing ---------------------------------------------------------------------------------------------------


def _order(value: Value, operand: Value) -> int | None:
    """-1, 0 or 1 as ``value`` lies before, at or after ``operand``; ``None`` where they cannot be compared."""
    return (
        _compared(number_of(value), number_of(operand))
        if isinstance(value, int | float) or isinstance(operand, int | float)
        else _order_of_others(value, operand)
    )


def _order_of_others(value: Value, operand: Value) -> int | None:
    for read in (number_of, _instant, _day, _time_of_day):
        order = _compared(read(value), read(operand))
        if order is not None:
            return order
    return None


def _compared(left: T | None, right: T | None) -> int | None:
    if left is None or right is None:
        return None
    return int(left > right) - int(left < right)  # type: ignore[operator]  # both were read as one orderable kind


def number_of(value: Value) -> int | float | None:
    """The number that a value is, or that its text spells; ``None`` for all others."""
    if isinstance(value, str):
        return _numeral(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return value


def _numeral(text: str) -> int | float | None:
    if not _NUMERAL.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def _instant(value: Value) -> datetime | None:
    found = _parsed(datetime.fromisoformat, value) if isinstance(value, str) else value
    return found if isinstance(found, datetime) and found.tzinfo is not None else None


def _day(value: Value) -> date | None:
    found = _parsed(date.fromisoformat, value) if isinstance(value, str) else value
    return found if isinstance(found, date) and not isinstance(found, datetime) else None


def _time_of_day(value: Value) -> time | None:
    found = _parsed(time.fromisoformat, value) if isinstance(value, str) else value
    return found if isinstance(found, time) and found.tzinfo is None else None


def _parsed(parse: Callable[[str], T], text: str) -> T | None:
    try:
        return parse(text.strip())
    except ValueError:
        return None


# --- text --------------------------------------------------------------------------------------------------------


def text_of(value: Value) -> str:
    """Any value as the text that people would write for it, without regard to case."""
    if isinstance(value, str):
        return _folded(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat().casefold()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def texts_of(values: Iterable[Value]) -> list[str]:
    """The same for many different values."""
    return [value.casefold() if isinstance(value, str) else text_of(value) for value in values]


@lru_cache(maxsize=256)
def _folded(text: str) -> str:
    """Kept for the ticket at hand: every rule asks for the same long text, and folding Hindi is slow."""
    return text.casefold()


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Callable[[str], object]:
    """The compiled search of a pattern: linear in the length of the text, whatever the pattern."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except UnicodeEncodeError as problem:
        raise ValueError("a regular expression cannot hold half a character") from problem
    except re2.error as problem:
        raise ValueError(_reason(problem)) from problem
    search: Callable[[str], object] = compiled.search
    return search


def _reason(problem: Exception) -> str:
    reason = problem.args[0] if problem.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _encodable(text: str) -> str:
    """Text without the lone surrogates that JSON can smuggle in, which no search accepts."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
