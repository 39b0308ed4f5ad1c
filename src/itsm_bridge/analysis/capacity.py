"""How many hours of ticket work each vendor has in each week, as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from itsm_bridge.analysis.frames import Row, framed
from itsm_bridge.analysis.period import Week
from itsm_bridge.calendars import Calendars, hours_in_week, one_more
from itsm_bridge.config.model import Vendor


def capacity(vendors: Mapping[str, Vendor], calendars: Calendars, weeks: Sequence[Week]) -> pd.DataFrame:
    """The frame ``capacity``, by vendor and week; of whole weeks, even where the report sees only a part of one."""
    return framed("capacity", list(_rows(vendors, calendars, weeks)))


def _rows(vendors: Mapping[str, Vendor], calendars: Calendars, weeks: Sequence[Week]) -> Iterator[Row]:
    for vendor in vendors.values():
        calendar, more = calendars[vendor.calendar], one_more(vendor)
        for week in weeks:
            hours = hours_in_week(vendor, calendar, week.first), hours_in_week(more, calendar, week.first)
            yield (vendor.name, week.name, str(vendor.status), *hours)
