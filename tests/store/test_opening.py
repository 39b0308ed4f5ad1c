from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from tests.store.samples import NOW, record

from itsm_bridge.errors import BridgeError, ConfigurationInvalid, NotInitialised, StorageFailed
from itsm_bridge.store import Store

SECRET = "pa55w0rd"


def test_a_store_that_is_not_there_is_not_made_by_looking(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotInitialised) as caught:
        Store.open(url, tmp_path)
    assert caught.value.hint == "itsm-bridge sync"
    assert list(tmp_path.iterdir()) == []


def test_a_store_keeps_what_it_was_told(url: str, tmp_path: Path) -> None:
    with Store.open(url, tmp_path, create=True) as store:
        store.save_record(record(), NOW)
    for create in (True, False):
        with Store.open(url, tmp_path, create=create) as store:
            assert store.ticket_count() == 1


def test_a_sound_store_has_no_faults(store: Store) -> None:
    store.save_record(record(), NOW)
    assert store.faults() == ()


def test_a_relative_path_starts_at_the_project(tmp_path: Path) -> None:
    Store.open("sqlite:///a/b/c.db", tmp_path, create=True).close()
    assert (tmp_path / "a/b/c.db").is_file()
    Store.open(f"sqlite+pysqlite:///{tmp_path}/abs.db", tmp_path / "elsewhere", create=True).close()
    assert (tmp_path / "abs.db").is_file()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "url",
    [
        "", "itsm.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro", "sqlite://host/a.db",
        "mysql://u:pa55w0rd@h/db", "postgresql+psycopg2://u:pa55w0rd@h/db", "postgresql://u:pa55w0rd@h:port/db",
        "postgresql://u:x@pa55w0rd@h/db", "postgresql://u:pa55w0rd", "postgres:u:pa55w0rd@h", "http://pa55w0rd@h/",
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_a_mistake_of_the_configuration(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        Store.open(url, tmp_path, create=True)
    assert "`store:`" in caught.value.message
    assert_no_secret(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}@127.0.0.1:1/db?sslpassword={SECRET}",
        f"postgresql://127.0.0.1:1/db?user=u&password={SECRET}",
        f"postgresql://u:{SECRET}@/db?host=/nowhere",
        f"postgresql://u:{SECRET}@127.0.0.1:1/db?nonsense=1",
    ],
)
def test_a_server_that_does_not_answer_is_a_failure_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageFailed) as caught:
        Store.open(url, tmp_path, create=True)
    assert_no_secret(caught.value)


def assert_no_secret(error: BridgeError) -> None:
    """Neither in what people see nor in a traceback."""
    assert SECRET not in "".join(traceback.format_exception(error)) + error.message + error.hint
