"""One opened database: how a reading and a writing transaction begin, whatever the backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, text

from itsm_bridge.errors import LockHeld
from itsm_bridge.store.failures import explained

Reading = Callable[[], AbstractContextManager[Connection]]
"""Begins a reading transaction, or joins the one of a snapshot."""


class Held:
    """The session that holds the lock of ``Database.sole``, while there is one."""

    def __init__(self) -> None:
        self.session: Connection | None = None
        self._turn = Lock()  # sources are read in threads, and each of them writes

    def prove(self) -> None:
        """Ask the session for an answer: with it the lock would be gone, and another host might be at work."""
        with self._turn:
            if self.session is not None:
                self.session.execute(text("SELECT 1"))
                self.session.commit()


@dataclass(frozen=True, slots=True)
class Database:
    """``readers`` and ``writers`` share one pool. ``place`` is what errors call the database; it holds no secret."""

    place: str
    readers: Engine
    writers: Engine
    faults: Callable[[], tuple[str, ...]] = tuple
    """What a thorough check finds wrong; a server checks its own pages."""
    copies: Callable[[], tuple[Path, ...]] = tuple
    """Copies from before its tables were changed, oldest first; those of a server lie elsewhere."""
    held: Held = field(default_factory=Held, compare=False, repr=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one point in time."""
        with explained(self.place), self.readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable when the block ends, or as if it had never been.

        Raises ``StorageFailed`` where the session is gone that makes this process the only one at work.
        """
        with explained(self.place):
            self.held.prove()
            with self.writers.begin() as connection:
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Reading]:
        """Readings that all see the point in time at which the block began."""
        with explained(self.place), self.readers.connect() as connection:
            connection.execute(text("SELECT 1 FROM runs")).first()  # a transaction sees from its first reading on

            @contextmanager
            def joined() -> Iterator[Connection]:
                with explained(self.place):
                    yield connection

            yield joined

    @contextmanager
    def sole(self) -> Iterator[None]:
        """Be the only one at work on a server's database, from any host; raises ``LockHeld`` where another is.

        The lock belongs to the schema and to one connection: the server frees it when that ends, however it ends. A
        file has its own lock beside it, which the operations hold.
        """
        if self.writers.dialect.name != "postgresql":
            yield
            return
        with explained(self.place), self.writers.connect() as connection:
            mine = connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('itsm-bridge ' || current_schema()))"))
            connection.commit()  # the lock is the session's; an open transaction would hold back the server's upkeep
            if not mine:
                raise LockHeld("another run is at work on this database, perhaps from another host; nothing was done")
            self.held.session = connection
            try:
                yield
            finally:
                self.held.session = None
                connection.invalidate()  # closes the session itself, and the lock with it

    def close(self) -> None:
        """Give the files or connections back."""
        self.readers.dispose()
