"""A whole copy of a SQLite store beside it, made before its tables are changed: the way back to the version before."""

from __future__ import annotations

import errno
import filecmp
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from itsm_bridge.store.audit_files import SEALS
from itsm_bridge.store.failures import FULL, Reason, failed, of_sqlite
from itsm_bridge.store.whole_files import FILES, give_name

_NAME = re.compile(r"\.r(?P<revision>\d{4,})\.\d{8}T\d{6}Z(-\d+)?\.backup$")
_UNCHANGED = "its tables must change for this version, and were not changed"


def copy_before(reader: sqlite3.Connection, path: Path, revision: str) -> Path:
    """The copy of the store at ``path`` as ``reader`` sees it, made unless one with the same content is there.

    The caller holds the store's write lock: nobody else copies, and nothing is stored that the copy would not have. A
    kill leaves a draft at most, which the next copy removes. Raises ``StorageFailed``.
    """
    draft = path.with_name(f".{path.name}.copying")
    with _explained(path):
        try:
            _write(reader, draft)
            same = (copy for copy in copies_of(path, revision) if filecmp.cmp(draft, copy, shallow=False))
            return next(same, None) or _name(draft, path, revision)
        finally:
            draft.unlink(missing_ok=True)


def copies_of(path: Path, revision: str = "") -> tuple[Path, ...]:
    """The copies beside the store at ``path``, oldest first; only those of tables at ``revision`` if it is given."""
    found = ((_NAME.search(file.name), file) for file in path.parent.glob(f"{path.name}.r*.backup"))
    return tuple(sorted(file for match, file in found if match and revision in {"", match["revision"]}))


def revision_in(copy: Path) -> str:
    """At which migration the tables of a copy are, by its name."""
    match = _NAME.search(copy.name)
    return match["revision"] if match else ""


def _write(reader: sqlite3.Connection, draft: Path) -> None:
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with closing(_connect(draft)) as target:
            reader.backup(target)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(draft: Path) -> sqlite3.Connection:
    """A connection that writes no journal: a half copy is thrown away."""
    target = sqlite3.connect(draft, isolation_level=None)
    target.execute("PRAGMA journal_mode = OFF")
    target.execute("PRAGMA synchronous = OFF")  # one fsync at the end instead
    return target


def _name(draft: Path, path: Path, revision: str) -> Path:
    """Give ``draft`` its name: the tables' revision and when it was made; the seals of the log go with it, first."""
    made = datetime.fromtimestamp(draft.stat().st_mtime, UTC)
    stem = f"{path.name}.r{revision}.{made:%Y%m%dT%H%M%SZ}"
    names = chain([f"{stem}.backup"], (f"{stem}-{number}.backup" for number in count(2)))
    copy = next(file for file in map(path.with_name, names) if not file.exists())
    seals = path.with_name(SEALS)
    if seals.exists():
        _copy_seals(seals, copy.with_name(f"{copy.name}.seals"))
    give_name(draft, copy)
    return copy


def _copy_seals(seals: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)  # of a copy that never got its name
    FILES.create(copy, seals.read_bytes())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say that the store was not changed, and how much room a copy of it needs."""
    place = f"the store {path}"
    try:
        yield
    except sqlite3.Error as error:
        raise failed(place, _about_copy(of_sqlite(error), path)) from error
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        reason = FULL if full else Reason(f"cannot be copied: {error.strerror}", f"look at the folder {path.parent}")
        raise failed(place, _about_copy(reason, path)) from error


def _about_copy(reason: Reason, path: Path) -> Reason:
    if reason is not FULL:
        return reason._replace(stored=_UNCHANGED)
    needed, free = path.stat().st_size / 2**20, shutil.disk_usage(path.parent).free / 2**20
    return Reason(
        "cannot be copied beside itself first: the disk is full",
        f"free some space in {path.parent} (a copy takes {needed:,.0f} MB, {free:,.0f} MB are free), "
        "then the same command again",
        _UNCHANGED,
    )
