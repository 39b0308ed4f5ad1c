"""The clocks that run, are in time, and have little time left."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import ENVIRONMENT, PRIORITY, SLA, TICKET, VENDOR, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_cycles import counted

AT_RISK = 0.75
"""The share of the target that must be used."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, the least time left first."""
    cycles = counted(frames)
    running = cycles[cycles["running"]]
    used = (running["elapsed_seconds"] / running["target_seconds"]).astype("float64")
    left = running["target_seconds"] - running["elapsed_seconds"]
    risky = running.assign(remaining_seconds=left, used=used.round(4))[used >= AT_RISK]
    return risky.sort_values(["remaining_seconds", "ticket", "sla"], kind="stable")


TABLE = Table(
    name="sla_at_risk",
    title="Service levels at risk",
    description=(
        f"Clocks that run at the as-of instant with at least {AT_RISK:.0%} of their target used and "
        "not breached; the least time left first."
    ),
    columns=(
        TICKET,
        SLA,
        VENDOR,
        ENVIRONMENT,
        PRIORITY,
        Column("due_at", Kind.INSTANT, "The last instant that is still in time; empty while paused."),
        Column("remaining_seconds", Kind.INTEGER, "Business time left of the target.", "seconds"),
        Column("used", Kind.PERCENT, "Share of the target that is used."),
        Column("stage", Kind.TEXT, "in_progress, or paused while nothing is used up."),
        Column("kind", Kind.TEXT, "sla, ola or uc, from the definition."),
        Column(
            "warned_percent",
            Kind.NUMBER,
            "The highest warning of its definition that a run has seen it pass; empty where there is none.",
            "percent of the target",
        ),
        Column("warned_at", Kind.INSTANT, "When so much of the target was used up."),
    ),
    build=build,
)
