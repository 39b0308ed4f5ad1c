"""A program to be killed: stores pages of ten tickets with five entries each, going on from the bookmark.

Its parent sends a line for each child that it wants; the child says ``open``, then ``<page>`` when it begins to store
that page. The first line of each child is its process id.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.store.samples import NOW, page, record

from itsm_bridge.store import Store

TICKETS, ENTRIES, PAGES = 10, 5, 100_000


def main(project: Path, work: Callable[[Path], None]) -> None:
    """Fork a child that does the ``work`` for each line on standard input, and wait for its end."""
    for _ in sys.stdin:
        if child := os.fork():
            os.waitpid(child, 0)
            say("ended")
        else:
            work(project)


def say(what: object) -> None:
    """One line, at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def write(project: Path) -> None:
    """Store page after page until killed."""
    say(os.getpid())
    with Store.open("sqlite:///bridge.db", project, create=True) as store:
        say("open")
        done = store.bookmark("snow", "s")
        for number in range(int(done["after"]) if done else 0, PAGES):
            say(number)
            records = (record(number * TICKETS + step, entries=ENTRIES) for step in range(TICKETS))
            store.save_page("snow", "s", page(*records, bookmark=str(number + 1)), NOW)


if __name__ == "__main__":
    main(Path(sys.argv[1]), write)
