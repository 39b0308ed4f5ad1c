"""What one report holds before it has a file format: frames, finished tables, and what the reader must know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

import itsm_bridge.analysis.checks as checks
import itsm_bridge.analysis.decisions_needed as decisions_needed
from itsm_bridge.analysis.columns import Table, shaped
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.matters import Matter
from itsm_bridge.analysis.messages import messages
from itsm_bridge.analysis.outlook import offers, shortages
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.report.earlier import Earlier, corrections, last_read
from itsm_bridge.report.estate import Estate
from itsm_bridge.store import EMPTY_AUDIT, Head


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The tables of one period, each computed once: every file format shows these rows and no others.

    ``digest`` is the configuration's, ``version`` the program's; ``audit`` is the end of the audit log at the as-of
    instant, ``estate`` what the configuration says of environments and sources; ``said`` are the sentences of the
    first page. ``first_read`` is when the sources had last been read as the first report of this period up to this
    instant was published into the same folder; this one is the first, where none lies there. ``vendor`` is whose copy
    it is, empty for the report of all; ``tables`` are the descriptions of the tables, in their order.
    """

    frames: Frames
    rows: Mapping[str, pd.DataFrame]
    digest: str
    version: str
    audit: Head = EMPTY_AUDIT
    said: tuple[str, ...] = ()
    estate: Estate = field(default_factory=Estate)
    first_read: datetime | None = None
    vendor: str = ""
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)

    def of(self, name: str) -> pd.DataFrame:
        """The rows of a table; none where this report does not show it."""
        return self.rows[name] if name in self.rows else blank_rows(TABLES[name])

    @property
    def figures(self) -> Mapping[str, float | None]:
        """The figures of the summary by key; ``None`` where there is nothing to measure."""
        table = self.rows["summary"]
        pairs = zip(table["key"], table["value"], strict=True)
        return {str(key): None if pd.isna(value) else float(value) for key, value in pairs}

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
    def classification(self) -> str:
        """For whom it is, as every page says."""
        return f"For {self.vendor} only" if self.vendor else self.frames.reports.classification

    @property
    def contact(self) -> str:
        """Who answers questions about it; empty for nobody in particular."""
        return self.frames.reports.contact

    @property
    def next_issue(self) -> str:
        """The day from which the next whole report of such a period is due: that of the end of this one or the next."""
        period = self.frames.period
        end = period.end if self.frames.until < period.end else period.next().end
        return f"{end.astimezone(self.zone):%a %d %b %Y}"

    @property
    def colophon(self) -> str:
        """For whom, who answers, and what comes next, in one line."""
        asked = f" Questions: {self.contact}." if self.contact else ""
        return f"{self.classification}.{asked} Next issue: {self.next_issue}."

    @property
    def stamp(self) -> str:
        """When and where: the as-of instant, in words."""
        return f"As of {self.as_of:%a %d %b %Y, %H:%M:%S} {self.zone.key}"


@dataclass(frozen=True, slots=True)
class Beside:
    """What a report shows that its frames do not hold: matters of the configuration, and what was published before.

    Nothing of it by default, since it is about everybody: a vendor's copy is made without.
    """

    matters: tuple[Matter, ...] = ()
    earlier: Earlier | None = None
    estate: Estate = field(default_factory=Estate)


NOTHING_BESIDE = Beside()


def report_of(
    frames: Frames, digest: str, version: str, audit: Head = EMPTY_AUDIT, beside: Beside = NOTHING_BESIDE
) -> Report:
    """Every table of ``TABLES``, computed; those that look at the others last."""
    rows = {name: table.rows(frames) for name, table in TABLES.items() if name not in LAST}
    late = {
        "decisions_needed": decisions_needed.build(frames, beside.matters),
        "corrections": corrections(beside.earlier, rows, frames),
        "checks": checks.compare(frames, rows),
    }
    rows |= {name: shaped(late[name], TABLES[name].columns) for name in LAST}
    tables = {name: rows[name] for name in TABLES}
    first_read = last_read(frames) if beside.earlier is None else beside.earlier.since
    return Report(frames, tables, digest, version, audit, said(frames, rows), beside.estate, first_read)


MOST_AHEAD = 2
"""Sentences about what is ahead."""

LAST = ("decisions_needed", "corrections", "checks")
"""Tables that are made from more than the frames."""


def said(frames: Frames, rows: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """The sentences of the first page: what happened, then whose people will not do and who could help."""
    ahead = (*shortages(rows["forecast"]), *offers(rows["relief"]))[:MOST_AHEAD]
    return (*messages(frames), *ahead)


def blank_rows(table: Table) -> pd.DataFrame:
    """A table without rows."""
    return shaped(pd.DataFrame(columns=[column.name for column in table.columns]), table.columns)


def _day(ordinal: int) -> str:
    return f"{datetime.fromordinal(ordinal):%d %b %Y}"
