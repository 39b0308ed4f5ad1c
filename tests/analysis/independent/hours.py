"""Opening hours, minute by minute, and what a vendor has of them: nothing here asks the program's own calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from tests.analysis.independent.estate import FIRST
from tests.sla.wall import Era, World

from itsm_bridge.config.model import Configuration, Vendor

ERA = Era(FIRST - timedelta(days=20), 680)
AT_WORK = ("active", "offboarding")


@dataclass(frozen=True)
class Hours:
    """What is open when, in minutes of an era."""

    configuration: Configuration

    @cached_property
    def world(self) -> World:
        """The oracle's own reading of the wall clock."""
        return World(self.configuration, ERA)

    @property
    def zone(self) -> ZoneInfo:
        return self.configuration.zone

    def midnight(self, day: date) -> datetime:
        """When a day begins in the zone of the report."""
        return datetime.combine(day, time(), self.zone)

    def of_vendor(self, vendor: str) -> NDArray[np.bool_]:
        """Every minute of the era, whether the vendor's calendar is open in it."""
        return self.world.opened("vendor", vendor, 0, self.world.size)

    def business(self, environment: str, start: datetime, end: datetime) -> int:
        """Seconds that the calendars of whoever owns the environment are open; 0 where nobody does."""
        if environment not in self.configuration.environments:
            return 0
        places = self.world.place(start), self.world.place(max(start, end))
        return 60 * int(self.world.opened("environment", environment, *places).sum())

    def normal_week(self, vendor: Vendor) -> int:
        """Seconds that a week without holidays is open."""
        week = self.configuration.calendars[vendor.calendar].week
        return sum(closes - opens for day in week for opens, closes in day)

    def capacity(self, name: str, first: date, end: date, *, more: int = 0) -> float:
        """Hours of ticket work from a day up to another one: day by day, by who is there and what is open."""
        vendor, hours, day = self.configuration.vendors[name], 0.0, first
        while day < end and vendor.status in AT_WORK:
            away = sum(leave.people for leave in vendor.leave if leave.first <= day <= leave.last)
            hours += max(vendor.capacity.people + more - away, 0) * self._of_one(name, day)
            day += timedelta(days=1)
        return round(hours, 2)

    def engineer(self, name: str, first: date, end: date) -> float:
        """Hours of one person who is never away, at whatever status."""
        return sum(self._of_one(name, first + timedelta(days=day)) for day in range((end - first).days))

    def _of_one(self, name: str, day: date) -> float:
        """Hours of one person on a day: the week's, by the part of a normal week that is open on it."""
        vendor = self.configuration.vendors[name]
        zone = self.configuration.calendars[vendor.calendar].zone
        edges = [self.world.place(datetime.combine(day + timedelta(days=more), time(), zone)) for more in (0, 1)]
        assert edges[1] <= self.world.size, "the era is too short"
        opened = 60 * int(self.of_vendor(name)[slice(*edges)].sum())
        return vendor.capacity.hours_per_week * vendor.capacity.focus * opened / self.normal_week(vendor)
