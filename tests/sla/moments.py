"""What a ticket was when, read from its history by the oracle's own few lines, and whether a condition holds then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from tests.sla.wall import World

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Not, Operator
from itsm_bridge.model import TicketRecord

Values = Mapping[str, str]
FIELDS = ("state", "priority", "approval", "assignee", "vendor", "environment")
OPEN, DONE = {"new", "in_progress", "on_hold"}, {"resolved", "closed", "canceled"}


@dataclass(frozen=True)
class Change:
    """What the fields are from a unit on, and what that change does to the ticket."""

    place: int
    values: Values
    before: Values | None
    reopens: bool
    environment: str
    taken: int
    """The unit since which the vendor has had the ticket."""


def holds(condition: Condition | None, values: Values | None) -> bool:
    if condition is None or values is None:
        return False
    if isinstance(condition, AllOf):
        return all(holds(part, values) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(holds(part, values) for part in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.part, values)
    return all(_matches(condition, matcher.operator, matcher.operands, values) for matcher in condition.matchers)


def _matches(test: FieldTest, operator: Operator, operands: tuple[object, ...], values: Values) -> bool:
    value = values[test.field]
    if operator is Operator.EMPTY:
        return (value == "") is operands[0]
    assert operator is Operator.ONE_OF
    return value.casefold() in _folded(operands)


@cache
def _folded(operands: tuple[object, ...]) -> frozenset[str]:
    return frozenset(str(operand).casefold() for operand in operands)


def changes(record: TicketRecord, world: World, now: datetime) -> list[Change]:
    """The creation and every later change up to ``now``; entries of one instant are one change."""
    entries = sorted((entry for entry in record.history if entry.field in FIELDS), key=lambda entry: entry.at)
    first = {name: _text(record, name) for name in FIELDS}
    first |= {entry.field: entry.old for entry in reversed(entries)}
    found: dict[datetime, Values] = {record.ticket.created_at: first}
    for entry in entries:
        if entry.at <= now:
            found[entry.at] = {**found[max(found)], entry.field: entry.new}
    return _told(found, world) if record.ticket.created_at <= now else []


def _told(found: Mapping[datetime, Values], world: World) -> list[Change]:
    environment = next((values["environment"] for values in found.values() if values["environment"]), "")
    told: list[Change] = []
    before, done, taken = None, False, 0
    for instant, values in found.items():
        place = world.place(instant)
        environment = values["environment"] or environment
        if before is None or values["vendor"] != before["vendor"]:
            taken = place
        told.append(Change(place, values, before, done and values["state"] in OPEN, environment, taken))
        done = values["state"] in DONE or (done and values["state"] not in OPEN)
        before = values
    return told


def _text(record: TicketRecord, name: str) -> str:
    value = getattr(record.ticket, name)
    return str(value or ("not_required" if name == "approval" else ""))
