"""A run ends soon when it is told to, or when its time is up: with its progress kept, and the code that says so."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.cli.programs import BARE
from tests.connectors.fakes import talking
from tests.end_to_end.conftest import Project

from itsm_bridge.cli.starter import write_secrets, write_starter
from itsm_bridge.sandbox import Faults, Kind
from itsm_bridge.sandbox.web import Request

SECRETS = {
    "ITSM_BRIDGE_SNOW__USERNAME": "bridge",
    "ITSM_BRIDGE_SNOW__PASSWORD": "made-up",
    "ITSM_BRIDGE_OPS__EMAIL": "bridge@egov.example",
    "ITSM_BRIDGE_OPS__TOKEN": "made-up",
}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_sync_whose_sources_say_nothing(number: signal.Signals, code: int, tmp_path: Path) -> None:
    both = threading.Barrier(3)

    def silent(connection: socket.socket) -> None:
        both.wait(60)
        connection.recv(1)  # until the other side hangs up

    with talking(silent) as snow, talking(silent) as ops:
        write_starter(tmp_path / "config", {"snow": snow.url, "ops": ops.url})
        write_secrets(tmp_path / ".env", SECRETS)
        command = [sys.executable, "-m", "itsm_bridge", "sync"]
        environment = BARE
        with subprocess.Popen(  # noqa: S603 (ours)
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        ) as program:
            both.wait(60)  # both have been asked by now
            program.send_signal(number)
            _, said = program.communicate()
        assert program.returncode == code
        assert "what was done so far is kept" in said
        assert (snow.connections, ops.connections) == (1, 1)


def test_a_source_that_wants_to_wait_beyond_the_run_ends_its_part_at_once_with_progress_kept(project: Project) -> None:
    project.edit("bridge.yaml", "max_wait: 2m", "max_wait: 10m")
    project.edit("bridge.yaml", "max_runtime: 30m", "max_runtime: 5m")
    project.sandbox.faults = Faults(wait_seconds=500)
    project.sandbox.strike(Kind.RATE_LIMITED, path="table/change_request")
    done = project.run("sync", "--source", "snow")
    assert done.returncode == 5
    assert "the time of this run ends before it may be asked again" in done.stderr
    assert project.sandbox.fired[Kind.RATE_LIMITED] == 1
    assert ", 0 new or changed" not in done.stderr
    assert project.run("sync", "--source", "snow").returncode == 0


def test_a_write_whose_answer_does_not_come_is_cut_off_by_sigterm_and_looked_up_by_the_next_run(
    project: Project,
) -> None:
    assert project.run("sync").returncode == 0
    reached, over = threading.Event(), threading.Event()

    def silent_at_the_first_write(request: Request) -> None:
        if request.method in {"PATCH", "PUT"} and not over.is_set():
            reached.set()
            over.wait(600)  # far beyond what a run has when it is told to stop

    project.sandbox.meanwhile(silent_at_the_first_write)
    command = [sys.executable, "-m", "itsm_bridge", "apply"]
    with subprocess.Popen(  # noqa: S603 (ours)
        command, cwd=project.folder, env=BARE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert reached.wait(60)
        program.send_signal(signal.SIGTERM)
        _, said = program.communicate()
    over.set()  # the source stores it after all
    assert program.returncode == 143, said
    assert len(said.splitlines()) == 1
    assert "what was done so far is kept" in said
    again = json.loads(project.run("--json", "apply").stdout)
    assert (again["resumed"], again["exit_code"]) == (1, 0)


def test_the_time_that_is_given_on_the_command_line_counts_instead_of_the_configured_one(project: Project) -> None:
    project.edit("bridge.yaml", "max_wait: 2m", "max_wait: 10m")
    project.sandbox.faults = Faults(wait_seconds=500)
    project.sandbox.strike(Kind.RATE_LIMITED, path="table/change_request")
    done = project.run("run", "--max-runtime", "5m")
    assert project.sandbox.fired[Kind.RATE_LIMITED] == 1
    assert done.returncode == 5
    assert "the time of this run ends before it may be asked again" in done.stderr
    assert project.run("run").returncode == 0
