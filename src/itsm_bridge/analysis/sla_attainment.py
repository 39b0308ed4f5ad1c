"""Attainment: how many clocks ended in time, by service level, vendor, environment and priority."""

from __future__ import annotations

import numpy as np
import pandas as pd

from itsm_bridge.analysis.columns import ENVIRONMENT, PRIORITY, SLA, VENDOR, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_cycles import counted

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``."""
    table = attainment(counted(frames), ["sla", "kind", "vendor", "environment", "priority"])
    return table.assign(small_number=table["judged"] < frames.reports.small)


def attainment(cycles: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Counts and shares of ``counted`` cycles in groups, ordered by group; a share without a denominator is missing."""
    parts = {
        "met": cycles["completed"] & ~cycles["failed"],
        "breached": cycles["failed"],
        "running": cycles["running"],
        "completed": cycles["completed"],
        "cancelled_breached": cycles["dropped"],
    }
    counts = cycles[by].assign(**{name: part.astype("int64") for name, part in parts.items()})
    table = counts.groupby(by, dropna=False)[list(parts)].sum().reset_index()
    return with_shares(table.assign(judged=table["met"] + table["breached"]))


def with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Counts ``met``, ``judged`` and ``completed`` with their shares; one without a denominator is missing."""
    met, judged, completed = (table[name].astype("float64") for name in ("met", "judged", "completed"))
    low, high = wilson(met, judged)
    return table.assign(
        attainment=share(met, judged),
        attainment_low=low,
        attainment_high=high,
        attainment_completed=share(met, completed),
    )


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """``part`` of ``whole``, to six digits; missing where there is no whole."""
    return (part / whole.where(whole > 0)).astype("float64").round(6)


def wilson(part: pd.Series, whole: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The 95 % score interval of a share (E. B. Wilson, 1927): honest for few cases and near 0 or 1."""
    n = whole.where(whole > 0).astype("float64")
    p = part / n
    centre = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * np.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n**2))
    return (centre - half).clip(0, 1).round(6), (centre + half).clip(0, 1).round(6)


SHARE_OF_JUDGED = (
    Column("attainment", Kind.PERCENT, "met / (met + breached); empty, not 0, where there is nothing to judge."),
    Column("judged", Kind.INTEGER, "met + breached: the denominator of attainment.", "cycles"),
    Column(
        "small_number",
        Kind.BOOLEAN,
        "Whether fewer cycles are judged than reports.small in bridge.yaml: read the counts, not the share.",
    ),
    Column("attainment_low", Kind.PERCENT, "Lower end of the 95 % Wilson interval of attainment."),
    Column("attainment_high", Kind.PERCENT, "Upper end of the 95 % Wilson interval of attainment."),
)
SHARE_OF_COMPLETED = Column(
    "attainment_completed", Kind.PERCENT, "met / completed: what tools report that leave running clocks out."
)
"""Columns of every table of attainment."""

TABLE = Table(
    name="sla_attainment",
    title="Service level attainment",
    description="Clocks that ended in the period, or ran at the as-of instant. A running clock that is past "
    "its target counts as breached now, "
    "not when the ticket is closed at last; cancelled clocks do not count. They are those of sla_cycles, the clocks of "
    "tickets that were open at some time in the period: one that goes on after its ticket was resolved, because it "
    "stops on closed alone, and ends in a later period, is not judged by its end in any.",
    columns=(
        SLA,
        VENDOR,
        ENVIRONMENT,
        PRIORITY,
        Column("met", Kind.INTEGER, "Cycles completed in the period within their target.", "cycles"),
        Column(
            "breached",
            Kind.INTEGER,
            "Cycles completed in the period past their target, and running cycles past it.",
            "cycles",
        ),
        Column(
            "running",
            Kind.INTEGER,
            "Cycles in progress or paused that are still within their target; in no denominator.",
            "cycles",
        ),
        *SHARE_OF_JUDGED,
        Column("completed", Kind.INTEGER, "Cycles completed in the period: the other denominator in use.", "cycles"),
        SHARE_OF_COMPLETED,
        Column(
            "cancelled_breached",
            Kind.INTEGER,
            "Cycles cancelled in the period when their target had passed, such as a vendor's clock when the ticket is "
            "handed on; in no denominator.",
            "cycles",
        ),
        Column("kind", Kind.TEXT, "sla, ola or uc, from the definition."),
    ),
    build=build,
)
