"""Business time: the only arithmetic of opening hours, for one instant or for whole columns.

What the answers mean, where others differ:

* Time is whole seconds; a fraction of a second in an instant is dropped. Intervals are half-open, ``[from, to)``.
* Opening hours are local times of an IANA zone, and real seconds are counted: a day may have 23 or 25 hours.
  An opening or closing time takes effect at the first instant at which the local clock shows that time or has passed
  it: in the hour that a spring change leaves out at the change itself, in the hour that an autumn change repeats the
  first time round.
* A span over midnight belongs to the day on which it starts. A holiday or an override takes away, or replaces, the
  spans that start on that local day. An override wins over a holiday, a holiday of our own (``add``) over ``remove``,
  and ``remove`` over public holidays and those of files. So do ``changes``: from their local day on, spans that start
  are theirs, and one that began on the day before goes on to its end.
* ``elapsed`` of a reversed interval is 0. ``due`` is the earliest instant at which the time is used up: time that runs
  out exactly at closing is due at closing, and 0 seconds are due at the start itself, open or not.
* ``due_working_days(start, n)`` is the n-th local day after the start's on which the calendar opens, at the same local
  time; the start's own day never counts. Where the calendar is closed at that time it is brought into that day's
  hours: before the first opening to the opening, later to the closing before it.
* A calendar that is never open again raises ``ConfigurationInvalid``.
"""

from itsm_bridge.calendars.calendar import Calendar, epoch, instant
from itsm_bridge.calendars.capacity import (
    hours_between,
    hours_in_week,
    normal_week_seconds,
    normal_weeks,
    one_engineer,
    one_more,
)
from itsm_bridge.calendars.month import CalendarDay, ClockChange, month_of
from itsm_bridge.calendars.owners import Calendars, Rota, owner_on
from itsm_bridge.calendars.provenance import holidays_version, zone_data_version
from itsm_bridge.calendars.walltime import Seconds, midnight

__all__ = [
    "Calendar",
    "CalendarDay",
    "Calendars",
    "ClockChange",
    "Rota",
    "Seconds",
    "epoch",
    "holidays_version",
    "hours_between",
    "hours_in_week",
    "instant",
    "midnight",
    "month_of",
    "normal_week_seconds",
    "normal_weeks",
    "one_engineer",
    "one_more",
    "owner_on",
    "zone_data_version",
]
