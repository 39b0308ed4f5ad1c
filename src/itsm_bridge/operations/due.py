"""Which reports are due, and their publication."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from itsm_bridge.analysis.period import Period
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.mailing import expect
from itsm_bridge.report import Copies, build_all

KINDS = ("week", "month", "quarter")


def publish_due(bridge: Bridge, now: datetime) -> Sequence[str]:
    """Build the whole periods before ``now`` that are not published yet, with all vendors' copies, and name them.

    Raises ``GuardTripped`` for a copy that was stopped, when everything else is in its place.
    """
    built = {period.name: _publish(bridge, period) for period in due(bridge, now)}
    for copies in built.values():
        copies.check()
    return list(built)


def due(bridge: Bridge, now: datetime) -> Iterator[Period]:
    """The last whole week, month and quarter, where its folder is not there yet."""
    for kind in KINDS:
        last = Period.holding(now, kind, bridge.configuration.zone).previous()
        if not _is_published(bridge.reports / last.name / "manifest.json", last):
            yield last


def _is_published(manifest: Path, period: Period) -> bool:
    """Whether the whole period was published, with its workbook: not one that was built before the period's end."""
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
        whole = datetime.fromisoformat(document["as_of"]) >= period.end
        return whole and any(str(file["path"]).endswith(".xlsx") for file in document["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _publish(bridge: Bridge, period: Period) -> Copies:
    expect(bridge, period.name)
    _, copies = build_all(bridge.store, bridge.configuration, period=period, out=bridge.reports)
    return copies
