"""The proofs of ``check`` beside what others find: the union case, and the time for a table of 500 rules.

The peers are ``zen-engine``, which validates a decision table as it loads and evaluates it, and a pairwise checker that
compares each row with each earlier one, as dmn-check does it: a row is shadowed where every cell of one earlier row
holds its own. In the union case a row is hidden by two earlier ones together and by neither alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path

import zen

from itsm_bridge.conditions import AllOf, Condition, FieldTest, Matcher, Operator
from itsm_bridge.config import load
from itsm_bridge.config.model import Assign, Configuration, Position, Rule
from itsm_bridge.errors import Finding
from itsm_bridge.proofs import prove

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)

Row = tuple[dict[str, tuple[str | int, ...]], str]
"""The values that each field may have, a field without an entry any; and the vendor."""

UNION: Sequence[Row] = (
    ({"impact": (1,)}, "OptIT"),
    ({"impact": (2, 3)}, "GWL"),
    ({"impact": (1, 2, 3), "environment": ("punjab",)}, "eGov DevOps"),
    ({}, "eGov DevOps"),
)
"""The third row is hidden by the first two together."""


SHADOWED: Sequence[Row] = (({"impact": (1, 2)}, "OptIT"), ({"impact": (1,)}, "GWL"), ({}, "eGov DevOps"))
"""The second row is hidden by the first alone: what a pairwise look can see."""


def clean_table(count: int = 500) -> list[Row]:
    """Rows over eight fields with nothing wrong: special ones before general ones, and a last for everything else."""
    fields = {
        "environment": ("punjab", "ap", "bihar", "internal"),
        "type": ("incident", "change", "task", "problem"),
        "impact": (1, 2, 3),
        "urgency": (1, 2, 3),
        "state": ("new", "in_progress"),
    }
    special: Sequence[dict[str, tuple[str | int, ...]]] = (
        {"subcategory": ("disk", "memory")},
        {"category": ("security",)},
        {"ci": ("db-1", "db-2")},
    )
    vendors = ("OptIT", "GWL", "eGov DevOps")
    rows: list[Row] = []
    for number, cell in enumerate(product(*fields.values())):
        general: dict[str, tuple[str | int, ...]] = {name: (value,) for name, value in zip(fields, cell, strict=True)}
        rows.append((general | special[number % 3], vendors[number % 3]))
        rows.append((general, vendors[(number + 1) % 3]))
    return [*rows[: count - 1], ({}, "OptIT")]


# --- ours --------------------------------------------------------------------------------------------------------


def ours(rows: Sequence[Row]) -> list[Finding]:
    """What ``check`` proves of the rows as assignment rules."""
    return list(prove(_configuration(rows), NOW))


def _configuration(rows: Sequence[Row]) -> Configuration:
    shipped = load(ROOT / "config")
    rules = tuple(
        Rule(f"row {number}", "", _condition(cells), _to(vendor), Position("rules.yaml", number, 1))
        for number, (cells, vendor) in enumerate(rows, 1)
    )
    alone = dict.fromkeys(("classify", "intake", "priority", "approval", "escalation", "knowledge", "tests"), ())
    return replace(shipped, rules=replace(shipped.rules, assignment=rules, **alone))


def _condition(cells: dict[str, tuple[str | int, ...]]) -> Condition:
    return AllOf(tuple(FieldTest(name, (Matcher(Operator.ONE_OF, values),)) for name, values in cells.items()))


def _to(vendor: str) -> Assign:
    return Assign(vendor, owner=False, among=(), by=None, skills=())


# --- the peers ---------------------------------------------------------------------------------------------------


def pairwise(rows: Sequence[Row]) -> list[str]:
    """Rows that one earlier row subsumes, and pairs of equal rows with another outcome."""
    found = []
    for (first, (above, one)), (second, (below, other)) in combinations(enumerate(rows, 1), 2):
        if all(name in below and set(below[name]) <= set(values) for name, values in above.items()):
            found.append(f"row {second} is shadowed by row {first}")
        elif above == below and one != other:
            found.append(f"rows {first} and {second} conflict")
    return found


def zen_validation(rows: Sequence[Row]) -> list[str]:
    """What ``zen-engine`` says as it loads the table and decides a ticket by it; its errors, if there are any."""
    names = sorted({name for cells, _ in rows for name in cells})
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in names],
        "outputs": [{"id": "vendor", "name": "vendor", "field": "vendor"}],
        "rules": [
            {"_id": str(number), **{name: _cell(cells.get(name, ())) for name in names}, "vendor": json.dumps(vendor)}
            for number, (cells, vendor) in enumerate(rows, 1)
        ],
    }
    graph = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in"},
            {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
            {"id": "out", "type": "outputNode", "name": "out"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    try:
        decision = zen.ZenEngine().create_decision(json.dumps(graph))
        validate: Callable[[], object] | None = getattr(decision, "validate", None)
        if validate is not None:
            validate()
        decision.evaluate({"environment": "punjab", "impact": 1}, {"trace": True})
    except (RuntimeError, ValueError) as problem:
        return [str(problem)]
    return []


def _cell(values: Sequence[str | int]) -> str:
    return ", ".join(map(json.dumps, values))


def main() -> None:
    """Print what each finds, and how long it takes."""
    checkers: dict[str, Callable[[Sequence[Row]], Sequence[object]]] = {
        "ours": ours,
        "pairwise": pairwise,
        "zen-engine": zen_validation,
    }
    cases = {"row 2 is hidden by row 1 alone": SHADOWED, "the union case: row 3 is hidden by rows 1 and 2": UNION}
    for what, table in cases.items():
        print(what)
        for name, check in checkers.items():
            found = [one for one in check(table) if not isinstance(one, Finding) or one.code == "R301"]
            print(f"  {name:<12}{'; '.join(map(_said, found)) or 'silent'}")
    for what, rows in (("clean", clean_table()), ("clean, but for the union case at its end", _with_union())):
        print(f"500 rows over 8 fields, {what}")
        for name, check in checkers.items():
            began = time.perf_counter()
            listed = check(rows)
            print(f"  {name:<12}{time.perf_counter() - began:6.2f} s   {len(listed)} findings")


def _said(found: object) -> str:
    return f"{found.code} {found.message}" if isinstance(found, Finding) else str(found)


def _with_union() -> list[Row]:
    rows = clean_table(497)
    return [*rows[:-1], *UNION]


if __name__ == "__main__":
    main()
