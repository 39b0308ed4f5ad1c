"""A store in PostgreSQL, or in what speaks its protocol."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

import itsm_bridge.store.migrate as migrate
from itsm_bridge.errors import ConfigurationInvalid, NotInitialised
from itsm_bridge.store.database import Database
from itsm_bridge.store.schema import REVISION

CONNECT_TIMEOUT = "10"
"""Seconds for the first answer of the server, unless the URL says otherwise."""

WAY_BACK = "the copy that pg_dump made before it"
"""No copy of a server's database is made here: its tables change in one transaction, and pg_dump is its own."""


def open_server(url: URL, *, create: bool, busy_timeout: float) -> Database:
    """The store behind ``url``. Raises ``NotInitialised``, ``StorageFailed`` or ``ConfigurationInvalid``.

    The database itself must exist; its tables are made with ``create``. A password may come from ``PGPASSWORD`` or
    a password file instead of the URL.
    """
    place = f"the store in the PostgreSQL database {url.database or url.username or ''!r}"
    database = _connect(url, place, busy_timeout)
    try:
        _make_ready(database, create=create)
    except BaseException:
        database.close()
        raise
    return database


def _connect(url: URL, place: str, busy_timeout: float) -> Database:
    url = url.set(drivername="postgresql+psycopg")
    defaults = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "itsm-bridge"}
    try:
        engine = create_engine(
            url.update_query_dict({**defaults, **url.query}), hide_parameters=True, pool_pre_ping=True
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ConfigurationInvalid(
            f"{place} needs the PostgreSQL driver, which is not installed",
            hint="install it from where itsm-bridge came from: pip install '.[postgres]' (docs/install.md)",
        ) from error

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 (psycopg may not be installed)
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")  # an intent is durable when its commit returns
            cursor.execute(f"SET lock_timeout = {int(busy_timeout * 1000)}")
        connection.commit()

    readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(place, readers, engine)


def _make_ready(database: Database, *, create: bool) -> None:
    with database.reading() as connection:
        revision = migrate.revision_of(connection)
    if revision is None and not create:
        raise NotInitialised(f"{database.place} is not there yet", hint="itsm-bridge sync")
    migrate.refuse_newer(database.place, revision, WAY_BACK)
    if revision != REVISION:
        migrate.upgrade(database, WAY_BACK)
