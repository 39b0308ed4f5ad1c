"""A sync that is killed anywhere, again and again, ends where one ends that never was."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.end_to_end.conftest import Project, made_project

KILLS = 10
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


def killed_sync(project: Project, seconds: float) -> bool:
    """Whether a sync that is killed after so many ``seconds`` was still at work."""
    command = [sys.executable, "-m", "itsm_bridge", "sync"]
    with subprocess.Popen(command, cwd=project.folder, env={"PATH": os.environ["PATH"]}) as program:  # noqa: S603 (ours)
        with suppress(subprocess.TimeoutExpired):
            program.wait(seconds)
            return False
        program.kill()
        return True


def test_a_sync_that_is_killed_at_any_moment_loses_and_doubles_nothing(project: Project, tmp_path: Path) -> None:
    whole = made_project(tmp_path / "whole", project.sandbox)
    began = time.monotonic()
    assert whole.run("sync").returncode == 0
    lasted = time.monotonic() - began
    chance = random.Random(20261125)
    killed = sum(killed_sync(project, chance.uniform(0.3, 1) * lasted) for _ in range(KILLS))
    assert killed > 0
    done = project.run("sync")
    assert done.returncode == 0, done.stderr
    assert contents(project) == contents(whole)
    assert all(contents(whole)[table] for table in ("tickets", "history", "approvals", "streams", "day_counts"))
