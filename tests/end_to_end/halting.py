"""The program, halted once where a test wants to signal it: ``python -m tests.end_to_end.halting announce run``.

It halts in the commit of the first write that is announced (``announce``) or closed (``close``), or while the files
of a report are brought to the disk (``report``): it says so in a line on standard output and goes on when standard
input holds a byte. Where it halts nothing of that step is durable yet.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from itsm_bridge import cli
from itsm_bridge.report import publishing

STATEMENTS = {"announce": "INSERT INTO intents", "close": "UPDATE intents"}

HALTED = b"halted\n"
AGAIN = 0.05
"""Seconds after which it waits anew: a signal that came just before it began to wait is heard then."""


class Halt:
    """Halts the program the first time that it is told to."""

    def __init__(self) -> None:
        self.is_due = False
        self.is_over = False

    def now(self) -> None:
        """Say so and wait for a byte; what a signal raises comes out of here."""
        if not self.is_over:
            self.is_over = True
            os.write(1, HALTED)
            while not select.select([0], [], [], AGAIN)[0]:
                pass
            os.read(0, 1)


def in_a_commit(statement: str) -> None:
    """Halt in the first commit that holds such a statement."""
    halt = Halt()

    @event.listens_for(Engine, "before_cursor_execute")
    def _(_connection: Connection, _cursor: object, text: str, *_about: object) -> None:
        halt.is_due = halt.is_due or text.startswith(statement)

    @event.listens_for(Engine, "commit")
    def _(_connection: Connection) -> None:
        if halt.is_due:
            halt.now()


def in_a_report() -> None:
    """Halt when the first file of a report is there and not durable."""
    halt, flush = Halt(), publishing._flush

    def halted(path: Path) -> None:
        halt.now()
        flush(path)

    publishing._flush = halted


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started without
    where = sys.argv.pop(1)
    if where in STATEMENTS:
        in_a_commit(STATEMENTS[where])
    else:
        in_a_report()
    cli.main()
