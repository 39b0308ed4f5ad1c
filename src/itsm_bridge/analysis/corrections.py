"""What an earlier report of the same period, up to the same instant, said otherwise."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames

COMPARED = (
    "type", "environment", "service", "category", "priority", "state", "approval", "vendor", "created_at",
    "resolved_at", "closed_at", "reopened", "reassigned",
)  # fmt: skip
"""The columns of ``tickets`` in which a late change shows."""

PASSING = frozenset({"staleness"})
"""Figures that change whenever a source is read, and correct nothing."""


def build(_frames: Frames) -> pd.DataFrame:
    """No rows: what was published before lies beside the report and not in its frames."""
    return pd.DataFrame(columns=[column.name for column in TABLE.columns])


TABLE = Table(
    name="corrections",
    title="Corrections",
    description="Late changes: what the first report of this period up to this same instant said, where it was "
    "published into the same folder, and what is said now. In a folder that was moved or emptied it begins anew: the "
    "first page says since when. Figures of the summary, and tickets by column "
    f"({', '.join(COMPARED)}). Empty where nothing was published before, or nothing came in late.",
    columns=(
        Column("table", Kind.TEXT, "Where it shows: summary or tickets."),
        Column("ticket", Kind.TEXT, "The ticket's id; empty for a figure."),
        Column("what", Kind.TEXT, "The figure or column; listed for a ticket that came or went as a whole."),
        Column("was", Kind.TEXT, "What the first report said; empty for nothing."),
        Column("is", Kind.TEXT, "What this report says."),
        Column(
            "noticed_at",
            Kind.INSTANT,
            "When the sources had last been read as a report first said what this one says: the change came in before.",
        ),
    ),
    build=build,
)
