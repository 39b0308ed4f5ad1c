"""Conditions as operations on sets of tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from itsm_bridge.conditions.columns.atoms import Atoms, Seen
from itsm_bridge.conditions.columns.bits import Bits, Places, all_rows, rows_of
from itsm_bridge.conditions.columns.population import Column, Columns
from itsm_bridge.conditions.language import AllOf, AnyOf, Condition, FieldTest, Matcher, Not, Operator
from itsm_bridge.conditions.matching import VALUE_OPERATORS

NONE = -1
"""The place of no condition."""


class ColumnConditions:
    """Conditions, known by their places, ready to be asked of any population."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._atoms: dict[str, Atoms] = {}
        self.nodes: tuple[_Node, ...] = tuple(_node(condition, self._of_field) for condition in conditions)

    def on(self, columns: Columns) -> Answers:
        """The answers for one population; worked out as they are asked for."""
        return Answers(columns, self._atoms, self.nodes)

    def _of_field(self, field: str) -> Atoms:
        return self._atoms.setdefault(field, Atoms(field))


class Answers:
    """For which tickets of a population which conditions hold."""

    def __init__(self, columns: Columns, atoms: Mapping[str, Atoms], nodes: Sequence[_Node]) -> None:
        self.columns = columns
        self.everybody = all_rows(columns.size)
        self._atoms = atoms
        self._nodes = nodes
        self._seen: dict[str, Seen] = {}

    def of(self, field: str) -> Seen:
        """What is asked about one field."""
        if field not in self._seen:
            self._seen[field] = Seen(self._atoms[field], self.columns[field])
        return self._seen[field]

    def after(self, changed: Mapping[str, Callable[[], Column]]) -> Answers:
        """The answers where some fields have other values; what was found about the others stays."""
        answers = Answers(self.columns.replaced(changed), self._atoms, self._nodes)
        answers._seen = {field: seen for field, seen in self._seen.items() if field not in changed}
        return answers

    def where(self, place: int, among: Bits | None = None) -> Bits:
        """The tickets, of those ``among``, for which one condition holds."""
        return self._nodes[place](self, self.everybody if among is None else among)

    def first(self, places: Iterable[int], among: Bits | None = None) -> Places:
        """For each ticket of those ``among`` the first of the conditions at ``places`` that holds; else ``NONE``."""
        found = np.full(self.columns.size, NONE, dtype=np.int64)
        undecided = self.everybody if among is None else among
        for place in places:
            rows = self.where(place, undecided)
            if np.count_nonzero(rows):
                found[rows_of(rows)] = place
                undecided = undecided & ~rows
                if not np.count_nonzero(undecided):
                    break
        return found


_Node = Callable[[Answers, Bits], Bits]
"""The tickets among some for which a part of a condition holds."""


def _node(condition: Condition, of_field: Callable[[str], Atoms]) -> _Node:
    match condition:
        case FieldTest(field):
            return _field_test(condition, of_field(field))
        case AllOf(parts):
            return _all_of([_node(part, of_field) for part in parts])
        case AnyOf(parts):
            return _any_of([_node(part, of_field) for part in parts])
        case Not(part):
            return _not(_node(part, of_field))


def _all_of(parts: Sequence[_Node]) -> _Node:
    def where(answers: Answers, among: Bits) -> Bits:
        for part in parts:
            among = part(answers, among)
            if not np.count_nonzero(among):
                break
        return among

    return parts[0] if len(parts) == 1 else where


def _any_of(parts: Sequence[_Node]) -> _Node:
    def where(answers: Answers, among: Bits) -> Bits:
        found = np.zeros_like(among)
        for part in parts:
            found |= part(answers, among)
        return found

    return parts[0] if len(parts) == 1 else where


def _not(part: _Node) -> _Node:
    return lambda answers, among: among & ~part(answers, among)


# --- tests of one field ------------------------------------------------------------------------------------------


def _field_test(test: FieldTest, atoms: Atoms) -> _Node:
    if test.field == "weekday":  # whose values and operands have two names each
        return _whole(test, atoms)
    parts = [_of_field(matcher, atoms) for matcher in test.matchers if matcher.operator not in VALUE_OPERATORS]
    of_value = tuple(matcher for matcher in test.matchers if matcher.operator in VALUE_OPERATORS)
    if of_value:
        parts.append(_some_value(of_value, atoms))
    return _all_of(parts)


def _of_field(matcher: Matcher, atoms: Atoms) -> _Node:
    if matcher.operator is Operator.NOT:
        return _not(_equal(matcher, atoms))
    return _whole(FieldTest(atoms.field, (matcher,)), atoms)


def _some_value(matchers: tuple[Matcher, ...], atoms: Atoms) -> _Node:
    """One and the same value passes all: matcher by matcher where no ticket has more than one value."""
    if len(matchers) == 1 and matchers[0].operator in {Operator.ONE_OF, Operator.CONTAINS}:
        return _matcher(matchers[0], atoms)
    split = _all_of([_matcher(matcher, atoms) for matcher in matchers])
    whole = _whole(FieldTest(atoms.field, matchers), atoms)
    return lambda answers, among: (split if answers.of(atoms.field).column.single else whole)(answers, among)


def _matcher(matcher: Matcher, atoms: Atoms) -> _Node:
    if matcher.operator is Operator.ONE_OF:
        return _equal(matcher, atoms)
    if matcher.operator in {Operator.CONTAINS, Operator.CONTAINS_ALL} and matcher.operands:
        needles = [_needle(atoms.needle(operand), atoms.field) for operand in matcher.operands]
        return _any_of(needles) if matcher.operator is Operator.CONTAINS else _all_of(needles)
    return _whole(FieldTest(atoms.field, (matcher,)), atoms)


def _equal(matcher: Matcher, atoms: Atoms) -> _Node:
    places, field = [atoms.equal(operand) for operand in matcher.operands], atoms.field

    def where(answers: Answers, among: Bits) -> Bits:
        sets = answers.of(field).equal
        found = np.zeros_like(among)
        for place in places:
            found |= sets[place]
        return found & among

    return where


def _needle(place: int, field: str) -> _Node:
    return lambda answers, among: answers.of(field).containing[place] & among


def _whole(test: FieldTest, atoms: Atoms) -> _Node:
    place = atoms.test(test)
    return lambda answers, among: answers.of(atoms.field).test(place) & among
