"""The store of a simulation: the real one, in memory, with crash points at each begin and around each commit."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool
from tests.simulation.faults import CrashPoints

from itsm_bridge.store import Store
from itsm_bridge.store.audit_files import AuditFiles
from itsm_bridge.store.database import Database
from itsm_bridge.store.sqlite_file import _BEGIN, _begin

ROLLBACK_JOURNAL = 1
"""Bytes 18 and 19 of the header of a SQLite file: a store in memory keeps no write-ahead log."""


@cache
def _image() -> bytes:
    """An empty store as it is on disk, made once by the real code."""
    with tempfile.TemporaryDirectory() as folder:
        Store.open("sqlite:///empty.db", Path(folder), create=True).close()
        connection = sqlite3.connect(Path(folder) / "empty.db")
        image = bytearray(connection.serialize())
        connection.close()
    image[18] = image[19] = ROLLBACK_JOURNAL
    return bytes(image)


_COMPILED: dict[Any, Any] = {}
"""Statements that SQLAlchemy has turned into SQL: the same for each store."""


class Disk:
    """What survives the process."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.deserialize(_image())
        engine = create_engine("sqlite+pysqlite://", creator=lambda: self._connection, poolclass=StaticPool)
        event.listen(engine, "begin", _begin)
        self.engine = engine.execution_options(compiled_cache=_COMPILED)
        self._books = Books()

    def store(self, points: CrashPoints) -> Store:
        """The store as a new process opens it."""
        writers = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        return Store(_Watched("the store", self.engine, writers, points), self._books)

    def close(self) -> None:
        self.engine.dispose()
        self._connection.close()


class Books(AuditFiles):
    """The key and the seals of the audit log, in memory."""

    def __init__(self) -> None:
        super().__init__(Path(), "5a" * 32)
        self.__dict__["lines"] = []

    def seals(self) -> str:
        return "".join(self.__dict__["lines"])

    def add_seal(self, line: str) -> None:
        self.__dict__["lines"].append(line)


class _Watched(Database):
    """A database that may lose its process around each transaction that writes."""

    def __init__(self, place: str, readers: Engine, writers: Engine, points: CrashPoints) -> None:
        super().__init__(place, readers, writers)
        object.__setattr__(self, "points", points)

    points: CrashPoints

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        method = sys._getframe(2).f_code.co_name  # whoever wrote `with database.writing()`
        self.points.visit(f"{method}: begin")
        with super().writing() as connection:
            yield connection
            self.points.visit(f"{method}: before commit")
        self.points.visit(f"{method}: after commit")
