"""The figures of a report once more: plain Python over what a database holds, by the words of ``definitions``.

Slow, and without any of the program's analyses, histories or calendars. What it takes from the configuration is what
somebody wrote there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from tests.analysis.independent.events import COMING, GOING, Event, Stay, as_record, events_of, stays_of
from tests.analysis.independent.hours import Hours
from tests.analysis.independent.lives import Life
from tests.sla.oracle import Answer, Walk

HOUR = timedelta(hours=1)
Rows = dict[Any, dict[str, Any]]


@dataclass(frozen=True)
class Clock:
    """A clock of a ticket."""

    life: Life
    kind: str
    measures: str
    target: int
    answer: Answer

    @property
    def runs(self) -> bool:
        return self.answer.stopped_at is None


@dataclass(frozen=True)
class Reference:
    """One period, from ``start`` up to ``until``, out of the lives of all tickets; ``weeks`` are Mondays."""

    lives: Sequence[Life]
    start: datetime
    until: datetime
    weeks: Sequence[date]
    hours: Hours

    @cached_property
    def known(self) -> list[Life]:
        """The tickets that were open at some time in the period."""
        return [life for life in self.lives if life.was_open_since(self.start)]

    @property
    def open(self) -> list[Life]:
        return [life for life in self.lives if life.is_open]

    # --- what happened ---------------------------------------------------------------------------------------------

    @cached_property
    def events(self) -> list[Event]:
        """Every coming, going and moving of every ticket."""
        return [event for life in self.lives for event in events_of(life)]

    def week_of(self, at: datetime) -> str:
        """The ISO week that holds an instant, empty if the report has no such week."""
        day = at.astimezone(self.hours.zone).date()
        monday = day - timedelta(days=day.weekday())
        return name_of(monday) if monday in self.weeks and at < self.until else ""

    def edges(self, monday: date) -> tuple[datetime, datetime]:
        return self.hours.midnight(monday), min(self.hours.midnight(monday + timedelta(days=7)), self.until)

    @cached_property
    def traction(self) -> Rows:
        """By week, vendor and environment."""
        rows: Rows = defaultdict(lambda: dict.fromkeys((*COMING, *GOING, "open_start", "open_end"), 0))
        for event in self.events:
            if week := self.week_of(event.at):
                rows[week, event.vendor, event.environment][event.what] += 1
        for monday in self.weeks:
            for name, at in zip(("open_start", "open_end"), self.edges(monday), strict=True):
                for stay in self.stays:
                    if stay.start < at and (stay.end is None or stay.end >= at):
                        rows[name_of(monday), stay.vendor, stay.environment][name] += 1
        return dict(rows)

    @cached_property
    def stays(self) -> list[Stay]:
        return [stay for life in self.lives for stay in stays_of(life)]

    def count(self, *what: str) -> int:
        """How often something happened in the period."""
        return sum(event.what in what and self.start <= event.at < self.until for event in self.events)

    # --- clocks ----------------------------------------------------------------------------------------------------

    @cached_property
    def clocks(self) -> list[Clock]:
        """Those of the tickets of the period, minute by minute."""
        levels = self.hours.configuration.slas
        found = []
        for life in (life for life in self.known if not life.gone):
            for one in Walk(as_record(life), levels, self.hours.world, self.until).answers:
                level = next(level for level in levels if level.name == one.sla)
                assert level.target.seconds is not None
                found.append(Clock(life, level.kind, level.measures, level.target.seconds, one))
        return found

    def done(self, clock: Clock) -> bool:
        """Whether it was completed in the period."""
        at = clock.answer.stopped_at
        return clock.answer.stage == "completed" and at is not None and self.start <= at < self.until

    def judged(self, kind: str) -> list[Clock]:
        """What was completed in the period, and what runs past its target."""
        return [
            one
            for one in self.clocks
            if one.kind == kind and (self.done(one) or (one.runs and one.answer.breached))
        ]  # fmt: skip

    def attainment(self) -> Rows:
        """By level, vendor, environment and priority."""
        rows: Rows = defaultdict(
            lambda: dict.fromkeys(("met", "breached", "running", "completed", "cancelled_breached"), 0)
        )
        for one in self.clocks:
            answer, late = one.answer, one.answer.breached
            key = (answer.sla, answer.vendor or "", answer.environment or "", answer.priority)
            ended = answer.stopped_at is not None and self.start <= answer.stopped_at < self.until
            counts = {
                "met": self.done(one) and not late,
                "breached": (self.done(one) or one.runs) and late,
                "running": one.runs and not late,
                "completed": self.done(one),
                "cancelled_breached": ended and answer.stage == "cancelled" and late,
            }
            if any(counts.values()):
                for name, flag in counts.items():
                    rows[key][name] += flag
        for row in rows.values():
            judged = row["met"] + row["breached"]
            row |= {"judged": judged, "small_number": judged < self.hours.configuration.reports.small}
            row["attainment"] = row["met"] / judged if judged else None
            row["attainment_completed"] = row["met"] / row["completed"] if row["completed"] else None
        return dict(rows)

    # --- work ------------------------------------------------------------------------------------------------------

    @cached_property
    def effort(self) -> dict[str, float]:
        """Hours that a stay takes, to four digits, by vendor; the programme's with no name."""
        ended = [one for one in self.stays if one.end is not None and one.vendor]
        taught: defaultdict[str, list[float]] = defaultdict(list)
        for stay in ended:
            if stay.end is not None and stay.end >= self.until - timedelta(weeks=12):
                taught[stay.vendor].append(min(self.worked(stay), 8.0))
        every = [hours for some in taught.values() for hours in some]
        found = {vendor: sum(some) / len(some) for vendor, some in taught.items() if len(some) >= 10}
        found[""] = sum(every) / len(every) if every else 0.0
        return {vendor: round(hours, 4) for vendor, hours in found.items() if hours > 0}

    def worked(self, stay: Stay) -> float:
        """Hours of work in it: each open minute in progress, or its part where there are more tickets than hands."""
        vendor = self.hours.configuration.vendors.get(stay.vendor)
        if vendor is None or vendor.capacity.hours <= 0:
            return 0.0
        end, place, minutes = stay.end or self.until, self.hours.world.place, 0.0
        for at, until, values in stay.life.pieces():
            since, to = max(at, stay.start), min(until, end)
            if values["state"] == "in_progress" and since < to:
                minutes += float(self.parts[stay.vendor][place(since) : place(to)].sum())
        return minutes / 60

    @cached_property
    def parts(self) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
        """By vendor, for each minute of the era, how much of a pair of hands each ticket in progress gets."""
        found = {}
        for name, vendor in self.hours.configuration.vendors.items():
            beside = np.zeros(self.hours.world.size)
            for life in self.lives:
                for at, end, values in life.pieces():
                    if values["state"] == "in_progress" and values["vendor"] == name:
                        beside[self.hours.world.place(at) : self.hours.world.place(end)] += 1
            hands = vendor.capacity.hours * 3600 / self.hours.normal_week(vendor)
            found[name] = np.minimum(1.0, hands / np.maximum(beside, 1)) * self.hours.of_vendor(name)
        return found

    def effort_of(self, vendor: str) -> float | None:
        return self.effort.get(vendor, self.effort.get(""))

    def arrivals(self, vendor: str, monday: date) -> list[Event]:
        """What was created for a vendor, came back to it or moved to it in a week."""
        return [one for one in self.came.get(name_of(monday), []) if one.vendor == vendor]

    @cached_property
    def came(self) -> dict[str, list[Event]]:
        """Every arrival by its week."""
        found: defaultdict[str, list[Event]] = defaultdict(list)
        for one in self.events:
            if one.what in COMING:
                found[self.week_of(one.at)].append(one)
        return dict(found)

    @cached_property
    def bandwidth(self) -> Rows:
        """By vendor and week."""
        return {
            (vendor, name_of(monday)): self._busy(vendor, monday)
            for vendor in self.hours.configuration.vendors
            for monday in self.weeks
        }

    def _busy(self, vendor: str, monday: date) -> dict[str, Any]:
        end = monday + timedelta(days=7)
        capacity, more = (self.hours.capacity(vendor, monday, end, more=extra) for extra in (0, 1))
        arrived, effort = len(self.arrivals(vendor, monday)), self.effort_of(vendor)
        load = None if effort is None else round(arrived * effort, 2)
        at = self.edges(monday)[1]
        return {
            "capacity_hours": capacity,
            "load_hours": load,
            "arrivals": arrived,
            "effort_hours": effort,
            "utilization": load / capacity if load is not None and capacity else None,
            "overload_hours": None if load is None else max(0.0, load - capacity),
            "one_more_capacity_hours": more,
            "one_more_utilization": load / more if load is not None and more else None,
            "complete": self.hours.midnight(end) <= self.until,
            "open_tickets": sum(
                one.vendor == vendor and one.start < at and (one.end is None or one.end >= at) for one in self.stays
            ),
        }


def name_of(monday: date) -> str:
    """As in 2026-W47."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"
