"""``check``: what is proved of the rules, as the command says it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.cli.programs import run
from tests.config.editing import copy_example, edit
from tests.end_to_end.conftest import made_project, recent_sandbox

KEYS = {"code", "severity", "file", "line", "column", "message", "suggestion", "witness"}
OWNER = "when: {environment: {empty: false}, category: {not: [security, access]}}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return copy_example(tmp_path)


def checked(config: Path, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the findings that are no mere information."""
    result = run("-C", str(config), "--json", "check", *options, cwd=config.parent)
    document = json.loads(result.stdout)
    assert bool(result.stderr) is (result.returncode != 0), result.stderr
    return result.returncode, [one for one in document["findings"] if one["severity"] != "info"]


def test_the_shipped_configuration_is_clean_under_strict(config: Path) -> None:
    assert checked(config, "--strict") == (0, [])


def test_a_finding_has_the_fields_of_the_contract_and_a_ticket_that_shows_it(config: Path) -> None:
    edit(config, "rules.yaml", OWNER, "when: {environment: {empty: false}}")

    code, findings = checked(config)

    assert code == 0
    (finding,) = findings
    assert finding.keys() == KEYS
    assert (finding["code"], finding["severity"], finding["file"]) == ("R302", "warning", "rules.yaml")
    lines = (config / "rules.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[finding["line"] - 1][finding["column"] - 1 :] == "name: owner"
    assert finding["witness"]["category"] in {"security", "access"}
    assert finding["witness"]["environment"] in {"punjab", "ap", "bihar"}
    assert finding["witness"]["impact"] is None


def test_warnings_fail_under_strict_alone(config: Path) -> None:
    edit(config, "rules.yaml", OWNER, "when: {environment: {empty: false}}")

    assert checked(config)[0] == 0
    assert checked(config, "--strict")[0] == 3


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("rules.yaml", "  - name: shared-pool\n    when: {}", "  - name: shared-pool\n    when: {type: task}", "R303"),
        ("rules.yaml", "{category: [security, access]}", "{}", "R301"),
        ("vendors.yaml", "eGov DevOps, to: 2027-01-01", "eGov DevOps, to: 2026-12-31", "R304"),
        ("vendors.yaml", "{vendor: MacroSkies, from: 2027-01-01}", "{vendor: MacroSkies, from: 2026-12-31}", "R305"),
        ("sla.yaml", "start: {priority: [2, 3, 4, 5]}", "start: {state: resolved}", "S401"),
        ("sla.yaml", "pause: {state: on_hold}", "pause: {priority: {lte: 3}}", "S402"),
        (
            "sla.yaml",
            "start: {priority: 1}\n    pause:",
            "start: {priority: 1, state: [new, in_progress]}\n    pause:",
            "S403",
        ),
    ],
)
def test_what_leaves_tickets_or_clocks_to_chance_fails_with_3(
    config: Path, file: str, old: str, new: str, code: str
) -> None:
    edit(config, file, old, new)

    exit_code, findings = checked(config)

    assert exit_code == 3
    assert code in {one["code"] for one in findings if one["severity"] == "error"}


def test_a_finding_about_a_service_level_stands_at_its_condition_and_shows_a_ticket(config: Path) -> None:
    edit(config, "sla.yaml", "pause: {state: on_hold}", "pause: {priority: 1}")

    _, (finding,) = checked(config)

    lines = (config / "sla.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[finding["line"] - 1][finding["column"] - 1 :] == "pause: {priority: 1}"
    assert finding["message"].startswith('"P1 resolution" is paused for ever: ')
    assert finding["witness"]["priority"] == 1


def test_a_day_without_an_owner_stops_no_run(config: Path) -> None:
    edit(config, "vendors.yaml", "eGov DevOps, to: 2027-01-01", "eGov DevOps, to: 2026-12-31")

    assert checked(config)[0] == 3
    assert run("-C", str(config), "test", cwd=config.parent).returncode == 0


def test_a_mistake_in_words_is_told_with_13_and_without_proofs(config: Path) -> None:
    edit(config, "rules.yaml", OWNER, "when: {environment: {empti: false}}")

    exit_code, findings = checked(config)

    assert exit_code == 13
    assert {one["code"] for one in findings} == {"C211"}


def test_people_see_the_line_with_its_place_marked_and_the_ticket_below_it(config: Path) -> None:
    edit(config, "rules.yaml", OWNER, "when: {environment: {empty: false}}")

    result = run("-C", str(config), "check", cwd=config.parent)

    lines = result.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("warning[R302]: "))
    assert '"owner" and "security-stays-in" cross' in lines[place]
    assert lines[place + 1].strip().startswith(f"--> {config / 'rules.yaml'}:")
    assert lines[place + 3].endswith("name: owner")
    assert lines[place + 4].index("^") == lines[place + 3].index("name: owner")
    notes = [line.strip() for line in lines[place + 5 :]]
    assert notes[0].startswith("= fix: ")
    assert notes[0].endswith('exclude its tickets or put "owner" above it')
    assert notes[1].startswith('= for example: {type: "')
    assert notes[2] == "= more: itsm-bridge help R302"


def test_the_last_line_counts_and_says_what_happens_now(config: Path) -> None:
    edit(config, "rules.yaml", OWNER, "when: {environment: {empti: false}}")

    result = run("-C", str(config), "check", cwd=config.parent)

    assert 'did you mean "empty"?' in result.stdout
    assert "= allowed: not, empty," in result.stdout
    assert result.stderr.startswith(f"itsm-bridge: 1 mistake in {config}; nothing runs until they are corrected; ")
    assert "nothing was written" in result.stderr


def test_findings_are_counted_in_the_tickets_of_the_store(tmp_path: Path, config: Path) -> None:
    with recent_sandbox() as sandbox:
        project = made_project(tmp_path / "project", sandbox)
        assert project.run("sync").returncode == 0
    shutil.copytree(config, project.folder / "other")
    edit(project.folder / "other", "rules.yaml", OWNER, "when: {environment: {empty: false}}")

    result = project.run("-C", str(project.folder / "other"), "--json", "check")

    (message,) = [one["message"] for one in json.loads(result.stdout)["findings"] if one["code"] == "R302"]
    assert message.endswith(" of the last 90 days")
