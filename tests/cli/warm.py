"""A process that has imported the whole program and forks for each start of it: importing takes a second each time.

It reads a line of JSON for each start, and answers with the exit code. What is forked is a process of its own, with its
own environment, folder and files, which does what ``python -m`` does from there on. All starts of one such process
share the seed of hashes, hence the order of sets: a test that is about such an order starts the program afresh.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, TextIO

from tests.cli.programs import ROOT

from itsm_bridge.cli import COMMANDS
from itsm_bridge.config import load

LAZY = (
    "alembic.command",
    "alembic.config",
    "holidays",
    "icalendar.parser",
    "rich.console",
    "rich.progress",
    "statsmodels.tsa.holtwinters",
)
"""What functions import when they are called."""


def become(words: Sequence[str], folder: str, environment: Mapping[str, str], out: str, err: str) -> None:
    """Be what was started: in its folder, with its environment, and with files for what it says."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv[:] = ["-m", *words]


def asked(commands: TextIO, answers: TextIO) -> dict[str, Any] | None:
    """What a forked process shall be; ``None`` in the process that forks, when nothing more is to be started."""
    for line in commands:
        child = os.fork()
        if not child:
            return dict(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    return None


def played(name: str) -> int:
    """The exit code of ``python -m name``, when all is done but to take all modules apart, which takes long."""
    code: object = None
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does it
        traceback.print_exc()
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError):  # the program has closed it
            stream.flush()
    if code is None or isinstance(code, int):
        return code or 0
    os.write(2, f"{code}\n".encode())
    return 1


def main() -> None:
    """Fork until there is nothing more to start."""
    for name in (*(place.partition(":")[0] for place, _ in COMMANDS.values()), *LAZY):
        import_module(name)
    load(ROOT / "config")  # which looks up holidays, and compiles expressions
    gc.freeze()  # a child looks through nothing of it, and so copies none of it
    # standard input and output become those of what is started, so the way to the tests is beside them
    with os.fdopen(os.dup(0), encoding="utf-8") as commands, os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        start = asked(commands, answers)
    if start is not None:
        name = start.pop("module")
        become(**start)
        os._exit(played(name))


if __name__ == "__main__":
    main()
