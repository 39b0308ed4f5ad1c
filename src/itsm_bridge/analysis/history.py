"""The history of the period's tickets: what every figure about time is computed from."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import TICKET, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, by_ticket


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket, oldest first."""
    return by_ticket(frames.history, "at")[0]


TABLE = Table(
    name="history",
    title="History",
    description="Every change, up to the as-of instant, of the tickets that were open at some time in the period.",
    columns=(
        TICKET,
        Column("at", Kind.INSTANT, "When the field changed."),
        Column("field", Kind.TEXT, "The bridge's name of the field."),
        Column("from", Kind.TEXT, "The bridge's name of the value before; empty for none."),
        Column("to", Kind.TEXT, "The bridge's name of the value after; empty for none."),
        Column("actor", Kind.TEXT, "Account that made the change, as the source names it."),
    ),
    build=build,
    sheet=False,
)
