"""Attainment week by week: what share of the clocks was in time in each week, by vendor and environment."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_attainment import SHARE_OF_COMPLETED, SHARE_OF_JUDGED, with_shares
from itsm_bridge.analysis.traction import WEEK

KEY = ["kind", "vendor", "environment"]
COUNTS = ["met", "breached", "judged", "completed"]


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``: of each kind, vendor and environment that has a judged clock, every week."""
    counts = _counted(frames.judged)
    keys = counts.reset_index()[KEY].drop_duplicates()
    weeks = pd.DataFrame({
        "week": pd.Series([week.name for week in frames.weeks], dtype="string"),
        "complete": pd.Series([week.complete for week in frames.weeks], dtype="boolean"),
        "known": pd.Series(_known(frames), dtype="boolean"),
    })  # fmt: skip
    table = weeks.merge(keys, how="cross")
    found = counts.reindex(pd.MultiIndex.from_frame(table[["week", *KEY]])).fillna(0).reset_index(drop=True)
    unknown = ~table["known"].to_numpy(dtype=bool)
    table = table.assign(**{name: found[name].astype("Int64").mask(unknown) for name in COUNTS})
    return marked(table, frames.reports.small)


def marked(table: pd.DataFrame, small: int) -> pd.DataFrame:
    """Counts of ``TABLE``, or sums of them, with their shares, and whether they are few."""
    return with_shares(table).assign(small_number=(table["judged"] < small).astype("boolean"))


def _counted(judged: pd.DataFrame) -> pd.DataFrame:
    parts = {
        "met": judged["met"],
        "breached": ~judged["met"],
        "judged": judged["met"].notna(),
        "completed": judged["completed"],
    }
    rows = judged[["week", *KEY]].assign(**{name: part.astype("int64") for name, part in parts.items()})
    return rows.groupby(["week", *KEY])[COUNTS].sum()


def _known(frames: Frames) -> list[bool]:
    """Of each week, whether a ticket is known that was there before its end: else there is no data, which is not 0."""
    first = frames.intervals["start"].min()
    return [not pd.isna(first) and first < week.end for week in frames.weeks]


TABLE = Table(
    name="sla_trend",
    title="Service level attainment by week",
    description="Attainment in each ISO week of the period and of the 12 weeks before, by the formula of "
    "sla_attainment: clocks that were completed in the week, and clocks that ran past their target at its end, of "
    "tickets that were open at some time in it. It is worked out anew from the histories as they are known at the "
    "as-of instant: a clock that went on when its ticket was reopened counts where it ended at last.",
    columns=(
        WEEK,
        Column("kind", Kind.TEXT, "sla, ola or uc, from the definition."),
        Column("vendor", Kind.TEXT, "Vendor that the clock is counted for, at its end or now; empty for nobody."),
        Column("environment", Kind.TEXT, "Environment that the clock is counted for; empty where none is known."),
        Column(
            "met",
            Kind.INTEGER,
            "Cycles completed in the week within their target; empty, not 0, where no ticket is known that was there "
            "by the end of the week.",
            "cycles",
        ),
        Column(
            "breached",
            Kind.INTEGER,
            "Cycles completed in the week past their target, and cycles that ran past it at the week's end.",
            "cycles",
        ),
        *SHARE_OF_JUDGED,
        Column("completed", Kind.INTEGER, "Cycles completed in the week: the other denominator in use.", "cycles"),
        SHARE_OF_COMPLETED,
        Column("complete", Kind.BOOLEAN, "Whether the report sees the week to its end."),
    ),
    build=build,
)
