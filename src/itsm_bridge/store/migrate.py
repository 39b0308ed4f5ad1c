"""Bringing a store to this program's tables, in one transaction; never backwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, String, column, inspect, select, table, text

from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.events import emit
from itsm_bridge.store.database import Database
from itsm_bridge.store.failures import ALTERED, failed
from itsm_bridge.store.schema import APPLICATION_ID, REVISION, VERSION_TABLE

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = APPLICATION_ID  # of PostgreSQL's advisory locks: two programs that start at once migrate one after the other


def revision_of(connection: Connection) -> str | None:
    """The migration that the store is at, ``None`` where it has no tables of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(column("version_num", String)).select_from(table(VERSION_TABLE)))


def refuse_newer(place: str, revision: str | None, way_back: str) -> None:
    """Raise ``ConfigurationInvalid`` for a store whose tables this program does not know.

    ``way_back`` says what can be put back in its place.
    """
    if revision is None or (revision.isdecimal() and int(revision) <= int(REVISION)):
        return
    raise ConfigurationInvalid(
        f"{place} was made by a newer version of itsm-bridge (tables {revision!r}, this program knows {REVISION}); "
        "it was not changed",
        hint=f"install that newer version again, or put back {way_back} (docs/install.md, Downgrade)",
    )


def upgrade(database: Database, way_back: str, keep: Callable[[str], str] | None = None) -> None:
    """Make what is missing, in one transaction; ``keep`` copies an older store in it first, and names the copy.

    ``keep`` is given the store's revision. Raises ``ConfigurationInvalid`` for a newer one, else ``StorageFailed``.
    """
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = revision_of(connection)
        refuse_newer(database.place, before, way_back)
        if before == REVISION:  # another process was faster
            return
        copy = keep(before) if before and keep else "none"
        _run_alembic(connection, database.place)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version = {int(REVISION)}")
    if before:
        emit("store.migrated", before=before, tables=REVISION, file=copy)


def _run_alembic(connection: Connection, place: str) -> None:
    from alembic import command  # noqa: PLC0415 (slow to import, and rarely needed)
    from alembic.config import Config  # noqa: PLC0415 (the same)
    from alembic.util import CommandError  # noqa: PLC0415 (the same)

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # it is at a step that never was
        raise failed(place, ALTERED) from error
