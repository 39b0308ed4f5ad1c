"""How each peer of ``bench_rules`` is given the table, and the least that an answer takes: the limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
import rule_engine
import zen
from ahocorasick_rs import AhoCorasick, Implementation
from benchmarks.rule_table import DOMAINS, FIELDS, LEVEL, TEXT, Row
from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_TEXT
from business_rules.variables import BaseVariables, numeric_rule_variable, string_rule_variable

BLOCK = 4_096
"""Tickets whose masks the limit has at hand at one time."""


def zen_engine(rows: list[Row]) -> Callable[[dict[str, Any]], str]:
    """A decision table of GoRules with the hit policy ``first``."""
    inputs = [{"id": name, "name": name, "type": "expression", "field": name} for name in FIELDS]
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {
            "id": "table",
            "type": "decisionTableNode",
            "name": "table",
            "content": {
                "hitPolicy": "first",
                "inputs": inputs,
                "outputs": [{"id": "rule", "name": "rule", "type": "expression", "field": "rule"}],
                "rules": [{"_id": row.name, **_cells(row), "rule": json.dumps(row.name)} for row in rows],
            },
        },
        {"id": "out", "type": "outputNode", "name": "out"},
    ]
    ends = (("in", "table"), ("table", "out"))
    edges = [{"id": a + b, "type": "edge", "sourceId": a, "targetId": b} for a, b in ends]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda ticket: str(decision.evaluate(ticket)["result"]["rule"])


def _cells(row: Row) -> dict[str, str]:
    cells = dict.fromkeys(FIELDS, "") | {name: ", ".join(map(json.dumps, some)) for name, some in row.values.items()}
    cells[TEXT] = " or ".join(f"contains($, {json.dumps(text)})" for text in row.texts)
    return cells | ({} if row.level is None else {LEVEL: f"<= {row.level}"})


def rule_engines(rows: list[Row]) -> Callable[[dict[str, Any]], str]:
    """One expression a row, asked from top to bottom."""
    compiled = [(rule_engine.Rule(_expression(row)), row.name) for row in rows]
    return lambda ticket: next(name for rule, name in compiled if rule.matches(ticket))


def _expression(row: Row) -> str:
    parts = [f"{name} in {json.dumps(values)}" for name, values in row.values.items()]
    if row.texts:
        parts.append("(" + " or ".join(f"{json.dumps(text)} in {TEXT}" for text in row.texts) + ")")
    if row.level is not None:
        parts.append(f"{LEVEL} <= {row.level}")
    return " and ".join(parts) or "true"


class Variables(BaseVariables):  # type: ignore[misc]  # the peer has no types
    """A ticket as ``business-rules`` sees it: one variable a field, which is put in place below."""

    def __init__(self, ticket: dict[str, Any]) -> None:
        self.ticket = ticket


for _field in FIELDS:
    _kind = numeric_rule_variable if _field == LEVEL else string_rule_variable
    setattr(Variables, _field, _kind()(lambda self, name=_field: self.ticket[name]))


class Actions(BaseActions):  # type: ignore[misc]  # the peer has no types
    """Remembers which rule was triggered."""

    rule = ""

    @rule_action(params={"name": FIELD_TEXT})  # type: ignore[untyped-decorator]  # the peer has no types
    def choose(self, name: str) -> None:
        """Take this rule."""
        self.rule = name


def business_rules(rows: list[Row]) -> Callable[[dict[str, Any]], str]:
    """Conditions as nested mappings."""
    every = [
        {"conditions": {"all": _parts(row)}, "actions": [{"name": "choose", "params": {"name": row.name}}]}
        for row in rows
    ]

    def ask(ticket: dict[str, Any]) -> str:
        actions = Actions()
        run_all(every, Variables(ticket), actions, stop_on_first_trigger=True)
        return actions.rule

    return ask


def _parts(row: Row) -> list[dict[str, Any]]:
    wanted = [(name, "equal_to", values) for name, values in row.values.items()]
    wanted += [(TEXT, "contains", row.texts)] if row.texts else []
    parts: list[dict[str, Any]] = [
        {"any": [{"name": name, "operator": operator, "value": value} for value in values]}
        for name, operator, values in wanted
    ]
    level = 9 if row.level is None else row.level
    return [*parts, {"name": LEVEL, "operator": "less_than_or_equal_to", "value": level}]


def closures(rows: list[Row]) -> Callable[[dict[str, Any]], str]:
    """Functions of a mapping, by hand."""
    compiled = [(_closure(row), row.name) for row in rows]
    return lambda ticket: next(name for holds, name in compiled if holds(ticket))


def _closure(row: Row) -> Callable[[dict[str, Any]], bool]:
    sets = [(name, frozenset(values)) for name, values in row.values.items()]
    texts, level = row.texts, 9 if row.level is None else row.level

    def holds(ticket: dict[str, Any]) -> bool:
        if ticket[LEVEL] > level:
            return False
        for name, values in sets:
            if ticket[name] not in values:
                return False
        text = ticket[TEXT]
        return not texts or any(needle in text for needle in texts)

    return holds


# --- the limit ---------------------------------------------------------------------------------------------------


class Limit:
    """Values and texts to masks of the rules that accept them, made beforehand; the lowest bit left is the answer."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        domains = DOMAINS | {LEVEL: list(range(1, 6))}
        self.index = {name: {value: place for place, value in enumerate(domain)} for name, domain in domains.items()}
        self.masks = {
            name: np.array([self._mask(_accepts(row, name, value) for row in rows) for value in domain])
            for name, domain in domains.items()
        }
        needles = list(dict.fromkeys(chain.from_iterable(row.texts for row in rows)))
        self.needles = {needle: place for place, needle in enumerate(needles)}
        self.by_needle = np.array([self._mask(needle in row.texts for row in rows) for needle in needles])
        self.without = self._mask(not row.texts for row in rows)
        self.search = AhoCorasick(needles, store_patterns=True, implementation=Implementation.DFA)

    @staticmethod
    def _mask(accepted: Iterable[bool]) -> Any:  # noqa: ANN401  # an array of words
        flags = np.array([*accepted], dtype=np.bool_)
        padded = np.pad(flags, (0, -len(flags) % 64))
        return np.packbits(padded, bitorder="little").view(np.uint64)

    def __call__(self, columns: dict[str, list[Any]]) -> list[str]:
        """The names of the deciding rules, a block of tickets after the other, so that a block's masks stay at hand."""
        size = len(columns[TEXT])
        codes = {name: np.fromiter(map(self.index[name].__getitem__, columns[name]), np.int32) for name in self.masks}
        blocks = [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]
        places = chain.from_iterable(self._block(columns[TEXT][block], codes, block) for block in blocks)
        return [self.rows[place].name for place in places]

    def _block(self, texts: list[str], codes: dict[str, Any], block: slice) -> list[int]:
        find = self.search.find_matches_as_strings
        found = [find(text, overlapping=True) for text in texts]
        counts = np.fromiter(map(len, found), np.int64)
        hits = np.fromiter(map(self.needles.__getitem__, chain.from_iterable(found)), np.int64)
        left = np.tile(self.without, (len(found), 1))
        np.bitwise_or.at(left, np.repeat(np.arange(len(found)), counts), self.by_needle[hits])
        for name, masks in self.masks.items():
            left &= masks[codes[name][block]]
        word = (left != 0).argmax(axis=1)
        words = left[np.arange(len(left)), word]
        bit = np.log2((words & (~words + np.uint64(1))).astype(np.float64)).astype(np.int64)
        places: list[int] = (word * 64 + bit).tolist()
        return places


def _accepts(row: Row, name: str, value: str | int) -> bool:
    if name == LEVEL:
        return row.level is None or int(value) <= row.level
    return name not in row.values or value in row.values[name]
