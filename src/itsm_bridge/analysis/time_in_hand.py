"""Whose time it was: every second of a ticket's open life belongs to exactly one holder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.effort import epochs
from itsm_bridge.analysis.frames import Frames, by_ticket, once
from itsm_bridge.calendars import epoch
from itsm_bridge.calendars.walltime import BEFORE_ALL
from itsm_bridge.config.model import HolderKind

HOLDING = ["ticket", "holder", "kind"]
VENDORS = (HolderKind.VENDOR, HolderKind.INTERNAL)

SUMMED = ("seconds", "business_seconds", "period_seconds", "hand_overs", "returned", "vendor_hops", "team_hops")


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket, who had it longest first."""
    rows = in_order(frames)
    rows = rows.assign(
        seconds=_seconds(rows),
        period_seconds=_seconds(rows, epoch(frames.start)),
        hand_overs=_came(rows),
        vendor_hops=rows["hop"],
        team_hops=_to_another_team(rows),
    )
    table = rows.groupby(HOLDING, as_index=False)[list(SUMMED)].sum()
    total = table.groupby("ticket")["seconds"].transform("sum")
    table["share"] = share(table["seconds"], total)
    return table.sort_values(
        ["ticket", "seconds", "holder", "kind"], ascending=[True, False, True, True], kind="stable"
    )


@once
def seconds_in_period(frames: Frames) -> pd.Series:
    """The open time of all tickets that lies in the period, by the kind of its holder."""
    return _seconds(frames.hands, epoch(frames.start)).groupby(frames.hands["kind"]).sum()


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """``part`` as a fraction of ``whole``; missing where there is nothing to divide."""
    whole = whole.astype("float64")
    return (part.astype("float64") / whole.mask(whole == 0)).round(6)


@once
def in_order(frames: Frames) -> pd.DataFrame:
    """The stretches of ``frames.hands``, oldest first, with the ticket's way from vendor to vendor.

    Adds ``hop``, whether a ticket comes from another vendor here (whoever had it between), and ``returned``, whether it
    comes back like this to one who had it before.
    """
    rows, _ = by_ticket(frames.hands, "start")
    of_vendors = rows[rows["kind"].isin(list(VENDORS))]
    arrived = of_vendors[~_as_before(of_vendors, ["ticket", "holder"])]
    hop = arrived.groupby("ticket").cumcount() > 0
    again = arrived.groupby(["ticket", "holder"]).cumcount() > 0
    return rows.assign(hop=_flags(hop, rows), returned=_flags(again, rows))


def _as_before(rows: pd.DataFrame, texts: list[str]) -> pd.Series:
    """Which rows have the same texts, the ticket's id among them, as the row before."""
    return (rows[texts] == rows[texts].shift(fill_value="")).all(axis=1)


def _flags(of_some: pd.Series, rows: pd.DataFrame) -> pd.Series:
    return of_some.reindex(rows.index, fill_value=False).astype("bool")


def _seconds(rows: pd.DataFrame, since: int = BEFORE_ALL) -> pd.Series:
    """The length of each stretch, or of what it has after ``since``."""
    seconds = np.maximum(epochs(rows["end"]) - np.maximum(epochs(rows["start"]), since), 0)
    return pd.Series(seconds, index=rows.index, dtype="Int64")


def _came(rows: pd.DataFrame) -> pd.Series:
    """Whether a ticket came to its holder with this stretch, and was not with the same one just before."""
    return ~(_as_before(rows, HOLDING) & (rows["start"] == rows["end"].shift()))


def _to_another_team(rows: pd.DataFrame) -> pd.Series:
    """Whether a ticket went to another team with this stretch, and stayed with the same vendor."""
    with_team = rows[rows["group"] != ""]
    stayed = _as_before(with_team, ["ticket", "vendor"])
    return _flags(stayed & ~_as_before(with_team, ["ticket", "vendor", "group"]), rows)


HOLDER = Column(
    "holder", Kind.TEXT, "The vendor or internal team by its name in vendors.yaml; else approver, requester or nobody."
)
HOLDER_KIND = Column(
    "kind",
    Kind.TEXT,
    "approver: approval is requested. requester: on hold, unless holders: in sla.yaml says who is waited for. vendor, "
    "internal (our own team): in its hands. nobody: in nobody's hands.",
)

TABLE = Table(
    name="time_in_hand",
    title="Time in hand",
    description="Who had each ticket for how long: tickets as in tickets, over their whole life up to the as-of "
    "instant. Time counts from creation until the ticket is resolved, closed or canceled, and again after it is "
    "reopened; every second belongs to one holder, so that a ticket's rows add up to the time it was open.",
    columns=(
        TICKET,
        HOLDER,
        Column("seconds", Kind.INTEGER, "Clock time of the ticket with this holder.", "seconds"),
        Column(
            "business_seconds",
            Kind.INTEGER,
            "The same in opening hours of the environment's owner, day by day; while a ticket has no environment, of "
            "the last one that it had, else of the first one that it got. 0 while there is no owner, and where it "
            "never had an environment, which data_quality lists as no_business_time.",
            "seconds",
        ),
        Column("share", Kind.PERCENT, "seconds / all seconds of the ticket; empty where it was open for none."),
        HOLDER_KIND,
        Column(
            "hand_overs",
            Kind.INTEGER,
            "How often the ticket came to this holder: when it was created or reopened, or from another holder.",
            "times",
        ),
        Column(
            "returned",
            Kind.INTEGER,
            "How often it came back to this vendor after another vendor had had it, whoever else had it between.",
            "times",
        ),
        Column(
            "vendor_hops",
            Kind.INTEGER,
            "How often it came to this vendor after another vendor; returned are some of them.",
            "times",
        ),
        Column(
            "team_hops",
            Kind.INTEGER,
            "How often its team changed, in the source's own words, while it stayed with one vendor and came or was "
            "with this holder.",
            "times",
        ),
        Column("period_seconds", Kind.INTEGER, "The part of seconds that lies in the period.", "seconds"),
    ),
    build=build,
)
