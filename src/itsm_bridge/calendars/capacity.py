"""How many hours of ticket work a vendor has in a week: its people, its opening hours, its leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from itsm_bridge.calendars.calendar import Calendar
from itsm_bridge.calendars.opening import week_of
from itsm_bridge.calendars.walltime import BEFORE_ALL, Seconds, midnight
from itsm_bridge.config.model import CalendarDefinition, Vendor, VendorStatus

AT_WORK = frozenset({VendorStatus.ACTIVE, VendorStatus.OFFBOARDING})
"""A vendor of another status cannot be given work, so its people are no capacity."""


def hours_in_week(vendor: Vendor, calendar: Calendar, monday: date) -> float:
    """People x hours_per_week x focus, scaled by the calendar's opening against its normal week, less leave."""
    return hours_between(vendor, calendar, monday, monday + timedelta(days=7))


def hours_between(vendor: Vendor, calendar: Calendar, first: date, end: date) -> float:
    """The same for the days from ``first`` up to but without ``end``: a month, say."""
    if vendor.status not in AT_WORK:
        return 0.0
    days = [first + timedelta(days=offset) for offset in range((end - first).days)]
    edges = np.array([midnight(calendar.definition.zone, day) for day in [*days, end]])
    normal = np.array([normal_week_seconds(calendar.definition, day) for day in days])
    shares = calendar.elapsed_array(edges[:-1], edges[1:]) / np.maximum(normal, 1) * (normal > 0)
    people = np.array([people_on(vendor, day) for day in days])
    return round(float((people * shares).sum()) * vendor.capacity.hours_per_week * vendor.capacity.focus, 2)


def one_engineer(vendor: Vendor) -> Vendor:
    """A vendor of the same calendar and hours that has one person, never on leave, and is at work."""
    return replace(vendor, status=VendorStatus.ACTIVE, capacity=replace(vendor.capacity, people=1.0), leave=())


def one_more(vendor: Vendor) -> Vendor:
    """The same vendor with one person more."""
    return replace(vendor, capacity=replace(vendor.capacity, people=vendor.capacity.people + 1))


def people_on(vendor: Vendor, day: date) -> float:
    """Who is not on leave."""
    away = sum(leave.people for leave in vendor.leave if leave.first <= day <= leave.last)
    return max(vendor.capacity.people - away, 0.0)


def normal_week_seconds(definition: CalendarDefinition, day: date) -> int:
    """What the calendar opens in a week without holidays or overrides, by the terms of a local day."""
    return sum(end - start for spans in week_of(definition.terms_on(day)) for start, end in spans)


def normal_weeks(definition: CalendarDefinition) -> tuple[Seconds, Seconds]:
    """``normal_week_seconds`` over time: since which instants, the first before all, and how much."""
    since = [midnight(definition.zone, terms.start) for terms in definition.changes]
    normal = [normal_week_seconds(definition, terms.start) for terms in definition.terms]
    return np.array([BEFORE_ALL, *since], dtype=np.int64), np.array(normal, dtype=np.int64)
