"""The key and the seals of the audit log, in two files outside the database: ``audit.key`` and ``audit.seals``."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from itsm_bridge.errors import AuditBroken, StorageFailed
from itsm_bridge.store.whole_files import give_name, sync_folder

KEY, SEALS = "audit.key", "audit.seals"

KEY_FORM = re.compile("[0-9a-fA-F]{64}")
"""32 bytes in hexadecimal digits, wherever the key comes from."""


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where both lie. ``given`` is a key that the environment holds: then there is no file for it."""

    folder: Path
    given: str | None = None

    @property
    def key_place(self) -> str:
        """What errors call the place of the key."""
        return f"{self.folder / KEY}" if self.given is None else "ITSM_BRIDGE_AUDIT_KEY"

    def key(self) -> bytes | None:
        """The key, ``None`` where there is none yet. Raises ``AuditBroken`` for a file that holds no key."""
        text = self.given if self.given is not None else self._key_file()
        if text is None:
            return None
        if not KEY_FORM.fullmatch(text.strip()):
            raise AuditBroken(f"{self.key_place} does not hold an audit key (64 hexadecimal digits); put back a backup")
        return bytes.fromhex(text.strip())

    def make_key(self) -> bytes:
        """A new key, durable in its file. Another process that was faster has made the one that counts."""
        path, fresh = self.folder / KEY, secrets.token_hex(32)
        with self._explained(path):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self.folder / f".{KEY}.{secrets.token_hex(8)}.new"
            try:
                _write(draft, f"{fresh}\n", os.O_EXCL)
                give_name(draft, path)
            finally:
                draft.unlink(missing_ok=True)
        made = self.key()
        if made is None:
            raise StorageFailed(f"{path} cannot be made; nothing was written", hint="itsm-bridge doctor")
        return made

    def seals(self) -> str:
        """The text of the seals, empty where there are none yet."""
        path = self.folder / SEALS
        with self._explained(path):
            try:
                return path.read_text(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                return ""

    def add_seal(self, line: str) -> None:
        """Add a line, durable on return, behind the last one that was written to its end."""
        path = self.folder / SEALS
        with self._explained(path):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists():
                whole = path.read_bytes().rfind(b"\n") + 1
                if whole != path.stat().st_size:
                    os.truncate(path, whole)
            _write(path, line, os.O_APPEND)
            sync_folder(self.folder)

    def _key_file(self) -> str | None:
        path = self.folder / KEY
        with self._explained(path):
            try:
                return path.read_text(encoding="ascii", errors="replace")
            except FileNotFoundError:
                return None

    @contextmanager
    def _explained(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"{path} cannot be read or written: {error.strerror}"
            raise StorageFailed(f"{what}; nothing was written without it", hint="itsm-bridge status") from error


def _write(path: Path, text: str, how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | how, 0o600)
    try:
        content = text.encode("ascii")
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
