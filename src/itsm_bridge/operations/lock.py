"""One writer: a lock that the kernel frees by itself when its holder dies.

``flock`` needs no clean-up after a kill, unlike a file with a process id in it. The file's text only tells a person
who holds the lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from itsm_bridge.errors import LockHeld, StorageFailed


@contextmanager
def held(path: Path, command: str, now: datetime) -> Iterator[None]:
    """Hold the lock at ``path`` for the length of a ``with`` block. Raises ``LockHeld`` where another run has it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise StorageFailed(f"the lock {path} cannot be opened: {problem.strerror}; nothing was done") from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
            raise LockHeld(f"another run is at work ({holder or 'just started'}); nothing was done") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{command}, process {os.getpid()}, since {now:%Y-%m-%d %H:%M:%S %Z}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
