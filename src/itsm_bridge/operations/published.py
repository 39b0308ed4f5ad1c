"""Which reports are in their place, which are due, and when the next one will be: from their manifests alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from itsm_bridge.analysis.period import Period

KINDS = ("week", "month", "quarter")
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class ReportsDue:
    """``published`` and ``due`` are the last whole periods by name; ``next_at`` is when the next one is over."""

    published: tuple[str, ...]
    due: tuple[str, ...]
    next_name: str
    next_at: datetime


def reports_due(folder: Path, now: datetime, zone: ZoneInfo) -> ReportsDue:
    """What lies in ``folder`` of the last whole week, month and quarter before ``now``."""
    present = [Period.holding(now, kind, zone) for kind in KINDS]
    last = [period.previous() for period in present]
    there = [period for period in last if is_published(folder / period.name / MANIFEST, period)]
    upcoming = min(present, key=lambda period: period.end)
    return ReportsDue(
        tuple(period.name for period in there),
        tuple(period.name for period in last if period not in there),
        upcoming.name,
        upcoming.end.astimezone(zone),
    )


def is_published(manifest: Path, period: Period) -> bool:
    """Whether the whole period was published, with its workbook: not one that was built before the period's end."""
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
        whole = datetime.fromisoformat(document["as_of"]) >= period.end
        return whole and any(str(file["path"]).endswith(".xlsx") for file in document["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
