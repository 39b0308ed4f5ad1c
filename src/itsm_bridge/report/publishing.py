"""A folder of files that appears whole: built beside its place, made durable, then exchanged with what is there."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from itsm_bridge.errors import StorageFailed

MANIFEST = "manifest.json"

FOLDER_MODE, FILE_MODE = 0o700, 0o600

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def published(folder: Path) -> Iterator[Path]:
    """A new folder to write into, which takes the place of ``folder`` when the block ends well, and is gone otherwise.

    Whoever is killed at any instruction leaves the old folder or the new one, each whole, and at most a hidden folder
    beside it that the next publication removes. Files in the old folder that no manifest lists, a person's notes, are
    carried over. Raises ``StorageFailed`` where the files cannot be written; the old folder is then as it was.
    """
    try:
        _make_private(folder.parent)
        _restore(folder)
        staged = folder.parent / f"{_prefix(folder, 'new')}{secrets.token_hex(4)}"
        staged.mkdir(mode=FOLDER_MODE)
        claim = os.open(staged, os.O_RDONLY)
        fcntl.flock(claim, fcntl.LOCK_EX)  # the kernel frees it if we are killed; until then nobody clears us away
    except OSError as problem:
        raise _failed(folder, problem) from problem
    try:
        yield staged
        _carry_over(folder, staged)
        _make_durable(staged)
        _take_place(staged, folder)
    except OSError as problem:
        raise _failed(folder, problem) from problem
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        os.close(claim)


def _make_private(folder: Path) -> None:
    """Make a folder for the owner alone, and so those above it that are not there (``parents`` has no mode)."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _failed(folder: Path, problem: OSError) -> StorageFailed:
    reason = problem.strerror or type(problem).__name__
    return StorageFailed(
        f"{folder}: {reason}; the report was not published, what was there is as it was",
        hint="free the disk or correct the folder's permissions, then: itsm-bridge report",
    )


def _prefix(folder: Path, what: str) -> str:
    return f".{folder.name}.{what}-"


def _restore(folder: Path) -> None:
    """Clear away what a killed publication left, after putting an old folder back that had not been replaced yet."""
    for old in sorted(folder.parent.glob(f"{_prefix(folder, 'old')}*")):
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)
    for unfinished in folder.parent.glob(f"{_prefix(folder, 'new')}*"):
        if not _is_at_work(unfinished):
            shutil.rmtree(unfinished)


def _is_at_work(staged: Path) -> bool:
    """Whether the process that writes into a folder is still alive."""
    claim = os.open(staged, os.O_RDONLY)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(claim)
    return False


def _carry_over(folder: Path, staged: Path) -> None:
    """Bring along the files that we did not make."""
    ours = _listed(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        ours_or_made = name.as_posix() in ours or (staged / name).exists() or _is_unfinished(name)
        if path.is_file() and not path.is_symlink() and not ours_or_made:
            (staged / name).parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            shutil.copy2(path, staged / name)


def _is_unfinished(name: Path) -> bool:
    """Whether a file lies in what a killed publication of a folder below left: nobody has looked it over."""
    return any(part.startswith(".") and (".new-" in part or ".old-" in part) for part in name.parts[:-1])


def _listed(folder: Path) -> frozenset[str]:
    """The files that the folder's manifest names; a manifest that cannot be read names none."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return frozenset({MANIFEST, *(str(file["path"]) for file in files)})
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset({MANIFEST})


def _make_durable(staged: Path) -> None:
    """Bring every file and folder to the disk, readable by their owner alone."""
    for path in [*sorted(staged.rglob("*")), staged]:
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        _flush(path)


def _take_place(staged: Path, folder: Path) -> None:
    """Put ``staged`` where ``folder`` is; at the end ``staged`` holds the old one, if there was any."""
    if not folder.exists():
        staged.rename(folder)
    elif not _exchanged(staged, folder):
        old = folder.parent / f"{_prefix(folder, 'old')}{secrets.token_hex(4)}"
        folder.rename(old)
        staged.rename(folder)
        shutil.rmtree(old)
    _flush(folder.parent)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system could exchange two folders in one step (Linux, on most file systems)."""
    exchange = _renameat2()
    if exchange is None:
        return False
    return exchange(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0


def _renameat2() -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
