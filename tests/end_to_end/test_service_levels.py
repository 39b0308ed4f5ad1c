"""Two verdicts and warnings by the installed program: what cron sees, and what the report shows afterwards."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from tests.end_to_end.conftest import Project

URGENT = {
    "u_environment": "punjab",
    "impact": "1",
    "urgency": "1",
    "category": "availability",
    "short_description": "Portal outage",
}


def a_group_in_scope(project: Project) -> str:
    """The sys_id of a group whose tickets are read."""
    account = project.sandbox.account
    groups = requests.get(
        f"{project.sandbox.servicenow_url}/api/now/table/sys_user_group",
        params={"sysparm_query": "nameSTARTSWITHeGov"},
        auth=(account.user, account.password),
        timeout=60,
    ).json()["result"]
    return str(groups[0]["sys_id"])


def report(project: Project, *words: str) -> Path:
    """The folder of a month's tables."""
    done = project.run("report", "--period", "month", "--format", "csv", "--out", "out", *words)
    assert done.returncode == 0, done.stderr
    (folder,) = (project.folder / "out").glob("*/csv")
    return folder


def rows(folder: Path, table: str) -> Sequence[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_a_run_froze_stands_when_a_target_is_edited(project: Project) -> None:
    assert json.loads(project.run("--json", "run").stdout)["verdicts_frozen"] > 0
    assert json.loads(project.run("--json", "run").stdout)["verdicts_frozen"] == 0
    before = report(project)
    assert rows(before, "sla_flips") == []
    agreed = {(row["ticket"], row["sla"], row["started_at"]): row for row in rows(before, "sla_cycles")}
    ended = {key for key, row in agreed.items() if row["stopped_at"]}
    assert ended == {key for key, row in agreed.items() if row["agreed_at"]}
    assert all(agreed[key]["agreed_breached"] == agreed[key]["breached"] for key in ended)

    project.edit("sla.yaml", "target: 12h", "target: 1m")
    after = report(project)
    flips = rows(after, "sla_flips")
    assert flips
    assert {(row["sla"], row["agreed"], row["today"], row["cause"]) for row in flips} == {
        ("vendor resolution", "met", "breached", "definition changed")
    }
    for row in rows(after, "sla_cycles"):
        was = agreed[row["ticket"], row["sla"], row["started_at"]]
        assert row["agreed_breached"] == was["agreed_breached"]
    assert json.loads(project.run("--json", "sync").stdout)["verdicts_frozen"] == 0


def test_a_clock_that_passes_a_warning_is_told_of_once_and_fails_no_run(project: Project) -> None:
    project.edit("sla.yaml", "target: 15m", "target: 60m")
    urgent = {**URGENT, "assignment_group": a_group_in_scope(project)}
    project.sandbox.create("incident", urgent, at=datetime.now(UTC) - timedelta(minutes=8))
    first = json.loads(project.run("--json", "run").stdout)
    assert (first["exit_code"], first["warnings"]["clocks"]) == (0, [])
    project.edit("sla.yaml", "target: 60m", "target: 15m")
    done = project.run("-v", "run")
    assert done.returncode == 0, done.stderr
    assert "1 clock passed a warning: snow:INC" in done.stdout
    assert " P1 response 5" in done.stdout
    status = json.loads(project.run("--json", "status").stdout)
    (clock,) = status["warnings"]
    assert (clock["sla"], clock["percent"]) == ("P1 response", 50)
    assert f"passed a warning: {clock['ticket']} P1 response" in project.run("status").stdout
    again = project.run("run")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert json.loads(project.run("--json", "status").stdout)["warnings"] == []
