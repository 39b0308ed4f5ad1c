"""The list of a report's files, with what is needed to check them and to make them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from itsm_bridge.report.contents import Report
from itsm_bridge.report.publishing import MANIFEST

MOST_NEEDED = 500
"""Decisions needed that are listed; all of them are in their table."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file of a report: the rows of each table in it, and how many cells were put behind an apostrophe."""

    path: Path
    tables: Mapping[str, int]
    neutralised: int = 0


def write(folder: Path, report: Report, files: Iterable[WrittenFile], failed: Sequence[str] = ()) -> None:
    """Write ``manifest.json``; the same report gives the same bytes. ``failed`` are the checks that do not hold."""
    frames, needed = report.frames, report.of("decisions_needed").head(MOST_NEEDED)
    document = {
        "period": frames.period.name,
        **({"vendor": report.vendor} if report.vendor else {}),
        "from": frames.start.astimezone(report.zone).isoformat(),
        "to": frames.period.end.astimezone(report.zone).isoformat(),
        "as_of": report.as_of.isoformat(),
        "zone": report.zone.key,
        "configuration": report.digest,
        "version": report.version,
        "freshness": {source: _in_zone(at, report) for source, at in frames.freshness.items()},
        **({} if report.vendor else {"first_read": _in_zone(report.first_read, report)}),
        "title": report.title,
        "stamp": report.stamp,
        "classification": report.classification,
        "contact": report.contact,
        "next_issue": report.next_issue,
        "messages": list(report.said),
        "figures": report.figures,
        "decisions_needed": needed[["decision", "subject", "why"]].astype("object").to_numpy().tolist(),
        "checks": {"made": len(report.of("checks")), "failed": list(failed)},
        "files": [_entry(folder, file) for file in files],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _in_zone(at: datetime | None, report: Report) -> str | None:
    return None if at is None else at.astimezone(report.zone).isoformat()


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(folder: Path, file: WrittenFile) -> dict[str, object]:
    return {
        "path": file.path.relative_to(folder).as_posix(),
        "rows": sum(file.tables.values()),
        "tables": dict(file.tables),
        "sha256": digest_of(file.path),
        "neutralised_cells": file.neutralised,
    }
