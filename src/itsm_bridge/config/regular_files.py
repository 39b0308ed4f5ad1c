"""Reads a small regular file, and never waits for anything else that may stand under its name."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Content:
    """The first bytes of a file, and its permissions."""

    head: bytes
    mode: int


def read_regular(path: Path, limit: int) -> Content | None:
    """At most ``limit`` bytes of a regular file; ``None`` for a folder, a FIFO or a device. Raises ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO without a writer must not hold us
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return Content(file.read(limit), stat.S_IMODE(mode))
    finally:
        os.close(descriptor)


def is_there(path: Path) -> bool:
    """Whether anything stands under this name, also what may not be looked at: reading it then says why."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
