"""A program to be killed: freezes the verdicts of a small store, and dies at one of its statements."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event
from tests.analysis.made import NOW

from itsm_bridge.config import load
from itsm_bridge.operations import freezing
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.store import Store


def main(folder: Path, statements: int) -> None:
    """Freeze, a few tickets at a time, and be killed before the last of so many statements that write."""
    freezing.BATCH = 3
    configuration = load(folder)
    with Store.open(configuration.store, folder.parent) as store:
        left = [statements]

        @event.listens_for(store._database.writers, "before_cursor_execute")
        def _(*given: object) -> None:
            if str(given[2]).startswith(("INSERT", "DELETE", "UPDATE")):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

        freezing.freeze(Bridge(configuration, store, lambda: NOW), ["snow"], NOW)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
