"""The schedules of the instance: office hours in a zone, and none at all, which is around the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

DAY, WEEK = 86_400, 7 * 86_400
OPENS, CLOSES, DAYS = 9 * 3600 + 1800, 18 * 3600 + 1800, 5
LONG = CLOSES - OPENS
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)

ZONES: Mapping[str, tzinfo] = {
    "Asia/Kolkata": timezone(timedelta(hours=5, minutes=30)),
    "Asia/Dubai": timezone(timedelta(hours=4)),
}
"""Zones that keep one offset the whole year, so that no zone database is needed."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Monday to Friday, 09:30 to 18:30 in ``zone``; around the clock without one. It knows no holidays."""

    zone: str = ""

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The time of the schedule between two moments; none where ``end`` lies before ``start``."""
        if not self.zone:
            return max(end - start, timedelta())
        return timedelta(seconds=max(_used(self._wall(end)) - _used(self._wall(start)), 0))

    def due(self, start: datetime, length: timedelta) -> datetime:
        """The earliest moment at which ``length`` of the schedule's time has gone by."""
        if not self.zone or not length:
            return start + length
        wanted = _used(self._wall(start)) + int(length.total_seconds())
        week, rest = divmod(wanted - 1, DAYS * LONG)
        day, seconds = divmod(rest, LONG)
        wall = week * WEEK + day * DAY + OPENS + seconds + 1
        return _MONDAY + timedelta(seconds=wall) - self._east(start)

    def _wall(self, at: datetime) -> int:
        return int((at - _MONDAY + self._east(at)).total_seconds())

    def _east(self, at: datetime) -> timedelta:
        return at.astimezone(ZONES[self.zone]).utcoffset() or timedelta()


def _used(wall: int) -> int:
    """Time of the schedule from a Monday's midnight up to a wall clock's moment."""
    week, rest = divmod(wall, WEEK)
    day, clock = divmod(rest, DAY)
    today = min(max(clock - OPENS, 0), LONG) if day < DAYS else 0
    return week * DAYS * LONG + min(day, DAYS) * LONG + today
