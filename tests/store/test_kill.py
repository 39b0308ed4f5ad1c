from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from tests.store.writer import ENTRIES, TICKETS

from itsm_bridge.errors import NotInitialised
from itsm_bridge.store import Store

ROOT = Path(__file__).parents[2]
KILLS = 30


@contextmanager
def started(module: str, project: Path) -> Iterator[subprocess.Popen[str]]:
    """The program to be killed; it forks, so that thirty children cost little more than one."""
    command = [sys.executable, "-m", module, str(project)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603 (ours)
        yield program
        program.communicate()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with started("tests.store.writer", tmp_path) as program:
        yield program


def kill_one(writer: subprocess.Popen[str], lines: int, microseconds: int) -> None:
    """Start a child, and kill it a moment after it has said so many ``lines``."""
    told, said = _pipes(writer)
    told.write("\n")
    told.flush()
    child = int(said.readline())
    for _ in range(lines):
        said.readline()
    until = time.perf_counter_ns() + microseconds * 1000
    while time.perf_counter_ns() < until:
        pass
    os.kill(child, signal.SIGKILL)
    while said.readline() != "ended\n":
        pass


def _pipes(writer: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert writer.stdin is not None
    assert writer.stdout is not None
    return writer.stdin, writer.stdout


def assert_consistent(project: Path) -> int:
    """The store is sound and holds exactly the pages up to its bookmark; how many those are."""
    try:
        store = Store.open("sqlite:///bridge.db", project)
    except NotInitialised:
        return 0
    with store:
        assert store.faults() == ()
        done = store.bookmark("snow", "s")
        pages = int(done["after"]) if done else 0
        assert store.ticket_count() == pages * TICKETS
        assert sum(len(chunk) for chunk in store.scan("history").chunks) == pages * TICKETS * ENTRIES
        return pages


def test_a_program_that_is_killed_anywhere_leaves_rows_and_bookmark_together(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    chance = random.Random(20261125)
    pages = [0]
    for number in range(KILLS):
        lines = 0 if number < 8 else chance.randint(1, 12)  # the first ones while the store is made and opened
        kill_one(writer, lines, chance.randint(0, 30_000 if lines == 0 else 6_000))
        pages.append(assert_consistent(tmp_path))
    assert pages == sorted(pages), "what was stored stays stored"
    assert pages[-1] > KILLS
