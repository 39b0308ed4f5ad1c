"""What the rules see of a ticket: its fields by the names of the rule language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import WEEKDAYS, Facts, Value
from itsm_bridge.history import reassignments, reopenings
from itsm_bridge.model import ApprovalState, TicketRecord

PASSING = frozenset({"age", "idle"})
"""Facts that depend on when they are asked for."""

CUSTOM_PREFIX = "custom."

_DAYS = tuple(dict.fromkeys(WEEKDAYS.values()))


def facts_of(record: TicketRecord, now: datetime, zone: ZoneInfo) -> dict[str, tuple[Value, ...]]:
    """Every field of the rule language for one ticket at ``now``; ``weekday`` and ``time`` are those of ``zone``.

    A field without a value is an empty tuple; a ticket without an approval has ``not_required``. ``age`` and ``idle``
    are whole seconds, never below 0.
    """
    return lasting_facts(record, zone) | passing_facts(record, now)


def passing_facts(record: TicketRecord, now: datetime) -> dict[str, tuple[Value, ...]]:
    """The facts that change with the clock alone."""
    ticket = record.ticket
    return {"age": (_seconds(ticket.created_at, now),), "idle": (_seconds(ticket.updated_at, now),)}


def lasting_facts(record: TicketRecord, zone: ZoneInfo) -> dict[str, tuple[Value, ...]]:
    """The facts that stay as they are until somebody changes the ticket."""
    custom = (CUSTOM_PREFIX + name for name in record.ticket.custom)
    return some_facts(record, zone, (*READERS, *custom))


def some_facts(record: TicketRecord, zone: ZoneInfo, names: Iterable[str]) -> dict[str, tuple[Value, ...]]:
    """Those of the lasting facts that have one of ``names``; ``age`` and ``idle`` are none of them."""
    return {name: _read(record, zone, name) for name in names if name not in PASSING}


Reader = Callable[[TicketRecord, ZoneInfo], tuple[Value, ...]]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "source": lambda record, _: _one(record.ticket.source),
        "number": lambda record, _: _one(record.ticket.number),
        "project": lambda record, _: _one(record.ticket.project),
        "type": lambda record, _: (record.ticket.type.value,),
        "environment": lambda record, _: _one(record.ticket.environment),
        "service": lambda record, _: _many(record.ticket.service),
        "category": lambda record, _: _many(record.ticket.category),
        "subcategory": lambda record, _: _one(record.ticket.subcategory),
        "ci": lambda record, _: _one(record.ticket.ci),
        "summary": lambda record, _: _one(record.ticket.summary),
        "description": lambda record, _: _one(record.ticket.description),
        "text": lambda record, _: _one("\n".join(filter(None, (record.ticket.summary, record.ticket.description)))),
        "labels": lambda record, _: _many(record.ticket.labels),
        "reporter": lambda record, _: _one(record.ticket.reporter),
        "assignee": lambda record, _: _one(record.ticket.assignee),
        "group": lambda record, _: _one(record.ticket.group),
        "state": lambda record, _: (record.ticket.state.value,),
        "impact": lambda record, _: _given(record.ticket.impact),
        "urgency": lambda record, _: _given(record.ticket.urgency),
        "priority": lambda record, _: _given(record.ticket.priority),
        "approval": lambda record, _: ((record.ticket.approval or ApprovalState.NOT_REQUIRED).value,),
        "vendor": lambda record, _: _one(record.ticket.vendor),
        "created": lambda record, _: (record.ticket.created_at,),
        "updated": lambda record, _: (record.ticket.updated_at,),
        "due": lambda record, _: _given(record.ticket.due_at),
        "reopened": lambda record, _: (len(reopenings(record)) if record.history else 0,),
        "reassigned": lambda record, _: (len(reassignments(record)) if record.history else 0,),
        "weekday": lambda record, zone: (_DAYS[record.ticket.created_at.astimezone(zone).weekday()],),
        "time": lambda record, zone: (record.ticket.created_at.astimezone(zone).time(),),
    }
)
"""How each field is read from a ticket, but for ``custom.<name>`` and the passing ones."""


def _read(record: TicketRecord, zone: ZoneInfo, name: str) -> tuple[Value, ...]:
    if name.startswith(CUSTOM_PREFIX):
        return _many(record.ticket.custom.get(name.removeprefix(CUSTOM_PREFIX), ()))
    return READERS[name](record, zone)


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))


def _one(text: str | None) -> tuple[Value, ...]:
    return (text,) if text and not text.isspace() else ()


def _many(texts: Iterable[str]) -> tuple[Value, ...]:
    return tuple(text for text in texts if text and not text.isspace())


def _given(value: Value | None) -> tuple[Value, ...]:
    return () if value is None else (value,)


def read_fact(facts: Facts, field: str) -> tuple[str, ...]:
    """The values of a text field."""
    return tuple(str(value) for value in facts.get(field, ()))
