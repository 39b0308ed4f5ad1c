"""Which of many conditions can hold for a ticket at all: found by its values, without asking each condition.

A condition that wants one of some values, or one of some texts contained, is only asked where they are there. What is
left is asked as ever, so that a shortlist changes how long a decision takes and never how it comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from itsm_bridge.conditions.language import AllOf, Condition, Facts, FieldTest, Matcher, Operator, Value
from itsm_bridge.conditions.matching import number_of, text_of
from itsm_bridge.conditions.texts import Needles


class Shortlist:
    """Conditions by the values that they cannot do without; a condition is known by its place."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        wishes: dict[str, dict[Operator, list[_Wish]]] = {}
        for place, condition in enumerate(conditions):
            for test in _demanded(condition):
                for matcher in filter(_is_selective, test.matchers):
                    of_field = wishes.setdefault(test.field, {})
                    of_field.setdefault(matcher.operator, []).append(_Wish(1 << place, matcher))
        self._all = (1 << len(conditions)) - 1
        self._tables = [
            (field, [KINDS[operator](self._all, some) for operator, some in of_field.items()])
            for field, of_field in wishes.items()
        ]

    def of(self, facts: Facts) -> Iterator[int]:
        """The places of the conditions that can hold, in order; each is still to be asked."""
        left = self._all
        for mask in self._masks(facts):
            left &= mask
        return _places(left)

    def near(self, facts: Facts) -> Iterator[int]:
        """The places of the conditions that can hold, or could if one of the fields had another value; in order."""
        left, one_missing = self._all, 0
        for mask in self._masks(facts):
            one_missing = one_missing & mask | left & ~mask
            left &= mask
        return _places(left | one_missing)

    def _masks(self, facts: Facts) -> Iterator[int]:
        """For each field, as bits, the conditions that can hold as far as it is concerned."""
        for field, tables in self._tables:
            values = facts.get(field, ())
            mask = self._all
            for table in tables:
                mask &= table.left(values)
            yield mask


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a condition, as a bit, wants of a field."""

    bit: int
    matcher: Matcher


def _demanded(condition: Condition) -> Iterator[FieldTest]:
    """The tests that must hold for ``condition`` to hold."""
    if isinstance(condition, FieldTest) and condition.field != "weekday":  # whose values have two names each
        yield condition
    elif isinstance(condition, AllOf):
        for part in condition.parts:
            yield from _demanded(part)


def _is_selective(matcher: Matcher) -> bool:
    return matcher.operator in KINDS and bool(matcher.operands)


class _Equal:
    """Conditions by the values that they want one of. Who wants two things of one field is asked for either."""

    def __init__(self, everybody: int, wishes: Iterable[_Wish]) -> None:
        self._everybody = everybody
        self._by_value: dict[str | int | float, int] = {}
        self._always, self._any_text = everybody, 0
        for wish in wishes:
            self._always &= ~wish.bit
            for operand in wish.matcher.operands:
                self._add(operand, wish.bit)

    def _add(self, operand: Value, bit: int) -> None:
        if isinstance(operand, str | bool):
            text = text_of(operand)
            self._by_value[text] = self._by_value.get(text, 0) | bit
        else:
            self._any_text |= bit  # a text may be read as a number or an instant
        number = number_of(operand)
        if number is not None:
            self._by_value[number] = self._by_value.get(number, 0) | bit

    def left(self, values: tuple[Value, ...]) -> int:
        left = self._always
        for value in values:
            if isinstance(value, str):
                left |= self._by_value.get(text_of(value), 0) | self._any_text
            elif isinstance(value, int | float) and not isinstance(value, bool):
                left |= self._by_value.get(value, 0)
            else:
                return self._everybody
        return left


class _Containing:
    """Conditions by the texts that they want one of contained."""

    def __init__(self, everybody: int, wishes: Iterable[_Wish]) -> None:
        self._always = everybody
        self._wanted: dict[str, int] = {}
        for wish in wishes:
            self._always &= ~wish.bit
            for operand in wish.matcher.operands:
                needle = text_of(operand)
                self._wanted[needle] = self._wanted.get(needle, 0) | wish.bit
        self._needles = Needles(self._wanted)

    def left(self, values: tuple[Value, ...]) -> int:
        left = self._always
        for value in values:
            for needle in self._needles.found_in(text_of(value)):
                left |= self._wanted[needle]
        return left


KINDS: Mapping[Operator, type[_Equal | _Containing]] = MappingProxyType(
    {Operator.ONE_OF: _Equal, Operator.CONTAINS: _Containing, Operator.CONTAINS_ALL: _Containing}
)
"""The operators that single out a few values, and how they are looked up."""
