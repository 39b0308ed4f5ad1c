"""What somebody must do, on the dashboard: decisions, approvals that wait, and what comes again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from itsm_bridge.analysis.decisions_needed import KINDS, days_since
from itsm_bridge.analysis.messages import counted_noun
from itsm_bridge.report.dashboard.panels import MOST_ROWS, Panel, definition_of, list_of, nothing, whole_table
from itsm_bridge.report.dashboard.view import Line, View
from itsm_bridge.report.dashboard.words import NONE, amount, count, duration, heads, is_missing, moment
from itsm_bridge.report.page import text


def decisions(view: View) -> Iterator[Panel]:
    """What somebody must decide, the most urgent first: the lines of the workbook's first page."""
    meaning = definition_of(view, "decisions_needed")
    tickets = view.report.rows["open_tickets"].set_index("ticket")
    rows = _about(view, tickets)
    if rows.empty:
        yield nothing("Decisions needed", "Nothing waits for a decision.", meaning)
        return
    head = heads("About", "Environment", "Decision", "#Waits, days", "Why", "What happens otherwise")
    cells = (_decision(view, line, tickets) for line in rows.head(MOST_ROWS).to_dict("records"))
    kinds = rows["kind"].value_counts()
    parts = [
        f"{kinds[kind]:,} × {asked.short[:1].lower()}{asked.short[1:]}"
        for kind, asked in KINDS.items()
        if kind in kinds
    ]
    said = f"{len(rows):,} {'waits' if len(rows) == 1 else 'wait'}: {', '.join(parts)}."
    yield Panel(
        "Decisions needed", meaning, said, table=list_of(view, "decisions_needed", cells, head, len(rows)), wide=True
    )


def _about(view: View, tickets: pd.DataFrame) -> pd.DataFrame:
    """The decisions about an environment or its tickets, where the view is of one; else all."""
    rows = view.report.rows["decisions_needed"]
    if view.environment is None:
        return rows
    theirs = tickets.index[tickets["environment"] == view.environment]
    return rows[rows["subject"].isin([*theirs, view.environment])]


def _decision(view: View, line: Line, tickets: pd.DataFrame) -> Sequence[str]:
    about, why = str(line["subject"]), str(line["why"])
    of = tickets.loc[about] if about in tickets.index else None
    return (
        text(about) if of is None else view.ticket(about),
        NONE if of is None else text(str(of["environment"])),
        text(KINDS[str(line["kind"])].short),
        NONE if is_missing(line["since"]) else amount(days_since(line["since"], view.report.frames.until)),
        text(why, 200),
        text(str(line["otherwise"]), 100),
    )


def approvals(view: View) -> Iterator[Panel]:
    """Approvers who have not answered yet, who was asked first at the top."""
    rows, meaning = view.rows("approvals"), definition_of(view, "approvals", "state", "business_seconds")
    asked = rows["waiting"] if "waiting" in rows else rows["decided_at"].isna() & (rows["state"] == "requested")
    waiting = rows[asked.fillna(value=False).astype(bool)]
    if waiting.empty:
        yield nothing("Approvals waiting", "No approval waits for an answer.", meaning)
        return
    waiting = waiting.sort_values(["requested_at", "ticket", "approver"], kind="stable")
    head = heads("Ticket", "Approver", "Asked", "#Waiting, business time")
    cells = (
        (
            view.ticket(str(line["ticket"])), text(str(line["approver"])) or NONE,
            moment(line["requested_at"], view.report.zone), duration(line["business_seconds"]),
        )
        for line in waiting.head(MOST_ROWS).to_dict("records")
    )  # fmt: skip
    tickets = waiting["ticket"].nunique()
    said = f"{counted_noun(len(waiting), 'answer')} outstanding on {counted_noun(tickets, 'ticket')}."
    yield Panel(
        "Approvals waiting", meaning, said, table=list_of(view, "approvals", cells, head, len(waiting)), wide=True
    )


def recurring(view: View) -> Iterator[Panel]:
    """What comes again and again: worth a cure at its root."""
    rows, meaning = view.rows("recurring"), definition_of(view, "recurring", "pattern", "tickets", "breached")
    if rows.empty:
        yield nothing("What comes again and again", "Nothing came more than once.", meaning)
        return
    top = rows.sort_values("tickets", ascending=False, kind="stable")
    head = heads("Pattern", "Environment", "Category", "#Tickets", "#Breached", "For example")
    cells = (
        (
            text(str(line["pattern"]), 100), text(str(line["environment"])), text(str(line["category"])),
            count(line["tickets"]), _breached(line), view.ticket(str(line["example"])),
        )
        for line in top.head(MOST_ROWS).to_dict("records")
    )  # fmt: skip
    table = list_of(view, "recurring", cells, head, len(top))
    yield Panel("What comes again and again", meaning, table=table, wide=True)


def _breached(line: Line) -> str:
    """How many broke a level; where that is told, of how many that could."""
    whole = line.get("judged")
    return count(line["breached"]) if is_missing(whole) else f"{count(line['breached'])} of {count(whole)}"


def outside(view: View) -> Iterator[Panel]:
    """Figures that come from outside: uptime, patches, cost, satisfaction."""
    rows, meaning = view.rows("inputs"), definition_of(view, "inputs", "figure", "value", "month")
    if rows.empty:
        yield nothing("Figures from outside", "No data: bridge.yaml names no files, or they have no lines.", meaning)
    else:
        yield Panel("Figures from outside", meaning, table=whole_table(view, "inputs"), wide=True)


def data_quality(view: View) -> Iterator[Panel]:
    """What is odd about the data itself."""
    rows, meaning = view.rows("data_quality"), definition_of(view, "data_quality", "check", "count", "known")
    if rows.empty:
        yield nothing("Findings", "Nothing odd was found in the data.", meaning)
    else:
        yield Panel("Findings", meaning, table=whole_table(view, "data_quality"), wide=True)
