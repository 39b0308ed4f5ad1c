"""What somebody must do, on the dashboard: decisions, approvals that wait, and what comes again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from itsm_bridge.analysis.messages import counted_noun
from itsm_bridge.report.dashboard.panels import MOST_ROWS, Panel, definition_of, list_of, nothing, whole_table
from itsm_bridge.report.dashboard.view import Line, View
from itsm_bridge.report.dashboard.words import NONE, amount, count, duration, heads, is_missing, moment
from itsm_bridge.report.page import text

ASKS: Mapping[str, str] = {
    "approval": "Approve or reject it.",
    "vendor": "Find a vendor for it.",
    "decision": "Look at the decision.",
}
"""What each kind of need asks for, where no reason is on record."""


def decisions(view: View) -> Iterator[Panel]:
    """Open tickets that wait for somebody to decide, the most urgent first."""
    rows, meaning = view.rows("open_tickets"), definition_of(view, "open_tickets", "needs", "reason")
    waiting = rows[rows["needs"] != ""].sort_values(
        ["priority", "age_hours", "ticket"], ascending=[True, False, True], kind="stable"
    )
    if waiting.empty:
        yield nothing("Decisions needed", "Nothing waits for a decision.", meaning)
        return
    head = heads("Ticket", "Environment", "#Priority", "#Open for, days", "What to do", "What it is about")
    cells = (
        (
            view.ticket(str(line["ticket"])), text(str(line["environment"])), count(line["priority"]),
            amount(line["age_hours"] / 24), text(str(line["reason"]) or ASKS[str(line["needs"])], 200),
            text(str(line["summary"]), 100),
        )
        for line in waiting.head(MOST_ROWS).to_dict("records")
    )  # fmt: skip
    kinds = waiting["needs"].value_counts()
    parts = [f"{kinds[kind]:,} {words}" for kind, words in _WAITS.items() if kind in kinds]
    said = f"{len(waiting):,} {'waits' if len(waiting) == 1 else 'wait'}: {', '.join(parts)}."
    yield Panel(
        "Decisions needed", meaning, said, table=list_of(view, "open_tickets", cells, head, len(waiting)), wide=True
    )


_WAITS: Mapping[str, str] = {
    "approval": "for an approver",
    "vendor": "for a vendor",
    "decision": "for a decision that is held, rejected or not written",
}


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
