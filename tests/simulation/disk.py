"""The store of a simulation: the real one, in memory, with crash points at each begin and around each commit."""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.pool import StaticPool
from tests.simulation.faults import CrashPoints
from tests.simulation.files import FOLDER, FakeFiles

from itsm_bridge.store import Store
from itsm_bridge.store.audit_files import AuditFiles
from itsm_bridge.store.database import Database
from itsm_bridge.store.sqlite_file import _BEGIN, _begin

COMPARED = tuple(
    f"SELECT * FROM {table}"  # noqa: S608 - these tables
    for table in ("tickets", "history", "approvals", "absences", "intents", "decisions", "audit")
)
"""What must be as it was where a run wrote nothing."""


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


@cache
def _dialect() -> tuple[Dialect, dict[Any, Any]]:
    """What turns statements into SQL, and those that it has turned: they are looked up by both, so both are one."""
    engine = create_engine("sqlite+pysqlite://")
    with engine.connect():  # initialises it
        pass
    engine.dispose()
    return engine.dialect, {}


class Disk:
    """What survives the process."""

    def __init__(self, points: CrashPoints, chance: random.Random) -> None:
        self.files = FakeFiles(points, chance)
        self._chance = chance
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.deserialize(_image())
        dialect, compiled = _dialect()
        engine = Engine(StaticPool(lambda: self._connection), dialect, make_url("sqlite+pysqlite://"))  # type: ignore[arg-type]
        event.listen(engine, "begin", _begin)
        self.engine = engine.execution_options(compiled_cache=compiled)

    def store(self, points: CrashPoints) -> Store:
        """The store as a new process opens it."""
        writers = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        return Store(_Watched("the store", self.engine, writers, points), AuditFiles(FOLDER, None, self.files))

    def die(self) -> None:
        """The process is gone, and now and then the power with it. What was committed is there."""
        if self._chance.random() < 0.5:
            self.files.power_cut()

    def rows(self) -> list[list[tuple[object, ...]]]:
        """What is stored of tickets, writes and decisions, as it lies there: for comparing one moment with another."""
        return [self._connection.execute(query).fetchall() for query in COMPARED]

    def close(self) -> None:
        self.engine.dispose()
        self._connection.close()


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
