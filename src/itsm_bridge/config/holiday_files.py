"""Calendar files (iCalendar, RFC 5545) beside ``sla.yaml`` whose whole-day events are days off.

An event takes its days, with its summary as their name: one, those up to ``DTEND`` or of ``DURATION``, and those on
which ``RRULE`` and ``RDATE`` repeat it, less ``EXDATE`` and the times that another event of the same ``UID`` moves.
Cancelled events are passed over. One with a time of day is left out with a warning: a calendar closes for whole days.

The lines are taken apart by ``icalendar``; they are gone through here, so that a mistake has its line, and no file can
keep us busy: the days are those of a fixed range, and so are the numbers of events and of those that repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path, PurePath
from typing import Final

import numpy as np
import numpy.typing as npt

from itsm_bridge.config.calendar_events import Event, EventReader, Line, NoCalendar
from itsm_bridge.config.documents import decode_text, read_bytes
from itsm_bridge.config.findings import Code, Findings, quote
from itsm_bridge.config.model import Position
from itsm_bridge.config.recurrence import FIRST, LAST, BadRule, Recurrence

LONGEST: Final = 366
"""Days of one event; a longer one is a slip in its end."""
REPEATING: Final = 1_000
"""Repeating events of one file; each costs up to a few milliseconds."""


@dataclass(slots=True)
class HolidayFiles:
    """The calendar files that one ``sla.yaml`` names; ``contents`` are the bytes of each, by its name."""

    folder: Path
    findings: Findings
    contents: dict[str, bytes] = field(default_factory=dict)
    _days: dict[str, Mapping[date, str] | None] = field(default_factory=dict)

    def days(self, name: str) -> Mapping[date, str] | None:
        """The days off of one file with their names, mistakes noted; ``None`` where the file cannot be read."""
        if name not in self._days:
            self._days[name] = self._read(name)
        return self._days[name]

    def _read(self, name: str) -> Mapping[date, str] | None:
        content = read_bytes(self.folder / name, self.findings)
        if content is None:
            return None
        self.contents[name] = content
        text = decode_text(content, name, self.findings)
        return None if text is None else _Reader(name, self.findings).days(text)


def is_plain_name(name: str) -> bool:
    """Whether it names a calendar file that lies beside ``sla.yaml``."""
    return PurePath(name).name == name and "\\" not in name and name.casefold().endswith(".ics")


class _Mistaken(Exception):
    """What is wrong is noted already."""


class _TimeOfDay(Exception):
    """A value is no whole day."""


@dataclass(slots=True)
class _Reader:
    file: str
    findings: Findings

    def days(self, text: str) -> Mapping[date, str]:
        reader = EventReader(self.file, self.findings)
        try:
            events = list(reader.events(text))
        except NoCalendar:
            return {}  # what belongs to what cannot be told any more
        if not events and not reader.has_mistakes:
            message = "the calendar file has no event"
            self.findings.add(Position(self.file, 1, 1), Code.NOTHING_GIVEN, message, severity="warning")
        return self._taken(events)

    def _taken(self, events: list[Event]) -> Mapping[date, str]:
        """The days of all events, each with the name of the first event on it."""
        moved = self._moved(events)
        taken: npt.NDArray[np.int64] = np.full(LAST - FIRST, -1, dtype=np.int64)
        repeating = 0
        for place, event in enumerate(events):
            repeating += bool(event.every("RRULE"))
            if repeating > REPEATING:
                self._note(event.position, Code.OUT_OF_RANGE, f"more than {REPEATING} repeating events in one file")
                break
            days = self._days_of(event, moved)
            taken[days & (taken < 0)] = place
        return {
            date.fromordinal(int(day) + FIRST): events[taken[day]].text("SUMMARY")[:200] or PurePath(self.file).stem
            for day in np.flatnonzero(taken >= 0)
        }

    def _note(self, position: Position, code: Code, message: str) -> _Mistaken:
        self.findings.add(position, code, message)
        return _Mistaken()

    def _moved(self, events: list[Event]) -> Mapping[str, list[int]]:
        """The days of each event, by its ``UID``, in whose place another event stands."""
        moved: dict[str, list[int]] = {}
        for event in events:
            line = event.first("RECURRENCE-ID")
            if line is not None and "RANGE" in line.parameters:
                self._note(line.position, Code.BAD_FORM, "a move of all later occurrences is not read: write them out")
            elif line is not None:
                try:
                    moved.setdefault(event.text("UID"), []).extend(self._dates(line))
                except (_Mistaken, _TimeOfDay):
                    continue
        return moved

    def _days_of(self, event: Event, moved: Mapping[str, list[int]]) -> npt.NDArray[np.bool_]:
        """On which days of the range the event is."""
        none = np.zeros(LAST - FIRST, dtype=np.bool_)
        try:
            if event.text("STATUS").upper() == "CANCELLED":
                return none
            return self._covered(event, moved)
        except _TimeOfDay:
            what = quote(event.text("SUMMARY") or "the event")
            message = f"{what} has a time of day and is left out: a calendar closes for whole days only"
            self.findings.add(event.position, Code.NOT_CARRIED_OUT, message, severity="warning")
        except _Mistaken:
            pass
        return none

    def _covered(self, event: Event, moved: Mapping[str, list[int]]) -> npt.NDArray[np.bool_]:
        line = event.first("DTSTART")
        if line is None:
            raise self._note(event.position, Code.MISSING_KEY, "the event has no DTSTART")
        (start,) = self._dates(line)
        length = self._length(event, start)
        begins = self._begins(event, start, moved)
        steps = np.zeros(LAST - FIRST + 1, dtype=np.int64)
        steps[:-1] += begins
        np.subtract.at(steps, np.minimum(np.flatnonzero(begins) + length, LAST - FIRST), 1)
        covered: npt.NDArray[np.bool_] = np.cumsum(steps)[:-1] > 0
        return covered

    def _begins(self, event: Event, start: int, moved: Mapping[str, list[int]]) -> npt.NDArray[np.bool_]:
        begins = np.zeros(LAST - FIRST, dtype=np.bool_)
        begins[start] = True
        for line in event.every("RRULE"):
            begins |= self._repeated(line, start)
        for line in event.every("RDATE"):
            begins[self._dates(line)] = True
        for line in event.every("EXDATE"):
            begins[self._dates(line)] = False
        if event.first("RECURRENCE-ID") is None:
            begins[moved.get(event.text("UID"), [])] = False
        return begins

    def _repeated(self, line: Line, start: int) -> npt.NDArray[np.bool_]:
        try:
            return Recurrence.read(line.value).days(start)
        except BadRule as error:
            raise self._note(line.position, Code.BAD_FORM, f"this repetition cannot be read: {error}") from None

    def _length(self, event: Event, start: int) -> int:
        """How many days each occurrence takes."""
        end, duration = event.first("DTEND"), event.first("DURATION")
        line = end or duration
        if line is None:
            return 1
        length = self._dates(line)[0] - start if end else self._duration(line)
        if length < 0:
            raise self._note(line.position, Code.CONTRADICTION, "the event ends before it begins")
        if length > LONGEST:
            raise self._note(line.position, Code.OUT_OF_RANGE, f"an event of more than {LONGEST} days")
        return max(length, 1)

    def _duration(self, line: Line) -> int:
        found = self._value(line, line.value)
        if not isinstance(found, timedelta):
            raise self._note(line.position, Code.BAD_FORM, f"{quote(line.value)} is not a length of time, such as P1D")
        if found.seconds:
            raise _TimeOfDay
        return found.days

    def _dates(self, line: Line) -> list[int]:
        """The days of a line, as places in the range; raises ``_TimeOfDay`` where one is an instant."""
        return [self._day(line, part.strip()) for part in line.value.split(",")]

    def _day(self, line: Line, text: str) -> int:
        found = self._value(line, text)
        if isinstance(found, datetime | tuple):
            raise _TimeOfDay
        if not isinstance(found, date):
            raise self._note(line.position, Code.BAD_FORM, f"{quote(text)} is not a day, such as 20260126")
        if not FIRST <= found.toordinal() < LAST:
            raise self._note(line.position, Code.OUT_OF_RANGE, f"{found} is outside of what can be reckoned with")
        return found.toordinal() - FIRST

    def _value(self, line: Line, text: str) -> object:
        from icalendar import vDDDTypes  # noqa: PLC0415 - see above

        try:
            return vDDDTypes.from_ical(text)
        except (ValueError, OverflowError, TypeError):
            raise self._note(line.position, Code.BAD_FORM, f"{quote(text)} is not a day, such as 20260126") from None
