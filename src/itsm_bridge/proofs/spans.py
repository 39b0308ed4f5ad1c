"""Numbers, instants and times of day, cut into the spans between which no rule can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

from itsm_bridge.conditions import WEEKDAYS, FieldTest, Kind, Value

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = (datetime(2000, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LATEST = (datetime(2100, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
DAYS = tuple(dict.fromkeys(WEEKDAYS.values()))

Span = tuple[int, int]
"""Whole numbers from the first to the last, both inclusive: seconds, microseconds, or a count."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a kind lie on a line of whole numbers, and from where to where it goes."""

    first: int
    last: int

    def place(self, value: Value) -> int | None:
        """Where a value lies; ``None`` for what is no value of this kind."""
        return value if isinstance(value, int) else None

    def value(self, place: int) -> Value:
        """The value at a place."""
        return place


class Instants(Scale):
    """Microseconds since 1970."""

    def place(self, value: Value) -> int | None:
        """Microseconds of an instant."""
        return micros(value) if isinstance(value, datetime) else None

    def value(self, place: int) -> Value:
        """The instant, in UTC."""
        return instant(place)


class TimesOfDay(Scale):
    """Microseconds since midnight."""

    def place(self, value: Value) -> int | None:
        """Microseconds of a time of day."""
        return time_micros(value) if isinstance(value, time) else None

    def value(self, place: int) -> Value:
        """The time of day."""
        return (EPOCH + timedelta(microseconds=place)).time()


SCALES: Mapping[Kind, Scale] = MappingProxyType(
    {
        Kind.NUMBER: Scale(0, 1_000_000_000),
        Kind.DURATION: Scale(0, (LATEST - EARLIEST) // SECOND),
        Kind.INSTANT: Instants(EARLIEST, LATEST),
        Kind.TIME: TimesOfDay(0, DAY - 1),
    }
)


def spans(kind: Kind, tests: Iterable[FieldTest]) -> Iterator[Span]:
    """The line of a kind, cut at every operand of ``tests``: each operand alone, and what lies between."""
    scale = SCALES[kind]
    operands = {scale.place(operand) for test in tests for matcher in test.matchers for operand in matcher.operands}
    cuts = sorted(cut for cut in operands if cut is not None)
    first = min([scale.first, *(cut - DAY for cut in cuts if kind is Kind.INSTANT)])
    last = max([scale.last, *(cut + DAY for cut in cuts if kind is not Kind.TIME)])
    start = first
    for cut in (cut for cut in cuts if first <= cut <= last):
        if start < cut:
            yield start, cut - 1
        yield cut, cut
        start = cut + 1
    if start <= last:
        yield start, last


def sample(kind: Kind, span: Span) -> Value:
    """A value of a span, at the end that people would choose."""
    scale = SCALES[kind]
    return scale.value(span[0] if span[0] > scale.first or kind is not Kind.INSTANT else span[1])


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def instant(place: int) -> datetime:
    """The instant so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=place)


def time_micros(at: time) -> int:
    """Microseconds since midnight."""
    return ((at.hour * 60 + at.minute) * 60 + at.second) * SECOND + at.microsecond
