from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.store.samples import NOW, page, record, ticket

from itsm_bridge.errors import StorageFailed
from itsm_bridge.model import Outcome
from itsm_bridge.store import Store, migrate, schema, sqlite_file

NAME = "bridge.db"
URL = f"sqlite:///{NAME}"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """New files are for everybody, as far as the system goes."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


@pytest.mark.usefixtures("open_umask")
def test_files_and_folders_are_their_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    with Store.open("sqlite:///var/deep/bridge.db", tmp_path, create=True) as store:
        store.save_record(record(), NOW)
        assert modes(tmp_path) == {
            "var": 0o700,
            "var/deep": 0o700,
            "var/deep/bridge.db": 0o600,
            "var/deep/bridge.db-wal": 0o600,
            "var/deep/bridge.db-shm": 0o600,
        }


@pytest.mark.usefixtures("open_umask")
def test_a_restored_file_with_wide_permissions_is_closed_again(tmp_path: Path) -> None:
    Store.open(URL, tmp_path, create=True).close()
    (tmp_path / NAME).chmod(0o644)
    with Store.open(URL, tmp_path) as store:
        store.save_record(record(), NOW)
        assert set(modes(tmp_path).values()) == {0o600}


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Store.open(URL, tmp_path, create=True).close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_file_says_whose_it_is_and_is_written_safely(tmp_path: Path) -> None:
    with Store.open(URL, tmp_path, create=True) as store:
        wanted = {
            "application_id": schema.APPLICATION_ID,
            "user_version": int(schema.REVISION),
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 30_000,
        }
        assert {name: _pragma(store, name) for name in wanted} == wanted


def _pragma(store: Store, name: str) -> object:
    with store._database.writing() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_making_a_store_leaves_nothing_else_behind(tmp_path: Path) -> None:
    Store.open(URL, tmp_path, create=True).close()
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_of_two_that_make_the_store_at_once_the_first_one_s_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = sqlite_file._publish

    def be_late(draft: Path, path: Path) -> None:
        monkeypatch.setattr(sqlite_file, "_publish", publish)
        with Store.open(URL, tmp_path, create=True) as other:
            other.save_record(record(), NOW)
        publish(draft, path)

    monkeypatch.setattr(sqlite_file, "_publish", be_late)
    with Store.open(URL, tmp_path, create=True) as store:
        assert store.ticket_count() == 1


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(_from: Path, _to: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    with Store.open(URL, tmp_path, create=True) as store:
        assert store.faults() == ()


def refused(project: Path, *, create: bool = False) -> StorageFailed:
    """What opening says of a file that must not be used."""
    with pytest.raises(StorageFailed) as caught:
        Store.open(URL, project, create=create)
    assert caught.value.hint
    assert str(project / NAME) in caught.value.message
    return caught.value


@pytest.mark.parametrize("create", [False, True])
def test_an_emptied_file_is_not_taken_for_a_new_store(tmp_path: Path, create: bool) -> None:
    (tmp_path / NAME).touch()
    assert "is empty" in refused(tmp_path, create=create).message


@pytest.mark.parametrize("create", [False, True])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, create: bool) -> None:
    (tmp_path / NAME).write_text("store: sqlite:///var/itsm-bridge.db\n" * 100)
    assert "is not a database" in refused(tmp_path, create=create).message


def test_the_database_of_another_application_is_refused_and_not_changed(tmp_path: Path) -> None:
    file = tmp_path / NAME
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE tickets (id)")
    connection.close()
    file.chmod(0o644)
    before = file.read_bytes()
    assert "another application" in refused(tmp_path, create=True).message
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (before, 0o644)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    assert "cannot be opened" in refused(tmp_path, create=True).message


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(StorageFailed, match="cannot be made or read"):
        Store.open("sqlite:///var/bridge.db", tmp_path, create=True)


def test_a_journal_without_its_database_is_not_played_into_a_new_one(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}-wal").write_bytes(b"x")
    assert "its journal is still there" in refused(tmp_path, create=True).message
    assert not (tmp_path / NAME).exists()


def test_tables_that_somebody_removed_are_missed(tmp_path: Path) -> None:
    Store.open(URL, tmp_path, create=True).close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("DROP TABLE bookmarks")
    connection.close()
    with Store.open(URL, tmp_path) as store, pytest.raises(StorageFailed, match="something else has changed it"):
        store.bookmark("snow", "s")
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute(f"DROP TABLE {schema.VERSION_TABLE}")
    connection.close()
    assert "something else has changed it" in refused(tmp_path).message


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """A lock of another process on the store, by the statement that takes it."""
    Store.open(URL, tmp_path, create=True).close()
    command = [sys.executable, "-c", HOLD, str(tmp_path / NAME), request.param]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603 (ours)
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.communicate()


@pytest.mark.parametrize("held", ["BEGIN IMMEDIATE"], indirect=True)
@pytest.mark.usefixtures("held")
def test_a_store_that_another_process_writes_can_be_read_and_not_written(tmp_path: Path) -> None:
    with Store.open(URL, tmp_path, busy_timeout=0.05) as store:
        assert store.ticket_count() == 0
        with pytest.raises(StorageFailed, match="locked by another process") as caught:
            store.save_page("snow", "s", page(record()), NOW)
        assert caught.value.hint
        with pytest.raises(StorageFailed, match="locked"):
            store.start_run("run", NOW, "")


def test_a_full_disk_stores_nothing_of_the_step_and_harms_nothing_before_it(tmp_path: Path) -> None:
    with Store.open(URL, tmp_path, create=True) as store:
        store.save_page("snow", "s", page(record(1), bookmark="1"), NOW)
        intent = store.open_intent(store.start_run("run", NOW, ""), ticket(), {"priority": (None, 1)}, "m", "", NOW)
    with Store.open(URL, tmp_path) as store:
        _allow_pages(store, 1)
        large = page(*(record(number, description="x" * 10_000) for number in range(2, 100)), bookmark="2")
        with pytest.raises(StorageFailed, match="disk is full"):
            store.save_page("snow", "s", large, NOW)
        with pytest.raises(StorageFailed, match="disk is full"):
            store.close_intent(intent, Outcome.VERIFIED, NOW, record=record(1, description="y" * 100_000))
        assert store.bookmark("snow", "s") == {"after": "1"}
        assert store.ticket_count() == 1
        assert len(store.unresolved_intents("snow")) == 1
        assert store.faults() == ()
        _allow_pages(store, 1_000_000)
        assert store.save_page("snow", "s", large, NOW).new == 98


def _allow_pages(store: Store, pages: int) -> None:
    """Let the file grow to so many pages (or stay as it is); only connections made from now on know."""

    def limit(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(store._database.readers, "connect", limit)
    store._database.readers.dispose()


@pytest.mark.parametrize("what", ["records", "count"])
def test_open_tickets_are_found_without_reading_the_others(tmp_path: Path, what: str) -> None:
    """SQLite uses the partial index only for the very words that it was made with."""
    asked: list[str] = []
    with Store.open(URL, tmp_path, create=True) as store:
        event.listen(store._database.readers, "before_cursor_execute", lambda *told: asked.append(told[2]))
        if what == "records":
            list(store.records(source="snow", open_only=True))
        else:
            store.ticket_count("snow", open_only=True)
        query = next(statement for statement in asked if "FROM tickets" in statement)
        with store._database.writing() as connection:
            values = ("snow", 1, 0)[: query.count("?")]
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)]
            assert "ix_tickets_open" in plan[0]
            assert [step for step in plan if step.startswith("SCAN")] == []


def test_a_disk_that_is_full_from_the_start_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(migrate, "upgrade", full)
    assert "disk is full" in refused(tmp_path, create=True).message
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_may_not_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sqlite_file, "_make_folder", denied)
    assert "may not be written by this account" in refused(tmp_path, create=True).message


def test_a_place_where_readers_and_writer_cannot_work_together_is_refused() -> None:
    database = sqlite_file._connect(Path(":memory:"), "the store", 0)
    with pytest.raises(StorageFailed, match="file system"):
        sqlite_file._write_ahead(database)
    database.close()
