"""Random service levels, calendars and lives of tickets, most of them near a change of the clocks."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.sla.tickets import (
    DONE,
    HERE,
    as_value,
    configured,
    either,
    environment,
    filled,
    level,
    owner,
    record,
    vendor,
    when,
)
from tests.sla.wall import Era, clock_changes

from itsm_bridge.conditions import Condition
from itsm_bridge.config.model import (
    CalendarDefinition,
    Configuration,
    Environment,
    Holidays,
    OnChange,
    OnReopen,
    SlaDefinition,
    Span,
)
from itsm_bridge.model import TicketRecord

ZONES = (
    *("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin"),
    *("Australia/Sydney", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns"),
)
ERAS = (
    Era(datetime(2026, 1, 1, tzinfo=UTC), 420),
    Era(datetime(2017, 7, 1, tzinfo=UTC), 420),  # Sao Paulo still changed its clocks, at midnight
    Era(datetime(2011, 7, 1, tzinfo=UTC), 420),  # Apia left out the 30th of December
)
CALENDARS = ("one", "two", "three", "four")
VENDORS = {"OptIT": "one", "GWL": "two", "DevOps": "three"}
STATES = ("new", "in_progress", "in_progress", "on_hold", "resolved", "resolved", "closed", "canceled", "unknown")
VALUES = {
    "state": STATES,
    "priority": ("1", "1", "2", "3", ""),
    "approval": ("not_required", "requested", "approved", "rejected"),
    "assignee": ("", "agent", "robot"),
    "vendor": ("OptIT", "GWL", "DevOps", ""),
    "environment": ("punjab", "ap", ""),
}
FIELDS = ("state", "state", "state", "priority", "priority", "approval", "assignee", "vendor", "environment")
WAITING = when(state="on_hold")
ASKED = when(approval="requested")
MINUTES = (1, 15, 30, 45, 60, 95, 240, 480, 481, 960, 1440, 2400)


@dataclass(frozen=True)
class Setting:
    """A configuration, the days around which its tickets live, and the unit of their instants in seconds."""

    configuration: Configuration
    era: Era
    middle: datetime
    unit: int


@dataclass(frozen=True)
class Story:
    """The life of a ticket: what it was at first, and what became of it when."""

    created: datetime
    first: tuple[tuple[str, object], ...]
    changes: tuple[tuple[datetime, str, str], ...]

    def record(self, name: str = "id-1") -> TicketRecord:
        changes = [(at.isoformat(), field, new) for at, field, new in self.changes]
        found = record(self.created.isoformat(), *changes, **dict(self.first))
        return replace(found, ticket=replace(found.ticket, external_id=name))


# --- calendars -----------------------------------------------------------------------------------------------------


def some_spans(chance: random.Random) -> tuple[Span, ...]:
    """Opening hours of one day, in order and apart from each other; the last may run into the next day."""
    edges = sorted(chance.sample(range(0, 24 * 60, chance.choice((1, 15, 30))), 2 * chance.choice((1, 1, 2, 3))))
    kind = chance.random()
    if kind < 0.25:
        edges = [chance.choice((540, 480, 0, 60, 90, 150)), chance.choice((1020, 1080, 1440, 180, 210))]
    elif kind < 0.45:
        edges[-1] = chance.choice((1440, 1500, 1530, 1800, 1980, 2160))
    return tuple((opens * 60, closes * 60) for opens, closes in zip(edges[::2], edges[1::2], strict=True))


def some_calendar(chance: random.Random, name: str, zone: str, middle: datetime) -> CalendarDefinition:
    usual = some_spans(chance)
    while True:
        closed = chance.choice(((), (), (5, 6), (6,), (2,), (4, 5)))
        week = tuple(
            () if day in closed else some_spans(chance) if chance.random() < 0.2 else usual for day in range(7)
        )
        if sum(closes - opens for spans in week for opens, closes in spans) > 15 * 3600:
            break
        usual = some_spans(chance)
    always = chance.random() < 0.12
    days = [middle.date() + timedelta(days=day) for day in range(-14, 15)]
    off = [] if always else chance.sample(days, chance.choice((0, 0, 1, 3)))
    other = [] if always else chance.sample(days, chance.choice((0, 0, 1, 3)))
    overrides = {day: some_spans(chance) if chance.random() < 0.7 else () for day in other}
    holidays = Holidays(None, None, dict.fromkeys(off, "ours"), frozenset(off[:1]))
    return CalendarDefinition(name, ZoneInfo(zone), always, week, holidays, overrides, HERE)


# --- levels --------------------------------------------------------------------------------------------------------


def some_level(chance: random.Random, name: str, start: Condition, stop: Condition, **fixed: object) -> SlaDefinition:
    seconds = chance.choice(MINUTES) * 60
    varied: dict[str, object] = {
        "pause": chance.choice((None, WAITING, WAITING, either(WAITING, ASKED))),
        "resume": chance.choice((None, None, None, when(assignee="agent"), when(state="in_progress"))),
        "reset": chance.choice((None, None, None, when(assignee="agent"), when(approval="approved"))),
        "cancel": chance.choice((None, None, None, when(assignee="robot"), when(state="canceled"))),
        "on_reopen": chance.choice(tuple(OnReopen)),
        "on_change": chance.choice(tuple(OnChange)),
        "calendar": chance.choice((*CALENDARS, "environment", "environment")),
    }
    return level(name, start=start, stop=stop, hours=seconds / 3600, **{**varied, **fixed})  # type: ignore[arg-type]


def some_levels(chance: random.Random) -> tuple[SlaDefinition, ...]:
    """Two levels of one family, two of vendors, and some on their own."""
    ends = chance.choice((when(state=DONE), when(state=DONE), when(state="resolved"), either(when(state=DONE), ASKED)))
    answered = when(state=["in_progress", *DONE])
    bound = {"calendar": chance.choice(("vendor", "vendor", "one")), "kind": "uc"}
    return (
        some_level(chance, "low", when(priority=[2, 3]), ends),
        some_level(chance, "high", when(priority=1), ends),
        some_level(chance, "urgent vendor", when(priority=1), ends, **bound),
        some_level(chance, "vendor", chance.choice((filled("vendor"), when(priority=[2, 3]))), ends, **bound),
        some_level(chance, "response", when(priority=[1, 2]), answered, measures="response"),
        some_level(chance, "approval", ASKED, when(approval=["approved", "rejected"]), measures="approval"),
        some_level(chance, "update", when(), ends, measures="update", reset=when(assignee="agent")),
    )


def some_setting(chance: random.Random, unit: int = 60) -> Setting:
    era = chance.choice(ERAS)
    zones = [chance.choice(ZONES) for _ in CALENDARS]
    turns = [turn for turn in clock_changes(zones[0], era) if 20 <= (turn - era.first).days <= 260]
    middle = era.first + timedelta(days=chance.randrange(20, 260))
    if turns and chance.random() < 0.85:
        middle = chance.choice(turns)
    offices = [some_calendar(chance, name, zone, middle) for name, zone in zip(CALENDARS, zones, strict=True)]
    places = [some_environment(chance, name, middle.date()) for name in ("punjab", "ap")]
    settings = replace(
        configured(*some_levels(chance), environments=places, zone=ZoneInfo(chance.choice(ZONES))),
        calendars={office.name: office for office in offices},
        vendors={name: vendor(name, hours) for name, hours in VENDORS.items()},
    )
    return Setting(settings, era, middle, unit)


def some_environment(chance: random.Random, name: str, middle: date) -> Environment:
    first, second = chance.sample(sorted(VENDORS), 2)
    day = (middle + timedelta(days=chance.randrange(-8, 12))).isoformat()
    return environment(name, owner(first, end=day), owner(second, start=day))


# --- lives ---------------------------------------------------------------------------------------------------------


def some_moment(chance: random.Random, setting: Setting) -> datetime:
    """When somebody looks: some days after the middle, or before."""
    minutes = chance.choice(
        (chance.randrange(2 * 1440), chance.randrange(3 * 1440), chance.randrange(-1440, 12 * 1440))
    )
    second = chance.randrange(60) if setting.unit == 1 else 0
    return (setting.middle + timedelta(minutes=minutes)).replace(second=second)


def some_story(chance: random.Random, setting: Setting, now: datetime) -> Story:
    """A ticket of the days before ``now``; some of its changes may come later, one may be of that very instant."""
    longest = chance.choice((300, 3000, 20_000)) * (1 if setting.unit == 60 else 5)
    units = [chance.randrange(-longest // 8, longest) for _ in range(chance.randrange(1, 11))]
    created, *later = sorted(units, reverse=True)
    if later and chance.random() < 0.2:
        later[-1] = min(0, created)
    first = {name: chance.choice(values) for name, values in VALUES.items()}
    first["environment"] = first["environment"] or "punjab"
    if chance.random() < 0.7:
        first["state"] = "new"
    changes: list[tuple[datetime, str, str]] = []
    now_is = dict(first)
    for ago in later:
        for field in chance.sample(FIELDS, chance.choice((1, 1, 1, 2, 3))):
            new = chance.choice(VALUES[field])
            unknown_from_the_first = ago == created and field == "environment"
            if new != now_is[field] and not unknown_from_the_first:
                changes.append((now - timedelta(seconds=ago * setting.unit), field, new))
                now_is[field] = new
    given = tuple((name, as_value(name, text)) for name, text in first.items())
    return Story(now - timedelta(seconds=created * setting.unit), given, tuple(changes))
