"""Business time from one instant of a row to another, by the calendar of whoever owns the environment."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.hands import with_business_time
from itsm_bridge.calendars import Calendars


def business_seconds(rows: pd.DataFrame, start: str, end: str, calendars: Calendars) -> pd.Series:
    """Opening hours between two columns of instants, in seconds, by the ``environment`` and ``service`` of each row.

    Missing, and not less, where an instant is, and where nobody owns the environment for some of the time.
    """
    known = rows[rows[start].notna() & rows[end].notna()]
    counted = with_business_time(
        known[["environment", "service"]].assign(start=known[start], end=known[end]), calendars
    )
    return counted["business_seconds"].mask(counted["uncounted"] != "").reindex(rows.index)
