"""The program on a machine that fails it: ``python -m tests.end_to_end.failing full 40 run``.

``full`` lets the store grow no further than so many pages, ``impatient`` waits only so many milliseconds for another
process that holds the store.
"""

from __future__ import annotations

import sqlite3
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine

from itsm_bridge import cli


def main(how: str, much: int) -> None:
    """Fail in one way, from the first connection on."""

    @event.listens_for(Engine, "connect")
    def _(connection: sqlite3.Connection, _entry: object) -> None:
        setting = {"full": "max_page_count", "impatient": "busy_timeout"}[how]
        connection.execute(f"PRAGMA {setting} = {much}")

    cli.main()


if __name__ == "__main__":
    chosen, amount = sys.argv[1:3]
    del sys.argv[1:3]
    main(chosen, int(amount))
