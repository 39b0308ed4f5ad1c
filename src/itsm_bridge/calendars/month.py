"""A month of a calendar as a person looks at it: each day with its hours, and why they are what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from itsm_bridge.calendars.calendar import Calendar
from itsm_bridge.calendars.days_off import days_off
from itsm_bridge.calendars.opening import week_of
from itsm_bridge.calendars.walltime import DAY, EPOCH_ORDINAL, local_clock, midnight
from itsm_bridge.config.model import CalendarDefinition, Span


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The local clock goes from ``before`` to ``after``, in seconds after the day's midnight."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One local day. ``seconds`` is the open time between its midnights, ``spans`` what it says of itself.

    ``holiday`` is the name of a day off, also where an override (``is_override``) opens it; ``is_change`` tells a day
    from which on the calendar has other hours or holidays.
    """

    day: date
    spans: tuple[Span, ...]
    holiday: str | None
    is_override: bool
    is_change: bool
    clock_changes: tuple[ClockChange, ...]
    seconds: int


def month_of(calendar: Calendar, first: date) -> tuple[CalendarDay, ...]:
    """The days of the month that begins on ``first``."""
    definition = calendar.definition
    after = (first + timedelta(days=31)).replace(day=1)
    days = [first + timedelta(days=place) for place in range((after - first).days)]
    edges = np.array([midnight(definition.zone, day) for day in [*days, after]])
    seconds = calendar.elapsed_array(edges[:-1], edges[1:]).tolist()
    changes = _clock_changes(definition, first.year)
    names = _names(definition, days)
    starts = {terms.start for terms in definition.changes}
    return tuple(
        CalendarDay(
            day=day,
            spans=_spans(definition, day, is_off=day in names),
            holiday=names.get(day),
            is_override=day in definition.overrides,
            is_change=day in starts,
            clock_changes=changes.get(day, ()),
            seconds=opened,
        )
        for day, opened in zip(days, seconds, strict=True)
    )


def _names(definition: CalendarDefinition, days: list[date]) -> Mapping[date, str]:
    year = days[0].year
    return {day: off[day] for day in days if day in (off := days_off(definition.terms_on(day).holidays, year, year))}


def _spans(definition: CalendarDefinition, day: date, *, is_off: bool) -> tuple[Span, ...]:
    if day in definition.overrides:
        return definition.overrides[day]
    return () if is_off else week_of(definition.terms_on(day))[day.weekday()]


def _clock_changes(definition: CalendarDefinition, year: int) -> Mapping[date, tuple[ClockChange, ...]]:
    """The changes of the clock in a year, by the day that they make longer or shorter."""
    clock = local_clock(definition.zone, year, year)
    found: dict[date, tuple[ClockChange, ...]] = {}
    for place, instant in enumerate(clock.changes.tolist()):
        shown, next_shown = (instant + int(clock.offsets[place + after]) for after in (0, 1))
        day = min(shown, next_shown) // DAY
        change = ClockChange(shown - day * DAY, next_shown - day * DAY)
        key = date.fromordinal(day + EPOCH_ORDINAL)
        found[key] = (*found.get(key, ()), change)
    return found
