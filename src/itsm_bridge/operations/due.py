"""Which reports are due, and their publication."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from itsm_bridge.analysis.period import Period
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.report import build

KINDS = ("week", "month", "quarter")


def publish_due(bridge: Bridge, now: datetime) -> Sequence[str]:
    """Build the whole periods before ``now`` that are not published yet, and name them."""
    return [_publish(bridge, period) for period in due(bridge, now)]


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


def _publish(bridge: Bridge, period: Period) -> str:
    build(bridge.store, bridge.configuration, period=period, as_of=period.end, out=bridge.reports)
    return period.name
