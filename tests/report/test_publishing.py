from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.report.publisher import FILES

from itsm_bridge.errors import StorageFailed
from itsm_bridge.report import publishing
from itsm_bridge.report.publishing import published

ROOT = Path(__file__).resolve().parents[2]


def publish(folder: Path, text: str, name: str = "a.txt") -> None:
    with published(folder) as staged:
        (staged / "csv").mkdir()
        (staged / "csv" / name).write_text(text, encoding="utf-8")
        (staged / "manifest.json").write_text(f'{{"files": [{{"path": "csv/{name}"}}]}}', encoding="utf-8")


def fail_half_way(folder: Path) -> None:
    with published(folder) as staged:
        (staged / "half.txt").write_text("half", encoding="utf-8")
        raise ZeroDivisionError


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.parent.iterdir() if path.name.startswith(".")]


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(params=["exchange", "two renames"])
def any_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that exchange two folders in one step, and others."""
    if request.param == "two renames":
        monkeypatch.setattr(publishing, "_exchanged", lambda *_: False)


@pytest.mark.usefixtures("any_system")
def test_a_folder_takes_the_place_of_the_one_before(folder: Path) -> None:
    publish(folder, "old", "old.txt")
    publish(folder, "new", "new.txt")
    assert (folder / "csv" / "new.txt").read_text(encoding="utf-8") == "new"
    assert not (folder / "csv" / "old.txt").exists()
    assert hidden(folder) == []


@pytest.mark.usefixtures("any_system")
def test_what_we_did_not_make_is_carried_over(folder: Path) -> None:
    publish(folder, "old")
    (folder / "notes.txt").write_text("ask GWL", encoding="utf-8")
    (folder / "mine").mkdir()
    (folder / "mine" / "a.txt").write_text("x", encoding="utf-8")
    publish(folder, "new")
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "ask GWL"
    assert (folder / "mine" / "a.txt").exists()
    assert (folder / "csv" / "a.txt").read_text(encoding="utf-8") == "new"


@pytest.mark.usefixtures("open_umask")
def test_files_are_for_their_owner_alone(folder: Path) -> None:
    publish(folder, "x")
    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder.parent, folder, *folder.rglob("*")]}
    assert modes == {"reports": 0o700, "2026-W47": 0o700, "csv": 0o700, "a.txt": 0o600, "manifest.json": 0o600}


def test_a_failure_leaves_what_was_there(folder: Path) -> None:
    publish(folder, "old")
    with pytest.raises(ZeroDivisionError):
        fail_half_way(folder)
    assert (folder / "csv" / "a.txt").read_text(encoding="utf-8") == "old"
    assert not (folder / "half.txt").exists()
    assert hidden(folder) == []


def test_a_full_disk_is_said_to_be_one(folder: Path) -> None:
    publish(folder, "old")
    with pytest.raises(StorageFailed, match="No space left on device; the report was not published"), published(folder):
        raise OSError(28, "No space left on device")
    assert (folder / "csv" / "a.txt").read_text(encoding="utf-8") == "old"


def test_a_place_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageFailed), published(tmp_path / "reports" / "2026-W47"):
        pass


def test_what_a_killed_publication_left_is_cleared_away(folder: Path) -> None:
    publish(folder, "old")
    (folder.parent / ".2026-W47.new-dead").mkdir()
    shutil.copytree(folder, folder.parent / ".2026-W47.old-dead")
    publish(folder, "new")
    assert hidden(folder) == []


def test_a_folder_that_was_moved_aside_and_not_replaced_is_put_back(folder: Path) -> None:
    publish(folder, "old")
    (folder / "notes.txt").write_text("ask GWL", encoding="utf-8")
    folder.rename(folder.parent / ".2026-W47.old-dead")
    with pytest.raises(ZeroDivisionError), published(folder):
        raise ZeroDivisionError
    assert (folder / "csv" / "a.txt").read_text(encoding="utf-8") == "old"
    assert (folder / "notes.txt").exists()


@pytest.mark.usefixtures("any_system")
def test_two_at_once_do_not_disturb_each_other(folder: Path) -> None:
    with published(folder) as slow:
        publish(folder, "fast")
        (slow / "manifest.json").write_text('{"files": [{"path": "csv/a.txt"}]}', encoding="utf-8")
        assert (folder / "csv" / "a.txt").read_text(encoding="utf-8") == "fast"
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]
    assert hidden(folder) == []


def test_other_periods_are_left_alone(folder: Path) -> None:
    (folder.parent / ".2026-W4.new-other").mkdir(parents=True)
    publish(folder, "x")
    assert (folder.parent / ".2026-W4.new-other").exists()


@pytest.mark.parametrize("publications", [1, 2, 3, 5, 8])
def test_whoever_is_killed_leaves_one_whole_generation(folder: Path, publications: int) -> None:
    command = [sys.executable, "-m", "tests.report.publisher", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own
        assert child.stdout is not None
        for _ in range(publications):
            child.stdout.readline()
        child.kill()
    texts = {(folder / f"{place}.txt").read_text(encoding="ascii") for place in range(FILES)}
    assert len(texts) == 1
    assert len(texts.pop()) % 2000 == 0
    publish(folder, "after")
    assert hidden(folder) == []
