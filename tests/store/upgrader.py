"""A program to be killed while it upgrades a store; and this program as an older release of itself was.

Its parent sends the number of a step on each line. A child opens the store and is killed at that step: a file of the
project that is opened, named or removed, a statement that writes, or an event. It says ``killed`` or ``ended``.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import alembic.command  # noqa: F401 - children have it from here
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from itsm_bridge.events import Listener, listening
from itsm_bridge.store import Store, migrate, postgres, schema, sqlite_file

URL = "sqlite:///bridge.db"
OLD = "0009"


@contextmanager
def as_release(revision: str, folder: Path) -> Iterator[None]:
    """The program when ``revision`` was its newest migration; its migrations lie in ``folder``."""
    numbers = range(int(revision) + 1, int(schema.REVISION) + 1)
    later = shutil.ignore_patterns("__pycache__", *(f"r{number:04}_*" for number in numbers))
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=later)
    with pytest.MonkeyPatch.context() as older:
        older.setattr(migrate, "MIGRATIONS", folder)
        for module in (migrate, sqlite_file, postgres):
            older.setattr(module, "REVISION", revision)
        yield


def die_at(step: int, project: Path) -> Listener:
    """Kill this process at its ``step``-th one from now on, counted from 1; what is returned is to hear every event."""
    steps = count(1)

    def one_more() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(name: str, arguments: tuple[object, ...]) -> None:
        if name in FILE_EVENTS and arguments and str(project) in str(arguments[0]):
            one_more()

    @event.listens_for(Engine, "before_cursor_execute")
    def execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            one_more()

    event.listen(Engine, "commit", lambda _connection: one_more())
    sys.addaudithook(hear)
    return lambda _event, _fields: one_more()


FILE_EVENTS = {"open", "os.link", "os.remove", "os.rename", "os.chmod", "os.truncate", "sqlite3.connect"}


def main(project: Path, upgrade: Callable[[Path], None]) -> None:
    """Fork a child for each line, and say how it ended."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            with listening(die_at(int(line), project)):
                upgrade(project)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write({signal.SIGKILL: "killed\n", 0: "ended\n"}[status])
        sys.stdout.flush()


def upgrade(project: Path) -> None:
    """Open the store once."""
    Store.open(URL, project).close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), upgrade)
