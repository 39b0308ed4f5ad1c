"""Opening hours: spans on weekdays, none of them over another, also not over midnight into the next day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from itsm_bridge.config.atoms import SPAN
from itsm_bridge.config.decoding import Context, Decoder, Parsed, SequenceOf, given, read_all
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, nearest
from itsm_bridge.config.literals import DAY as DAY_SECONDS
from itsm_bridge.config.literals import WEEKDAYS, parse_weekdays
from itsm_bridge.config.model import Position, Span, Week

ROUND_THE_CLOCK: Final = "24x7"
_WHOLE_WEEK: Final[Week] = (((0, DAY_SECONDS),),) * 7


@dataclass(frozen=True, slots=True)
class _Opening:
    """One span, in seconds after Monday's midnight, as it is called and where it is written."""

    start: int
    end: int
    name: str
    position: Position


SPANS: Final = SequenceOf(SPAN, "spans")
_DAYS: Final = Parsed(parse_weekdays, "days such as mon-fri")


@dataclass(frozen=True, slots=True)
class Hours:
    """A week's spans, Monday first; those of a calendar that is ``always`` open are whole days."""

    always: bool
    week: Week


@dataclass(frozen=True, slots=True)
class OpeningHours(Decoder[Hours]):
    """The opening hours of a week, or ``24x7``."""

    def _decode(self, node: Node, context: Context) -> Hours:
        if not isinstance(node, MappingNode):
            self._check_word(node, context)
            return Hours(always=True, week=_WHOLE_WEEK)
        days = read_all(_DAYS, ((key, context) for key, _ in node.entries))
        spans = read_all(SPANS, ((value, context) for _, value in node.entries))
        _note_doubled_days(node, given(days), context)
        openings = _openings(node, given(days), given(spans))
        if not openings:
            raise context.refuse(node.position, Code.NOTHING_GIVEN, "the calendar is never open")
        _note_overlaps(openings, context, weekly=True)
        return Hours(always=False, week=tuple(_of_day(openings, day) for day in range(7)))

    def _check_word(self, node: Node, context: Context) -> None:
        if not isinstance(node, ScalarNode) or node.text != ROUND_THE_CLOCK:
            meant = nearest(node.text, (ROUND_THE_CLOCK,)) if isinstance(node, ScalarNode) else None
            raise context.refuse_kind(node, "24x7 or a mapping of days to hours", suggestion=meant)


def _note_doubled_days(node: MappingNode, days: list[tuple[int, ...]], context: Context) -> None:
    seen: set[int] = set()
    for (key, _), each in zip(node.entries, days, strict=True):
        doubled = seen.intersection(each)
        if doubled:
            message = f"{WEEKDAYS[min(doubled)]} stands in two places"
            context.refuse(key.position, Code.DOUBLED_NAME, message)
        seen.update(each)


def _openings(node: MappingNode, days: list[tuple[int, ...]], spans: list[tuple[Span, ...]]) -> list[_Opening]:
    """Every span of every day of the week, in order."""
    found = [
        opening
        for (_, value), each, of_day in zip(node.entries, days, spans, strict=True)
        for day in each
        for opening in _of_spans(of_day, value, day)
    ]
    return sorted(found, key=lambda one: one.start)


def _of_spans(spans: tuple[Span, ...], node: Node, day: int = 0) -> list[_Opening]:
    places = [item for item in node.items if isinstance(item, ScalarNode)] if isinstance(node, SequenceNode) else []
    midnight = day * DAY_SECONDS
    return [
        _Opening(midnight + start, midnight + end, f"{WEEKDAYS[day]} {place.text}", place.position)
        for (start, end), place in zip(spans, places, strict=True)
    ]


def _of_day(openings: list[_Opening], day: int) -> tuple[Span, ...]:
    midnight = day * DAY_SECONDS
    of_day = (one for one in openings if one.start // DAY_SECONDS == day)
    return tuple((one.start - midnight, one.end - midnight) for one in of_day)


def _note_overlaps(openings: list[_Opening], context: Context, *, weekly: bool) -> None:
    """Note each written span that overlaps another, once; ``weekly`` openings come again after Sunday."""
    week = 7 * DAY_SECONDS
    again = [replace(one, start=one.start + week, end=one.end + week) for one in openings if weekly]
    every = [*openings, *again]
    noted: set[Position] = set()
    for latest, later in zip(accumulate(every, _closing_last), every[1:], strict=False):
        if latest.end > later.start and later.position not in noted:
            noted.add(later.position)
            context.refuse(later.position, Code.CONTRADICTION, f"{later.name} overlaps {latest.name}")


def _closing_last(left: _Opening, right: _Opening) -> _Opening:
    return left if left.end >= right.end else right


def check_override(spans: tuple[Span, ...], node: Node, context: Context) -> None:
    """Note spans of one day that overlap."""
    openings = [replace(one, name=one.name.partition(" ")[2]) for one in _of_spans(spans, node)]
    _note_overlaps(sorted(openings, key=lambda one: one.start), context, weekly=False)
