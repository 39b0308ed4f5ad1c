"""Many runs that start at the same moment: one does the work, the others leave at once and say why."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.cli.programs import BARE, Done
from tests.end_to_end.conftest import Project

from itsm_bridge.sandbox.web import Request

CROWD = int(os.environ.get("CROWD", "8"))
"""Processes that start at once; ``make kills`` starts 50 of them, in 20 rounds."""
ROUNDS = int(os.environ.get("ROUNDS", "1"))
PATIENCE = 300
"""Seconds after which a source answers all the same, so that two writers fail the test and do not hang it."""


class Gate:
    """Lets no request through until all but one have left: who works is at work for as long as others start."""

    def __init__(self, crowd: int) -> None:
        self._inside = crowd
        self._turn = threading.Lock()
        self._open = threading.Event()
        self.writes: Counter[tuple[str, str, bytes]] = Counter()

    def leave(self) -> None:
        """One of the crowd has ended."""
        with self._turn:
            self._inside -= 1
            if self._inside <= 1:
                self._open.set()

    def hold(self, request: Request) -> None:
        """Before a request is answered."""
        self._open.wait(PATIENCE)
        with self._turn:
            if request.method in {"PATCH", "PUT"}:
                self.writes[request.method, request.path, request.body] += 1


def crowd(project: Project, word: str, gate: Gate) -> list[Done]:
    """``CROWD`` processes of one command on one project, all started before any is waited for."""
    command = [sys.executable, "-m", "itsm_bridge", word]
    pipe, environment = subprocess.PIPE, BARE
    programs = [
        subprocess.Popen(command, cwd=project.folder, env=environment, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 (ours)
        for _ in range(CROWD)
    ]

    def ended(program: subprocess.Popen[str]) -> Done:
        said, complained = program.communicate()
        gate.leave()
        return Done(command, program.returncode, said, complained)

    with ThreadPoolExecutor(CROWD) as waiting:
        return list(waiting.map(ended, programs))


def one_works(project: Project, word: str) -> Gate:
    """A crowd of which one process works, and each other one leaves with 11 and one line."""
    gate = Gate(CROWD)
    project.sandbox.meanwhile(gate.hold)
    done = crowd(project, word, gate)
    assert Counter(one.returncode for one in done) == {0: 1, 11: CROWD - 1}, [one.stderr for one in done]
    refused = [one.stderr.splitlines() for one in done if one.returncode == 11]
    assert {len(lines) for lines in refused} == {1}
    assert all("another run is at work" in line and "nothing was done" in line for (line,) in refused)
    return gate


def runs(project: Project) -> int:
    with sqlite3.connect(project.folder / "var" / "itsm-bridge.db") as database:
        return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])


def test_of_many_that_would_make_the_store_at_once_one_does(project: Project) -> None:
    one_works(project, "sync")
    assert runs(project) == 1


def test_of_many_runs_that_start_at_once_one_writes_and_the_others_leave_with_11(project: Project) -> None:
    assert project.run("sync").returncode == 0
    writes: Counter[tuple[str, str, bytes]] = Counter()
    for number in range(ROUNDS):
        project.sandbox.create("OPS", {"summary": f"Disk full on node {number}"})
        gate = one_works(project, "run")
        assert gate.writes
        writes += gate.writes
        assert runs(project) == number + 2
    assert set(writes.values()) == {1}
