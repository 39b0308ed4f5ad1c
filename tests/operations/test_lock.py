from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itsm_bridge.errors import LockHeld, StorageFailed
from itsm_bridge.operations.lock import held

NOW = datetime(2026, 11, 23, 1, 35, tzinfo=UTC)

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from itsm_bridge.operations.lock import held
with held(Path(sys.argv[1]), "run", datetime(2026, 11, 23, 1, 35, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lock"
    with (
        held(path, "run", NOW),
        pytest.raises(LockHeld, match=r"run, process \d+, since 2026-11-23 01:35:00 UTC"),
        held(path, "sync", NOW),
    ):
        pass


def test_the_lock_is_free_again_after_the_run(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "lock", "run", NOW):
            pass


def test_a_killed_holder_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockHeld), held(path, "run", NOW):
        pass
    holder.kill()
    holder.communicate()
    with held(path, "run", NOW):
        pass


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageFailed), held(tmp_path / "lock", "run", NOW):
        pass


def test_the_lock_and_its_folder_are_only_their_owners(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lock"
    with held(path, "run", NOW):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
