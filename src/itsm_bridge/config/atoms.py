"""The single values that several files have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from itsm_bridge.config.decoding import Context, Converted, Decoder, Number, Parsed, Text
from itsm_bridge.config.documents import Node, ScalarNode
from itsm_bridge.config.findings import Code
from itsm_bridge.config.literals import (
    LiteralError,
    parse_date,
    parse_duration,
    parse_instant,
    parse_percent,
    parse_span,
    parse_time,
    parse_zone,
)
from itsm_bridge.config.model import Duration

T = TypeVar("T")

TEXT: Final = Text()
DAY: Final = Parsed(parse_date, "a day such as 2026-04-01")
INSTANT: Final = Parsed(parse_instant, "an instant such as 2026-11-02T10:00:00+05:30")
TIME: Final = Parsed(parse_time, "a time of day such as 09:30")
SPAN: Final = Parsed(parse_span, "a span of hours such as 09:30-18:30")
ZONE: Final = Parsed(parse_zone, "a zone such as Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class BusinessTime(Decoder[Duration]):
    """A duration that is not zero, in hours of a calendar or in its working days."""

    parse: Callable[[str], Duration] = parse_duration

    def _decode(self, node: Node, context: Context) -> Duration:
        duration = Parsed(self.parse, "a duration such as 4h").read(node, context)
        if not (duration.seconds or duration.working_days):
            raise context.refuse(node.position, Code.OUT_OF_RANGE, "a duration of nothing")
        return duration


def _on_the_wall(text: str) -> Duration:
    """What ``parse_duration`` reads; where a bare day was written, hours are meant and not working days."""
    try:
        return parse_duration(text)
    except LiteralError as error:
        days, _, unit = (error.suggestion or "").partition(" ")
        if unit == "working_days":
            raise LiteralError(str(error), f"{int(days) * 24}h") from None
        raise


@dataclass(frozen=True, slots=True)
class Seconds(Decoder[int]):
    """A duration on the clock on the wall, where working days mean nothing."""

    def _decode(self, node: Node, context: Context) -> int:
        duration = BusinessTime(_on_the_wall).read(node, context)
        if duration.seconds is None:
            message = "working days belong to a calendar, and here the clock on the wall counts: write hours"
            raise context.refuse(node.position, Code.BAD_FORM, message)
        return duration.seconds


@dataclass(frozen=True, slots=True)
class Percent(Decoder[float]):
    """A percentage such as ``50%``, within bounds, both inclusive; ``bare`` numbers count as percentages, or not."""

    low: float
    high: float
    bare: bool = False

    def _decode(self, node: Node, context: Context) -> float:
        if self.bare and isinstance(node, ScalarNode) and not isinstance(node.value, str):
            return Number(self.low, self.high).read(node, context)
        value = Parsed(parse_percent, "a percentage such as 50%").read(node, context)
        if not self.low <= value <= self.high:
            message = f"{value:g}% is outside {self.low:g}% to {self.high:g}%"
            raise context.refuse(node.position, Code.OUT_OF_RANGE, message)
        return value


@dataclass(frozen=True, slots=True)
class OrNothing(Decoder[T]):
    """What ``inner`` reads, or ``nothing`` for ``null``."""

    inner: Decoder[T]
    nothing: T

    def _decode(self, node: Node, context: Context) -> T:
        if isinstance(node, ScalarNode) and node.value is None:
            return self.nothing
        return self.inner.read(node, context)


FOLDED: Final = Converted(TEXT, str.casefold)
"""Text that compares without regard to case, in the form in which it is compared."""
