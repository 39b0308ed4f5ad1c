"""A sync or a run that is killed anywhere, again and again, ends where one ends that never was."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.cli.programs import BARE
from tests.end_to_end.conftest import Project, made_project
from tests.end_to_end.playing import is_read
from tests.end_to_end.test_notes import markers
from tests.end_to_end.test_schedules import differences
from tests.end_to_end.truths import Told, stored, truth_of

from itsm_bridge.sandbox.web import Request
from itsm_bridge.store import Store

KILLS = int(os.environ.get("KILLS", "6"))
"""Kills of each of the two; ``make kills`` does 250 of each."""
IN_A_ROW = 10
"""Runs killed one after another; what they leave undone must stay below the limit of changes, and machines get busy."""

WRITES = frozenset({"PATCH", "PUT"})
TABLES = {
    "tickets": "saved_at",
    "history": "",
    "approvals": "",
    "native_slas": "measured_at elapsed_seconds breached",
    "worklogs": "",
    "journal": "",
    "streams": "",
    "quarantine": "first_seen last_seen attempts",
    "oddities": "id first_seen last_seen",
    "absences": "",
    "counted_streams": "checked_at",
    "day_counts": "checked_at",
}
"""What a sync stores, and which columns say only when, or how often, it was at work: the clocks of a source run on."""


def contents(project: Project) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(project.folder / "var" / "itsm-bridge.db") as database:
        found = {}
        for table, passing in TABLES.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{column}"' for column in columns if column not in passing.split())
            found[table] = database.execute(f"SELECT {kept} FROM {table} ORDER BY {kept}").fetchall()  # noqa: S608 (our tables)
        return found


def started(project: Project, word: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "itsm_bridge", word]
    return subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=project.folder, env=BARE, stderr=subprocess.PIPE, text=True
    )


def killed(project: Project, word: str, seconds: float) -> bool:
    """Whether a command that is killed after so many ``seconds`` was still at work; one that was not ended well."""
    with started(project, word) as program:
        with suppress(subprocess.TimeoutExpired):
            program.wait(seconds)
        program.kill()
        _, said = program.communicate()
    assert program.returncode in {0, -signal.SIGKILL}, said
    return program.returncode != 0


@dataclass
class Ambush:
    """Stands between a program and its sources: notes every write, and kills the program at a chosen one."""

    writes: Counter[tuple[str, str, bytes]] = field(default_factory=Counter)
    kills: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _left: int = 0
    _program: subprocess.Popen[str] | None = None

    def lie_in_wait(self, program: subprocess.Popen[str] | None, write: int = 0) -> None:
        """Kill ``program`` when it sends its so-manieth write, which is stored all the same; or nobody."""
        with self._turn:
            self._program, self._left = program, write

    def before(self, request: Request) -> None:
        """Before a request is answered."""
        is_note = request.method == "POST" and request.path.endswith("/comment")
        if request.method not in WRITES and not is_note:
            return
        with self._turn:
            self.writes[request.method, request.path, request.body] += 1
            self._left -= 1
            if self._left == 0 and self._program is not None:
                self._program.kill()
                self.kills += 1


def killed_at_a_write(project: Project, ambush: Ambush, write: int) -> bool:
    """Whether a run that is killed when it sends its so-manieth write was killed; one that was not ended well."""
    with started(project, "run") as program:
        ambush.lie_in_wait(program, write)
        _, said = program.communicate()
        ambush.lie_in_wait(None)
    assert program.returncode in {0, -signal.SIGKILL}, said
    return program.returncode != 0


def seconds_of_a_whole_run(project: Project) -> float:
    began = time.monotonic()
    done = project.run_afresh("run")
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def something_to_write(project: Project, number: int) -> None:
    """What people do between two runs: tickets that want an owner, a priority and a note."""
    known = {"u_environment": "punjab", "impact": "2", "urgency": "2", "assignment_group": ""}
    project.sandbox.create("incident", {**known, "short_description": f"Disk full on node {number}"})
    project.sandbox.create("OPS", {"summary": f"Disk full on node {number}"})


def assert_sound(project: Project) -> None:
    with sqlite3.connect(project.folder / "var" / "itsm-bridge.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT count(*) FROM intents WHERE state <> 'closed'").fetchall() == [(0,)]
    verified = project.run("audit", "verify")
    assert verified.returncode == 0, verified.stderr


OURS = frozenset({"type", "summary"})
"""Fields that the configuration maps, or of which control characters are taken out: not as the source says them."""


def missing_or_other(project: Project) -> list[str]:
    """What the store says otherwise than the sandbox's own records."""
    sandbox = project.sandbox
    truth = {one.id: truth_of(one, sandbox.name_of) for one in sandbox.truth() if is_read(one, sandbox)}
    with Store.open("sqlite:///var/itsm-bridge.db", project.folder) as store:
        known = {one.ticket.external_id: stored(one) for one in store.records()}
    assert truth
    return differences(*({number: _alike(told) for number, told in side.items()} for side in (truth, known)))


def _alike(told: Told) -> Told:
    return replace(told, fields={name: value for name, value in told.fields.items() if name not in OURS})


def test_a_sync_that_is_killed_at_any_moment_loses_and_doubles_nothing(project: Project, tmp_path: Path) -> None:
    whole = made_project(tmp_path / "whole", project.sandbox)
    began = time.monotonic()
    assert whole.run_afresh("sync").returncode == 0
    lasted = time.monotonic() - began
    chance = random.Random(20261125)
    assert sum(killed(project, "sync", chance.uniform(0.3, 1) * lasted) for _ in range(KILLS)) > 0
    done = project.run("sync")
    assert done.returncode == 0, done.stderr
    assert_sound(project)
    assert contents(project) == contents(whole)
    assert all(contents(whole)[table] for table in ("tickets", "history", "approvals", "streams", "day_counts"))


def test_a_run_that_is_killed_at_any_moment_loses_nothing_and_writes_nothing_twice(
    project: Project, record_property: Callable[[str, object], None]
) -> None:
    """Half of the kills come at any time, half while a write is on its way; the next run always goes on by itself."""
    ambush, chance = Ambush(), random.Random(20261126)
    project.sandbox.meanwhile(ambush.before)
    assert project.run("run").returncode == 0
    hits, lasted = 0, 0.0
    for number in range(KILLS):
        something_to_write(project, number)
        if number % IN_A_ROW == 0:
            lasted = seconds_of_a_whole_run(project)
            something_to_write(project, KILLS + number)
        if number % 2:
            hits += killed(project, "run", chance.uniform(0.1, 1) * lasted)
        else:
            hits += killed_at_a_write(project, ambush, chance.randint(1, 4))
    assert hits >= ambush.kills > 0
    assert [project.run("run").returncode for _ in range(2)] == [0, 0]
    assert_sound(project)
    assert missing_or_other(project) == []
    assert [write for write, times in ambush.writes.items() if times > 1] == []
    assert set(markers(project).values()) == {1}
    assert json.loads(project.run("--json", "plan").stdout)["changes"] == []
    record_property(
        "killed", f"{hits} of {KILLS} runs, {ambush.kills} of them at one of {ambush.writes.total()} writes"
    )
