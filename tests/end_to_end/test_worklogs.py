"""Time that people booked in Jira: read where asked for, shown with its ticket, and forgotten once it is deleted."""

from __future__ import annotations

import csv
from typing import Any

import requests
from tests.end_to_end.conftest import Project


def ask(project: Project, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
    account = project.sandbox.account
    url = f"{project.sandbox.jira_url}/rest/api/3/issue/{path}"
    answer = requests.request(method, url, json=body, auth=(account.email, account.token), timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def booked_hours(project: Project) -> dict[str, str]:
    assert project.run("sync", "--source", "ops").returncode == 0
    done = project.run("report", "--format", "csv", "--out", "out")
    assert done.returncode == 0, done.stderr
    (path,) = (project.folder / "out").rglob("tickets.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["ticket"]: row["booked_hours"] for row in csv.DictReader(file) if row["source"] == "ops"}


def test_time_is_read_where_the_configuration_says_so_and_a_deleted_worklog_is_forgotten(project: Project) -> None:
    truth = project.sandbox.truth()
    issue = next(one for one in truth if one.place == "OPS" and one.fields["status"]["statusCategory"]["key"] != "done")
    many = [ask(project, "POST", f"{issue.id}/worklog", {"timeSpentSeconds": 1800})["id"] for _ in range(25)]
    name = f"ops:{issue.number}"
    assert booked_hours(project)[name] == ""

    project.edit("bridge.yaml", "    kind: jira\n", "    kind: jira\n    worklogs: true\n")
    hours = booked_hours(project)
    assert float(hours[name]) == 12.5
    assert {value for ticket, value in hours.items() if ticket != name} == {""}

    for worklog in many[1:]:
        ask(project, "DELETE", f"{issue.id}/worklog/{worklog}")
    assert float(booked_hours(project)[name]) == 0.5
