"""The words of the rule language: its fields, and what a condition consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType

Value = str | int | float | bool | datetime | date | time
"""A value of a fact or of an operand. Durations (``age``, ``idle``) are whole seconds."""

Facts = Mapping[str, tuple[Value, ...]]
"""A ticket's fields by the rule language's names; a field without a value is empty or absent."""

# --- fields ------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a field's values are. ``TYPE`` to ``VENDOR`` are text with a domain that the configuration gives."""

    TEXT = "text"
    TYPE = "type"
    STATE = "state"
    APPROVAL = "approval"
    SOURCE = "source"
    ENVIRONMENT = "environment"
    SERVICE = "service"
    VENDOR = "vendor"
    NUMBER = "number"
    DURATION = "duration"
    INSTANT = "instant"
    WEEKDAY = "weekday"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the rule language. ``many``: it may hold several values; ``fillable``: a classify rule may fill it."""

    kind: Kind
    many: bool = False
    fillable: bool = False


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "source": Field(Kind.SOURCE),
        "number": Field(Kind.TEXT),
        "project": Field(Kind.TEXT),
        "type": Field(Kind.TYPE),
        "environment": Field(Kind.ENVIRONMENT, fillable=True),
        "service": Field(Kind.SERVICE, many=True, fillable=True),
        "category": Field(Kind.TEXT, many=True, fillable=True),
        "subcategory": Field(Kind.TEXT, fillable=True),
        "ci": Field(Kind.TEXT, fillable=True),
        "summary": Field(Kind.TEXT),
        "description": Field(Kind.TEXT),
        "text": Field(Kind.TEXT),
        "labels": Field(Kind.TEXT, many=True),
        "reporter": Field(Kind.TEXT),
        "assignee": Field(Kind.TEXT),
        "group": Field(Kind.TEXT),
        "state": Field(Kind.STATE),
        "impact": Field(Kind.NUMBER),
        "urgency": Field(Kind.NUMBER),
        "priority": Field(Kind.NUMBER),
        "approval": Field(Kind.APPROVAL),
        "vendor": Field(Kind.VENDOR),
        "created": Field(Kind.INSTANT),
        "updated": Field(Kind.INSTANT),
        "due": Field(Kind.INSTANT),
        "age": Field(Kind.DURATION),
        "idle": Field(Kind.DURATION),
        "reopened": Field(Kind.NUMBER),
        "reassigned": Field(Kind.NUMBER),
        "weekday": Field(Kind.WEEKDAY),
        "time": Field(Kind.TIME),
    }
)
"""Every field of the rule language but ``custom.<name>``, which are ``CUSTOM``."""

CUSTOM = Field(Kind.TEXT, many=True, fillable=True)

WEEKDAYS: Mapping[str, str] = MappingProxyType(
    {
        name: full[:3]
        for full in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        for name in (full, full[:3])
    }
)
"""What a weekday may be called, and the name that facts use: ``mon`` to ``sun``, Monday first."""


def field_of(name: str) -> Field | None:
    """What ``name`` means in the rule language; ``None`` for a name that it does not have."""
    if name.startswith("custom.") and len(name) > len("custom."):
        return CUSTOM
    return FIELDS.get(name)


# --- conditions --------------------------------------------------------------------------------------------------


class Operator(StrEnum):
    """What a matcher does with a field's values; the names of the rule language, and two for plain values."""

    ONE_OF = "one_of"
    NOT = "not"
    EMPTY = "empty"
    CONTAINS = "contains"
    CONTAINS_ALL = "contains_all"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One operator with its operands, text already casefolded (but for ``MATCHES``)."""

    operator: Operator
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """All ``matchers`` must hold for the values of ``field``."""

    field: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts it holds for every ticket."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = FieldTest | AllOf | AnyOf | Not


def fields_of(condition: Condition) -> Iterator[str]:
    """The fields that a condition looks at, in its own order; one may come several times."""
    if isinstance(condition, FieldTest):
        yield condition.field
    elif isinstance(condition, Not):
        yield from fields_of(condition.part)
    else:
        for part in condition.parts:
            yield from fields_of(part)
