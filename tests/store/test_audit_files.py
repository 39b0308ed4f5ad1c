"""The key and the seals of the audit log, as files that a process may die over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from itsm_bridge.store.audit_files import AuditFiles
from itsm_bridge.store.whole_files import Files


@dataclass
class Watched(Files):
    """The disk, which may take the process with it when names are made durable."""

    deadly: bool = False
    synced: int = 0

    def sync(self, folder: Path) -> None:
        if self.deadly:
            raise KeyboardInterrupt
        super().sync(folder)
        self.synced += 1


def test_a_key_whose_name_a_dead_process_did_not_make_durable_is_so_before_the_first_row(tmp_path: Path) -> None:
    disk = Watched(deadly=True)
    files = AuditFiles(tmp_path, None, disk)
    with pytest.raises(KeyboardInterrupt):
        files.first_key()
    left = files.key()
    disk.deadly = False
    assert files.first_key() == left is not None
    assert disk.synced == 1


def test_a_key_from_elsewhere_needs_no_folder(tmp_path: Path) -> None:
    disk = Watched()
    assert AuditFiles(tmp_path / "none", "5a" * 32, disk).first_key() == b"Z" * 32
    assert disk.synced == 0


def test_a_seal_that_was_not_written_to_its_end_is_not_added_to(tmp_path: Path) -> None:
    files = AuditFiles(tmp_path)
    files.add_seal("one\n")
    (tmp_path / "audit.seals").write_text("one\ntw")
    files.add_seal("three\n")
    assert files.seals() == "one\nthree\n"
