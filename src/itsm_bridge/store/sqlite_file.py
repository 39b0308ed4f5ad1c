"""A store in one SQLite file: made whole or not at all, private to its owner, and looked at before it is used."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

import itsm_bridge.store.migrate as migrate
from itsm_bridge.errors import NotInitialised, StorageFailed
from itsm_bridge.store.copies import copies_of, copy_before, revision_in
from itsm_bridge.store.database import Database
from itsm_bridge.store.failures import ALTERED, DAMAGED, FORBIDDEN, FULL, RESTORE, Reason, explained, failed
from itsm_bridge.store.schema import APPLICATION_ID, REVISION
from itsm_bridge.store.whole_files import give_name

SMALL = 64 * 2**20
"""Bytes up to which every page is looked at on opening (a fraction of a second); larger files show damage when read."""

EMPTY = Reason("is empty, and it was not when it was made", RESTORE)
NOT_OURS = Reason("is the database of another application", "correct `store:` in bridge.yaml")
LINK = Reason(
    "is a link; a lock beside it does not keep out who uses its target",
    "write the file that it leads to in `store:` of bridge.yaml",
)
ORPHANED = Reason("is gone, but its journal is still there", "put both back, or move the journal away as well")
NO_WAL = Reason("lies on a file system that cannot lock it safely (a network share?)", "move it to a local disk")

BACKUP = "a backup from before it"

_SIDE_FILES = ("", "-wal", "-shm")
_SETTINGS = ("foreign_keys = ON", "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON")
_BEGIN = "itsm_bridge_begin"  # execution option: the statement that begins a transaction, empty for none


def open_file(path: Path, *, create: bool, busy_timeout: float) -> Database:
    """The store at ``path``. Raises ``NotInitialised``, ``StorageFailed`` or (a newer one) ``ConfigurationInvalid``."""
    place = f"the store {path}"
    with _disk_explained(place):
        if path.is_symlink():
            raise failed(place, LINK)
        if not path.exists():
            if not create:
                raise NotInitialised(f"there is no store at {path} yet", hint="itsm-bridge sync")
            _make(path, place, busy_timeout)
        if path.stat().st_size == 0:
            raise failed(place, EMPTY)
    database = _connect(path, place, busy_timeout)
    try:
        _make_ready(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _connect(path: Path, place: str, busy_timeout: float) -> Database:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": busy_timeout, "isolation_level": None},  # transactions begin where we say so
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    writers = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
    return Database(place, engine, writers, partial(_faults, engine, place), partial(copies_of, path))


def _configure(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get(_BEGIN, "BEGIN"):
        connection.exec_driver_sql(statement)


def _make(path: Path, place: str, busy_timeout: float) -> None:
    """Make an empty store beside ``path`` and give it its name when it is whole: a kill leaves all of it or nothing."""
    if any(Path(f"{path}{suffix}").exists() for suffix in ("-wal", "-journal")):
        raise failed(place, ORPHANED)
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        database = _connect(draft, place, busy_timeout)
        try:
            _write_ahead(database)
            migrate.upgrade(database, BACKUP)
        finally:
            database.close()
        _publish(draft, path)
    finally:
        for suffix in _SIDE_FILES:
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make ``folder`` and what is missing above it, each for its owner alone; what was there stays as it is."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def _publish(draft: Path, path: Path) -> None:
    """Give ``draft`` its name, unless another process was faster: then its store is the one."""
    draft.chmod(0o600)
    give_name(draft, path)


def _make_ready(database: Database, path: Path) -> None:
    """Refuse what is not ours, damaged or newer, before anything is changed; then protect and migrate."""
    with database.reading() as connection:
        if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
            raise failed(database.place, NOT_OURS)
        revision = migrate.revision_of(connection)
    if revision is None:
        raise failed(database.place, ALTERED)
    way_back = _way_back(database)
    migrate.refuse_newer(database.place, revision, way_back)
    if path.stat().st_size <= SMALL and _faults(database.readers, database.place, "quick_check(1)"):
        raise failed(database.place, DAMAGED)
    _protect(path, database.place)
    _write_ahead(database)
    if revision != REVISION:
        migrate.upgrade(database, way_back, partial(_keep, database, path))


def _way_back(database: Database) -> str:
    """The newest copy whose tables this program knows, else whatever backup there is."""
    known = [copy for copy in database.copies() if int(revision_in(copy)) <= int(REVISION)]
    return f"the copy from before it, {max(known, key=_made)}" if known else BACKUP


def _made(copy: Path) -> float:
    return copy.stat().st_mtime


def _keep(database: Database, path: Path, revision: str) -> str:
    """Copy the store, and name the copy."""
    with _bare(database.readers).connect() as connection:
        reader = connection.connection.driver_connection
        if not isinstance(reader, SqliteConnection):
            raise TypeError("a SQLite file is read by another driver")
        return copy_before(reader, path, revision).name


def _faults(engine: Engine, place: str, check: str = "integrity_check") -> tuple[str, ...]:
    with explained(place), _bare(engine).connect() as connection:
        found = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA {check}")]
    return () if found == ["ok"] else tuple(found)


def _protect(path: Path, place: str) -> None:
    """Shut others out of the files of a store that was made or restored with wider permissions."""
    for suffix in _SIDE_FILES:
        file = Path(f"{path}{suffix}")
        with suppress(FileNotFoundError):
            if file.stat().st_mode & 0o077:
                try:
                    file.chmod(0o600)
                except PermissionError as error:
                    raise failed(place, FORBIDDEN) from error


def _write_ahead(database: Database) -> None:
    """Let readers and the writer work at the same time."""
    with explained(database.place), _bare(database.readers).connect() as connection:
        if connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar() != "wal":
            raise failed(database.place, NO_WAL)


def _bare(engine: Engine) -> Engine:
    """The engine without transactions, for what SQLite does not do in one."""
    return engine.execution_options(**{_BEGIN: ""})


@contextmanager
def _disk_explained(place: str) -> Iterator[None]:
    """Turn an error of the file system into ``StorageFailed``."""
    try:
        yield
    except PermissionError as error:
        raise failed(place, FORBIDDEN) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise failed(place, FULL) from error
        raise StorageFailed(
            f"{place} cannot be made or read: {error.strerror}", hint="look at `store:` in bridge.yaml"
        ) from error
