"""What the ``tests:`` of the rules try, and what they would let pass: coverage by rule and condition, and mutation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

import itsm_bridge.rules.escalation as escalation
from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Not, describe, leaves
from itsm_bridge.config.model import Configuration, Position, Rule
from itsm_bridge.rules.classify import SECTION as CLASSIFY
from itsm_bridge.rules.decide import STAGES, Decider
from itsm_bridge.rules.explain import Explanation, SectionExplanation, explain
from itsm_bridge.rules.overview import every_rule
from itsm_bridge.rules.testing import chosen, made_up, run_tests


@dataclass(frozen=True, slots=True)
class ConditionCoverage:
    """One test of a field inside a rule's condition: in how many of the tests it held, and in how many not."""

    text: str
    path: str
    held: int
    failed: int


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """One rule: in how many of the tests it matched, and in how many it decided something."""

    section: str
    rule: str
    position: Position
    matched: int
    decided: int
    conditions: tuple[ConditionCoverage, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What no test shows, in words; nothing where the rule is covered."""
        if not self.decided:
            return ("no test lets it decide",)
        never = (
            (one.text, "false" if one.held else "true") for one in self.conditions if not (one.held and one.failed)
        )
        return tuple(f"never {outcome}: {text}" for text, outcome in never)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A condition that can be turned into its opposite without any of the tests failing."""

    section: str
    rule: str
    position: Position
    text: str


def coverage(configuration: Configuration, now: datetime, name: str | None = None) -> tuple[RuleCoverage, ...]:
    """For each rule, in the order in which they run, what the tests with ``name`` in their name see of it.

    A section that did not run for a test's ticket, and the rules below the one that decided, were still shown the
    ticket: a condition is covered once it was seen true and seen false.
    """
    decider = Decider(configuration)
    seen = _Seen()
    for test in chosen(configuration, name):
        record, at, given = made_up(configuration, test, now)
        seen.add(explain(decider, record, at, given=given))
    return tuple(seen.of(section, rule) for section, rule in _tried(configuration))


UNTRIED = frozenset({escalation.SECTION})
"""Sections that rest on clocks, which the made-up ticket of a test does not have."""


def _tried(configuration: Configuration) -> Iterator[tuple[str, Rule[Any]]]:
    """The rules that tests can say something about."""
    return ((section, rule) for section, rule in every_rule(configuration.rules) if section not in UNTRIED)


class _Seen:
    """Counts over all tests; a condition is known by its section, its rule and its path."""

    def __init__(self) -> None:
        self._matched: Counter[tuple[str, str]] = Counter()
        self._decided: Counter[tuple[str, str]] = Counter()
        self._outcomes: Counter[tuple[str, str, str, bool]] = Counter()

    def add(self, explanation: Explanation) -> None:
        for section in explanation.sections:
            if not section.skipped:
                self._add_section(section)

    def _add_section(self, section: SectionExplanation) -> None:
        for rule in section.rules:
            self._matched[section.name, rule.name] += rule.matched
            self._decided[section.name, rule.name] += rule.decided
            for leaf in leaves(rule.judgement):
                self._outcomes[section.name, rule.name, leaf.path, leaf.held] += 1

    def of(self, section: str, rule: Rule[Any]) -> RuleCoverage:
        conditions = tuple(
            ConditionCoverage(
                describe(test),
                path,
                self._outcomes[section, rule.name, path, True],
                self._outcomes[section, rule.name, path, False],
            )
            for path, test in _tests_of(rule.when, "")
        )
        key = (section, rule.name)
        return RuleCoverage(section, rule.name, rule.position, self._matched[key], self._decided[key], conditions)


def survivors(configuration: Configuration, now: datetime, name: str | None = None) -> Iterator[Survivor]:
    """Each condition whose opposite passes all tests too: whoever changes it by mistake is told nothing.

    A rule for every ticket counts as one condition, whose opposite is a rule for none. Only tests that pass now can
    fail then.
    """
    passing = frozenset(result.name for result in run_tests(configuration, now, name) if result.passed)
    for section, rule in _tried(configuration):
        for text, flipped in _flips(rule.when):
            changed = _with(configuration, section, replace(rule, when=flipped))
            results = run_tests(changed, now, name)
            if all(result.passed for result in results if result.name in passing):
                yield Survivor(section, rule.name, rule.position, text)


_SECTIONS: Mapping[str, Any] = {CLASSIFY: attrgetter(CLASSIFY)} | {name: stage.rules for name, stage in STAGES.items()}


def _with(configuration: Configuration, section: str, changed: Rule[Any]) -> Configuration:
    book = configuration.rules
    rules = tuple(changed if rule.name == changed.name else rule for rule in _SECTIONS[section](book))
    sections: dict[str, Any] = {section: rules}
    return replace(configuration, rules=replace(book, **sections))


def _tests_of(condition: Condition, path: str) -> Iterator[tuple[str, FieldTest]]:
    """The tests of a condition by their paths, which are those of a ``Judgement``."""
    match condition:
        case FieldTest(field):
            yield (f"{path}.{field}" if path else field), condition
        case Not(part):
            yield from _tests_of(part, f"{path}.not" if path else "not")
        case AllOf(parts) | AnyOf(parts):
            kind = "all" if isinstance(condition, AllOf) else "any"
            for index, part in enumerate(parts):
                yield from _tests_of(part, f"{path}.{kind}[{index}]" if path else f"{kind}[{index}]")


def _flips(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """The condition with one of its tests turned into the opposite, for each of them."""
    match condition:
        case FieldTest():
            yield describe(condition), Not(condition)
        case Not(part):
            yield from ((text, Not(flipped)) for text, flipped in _flips(part))
        case AllOf(()):
            yield "every ticket", Not(condition)
        case AllOf(parts) | AnyOf(parts):
            kind = type(condition)
            for index, part in enumerate(parts):
                for text, flipped in _flips(part):
                    yield text, kind((*parts[:index], flipped, *parts[index + 1 :]))
