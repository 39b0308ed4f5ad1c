"""Who used the time of breached clocks, for each service level: which partner had the tickets that came too late."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import SLA, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_breach_shares import breach_time
from itsm_bridge.analysis.time_in_hand import HOLDER, HOLDER_KIND, share

KEY = ["sla", "holder", "kind"]


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by service level, who used most first."""
    groups = breach_time(frames).groupby(KEY, as_index=False)
    table = groups.agg(cycles=("cycle", "nunique"), business_seconds=("business_seconds", "sum"))
    whole = table.groupby("sla")["business_seconds"].transform("sum")
    table["share"] = share(table["business_seconds"], whole)
    return table.sort_values(["sla", "business_seconds", "holder", "kind"], ascending=[True, False, True, True])


TABLE = Table(
    name="sla_breach_holders",
    title="Whose time broke service levels, by holder",
    description="The rows of sla_breach_shares added up by service level and holder.",
    columns=(
        SLA,
        HOLDER,
        HOLDER_KIND,
        Column("cycles", Kind.INTEGER, "Breached clocks that ran for a time with this holder.", "cycles"),
        Column("business_seconds", Kind.INTEGER, "Running time of breached clocks with this holder.", "seconds"),
        Column("share", Kind.PERCENT, "business_seconds / all rows of the service level."),
    ),
    build=build,
)
