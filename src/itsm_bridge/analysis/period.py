"""The weeks, months and quarters that a report covers, as half-open intervals in the configuration's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MONTHS = {"month": 1, "quarter": 3}


class Unit(StrEnum):
    """How long a period is; weeks are ISO 8601 weeks, which begin on Monday."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Period:
    """One week, month or quarter, from the midnight that begins its ``first`` day, up to but without the next one's."""

    unit: Unit
    first: date
    zone: ZoneInfo

    @classmethod
    def holding(cls, instant: datetime, unit: str, zone: ZoneInfo) -> Period:
        """The ``week``, ``month`` or ``quarter`` that ``instant`` lies in."""
        day = instant.astimezone(zone).date()
        if unit == Unit.WEEK:
            return cls(Unit.WEEK, day - timedelta(days=day.weekday()), zone)
        months = MONTHS[unit]
        return cls(Unit(unit), date(day.year, (day.month - 1) // months * months + 1, 1), zone)

    @property
    def name(self) -> str:
        """``2026-W47``, ``2026-11`` or ``2026-Q4``; the name of the report's folder."""
        if self.unit is Unit.WEEK:
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02}"
        if self.unit is Unit.MONTH:
            return f"{self.first:%Y-%m}"
        return f"{self.first.year}-Q{(self.first.month + 2) // 3}"

    @property
    def start(self) -> datetime:
        """The first instant, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The instant after the last, in UTC."""
        return self.next().start

    def next(self) -> Period:
        """The period after this one."""
        if self.unit is Unit.WEEK:
            return Period(self.unit, self.first + timedelta(days=7), self.zone)
        return Period(self.unit, _plus_months(self.first, MONTHS[self.unit]), self.zone)

    def previous(self) -> Period:
        """The period before this one."""
        if self.unit is Unit.WEEK:
            return Period(self.unit, self.first - timedelta(days=7), self.zone)
        return Period(self.unit, _plus_months(self.first, -MONTHS[self.unit]), self.zone)

    def until(self, as_of: datetime) -> datetime:
        """Up to where a report made at ``as_of`` sees this period: never past its end."""
        return min(as_of.astimezone(UTC), self.end)

    def previous_until(self, as_of: datetime) -> datetime:
        """The same point of the period before: three days are compared with three days, a whole with a whole."""
        if as_of >= self.end:
            return self.start
        return min(self.previous().start + (as_of - self.start), self.start).astimezone(UTC)

    def weeks(self, until: datetime, before: int) -> tuple[Week, ...]:
        """The weeks that this period touches up to ``until``, and as many as ``before`` it says."""
        monday = self.first - timedelta(days=self.first.weekday() + 7 * before)
        week = Period(Unit.WEEK, monday, self.zone)
        weeks: list[Week] = []
        while week.start < until:
            weeks.append(Week(week.name, week.first, week.start, min(week.end, until), complete=week.end <= until))
            week = week.next()
        return tuple(weeks)


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week as far as the report sees it; ``complete`` says whether that is all of it."""

    name: str
    first: date
    start: datetime
    end: datetime
    complete: bool


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _plus_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)
