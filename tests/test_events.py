"""The registry of events is what the code emits, no more and no less, and what the page says."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from itsm_bridge import events
from itsm_bridge.events import EVENTS, FIELDS, LONGEST, Value, emit, listening

ROOT = Path(__file__).parents[1]


def calls() -> list[tuple[str, str, list[str]]]:
    """Every call of ``emit`` in the source: where, which event (empty if it is no literal), and which fields."""
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "emit":
                (first,) = node.args
                name = first.value if isinstance(first, ast.Constant) else ""
                found.append((f"{path.name}:{node.lineno}", str(name), [key.arg or "**" for key in node.keywords]))
    return found


def test_every_event_is_emitted_somewhere_and_nothing_else_is() -> None:
    assert {name for _, name, _ in calls()} == set(EVENTS)


def test_every_emit_gives_exactly_the_fields_of_its_event() -> None:
    starred = {"run.ended": {"read", "changed", "written", "held", "findings", "problems"}}
    for place, name, given in calls():
        fields = set(given) - {"**"} | (starred[name] if "**" in given else set())
        assert fields == set(EVENTS[name].fields), place


def test_every_field_is_described_and_used() -> None:
    assert {one for event in EVENTS.values() for one in event.fields} == set(FIELDS)


def test_the_text_of_an_event_uses_its_own_fields() -> None:
    sample: dict[type, Value] = {str: "x", int: 1, float: 1.5}
    for event in EVENTS.values():
        event.text.format(**{name: sample[FIELDS[name][0]] for name in event.fields})


def test_the_page_is_the_one_that_the_registry_makes() -> None:
    assert (ROOT / "docs/log-events.md").read_text(encoding="utf-8") == events.page()


@pytest.mark.parametrize("fields", [{}, {"periods": "x"}, {"period": "x", "more": 1}, {"period": 5}])
def test_what_is_not_registered_is_refused(fields: Mapping[str, Value]) -> None:
    with pytest.raises(ValueError, match=r"period|registered"):
        emit("report.published", **fields)
    with pytest.raises(ValueError, match="no registered event"):
        emit("report.printed", period="x")


def test_a_long_text_is_cut() -> None:
    heard: list[Mapping[str, Value]] = []
    with listening(lambda _, fields: heard.append(fields)):
        emit("report.published", period="x" * 500)
    assert [len(str(one["period"])) for one in heard] == [LONGEST]
