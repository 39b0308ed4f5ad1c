"""Bandwidth: the work that reached each vendor in each week, against the hours that it has."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

import itsm_bridge.analysis.traction as traction
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, once
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR

LEARNED_OVER = timedelta(weeks=12)
"""How far back effort is learned from."""

ENOUGH = 10
"""With fewer stays a vendor's own mean says little, and the programme's is used."""

MOST_HOURS = 8.0
"""What one stay may count at most: beyond a working day it was rather left lying in progress than worked on."""


@once
def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor and week; none without a single ticket, since no load is known then."""
    weekly = traction.build(frames)
    weekly["arrivals"] = weekly["created"] + weekly["reopened"] + weekly["moved_in"]
    by_vendor = weekly[weekly["vendor"] != ""].groupby(["vendor", "week"])[["arrivals", "open_end"]].sum().reset_index()
    capacity = frames.capacity if any(frames.known.values()) else frames.capacity.head(0)
    rows = capacity.merge(by_vendor, how="outer", on=["vendor", "week"], sort=True)
    counts = rows[["arrivals", "open_end"]].fillna(0).astype("int64")
    hours = effort_of(rows["vendor"], frames)
    load = (counts["arrivals"] * hours).round(2)
    complete = {week.name: week.complete for week in frames.weeks}
    return rows.assign(
        arrivals=counts["arrivals"],
        open_tickets=counts["open_end"],
        effort_hours=hours.round(4),
        load_hours=load,
        utilization=_share(load, rows["capacity_hours"]),
        overload_hours=(load - rows["capacity_hours"]).clip(lower=0).round(2),
        one_more_utilization=_share(load, rows["one_more_capacity_hours"]),
        complete=rows["week"].map(complete),
    )


def against_capacity(rows: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Arrivals by vendor and week, and by something else, with their hours and their share of the vendor's capacity."""
    held = rows.merge(frames.capacity[["vendor", "week", "capacity_hours"]], how="left", on=["vendor", "week"])
    load = (held["arrivals"] * effort_of(held["vendor"], frames)).round(2)
    return held.assign(load_hours=load, share_of_capacity=_share(load, held["capacity_hours"]))


def effort_of(vendors: pd.Series, frames: Frames) -> pd.Series:
    """``effort_hours`` for each of some vendors, the programme's where it has none of its own."""
    effort = effort_hours(frames)
    hours: pd.Series = vendors.map(effort).astype("float64").fillna(effort.get("", float("nan")))
    return hours


def _share(load: pd.Series, capacity: pd.Series) -> pd.Series:
    share: pd.Series = (load / capacity.where(capacity > 0)).round(4)
    return share


@once
def effort_hours(frames: Frames) -> pd.Series:
    """Mean hours of work in a ticket's stay with a vendor, as ``TABLE`` defines it; the programme's without a name.

    To four digits, as it is shown: who multiplies it finds the load, and so does a vendor's copy.
    """
    spans = frames.spans
    ended = spans[(spans["ended"] != "") & (spans["end"] >= frames.until - LEARNED_OVER) & (spans["vendor"] != "")]
    hours = (ended["work_seconds"].fillna(0) / SECONDS_PER_HOUR).clip(upper=MOST_HOURS)
    of_vendors = hours.groupby(ended["vendor"]).agg(["mean", "count"])
    own = of_vendors.loc[of_vendors["count"] >= ENOUGH, "mean"].to_dict()
    means = pd.Series({"": hours.mean(), **own}, dtype="float64").round(4)
    return means.where(means > 0)


CAPACITY = Column(
    "capacity_hours",
    Kind.NUMBER,
    "people x hours_per_week x focus for the whole week, scaled by the business hours that the "
    "vendor's calendar opens in that "
    "week against its week without holidays, less the people on leave. 0 for a vendor that is "
    "neither active nor offboarding.",
    "hours",
)
ARRIVALS = Column(
    "arrivals",
    Kind.INTEGER,
    "Tickets created for, reopened with, or moved to the vendor in the week, and those it had that moved to another "
    "environment: created + reopened + moved_in of traction. Each is a stay, which effort_hours is about.",
    "tickets",
)
SHARE_OF_CAPACITY = Column(
    "share_of_capacity",
    Kind.PERCENT,
    "load_hours / capacity_hours of the vendor in the week, all its work taken together; empty where there is no "
    "capacity or no effort is known.",
)

TABLE = Table(
    name="bandwidth",
    title="Bandwidth",
    description="Hours of ticket work that each vendor has and that arrived for it, in each ISO week of the "
    "period and of the 12 weeks before.",
    columns=(
        Column("vendor", Kind.TEXT, "Vendor, or own team, of vendors.yaml."),
        Column("week", Kind.TEXT, "ISO 8601 week, from Monday 00:00."),
        CAPACITY,
        Column(
            "load_hours", Kind.NUMBER, "Arrivals x effort_hours: the work that reached the vendor in the week.", "hours"
        ),
        Column(
            "open_tickets",
            Kind.INTEGER,
            "Tickets in the vendor's hands as the week ended, or at the as-of instant.",
            "tickets",
        ),
        Column(
            "utilization",
            Kind.PERCENT,
            "load_hours / capacity_hours; empty where there is no capacity or no effort is known. Over "
            "100 % the backlog grows.",
        ),
        ARRIVALS,
        Column(
            "effort_hours",
            Kind.NUMBER,
            "Hours of work in one ticket's stay with the vendor, to four digits, learned from the stays that ended in "
            "the 12 weeks before the as-of instant: business time in progress, shared where more are in progress at "
            "once, stays that still last among them, than its people can work on, and at most "
            f"{MOST_HOURS:g} h a stay. The "
            f"programme's mean where these are fewer than {ENOUGH}, in a vendor's copy that of its own; empty where "
            "nothing was in progress.",
            "hours",
        ),
        Column(
            "complete",
            Kind.BOOLEAN,
            "Whether the week had ended at the as-of instant. If not, load is that of the week so far, "
            "capacity that of the whole week.",
        ),
        Column("status", Kind.TEXT, "The vendor's status in vendors.yaml."),
        Column(
            "overload_hours",
            Kind.NUMBER,
            "max(0, load_hours - capacity_hours): work that arrived beyond the vendor's hours; empty where either is "
            "not known.",
            "hours",
        ),
        Column(
            "one_more_capacity_hours",
            Kind.NUMBER,
            "capacity_hours if the vendor had one person more: (people + 1) x hours_per_week x focus, scaled alike.",
            "hours",
        ),
        Column(
            "one_more_utilization",
            Kind.PERCENT,
            "load_hours / one_more_capacity_hours: what the week's utilization would be with one engineer more.",
        ),
    ),
    build=build,
)
