"""How many hours of ticket work each vendor has in each week: people, calendar, holidays and leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from itsm_bridge.analysis.frames import framed
from itsm_bridge.analysis.period import Week
from itsm_bridge.calendars import Calendar, Calendars, midnight
from itsm_bridge.config.model import CalendarDefinition, Vendor, VendorStatus

AT_WORK = frozenset({VendorStatus.ACTIVE, VendorStatus.OFFBOARDING})
"""A vendor of another status cannot be given work, so its people are no capacity."""

DAY = 86_400


def capacity(vendors: Mapping[str, Vendor], calendars: Calendars, weeks: Sequence[Week]) -> pd.DataFrame:
    """The frame ``capacity``, by vendor and week; of whole weeks, even where the report sees only a part of one."""
    return framed("capacity", list(_rows(vendors, calendars, weeks)))


def hours_in_week(vendor: Vendor, calendar: Calendar, monday: date) -> float:
    """People x hours_per_week x focus, scaled by the calendar's opening against its normal week, less leave."""
    normal = normal_week_seconds(calendar.definition)
    if vendor.status not in AT_WORK or normal == 0:
        return 0.0
    days = [monday + timedelta(days=offset) for offset in range(7)]
    edges = np.array([midnight(calendar.definition.zone, day) for day in [*days, monday + timedelta(days=7)]])
    shares = calendar.elapsed_array(edges[:-1], edges[1:]) / normal
    people = np.array([people_on(vendor, day) for day in days])
    return round(float((people * shares).sum()) * vendor.capacity.hours_per_week * vendor.capacity.focus, 2)


def people_on(vendor: Vendor, day: date) -> float:
    """Who is not on leave."""
    away = sum(leave.people for leave in vendor.leave if leave.first <= day <= leave.last)
    return max(vendor.capacity.people - away, 0.0)


def normal_week_seconds(definition: CalendarDefinition) -> int:
    """What the calendar opens in a week without holidays or overrides."""
    if definition.always:
        return 7 * DAY
    return sum(end - start for spans in definition.week for start, end in spans)


def _rows(
    vendors: Mapping[str, Vendor], calendars: Calendars, weeks: Sequence[Week]
) -> Iterator[tuple[str, str, str, float]]:
    for vendor in vendors.values():
        calendar = calendars[vendor.calendar]
        for week in weeks:
            yield vendor.name, week.name, str(vendor.status), hours_in_week(vendor, calendar, week.first)
