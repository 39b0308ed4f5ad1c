"""What a part of the dashboard sees: the report's own rows, of all environments or of one; no figure is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from itsm_bridge.analysis.columns import Table
from itsm_bridge.report.contents import Report
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import COLOURS

Line = Mapping[Any, Any]
"""A row of a table, by column."""

NOBODY, NOWHERE = "(nobody)", "(no environment)"


class Links:
    """Where each ticket of the period opens, found once for all parts of a page."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def __getitem__(self, ticket: str) -> str:
        return self._addresses.get(ticket, "")

    @cached_property
    def _addresses(self) -> Mapping[str, str]:
        tickets, estate = self._report.frames.tickets, self._report.estate
        names = ("ticket", "source", "external_id", "number", "project")
        keys = zip(*(tickets[name] for name in names), strict=True)
        return {ticket: estate.address(*map(str, rest)) for ticket, *rest in keys}


@dataclass(frozen=True)
class View:
    """The rows of a report: of ``environment`` where one is given (empty: where none is known), else all.

    ``anchor`` begins the ids of its charts.
    """

    report: Report
    links: Links
    environment: str | None = None
    anchor: str = "all"

    def has(self, *names: str) -> bool:
        """Whether the report has these tables."""
        return all(name in self.report.tables and name in self.report.rows for name in names)

    def table(self, name: str) -> Table:
        """What a table is, with the definitions of its columns."""
        return self.report.tables[name]

    def rows(self, name: str) -> pd.DataFrame:
        """The rows of a table; by their environment, or that of their ticket, where they are to be of one."""
        rows = self.report.rows[name]
        if self.environment is None:
            return rows
        if "environment" in rows:
            return rows[rows["environment"] == self.environment]
        if "ticket" in rows:
            return rows[rows["ticket"].isin(self._tickets)]
        return rows

    @cached_property
    def _tickets(self) -> pd.Series:
        tickets = self.report.rows["tickets"]
        return tickets.loc[tickets["environment"] == self.environment, "ticket"]

    @property
    def weeks(self) -> tuple[str, ...]:
        """The weeks that the report sees, the oldest first; the last one may not be whole."""
        return tuple(week.name for week in self.report.frames.weeks)

    @property
    def whole_weeks(self) -> tuple[str, ...]:
        """The weeks that the report sees to their end."""
        return tuple(week.name for week in self.report.frames.weeks if week.complete)

    @property
    def whole_week(self) -> str:
        """The last week that the report sees to its end; empty where there is none."""
        return next(reversed(self.whole_weeks), "")

    @property
    def week_note(self) -> str:
        """What must be said of the last week; empty where it is whole."""
        weeks = self.report.frames.weeks
        return "" if not weeks or weeks[-1].complete else f" {short_week(weeks[-1].name)} is not over yet."

    @cached_property
    def _vendors(self) -> tuple[str, ...]:
        rows = self.report.rows
        return tuple(
            sorted({str(name) for table in ("bandwidth", "traction") for name in rows[table]["vendor"]} - {""})
        )

    def look(self, vendor: str) -> str:
        """The colour of a vendor, the same in every chart; nobody has one of its own."""
        return f"s{self._vendors.index(vendor) % (COLOURS - 1) + 1}" if vendor in self._vendors else f"s{COLOURS}"

    def ticket(self, name: str) -> str:
        """A ticket's id as markup, with a link to where we read it, if the configuration says where that is."""
        address = self.links[name]
        return f'<a href="{text(address, 2000)}" rel="noreferrer">{text(name)}</a>' if address else text(name)


def short_week(name: str) -> str:
    """``W47`` of ``2026-W47``."""
    return name[5:]


def named(vendor: str) -> str:
    """A vendor as the page names it."""
    return vendor or NOBODY
