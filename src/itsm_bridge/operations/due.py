"""Which reports are due, and their publication."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

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
        if not (bridge.reports / last.name / "manifest.json").exists():
            yield last


def _publish(bridge: Bridge, period: Period) -> str:
    build(bridge.store, bridge.configuration, period=period, as_of=period.end, out=bridge.reports)
    return period.name
