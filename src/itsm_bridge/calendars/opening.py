"""From a calendar's definition to the intervals in which it is open, over a range of years."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from itsm_bridge.calendars.walltime import BEFORE_ALL, DAY, EPOCH_ORDINAL, LocalClock, Seconds, local_clock
from itsm_bridge.config.model import CalendarDefinition, Holidays, Span
from itsm_bridge.errors import ConfigurationInvalid

ALL_DAY: tuple[Span, ...] = ((0, DAY),)


@dataclass(frozen=True, slots=True)
class Table:
    """The open intervals of the years ``first`` to ``last``, sorted, apart from each other, the first one empty.

    ``used`` is the open time before each interval and ``used_up`` with it. ``days`` are the local days on which the
    calendar opens, as days after 1970-01-01, with the wall time of their first opening in ``day_opens``.
    """

    first: int
    last: int
    opens: Seconds
    closes: Seconds
    used: Seconds
    used_up: Seconds
    days: Seconds
    day_opens: Seconds
    clock: LocalClock

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
        opens=opens,
        closes=closes,
        used=used_up - (closes - opens),
        used_up=used_up,
        days=opening_days,
        day_opens=wall_opens[first_span],
        clock=clock,
    )


def opens_every_week(definition: CalendarDefinition) -> bool:
    """Whether there are weekly hours at all, so that time goes on without end."""
    return definition.always or any(closes > opens for spans in definition.week for opens, closes in spans)


def _wall_spans(definition: CalendarDefinition, first: int, last: int) -> tuple[Seconds, Seconds, Seconds]:
    """Every span of every day, in order: its day, and its opening and closing as wall times."""
    begin = date(first, 1, 1).toordinal() - EPOCH_ORDINAL
    end = date(last, 12, 31).toordinal() - EPOCH_ORDINAL + 1
    closed = {_day(day) for day in _days_off(definition.holidays, first, last)}
    other = {_day(day): spans for day, spans in definition.overrides.items() if begin <= _day(day) < end}
    days = np.arange(begin, end, dtype=np.int64)
    usual = days[~np.isin(days, np.fromiter(closed | other.keys(), dtype=np.int64))]
    rows = [np.empty((0, 3), dtype=np.int64)]
    for weekday, spans in enumerate((ALL_DAY,) * 7 if definition.always else definition.week):
        of_weekday = usual[(usual + EPOCH_ORDINAL - 1) % 7 == weekday]
        rows.extend(_rows(of_weekday, span) for span in spans)
    rows.extend(_rows(np.array([day]), span) for day, spans in other.items() for span in spans)
    spans_of_all = np.concatenate(rows)
    ordered = spans_of_all[np.lexsort((spans_of_all[:, 1], spans_of_all[:, 0]))]
    return ordered[:, 0], ordered[:, 1], ordered[:, 2]


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


def _days_off(holidays: Holidays, first: int, last: int) -> Iterable[date]:
    public = _public(holidays.country, holidays.subdivision, first, last) if holidays.country else frozenset()
    return (public - holidays.remove) | holidays.add.keys()


def _public(country: str, subdivision: str | None, first: int, last: int) -> frozenset[date]:
    """The public holidays of a region, with the days on which they are observed.

    Where the ``holidays`` package knows the movable days of some years only, other years have the fixed days alone.
    """
    library = importlib.import_module("holidays")  # 70 ms that a calendar without public holidays need not wait for
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of the years named above, for every year and calendar
            days = library.country_holidays(country, subdiv=subdivision, years=range(first - 1, last + 2))
    except NotImplementedError as unknown:
        region = f"{country}-{subdivision}" if subdivision else country
        raise ConfigurationInvalid(f"holidays of the region {region!r} are not known: {unknown}") from unknown
    return frozenset(days)
