"""Quality: how fast and how well tickets were resolved, by vendor and environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pandas.core.groupby import DataFrameGroupBy

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.figure import Figure, Measure
from itsm_bridge.analysis.frames import Frames, once
from itsm_bridge.analysis.sla_attainment import share
from itsm_bridge.analysis.survival import medians
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR

KEY = ["vendor", "environment"]
COUNTS = ["resolved", "first_contact", "reopened_tickets", "reassignments", "ping_pong", "business_resolved"]
MEANS = ["mtta_hours", "mttr_hours", "mtta_business_hours", "mttr_business_hours"]
QUANTILES = {"median": 0.5, "p80": 0.8, "p90": 0.9}


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor and environment: where tickets were resolved, came back or are open."""
    rows, still_open = resolved(frames), frames.tickets[frames.tickets["open"]]
    groups = rows.groupby(KEY)
    late = frames.resolutions[frames.resolutions["resolved_at"] < frames.start]
    others = {"came_back": late.groupby(KEY).size(), "open_tickets": still_open.groupby(KEY).size()}
    survivors = _with_open(rows, still_open, frames)
    others["median_with_open_tickets"] = survivors.groupby(KEY).size()
    table = pd.concat([groups[COUNTS].sum(), pd.DataFrame(others)], axis=1).fillna(0).astype("int64")
    table = table.join([groups[MEANS].mean(), *_quantiles(groups)])
    table["mttr_median_with_open_hours"] = medians(survivors, KEY, "mttr_hours", "is_over")
    table = table.sort_index().rename_axis(KEY)
    return (
        table.round(4)
        .reset_index()
        .assign(
            first_contact_share=share(table["first_contact"], table["resolved"]).array,
            reopen_share=share(table["reopened_tickets"], table["resolved"]).array,
            small=(table["resolved"] < frames.reports.small).array,
        )
    )


@once
def resolved(frames: Frames) -> pd.DataFrame:
    """The tickets whose last resolution lies in the period, one row each, with what ``TABLE`` sums and divides."""
    rows = frames.resolutions[frames.resolutions["resolved_at"] >= frames.start]
    business = rows["resolve_seconds"].notna()
    return rows.assign(
        resolved=1,
        first_contact=rows["reassigned"] == 0,
        reopened_tickets=rows["reopened"],
        reassignments=rows["reassigned"],
        business_resolved=business,
        mtta_hours=_hours(rows["acknowledged_at"] - rows["created_at"]),
        mttr_hours=_hours(rows["resolved_at"] - rows["created_at"]),
        mtta_business_hours=rows["acknowledge_seconds"].where(business).astype("float64") / SECONDS_PER_HOUR,
        mttr_business_hours=rows["resolve_seconds"].astype("float64") / SECONDS_PER_HOUR,
    ).astype(dict.fromkeys(COUNTS, "int64"))


def _hours(length: pd.Series) -> pd.Series:
    hours: pd.Series = length.dt.total_seconds() / SECONDS_PER_HOUR
    return hours


def _quantiles(rows: DataFrameGroupBy[Any, Any]) -> Iterator[pd.DataFrame]:
    """Median, p80 and p90 of the times to resolution, by straight lines between neighbours (numpy's ``linear``)."""
    times = rows[["mttr_hours", "mttr_business_hours"]]
    for name, part in QUANTILES.items():
        found = times.quantile(part)
        yield found.set_axis([str(column).replace("_hours", f"_{name}_hours") for column in found], axis=1)


def _with_open(rows: pd.DataFrame, still_open: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """The times of what was resolved and has not come back, and of what is open, which are not over yet."""
    done = rows.loc[~rows["open"], [*KEY, "mttr_hours"]].assign(is_over=1)
    ages = still_open[KEY].assign(mttr_hours=_hours(frames.until - still_open["created_at"]), is_over=0)
    return pd.concat([done, ages], ignore_index=True)


def _mean_of(column: str) -> Measure:
    def measure(frames: Frames) -> float | None:
        values = resolved(frames)[column].dropna()
        return None if values.empty else round(float(values.mean()), 4)

    return measure


def _share_of(column: str) -> Measure:
    def measure(frames: Frames) -> float | None:
        rows = resolved(frames)
        return round(float(rows[column].sum()) / len(rows), 6) if len(rows) else None

    return measure


_RESOLVED = "tickets whose last resolution lies in the period"

FIGURES: dict[str, Figure] = {
    "mtta": Figure(
        "Mean time to acknowledge",
        "hours",
        "down",
        f"Mean clock time from creation to the first state after new, over {_RESOLVED}: all rows of quality together.",
        _mean_of("mtta_hours"),
    ),
    "mttr": Figure(
        "Mean time to resolve",
        "hours",
        "down",
        f"Mean clock time from creation to the last resolution, over {_RESOLVED}: all rows of quality together.",
        _mean_of("mttr_hours"),
    ),
    "first_contact_share": Figure(
        "Resolved at first contact",
        "share",
        "up",
        f"Of the {_RESOLVED}, those never handed from one vendor or team to another: the sums of first_contact and "
        "resolved in quality.",
        _share_of("first_contact"),
    ),
    "reopen_share": Figure(
        "Reopened after a resolution",
        "share",
        "down",
        f"Of the {_RESOLVED}, those that came back from a resolution in the period: the sums of reopened_tickets and "
        "resolved in quality.",
        _share_of("reopened_tickets"),
    ),
}


_TO_RESOLVE = "clock hours from creation to the last resolution"
_LINEAR = "Between two values it lies on the straight line (numpy's linear method)."
_BUSINESS = "in opening hours of the environment's owner, day by day; over business_resolved"

TABLE = Table(
    name="quality",
    title="Quality",
    description=(
        "Tickets whose last resolution lies in the period, by the vendor and environment that had them until then. A "
        "resolution is the change of an open ticket to resolved or closed; canceled is none. Where tickets only "
        "came back or are open, there is a row too, with none resolved."
    ),
    columns=(
        Column("vendor", Kind.TEXT, "Vendor that had the ticket until it was resolved; empty for nobody."),
        Column("environment", Kind.TEXT, "Environment of the ticket until it was resolved; empty where none is known."),
        Column("resolved", Kind.INTEGER, "Tickets whose last resolution lies in the period.", "tickets"),
        Column("first_contact_share", Kind.PERCENT, "first_contact / resolved; empty where nothing was resolved."),
        Column("reopen_share", Kind.PERCENT, "reopened_tickets / resolved; empty where nothing was resolved."),
        Column(
            "reassignments",
            Kind.INTEGER,
            "How often the resolved tickets were handed from one vendor or team to another in their whole life: the "
            "sum of reassigned in tickets.",
            "times",
        ),
        Column(
            "ping_pong",
            Kind.INTEGER,
            "How often the resolved tickets came back to a vendor from the next one (A, B, A) in their whole life.",
            "times",
        ),
        Column(
            "mtta_hours",
            Kind.NUMBER,
            "Mean clock hours from creation to the acknowledgement: the first state other than new, or unknown.",
            "hours",
        ),
        Column("mttr_hours", Kind.NUMBER, f"Mean {_TO_RESOLVE}.", "hours"),
        Column("mttr_median_hours", Kind.NUMBER, f"Median {_TO_RESOLVE}.", "hours"),
        Column("mttr_p90_hours", Kind.NUMBER, f"90th percentile of the {_TO_RESOLVE}. {_LINEAR}", "hours"),
        Column("mttr_p80_hours", Kind.NUMBER, f"80th percentile of the {_TO_RESOLVE}. {_LINEAR}", "hours"),
        Column("mtta_business_hours", Kind.NUMBER, f"As mtta_hours, {_BUSINESS}.", "business hours"),
        Column("mttr_business_hours", Kind.NUMBER, f"As mttr_hours, {_BUSINESS}.", "business hours"),
        Column("mttr_business_median_hours", Kind.NUMBER, f"As mttr_median_hours, {_BUSINESS}.", "business hours"),
        Column("mttr_business_p80_hours", Kind.NUMBER, f"As mttr_p80_hours, {_BUSINESS}.", "business hours"),
        Column("mttr_business_p90_hours", Kind.NUMBER, f"As mttr_p90_hours, {_BUSINESS}.", "business hours"),
        Column(
            "business_resolved",
            Kind.INTEGER,
            "Resolved tickets whose environment has an owner, and so a calendar, from creation to resolution: what the "
            "figures in business hours rest on.",
            "tickets",
        ),
        Column(
            "first_contact",
            Kind.INTEGER,
            "Resolved tickets that were never handed from one vendor or team to another.",
            "tickets",
        ),
        Column(
            "reopened_tickets",
            Kind.INTEGER,
            "Resolved tickets that came back in the period from resolved or closed; they were resolved again, or are "
            "open once more.",
            "tickets",
        ),
        Column(
            "came_back",
            Kind.INTEGER,
            "Tickets that were resolved here before the period, came back in it and were not resolved again; in no "
            "other column but open_tickets.",
            "tickets",
        ),
        Column(
            "small", Kind.BOOLEAN, "Whether fewer tickets were resolved than reports: small: says: read the counts."
        ),
        Column("open_tickets", Kind.INTEGER, "Tickets open here at the as-of instant.", "tickets"),
        Column(
            "mttr_median_with_open_hours",
            Kind.NUMBER,
            "Median clock hours to resolution that does not leave open tickets out: each counts as one that takes "
            "longer than its age (Kaplan and Meier, 1958). Over what was resolved here in the period and has not come "
            "back, and what is open here. Empty while not yet half of them are resolved.",
            "hours",
        ),
        Column(
            "median_with_open_tickets",
            Kind.INTEGER,
            "Tickets that mttr_median_with_open_hours rests on, the open ones among them.",
            "tickets",
        ),
    ),
    build=build,
)
