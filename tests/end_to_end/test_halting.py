"""A signal in the middle of a commit, or of writing a report: it is whole or was not done, and the next run ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.programs import BARE
from tests.end_to_end.conftest import Project, made_project
from tests.end_to_end.halting import HALTED
from tests.end_to_end.test_kill import assert_sound, something_to_write
from tests.end_to_end.test_notes import markers

from itsm_bridge.sandbox import start

TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project after its first run, for runs that are stopped and then gone on with."""
    with start(now=datetime.now(UTC)) as sandbox:
        made = made_project(tmp_path_factory.mktemp("halted"), sandbox)
        assert made.run("run").returncode == 0
        yield made


def stopped(project: Project, where: str, *words: str, signals: tuple[signal.Signals, ...], goes_on: bool) -> int:
    """The exit code of a program that is sent signals where it has halted, and may go on there or not."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.end_to_end.halting", where, *words]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=project.folder, env=BARE, stdin=pipe, stdout=pipe, stderr=pipe
    ) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stderr is not None
        assert program.stdout.readline() == HALTED
        for place, number in enumerate(signals, start=1):
            program.send_signal(number)
            if place < len(signals):  # the second one only when the first was heard
                assert b"Ctrl-C again stops at once" in program.stderr.readline()
        if goes_on:
            program.stdin.write(b"x")
            program.stdin.flush()
        said = program.stderr.read().decode()
        program.wait()
    assert "what was done so far is kept" in said
    assert "Traceback" not in said
    return program.returncode


@pytest.mark.parametrize(
    ("where", "signals", "goes_on", "code"),
    [
        pytest.param("announce", (TERM,), True, 143, id="SIGTERM before the write"),
        pytest.param("announce", (TERM,), False, 143, id="SIGTERM, and the commit hangs"),
        pytest.param("close", (INT,), True, 130, id="Ctrl-C after the write"),
        pytest.param("close", (INT, INT), False, 130, id="Ctrl-C twice after the write"),
    ],
)
def test_a_signal_in_the_middle_of_a_commit_leaves_a_store_that_the_next_run_goes_on_with(
    project: Project, where: str, signals: tuple[signal.Signals, ...], goes_on: bool, code: int
) -> None:
    something_to_write(project, 1)
    before = len(markers(project))
    assert stopped(project, where, "run", signals=signals, goes_on=goes_on) == code
    row = json.loads(project.run("--json", "status").stdout)["runs"][0]
    assert (row["command"], row["exit_code"]) == ("run", code)
    done = project.run("--json", "run")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["resumed"] == (0 if goes_on or where == "announce" else 1)
    assert_sound(project)
    notes = markers(project)
    assert len(notes) > before
    assert set(notes.values()) == {1}
    assert project.run("audit", "verify").returncode == 0


@pytest.mark.parametrize(("number", "code"), [(TERM, 143), (INT, 130)])
def test_a_signal_in_the_middle_of_writing_a_report_keeps_the_old_one_whole(
    project: Project, number: signal.Signals, code: int, tmp_path: Path
) -> None:
    words = ("report", "--format", "csv", "--out", str(tmp_path / "reports"))
    assert project.run(*words).returncode == 0
    before = files(tmp_path)
    assert before
    assert stopped(project, "report", *words, signals=(number,), goes_on=False) == code
    assert {name: content for name, content in files(tmp_path).items() if not hidden(name)} == before
    assert project.run(*words).returncode == 0
    after = files(tmp_path)
    assert after.keys() == before.keys()
    assert after != before  # it is of a later instant


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hidden(name: str) -> bool:
    """Whether a file lies in a folder that nobody sees, which the next report clears away."""
    return any(part.startswith(".") for part in Path(name).parts)
