"""What a piece of text stands for: durations, days, instants, opening hours, percentages, zones, addresses."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, date, datetime, time
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from itsm_bridge.config.findings import nearest, quote
from itsm_bridge.config.model import Duration, Span

DAY: Final = 86_400
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS: Final = (1970, 2100)


class LiteralError(ValueError):
    """A text that cannot be read; the message says why, ``suggestion`` what was probably meant."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


# --- lengths of time ---------------------------------------------------------------------------------------------

_DURATION: Final = re.compile(r"(\d{1,9}) ?([A-Za-z_ ]+)", re.ASCII)
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_MEANT: Final = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("wd", "workday", "workdays", "working day", "working days", "business_days"), " working_days"),
}
_DAYS: Final = frozenset({"d", "day", "days", "w", "week", "weeks"})
_LONGEST: Final = 100 * 366 * DAY


def parse_duration(text: str) -> Duration:
    """Read ``90s``, ``15m``, ``4h`` or ``3 working_days``.

    Raises:
        LiteralError: for anything else; a bare day (``1d``) with the reason why it is refused.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise LiteralError(f"{quote(text)} is not a duration: write 90s, 15m, 4h or 3 working_days")
    amount, unit = int(found[1]), found[2].lower()
    if unit in {"working_days", "working_day"}:
        return Duration(working_days=_within(amount, DAY))
    if unit in _UNIT_SECONDS:
        return Duration(seconds=_within(amount, _UNIT_SECONDS[unit]) * _UNIT_SECONDS[unit])
    raise _bad_unit(text, amount, unit)


def _within(amount: int, seconds: int) -> int:
    if amount * seconds > _LONGEST:
        raise LiteralError("a duration of more than 100 years")
    return amount


def _bad_unit(text: str, amount: int, unit: str) -> LiteralError:
    if unit in _DAYS:
        days = amount * 7 if unit.startswith("w") else amount
        reason = "a day may be 24 hours, the opening hours of a day, or a working day: write 8h or 3 working_days"
        return LiteralError(f"{quote(text)} is refused, because {reason}", f"{days} working_days")
    meant = f"{amount}{_MEANT[unit]}" if unit in _MEANT else None
    return LiteralError(f"{quote(text)} is not a duration: write 90s, 15m, 4h or 3 working_days", meant)


# --- days and instants -------------------------------------------------------------------------------------------

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


def parse_date(text: str) -> date:
    """Read a day such as ``2026-04-01``; raises ``LiteralError``."""
    if not _DATE.fullmatch(text):
        raise LiteralError(f"{quote(text)} is not a day: write year-month-day, such as 2026-04-01")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise LiteralError(f"{quote(text)} is not in the calendar") from None
    _check_year(day.year)
    return day


def parse_instant(text: str) -> datetime:
    """Read an instant with a zone, such as ``2026-11-02T10:00:00+05:30``, into UTC; raises ``LiteralError``."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise LiteralError(f"{quote(text)} is not an instant: write it such as 2026-11-02T10:00:00+05:30")
    if found[1] is None:
        raise LiteralError(f"{quote(text)} has no zone, and could be anywhere: add Z or an offset", f"{text}Z")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise LiteralError(f"{quote(text)} is not in the calendar") from None
    _check_year(instant.year)
    return instant.astimezone(UTC)


def _check_year(year: int) -> None:
    first, last = YEARS
    if not first < year <= last:
        raise LiteralError(f"the year {year} is outside {first + 1} to {last}; leave the end out for no end")


def parse_time(text: str) -> time:
    """Read a time of day, ``HH:MM`` or ``HH:MM:SS``; raises ``LiteralError``."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise LiteralError(f"{quote(text)} is not a time of day: write it such as 09:30")
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


# --- opening hours -----------------------------------------------------------------------------------------------

_SPAN: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)


def parse_span(text: str) -> Span:
    """Read ``HH:MM-HH:MM`` into seconds after midnight; an end at or before the start is on the next day.

    ``24:00`` may end a span. Raises ``LiteralError``, also for a span without length.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise LiteralError(f"{quote(text)} is not a span of hours: write it such as 09:30-18:30", _tidy_span(text))
    start, end = _seconds(found[1], found[2], text), _seconds(found[3], found[4], text)
    if start == DAY:
        raise LiteralError(f"{quote(text)} cannot begin at 24:00", f"00:00-{text[6:]}")
    if start == end:
        raise LiteralError(f"{quote(text)} has no length; the whole day is 00:00-24:00", "00:00-24:00")
    return (start, end) if end > start else (start, end + DAY)


def _seconds(hours: str, minutes: str, text: str) -> int:
    seconds = int(hours) * 3600 + int(minutes) * 60
    if int(minutes) > 59 or seconds > DAY:
        raise LiteralError(f"{quote(text)} names a time that no clock shows")
    return seconds


_LOOSE_SPAN: Final = re.compile(
    r"(\d{1,2})[:.](\d\d)\s*(?:-|\N{EN DASH}|\N{EM DASH}|to)\s*(\d{1,2})[:.](\d\d)", re.ASCII
)


def _tidy_span(text: str) -> str | None:
    found = _LOOSE_SPAN.fullmatch(text.strip())
    return f"{found[1]:0>2}:{found[2]}-{found[3]:0>2}:{found[4]}" if found else None


def parse_weekdays(text: str) -> tuple[int, ...]:
    """Read ``mon``, ``mon-fri``, ``sat-mon`` or ``mon,wed``, Monday being 0; raises ``LiteralError``."""
    return tuple(day for part in text.lower().split(",") for day in _day_range(part.strip(), text))


def _day_range(part: str, text: str) -> tuple[int, ...]:
    first, dash, last = (word.strip() for word in part.partition("-"))
    start = _weekday(first, text)
    end = _weekday(last, text) if dash else start
    return tuple((start + step) % 7 for step in range((end - start) % 7 + 1))


def _weekday(word: str, text: str) -> int:
    if word not in WEEKDAYS:
        short = word[:3] if word[:3] in WEEKDAYS else None
        raise LiteralError(f"{quote(text)} are not days: write mon, mon-fri or mon,wed", short)
    return WEEKDAYS.index(word)


# --- percentages, zones, addresses -------------------------------------------------------------------------------

_PERCENT: Final = re.compile(r"(\d{1,4}(?:\.\d{1,4})?) ?%", re.ASCII)


def parse_percent(text: str) -> float:
    """Read ``50%`` into 50.0; raises ``LiteralError``."""
    found = _PERCENT.fullmatch(text)
    if found is None:
        meant = f"{text}%" if re.fullmatch(r"\d{1,3}", text, re.ASCII) else None
        raise LiteralError(f"{quote(text)} is not a percentage: write it such as 50%", meant)
    return float(found[1])


def parse_zone(text: str) -> ZoneInfo:
    """Read the name of an IANA zone, such as ``Asia/Kolkata``; raises ``LiteralError``."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, a folder of the database
        message = f"{quote(text)} is not a zone of the IANA database, such as Asia/Kolkata or UTC"
        raise LiteralError(message, nearest(text, available_timezones(), likeness=0.75)) from None


_URL_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._~:/\[\]%-]+")


def parse_url(text: str) -> str:
    """Read a source's address, without a slash at its end; raises ``LiteralError``, which never repeats the address."""
    url = _split(text)
    if url.username is not None or url.password is not None or "@" in url.netloc:
        raise LiteralError("an address holds no user and no password; they come from the environment")
    if url.query or url.fragment or "?" in text or "#" in text:
        raise LiteralError("an address ends before the question mark: no query and no fragment")
    if not url.hostname or not _URL_CHARACTERS.fullmatch(text):
        raise LiteralError("an address is a scheme and a host, such as https://example.service-now.com")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname)):
        raise LiteralError("an address begins with https://; http:// is for this machine itself only")
    return text.rstrip("/")


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port  # which is read only when asked for
    except ValueError:
        raise LiteralError("an address with a host or a port that cannot be") from None
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_store(text: str) -> str:
    """Read the address of the store; raises ``LiteralError``, which never repeats it."""
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return text
    if not text.startswith("postgresql+psycopg://"):
        raise LiteralError("a store is sqlite:///path or postgresql+psycopg://user@host/database")
    if _split(text).password is not None or "password" in text.casefold():
        raise LiteralError("the store's address holds a password; keep it in PGPASSWORD or in ~/.pgpass")
    return text


_ESCAPES: Final = ("^NQ", "^ORDERBY", "^GROUPBY", "^EQ")


def parse_scope(text: str) -> str:
    """Read a ServiceNow encoded query that narrows every query; raises ``LiteralError`` for one that could widen it.

    ``^NQ`` begins a second query beside ours, ``javascript:`` is run by the server, and an order breaks the walk.
    """
    found = [part for part in _ESCAPES if part in f"^{text}"]
    if "javascript:" in text.casefold():
        found.append("javascript:")
    if found:
        raise LiteralError(f"a scope cannot hold {found[0]}: it would reach beyond the conditions that it is added to")
    if not text.isprintable():
        raise LiteralError("a scope is one line of plain characters")
    return text
