"""The tickets that are open at the as-of instant, the oldest first, with what each still waits for."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, chosen, once
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR, age_hours
from itsm_bridge.model import ApprovalState, Outcome

AGE_BUCKETS = {"0-30 days": 30, "31-60 days": 60, "61-90 days": 90}
OLDEST = ">90 days"

STUCK = frozenset({"held", Outcome.CONFLICT, Outcome.OVERRIDDEN, Outcome.REJECTED, Outcome.UNKNOWN})
"""Outcomes of a decision that somebody should look at: it did not reach the source."""

NOT_THERE_YET = STUCK | {"planned"}
"""Outcomes with which a ticket in nobody's hands is not unrouted: the rules chose a vendor, or say why none."""

SETTLING = frozenset({"approval", "vendor"})
"""Fields whose change answers what a held decision about the vendor waited for."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``."""
    tickets = frames.tickets[frames.tickets["open"]]
    hours = age_hours(tickets, frames.until)
    needs = needed(frames)
    rows = tickets.assign(
        age_hours=hours,
        age_bucket=age_bucket(hours),
        sla_remaining_hours=tickets["ticket"].map(remaining_hours(frames.cycles)),
        needs=needs,
        reason=reasons(tickets, frames).where(needs == "decision", ""),
    )
    return rows.sort_values(["age_hours", "ticket"], ascending=[False, True], kind="stable")


def age_bucket(hours: pd.Series) -> pd.Series:
    """The bin of an age in whole days: the bins of jira-agile-metrics' ageing chart."""
    days = np.floor(hours / 24)
    return chosen({name: days <= limit for name, limit in AGE_BUCKETS.items()}, OLDEST)


def remaining_hours(cycles: pd.DataFrame) -> pd.Series:
    """By ticket, the least business time left of its running resolution clocks; negative once it is used up."""
    running = cycles[(cycles["measures"] == "resolution") & (cycles["stage"] == "in_progress")]
    left = (running["target_seconds"] - running["elapsed_seconds"]) / SECONDS_PER_HOUR
    return left.astype("float64").groupby(running["ticket"]).min().round(2)


@once
def needed(frames: Frames) -> pd.Series:
    """What somebody must see to of each open ticket: ``approval``, ``vendor``, ``decision`` (as ``TABLE`` says)."""
    tickets = frames.tickets[frames.tickets["open"]]
    nobody = tickets["vendor"] == ""
    rejected = nobody & (tickets["approval"] == ApprovalState.REJECTED)
    of_vendor = frames.decisions[frames.decisions["field"] == "vendor"]
    ruled = nobody & tickets["ticket"].isin(_pending(of_vendor, frames.history, NOT_THERE_YET)["ticket"])
    stuck = tickets["ticket"].isin(_pending(frames.decisions, frames.history, STUCK)["ticket"])
    return chosen(
        {
            "approval": tickets["approval"] == ApprovalState.REQUESTED,
            "decision": rejected | ruled | (stuck & ~nobody),
            "vendor": nobody,
        },
        "",
    )


def reasons(tickets: pd.DataFrame, frames: Frames) -> pd.Series:
    """Why a ticket needs a decision: the held decision's own reason, the value that is not written, or a rejection."""
    pending = _pending(frames.decisions, frames.history, NOT_THERE_YET)
    written = pending["field"] + " = " + pending["value"] + ": " + pending["outcome"].replace("planned", "not written")
    why = pending["because"].where(pending["value"] == "", written)
    other, planned = pending["field"] != "vendor", pending["outcome"] == "planned"
    told = pending.assign(why=why, planned=planned, other=other)[~(planned & other)]
    ordered = told.sort_values(["planned", "other", "field"], kind="stable")
    by_ticket = ordered.drop_duplicates("ticket").set_index("ticket")["why"]
    rejected = chosen({"its approval was rejected": tickets["approval"] == ApprovalState.REJECTED}, "")
    return by_ticket.reindex(tickets["ticket"]).set_axis(tickets.index).astype("string").fillna(rejected)


def _pending(decisions: pd.DataFrame, history: pd.DataFrame, outcomes: Collection[str]) -> pd.DataFrame:
    """Decisions with such an outcome, less those about the vendor that were held for what has happened since.

    The rules keep no decision where they find nobody, so that after an approval the one that waited for it is the last.
    """
    pending = decisions[decisions["outcome"].isin(list(outcomes))]
    of_these = history[history["ticket"].isin(pending["ticket"])]
    settled = of_these[of_these["field"].isin(list(SETTLING))].groupby("ticket")["at"].max()
    since = settled.reindex(pending["ticket"]).set_axis(pending.index)
    over = (pending["field"] == "vendor") & (pending["outcome"] == "held") & (since >= pending["decided_at"])
    return pending[~over.fillna(value=False)]


TABLE = Table(
    name="open_tickets",
    title="Open tickets",
    description="Every ticket that is open at the as-of instant (new, in_progress or on_hold), the oldest first.",
    columns=(
        TICKET,
        Column("environment", Kind.TEXT, "Environment, from the source or from the classify rules."),
        Column("vendor", Kind.TEXT, "Vendor in whose hands the ticket is; empty for nobody."),
        Column("priority", Kind.INTEGER, "1 (highest) to 5."),
        Column("state", Kind.TEXT, "new, in_progress or on_hold."),
        Column("age_hours", Kind.NUMBER, "Clock hours since creation.", "hours"),
        Column("age_bucket", Kind.TEXT, "Age in whole days: 0-30, 31-60, 61-90 or >90 days."),
        Column(
            "sla_remaining_hours",
            Kind.NUMBER,
            "Least business time left of its resolution clocks that are running; negative once used up; "
            "empty where none runs, or all are paused.",
            "business hours",
        ),
        Column(
            "needs",
            Kind.TEXT,
            (
                "approval: waits for an approver. vendor: nobody has it, and the rules neither chose a vendor nor "
                "say why none. decision: a decision is held, or did not reach the source, or nobody has it since its "
                "approval was rejected. Else empty."
            ),
        ),
        Column("approval", Kind.TEXT, "not_required, requested, approved or rejected."),
        Column("assignee", Kind.TEXT, "Person named by the source."),
        Column(
            "reason",
            Kind.TEXT,
            "Why it needs a decision: the reason of the decision that is held, or the value that did not reach the "
            "source and its outcome. Else empty.",
        ),
        Column("summary", Kind.TEXT, "The ticket's title, as the source has it now."),
    ),
    build=build,
)
