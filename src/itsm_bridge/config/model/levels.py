"""What ``sla.yaml`` says: calendars and service levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import Condition
from itsm_bridge.config.model.places import Duration, Position

Span = tuple[int, int]
"""Opening hours in seconds after local midnight, half-open; an end over 86,400 runs into the next day."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays of a country (ISO 3166-1) and its subdivision, with additions and removals of our own."""

    country: str | None
    subdivision: str | None
    add: Mapping[date, str]
    remove: frozenset[date]


@dataclass(frozen=True, slots=True)
class CalendarDefinition:
    """Opening hours in an IANA zone. ``week`` has seven entries, Monday first; ``always`` is 24x7 and ignores them."""

    name: str
    zone: ZoneInfo
    always: bool
    week: tuple[tuple[Span, ...], ...]
    holidays: Holidays
    overrides: Mapping[date, tuple[Span, ...]]
    position: Position


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
class SlaDefinition:
    """One service level. ``calendar`` is a calendar's name, ``environment`` or ``vendor``; ``warn`` is in percent."""

    name: str
    measures: str
    kind: str
    target: Duration
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
