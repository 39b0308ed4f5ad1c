"""The tickets that are open at the as-of instant, the oldest first, with what each still waits for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, chosen
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR, age_hours
from itsm_bridge.model import ApprovalState, Outcome

AGE_BUCKETS = {"0-30 days": 30, "31-60 days": 60, "61-90 days": 90}
OLDEST = ">90 days"

STUCK = frozenset({"held", Outcome.CONFLICT, Outcome.OVERRIDDEN, Outcome.REJECTED, Outcome.UNKNOWN})
"""Outcomes of a decision that somebody should look at: it did not reach the source."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``."""
    tickets = frames.tickets[frames.tickets["open"]]
    hours = age_hours(tickets, frames.until)
    rows = tickets.assign(
        age_hours=hours,
        age_bucket=age_bucket(hours),
        sla_remaining_hours=tickets["ticket"].map(remaining_hours(frames.cycles)),
        needs=needs(tickets, frames.decisions),
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


def needs(tickets: pd.DataFrame, decisions: pd.DataFrame) -> pd.Series:
    """What somebody must see to: ``approval``, ``vendor``, ``decision`` (as ``TABLE`` says), or nothing."""
    stuck = decisions.loc[decisions["outcome"].isin(list(STUCK)), "ticket"]
    waits = tickets["approval"] == ApprovalState.REQUESTED
    return chosen({"approval": waits, "vendor": tickets["vendor"] == "", "decision": tickets["ticket"].isin(stuck)}, "")


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
                "approval: waits for an approver. vendor: nobody has it. decision: a decision is held, or did "
                "not reach the source. Else empty."
            ),
        ),
        Column("approval", Kind.TEXT, "not_required, requested, approved or rejected."),
        Column("assignee", Kind.TEXT, "Person named by the source."),
        Column("summary", Kind.TEXT, "The ticket's title, as the source has it now."),
    ),
    build=build,
)
