"""Which tables a vendor's copy shows: those on a list, so that a new table is in none before somebody decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

import itsm_bridge.analysis.definitions as definitions
from itsm_bridge.analysis.columns import Kind, Table
from itsm_bridge.analysis.scoping import ScopedFrames
from itsm_bridge.analysis.tables import DESCRIBED
from itsm_bridge.report.naming import Names

SHOWN: Mapping[str, frozenset[str]] = {
    "summary": frozenset(),
    "tickets": frozenset(),
    "open_tickets": frozenset(),
    "sla_cycles": frozenset(),
    "sla_attainment": frozenset(),
    "sla_trend": frozenset(),
    "sla_breaches": frozenset(),
    "sla_at_risk": frozenset(),
    "sla_flips": frozenset(),
    "sla_breach_shares": frozenset(),
    "time_in_hand": frozenset({"returned", "vendor_hops"}),
    "sla_native": frozenset(),
    "bandwidth": frozenset(),
    "traction": frozenset(),
    "history": frozenset(),
    "decisions": frozenset(),
    "data_quality": frozenset(),
}
"""The tables of a copy, each with the columns that it lacks there: a ticket's way through the hands of others."""

LEFT_OUT: Mapping[str, str] = {
    "sla_breach_holders": "it divides breaches among all holders, and of one vendor alone it says nothing",
    "approvals": "it names approvers, who are nobody's of the vendor",
    "quality": "whether a ticket was ever handed over, and its whole life, are not the vendor's part of it",
    "recurring": "its patterns are over the tickets of everybody",
    "scorecard": "it ranks vendors",
    "forecast": "it rests on the arrivals of everybody",
    "relief": "it says who could take whose work",
    "inputs": "outside figures are of all vendors",
    "bandwidth_environments": "it compares the vendors of an environment",
    "bandwidth_skills": "it rests on the skills of all vendors",
    "decisions_needed": "it is about everybody",
    "corrections": "it compares with the report of all",
    "checks": "they hold the sums over everybody",
}
"""The tables that no copy shows, and why."""

BLANKED = frozenset(
    {
        *("back_and_forth", "mtta", "mttr", "first_contact_share", "reopen_share"),
        *("approvals_waiting", "approvals_waiting_hours", "oldest_approval"),
    }
)
"""Figures of the summary that one vendor's part of a ticket's life cannot say."""

IDENTITIES = frozenset({"ticket", "vendor", "holder"})
"""Columns that are right by construction: a name in them that is not the vendor's own is a mistake, not hidden."""


def shown_tables() -> dict[str, Table]:
    """The descriptions of a copy's tables, in the order of the workbook's sheets, with their own definitions."""
    tables = {name: _without(table, SHOWN[name]) for name, table in DESCRIBED.items() if name in SHOWN}
    return {**tables, "definitions": definitions.table(tables.values())}


def rows_of(table: Table, scope: ScopedFrames, names: Names) -> pd.DataFrame:
    """The rows of one table in the copy of one vendor: its own alone, and without another's name in any text."""
    rows = table.rows(scope.frames)
    if "vendor" in rows:
        rows = rows[rows["vendor"] == scope.vendor]
    if "ticket" in rows:
        rows = rows[rows["ticket"].isin(scope.tickets)]
    if "key" in rows:
        rows = _without_figures(rows)
    texts = [] if table.name == "definitions" else [one.name for one in table.columns if one.kind is Kind.TEXT]
    cleared = {name: _cleared(rows[name], names) for name in texts if name not in IDENTITIES}
    return rows.assign(**cleared).reset_index(drop=True)


def _without(table: Table, columns: frozenset[str]) -> Table:
    return replace(table, columns=tuple(one for one in table.columns if one.name not in columns))


def _without_figures(rows: pd.DataFrame) -> pd.DataFrame:
    blanked = rows["key"].isin(BLANKED)
    numbers = {str(name): rows[name].mask(blanked) for name in rows if rows[name].dtype == "float64"}
    return rows.assign(**numbers, verdict=rows["verdict"].mask(blanked, ""))


def _cleared(texts: pd.Series, names: Names) -> pd.Series:
    """``texts`` without foreign names; each different one is looked at once."""
    cleared = {text: names.redacted(text) for text in texts.unique()}
    return texts.map(cleared).astype(texts.dtype)
