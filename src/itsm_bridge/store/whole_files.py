"""Files that are made whole under another name and then named, durably."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from itsm_bridge.errors import StorageFailed


class Files:
    """The files of this machine, as far as whole files need them; a simulation has its own. All raise ``OSError``.

    Content is durable when a method returns; names are when ``sync`` returns. What is made is for its owner alone.
    """

    def read(self, path: Path) -> bytes | None:
        """What a file holds, ``None`` where there is none."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def create(self, path: Path, content: bytes) -> None:
        """Make a file that is not there yet."""
        _write(path, content, os.O_EXCL)

    def append(self, path: Path, content: bytes) -> None:
        """Add to the end of a file, made where there is none."""
        _write(path, content, os.O_APPEND)

    def cut(self, path: Path, size: int) -> None:
        """Take away what is behind the first ``size`` bytes; durable with what is added next."""
        os.truncate(path, size)

    def link(self, draft: Path, path: Path) -> None:
        """Give a file a second name, unless that is taken: then whoever has it counts."""
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not path.exists():
                draft.rename(path)

    def replace(self, draft: Path, path: Path) -> None:
        """Give a file the name of another one, which is there no more."""
        draft.replace(path)

    def remove(self, path: Path) -> None:
        """Take a name away, where there is one."""
        path.unlink(missing_ok=True)

    def make_folder(self, folder: Path) -> None:
        """Make a folder where there is none."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def sync(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


FILES = Files()


def give_name(draft: Path, path: Path, files: Files = FILES) -> None:
    """Let ``draft`` be ``path``, unless that is there already: then it is the one that counts. Durable on return."""
    files.link(draft, path)
    files.sync(path.parent)


def replace_whole(path: Path, content: bytes, files: Files = FILES) -> None:
    """Let ``path`` hold ``content``: all of it, durable on return, or else what it held before."""
    draft = draft_of(path)
    try:
        files.create(draft, content)
        files.replace(draft, path)
    except OSError:
        with suppress(OSError):
            files.remove(draft)
        raise
    files.sync(path.parent)


def only_once(path: Path, content: bytes, files: Files = FILES) -> bytes:
    """What ``path`` holds, for good: ``content`` where there is no such file yet. Raises ``StorageFailed``."""
    try:
        there = files.read(path)
        if there is not None:
            return there
        files.make_folder(path.parent)
        draft = draft_of(path)
        try:
            files.create(draft, content)
            give_name(draft, path, files)
        finally:
            files.remove(draft)
        return files.read(path) or b""
    except OSError as error:
        raise StorageFailed(f"{path} cannot be read or made: {error.strerror}", hint="itsm-bridge doctor") from error


def draft_of(path: Path) -> Path:
    """Another name beside ``path``, which no process has used: one that died may have left its own."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")


def _write(path: Path, content: bytes, how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | how, 0o600)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
