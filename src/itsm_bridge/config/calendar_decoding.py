"""Calendars of ``sla.yaml``: opening hours, days off, other hours on one day, and changes from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from itsm_bridge.config.atoms import DAY, TEXT, ZONE
from itsm_bridge.config.decoding import (
    Checked,
    Context,
    Converted,
    Decoder,
    MappingOf,
    Mistaken,
    OneOrMore,
    SequenceOf,
    Text,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode
from itsm_bridge.config.findings import Code, quote
from itsm_bridge.config.holiday_files import is_plain_name
from itsm_bridge.config.model import CalendarDefinition, CalendarTerms, Holidays, Position, Span
from itsm_bridge.config.opening_hours import SPANS, Hours, OpeningHours, check_override
from itsm_bridge.config.records import Key, Record


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


@dataclass(frozen=True, slots=True)
class CalendarFile(Decoder[Mapping[date, str]]):
    """The days off of a calendar file beside ``sla.yaml``."""

    def _decode(self, node: Node, context: Context) -> Mapping[date, str]:
        name = Text("the name of a calendar file").read(node, context)
        if not is_plain_name(name):
            message = "a calendar file is the name of an .ics file that lies beside sla.yaml, such as holidays.ics"
            raise context.refuse(node.position, Code.BAD_FORM, message)
        days = context.holiday_files.days(name)
        if days is None:
            message = f"the days of {quote(name)} cannot be read, see there"
            raise context.refuse(node.position, Code.FILE_UNREADABLE, message)
        return days


def _together(files: tuple[Mapping[date, str], ...]) -> Mapping[date, str]:
    """The days of all files; the name of the first one counts."""
    return MappingProxyType({day: name for days in reversed(files) for day, name in days.items()})


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
        Key("ics", Converted(OneOrMore(CalendarFile(), "calendar files"), _together), _NO_DAYS, into="listed"),
    ),
    check=_check_holidays,
)


NO_HOLIDAYS: Final = Holidays(None, None, _NO_DAYS, frozenset(), _NO_DAYS)


@dataclass(frozen=True, slots=True)
class _Change:
    """What is new from a day on; what is not given stays."""

    hours: Hours | None
    holidays: Holidays | None


def _check_change(change: _Change, node: MappingNode, context: Context) -> None:
    if change.hours is not None or change.holidays is not None:
        return
    if any(key.text not in {"hours", "holidays"} for key, _ in node.entries):
        raise Mistaken  # the unknown key is noted, and what it was to say is not known
    raise context.refuse(node.position, Code.NOTHING_GIVEN, "the change says nothing: it gives hours, holidays or both")


_CHANGE: Final = Record(
    "a change of a calendar",
    _Change,
    (Key("hours", OpeningHours(), None), Key("holidays", HOLIDAYS, None)),
    check=_check_change,
)


def _check_order(changes: Mapping[date, _Change], node: Node, context: Context) -> None:
    """What is not given stays, so that changes are read like a diary."""
    keys = [key for key, _ in node.entries] if isinstance(node, MappingNode) else []
    for (earlier, later), key in zip(pairwise(changes), keys[1:], strict=True):
        if later < earlier:
            message = f"{later} is before {earlier}, which stands above it: write changes in the order of their days"
            raise context.refuse(key.position, Code.CONTRADICTION, message)


_CHANGES: Final = Checked(MappingOf(DAY, _CHANGE, "changes", least=1), _check_order)


def _calendar(
    *,
    name: str,
    timezone: ZoneInfo,
    hours: Hours,
    holidays: Holidays,
    overrides: Mapping[date, tuple[Span, ...]],
    changes: Mapping[date, _Change],
    position: Position,
) -> CalendarDefinition:
    terms = [CalendarTerms(date.min, hours.always, hours.week, holidays)]
    for day, change in sorted(changes.items(), key=lambda entry: entry[0]):
        kept = change.hours or Hours(terms[-1].always, terms[-1].week)
        terms.append(CalendarTerms(day, kept.always, kept.week, change.holidays or terms[-1].holidays))
    return CalendarDefinition(name, timezone, hours.always, hours.week, holidays, overrides, position, tuple(terms[1:]))


def _check_calendar(calendar: CalendarDefinition, node: MappingNode, context: Context) -> None:
    """What is always open knows no days off, and no other hours on one day."""
    holidays, overrides = node.key("holidays"), node.key("overrides")
    if calendar.always and holidays is not None:
        _refuse_days(holidays, context)
    if overrides is not None and _meets_always(calendar):
        _refuse_days(overrides, context)
    changes = node.get("changes")
    written = changes.entries if isinstance(changes, MappingNode) else ()
    for terms, before, (day, change) in zip(calendar.changes, calendar.terms, _by_day(written), strict=False):
        if isinstance(change, MappingNode) and terms.always and terms.holidays != NO_HOLIDAYS:
            _refuse_kept_days(day, change, context)
        elif replace(terms, start=before.start) == before:
            context.warn(day.position, Code.CONTRADICTION, f"nothing changes on {terms.start}")


def _refuse_kept_days(day: ScalarNode, change: MappingNode, context: Context) -> None:
    given = change.key("holidays")
    if given is not None:
        _refuse_days(given, context)
        return
    message = f"from {day.text} on the calendar is always open, and keeps holidays from before: add holidays: {{}}"
    context.refuse(day.position, Code.CONTRADICTION, message)


def _meets_always(calendar: CalendarDefinition) -> bool:
    if not calendar.changes:
        return calendar.always
    return any(calendar.terms_on(day).always for day in calendar.overrides)


def _by_day(written: tuple[tuple[ScalarNode, Node], ...]) -> list[tuple[ScalarNode, Node]]:
    return sorted(written, key=lambda entry: entry[0].text)


def _refuse_days(key: ScalarNode, context: Context) -> None:
    message = f'{key.text} in a calendar that is always open; for hours on days write mon-sun: ["00:00-24:00"]'
    context.refuse(key.position, Code.CONTRADICTION, message)


CALENDAR: Final = Record(
    "a calendar",
    _calendar,
    (
        Key("timezone", ZONE),
        Key("hours", OpeningHours()),
        Key("holidays", HOLIDAYS, NO_HOLIDAYS),
        Key("overrides", MappingOf(DAY, Checked(SPANS, check_override), "days"), MappingProxyType({})),
        Key("changes", _CHANGES, MappingProxyType({})),
    ),
    named=True,
    placed=True,
    check=_check_calendar,
)
