"""The events of a calendar file (iCalendar, RFC 5545), each with the lines that say when it is, and their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from itsm_bridge.config.findings import Code, Findings, quote
from itsm_bridge.config.model import Position

_OF_EVENTS: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "SUMMARY", "RRULE", "RDATE", "EXDATE", "UID", "RECURRENCE-ID", "STATUS"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """A content line, folded ones put together: what it says, and where it begins."""

    position: Position
    name: str
    parameters: Mapping[str, object]
    value: str


@dataclass(slots=True)
class Event:
    """One event: where it begins, and its lines."""

    position: Position
    lines: list[Line] = field(default_factory=list)

    def first(self, name: str) -> Line | None:
        """The first line of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def every(self, name: str) -> list[Line]:
        """All lines of that name."""
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        """What that line says, in one line; empty without it."""
        line = self.first(name)
        return "" if line is None else " ".join(line.value.split())


class NoCalendar(Exception):
    """The file is no calendar as a whole; why is noted."""


@dataclass(slots=True)
class EventReader:
    """Reads the events of one file; ``has_mistakes`` says whether any was noted."""

    file: str
    findings: Findings
    has_mistakes: bool = False

    def _note(self, position: Position, message: str) -> NoCalendar:
        self.has_mistakes = True
        self.findings.add(position, Code.SYNTAX, message)
        return NoCalendar()

    def events(self, text: str) -> Iterator[Event]:
        """The events; what alarms within them say is none of ours. Raises ``NoCalendar``."""
        inside: list[Line] = []
        event: Event | None = None
        for line in self._lines(text):
            if not inside and (line.name, line.value.upper()) != ("BEGIN", "VCALENDAR"):
                raise self._note(line.position, "not iCalendar: BEGIN:VCALENDAR is wanted here")
            if line.name == "BEGIN":
                inside.append(line)
                event = Event(line.position) if line.value.upper() == "VEVENT" else event
            elif line.name == "END":
                if self._ended(inside.pop(), line) == "VEVENT" and event is not None:
                    yield event
                    event = None
            elif event is not None and inside[-1].value.upper() == "VEVENT" and line.name in _OF_EVENTS:
                event.lines.append(line)
        if inside:
            raise self._note(inside[-1].position, f"END:{inside[-1].value[:20]} is missing: it begins here")

    def _ended(self, begin: Line, end: Line) -> str:
        """What has come to its end."""
        if begin.value.upper() != end.value.upper():
            begun = f"what begins in line {begin.position.line} is {quote(begin.value)}"
            raise self._note(end.position, f"END:{end.value[:20]} where {begun}")
        return begin.value.upper()

    def _lines(self, text: str) -> Iterator[Line]:
        from icalendar.parser import Contentline  # noqa: PLC0415 - a tenth of a second, and few read calendar files

        for number, written in _unfolded(text):
            position = Position(self.file, number, 1)
            try:
                name, parameters, value = Contentline(written).parts()
            except ValueError:
                self._note(position, f"not a line of iCalendar: {quote(written)}")
                continue
            yield Line(position, name.upper(), parameters, value)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Each content line with the number of the line on which it begins; blank ones are passed over."""
    parts: list[str] = []
    begun = 1
    for number, written in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if written[:1] in {" ", "\t"} and parts:
            parts.append(written[1:])
            continue
        if parts and "".join(parts).strip():
            yield begun, "".join(parts)
        parts, begun = [written], number
    if parts and "".join(parts).strip():
        yield begun, "".join(parts)
