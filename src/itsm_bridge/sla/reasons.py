"""What started, paused and ended one level's clock on one ticket, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise

from itsm_bridge.calendars import epoch, instant
from itsm_bridge.conditions import ground_text, grounds, miss_text, misses
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.sla.course import CREATED, Course, fields_behind
from itsm_bridge.sla.model import Interval

WHERE = frozenset({"environment", "service", "vendor"})
"""The fields that decide whose calendar counts."""

AFTERWARDS = "ended, and not counted until it went on"


@dataclass(frozen=True, slots=True)
class Reasons:
    """Of one level on one ticket; all instants are in epoch seconds, and all words are safe to show."""

    definition: SlaDefinition
    course: Course

    def begun(self, at: int, zone: tzinfo) -> str:
        """What started the clock that counts from ``at`` on; a later cause is given with its time in ``zone``."""
        started = self.course.judge(self.definition.start, at)
        if not started.held:
            return f"counted back to here{self._later_cause(at, zone)}"
        change = self._change(at)
        happened = change or self._come_into_force(at)
        held = "" if change not in {"", CREATED} else ground_text(grounds(started))
        return ", ".join(filter(None, (happened, held)))

    def turned(self, before: Interval, after: Interval) -> str:
        """What made a clock pause, go on, or run by another calendar; nothing happens where only its owner changes."""
        at = epoch(after.start)
        change = self._change(at)
        return change if change or before.calendar == after.calendar else self.course.change(at, WHERE)

    def paused(self, begin: int, end: int) -> Iterator[tuple[int, int, str]]:
        """The parts of a paused time, each with one reason."""
        said = [(at, self._pause(at)) for at in self.course.since(begin, end)]
        kept = [one for place, one in enumerate(said) if place == 0 or one[1] != said[place - 1][1]]
        for (start, why), (until, _) in pairwise([*kept, (end, "")]):
            yield start, until, why

    def halted(self, at: int) -> str:
        """What ended a clock that was to go on later."""
        return self.course.change(at, fields_behind(self.definition))

    def ended(self, at: int) -> str:
        """What completed or cancelled a clock."""
        change = self._change(at)
        if change not in {"", CREATED} or self.definition.stop is None:
            return change
        stopped = self.course.judge(self.definition.stop, at)
        return ground_text(grounds(stopped)) if stopped.held else change

    def _change(self, at: int) -> str:
        of_vendor = self.definition.calendar == "vendor" or self.definition.kind == "uc"
        return self.course.change(at, fields_behind(self.definition) | ({"vendor"} if of_vendor else set()))

    def _come_into_force(self, at: int) -> str:
        return "came into force" if self.course.day(at) == self.definition.start_day else ""

    def _later_cause(self, begin: int, zone: tzinfo) -> str:
        """The change that made a level count from before it."""
        for at in self.course.at:
            if at > begin and self.course.judge(self.definition.start, at).held:
                return f" on {instant(at).astimezone(zone):%a %Y-%m-%d %H:%M}: {self._change(at)}"
        return ""

    def _pause(self, at: int) -> str:
        pause, resume = self.definition.pause, self.definition.resume
        if pause is not None and (judged := self.course.judge(pause, at)).held:
            return ground_text(grounds(judged))
        return "" if resume is None else f"goes on only {miss_text(misses(self.course.judge(resume, at)))}"
