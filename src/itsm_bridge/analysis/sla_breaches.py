"""The breached clocks of the period: completed late in it, or running past their target."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import ENVIRONMENT, PRIORITY, SLA, TICKET, VENDOR, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_cycles import counted


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, the furthest over first."""
    cycles = counted(frames)
    late = cycles[cycles["failed"]]
    over = late["elapsed_seconds"] - late["target_seconds"]
    return late.assign(over_seconds=over).sort_values(
        ["over_seconds", "ticket", "sla"], ascending=[False, True, True], kind="stable"
    )


TABLE = Table(
    name="sla_breaches",
    title="Service levels breached",
    description=(
        "Clocks completed in the period past their target, and those that run past it at the as-of "
        "instant; the furthest over first."
    ),
    columns=(
        TICKET,
        SLA,
        VENDOR,
        ENVIRONMENT,
        PRIORITY,
        Column("due_at", Kind.INSTANT, "The last instant that was in time; empty while paused."),
        Column("over_seconds", Kind.INTEGER, "Business time used past the target.", "seconds"),
        Column("stage", Kind.TEXT, "completed, or in_progress or paused while it still runs."),
        Column("stopped_at", Kind.INSTANT, "When the clock ended; empty while it runs."),
        Column("target_seconds", Kind.INTEGER, "Business time allowed.", "seconds"),
        Column("kind", Kind.TEXT, "sla, ola or uc, from the definition."),
    ),
    build=build,
)
