"""What a service level may promise: a length of business time, an instant some working days on, or the due date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from itsm_bridge.config.decoding import Context, Decoder, Parsed
from itsm_bridge.config.documents import Node
from itsm_bridge.config.findings import Code, quote
from itsm_bridge.config.literals import LiteralError, parse_duration, parse_time
from itsm_bridge.config.model import Target

DUE: Final = "due"
FORMS: Final = (
    "4h",
    "3 working_days",
    "3 working_days by 16:00",
    "1 working_days by close",
    "2 working_days by 16:00 if before 10:00",
    DUE,
)
_RELATIVE: Final = re.compile(r"(.+?) +by +(.+?)(?: +if +before +(.+))?", re.IGNORECASE)
_CLOSE: Final = "close"
_CLOSING: Final = frozenset({"close", "closing", "end", "end of day", "end of business", "end of working day", "eod"})
_DUE: Final = frozenset({"due date", "due_date", "due_at", "duedate", "by due", "by due date"})
_LOOSE_TIME: Final = re.compile(r"(\d{1,2})(?:[:.](\d\d))? ?(am|pm)?", re.IGNORECASE | re.ASCII)


def parse_target(text: str) -> Target:
    """Read one of ``FORMS``.

    Raises:
        LiteralError: for anything else; a bare day with the reason why it is refused.
    """
    plain = text.strip()
    if plain.casefold() == DUE:
        return Target(field=DUE)
    if plain.casefold() in _DUE:
        raise _no_target(text, DUE)
    found = _RELATIVE.fullmatch(plain)
    if found is not None:
        return _relative(text, found[1], found[2], found[3])
    if re.search(r"\bif\b|\bbefore\b", plain):
        raise _no_target(text)
    length = parse_duration(text)
    return Target(seconds=length.seconds, working_days=length.working_days)


def _relative(text: str, length: str, by: str, before: str | None) -> Target:
    days = _working_days(text, length, by, before)
    closing = by.casefold() == _CLOSE
    try:
        until = None if closing else _seconds(by)
        cutoff = None if before is None else _seconds(before)
    except LiteralError:
        raise _no_target(text, _meant(length, by, before)) from None
    return Target(working_days=days, by=until, by_close=closing, before=cutoff)


def _working_days(text: str, length: str, by: str, before: str | None) -> int:
    try:
        days = parse_duration(length).working_days
    except LiteralError as error:
        if error.suggestion is None or not error.suggestion.endswith("working_days"):
            raise _no_target(text) from None
        raise LiteralError(str(error), _meant(error.suggestion, by, before)) from None
    if days is None:
        raise LiteralError(f"{quote(text)} is not a target: a time of day goes with working_days; {_allowed()}")
    return days


def _seconds(text: str) -> int:
    at = parse_time(text)
    return (at.hour * 60 + at.minute) * 60 + at.second


def _meant(length: str, by: str, before: str | None) -> str | None:
    """The same with times as they are written here; ``None`` where one of them is none."""
    until = _CLOSE if by.casefold() in _CLOSING else _tidy(by)
    cutoff = None if before is None else _tidy(before)
    if until is None or (before is not None and cutoff is None):
        return None
    return f"{length} by {until}" + (f" if before {cutoff}" if cutoff else "")


def _tidy(text: str) -> str | None:
    """``16:00`` for ``4pm`` and the like."""
    found = _LOOSE_TIME.fullmatch(text)
    if found is None:
        return None
    hour, half = int(found[1]), (found[3] or "").casefold()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    written = f"{hour:02d}:{found[2] or '00'}"
    try:
        parse_time(written)
    except LiteralError:
        return None
    return written


def _no_target(text: str, suggestion: str | None = None) -> LiteralError:
    return LiteralError(f"{quote(text)} is not a target; {_allowed()}", suggestion)


def _allowed() -> str:
    return f"write such as {', '.join(FORMS[:-1])} or {FORMS[-1]}"


@dataclass(frozen=True, slots=True)
class Promise(Decoder[Target]):
    """A target that is not nothing: ``0 working_days`` only with a time of day, which is then the same day's."""

    def _decode(self, node: Node, context: Context) -> Target:
        target = Parsed(parse_target, "a target such as 4h").read(node, context)
        if not (target.seconds or target.working_days or target.by is not None or target.by_close or target.field):
            raise context.refuse(node.position, Code.OUT_OF_RANGE, "a duration of nothing")
        return target
