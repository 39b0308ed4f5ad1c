"""Approvals: who was asked, what they said, and how long each ticket waited for it."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.figure import Figure
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR

HOURS_PER_DAY = 24


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``: those that wait first, the longest waiting before all."""
    rows = frames.votes.assign(waited_hours=waited_hours(frames.votes).round(2))
    order = ["waiting", "requested_at", "ticket", "approver", "decided_at", "state"]
    return rows.sort_values(order, ascending=[False, *[True] * 5], kind="stable")


def waited_hours(votes: pd.DataFrame) -> pd.Series:
    """Clock hours from the request until it ended, or so far; missing where either is not known."""
    return (votes["ended_at"] - votes["requested_at"]).dt.total_seconds() / SECONDS_PER_HOUR


def _waiting(frames: Frames) -> pd.DataFrame:
    return frames.votes[frames.votes["waiting"]]


def _count(frames: Frames) -> float:
    return float(len(_waiting(frames)))


def _median_hours(frames: Frames) -> float | None:
    seconds = _waiting(frames)["business_seconds"].dropna()
    return None if seconds.empty else round(float(seconds.median()) / SECONDS_PER_HOUR, 2)


def _oldest_days(frames: Frames) -> float | None:
    hours = waited_hours(_waiting(frames))
    return None if hours.empty else round(float(hours.max()) / HOURS_PER_DAY, 1)


FIGURES: dict[str, Figure] = {
    "approvals_waiting": Figure(
        "Approvals waiting",
        "approvals",
        "down",
        "Answers of approvers that open tickets wait for at the as-of instant: the rows of approvals with waiting. A "
        "ticket that waits for two people counts twice.",
        _count,
    ),
    "approvals_waiting_hours": Figure(
        "Median wait for an approval",
        "business hours",
        "down",
        "Median of the business hours that the approvals waiting have waited so far; those whose environment has no "
        "owner for some of the time are left out.",
        _median_hours,
    ),
    "oldest_approval": Figure(
        "Oldest approval waiting",
        "days",
        "down",
        "How long ago, by the clock, the first of the approvals waiting was asked for.",
        _oldest_days,
    ),
}

TABLE = Table(
    name="approvals",
    title="Approvals",
    description="What approvers were asked about the tickets of the period (those in tickets), over their whole life, "
    "as of the as-of instant; those who have not answered first. A ticket with approvers' records has a row for each "
    "record; any other one for each time that its approval field became requested, or was decided without that.",
    columns=(
        TICKET,
        Column(
            "approver",
            Kind.TEXT,
            "Who was asked: an address, else a name. Where the approval is a field, who decided it; empty until then.",
        ),
        Column(
            "state",
            Kind.TEXT,
            "requested, approved or rejected; not_required where the request was withdrawn, or its round ended first.",
        ),
        Column(
            "requested_at", Kind.INSTANT, "When it was asked for; empty where a field was decided without being asked."
        ),
        Column("decided_at", Kind.INSTANT, "When it was approved or rejected; empty before, and where it never was."),
        Column(
            "business_seconds",
            Kind.INTEGER,
            "Opening hours of the environment's owner, day by day, from the request to the decision, else to the as-of "
            "instant, else to when the ticket was done unanswered. Empty where a request was withdrawn or there was "
            "none, and where the environment has no owner for some of the time.",
            "seconds",
        ),
        Column("environment", Kind.TEXT, "Environment of the ticket at the as-of instant."),
        Column("vendor", Kind.TEXT, "Vendor in whose hands the ticket is at the as-of instant; empty for nobody."),
        Column("waiting", Kind.BOOLEAN, "Whether it is requested, and the ticket is open."),
        Column("waited_hours", Kind.NUMBER, "Clock hours between the same instants.", "hours"),
        Column("by", Kind.TEXT, "record: an approver's own record. field: the history of the ticket's approval field."),
    ),
    build=build,
)
