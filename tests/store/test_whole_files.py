"""Whole files: all of a file or what was there before, and nobody is kept out by what a dead process left."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_bridge.store.whole_files import Files, give_name, replace_whole


class Failing(Files):
    """A disk that takes a file and gives it no name."""

    def replace(self, draft: Path, path: Path) -> None:  # noqa: ARG002 - the disk is full
        raise OSError(28, "no space left on device")


def test_a_file_is_replaced_whole_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    replace_whole(path, b"one")
    replace_whole(path, b"other")
    assert path.read_bytes() == b"other"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_where_a_file_cannot_be_replaced_the_old_one_stays_and_no_draft_does(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    replace_whole(path, b"one")
    with pytest.raises(OSError, match="no space"):
        replace_whole(path, b"other", Failing())
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_that_a_dead_process_left_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container each process has the same number."""
    monkeypatch.setattr(Files, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    path = tmp_path / "plan.json"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            replace_whole(path, b"one")
    monkeypatch.undo()
    replace_whole(path, b"one")
    assert path.read_bytes() == b"one"


def test_a_name_that_is_taken_is_not_taken_over(tmp_path: Path) -> None:
    for name in ("first", "second"):
        draft = tmp_path / f"{name}.new"
        draft.write_text(name)
        give_name(draft, tmp_path / "audit.key")
    assert (tmp_path / "audit.key").read_text() == "first"
