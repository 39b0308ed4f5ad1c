from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.store.audited import a_run
from tests.store.samples import NOW, record
from tests.store.test_kill import _pipes, started
from tests.store.upgrader import OLD, URL, as_release

import itsm_bridge.store.migrate as migrate_module
from itsm_bridge.errors import ConfigurationInvalid, StorageFailed
from itsm_bridge.events import Value, listening
from itsm_bridge.store import Store, copies, schema
from itsm_bridge.store.database import Database

NAME = "bridge.db"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The file of a store that the version before made and used, with a row that its copy must have."""
    with as_release(OLD, tmp_path / "old"), Store.open(URL, tmp_path, create=True) as store:
        store.save_record(record(summary="of before"), NOW)
        a_run(store, "of before")
    return tmp_path / NAME


def dump(file: Path) -> list[str]:
    """All that a database holds, as SQL; read without a trace beside it."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as database:
        return [*database.iterdump(), str(database.execute("PRAGMA user_version").fetchone())]


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as database:
        found: str = database.execute("SELECT version_num FROM itsm_bridge_version").fetchone()[0]
        return found


def migrate(project: Path) -> None:
    Store.open(URL, project).close()


def put_back(copy: Path, file: Path) -> None:
    """As docs/install.md says it."""
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, file)
    shutil.copy(f"{copy}.seals", file.with_name("audit.seals"))


def test_before_its_tables_change_a_store_is_copied_whole_and_for_its_owner_alone(old: Path) -> None:
    before = dump(old)
    seals = old.with_name("audit.seals").read_text(encoding="ascii")
    migrate(old.parent)
    (copy,) = copies.copies_of(old)
    assert revision(old) == schema.REVISION
    assert f".r{OLD}." in copy.name
    assert dump(copy) == before
    assert Path(f"{copy}.seals").read_text(encoding="ascii") == seals
    assert {file.stat().st_mode & 0o777 for file in (copy, Path(f"{copy}.seals"))} == {0o600}
    assert not list(old.parent.glob(".*"))


def test_the_version_before_can_use_the_copy_that_is_put_back(old: Path, tmp_path: Path) -> None:
    migrate(old.parent)
    with Store.open(URL, old.parent) as store:
        a_run(store, "of after")
    put_back(copies.copies_of(old)[0], old)
    with as_release(OLD, tmp_path / "again"), Store.open(URL, old.parent) as store:
        assert next(store.records()).ticket.summary == "of before"
        assert store.verify_audit().faults == ()
        a_run(store, "on the old version again")
        assert store.faults() == ()


def test_a_store_that_is_new_or_of_this_version_is_not_copied(tmp_path: Path) -> None:
    Store.open(URL, tmp_path, create=True).close()
    migrate(tmp_path)
    assert copies.copies_of(tmp_path / NAME) == ()


def test_the_same_store_is_copied_once_and_one_that_was_used_in_between_once_more(old: Path, tmp_path: Path) -> None:
    migrate(old.parent)
    (first,) = copies.copies_of(old)
    put_back(first, old)
    migrate(old.parent)
    assert copies.copies_of(old) == (first,)
    put_back(first, old)
    with as_release(OLD, tmp_path / "again"), Store.open(URL, old.parent) as store:
        store.save_record(record(summary="of between"), NOW)
    between = dump(old)
    migrate(old.parent)
    (second,) = set(copies.copies_of(old)) - {first}
    assert dump(second) == between != dump(first)


def test_of_two_that_upgrade_at_once_the_second_finds_it_done_and_copies_nothing(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_late(database: Database, way_back: str, keep: Callable[[str], str]) -> None:
        monkeypatch.setattr(migrate_module, "upgrade", upgrade)
        migrate(old.parent)
        upgrade(database, way_back, keep)

    upgrade = migrate_module.upgrade
    monkeypatch.setattr(migrate_module, "upgrade", be_late)
    heard: list[str] = []
    with listening(lambda event, _: heard.append(event)):
        migrate(old.parent)
    assert heard == ["store.migrated"]
    assert (revision(old), len(copies.copies_of(old))) == (schema.REVISION, 1)


def test_a_migration_is_an_event_that_names_the_copy(old: Path) -> None:
    heard: list[tuple[str, Mapping[str, Value]]] = []
    with listening(lambda event, fields: heard.append((event, fields))):
        migrate(old.parent)
        migrate(old.parent)
    (copy,) = copies.copies_of(old)
    assert heard == [("store.migrated", {"before": OLD, "tables": schema.REVISION, "file": copy.name})]


def test_where_a_copy_finds_no_room_the_migration_is_not_begun(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(draft: Path) -> sqlite3.Connection:
        target = connect(draft)
        target.execute("PRAGMA max_page_count = 8")
        return target

    connect, before = copies._connect, dump(old)
    with monkeypatch.context() as full:
        full.setattr(copies, "_connect", small)
        with pytest.raises(StorageFailed, match=r"the disk is full; .* were not changed") as caught:
            migrate(old.parent)
    assert "MB are free" in caught.value.hint
    assert "the same command again" in caught.value.hint
    assert dump(old) == before
    assert {file.name for file in old.parent.iterdir() if file.is_file()} == {NAME, "audit.key", "audit.seals"}
    migrate(old.parent)
    assert revision(old) == schema.REVISION


def test_where_a_copy_cannot_be_written_down_the_migration_is_not_begun(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    before = dump(old)
    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", broken)
        with pytest.raises(StorageFailed, match=r"cannot be copied: Input/output error; .* were not changed"):
            migrate(old.parent)
    assert dump(old) == before
    assert copies.copies_of(old) == ()


def test_a_newer_store_is_refused_with_the_copy_that_this_version_can_use(old: Path, tmp_path: Path) -> None:
    migrate(old.parent)
    (copy,) = copies.copies_of(old)
    files = {file: file.read_bytes() for file in old.parent.iterdir() if file.is_file()}
    with (
        as_release(OLD, tmp_path / "downgrade"),
        pytest.raises(ConfigurationInvalid, match="made by a newer version") as caught,
    ):
        migrate(old.parent)
    assert f"put back the copy from before it, {copy}" in caught.value.hint
    assert "pip" not in caught.value.hint
    assert {file: file.read_bytes() for file in old.parent.iterdir() if file.is_file()} == files


def test_a_copy_that_is_as_new_as_the_store_is_not_recommended(tmp_path: Path) -> None:
    with Store.open(URL, tmp_path, create=True) as store, store._database.writing() as connection:
        connection.execute(text("UPDATE itsm_bridge_version SET version_num = '0099'"))
    (tmp_path / f"{NAME}.r0098.20261126T120000Z.backup").touch()
    with pytest.raises(ConfigurationInvalid) as caught:
        migrate(tmp_path)
    assert "put back a backup from before it" in caught.value.hint


def test_a_program_that_is_killed_anywhere_in_an_upgrade_leaves_a_store_and_whole_copies_only(
    old: Path, tmp_path: Path
) -> None:
    """The store is of before or of after, never between; and the next opening goes on from there."""
    template, before = tmp_path / "template", dump(old)
    shutil.copy(old, template)
    found: list[tuple[str, int]] = []
    with started("tests.store.upgrader", tmp_path) as program:
        while tell(program, str(len(found) + 1)) == "killed":
            assert all(dump(copy) == before for copy in copies.copies_of(old))
            state = (revision(old), len(copies.copies_of(old)))
            if state not in found:
                assert_goes_on(old, before)
            found.append(state)
            for file in old.parent.glob(f"*{NAME}*"):
                file.unlink()
            shutil.copy(template, old)
    assert set(found) == {(OLD, 0), (OLD, 1), (schema.REVISION, 1)}
    assert len(found) > 12


def assert_goes_on(file: Path, before: list[str]) -> None:
    with Store.open(URL, file.parent) as store:
        assert next(store.records()).ticket.summary == "of before"
    (copy,) = copies.copies_of(file)
    assert (revision(file), dump(copy)) == (schema.REVISION, before)
    assert not list(file.parent.glob(".*"))


def tell(program: subprocess.Popen[str], line: str) -> str:
    """What became of one upgrade."""
    told, said = _pipes(program)
    told.write(f"{line}\n")
    told.flush()
    return said.readline().strip()
