"""Which reports are due, and their publication."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from itsm_bridge.analysis.period import Period
from itsm_bridge.errors import GuardTripped
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.issued import Issued
from itsm_bridge.operations.letters import MANIFEST, copy_of
from itsm_bridge.operations.mailing import expect
from itsm_bridge.operations.published import KINDS, is_published
from itsm_bridge.report import Copies, build_all, build_copies

__all__ = ["KINDS", "publish_due"]


def publish_due(bridge: Bridge, now: datetime) -> Issued:
    """Build the whole periods before ``now`` that are not published yet, with all vendors' copies, and name them.

    A copy that is stopped keeps nothing else from its place. It is due until it is in its own: of a period that was
    published before, the copies that are missing are built again, and nothing else.
    """
    issued, stopped = list[str](), list[GuardTripped]()
    for period in _last_whole(bridge, now):
        if is_published(bridge.reports / period.name / MANIFEST, period):
            copies = _publish_missing(bridge, period)
        else:
            copies = _publish(bridge, period)
            issued.append(period.name)
        stopped += copies.stopped.values()
    return Issued(tuple(issued), tuple(stopped))


def _last_whole(bridge: Bridge, now: datetime) -> Iterator[Period]:
    """The last whole week, month and quarter."""
    for kind in KINDS:
        yield Period.holding(now, kind, bridge.configuration.zone).previous()


def _publish(bridge: Bridge, period: Period) -> Copies:
    expect(bridge, period.name)
    _, copies = build_all(bridge.store, bridge.configuration, period=period, out=bridge.reports)
    return copies


def _publish_missing(bridge: Bridge, period: Period) -> Copies:
    """Build the copies that a period lacks; those to whom they go by mail are told of them."""
    folder = bridge.reports / period.name
    missing = [vendor for vendor in bridge.configuration.vendors if not _has_copy(folder, vendor, period)]
    if not missing:
        return Copies({}, {})
    copies = build_copies(
        bridge.store, bridge.configuration, missing, period=period, as_of=period.end, out=bridge.reports
    )
    if copies.published:
        expect(bridge, period.name)
    return copies


def _has_copy(folder: Path, vendor: str, period: Period) -> bool:
    found = copy_of(folder, vendor)
    return found is not None and is_published(found / MANIFEST, period)
