"""Notes by the installed program: a redirect, an article and an escalation, once each, whatever dies in between."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import requests
from tests.cli.programs import BARE
from tests.connectors.fakes import Answer, Seen, serving
from tests.connectors.test_contract import passed_on
from tests.end_to_end.conftest import Project

from itsm_bridge.connectors.jira.documents import document_text
from itsm_bridge.connectors.notes import markers_in

KINDS = {"not-ours-desktop", "disk-full-sop", "breach"}


@pytest.fixture
def noted(project: Project) -> Project:
    """Something to be said on a ticket of either product, for each kind of note."""
    sandbox, long_ago = project.sandbox, datetime.now(UTC) - timedelta(days=40)
    known = {"u_environment": "punjab", "impact": "2", "urgency": "2"}
    for values in ({"category": "hardware"}, {"short_description": "Disk full on node 3"}):
        sandbox.create("incident", {"assignment_group": "", **known, **values})
    sandbox.create("incident", {**known, "short_description": "Forgotten"}, at=long_ago)
    sandbox.create("OPS", {"summary": "My desk is broken", "labels": ["hardware"]})
    sandbox.create("OPS", {"summary": "Disk full on node 4"})
    return project


def planned_notes(project: Project) -> list[dict[str, str]]:
    changes = json.loads(project.run("--json", "plan").stdout)["changes"]
    return [change for change in changes if change["field"] == "note"]


def markers(project: Project) -> Counter[str]:
    """How often each note of ours stands in the sources."""
    account, sandbox = project.sandbox.account, project.sandbox
    journal = requests.get(
        f"{sandbox.servicenow_url}/api/now/table/sys_journal_field",
        params={"sysparm_query": "valueLIKEitsm-bridge note", "sysparm_limit": "10000"},
        auth=(account.user, account.password),
        timeout=60,
    ).json()["result"]
    found = [marker for row in journal for marker in markers_in(row["value"])]
    for truth in sandbox.truth():
        if truth.product == "jira":
            answer = requests.get(
                f"{sandbox.jira_url}/rest/api/3/issue/{truth.id}/comment",
                auth=(account.email, account.token),
                timeout=60,
            ).json()
            found += [mark for one in answer["comments"] for mark in markers_in(document_text(one["body"]))]
    return Counter(found)


def test_every_kind_of_note_is_left_once_and_a_second_run_writes_nothing(noted: Project) -> None:
    noted.run("sync")
    wanted = planned_notes(noted)
    assert {note["rule"] for note in wanted} >= KINDS
    assert {note["source"] for note in wanted} == {"snow", "ops"}
    assert markers(noted) == Counter()  # a plan sends nothing
    first = json.loads(noted.run("--json", "run").stdout)
    there = markers(noted)
    assert (len(there), set(there.values())) == (len(wanted), {1})
    assert first["told"]
    assert f"told {first['told'][0][1]} about" in noted.run("status").stdout
    second = json.loads(noted.run("--json", "run").stdout)
    assert (second["planned"], second["told"], markers(noted)) == (0, [], there)


@pytest.mark.parametrize(("name", "method"), [("servicenow", "PATCH"), ("jira", "POST")])
def test_a_run_that_is_killed_right_after_a_note_was_taken_does_not_double_it(
    noted: Project, name: str, method: str
) -> None:
    sandbox = noted.sandbox
    url = {"servicenow": sandbox.servicenow_url, "jira": sandbox.jira_url}[name]
    noted.run("sync")
    wanted = planned_notes(noted)
    per_ticket = Counter(note["ticket"].partition(":")[2] for note in wanted)
    with_one = {one.id for one in sandbox.truth() if per_ticket[one.number] == 1}
    running: list[subprocess.Popen[bytes]] = []
    forward = passed_on(url)

    def taken_and_killed(seen: Seen) -> Answer:
        """Of a ticket with one note: of two in Jira, nobody could tell whether the second came behind the first."""
        answer = forward(seen)
        is_note = seen.method == method and (b"work_notes" in seen.body or seen.path.endswith("/comment"))
        if is_note and answer.status < 300 and with_one.intersection(seen.path.split("/")):
            running[0].kill()
        return answer

    with serving(taken_and_killed) as web:
        noted.edit("bridge.yaml", url, web.url)
        command = [sys.executable, "-m", "itsm_bridge", "apply"]
        with subprocess.Popen(command, cwd=noted.folder, env=BARE) as program:  # noqa: S603 (ours)
            running.append(program)
            assert program.wait() == -9
        noted.edit("bridge.yaml", web.url, url)
    assert 0 < len(markers(noted)) < len(wanted)
    summary = json.loads(noted.run("--json", "apply").stdout)
    assert (summary["resumed"], summary["exit_code"]) == (1, 0)
    there = markers(noted)
    assert (len(there), set(there.values())) == (len(wanted), {1})
