"""How a clock's statement is worded, on a terminal and on a page alike; all words are safe to show."""

from __future__ import annotations

from datetime import datetime, tzinfo

from itsm_bridge.conditions import duration_text, shown
from itsm_bridge.sla.model import Stage
from itsm_bridge.sla.statement import Kind, Line, Statement

LONGEST = 200
"""Characters of the names of holidays that a line repeats."""

STAGES = {
    Stage.IN_PROGRESS: "running",
    Stage.PAUSED: "paused",
    Stage.COMPLETED: "completed",
    Stage.CANCELLED: "cancelled",
}


def standing(clock: Statement) -> str:
    """Where a clock is, and by how much it is breached: ``paused, breached by 2h 14m``."""
    cycle = clock.cycle
    over = f", breached by {duration_text(cycle.elapsed_seconds - cycle.target_seconds)}" if cycle.breached else ""
    return STAGES[cycle.stage] + over


def calendar_text(clock: Statement) -> str:
    """What it is for and whose hours count: ``sla for resolution, hours of always (UTC)``."""
    cycle = clock.cycle
    hands = f" in the hands of {shown(cycle.vendor)}" if cycle.vendor and cycle.kind == "uc" else ""
    return (
        f"{shown(cycle.kind)} for {shown(cycle.measures)}{hands}, hours of {shown(clock.calendar)} ({clock.zone.key})"
    )


def usage(clock: Statement) -> str:
    """What is used of the target, and when it is, was or would be due."""
    cycle, target = clock.cycle, duration_text(clock.cycle.target_seconds)
    if clock.target:
        target = f"{clock.target} ({target})"
    said = f"{duration_text(cycle.elapsed_seconds)} of {target} used, {clock.percent:.0f} %"
    due = cycle.due_at or cycle.due_if_resumed_at
    return said if due is None else f"{said}; {_due(clock, moment(due, clock.zone))}"


def _due(clock: Statement, when: str) -> str:
    if clock.cycle.stage is Stage.CANCELLED:
        return f"would have been due {when}"
    if clock.cycle.breached or clock.cycle.stage is Stage.COMPLETED:
        return f"was due {when}"
    return f"would be due {when} if resumed now" if clock.cycle.stage is Stage.PAUSED else f"due {when}"


def ending(clock: Statement) -> str:
    """When and by what it ended; empty for one that has not."""
    stopped = clock.cycle.stopped_at
    if stopped is None:
        return ""
    return f"ended {moment(stopped, clock.zone)}" + (f": {clock.ended}" if clock.ended else "")


def carrying(clock: Statement) -> str:
    """Whose used time it began with."""
    return f"carried from {shown(clock.carried_from) or 'another level'}"


def note(line: Line, calendar: str) -> str:
    """What is to be said of a line; its calendar where it is another than ``calendar``."""
    hours = f"from here on the hours of {shown(line.calendar)} ({line.zone.key}) count"
    moved = "" if line.calendar == calendar else hours
    because = "" if line.change and line.kind is Kind.PAUSED else line.why
    return "; ".join(filter(None, (line.change, moved, shown(because, LONGEST), _folded(line))))


def _folded(line: Line) -> str:
    if not line.days:
        return ""
    without = f", without {_plural(line.holidays, 'holiday')}" if line.holidays else ""
    return f"{_plural(line.days, 'day')} in hours{without}"


def _plural(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"


def moment(at: datetime, zone: tzinfo) -> str:
    """An instant by the clock of a zone: ``Mon 2026-11-23 09:30``."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def until(line: Line) -> str:
    """Where a line ends: by the clock alone where it is the day on which it begins."""
    begin, end = line.start.astimezone(line.zone), line.end.astimezone(line.zone)
    return f"{end:%H:%M}" if begin.date() == end.date() else moment(line.end, line.zone)


def clockwise(seconds: int) -> str:
    """Seconds so that columns of them can be added up: ``102:30:00``."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
