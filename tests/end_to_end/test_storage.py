"""What the installed program does when its storage fails it: exit 14, one line with what to do, and nothing lost."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.programs import Done, run
from tests.end_to_end.conftest import Project
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.test_kill import assert_sound, missing_or_other, something_to_write
from tests.end_to_end.test_notes import markers

from itsm_bridge.sandbox.web import Request

ROOT = Path(__file__).parents[2]


def file_of(project: Project) -> Path:
    return project.folder / "var" / "itsm-bridge.db"


def failing(project: Project, how: str, much: int, *words: str) -> Done:
    """One command on a machine that fails it; see ``failing``."""
    return run(how, str(much), *words, cwd=project.folder, module="tests.end_to_end.failing")


def said_by(project: Project, *words: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(project.run("--json", *words).stdout)
    return document


def pages(project: Project) -> int:
    with closing(sqlite3.connect(file_of(project))) as database:
        return int(database.execute("PRAGMA page_count").fetchone()[0])


def test_a_disk_that_is_full_at_any_page_is_told_and_the_next_run_with_space_goes_on(project: Project) -> None:
    """The disk fills while the store is made, while tickets are read, and while they are written back."""
    room = [failing(project, "full", 20, "run")]
    assert not file_of(project).exists()  # it is made whole or not at all
    assert project.run("sync").returncode == 0
    needed = pages(project)
    file_of(project).unlink()
    room += [failing(project, "full", part * needed // 6, "run") for part in (3, 5)]
    room += [failing(project, "full", pages(project) + more, "run") for more in (0, 1)]
    for done in room:
        assert done.returncode == 14, done.stderr
        assert "the disk is full" in one_line(done)
        assert "free some space" in one_line(done)
    assert project.run("run").returncode == 0
    assert_sound(project)
    assert project.run("sync").returncode == 0
    assert missing_or_other(project) == []
    assert said_by(project, "plan")["changes"] == []


def test_a_database_that_another_program_holds_is_told_and_nothing_is_written(project: Project) -> None:
    assert project.run("sync").returncode == 0
    with closing(sqlite3.connect(file_of(project), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = failing(project, "impatient", 50, "run")
        assert done.returncode == 14
        assert "is locked by another process" in one_line(done)
        assert project.run("plan").returncode == 0  # it can still be looked at
    assert project.run("run").returncode == 0


@pytest.mark.parametrize("harm", ["header", "a page", "cut in half", "emptied"])
def test_a_damaged_database_stops_every_command_before_anything_is_asked_or_written(
    settled: Project, harm: str, tmp_path: Path
) -> None:
    file, whole = file_of(settled), tmp_path / "whole.db"
    shutil.copy(file, whole)
    data = bytearray(whole.read_bytes())
    if harm == "header":
        data[:16] = random.Random(1).randbytes(16)
    elif harm == "a page":
        data[4096:8192] = random.Random(1).randbytes(4096)
    elif harm == "cut in half":
        del data[len(data) // 2 :]
    else:
        data.clear()
    file.write_bytes(data)
    asked: list[Request] = []
    settled.sandbox.meanwhile(asked.append)
    try:
        for words in (("run",), ("sync", "--full"), ("plan",), ("report",)):
            done = settled.run(*words)
            assert done.returncode == 14, (words, done.stderr)
            assert "backup" in one_line(done), words
        assert file.read_bytes() == bytes(data)
        assert asked == []
    finally:
        shutil.copy(whole, file)
    assert settled.run("run").returncode == 0


def put_back(project: Project, old: Path) -> None:
    """Restore a copy from before the first seal: nothing is written until the seals of the log are of that time too."""
    shutil.copy(old, file_of(project))
    refused = project.run("run")
    assert refused.returncode == 15
    assert "audit verify" in refused.stderr
    file_of(project).with_name("audit.seals").unlink()


def test_an_old_copy_of_the_database_finds_what_was_written_since_and_doubles_nothing(project: Project) -> None:
    something_to_write(project, 1)
    assert project.run("sync").returncode == 0
    old = project.folder / "old.db"
    shutil.copy(file_of(project), old)
    assert said_by(project, "run")["written"] != 0
    something_to_write(project, 2)
    assert project.run("run").returncode == 0
    stand, notes = {one.id: one.updated for one in project.sandbox.truth()}, markers(project)
    assert notes
    put_back(project, old)
    assert markers(project) == notes
    again = said_by(project, "run")
    assert (again["written"], again["exit_code"]) == (0, 3)
    assert "never sent is on the ticket already" in str(again["findings"])
    assert markers(project) == notes
    assert {one.id: one.updated for one in project.sandbox.truth()} == stand
    assert missing_or_other(project) == []
    assert (said_by(project, "run")["planned"], project.run("run").returncode) == (0, 0)


def test_an_old_copy_that_was_in_the_middle_of_a_write_looks_it_up(project: Project) -> None:
    """The copy was taken between the intent and the answer; by now the write is long done."""
    something_to_write(project, 1)
    assert project.run("sync").returncode == 0
    copies: list[Path] = []

    def copy(request: object) -> None:
        if getattr(request, "method", "") in {"PATCH", "PUT"} and not copies:
            copies.append(project.folder / "middle.db")
            with closing(sqlite3.connect(file_of(project))) as live, closing(sqlite3.connect(copies[0])) as kept:
                live.backup(kept)

    project.sandbox.meanwhile(copy)
    assert project.run("run").returncode == 0
    notes = markers(project)
    assert copies
    put_back(project, copies[0])
    again = said_by(project, "run")
    assert (again["resumed"], again["written"]) == (1, 0)
    assert markers(project) == notes
    assert set(notes.values()) == {1}
    assert_sound(project)


def test_a_copy_that_knows_more_than_the_sources_do_reads_what_is_there_now(project: Project) -> None:
    """The sources were restored: what was written to them is undone, and tickets that the store knows are not there."""
    something_to_write(project, 1)
    assert project.run("run").returncode == 0
    number = next(one.number for one in project.sandbox.truth() if one.place == "OPS")
    project.sandbox.delete(number)
    done = project.run("sync", "--full")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(file_of(project))) as database:
        gone = database.execute("SELECT count(*) FROM absences").fetchall()
    assert gone == [(1,)]


def test_a_link_in_place_of_the_database_is_refused_since_its_lock_would_be_another(project: Project) -> None:
    assert project.run("sync").returncode == 0
    elsewhere = project.folder / "elsewhere.db"
    file_of(project).rename(elsewhere)
    file_of(project).symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    for words in (("run",), ("status",)):
        done = project.run(*words)
        assert done.returncode == 14, words
        assert "is a link" in one_line(done)
        assert "store:" in one_line(done)
    assert elsewhere.read_bytes() == before
    assert Counter(path.name for path in (project.folder / "var").iterdir())["itsm-bridge.db"] == 1
