"""What only PostgreSQL does; collected where ITSM_BRIDGE_TEST_POSTGRES names a server."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from tests.store.conftest import SERVER
from tests.store.samples import NOW, page, record

from itsm_bridge.errors import ConfigurationInvalid, LockHeld, StorageFailed
from itsm_bridge.store import Store, schema
from itsm_bridge.store.columns import Key


def test_a_database_that_does_not_exist_is_named(tmp_path: Path) -> None:
    url = make_url(SERVER).set(database="no_such_database", password="pa55w0rd").render_as_string(hide_password=False)
    with pytest.raises(StorageFailed, match="no_such_database") as caught:
        Store.open(url, tmp_path, create=True)
    assert "pa55w0rd" not in "".join(traceback.format_exception(caught.value))


def test_keys_are_ordered_by_code_point_whatever_the_locale(postgres_url: str, tmp_path: Path) -> None:
    keys = {
        (table.name, column.name)
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Key)
    }
    with Store.open(postgres_url, tmp_path, create=True) as store, store._database.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND collation_name = 'C'"
        )
        assert {(row[0], row[1]) for row in found} == keys


def test_an_intent_is_durable_whatever_the_server_s_default(postgres_url: str, tmp_path: Path) -> None:
    with Store.open(postgres_url, tmp_path, create=True) as store, store._database.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_table_that_another_process_holds_is_waited_for_only_so_long(postgres_url: str, tmp_path: Path) -> None:
    with (
        Store.open(postgres_url, tmp_path, create=True, busy_timeout=0.05) as store,
        psycopg.connect(postgres_url) as other,
    ):
        other.execute("LOCK TABLE tickets")
        with pytest.raises(StorageFailed, match="locked by another process"):
            store.save_page("snow", "s", page(record()), NOW)
        other.rollback()
        assert store.save_page("snow", "s", page(record()), NOW).new == 1


def test_a_connection_that_the_server_closed_is_explained_and_then_made_again(
    postgres_url: str, tmp_path: Path
) -> None:
    with Store.open(postgres_url, tmp_path, create=True) as store:
        with pytest.raises(StorageFailed, match="cannot be reached"), store._database.writing() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        assert store.ticket_count() == 0


def test_tables_of_another_application_are_left_alone(postgres_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("CREATE TABLE tickets (id int)")
    with pytest.raises(StorageFailed, match="does not have the tables"):
        Store.open(postgres_url, tmp_path, create=True)
    with psycopg.connect(postgres_url) as other:
        assert other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").fetchone() == (1,)


def test_a_reading_cannot_write(postgres_url: str, tmp_path: Path) -> None:
    with (
        Store.open(postgres_url, tmp_path, create=True) as store,
        pytest.raises(StorageFailed),
        store._database.reading() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM tickets")


def test_without_the_driver_the_remedy_is_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(ConfigurationInvalid) as caught:
        Store.open(SERVER, tmp_path)
    assert "pip install '.[postgres]'" in caught.value.hint


def test_a_second_writer_on_the_database_is_told_to_wait(postgres_url: str, tmp_path: Path) -> None:
    with (
        Store.open(postgres_url, tmp_path, create=True) as one,
        Store.open(postgres_url, tmp_path) as other,
    ):
        with one.sole():
            with pytest.raises(LockHeld, match="nothing was done"), other.sole():
                pass
            one.save_page("snow", "incident", page(record(1)), NOW)
        with other.sole():
            pass


def test_a_writer_whose_session_ends_holds_nothing_and_writes_nothing_more(postgres_url: str, tmp_path: Path) -> None:
    with Store.open(postgres_url, tmp_path, create=True) as one, Store.open(postgres_url, tmp_path) as other:
        holding = one.sole()
        holding.__enter__()
        with psycopg.connect(SERVER, autocommit=True) as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            )
        with other.sole():
            pass
        with pytest.raises(StorageFailed, match="cannot be reached"):
            one.save_page("snow", "incident", page(record(1)), NOW)
        with suppress(StorageFailed):
            holding.__exit__(None, None, None)
        assert other.ticket_count() == 0
        one.save_page("snow", "incident", page(record(1)), NOW)
