"""The clocks of the period's tickets, one row for each time a service level was measured."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, once

RUNNING = ("in_progress", "paused")
"""Stages of a clock that has not ended."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket and start."""
    return frames.cycles.sort_values(["ticket", "sla", "started_at"], kind="stable")


@once
def counted(frames: Frames) -> pd.DataFrame:
    """The cycles that matter to a period: completed in it, running at its as-of instant, or dropped in it.

    Adds the booleans ``completed``, ``failed`` (past the target, completed or running), ``judged`` (completed or
    failed: the denominator), ``running`` (within the target so far) and ``dropped`` (past it when it was cancelled).
    """
    cycles = frames.cycles
    ended = (cycles["stopped_at"] >= frames.start) & (cycles["stopped_at"] < frames.until)
    completed = ended & (cycles["stage"] == "completed")
    dropped = ended & (cycles["stage"] == "cancelled") & cycles["breached"]
    running = cycles["stage"].isin(RUNNING)
    failed = cycles["breached"] & (completed | running)
    marked = cycles.assign(
        completed=completed, failed=failed, judged=completed | failed, running=running & ~failed, dropped=dropped
    )
    return marked[completed | running | dropped]


TABLE = Table(
    name="sla_cycles",
    title="Service level cycles",
    description=(
        "Every clock of every ticket that was open at some time in the period. Seconds are business "
        "seconds of the definition's calendar."
    ),
    columns=(
        TICKET,
        Column("sla", Kind.TEXT, "Name of the definition in sla.yaml."),
        Column("measures", Kind.TEXT, "response, resolution, approval, or a name of your own."),
        Column("kind", Kind.TEXT, "sla: what we owe. ola: what our own teams owe. uc: what a vendor's contract owes."),
        Column("vendor", Kind.TEXT, "Vendor that the clock is counted for."),
        Column("environment", Kind.TEXT, "Environment that the clock is counted for."),
        Column("priority", Kind.INTEGER, "Priority that the clock is counted for."),
        Column("started_at", Kind.INSTANT, "When the clock started."),
        Column("stopped_at", Kind.INSTANT, "When it ended; empty while it runs."),
        Column("due_at", Kind.INSTANT, "The last instant that is still in time; empty while paused."),
        Column("target_seconds", Kind.INTEGER, "Business time allowed.", "seconds"),
        Column("elapsed_seconds", Kind.INTEGER, "Business time used.", "seconds"),
        Column("paused_seconds", Kind.INTEGER, "Business time during which the clock was paused.", "seconds"),
        Column("breached", Kind.BOOLEAN, "Whether more than the target was used."),
        Column("stage", Kind.TEXT, "in_progress, paused, completed or cancelled."),
        Column(
            "remaining_seconds", Kind.INTEGER, "Target less the time used; negative once it is breached.", "seconds"
        ),
        Column("due_if_resumed_at", Kind.INSTANT, "When a paused clock would be due if it went on now."),
        Column(
            "agreed_breached",
            Kind.BOOLEAN,
            "Whether it was breached as agreed when it ended; empty where it has not ended or was never frozen.",
        ),
        Column("agreed_elapsed_seconds", Kind.INTEGER, "Business time used, as agreed.", "seconds"),
        Column("agreed_target_seconds", Kind.INTEGER, "Business time allowed, as agreed.", "seconds"),
        Column("agreed_at", Kind.INSTANT, "Since when the agreed verdict stands."),
    ),
    build=build,
)
