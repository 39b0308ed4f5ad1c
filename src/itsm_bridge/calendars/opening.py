"""From a calendar's definition to the intervals in which it is open, over a range of years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from itsm_bridge.calendars.days_off import days_off
from itsm_bridge.calendars.steps import Steps
from itsm_bridge.calendars.walltime import (
    AFTER_ALL,
    BEFORE_ALL,
    DAY,
    EPOCH_ORDINAL,
    FIRST_YEAR,
    LAST_YEAR,
    LocalClock,
    Seconds,
    local_clock,
)
from itsm_bridge.config.model import CalendarDefinition, CalendarTerms, Span, Week

WHOLE_WEEK: Week = (((0, DAY),),) * 7


@dataclass(frozen=True, slots=True)
class Table:
    """The open intervals of the years ``first`` to ``last``, sorted, apart from each other, the first one empty.

    Instants from ``since`` on and before ``until`` have a year of the table around them.
    ``used_up`` is the open time before the end of each interval, and ``shut`` the time since 1970-01-01T00:00:00Z that
    is no open time of the table, up to its beginning: in it an instant less ``shut`` is the open time used by then.
    ``days`` are the local days on which the calendar opens, as days after 1970-01-01, with the wall times of their
    first opening in ``day_opens`` and of their last closing, which may be on the next day, in ``day_closes``.
    """

    first: int
    last: int
    since: int
    until: int
    opens: Seconds
    closes: Seconds
    used_up: Seconds
    shut: Seconds
    days: Seconds
    day_opens: Seconds
    day_closes: Seconds
    clock: LocalClock
    steps: Steps
    steps_used: Steps

    def used(self, at: int) -> int:
        """Open time from the table's beginning up to an instant."""
        within = int(self.opens.searchsorted(at, side="right")) - 1
        return min(at - int(self.shut[within]), int(self.used_up[within]))

    def reached_at_each(self, used: Seconds) -> Seconds:
        """The instants at which so much open time, more than none, is used up since the table's beginning."""
        at: Seconds = self.shut.take(self.steps_used.at_or_below(used - 1))
        np.add(at, used, out=at)
        return at

    def used_at_each(self, at: Seconds) -> Seconds:
        """``used`` of each instant."""
        within = self.steps.at_or_below(at)
        np.subtract(within, 1, out=within)
        used: Seconds = at - self.shut.take(within)
        np.minimum(used, self.used_up.take(within), out=used)
        return used

    @property
    def total(self) -> int:
        """All open time of the table."""
        return int(self.used_up[-1])


def table(definition: CalendarDefinition, first: int, last: int) -> Table:
    """Lay out a calendar over the years ``first`` to ``last``, both inclusive."""
    clock = local_clock(definition.zone, first, last)
    days, wall_opens, wall_closes = _wall_spans(definition, first, last)
    opens, closes = _merged(clock.first_reached(wall_opens), clock.first_reached(wall_closes))
    used_up = np.cumsum(closes - opens)
    opening_days, first_span = np.unique(days, return_index=True)
    return Table(
        first=first,
        last=last,
        since=BEFORE_ALL if first == FIRST_YEAR else _day(date(first + 1, 1, 1)) * DAY,
        until=AFTER_ALL if last == LAST_YEAR else _day(date(last, 1, 1)) * DAY,
        opens=opens,
        closes=closes,
        used_up=used_up,
        shut=closes - used_up,
        days=opening_days,
        day_opens=wall_opens[first_span],
        day_closes=np.maximum.reduceat(wall_closes, first_span) if first_span.size else wall_closes,
        clock=clock,
        steps=Steps(opens),
        steps_used=Steps(used_up),
    )


def week_of(terms: CalendarTerms) -> Week:
    """The weekly spans, also where the calendar is always open."""
    return WHOLE_WEEK if terms.always else terms.week


def opens_every_week(terms: CalendarTerms) -> bool:
    """Whether there are weekly hours at all, so that time goes on without end."""
    return any(closes > opens for spans in week_of(terms) for opens, closes in spans)


def _wall_spans(definition: CalendarDefinition, first: int, last: int) -> tuple[Seconds, Seconds, Seconds]:
    """Every span of every day, in order: its day, and its opening and closing as wall times."""
    begin, end = _day(date(first, 1, 1)), _day(date(last, 12, 31)) + 1
    other = {_day(day): spans for day, spans in definition.overrides.items() if begin <= _day(day) < end}
    rows = [np.empty((0, 3), dtype=np.int64)]
    for terms, since, until in _turns(definition.terms, begin, end):
        rows.extend(_usual(terms, since, until, other))
    rows.extend(_rows(np.array([day]), span) for day, spans in other.items() for span in spans)
    spans_of_all = np.concatenate(rows)
    ordered = spans_of_all[np.lexsort((spans_of_all[:, 1], spans_of_all[:, 0]))]
    return ordered[:, 0], ordered[:, 1], ordered[:, 2]


def _turns(terms: tuple[CalendarTerms, ...], begin: int, end: int) -> Iterator[tuple[CalendarTerms, int, int]]:
    """Which terms count on which days of ``[begin, end)``."""
    starts = [min(max(_day(one.start), begin), end) for one in terms]
    for one, (since, until) in zip(terms, pairwise([*starts, end]), strict=True):
        if since < until:
            yield one, since, until


def _usual(terms: CalendarTerms, since: int, until: int, other: Mapping[int, tuple[Span, ...]]) -> Iterator[Seconds]:
    """The spans of the days ``[since, until)`` without those that are off or ``other``."""
    years = [date.fromordinal(day + EPOCH_ORDINAL).year for day in (since, until - 1)]
    closed = {_day(day) for day in days_off(terms.holidays, *years)}
    days = np.arange(since, until, dtype=np.int64)
    usual = days[~np.isin(days, np.fromiter(closed | other.keys(), dtype=np.int64))]
    for weekday, spans in enumerate(week_of(terms)):
        of_weekday = usual[(usual + EPOCH_ORDINAL - 1) % 7 == weekday]
        for span in spans:
            yield _rows(of_weekday, span)


def _rows(days: Seconds, span: Span) -> Seconds:
    opens, closes = span
    if closes <= opens:
        return np.empty((0, 3), dtype=np.int64)
    return np.column_stack((days, days * DAY + opens, days * DAY + closes))


def _day(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL


def _merged(opens: Seconds, closes: Seconds) -> tuple[Seconds, Seconds]:
    """Sort the intervals, drop the empty ones, join those that touch or overlap; an empty one is put before all."""
    real = closes > opens
    order = np.argsort(opens[real], kind="stable")
    opens, closes = opens[real][order], closes[real][order]
    before = np.array([BEFORE_ALL], dtype=np.int64)
    if opens.size == 0:
        return before, before
    apart = opens[1:] > np.maximum.accumulate(closes)[:-1]
    starts = np.concatenate(([0], np.flatnonzero(apart) + 1))
    return np.concatenate((before, opens[starts])), np.concatenate((before, np.maximum.reduceat(closes, starts)))
