"""``sla.yaml``: calendars and service levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from itsm_bridge.config.atoms import DAY, SPAN, TEXT, ZONE, BusinessTime, Percent
from itsm_bridge.config.condition_decoding import When
from itsm_bridge.config.decoding import (
    Checked,
    Context,
    Converted,
    Decoder,
    MappingOf,
    OneOf,
    Parsed,
    Reference,
    SequenceOf,
    Surveyed,
    Text,
    given,
    note_doubles,
    one_of,
    read_all,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, nearest, quote
from itsm_bridge.config.literals import DAY as DAY_SECONDS
from itsm_bridge.config.literals import WEEKDAYS, LiteralError, parse_weekdays
from itsm_bridge.config.model import (
    CalendarDefinition,
    Holidays,
    OnChange,
    OnReopen,
    Position,
    SlaDefinition,
    Span,
)
from itsm_bridge.config.names import Named
from itsm_bridge.config.records import Key, Record

Week = tuple[tuple[Span, ...], ...]
ROUND_THE_CLOCK: Final = "24x7"
_WHOLE_WEEK: Final[Week] = (((0, DAY_SECONDS),),) * 7
WHOSE: Final = ("environment", "vendor")
"""What a service level may name in place of a calendar: that of the environment's owner, or of the vendor at work."""


@dataclass(frozen=True, slots=True)
class Services:
    """What ``sla.yaml`` says."""

    calendars: Mapping[str, CalendarDefinition]
    slas: tuple[SlaDefinition, ...]


# --- opening hours -----------------------------------------------------------------------------------------------


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
class Hours(Decoder[Week | None]):
    """The opening hours of a week, Monday first; ``None`` for ``24x7``."""

    def _decode(self, node: Node, context: Context) -> Week | None:
        if not isinstance(node, MappingNode):
            self._check_word(node, context)
            return None
        days = read_all(_DAYS, ((key, context) for key, _ in node.entries))
        spans = read_all(SPANS, ((value, context) for _, value in node.entries))
        _note_doubled_days(node, given(days), context)
        openings = _openings(node, given(days), given(spans))
        if not openings:
            raise context.refuse(node.position, Code.NOTHING_GIVEN, "the calendar is never open")
        _note_overlaps(openings, context, weekly=True)
        return tuple(_of_day(openings, day) for day in range(7))

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


def _check_override(spans: tuple[Span, ...], node: Node, context: Context) -> None:
    openings = [replace(one, name=one.name.partition(" ")[2]) for one in _of_spans(spans, node)]
    _note_overlaps(sorted(openings, key=lambda one: one.start), context, weekly=False)


# --- calendars ---------------------------------------------------------------------------------------------------


def _check_holidays(holidays: Holidays, node: MappingNode, context: Context) -> None:
    country, subdivision = node.get("country"), node.get("subdivision")
    if isinstance(country, ScalarNode) and holidays.country is not None:
        known = holiday_regions(holidays.country)
        if known is None:
            message = f"{quote(country.text)} is no country that the holidays package knows, such as IN"
            context.refuse(country.position, Code.UNKNOWN_NAME, message, suggestion=_country_meant(country.text))
        elif isinstance(subdivision, ScalarNode) and subdivision.text not in known:
            message = f"{quote(subdivision.text)} is no subdivision of {country.text} that the holidays package knows"
            context.refuse_word(subdivision, Code.UNKNOWN_NAME, message, known)
    elif isinstance(subdivision, ScalarNode) and holidays.subdivision is not None:
        context.refuse(subdivision.position, Code.CONTRADICTION, "a subdivision needs its country")


def holiday_regions(country: str) -> tuple[str, ...] | None:
    """The subdivisions of a country (ISO 3166-1) with public holidays of their own; ``None`` for an unknown country."""
    from holidays import country_holidays  # noqa: PLC0415 - a tenth of a second, and not every command needs it

    try:
        found = country_holidays(country)
    except NotImplementedError:
        return None
    return (*found.subdivisions, *found.subdivisions_aliases)


def _country_meant(country: str) -> str | None:
    return country.upper() if country != country.upper() and holiday_regions(country.upper()) is not None else None


_OWN_DAYS: Final = MappingOf(DAY, TEXT, "days")
_NO_DAYS: Final[Mapping[date, str]] = MappingProxyType({})
_COUNTRY: Final = Text("a country", "[A-Za-z]{2,3}", "two letters of ISO 3166-1, such as IN")

HOLIDAYS: Final = Record(
    "holidays",
    Holidays,
    (
        Key("country", _COUNTRY, None),
        Key("subdivision", TEXT, None),
        Key("add", _OWN_DAYS, _NO_DAYS),
        Key("remove", Converted(SequenceOf(DAY, "days", distinct=True), frozenset), frozenset()),
    ),
    check=_check_holidays,
)


def _calendar(
    *,
    name: str,
    timezone: ZoneInfo,
    hours: Week | None,
    holidays: Holidays,
    overrides: Mapping[date, tuple[Span, ...]],
    position: Position,
) -> CalendarDefinition:
    always = hours is None
    return CalendarDefinition(name, timezone, always, hours or _WHOLE_WEEK, holidays, overrides, position)


def _check_calendar(calendar: CalendarDefinition, node: MappingNode, context: Context) -> None:
    for name in ("holidays", "overrides"):
        key = node.key(name)
        if calendar.always and key is not None:
            message = f'{name} in a calendar that is always open; for hours on days write mon-sun: ["00:00-24:00"]'
            context.refuse(key.position, Code.CONTRADICTION, message)


CALENDAR: Final = Record(
    "a calendar",
    _calendar,
    (
        Key("timezone", ZONE),
        Key("hours", Hours()),
        Key("holidays", HOLIDAYS, Holidays(None, None, _NO_DAYS, frozenset())),
        Key("overrides", MappingOf(DAY, Checked(SPANS, _check_override), "days"), MappingProxyType({})),
    ),
    named=True,
    placed=True,
    check=_check_calendar,
)


def _calendar_name(text: str) -> str:
    if text in WHOSE:
        raise LiteralError(f"a calendar cannot be called {text}: in a service level that means the {text}'s calendar")
    return text


# --- service levels ----------------------------------------------------------------------------------------------

KINDS: Final = MappingProxyType({kind: kind for kind in ("sla", "ola", "uc")})
_CLOCK: Final = When(clock=True)


def _check_sla(sla: SlaDefinition, node: MappingNode, context: Context) -> None:
    key = node.key("resume")
    if sla.resume is not None and sla.pause is None and key is not None:
        context.refuse(key.position, Code.CONTRADICTION, "resume needs a pause to end")


SLA: Final = Record(
    "a service level",
    SlaDefinition,
    (
        Key("name", TEXT),
        Key("measures", TEXT),
        Key("kind", OneOf("a kind", KINDS), "sla"),
        Key("target", BusinessTime()),
        Key("calendar", Reference(Named.CALENDAR, also=WHOSE)),
        Key("start", _CLOCK),
        Key("stop", _CLOCK),
        Key("pause", _CLOCK, None),
        Key("resume", _CLOCK, None),
        Key("reset", _CLOCK, None),
        Key("cancel", _CLOCK, None),
        Key("on_reopen", one_of("a way to treat a reopened ticket", OnReopen), OnReopen.CONTINUE),
        Key("on_change", one_of("a way to treat a change of definition", OnChange), OnChange.CARRY),
        Key("warn", SequenceOf(Percent(1, 1000), "percentages", distinct=True), ()),
    ),
    placed=True,
    check=_check_sla,
)


def _survey_slas(node: Node, context: Context) -> None:
    items = node.items if isinstance(node, SequenceNode) else ()
    levels = [item for item in items if isinstance(item, MappingNode)]
    note_doubles((level.get("name") for level in levels), "service levels", context)
    warn = next((key for level in levels if (key := level.key("warn")) is not None), None)
    if warn is not None:
        message = "this version reads and checks warnings of service levels, and does not carry them out"
        context.inform(warn.position, Code.NOT_CARRIED_OUT, message)


SERVICES: Final = Record(
    "sla.yaml",
    Services,
    (
        Key("calendars", MappingOf(Parsed(_calendar_name, "a calendar's name"), CALENDAR, "calendars")),
        Key("slas", Surveyed(SequenceOf(SLA, "service levels"), _survey_slas), ()),
    ),
)
