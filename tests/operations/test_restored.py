"""An older copy of the store reads everything before it writes anything, whoever puts it back and whatever they run."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.end_to_end.conftest import Project, made_project, recent_sandbox
from tests.end_to_end.test_kill import something_to_write

from itsm_bridge.cli import cli
from itsm_bridge.cli.exits import Finished
from itsm_bridge.errors import GuardTripped
from itsm_bridge.sandbox.web import Request


def called(project: Project, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(project.folder / "config"), *words])


def said(result: Result) -> dict[str, object]:
    document: dict[str, object] = json.loads(result.stdout)
    return document


def kinds(document: dict[str, object]) -> Counter[str]:
    findings = document["findings"]
    assert isinstance(findings, list)
    return Counter(kind for kind, *_ in findings)


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Project]:
    """A project after some runs, into which a whole copy of before was put back: database and seals."""
    with recent_sandbox() as sandbox:
        project = made_project(tmp_path, sandbox)
        assert called(project, "run").exit_code == 0
        var, copy = project.folder / "var", tmp_path / "copy"
        copy.mkdir()
        with (
            closing(sqlite3.connect(var / "itsm-bridge.db")) as live,
            closing(sqlite3.connect(copy / "itsm-bridge.db")) as kept,
        ):
            live.backup(kept)
        shutil.copy(var / "audit.seals", copy)
        something_to_write(project, 2)
        assert said(called(project, "--json", "run"))["written"] != 0
        for side in ("-wal", "-shm"):
            (var / f"itsm-bridge.db{side}").unlink(missing_ok=True)
        for file in copy.iterdir():
            shutil.copy(file, var)
        yield project


def test_apply_asks_no_source_and_writes_nothing_before_everything_was_read(restored: Project) -> None:
    asked: list[Request] = []
    restored.sandbox.meanwhile(asked.append)
    for _ in range(2):  # the second is no later run's mistake: it is remembered in the store
        refused = called(restored, "apply")
        assert isinstance(refused.exception, GuardTripped)
        assert refused.exception.hint == "itsm-bridge sync"
        assert "older copy: ops, snow must be read from the start" in refused.exception.message
    assert asked == []
    assert called(restored, "sync").exit_code == 0
    assert asked
    after = said(called(restored, "--json", "apply"))
    assert (after["written"], after["problems"]) == (0, [])


def test_a_run_reads_and_sweeps_everything_tells_of_it_once_and_doubles_nothing(restored: Project) -> None:
    stand = {one.id: one.updated for one in restored.sandbox.truth()}
    first = said(called(restored, "--json", "run"))
    sources = first["sources"]
    assert isinstance(sources, dict)
    known = counted(restored)
    assert {name: part["swept"] for name, part in sources.items()} == {"snow": True, "ops": True}
    assert all(part["read"] >= known[name] > 0 for name, part in sources.items())
    assert kinds(first)["restored"] == 1
    assert (first["exit_code"], first["written"]) == (3, 0)
    assert {one.id: one.updated for one in restored.sandbox.truth()} == stand
    again = said(called(restored, "--json", "run"))
    assert kinds(again)["restored"] == 0
    assert called(restored, "audit", "verify").exit_code == 0


def test_a_source_that_was_not_read_to_its_end_is_still_not_written(restored: Project) -> None:
    told = called(restored, "sync", "--source", "snow").exception
    assert isinstance(told, Finished)
    assert "an older copy of the store was put back" in told.message
    refused = called(restored, "apply")
    assert isinstance(refused.exception, GuardTripped)
    assert "older copy: ops must be read" in refused.exception.message


def counted(project: Project) -> dict[str, int]:
    """How many tickets of each source the store holds."""
    document = said(called(project, "--json", "status"))
    sources = document["sources"]
    assert isinstance(sources, dict)
    return {name: about["tickets"] for name, about in sources.items()}
