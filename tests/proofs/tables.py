"""Rules on lines of their own, so that findings can be told apart, and what is found about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from tests.rules.made import ALWAYS, all_of, assign, contains, example, is_, on, rule, with_rules

from itsm_bridge.conditions import Condition, Operator
from itsm_bridge.config.model import Configuration, Position, Rule
from itsm_bridge.errors import Finding
from itsm_bridge.proofs import Budget, prove

NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
SECTIONS = ("classify", "intake", "priority", "approval", "assignment", "escalation", "knowledge")


def table(**sections: Sequence[Rule[Any]]) -> Configuration:
    """The example with these rules alone, each on a line of its own, counted from 1."""
    lines = iter(range(1, 10_000))
    placed = {
        name: tuple(replace(one, position=Position("rules.yaml", next(lines), 5)) for one in sections.get(name, ()))
        for name in SECTIONS
    }
    return with_rules(example(), **placed)


def to(vendor: str, name: str, when: Condition) -> Rule[Any]:
    """A rule that gives tickets to one vendor."""
    return rule(name, when, assign(vendor=vendor))


def found(
    configuration: Configuration, *codes: str, now: datetime = NOW, budget: Budget | None = None
) -> list[Finding]:
    """The findings of some codes, or all."""
    return [one for one in prove(configuration, now, budget=budget) if not codes or one.code in codes]


def witness(finding: Finding) -> dict[str, Any]:
    """What the witness of a finding has a value for."""
    assert finding.witness is not None
    return {name: value for name, value in finding.witness if value is not None}


def clean_table(count: int = 500) -> tuple[Rule[Any], ...]:
    """So many assignment rules over eight fields with nothing wrong: special ones before general ones, and a last."""
    environments, types = ("punjab", "ap", "bihar", "internal"), ("incident", "change", "task", "problem")
    cells = product(environments, types, (1, 2, 3), (1, 2, 3), ("new", "in_progress"))
    vendors = ("OptIT", "GWL", "eGov DevOps")
    rules: list[Rule[Any]] = []
    for number, (environment, kind, impact, urgency, state) in enumerate(cells):
        where = (is_("environment", environment), is_("type", kind), is_("state", state))
        cell = (*where, is_("impact", impact), is_("urgency", urgency))
        special = (contains("text", f"word{number}x"), is_("category", "security"), on("reopened", Operator.GT, 3))
        rules.append(to(vendors[number % 3], f"special{number}", all_of(*cell, special[number % 3])))
        rules.append(to(vendors[(number + 1) % 3], f"general{number}", all_of(*cell)))
    return (*rules[: count - 1], to("OptIT", "rest", ALWAYS))
