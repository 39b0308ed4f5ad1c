"""Questions to a calendar, many at once: each line is read alone, all are answered together, in arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import numpy as np

from itsm_bridge.calendars import Calendar, Seconds, epoch, instant
from itsm_bridge.config.literals import LiteralError, parse_duration
from itsm_bridge.config.model import Duration
from itsm_bridge.errors import BridgeError, UsageError


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one line, or why there is none."""

    text: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ElapsedLines:
    """``START,END`` lines, answered in seconds."""

    calendar: Calendar
    read_instant: Callable[[str], datetime]
    command: ClassVar[str] = "elapsed"
    form: ClassVar[str] = "START,END"

    def answers(self, lines: Sequence[str]) -> list[Answer]:
        """One answer a line."""
        answers, places, starts, ends = [Answer()] * len(lines), [], [], []
        for place, line in enumerate(lines):
            try:
                start, end = _two(line, self.form)
                pair = epoch(self.read_instant(start)), epoch(self.read_instant(end))
            except UsageError as wrong:
                answers[place] = Answer(error=wrong.message)
                continue
            places.append(place)
            starts.append(pair[0])
            ends.append(pair[1])
        seconds = self.calendar.elapsed_array(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))
        for place, found in zip(places, seconds.tolist(), strict=True):
            answers[place] = Answer(str(found))
        return answers

    def document(self, answer: Answer) -> dict[str, object]:
        """One answer for ``--json``."""
        return {"error": answer.error} if answer.error else {"seconds": int(answer.text)}


@dataclass(frozen=True, slots=True)
class DueLines:
    """``START,DURATION`` lines, answered with instants in the calendar's zone."""

    calendar: Calendar
    read_instant: Callable[[str], datetime]
    command: ClassVar[str] = "due"
    form: ClassVar[str] = "START,DURATION"

    def answers(self, lines: Sequence[str]) -> list[Answer]:
        """One answer a line."""
        answers = [Answer()] * len(lines)
        in_seconds, in_days = _Questions(), _Questions()
        for place, line in enumerate(lines):
            try:
                start, duration = _two(line, self.form)
                begin, length = epoch(self.read_instant(start)), _duration(duration)
            except UsageError as wrong:
                answers[place] = Answer(error=wrong.message)
                continue
            if length.seconds is not None:
                in_seconds.add(place, begin, length.seconds)
            else:
                in_days.add(place, begin, length.working_days or 0)
        for questions, answer in (
            (in_seconds, self.calendar.due_array),
            (in_days, self.calendar.due_working_days_array),
        ):
            for place, found in questions.answered(answer):
                answers[place] = self._answer(found)
        return answers

    def _answer(self, found: int | str) -> Answer:
        if isinstance(found, str):
            return Answer(error=found)
        return Answer(instant(found).astimezone(self.calendar.definition.zone).isoformat(timespec="seconds"))

    def document(self, answer: Answer) -> dict[str, object]:
        """One answer for ``--json``."""
        return {"error": answer.error} if answer.error else {"due": answer.text}


class _Questions:
    """Starts and lengths of time, and the lines in which they stand."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._starts: list[int] = []
        self._lengths: list[int] = []

    def add(self, place: int, start: int, length: int) -> None:
        self._places.append(place)
        self._starts.append(start)
        self._lengths.append(length)

    def answered(self, answer: Callable[[Seconds, Seconds], Seconds]) -> list[tuple[int, int | str]]:
        """Each line with its instant, or with the reason why there is none."""
        starts, lengths = np.array(self._starts, dtype=np.int64), np.array(self._lengths, dtype=np.int64)
        return list(zip(self._places, _halved(answer, starts, lengths), strict=True))


def _halved(answer: Callable[[Seconds, Seconds], Seconds], starts: Seconds, lengths: Seconds) -> list[int | str]:
    """All answers at once; where one of them cannot be given, those of each half, so that the others are."""
    try:
        return list(answer(starts, lengths).tolist())
    except BridgeError as wrong:
        if starts.size == 1:
            return [wrong.message]
    middle = starts.size // 2
    return [*_halved(answer, starts[:middle], lengths[:middle]), *_halved(answer, starts[middle:], lengths[middle:])]


def _two(line: str, form: str) -> tuple[str, str]:
    first, comma, second = line.strip().partition(",")
    if not comma:
        raise UsageError(f"{line.strip()[:60]!r} is not {form}")
    return first.strip(), second.strip()


def _duration(text: str) -> Duration:
    try:
        return parse_duration(text)
    except LiteralError as wrong:
        suggestion = f'; did you mean "{wrong.suggestion}"' if wrong.suggestion else ""
        raise UsageError(f"{wrong}{suggestion}") from None
