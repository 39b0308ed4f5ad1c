"""The store under test, on SQLite and, where ITSM_BRIDGE_TEST_POSTGRES names a server's URL, on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from itsm_bridge.store import Store

SERVER = os.environ.get("ITSM_BRIDGE_TEST_POSTGRES", "")

collect_ignore = [] if SERVER else ["test_postgres.py"]


@pytest.fixture
def sqlite_url() -> str:
    """A file below the project, in a folder that is not there yet."""
    return "sqlite:///var/bridge.db"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A schema of the server for one test alone."""
    import psycopg

    schema = f"test_{uuid4().hex}"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        yield f"{SERVER}{'&' if '?' in SERVER else '?'}options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@pytest.fixture(params=["sqlite", *(["postgres"] if SERVER else [])])
def url(request: pytest.FixtureRequest) -> str:
    """A place for a store, on each backend."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(url, tmp_path, create=True) as opened:
        yield opened
