"""``test``: what the rules' tests cover, and the mistakes that they would let pass, as the command says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.programs import run

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def uncovered(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    for file in CONFIG.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.name == "rules.yaml":
            text = text.replace("assignment:\n", "assignment:\n  - table: more.csv\n", 1)
        (folder / file.name).write_text(text, encoding="utf-8")
    (folder / "more.csv").write_text(
        "name,category,service,vendor\nnobody-tests-this,zebra,gnu,GWL\n", encoding="utf-8"
    )
    return folder


def test_the_command_names_what_no_test_tries_with_its_place(uncovered: Path) -> None:
    result = run("-C", str(uncovered), "test", "--coverage", cwd=uncovered)
    assert result.returncode == 0, result.stderr
    assert "none    assignment: nobody-tests-this\n        more.csv:2:1: no test lets it decide" in result.stdout
    assert " rules covered whole." in result.stdout


def test_the_command_fails_where_a_mistake_would_pass(uncovered: Path) -> None:
    result = run("-C", str(uncovered), "test", "--mutation", cwd=uncovered)
    assert result.returncode == 3
    assert "more.csv:2:1: rule nobody-tests-this: no test fails where not: category is zebra" in result.stdout


def test_the_shipped_tests_let_no_mistake_pass(tmp_path: Path) -> None:
    result = run("-C", str(CONFIG), "test", "--coverage", "--mutation", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Whichever condition is turned round, some test fails." in result.stdout


def test_the_document_holds_the_tests_what_they_cover_and_what_survives(uncovered: Path) -> None:
    result = run("-C", str(uncovered), "--json", "test", "--coverage", "--mutation", cwd=uncovered)
    document = json.loads(result.stdout)
    assert result.returncode == 3
    assert document["failed"] == 0
    (rule,) = [one for one in document["coverage"] if one["rule"] == "nobody-tests-this"]
    assert (rule["section"], rule["place"], rule["decided"]) == ("assignment", "more.csv:2:1", 0)
    assert {
        "section": "assignment",
        "rule": "nobody-tests-this",
        "place": "more.csv:2:1",
        "condition": "category is zebra",
    } in document["survivors"]
