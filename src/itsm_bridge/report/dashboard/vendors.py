"""How well vendors work, on the dashboard: the quality of what they resolve, and their scores."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from itsm_bridge.report.dashboard.panels import MOST_ROWS, Panel, definition_of, nothing, whole_table
from itsm_bridge.report.dashboard.view import Line, View, named
from itsm_bridge.report.dashboard.words import amount, heads, is_missing, share, shown_table, value_of
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import Bar, Caption, bars

TOTAL = "total"
SCORED = ("vendor", "figure", "value", "unit", "weight", "score", "numerator", "denominator", "previous", "basis")
MEASURES = ("first_contact_share", "reopen_share", "mttr_hours", "mttr_median_hours", "mttr_p90_hours")


def quality(view: View) -> Iterator[Panel]:
    """Resolved at the first contact, reopened, and how long it took: as the table has it, row by row."""
    rows, meaning = view.rows("quality"), definition_of(view, "quality", "resolved", *MEASURES)
    if rows.empty or not rows["resolved"].sum():
        yield nothing("How well tickets were resolved", "No ticket was resolved in this period.", meaning)
        return
    top = rows[rows["resolved"] > 0].sort_values(["resolved", "vendor", "environment"], ascending=[False, True, True])
    title = "Median time to resolve, in hours"
    drawn = [
        Bar(
            _place(line),
            None if is_missing(line["mttr_median_hours"]) else float(line["mttr_median_hours"]),
            _took(line),
        )
        for line in top.head(8).to_dict("records")
    ]
    said = f"{int(rows['resolved'].sum()):,} tickets resolved, by vendor and environment."
    yield Panel(
        title, meaning, said, bars(Caption(f"{view.anchor}-quality", title, said), drawn), table=_table(view, top)
    )


def _place(line: Line) -> str:
    environment = str(line["environment"])
    return f"{named(str(line['vendor']))}, {environment}" if environment else named(str(line["vendor"]))


def _took(line: Line) -> str:
    said = "no data" if is_missing(line["mttr_median_hours"]) else f"{line['mttr_median_hours']:,.1f} h"
    return f"{said} over {line['resolved']:,.0f}"


def _table(view: View, rows: pd.DataFrame) -> str:
    described = [column for column in view.table("quality").columns if column.name in _SHOWN]
    cells = (
        tuple(value_of(line[column.name], column.kind, view.report.zone) for column in described)
        for line in rows.to_dict("records")
    )
    return shown_table(heads(*(_SHOWN[column.name] for column in described)), cells, "quality")


_SHOWN = {
    "vendor": "Vendor",
    "environment": "Environment",
    "resolved": "#Resolved",
    "first_contact_share": "#First contact",
    "reopen_share": "#Reopened",
    "reassignments": "#Handed on",
    "ping_pong": "#Back and forth",
    "mtta_hours": "#MTTA, h",
    "mttr_hours": "#MTTR, h",
    "mttr_median_hours": "#Median, h",
    "mttr_p90_hours": "#p90, h",
}


def scorecard(view: View) -> Iterator[Panel]:
    """Scores by vendor: their totals as bars, each figure in the table."""
    rows, meaning = view.rows("scorecard"), definition_of(view, "scorecard", "value", "weight", "score")
    totals = rows[(rows["figure"] == TOTAL) & rows["value"].notna()].sort_values(
        ["value", "vendor"], ascending=[False, True]
    )
    if totals.empty:
        yield nothing("Scores by vendor", "There is nothing to score in this period.", meaning)
        return
    drawn = [
        Bar(named(str(line["vendor"])), float(line["value"]), f"{amount(line['value'])} of 100{_covered(line)}")
        for line in totals.to_dict("records")
    ]
    title = "Scores by vendor"
    said = "The mean of the scores by their weights, of the figures that could be measured: read it with its parts."
    chart = bars(Caption(f"{view.anchor}-scores", title, said), drawn, top=100.0)
    yield Panel(
        title, meaning, said, chart, table=whole_table(view, "scorecard", SCORED, most=10 * MOST_ROWS), wide=True
    )


def _covered(line: Line) -> str:
    """How much of the weights a total rests on, where that is told and is not all."""
    covered = line.get("weight_covered")
    return "" if is_missing(covered) or float(covered or 1) >= 1 else f", on {share(covered)} of the weights"


def breach_holders(view: View) -> Iterator[Panel]:
    """In whose hands the breached clocks ran."""
    rows, meaning = (
        view.rows("sla_breach_shares"),
        definition_of(view, "sla_breach_holders", "business_seconds", "share"),
    )
    seconds = rows.groupby("holder")["business_seconds"].sum().sort_values(ascending=False, kind="stable")
    whole = float(seconds.sum())
    title = "Whose time broke service levels"
    if not whole:
        yield nothing(title, "No clock was breached in this period.", meaning)
        return
    drawn = [
        Bar(str(name), float(value), f"{value / 3600:,.1f} h, {value / whole:.0%}", "s4")
        for name, value in seconds.items()
    ]
    said = f"{whole / 3600:,.1f} business hours of breached clocks, by who had the ticket."
    cells = ((text(str(name)), amount(value / 3600), share(value / whole)) for name, value in seconds.items())
    table = shown_table(heads("Holder", "#Hours", "#Share"), cells, "sla_breach_shares")
    yield Panel(title, meaning, said, bars(Caption(f"{view.anchor}-holders", title, said), drawn), table=table)
