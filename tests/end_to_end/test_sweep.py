"""Tickets that vanish from the sandbox, names that it does not have, and stores that are told so."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.conftest import Project

from itsm_bridge.sandbox import Truth


def of(project: Project, product: str) -> Sequence[Truth]:
    return [one for one in project.sandbox.truth() if one.product == product]


def status_of(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(project.run("--json", "status").stdout)
    return found


def test_the_first_sync_sweeps_and_finds_nothing_to_read_again(project: Project) -> None:
    assert project.run("sync").returncode == 0
    sources = status_of(project)["sources"]
    for name in ("snow", "ops"):
        about = sources[name]
        assert about["last_sweep"] | {"at": ""} == {"at": "", "seen": about["tickets"], "fetched": 0, "missed": 0}
        assert [stream["complete"] for stream in about["completeness"] if stream["complete"] is not True] == []
        assert about["gone"] == {}


def test_a_deleted_ticket_is_gone_from_the_open_ones_and_its_history_stays(project: Project) -> None:
    project.run("sync")
    with sqlite3.connect(project.folder / "var" / "itsm-bridge.db") as database:
        number = database.execute("SELECT number FROM tickets WHERE source = 'snow' AND state = 'new'").fetchone()[0]
    before = status_of(project)["sources"]["snow"]
    project.sandbox.delete(number)
    document = json.loads(project.run("--json", "sync", "--full").stdout)
    after = status_of(project)["sources"]["snow"]
    assert (document["exit_code"], document["sources"]["snow"]["gone"]) == (0, 1)
    assert (after["tickets"], after["open_tickets"]) == (before["tickets"], before["open_tickets"] - 1)
    assert after["gone"] == {"deleted": 1}
    assert "(1 gone)" in project.run("status").stdout


def test_a_ticket_that_is_hidden_is_given_up_by_the_second_sweep_and_comes_back(project: Project) -> None:
    project.run("sync")
    ticket = of(project, "servicenow")[0]
    project.sandbox.hide(ticket.id)
    gone = [json.loads(project.run("--json", "sync", "--full").stdout)["sources"]["snow"]["gone"] for _ in range(2)]
    assert gone == [0, 1]
    assert status_of(project)["findings"] == []
    project.sandbox.unhide(ticket.id)
    project.run("sync", "--full")
    about = status_of(project)["sources"]["snow"]
    assert about["gone"] == {}


def test_a_wave_of_vanished_tickets_stops_the_sync_with_6_and_drops_none(project: Project) -> None:
    project.run("sync")
    tickets = of(project, "jira")
    for ticket in tickets[: max(21, len(tickets) // 5)]:
        project.sandbox.hide(ticket.id)
    done = project.run("sync", "--full")
    assert done.returncode == 6
    assert "max_vanish_percent" in done.stderr
    assert "Next: itsm-bridge doctor" in done.stderr
    about = status_of(project)["sources"]["ops"]
    assert about["gone"] == {}


def test_check_live_agrees_with_the_sandbox_and_names_what_it_does_not_have(project: Project) -> None:
    done = project.run("--json", "check", "--live")
    assert done.returncode == 0, done.stderr
    assert {answer["source"] for answer in json.loads(done.stdout)["live"]} == {"snow", "ops"}
    project.edit("bridge.yaml", "u_environment", "u_enviroment")
    done = project.run("check", "--live")
    assert done.returncode == 3
    assert "failure: snow:" in done.stdout
    assert "u_enviroment" in done.stdout


def test_check_without_live_asks_nobody(project: Project) -> None:
    project.sandbox.close()
    assert project.run("check").returncode == 0


def test_status_says_in_one_screen_when_ids_were_swept(settled: Project) -> None:
    text = settled.run("status").stdout
    assert text.count("complete by its own count") == 2
    assert len(text.splitlines()) <= 24


@pytest.mark.parametrize(("deployment", "wanted"), [("cloud", {"EMAIL", "TOKEN"}), ("data_center", {"TOKEN"})])
def test_the_sandbox_stands_in_for_both_kinds_of_jira(tmp_path: Path, deployment: str, wanted: set[str]) -> None:
    command = [sys.executable, "-m", "itsm_bridge", "--json", "sandbox", "--deployment", deployment]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603 (ours)
        assert program.stdout is not None
        lines = [program.stdout.readline()]
        while lines[-1] != "}\n":
            lines.append(program.stdout.readline())
        program.terminate()
        assert program.wait() == 0
    names = json.loads("".join(lines))["environment"]
    assert {name.removeprefix("ITSM_BRIDGE_OPS__") for name in names if "_OPS__" in name} == wanted
