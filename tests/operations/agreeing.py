"""A bridge over a small store, whose configuration and clock a test may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
from tests.analysis.made import BRIDGE, NOW, RULES, VENDORS, ago, ticket

from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.model import TicketRecord, Verdict
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.freezing import freeze

SLA = """
calendars:
  always: {timezone: UTC, hours: 24x7}
  office:
    timezone: Asia/Kolkata
    hours: {mon-fri: ["09:00-17:00"]}
slas:
  - name: resolution
    measures: resolution
    kind: sla
    target: 4h
    calendar: always
    start: {priority: [1, 2, 3]}
    pause: {state: on_hold}
    stop: {state: [resolved, closed]}
    cancel: {state: canceled}
    warn: [50%, 75%]
"""

DONE_IN_TIME = ticket("INC1", ago(hours=20), (ago(hours=17.5), "state", "resolved"))
"""After two and a half hours."""


def written(folder: Path, sla: str = SLA, rules: str = RULES) -> Configuration:
    """The configuration with this ``sla.yaml``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"bridge": BRIDGE, "vendors": VENDORS, "sla": sla, "rules": rules}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder)


def with_sla(bridge: Bridge, sla: str, *, rules: str = RULES) -> Bridge:
    """The same bridge once somebody has edited the service levels."""
    return replace(bridge, configuration=written(bridge.configuration.folder, sla, rules))


def keep(bridge: Bridge, *records: TicketRecord, at: datetime = NOW) -> None:
    """Store tickets as a pull does."""
    bridge.store.save_page("snow", "incident", Page(records, {}), at)


def frozen(bridge: Bridge, now: datetime = NOW) -> int:
    """Freeze; how many verdicts were added."""
    return freeze(bridge, ["snow"], now)


def verdicts(bridge: Bridge, external_id: str = "INC1") -> list[Verdict]:
    """All that is agreed about a ticket."""
    return bridge.store.verdicts("snow", [external_id])


def seen(bridge: Bridge, as_of: datetime = NOW) -> Frames:
    """The frames of the week that holds an instant."""
    return frames(bridge.store, bridge.configuration, Period.holding(as_of, "week", bridge.configuration.zone), as_of)


def table(bridge: Bridge, name: str, as_of: datetime = NOW) -> pd.DataFrame:
    """One table of the report."""
    return TABLES[name].rows(seen(bridge, as_of))


def flips(bridge: Bridge, as_of: datetime = NOW) -> list[tuple[object, ...]]:
    """Ticket, agreed, today, and cause of each flip."""
    rows = table(bridge, "sla_flips", as_of)
    return list(rows[["ticket", "agreed", "today", "cause"]].itertuples(index=False, name=None))


def figure(bridge: Bridge, key: str) -> float | None:
    """One figure of the summary."""
    return values(seen(bridge))[key]
