"""What the rules see of a ticket: its fields by the names of the rule language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import WEEKDAYS, Facts, Value
from itsm_bridge.history import reassignments, reopenings
from itsm_bridge.model import ApprovalState, Ticket, TicketRecord

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
    facts = {name: shape(value) for (name, shape), value in zip(_SHAPES, _ATTRIBUTES(record.ticket), strict=True)}
    facts |= {name: READERS[name](record, zone) for name in _OTHERS}
    for name, values in record.ticket.custom.items():
        facts[CUSTOM_PREFIX + name] = _many(values)
    return facts


def some_facts(record: TicketRecord, zone: ZoneInfo, names: Iterable[str]) -> dict[str, tuple[Value, ...]]:
    """Those of the lasting facts that have one of ``names``; ``age`` and ``idle`` are none of them."""
    return {name: read_field(record, zone, name) for name in names if name not in PASSING}


def _one(text: str | None) -> tuple[Value, ...]:
    return (text,) if text and not text.isspace() else ()


def _many(texts: Iterable[str]) -> tuple[Value, ...]:
    return tuple(text for text in texts if text and not text.isspace())


def _given(value: Value | None) -> tuple[Value, ...]:
    return () if value is None else (value,)


def _approval(state: ApprovalState | None) -> tuple[Value, ...]:
    return ((state or ApprovalState.NOT_REQUIRED).value,)


ATTRIBUTES: Mapping[str, tuple[str, Callable[[Any], tuple[Value, ...]]]] = MappingProxyType(
    {
        **{
            name: (name, _one)
            for name in ("source", "number", "project", "environment", "subcategory", "ci", "summary")
        },
        **{name: (name, _one) for name in ("description", "reporter", "assignee", "group", "vendor")},
        **{name: (name, _many) for name in ("service", "category", "labels")},
        **{name: (name, _given) for name in ("impact", "urgency", "priority")},
        "type": ("type", lambda kind: (kind.value,)),
        "state": ("state", lambda state: (state.value,)),
        "approval": ("approval", _approval),
        "created": ("created_at", _given),
        "updated": ("updated_at", _given),
        "due": ("due_at", _given),
    }
)
"""The fields that are one attribute of a ticket, and how its value is read."""

Reader = Callable[[TicketRecord, ZoneInfo], tuple[Value, ...]]


def _reader(attribute: str, shape: Callable[[Any], tuple[Value, ...]]) -> Reader:
    return lambda record, _: shape(getattr(record.ticket, attribute))


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        **{name: _reader(attribute, shape) for name, (attribute, shape) in ATTRIBUTES.items()},
        "text": lambda record, _: _one("\n".join(filter(None, (record.ticket.summary, record.ticket.description)))),
        "reopened": lambda record, _: (len(reopenings(record)) if record.history else 0,),
        "reassigned": lambda record, _: (len(reassignments(record)) if record.history else 0,),
        "weekday": lambda record, zone: (_DAYS[record.ticket.created_at.astimezone(zone).weekday()],),
        "time": lambda record, zone: (record.ticket.created_at.astimezone(zone).time(),),
    }
)
"""How each field is read from a ticket, but for ``custom.<name>`` and the passing ones."""


_SHAPES = tuple((name, shape) for name, (_, shape) in ATTRIBUTES.items())
_ATTRIBUTES: Callable[[Ticket], tuple[Any, ...]] = attrgetter(*(attribute for attribute, _ in ATTRIBUTES.values()))
_OTHERS = tuple(name for name in READERS if name not in ATTRIBUTES)


def read_field(record: TicketRecord, zone: ZoneInfo, name: str) -> tuple[Value, ...]:
    """The values of one lasting fact."""
    if name.startswith(CUSTOM_PREFIX):
        return _many(record.ticket.custom.get(name.removeprefix(CUSTOM_PREFIX), ()))
    return READERS[name](record, zone)


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))


def read_fact(facts: Facts, field: str) -> tuple[str, ...]:
    """The values of a text field."""
    return tuple(str(value) for value in facts.get(field, ()))
