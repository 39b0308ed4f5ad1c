"""What ``sla.yaml`` says: calendars and service levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import Condition
from itsm_bridge.config.model.places import Position

Span = tuple[int, int]
"""Opening hours in seconds after local midnight, half-open; an end over 86,400 runs into the next day."""


Week = tuple[tuple[Span, ...], ...]
"""The spans of each weekday, Monday first."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays of a country (ISO 3166-1) and its subdivision, with additions and removals of our own.

    ``listed`` are the days of calendar files, by their names; ``remove`` takes away of them too.
    """

    country: str | None
    subdivision: str | None
    add: Mapping[date, str]
    remove: frozenset[date]
    listed: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CalendarTerms:
    """What a calendar keeps from the local day ``start`` on, up to the next terms. ``always`` ignores ``week``."""

    start: date
    always: bool
    week: Week
    holidays: Holidays


@dataclass(frozen=True, slots=True)
class CalendarDefinition:
    """Opening hours in an IANA zone. ``week`` has seven entries, Monday first; ``always`` is 24x7 and ignores them.

    ``changes`` are later terms, each whole, in the order of their days.
    """

    name: str
    zone: ZoneInfo
    always: bool
    week: Week
    holidays: Holidays
    overrides: Mapping[date, tuple[Span, ...]]
    position: Position
    changes: tuple[CalendarTerms, ...] = ()

    @property
    def terms(self) -> tuple[CalendarTerms, ...]:
        """Everything that the calendar keeps at some time, from the first day that there is."""
        return (CalendarTerms(date.min, self.always, self.week, self.holidays), *self.changes)

    def terms_on(self, day: date) -> CalendarTerms:
        """What the calendar keeps on a local day."""
        return next(terms for terms in reversed(self.terms) if terms.start <= day)


class OnReopen(StrEnum):
    """What a reopened ticket does to a completed clock."""

    CONTINUE = "continue"
    NEW_CYCLE = "new_cycle"
    IGNORE = "ignore"


class OnChange(StrEnum):
    """What moving to another definition of the same ``measures`` does to the time already used."""

    CARRY = "carry"
    RESTART = "restart"
    RETROACTIVE = "retroactive"


@dataclass(frozen=True, slots=True)
class Target:
    """What a service level promises: business ``seconds``, or else an instant.

    The instant lies ``working_days`` after the start: at the same local time, at the local time ``by`` (seconds after
    midnight), or ``by_close`` at the end of that day's hours; ``before`` is the local time from which on a start counts
    one more day. Or it is the one in the ticket's ``field``, which is ``due``.
    """

    seconds: int | None = None
    working_days: int | None = None
    by: int | None = None
    by_close: bool = False
    before: int | None = None
    field: str | None = None

    @property
    def is_instant(self) -> bool:
        """Whether it is an instant that is promised, not an amount of time."""
        return self.seconds is None


@dataclass(frozen=True, slots=True)
class SlaDefinition:
    """One service level. ``calendar`` is a calendar's name, ``environment`` or ``vendor``; ``warn`` is in percent.

    It attaches on the days from ``start_day``, inclusive, to ``end_day``, exclusive; ``None`` is no bound. ``native``
    are the names of the sources' own clocks that measure the same; none given, it is ``name``. ``places`` are those of
    its conditions in the file.
    """

    name: str
    measures: str
    kind: str
    target: Target
    calendar: str
    start: Condition
    stop: Condition | None
    pause: Condition | None
    resume: Condition | None
    reset: Condition | None
    cancel: Condition | None
    on_reopen: OnReopen
    on_change: OnChange
    warn: tuple[float, ...]
    position: Position
    start_day: date | None = None
    end_day: date | None = None
    native: tuple[str, ...] = ()
    places: tuple[tuple[str, Position], ...] = field(default=(), compare=False)

    def place_of(self, key: str) -> Position:
        """Where one of its conditions stands, or the whole of it where that is not known."""
        return dict(self.places).get(key, self.position)

    def holds_on(self, day: date) -> bool:
        """Whether ``day`` lies in its period."""
        return (self.start_day is None or self.start_day <= day) and (self.end_day is None or day < self.end_day)
