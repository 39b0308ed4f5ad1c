"""The instant that a target promises, once its clock has started.

* ``3 working_days`` is the third day with opening hours after the start's own, at the same local time, brought into
  that day's hours.
* ``3 working_days by 16:00`` is 16:00 of that day; where the calendar is closed at that time, the closing before it, or
  on a day that opens later its first opening. ``by close`` is the last closing of that day.
* ``… if before 10:00``: a start at 10:00 or later, or on a day without opening hours, counts one more day.
* ``0 working_days by 16:00`` is the start's own day. A promise lies after the start: where that day's has gone by, or
  the day has no hours, it is the next working day's. (ServiceNow's relative durations, too, must end in the future.)
* ``due`` is the ticket's due date; outside opening hours the next opening. Where it is empty, or not after the start,
  the promise is one second after the start.

Local times are those of the calendar's zone. Raises ``ConfigurationInvalid`` where the calendar does not open any more.
"""

from __future__ import annotations

from datetime import datetime

from itsm_bridge.calendars import Calendar, epoch, instant
from itsm_bridge.config.model import Target


def promised(target: Target, calendar: Calendar, start: int, due: int | None = None) -> int:
    """When ``target`` is due for a clock that starts at ``start`` and never pauses; instants in epoch seconds.

    ``due`` is the ticket's due date, where it has one.
    """
    if target.field is not None:
        return _due_date(calendar, start, due)
    if target.working_days is None:
        return epoch(calendar.due(instant(start), target.seconds or 0))
    return epoch(_working_day(target, target.working_days, calendar, instant(start)))


def _working_day(target: Target, days: int, calendar: Calendar, start: datetime) -> datetime:
    days += _is_late(target, calendar, start)
    if target.by is None and not target.by_close:
        return calendar.due_working_days(start, days)
    promise = calendar.on_working_day(start, days, target.by)
    return promise if promise > start else calendar.on_working_day(start, days + 1, target.by)


def _is_late(target: Target, calendar: Calendar, start: datetime) -> bool:
    """Whether a start comes too late for its own day to be the one that others are counted from."""
    if target.before is None:
        return False
    local = start.astimezone(calendar.definition.zone)
    seconds = (local.hour * 60 + local.minute) * 60 + local.second
    return seconds >= target.before or not calendar.opens_on(local.date())


def _due_date(calendar: Calendar, start: int, due: int | None) -> int:
    if due is None or due <= start:
        return start + 1
    if calendar.is_open(instant(due)) or calendar.is_open(instant(due - 1)):  # at closing it is still that day's
        return due
    return epoch(calendar.due(instant(due), 1)) - 1
