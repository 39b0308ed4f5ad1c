"""What the rules decided last about each field of the period's tickets, and what came of it."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket and field."""
    return frames.decisions.sort_values(["ticket", "field"], kind="stable")


TABLE = Table(
    name="decisions",
    title="Decisions",
    description="The latest decision about each field of the tickets that were open at some time in the "
    "period, with the rule that made it.",
    columns=(
        TICKET,
        Column("field", Kind.TEXT, "impact, urgency, priority, approval, vendor or note."),
        Column("value", Kind.TEXT, "What was decided, in the bridge's own names; empty for none."),
        Column("rule", Kind.TEXT, "Name of the rule in rules.yaml that decided."),
        Column("because", Kind.TEXT, "The rule's reason, or why the decision is held."),
        Column("decided_at", Kind.INSTANT, "When it was decided last."),
        Column(
            "outcome",
            Kind.TEXT,
            "verified: written and read back. noop: it was so already. kept: nothing to write. planned: "
            "not written yet. held, conflict, "
            "overridden, rejected, unknown: look at the ticket.",
        ),
    ),
    build=build,
)
