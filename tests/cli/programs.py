"""How tests start the program: with hardly any environment, as cron does it, and always the one of this tree."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).parents[2]

BARE = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}

Done = subprocess.CompletedProcess[str]


def run(*words: str, cwd: Path, module: str = "itsm_bridge", **environment: str) -> Done:
    """One command without a terminal, in a process of its own that need not import the program: see ``warm``."""
    warm = _warm()
    if not warm.turn.acquire(blocking=False):  # one command while another is at work
        return run_afresh(*words, cwd=cwd, module=module, **environment)
    try:
        return warm.run(module, words, cwd, {**BARE, **environment})
    finally:
        warm.turn.release()


def run_afresh(*words: str, cwd: Path, module: str = "itsm_bridge", **environment: str) -> Done:
    """The same from the start of the interpreter on: a second slower, and sets are walked in another order."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", module, *words],
        cwd=cwd,
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


class _Warm:
    """The process that forks. Who starts something holds ``turn``."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.cli.warm"]
        pipe = subprocess.PIPE
        self.turn = Lock()
        self._program = subprocess.Popen(command, cwd=ROOT, env=BARE, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 (ours)

    def run(self, module: str, words: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> Done:
        """Start the program and wait for its end."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            files = {"folder": str(cwd), "out": out.name, "err": err.name}
            start = {"module": module, "words": words, "environment": environment, **files}
            print(json.dumps(start), file=self._program.stdin, flush=True)
            code = int(self._program.stdout.readline())
            said = (file.read().decode().replace("\r\n", "\n") for file in (out, err))
            return subprocess.CompletedProcess(words, code, *said)

    def end(self) -> None:
        """Start nothing more."""
        self._program.communicate()


@cache
def _warm() -> _Warm:
    warm = _Warm()
    atexit.register(warm.end)
    return warm
