"""When the made-up people work: Monday to Friday, 09:30 to 18:30 in India."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from itsm_bridge.sandbox.clock import INDIA

OPENS, CLOSES = time(9, 30), time(18, 30)


def _on(day: datetime, clock_time: time) -> datetime:
    return datetime.combine(day.date(), clock_time, INDIA)


def opening(at: datetime) -> datetime:
    """``at`` itself inside working hours, else the next moment at which somebody works."""
    local = at.astimezone(INDIA)
    while local.weekday() > 4 or local >= _on(local, CLOSES):
        local = _on(local + timedelta(days=1), OPENS)
    return max(local, _on(local, OPENS))


def later(at: datetime, hours: float) -> datetime:
    """The moment ``hours`` working hours after ``at``."""
    local, left = opening(at), timedelta(hours=hours)
    while left > _on(local, CLOSES) - local:
        left -= _on(local, CLOSES) - local
        local = opening(_on(local, CLOSES))
    return local + left


def earlier(at: datetime, hours: float) -> datetime:
    """The moment ``hours`` working hours before ``at``; always one at which somebody works, or stops."""
    local, left = closing(at), timedelta(hours=hours)
    while left > local - _on(local, OPENS):
        left -= local - _on(local, OPENS)
        local = closing(_on(local, OPENS))
    return local - left


def closing(at: datetime) -> datetime:
    """``at`` itself inside working hours, else the last moment before it at which somebody worked."""
    local = at.astimezone(INDIA)
    while local.weekday() > 4 or local <= _on(local, OPENS):
        local = _on(local - timedelta(days=1), CLOSES)
    return min(local, _on(local, CLOSES))


def worked(start: datetime, end: datetime) -> float:
    """The working hours between two moments; zero where ``end`` lies before ``start``."""
    total, at = timedelta(), opening(start)
    while at < end:
        until = min(end.astimezone(INDIA), _on(at, CLOSES))
        total += until - at
        at = opening(_on(at, CLOSES))
    return total / timedelta(hours=1)
