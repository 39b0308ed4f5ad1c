"""The same answers, found by walking through a ticket's life a step at a time: slow, and without any of our code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.analysis.made import Change

INITIAL = {"state": "new", "vendor": "GWL", "environment": "punjab", "approval": ""}
KOLKATA = ZoneInfo("Asia/Kolkata")
OPEN = ("new", "in_progress", "on_hold")

Life = tuple[datetime, Sequence[Change]]
Owned = Callable[[str, datetime], bool]
"""Whether the calendar of an environment's owner is open at an instant."""


def values_at(life: Life, at: datetime) -> dict[str, str]:
    """What the fields are: the last change of each at or before the instant."""
    return INITIAL | {field: new for when, field, new in life[1] if when <= at}


def environment_at(life: Life, at: datetime, until: datetime) -> str:
    """The one that is known: now, or the last before, or the first after."""
    known = [(life[0], INITIAL["environment"])]
    known += [(when, new) for when, field, new in life[1] if field == "environment" and when < until]
    before = [name for when, name in known if when <= at and name]
    return before[-1] if before else next((name for _, name in known if name), "")


def holder_at(life: Life, at: datetime) -> tuple[str, str] | None:
    """Whose the instant is; nobody can have a ticket that is not open."""
    values = values_at(life, at)
    if at < life[0] or values["state"] not in OPEN:
        return None
    if values["approval"] == "requested":
        return "approver", "approver"
    if values["state"] == "on_hold":
        return "requester", "requester"
    return (values["vendor"], "vendor") if values["vendor"] else ("nobody", "nobody")


def walked(life: Life, until: datetime, step: timedelta, is_open: Owned) -> dict[tuple[str, str], tuple[int, int]]:
    """Seconds and business seconds of each holder, where nothing changes within a step from the creation on."""
    seconds: Counter[tuple[str, str]] = Counter()
    business: Counter[tuple[str, str]] = Counter()
    length = int(step.total_seconds())
    at = life[0]
    while at < until:
        holder = holder_at(life, at)
        if holder is not None:
            seconds[holder] += length
            business[holder] += length * is_open(environment_at(life, at, until), at)
        at += step
    return {holder: (count, business[holder]) for holder, count in seconds.items()}


def office_is_open(at: datetime) -> bool:
    """The calendar ``office`` of the small configuration."""
    there = at.astimezone(KOLKATA)
    working = there.weekday() < 5 and there.date() != date(2026, 11, 17)
    return working and time(9) <= there.time() < time(17)


def midnight(day: date) -> datetime:
    """When a day begins in Kolkata."""
    return datetime.combine(day, time(), KOLKATA).astimezone(UTC)
