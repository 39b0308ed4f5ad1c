"""How many hours of ticket work each vendor has in each week, as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from itsm_bridge.analysis.frames import framed
from itsm_bridge.analysis.period import Week
from itsm_bridge.calendars import Calendars, hours_in_week
from itsm_bridge.config.model import Vendor


def capacity(vendors: Mapping[str, Vendor], calendars: Calendars, weeks: Sequence[Week]) -> pd.DataFrame:
    """The frame ``capacity``, by vendor and week; of whole weeks, even where the report sees only a part of one."""
    return framed("capacity", list(_rows(vendors, calendars, weeks)))


def _rows(
    vendors: Mapping[str, Vendor], calendars: Calendars, weeks: Sequence[Week]
) -> Iterator[tuple[str, str, str, float]]:
    for vendor in vendors.values():
        calendar = calendars[vendor.calendar]
        for week in weeks:
            yield vendor.name, week.name, str(vendor.status), hours_in_week(vendor, calendar, week.first)
