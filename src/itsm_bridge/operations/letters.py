"""A published report as a mail: its summary as plain text, the workbook attached, nothing foreign in a header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from itsm_bridge.errors import StorageFailed

MANIFEST = "manifest.json"
WORKBOOK = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
MOST_DECISIONS = 15


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to some people: a published folder, in which ``digest`` is that of the manifest."""

    folder: Path
    manifest: Mapping[str, Any]
    digest: str
    to: tuple[str, ...]
    vendor: str = ""

    @property
    def whom(self) -> str:
        """The name of this letter among those of its period: the vendor, or nothing for the report of all."""
        return self.vendor

    def message(self, sender: str, now: datetime) -> EmailMessage:
        """The mail. The same report to the same people has the same id, so that a second copy shows as one."""
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = ", ".join(self.to)
        message["Subject"] = one_line(str(self.manifest.get("title", "Service report")))
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{self.digest}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n".join(lines(self.manifest)) + "\n")
        for path in self._attached():
            main, sub = WORKBOOK
            message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
        return message

    def _attached(self) -> Iterator[Path]:
        """The workbooks that the manifest lists; a name that leads out of the folder is none of ours."""
        for file in self.manifest["files"]:
            path = self.folder / str(file["path"])
            if path.suffix == ".xlsx" and path.parent == self.folder:
                yield path


def lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The summary as text: sentences, figures, and what must be decided."""
    yield one_line(str(manifest.get("title", "")))
    yield one_line(str(manifest.get("stamp", "")))
    yield ""
    yield from (f"* {one_line(str(said))}" for said in manifest.get("messages", ()))
    needed: Sequence[Sequence[object]] = manifest.get("decisions_needed", ())
    if needed:
        yield ""
        yield f"Decisions needed ({len(needed):,}):"
        yield from (f"* {': '.join(one_line(str(part)) for part in one if part)}" for one in needed[:MOST_DECISIONS])
        if len(needed) > MOST_DECISIONS:
            yield f"  and {len(needed) - MOST_DECISIONS:,} more, on the sheet decisions_needed"
    failed: Sequence[object] = manifest.get("checks", {}).get("failed", ())
    if failed:
        yield ""
        yield f"DO NOT RELY ON THIS REPORT: {len(failed)} of its checks differ, first: {one_line(str(failed[0]))}."
    yield ""
    yield "The workbook is attached; every figure is defined on its sheet definitions."
    yield from _colophon(manifest)


def _colophon(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Who answers, what comes next, for whom it is; reports that were published by older versions do not say."""
    for name, label in (("contact", "Questions: "), ("next_issue", "Next issue: "), ("classification", "")):
        said = one_line(str(manifest.get(name, "")))
        if said:
            yield f"{label}{said}."


def one_line(text: str) -> str:
    """``text`` without line ends and other control characters, which would begin a header or a line of their own."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def letter(folder: Path, to: tuple[str, ...], vendor: str = "") -> Letter:
    """What to send of a published folder. Raises ``StorageFailed`` where it cannot be read."""
    try:
        content = (folder / MANIFEST).read_bytes()
        document = json.loads(content)
        files = [str(file["path"]) for file in document["files"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise StorageFailed(f"{folder}: the published report cannot be read; it was not sent") from problem
    if not any(name.endswith(".xlsx") for name in files):
        raise StorageFailed(f"{folder}: holds no workbook; it was not sent", hint="itsm-bridge report --format xlsx")
    return Letter(folder, document, hashlib.sha256(content).hexdigest(), to, vendor)


def copy_of(folder: Path, vendor: str) -> Path | None:
    """The folder of a vendor's copy below ``folder``: the one whose own manifest names the vendor, and no other."""
    for path in sorted(folder.glob(f"vendors/*/{MANIFEST}")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(document, dict) and document.get("vendor") == vendor:
            return path.parent
    return None
