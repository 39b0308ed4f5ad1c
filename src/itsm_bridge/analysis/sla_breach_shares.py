"""Who used the time of each breached clock: its running time, divided among those who had the ticket meanwhile."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import ENVIRONMENT, SLA, TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, once
from itsm_bridge.analysis.sla_cycles import counted
from itsm_bridge.analysis.time_in_hand import HOLDER, HOLDER_KIND, share

_ORDER = ["ticket", "sla", "started_at", "cycle", "business_seconds", "holder", "kind"]


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket and clock, who used most first."""
    return breach_time(frames).sort_values(_ORDER, ascending=[name != "business_seconds" for name in _ORDER])


@once
def breach_time(frames: Frames) -> pd.DataFrame:
    """Each row of ``sla_breaches`` as often as there are holders who used its time."""
    cycles = counted(frames)
    late = cycles[cycles["failed"]].drop(columns="kind")
    used = frames.used.join(late, on="cycle", how="inner")
    return used.assign(share=share(used["business_seconds"], used["elapsed_seconds"]))


TABLE = Table(
    name="sla_breach_shares",
    title="Whose time broke service levels",
    description="The time of every clock in sla_breaches, divided among those who had the ticket while it ran; "
    "pauses are in none. A clock's rows add up to its elapsed_seconds. What it took over from another level is divided "
    "like its own time, in the hours of that level.",
    columns=(
        TICKET,
        SLA,
        Column("started_at", Kind.INSTANT, "When the clock started."),
        HOLDER,
        HOLDER_KIND,
        Column(
            "business_seconds",
            Kind.INTEGER,
            "Time that the clock used with this holder.",
            "seconds",
        ),
        Column("share", Kind.PERCENT, "business_seconds / elapsed_seconds."),
        ENVIRONMENT,
        Column("target_seconds", Kind.INTEGER, "Business time allowed.", "seconds"),
        Column("elapsed_seconds", Kind.INTEGER, "Business time used.", "seconds"),
    ),
    build=build,
)
