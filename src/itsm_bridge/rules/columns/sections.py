"""Each section over a whole population: who agrees in all that the section rests on, and what becomes of each group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import replace
from functools import partial

import numpy as np

import itsm_bridge.rules.approval as approval
import itsm_bridge.rules.assignment as assignment
import itsm_bridge.rules.intake as intake
import itsm_bridge.rules.priority as priority
from itsm_bridge.conditions.columns import NONE, Bits, Column, Places, alike, flags_of, rows_in, rows_of
from itsm_bridge.config.model import Assign, Classify, Rule
from itsm_bridge.rules.classify import SECTION as CLASSIFY
from itsm_bridge.rules.columns.course import Course, Deal, where
from itsm_bridge.rules.verdict import FieldDecision

LEVELS = ("impact", "urgency", "priority")


def classify_all(course: Course) -> None:
    """Fill empty fields, rule by rule, until nothing more is filled."""
    rules = course.rules[CLASSIFY]
    filling = True
    while filling:
        filling = sum(_fill(course, place, rule) for place, rule in enumerate(rules)) > 0


def _fill(course: Course, place: int, rule: Rule[Classify]) -> bool:
    columns, wanted = course.answers.columns, rule.then.fields
    lacking = {field: where(columns[field], _is_nothing) for field in wanted}
    rows = course.where(CLASSIFY, place, np.bitwise_or.reduce(list(lacking.values())))
    if not np.count_nonzero(rows):
        return False
    filled = {field: rows_of(rows & without) for field, without in lacking.items()}
    course.fill(rows, {field: partial(_filled, columns[field], filled[field], wanted[field]) for field in wanted})
    return True


def _filled(column: Column, rows: Places, value: str) -> Column:
    return column.added(rows, np.zeros(len(rows), dtype=np.int64), [(value,)])


def _is_nothing(values: tuple[object, ...]) -> bool:
    return not values


def take_in(course: Course) -> None:
    """Leave out what is not ours: once for all tickets with the same deciding rule."""
    rules = [*course.rules[intake.SECTION], None]
    first = course.first[intake.SECTION] = course.first_of(intake.SECTION)
    rows = rows_of(course.left)
    examples, group = alike([first[rows]], len(rows))
    course.take(rows, group, [intake.by_rule(course.case(row), rules[first[row]]) for row in rows[examples].tolist()])


def rank(course: Course) -> None:
    """Impact, urgency and priority: once for all tickets with the same levels and the same deciding rules."""
    rules = course.rules[priority.SECTION]
    rows = rows_of(course.left)
    firsts = [_setting(course, level)[rows] for level in LEVELS]
    own = [course.codes(level)[rows] for level in ("impact", "urgency")]
    examples, group = alike([*firsts, *own, _each_alone(course.standing("priority"), rows)], len(rows))
    steps = []
    for example in examples.tolist():
        places = sorted({int(first[example]) for first in firsts} - {NONE})
        steps.append(priority.by_rules(course.case(int(rows[example])), [rules[place] for place in places]))
    course.take(rows, group, steps)


def _setting(course: Course, level: str) -> Places:
    """For each ticket the first of the rules that match and set ``level``."""
    rules = course.rules[priority.SECTION]
    places = [place for place, rule in enumerate(rules) if getattr(rule.then, level) is not None]
    return course.first_of(priority.SECTION, places)


def ask_approvals(course: Course) -> None:
    """Approvals: each ticket for itself where a rule asks for one or a person decided, once for all others."""
    rules = [*course.rules[approval.SECTION], None]
    first = course.first[approval.SECTION] = course.first_of(approval.SECTION)
    rows = rows_of(course.left)
    asked = rows_in(np.flatnonzero(first != NONE), course.size)
    examples, group = alike([_each_alone(asked | course.standing("approval"), rows)], len(rows))
    course.take(rows, group, [approval.by_rule(course.case(row), rules[first[row]]) for row in rows[examples].tolist()])


def _each_alone(some: Bits, rows: Places) -> Places:
    """A key in which each of ``some`` differs from all others."""
    return np.where(flags_of(some)[rows], rows, NONE)


# --- assignment --------------------------------------------------------------------------------------------------


def assign(course: Course) -> None:
    """Vendors, rule by rule: the first that matches and finds somebody. A person's choice stands."""
    undecided = course.left & ~course.standing("vendor")
    first = course.first[assignment.SECTION] = np.full(course.size, NONE, dtype=np.int64)
    chooser = _Chooser(course)
    for place, rule in enumerate(course.rules[assignment.SECTION]):
        rows = rows_of(course.where(assignment.SECTION, place, undecided))
        if len(rows):
            given = chooser.give(rows, rule)
            first[given] = place
            undecided = undecided & ~rows_in(given, course.size)
    course.unrouted = undecided
    if callable(course.loads):
        _deal_out(course, course.loads)


def _deal_out(course: Course, deal: Deal) -> None:
    """Choose by load once more, ticket by ticket: each sees to whom those before it went."""
    rules, decided = course.rules[assignment.SECTION], course.values["vendor"].decided
    given: Counter[str] = Counter()
    dealt: dict[int, FieldDecision] = {}
    for row, place in enumerate(course.first[assignment.SECTION].tolist()):
        decision = decided.of(row)
        if place != NONE and rules[place].then.by == "load":
            case = replace(course.case(row), loads=deal(given))
            decision = dealt[row] = assignment.decision(rules[place], assignment.choose(case, rules[place].then))
        if decision is not None:
            given[str(decision.value)] += 1
    course.values["vendor"].give(np.array([*dealt], dtype=np.int64), np.arange(len(dealt)), [*dealt.values()])


class _Chooser:
    """Whom a rule chooses: asked once for all tickets that agree in what the choice rests on."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._known: dict[Hashable, assignment.Choice] = {}
        self._alike = {
            by: alike([course.days, *(course.codes(field) for field in fields)], course.size)[1]
            for by, fields in assignment.RESTS_ON.items()
            if any(rule.then.by == by for rule in course.rules[assignment.SECTION])
        }

    def give(self, rows: Places, rule: Rule[Assign]) -> Places:
        """Give ``rows`` to whom ``rule`` chooses; the rows for which it finds somebody."""
        then = rule.then
        keys = self._alike[then.by][rows] if then.by in self._alike else rows
        distinct, examples, group = np.unique(keys, return_index=True, return_inverse=True)
        asked = zip(distinct.tolist(), rows[examples].tolist(), strict=True)
        choices = [self._choice(then, key, row) for key, row in asked]
        found = np.array([choice.vendor is not None for choice in choices])[group]
        made = {choice: assignment.decision(rule, choice) for choice in set(choices) if choice.vendor is not None}
        self._course.values["vendor"].give(rows[found], group[found], [made.get(choice) for choice in choices])
        given: Places = rows[found]
        return given

    def _choice(self, then: Assign, key: int, row: int) -> assignment.Choice:
        if then.by not in self._alike:
            return assignment.choose(self._course.case(row), then)
        if (then, key) not in self._known:
            self._known[then, key] = assignment.choose(self._course.case(row), then)
        return self._known[then, key]
