"""What one report holds before it has a file format: frames, finished tables, and what the reader must know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.columns import Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.report.estate import Estate
from itsm_bridge.store import EMPTY_AUDIT, Head


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The tables of one period, each computed once: every file format shows these rows and no others.

    ``digest`` is the configuration's, ``version`` the program's; ``audit`` is the end of the audit log at the as-of
    instant, ``estate`` what the configuration says of environments and sources. ``vendor`` is whose copy it is, empty
    for the report of all; ``tables`` are the descriptions of the tables, in their order.
    """

    frames: Frames
    rows: Mapping[str, pd.DataFrame]
    digest: str
    version: str
    audit: Head = EMPTY_AUDIT
    estate: Estate = field(default_factory=Estate)
    vendor: str = ""
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which instants are shown."""
        return self.frames.period.zone

    @property
    def as_of(self) -> datetime:
        """The instant that every figure is as of, in the report's zone."""
        return self.frames.until.astimezone(self.zone)

    @property
    def title(self) -> str:
        """What the report is about, with the days that it covers."""
        period = self.frames.period
        last = (period.end.astimezone(self.zone)).date().toordinal() - 1
        whose = f" for {self.vendor}" if self.vendor else ""
        return f"Service report{whose}, {period.unit} {period.name} ({period.first:%d %b %Y} to {_day(last)})"

    @property
    def notice(self) -> str:
        """What the reader of a copy must know first; empty in the report of all."""
        if not self.vendor:
            return ""
        return f"Copy for {self.vendor}: only tickets that it had in this period, and only while it had them."

    @property
    def stamp(self) -> str:
        """When and where: the as-of instant, in words."""
        return f"As of {self.as_of:%a %d %b %Y, %H:%M:%S} {self.zone.key}"


def report_of(
    frames: Frames, digest: str, version: str, audit: Head = EMPTY_AUDIT, estate: Estate | None = None
) -> Report:
    """Every table of ``TABLES``, computed."""
    rows = {name: table.rows(frames) for name, table in TABLES.items()}
    return Report(frames, rows, digest, version, audit, estate or Estate())


def _day(ordinal: int) -> str:
    return f"{datetime.fromordinal(ordinal):%d %b %Y}"
