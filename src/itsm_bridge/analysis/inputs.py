"""Inputs: the figures from outside that the report rests on, line by line."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor, environment, figure and month."""
    return frames.outside.sort_values(["vendor", "environment", "figure", "month"], kind="stable")


TABLE = Table(
    name="inputs",
    title="Figures from outside",
    description="What the CSV files of reports.inputs in bridge.yaml say, of months that had begun before the as-of "
    "instant. What is not here is not known, and is no 0; lines that could not be used are listed in data_quality.",
    columns=(
        Column("vendor", Kind.TEXT, "Vendor, or own team, of vendors.yaml."),
        Column("environment", Kind.TEXT, "Environment that the value is about; empty for the vendor as a whole."),
        Column("month", Kind.TEXT, "Month that the value is about, such as 2026-11."),
        Column("figure", Kind.TEXT, "uptime, patch_compliance, cost or satisfaction."),
        Column("value", Kind.NUMBER, "The value as given; a percentage as a fraction of 1.", "as in unit"),
        Column("unit", Kind.TEXT, "share, a currency, or 1 to 5."),
        Column("file", Kind.TEXT, "File below the configuration folder that says so."),
        Column(
            "of",
            Kind.NUMBER,
            "What the value is about, as given: so many devices, minutes or answers. By it values of several "
            "environments are weighed.",
        ),
        Column("note", Kind.TEXT, "Note of whoever wrote the line."),
    ),
    build=build,
)
