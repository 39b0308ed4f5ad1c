"""Bandwidth by environment: where the work comes from that reached each vendor in each week."""

from __future__ import annotations

import pandas as pd

import itsm_bridge.analysis.bandwidth as bandwidth
import itsm_bridge.analysis.traction as traction
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames

KEY = ["vendor", "environment", "week"]


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor, environment and week, where something arrived or was open."""
    weekly = traction.build(frames)
    weekly["arrivals"] = weekly[list(traction.BEGINNINGS)].sum(axis=1)
    weekly["open_tickets"] = weekly["open_end"]
    there = (weekly["vendor"] != "") & ((weekly["arrivals"] > 0) | (weekly["open_tickets"] > 0))
    rows = weekly.loc[there, [*KEY, "arrivals", "open_tickets"]].sort_values(KEY, ignore_index=True)
    return bandwidth.against_capacity(rows, frames)


TABLE = Table(
    name="bandwidth_environments",
    title="Bandwidth by environment",
    description="Hours of ticket work that arrived for each vendor from each environment, in each ISO week of the "
    "period and of the 12 weeks before. A vendor's rows of a week add up to its row of bandwidth.",
    columns=(
        Column("vendor", Kind.TEXT, "Vendor, or own team, that the tickets arrived for."),
        Column("environment", Kind.TEXT, "Environment at the arrival; empty where none is known."),
        Column("week", Kind.TEXT, "ISO 8601 week, from Monday 00:00."),
        Column("load_hours", Kind.NUMBER, "Arrivals x effort_hours of bandwidth.", "hours"),
        bandwidth.ARRIVALS,
        Column(
            "open_tickets",
            Kind.INTEGER,
            "Tickets of the environment in the vendor's hands as the week ended, or at the as-of instant.",
            "tickets",
        ),
        bandwidth.SHARE_OF_CAPACITY,
        bandwidth.CAPACITY,
    ),
    build=build,
)
