"""The key and the seals of the audit log, in two files outside the database: ``audit.key`` and ``audit.seals``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from itsm_bridge.errors import AuditBroken, StorageFailed
from itsm_bridge.store.whole_files import FILES, Files, draft_of, give_name

KEY, SEALS = "audit.key", "audit.seals"

KEY_FORM = re.compile("[0-9a-fA-F]{64}")
"""32 bytes in hexadecimal digits, wherever the key comes from."""


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where both lie. ``given`` is a key that the environment holds: then there is no file for it."""

    folder: Path
    given: str | None = None
    files: Files = FILES

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

    def first_key(self) -> bytes:
        """The key for the first row, durable: made where there is none.

        A process that died while it made one may have left a name that a power cut would take away.
        """
        key = self.key()
        if key is None:
            return self.make_key()
        if self.given is None:
            with self._explained(self.folder / KEY):
                self.files.sync(self.folder)
        return key

    def make_key(self) -> bytes:
        """A new key, durable in its file. Another process that was faster has made the one that counts."""
        path, fresh = self.folder / KEY, secrets.token_hex(32)
        with self._explained(path):
            self.files.make_folder(self.folder)
            draft = draft_of(path)
            try:
                self.files.create(draft, f"{fresh}\n".encode("ascii"))
                give_name(draft, path, self.files)
            finally:
                self.files.remove(draft)
        made = self.key()
        if made is None:
            raise StorageFailed(f"{path} cannot be made; nothing was written", hint="itsm-bridge doctor")
        return made

    def seals(self) -> str:
        """The text of the seals, empty where there are none yet."""
        return self._text(self.folder / SEALS) or ""

    def add_seal(self, line: str) -> None:
        """Add a line, durable on return, behind the last one that was written to its end."""
        path = self.folder / SEALS
        with self._explained(path):
            self.files.make_folder(self.folder)
            there = self.files.read(path) or b""
            whole = there.rfind(b"\n") + 1
            if whole != len(there):
                self.files.cut(path, whole)
            self.files.append(path, line.encode("ascii"))
            self.files.sync(self.folder)

    def _key_file(self) -> str | None:
        return self._text(self.folder / KEY)

    def _text(self, path: Path) -> str | None:
        """What a file says; a byte that is none of ours shows as one that cannot be."""
        with self._explained(path):
            content = self.files.read(path)
        return None if content is None else content.decode("ascii", "replace")

    @contextmanager
    def _explained(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"{path} cannot be read or written: {error.strerror}"
            raise StorageFailed(f"{what}; nothing was written without it", hint="itsm-bridge status") from error
