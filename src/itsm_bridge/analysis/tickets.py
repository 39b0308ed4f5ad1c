"""The tickets of the period, one row each, as they stood at the as-of instant."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames

SECONDS_PER_HOUR = 3600


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket."""
    tickets = frames.tickets.sort_values("ticket", kind="stable")
    booked = (tickets["booked_seconds"].astype("float64") / SECONDS_PER_HOUR).round(2)
    return tickets.assign(age_hours=age_hours(tickets, frames.until), booked_hours=booked)


def age_hours(tickets: pd.DataFrame, until: pd.Timestamp | object) -> pd.Series:
    """Clock hours from creation to the last resolution (else closing); to ``until`` for an open ticket."""
    ended = tickets["resolved_at"].fillna(tickets["closed_at"]).mask(tickets["open"], until)
    return ((ended - tickets["created_at"]).dt.total_seconds() / SECONDS_PER_HOUR).round(2)


TABLE = Table(
    name="tickets",
    title="Tickets",
    description="Every ticket that was open at some time in the period, as it stood at the as-of instant.",
    columns=(
        TICKET,
        Column("source", Kind.TEXT, "Name of the source in bridge.yaml."),
        Column("number", Kind.TEXT, "The number that people use in the source."),
        Column("type", Kind.TEXT, "incident, service_request, change, problem or task."),
        Column("environment", Kind.TEXT, "Environment, from the source or from the classify rules."),
        Column("service", Kind.TEXT, "Service or services."),
        Column("category", Kind.TEXT, "Category or categories."),
        Column("priority", Kind.INTEGER, "1 (highest) to 5."),
        Column(
            "state",
            Kind.TEXT,
            "new, in_progress, on_hold, resolved, closed, canceled, or unknown where bridge.yaml does not map it; "
            "handed_over, in a vendor's copy alone, where the vendor has the ticket no more.",
        ),
        Column("approval", Kind.TEXT, "not_required, requested, approved or rejected."),
        Column("vendor", Kind.TEXT, "Vendor in whose hands the ticket is; empty for nobody in vendors.yaml."),
        Column("assignee", Kind.TEXT, "Person named by the source."),
        Column("created_at", Kind.INSTANT, "When the ticket was created."),
        Column("resolved_at", Kind.INSTANT, "When it was last resolved; empty while it is open."),
        Column("closed_at", Kind.INSTANT, "When it was last closed or canceled; empty before."),
        Column(
            "age_hours",
            Kind.NUMBER,
            "Clock hours from creation to the last resolution (else closing); to the as-of instant while open.",
            "hours",
        ),
        Column("reopened", Kind.INTEGER, "How often it came back from resolved, closed or canceled.", "times"),
        Column("reassigned", Kind.INTEGER, "How often it was handed from one vendor or team to another.", "times"),
        Column("project", Kind.TEXT, "Jira project or ServiceNow table."),
        Column("group", Kind.TEXT, "Team, in the source's own words."),
        Column(
            "booked_hours",
            Kind.NUMBER,
            "Hours that people booked on it as worklogs for time before the as-of instant, as last read; empty where "
            "none is, or where worklogs are not read.",
            "hours",
        ),
        Column("summary", Kind.TEXT, "The ticket's title, as the source has it now."),
    ),
    build=build,
)
