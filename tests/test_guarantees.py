from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GROUPS = "TPIW"
"""The traps' ids begin with the group they belong to, in the order of the groups."""


def guarantees() -> str:
    return (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")


def traps() -> dict[str, list[int]]:
    """The numbers of the traps in the document, by group."""
    rows = re.findall(rf"^\| ([{GROUPS}])(\d+) \|.*\| `test_\w+`.* \|$", guarantees(), re.MULTILINE)
    return {group: [int(number) for of, number in rows if of == group] for group in GROUPS}


def test_every_test_that_a_promise_names_exists() -> None:
    named = re.findall(r"`(test_\w+)`", guarantees())
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", sources))
    assert named
    assert [name for name in named if name not in defined] == []


def test_traps_are_numbered_without_a_gap() -> None:
    for numbers in traps().values():
        assert numbers == list(range(1, len(numbers) + 1))
        assert numbers


def test_every_known_trap_of_the_sources_has_its_tests(shared: Path) -> None:
    """The list of traps, one bullet each in groups, was gathered beside the project before anything was written."""
    text = (shared / "facts" / "connectors.md").read_text(encoding="utf-8")
    listed = re.split(r"^## ", text.partition("\n## 7. ")[2], flags=re.MULTILINE)[0]
    counts = [part.count("\n- ") for part in re.split(r"^(?=[A-Z])", listed, flags=re.MULTILINE) if "\n- " in part]
    assert counts == [len(numbers) for numbers in traps().values()]
    assert sum(counts) > 60
