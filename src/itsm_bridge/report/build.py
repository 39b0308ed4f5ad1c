"""From the store to a published folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import itsm_bridge.report.manifest as manifest
from itsm_bridge import __version__
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import UsageError
from itsm_bridge.report.contents import report_of
from itsm_bridge.report.estate import Estate
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.publishing import MANIFEST, published
from itsm_bridge.store import EMPTY_AUDIT, Head, Store

ALL_FORMATS = tuple(FORMATS)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file. ``table`` is empty for a file of several tables or of none; ``rows`` adds up all of theirs."""

    path: Path
    table: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Published:
    """A report in its place. ``figures`` are those of the summary by key; ``None`` for nothing to measure."""

    folder: Path
    files: tuple[PublishedFile, ...]
    figures: Mapping[str, float | None]


def build(
    store: Store,
    configuration: Configuration,
    *,
    period: Period,
    as_of: datetime,
    out: Path,
    formats: Collection[str] = ALL_FORMATS,
) -> Published:
    """Build the report of ``period`` as of ``as_of``, but never past the period's end, as ``<out>/<period>/``.

    The same store, configuration and as-of give the same bytes. Raises ``UsageError`` for a format that does not
    exist, ``StorageFailed`` where store or disk fail; what was published before is then as it was.
    """
    check_formats(formats)
    seen = frames(store, configuration, period, as_of)
    estate = Estate.of(configuration, seen.until.astimezone(configuration.zone).date())
    return publish(seen, configuration.digest, out, formats, audit=store.audit_head(seen.until), estate=estate)


def publish(
    seen: Frames,
    digest: str,
    out: Path,
    formats: Collection[str],
    *,
    audit: Head = EMPTY_AUDIT,
    estate: Estate | None = None,
) -> Published:
    """Write and publish what the frames show."""
    report = report_of(seen, digest, __version__, audit, estate)
    folder = out / seen.period.name
    with published(folder) as staged:
        written = [file for name in FORMATS if name in formats for file in FORMATS[name](report, staged)]
        manifest.write(staged, report, written)
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
    return Published(folder, (*files, listing), values(seen))


def check_formats(formats: Collection[str]) -> None:
    """Raise ``UsageError`` for a format that does not exist."""
    unknown = sorted(set(formats) - FORMATS.keys())
    if unknown:
        raise UsageError(f"there is no format {unknown[0]!r}; there are: {', '.join(FORMATS)}; nothing was built")
