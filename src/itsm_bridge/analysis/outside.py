"""Figures from outside as a frame, as of an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.frames import framed
from itsm_bridge.config.model import OutsideFigure

OUTSIDE = "outside"
"""In place of a source, where something is said of these figures."""


def outside(figures: Iterable[OutsideFigure], until: datetime, zone: ZoneInfo) -> pd.DataFrame:
    """The frame ``outside``: months that had begun before ``until``, in the order of the file."""
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    rows = [
        (one.vendor, one.environment, f"{one.month:%Y-%m}", one.figure, one.value, one.unit, one.of, one.note, one.file)
        for one in figures
        if one.month <= last
    ]
    return framed("outside", rows)
