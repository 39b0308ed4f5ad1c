"""What a set of conditions asks about one field, and for which tickets each of it holds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from itsm_bridge.conditions.blocks import flattened
from itsm_bridge.conditions.columns.bits import Bits, scattered
from itsm_bridge.conditions.columns.population import Column
from itsm_bridge.conditions.language import FieldTest, Operator, Value
from itsm_bridge.conditions.matching import VALUE_OPERATORS, compile_condition, text_of, texts_of
from itsm_bridge.conditions.texts import Needles

UPWARD = frozenset({Operator.GT, Operator.GTE})
DOWNWARD = frozenset({Operator.LT, Operator.LTE})


class Atoms:
    """All that is asked about one field, each once: what it equals, what it contains, and tests of any other kind."""

    def __init__(self, field: str) -> None:
        self.field = field
        self._operands: dict[str, tuple[int, Value]] = {}
        self._needles: dict[str, int] = {}
        self._tests: dict[str, tuple[int, FieldTest]] = {}

    def equal(self, operand: Value) -> int:
        """The place of "some value equals ``operand``" among ``Seen.equal``."""
        return self._operands.setdefault(repr(operand), (len(self._operands), operand))[0]

    def needle(self, operand: Value) -> int:
        """The place of "some value contains ``operand``" among ``Seen.containing``."""
        return self._needles.setdefault(text_of(operand), len(self._needles))

    def test(self, test: FieldTest) -> int:
        """The place of a test that is asked as a whole, for ``Seen.test``."""
        return self._tests.setdefault(repr(test.matchers), (len(self._tests), test))[0]

    @cached_property
    def index(self) -> Index:
        """The operands by value, once all are known."""
        return Index([operand for _, operand in self._operands.values()])

    @cached_property
    def needles(self) -> Needles:
        """The texts to look for, once all are known."""
        return Needles(self._needles)

    @property
    def needle_places(self) -> Mapping[str, int]:
        """The texts to look for, and where each stands."""
        return self._needles

    @cached_property
    def tests(self) -> tuple[FieldTest, ...]:
        """The other tests, once all are known."""
        return tuple(test for _, test in self._tests.values())


class Index:
    """Operands of ``one_of`` and ``not`` by the text that they equal: a value finds its own without asking them all."""

    def __init__(self, operands: Sequence[Value]) -> None:
        equals = VALUE_OPERATORS[Operator.ONE_OF]
        tests = [(place, equals((operand,))) for place, operand in enumerate(operands)]
        self.size = len(operands)
        self._all = tests
        self._others = [pair for pair, operand in zip(tests, operands, strict=True) if not _is_text(operand)]
        self._by_text: dict[str, list[int]] = {}
        for place, operand in enumerate(operands):
            if _is_text(operand):
                self._by_text.setdefault(text_of(operand), []).append(place)

    def found(self, value: Value) -> Sequence[int]:
        """The places of the operands that a value equals."""
        if not _is_text(value):
            return [place for place, test in self._all if test(value)]
        same = self._by_text.get(text_of(value), ())
        return [*same, *(place for place, test in self._others if test(value))] if self._others else same


class Seen:
    """The answers to what is asked about one field, for all tickets of a population."""

    def __init__(self, atoms: Atoms, column: Column) -> None:
        self.column = column
        self._atoms = atoms
        self._known: dict[int, Bits] = {}

    @cached_property
    def equal(self) -> Sequence[Bits]:
        """For each operand the tickets with a value that equals it."""
        index = self._atoms.index
        return self._sets(index.size, *flattened(index.found, self.column.flat))

    @cached_property
    def containing(self) -> Sequence[Bits]:
        """For each text to look for the tickets with a value that contains it."""
        places = self._atoms.needle_places
        needles, counts = self._atoms.needles.found_in_each(texts_of(self.column.flat))
        return self._sets(len(places), list(map(places.__getitem__, needles)), counts)

    def test(self, place: int) -> Bits:
        """The tickets for which a test holds that is asked as a whole."""
        if place not in self._known:
            self._known[place] = self.column.rows_where(_asked(self._atoms.tests[place], self.column))
        return self._known[place]

    def _sets(self, sets: int, found: Sequence[int], counts: Sequence[int]) -> Sequence[Bits]:
        """``sets`` sets of tickets, by the sets that each value of ``column.flat`` belongs to: which, and how many."""
        codes, several = self.column.codes, self.column.counts
        places = np.array(found, dtype=np.int64)
        owner = np.repeat(np.arange(len(several)), several)
        by_value = np.bincount(owner, weights=counts, minlength=len(several)).astype(np.int64)
        by_row = by_value.take(codes)
        rows = np.repeat(np.arange(len(codes)), by_row)
        ahead = np.repeat((np.cumsum(by_value) - by_value).take(codes) - (np.cumsum(by_row) - by_row), by_row)
        return list(scattered(sets, len(codes), places.take(ahead + np.arange(len(rows))), rows))


def _asked(test: FieldTest, column: Column) -> npt.NDArray[np.bool_]:
    """Whether a test holds, for each of the column's values."""
    holds = compile_condition(test)
    operators = {matcher.operator for matcher in test.matchers}
    ordered = operators <= UPWARD or operators <= DOWNWARD
    order = column.ascending if ordered else None
    if order is None:
        return np.fromiter((holds({test.field: values}) for values in column.values), np.bool_, len(column.counts))
    values, upward = list(column.values), operators <= UPWARD
    turn = bisect_left(order, x=True, key=lambda code: holds({test.field: values[code]}) is upward)
    flags = np.zeros(len(values), dtype=np.bool_)
    flags[order[turn:] if upward else order[:turn]] = True
    return flags


def _is_text(value: Value) -> bool:
    return isinstance(value, str | bool)
