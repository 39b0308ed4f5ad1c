"""Calendars and configurations in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import Calendar
from itsm_bridge.config.model import (
    CalendarDefinition,
    Capacity,
    Configuration,
    Contacts,
    Environment,
    Holidays,
    Limits,
    Owner,
    Position,
    RuleBook,
    Span,
    Vendor,
    VendorStatus,
)

HERE = Position("sla.yaml", 1, 1)
NO_HOLIDAYS = Holidays(None, None, {}, frozenset())
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOUR = 3600
HOURS_24X7 = "24x7"


def spans(text: str) -> tuple[Span, ...]:
    """``09:00-13:00 14:00-18:00``; an end that is not after its beginning is on the next day."""
    found = []
    for span in text.split():
        opens, closes = (int(part[:2]) * HOUR + int(part[3:5]) * 60 for part in span.split("-"))
        found.append((opens, closes if closes > opens else closes + 24 * HOUR))
    return tuple(found)


def definition(
    zone: str, hours: str | Mapping[str, str], holidays: Sequence[str] = (), overrides: Mapping[str, str] | None = None
) -> CalendarDefinition:
    """``hours`` are those of Monday to Friday, or of each named day."""
    of_days = dict.fromkeys(DAYS[:5], hours) if isinstance(hours, str) else hours
    return CalendarDefinition(
        name="office",
        zone=ZoneInfo(zone),
        always=hours == HOURS_24X7,
        week=() if hours == HOURS_24X7 else tuple(spans(of_days.get(day, "")) for day in DAYS),
        holidays=Holidays(None, None, {date.fromisoformat(day): "" for day in holidays}, frozenset()),
        overrides={date.fromisoformat(day): spans(text) for day, text in (overrides or {}).items()},
        position=HERE,
    )


def calendar(
    zone: str, hours: str | Mapping[str, str], holidays: Sequence[str] = (), overrides: Mapping[str, str] | None = None
) -> Calendar:
    return Calendar(definition(zone, hours, holidays, overrides))


def every_day(hours: str) -> Mapping[str, str]:
    return dict.fromkeys(DAYS, hours)


def at(text: str, zone: str = "UTC") -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def vendor(name: str, calendar_name: str) -> Vendor:
    return Vendor(
        name=name,
        status=VendorStatus.ACTIVE,
        nda_signed=None,
        internal=False,
        skills=(),
        capacity=Capacity(1, 40, 1),
        calendar=calendar_name,
        rate=None,
        names={},
        leave=(),
        contacts=Contacts(),
        position=HERE,
    )


def owner(name: str, start: str | None = None, end: str | None = None, services: tuple[str, ...] = ()) -> Owner:
    return Owner(
        name, services, date.fromisoformat(start) if start else None, date.fromisoformat(end) if end else None, HERE
    )


def configuration(*owners: Owner) -> Configuration:
    names = ("OptIT", "GWL", "DevOps")
    hours = {"OptIT": "09:00-17:00", "GWL": "08:00-20:00", "DevOps": "10:00-18:00"}
    return Configuration(
        folder=Path("config"),
        digest="",
        store="",
        zone=ZoneInfo("Asia/Kolkata"),
        sources={},
        limits=Limits(),
        ownership={},
        vendors={name: vendor(name, name.lower()) for name in names},
        environments={"punjab": Environment("punjab", None, (), None, owners, None, HERE)},
        calendars={name.lower(): replace(definition("UTC", hours[name]), name=name.lower()) for name in names},
        slas=(),
        rules=RuleBook((), (), (), (), (), (), (), (), ()),
    )


# --- pauses ----------------------------------------------------------------------------------------------------------


def elapsed_without(pauses: list[tuple[datetime, datetime]], office: Calendar, start: datetime, end: datetime) -> int:
    paused = sum(office.elapsed(max(begin, start), min(until, end)) for begin, until in pauses)
    return office.elapsed(start, end) - paused


def due_without(pauses: list[tuple[datetime, datetime]], office: Calendar, start: datetime, seconds: int) -> datetime:
    for begin, until in pauses:
        used = office.elapsed(start, begin)
        if used >= seconds:
            break
        start, seconds = until, seconds - used
    return office.due(start, seconds)
