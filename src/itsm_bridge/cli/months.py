"""A month of a calendar as text, one line a day in a terminal of 80 columns, and as a document."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

from itsm_bridge.calendars import Calendar, CalendarDay
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.config.model import Span

WIDTH = 80
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CLOSED, NOTHING = "closed", "–"
LONGEST_SPANS = 36


def month_text(calendar: Calendar, days: Sequence[CalendarDay]) -> str:
    """The month: what it is of, a line for each day, and the total."""
    written = [_cut(_spans(day.spans), LONGEST_SPANS) for day in days]
    width = max(map(len, written))
    total = sum(day.seconds for day in days)
    opened = sum(day.seconds > 0 for day in days)
    rows = [_row(day, f"{spans:<{width}}") for day, spans in zip(days, written, strict=True)]
    head = f"{printable(calendar.name)}, {days[0].day:%Y-%m}, {calendar.definition.zone.key}"
    return "\n".join(
        [_cut(head, WIDTH), "", *rows, "", f"{'total':<14} {_hours(total):>8}  on {plural(opened, 'day')}"]
    )


def month_document(calendar: Calendar, days: Sequence[CalendarDay]) -> dict[str, object]:
    """The month for ``--json``; times of day are ``HH:MM``, over 24:00 on the next day."""
    return {
        "calendar": calendar.name,
        "timezone": calendar.definition.zone.key,
        "month": f"{days[0].day:%Y-%m}",
        "digest": calendar.digest,
        "seconds": sum(day.seconds for day in days),
        "days": [_day_document(day) for day in days],
    }


def _day_document(day: CalendarDay) -> dict[str, object]:
    return {
        "date": day.day.isoformat(),
        "weekday": _weekday(day.day).lower(),
        "hours": [[_hours(opens), _hours(closes)] for opens, closes in day.spans],
        "holiday": day.holiday,
        "override": day.is_override,
        "change": day.is_change,
        "clock": [{"from": _hours(one.before), "to": _hours(one.after)} for one in day.clock_changes],
        "seconds": day.seconds,
    }


def _row(day: CalendarDay, spans: str) -> str:
    opened = _hours(day.seconds) if day.seconds else NOTHING
    return _cut(f"{day.day.isoformat()} {_weekday(day.day)} {opened:>8}  {spans}  {_why(day)}".rstrip(), WIDTH)


def _why(day: CalendarDay) -> str:
    """What is out of the ordinary about a day."""
    reasons = [
        *([printable(day.holiday)] if day.holiday is not None else []),
        *(["other hours on this day" if day.spans else "closed on this day"] if day.is_override else []),
        *(["changes from this day on"] if day.is_change else []),
        *(f"clock from {_hours(one.before)} to {_hours(one.after)}" for one in day.clock_changes),
    ]
    return "; ".join(reasons)


def _spans(spans: Sequence[Span]) -> str:
    """The spans as they are written in the configuration: an end over midnight is a time of the next day."""
    return " ".join(f"{_hours(opens)}-{_end(closes)}" for opens, closes in spans) or CLOSED


def _end(closes: int) -> str:
    return _hours(closes if closes <= 86_400 else closes - 86_400)


def _hours(seconds: int) -> str:
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def _weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()]


def _cut(text: str, width: int) -> str:
    """``text`` within so many columns of a terminal, in which some characters take two."""
    if sum(map(_columns, text)) <= width:
        return text
    kept, left = [], width - 1
    for character in text:
        left -= _columns(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
