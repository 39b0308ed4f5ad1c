"""From the store to a published folder."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import itsm_bridge.report.manifest as manifest
from itsm_bridge import __version__
from itsm_bridge.analysis.checks import failed
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.matters import matters
from itsm_bridge.analysis.period import Period
from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import UsageError
from itsm_bridge.report.contents import NOTHING_BESIDE, Beside, report_of
from itsm_bridge.report.copies import Copies, known_vendors, publish_copies
from itsm_bridge.report.earlier import earlier
from itsm_bridge.report.estate import Estate
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.published import Published, published_of
from itsm_bridge.report.publishing import published
from itsm_bridge.report.verifying import differing
from itsm_bridge.store import EMPTY_AUDIT, Head, Store

ALL_FORMATS = tuple(FORMATS)

RUNS = 200
"""Runs among which the last one that writes is looked for."""


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
    return _of_all(store, configuration, frames(store, configuration, period, as_of), out, formats)


def build_copies(
    store: Store,
    configuration: Configuration,
    vendors: Iterable[str],
    *,
    period: Period,
    as_of: datetime,
    out: Path,
    formats: Collection[str] = ALL_FORMATS,
) -> Copies:
    """Build the copies of ``vendors`` alone, as ``<out>/<period>/vendors/<vendor>/``; else as ``build``.

    Raises ``UsageError`` for a vendor that does not exist. What was stopped is in the result.
    """
    check_formats(formats)
    wanted = known_vendors(configuration, vendors)
    return publish_copies(frames(store, configuration, period, as_of), configuration, wanted, out, formats)


def build_all(
    store: Store, configuration: Configuration, *, period: Period, out: Path, formats: Collection[str] = ALL_FORMATS
) -> tuple[Published, Copies]:
    """Build the copies of all vendors and, when those are in their place, the report of a whole period.

    Its manifest is what says that all was done. A copy that was stopped keeps nothing else from being published.
    """
    check_formats(formats)
    seen = frames(store, configuration, period, period.end)
    copies = publish_copies(seen, configuration, configuration.vendors, out, formats)
    return _of_all(store, configuration, seen, out, formats), copies


def publish(
    seen: Frames,
    digest: str,
    out: Path,
    formats: Collection[str],
    *,
    audit: Head = EMPTY_AUDIT,
    beside: Beside = NOTHING_BESIDE,
) -> Published:
    """Write and publish what the frames show, and what is known ``beside`` them."""
    folder = out / seen.period.name
    report = report_of(seen, digest, __version__, audit, replace(beside, earlier=earlier(folder, seen)))
    with published(folder) as staged:
        written = [file for name in FORMATS if name in formats for file in FORMATS[name](report, staged)]
        wrong = (*failed(report.rows["checks"]), *differing(written))
        manifest.write(staged, report, written, wrong)
        return published_of(folder, staged, written, report, wrong)


def check_formats(formats: Collection[str]) -> None:
    """Raise ``UsageError`` for a format that does not exist."""
    unknown = sorted(set(formats) - FORMATS.keys())
    if unknown:
        raise UsageError(f"there is no format {unknown[0]!r}; there are: {', '.join(FORMATS)}; nothing was built")


def _of_all(store: Store, configuration: Configuration, seen: Frames, out: Path, formats: Collection[str]) -> Published:
    beside = Beside(
        matters(configuration, store.runs(RUNS), seen.until),
        estate=Estate.of(configuration, seen.until.astimezone(configuration.zone).date()),
    )
    return publish(seen, configuration.digest, out, formats, audit=store.audit_head(seen.until), beside=beside)
