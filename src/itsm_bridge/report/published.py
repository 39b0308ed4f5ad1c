"""What a publication has put in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import itsm_bridge.report.manifest as manifest
from itsm_bridge.analysis.messages import stale_sources
from itsm_bridge.report.contents import Report
from itsm_bridge.report.publishing import MANIFEST


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file. ``table`` is empty for a file of several tables or of none; ``rows`` adds up all of theirs."""

    path: Path
    table: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Published:
    """A report in its place; ``report`` is what the files show.

    ``failed`` are the checks that do not hold, in words: a mistake of ours, told beside the report.
    """

    folder: Path
    files: tuple[PublishedFile, ...]
    report: Report
    failed: tuple[str, ...] = ()

    @property
    def figures(self) -> Mapping[str, float | None]:
        """Those of the summary by key; ``None`` for nothing to measure."""
        return self.report.figures

    @property
    def out_of_date(self) -> tuple[str, ...]:
        """The sources that had not been read to their end for a day at the as-of instant, or never."""
        return stale_sources(self.report.frames)


def published_of(
    folder: Path, staged: Path, written: Iterable[manifest.WrittenFile], report: Report, wrong: tuple[str, ...] = ()
) -> Published:
    """What will be in ``folder`` when ``staged`` has taken its place."""
    files = [
        PublishedFile(
            path=folder / file.path.relative_to(staged),
            table=next(iter(file.tables)) if len(file.tables) == 1 else "",
            rows=sum(file.tables.values()),
            sha256=manifest.digest_of(file.path),
        )
        for file in written
    ]
    listing = PublishedFile(folder / MANIFEST, "", 0, manifest.digest_of(staged / MANIFEST))
    return Published(folder, (*files, listing), report, wrong)
