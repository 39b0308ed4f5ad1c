"""Tickets, service levels and configurations in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Matcher, Operator, Value
from itsm_bridge.config.model import (
    CalendarDefinition,
    Capacity,
    Configuration,
    Contacts,
    Environment,
    Holidays,
    Limits,
    OnChange,
    OnReopen,
    Owner,
    Position,
    RuleBook,
    SlaDefinition,
    Span,
    Target,
    Vendor,
    VendorStatus,
)
from itsm_bridge.model import HistoryEntry, State, Ticket, TicketRecord, TicketType
from itsm_bridge.sla import Cycle, cycles

HERE = Position("sla.yaml", 1, 1)
HOUR = 3600
OPEN = ["new", "in_progress", "on_hold"]
DONE = ["resolved", "closed"]
ZONE = ZoneInfo("Asia/Kolkata")
FAR = "2027-01-01T00:00Z"
at = datetime.fromisoformat


# --- conditions and levels -----------------------------------------------------------------------------------------


def when(**fields: Value | Sequence[Value]) -> Condition:
    """``when(priority=[1, 2], state="new")``: each field is the value, or one of them."""
    return AllOf(
        tuple(
            FieldTest(name, (Matcher(Operator.ONE_OF, (wanted,) if isinstance(wanted, str | int) else tuple(wanted)),))
            for name, wanted in fields.items()
            if isinstance(wanted, str | int | Sequence)
        )
    )


def either(*parts: Condition) -> Condition:
    return AnyOf(parts)


def filled(field: str) -> Condition:
    return FieldTest(field, (Matcher(Operator.EMPTY, (False,)),))


def level(
    name: str = "resolution",
    *,
    start: Condition | None = None,
    stop: Condition | None = None,
    pause: Condition | None = None,
    resume: Condition | None = None,
    reset: Condition | None = None,
    cancel: Condition | None = None,
    hours: float = 4,
    days: int | None = None,
    target: Target | None = None,
    calendar: str = "always",
    measures: str = "resolution",
    kind: str = "sla",
    on_reopen: OnReopen = OnReopen.CONTINUE,
    on_change: OnChange = OnChange.CARRY,
    first_day: str | None = None,
    end_day: str | None = None,
) -> SlaDefinition:
    """A level that starts with the ticket and stops when it is resolved, unless it is said otherwise."""
    return SlaDefinition(
        name=name,
        measures=measures,
        kind=kind,
        target=target or (Target(working_days=days) if days else Target(seconds=round(hours * HOUR))),
        calendar=calendar,
        start=AllOf(()) if start is None else start,
        stop=when(state=DONE) if stop is None else stop,
        pause=pause,
        resume=resume,
        reset=reset,
        cancel=cancel,
        on_reopen=on_reopen,
        on_change=on_change,
        warn=(),
        position=HERE,
        start_day=date.fromisoformat(first_day) if first_day else None,
        end_day=date.fromisoformat(end_day) if end_day else None,
    )


P1_RESPONSE = level(
    "P1 response",
    measures="response",
    hours=0.25,
    start=when(priority=1),
    stop=when(state=["in_progress", "resolved", "closed"]),
)
P1_RESOLUTION = level(
    "P1 resolution",
    start=when(priority=1),
    pause=when(state="on_hold"),
    cancel=when(state="canceled"),
    on_change=OnChange.RETROACTIVE,
)
WAITING = either(when(state="on_hold"), when(approval="requested"))
STANDARD = level(
    "standard resolution",
    hours=16,
    calendar="environment",
    start=when(priority=[2, 3, 4, 5]),
    pause=WAITING,
    cancel=when(state="canceled"),
    on_reopen=OnReopen.NEW_CYCLE,
)
VENDOR_RESOLUTION = level(
    "vendor resolution", hours=12, calendar="vendor", kind="uc", start=filled("vendor"), pause=WAITING
)
EXAMPLE_LEVELS = (P1_RESPONSE, P1_RESOLUTION, STANDARD, VENDOR_RESOLUTION)
"""The four of the example configuration."""


# --- configurations ------------------------------------------------------------------------------------------------


def office(name: str, zone: str, *spans: Span, days: int = 5) -> CalendarDefinition:
    """Open on the first ``days`` of the week; spans in hours. Without spans always."""
    hours = tuple((opens * HOUR, closes * HOUR) for opens, closes in spans)
    week = tuple(hours if day < days else () for day in range(7))
    return CalendarDefinition(name, ZoneInfo(zone), not spans, week, Holidays(None, None, {}, frozenset()), {}, HERE)


CALENDARS = (
    office("always", "UTC"),
    office("optit", "Asia/Kolkata", (10, 18)),
    office("gwl", "Asia/Kolkata", (9, 21)),
    office("devops", "Asia/Kolkata", (9, 17)),
    office("london", "Europe/London", (9, 17)),
    office("berlin", "Europe/Berlin", (8, 18)),
    office("berlin daily", "Europe/Berlin", (9, 18), days=7),
)


def vendor(name: str, calendar: str) -> Vendor:
    capacity = Capacity(people=1, hours_per_week=40, focus=1)
    return Vendor(name, VendorStatus.ACTIVE, None, False, (), capacity, calendar, None, {}, (), Contacts(), HERE)


def owner(name: str, start: str | None = None, end: str | None = None, services: tuple[str, ...] = ()) -> Owner:
    first, last = (date.fromisoformat(day) if day else None for day in (start, end))
    return Owner(name, services, first, last, HERE)


def environment(name: str, *owners: Owner) -> Environment:
    return Environment(name, None, (), None, owners, None, HERE)


EXAMPLE_ENVIRONMENTS = (
    environment("punjab", owner("OptIT", "2026-04-01"), owner("GWL", "2026-07-01", services=("portal",))),
    environment("ap", owner("GWL", "2026-06-01")),
    environment("bihar", owner("DevOps", end="2026-07-01"), owner("GWL", "2026-07-01")),
)


def configured(
    *levels: SlaDefinition, environments: Sequence[Environment] = EXAMPLE_ENVIRONMENTS, zone: ZoneInfo = ZONE
) -> Configuration:
    vendors = (vendor("OptIT", "optit"), vendor("GWL", "gwl"), vendor("DevOps", "devops"))
    return Configuration(
        folder=Path("config"),
        digest="",
        store="",
        zone=zone,
        sources={},
        limits=Limits(),
        ownership={},
        vendors={one.name: one for one in vendors},
        environments={one.name: one for one in environments},
        calendars={one.name: one for one in CALENDARS},
        slas=levels,
        rules=RuleBook((), (), (), (), (), (), (), (), ()),
    )


# --- tickets -------------------------------------------------------------------------------------------------------

NUMBERS = ("priority", "impact", "urgency")


def ticket(created: str, **fields: object) -> Ticket:
    given = {"updated_at": at(created), "state": State.NEW, **fields}
    return replace(
        Ticket(
            source="snow",
            external_id="id-1",
            number="INC1",
            type=TicketType.INCIDENT,
            project="incident",
            state=State.NEW,
            created_at=at(created),
            updated_at=at(created),
            version="1",
        ),
        **given,  # type: ignore[arg-type]  # a test may set any field
    )


def record(created: str, *changes: tuple[str, str, str], **initial: object) -> TicketRecord:
    """A ticket that begins with ``initial`` and changes as told: instant, field, new value (``""`` for none)."""
    first = ticket(created, **initial)
    now = {name: as_text(getattr(first, name)) for name in Ticket.__dataclass_fields__}
    entries = []
    for number, (moment, field, new) in enumerate(changes):
        entries.append(HistoryEntry("snow", "id-1", str(number), at(moment), field, now[field], new))
        now[field] = new
    changed = {field: as_value(field, now[field]) for _, field, _ in changes}
    updated = max([first.created_at, *(entry.at for entry in entries)])
    return TicketRecord(replace(first, updated_at=updated, **changed), tuple(entries))  # type: ignore[arg-type]  # as above


def as_text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def as_value(field: str, text: str) -> object:
    if field == "state":
        return State(text)
    if field in {"service", "category", "labels"}:
        return tuple(text.split(", ")) if text else ()
    if not text:
        return None
    return int(text) if field in NUMBERS else text


def clocks(one: TicketRecord, *levels: SlaDefinition, now: str = FAR, zone: ZoneInfo = ZONE) -> list[Cycle]:
    """The cycles of one ticket, all of which can be measured."""
    found = cycles([one], configured(*levels, zone=zone), at(now))
    assert found.unclocked == []
    return found.cycles


def clock(one: TicketRecord, *levels: SlaDefinition, now: str = FAR) -> Cycle:
    """The only cycle."""
    (found,) = clocks(one, *levels, now=now)
    return found
