"""A clock as a statement of account: each line a part of time, what it counted for and why, up to the sum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from itsm_bridge.sla.model import Cycle, Unclocked
from itsm_bridge.sla.unattached import Unattached


class Kind(StrEnum):
    """What a part of time is to a clock. Only running time is used, and only paused time counts as a pause.

    ``CLOSED`` and ``HOLIDAY`` are outside of the calendar's hours, ``HALTED`` lies between an end and what undid it.
    """

    RUNNING = "running"
    PAUSED = "paused"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    HALTED = "halted"

    @property
    def is_idle(self) -> bool:
        """Whether its time counts for nothing."""
        return self not in {Kind.RUNNING, Kind.PAUSED}


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a clock's time on one calendar.

    ``change`` is what happened to the ticket at its beginning; ``why`` the reason of its kind. ``seconds`` are
    business seconds, running or paused; ``total`` is what the clock has used at the end of the line. ``paused`` says
    that the clock was paused, also while the calendar was closed. ``holidays`` are those in it; ``days`` is over 0
    where the line was folded from the business time of so many days.
    """

    start: datetime
    end: datetime
    kind: Kind
    change: str
    why: str
    calendar: str
    zone: ZoneInfo
    paused: bool
    seconds: int
    total: int
    days: int = 0
    holidays: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """One clock with all of its lines; ``carried_seconds`` and the running lines add up to the cycle's used time.

    ``calendar`` and ``zone`` are those at its end or now. ``target`` is what was promised in words, where that is more
    than an amount of time; ``ended`` is what ended it.
    """

    cycle: Cycle
    calendar: str
    zone: ZoneInfo
    target: str
    carried_seconds: int
    carried_from: str
    ended: str
    lines: tuple[Line, ...]

    @property
    def percent(self) -> float:
        """The share of the target that is used."""
        target = self.cycle.target_seconds
        return 100 * self.cycle.elapsed_seconds / target if target else 100.0

    @property
    def used_up_at(self) -> datetime | None:
        """When running time used the target up, as far as it did; the beginning where no less was carried over."""
        target, lines = self.cycle.target_seconds, self.lines
        if lines and self.carried_seconds >= target:
            return lines[0].start
        reached = next((line for line in lines if line.kind is Kind.RUNNING and line.total >= target), None)
        return None if reached is None else reached.end - timedelta(seconds=reached.total - target)


@dataclass(frozen=True, slots=True)
class Statements:
    """All clocks of one ticket at ``now``, those that cannot be measured, and the levels without a clock."""

    ticket: str
    summary: str
    now: datetime
    clocks: tuple[Statement, ...]
    unclocked: tuple[Unclocked, ...]
    unattached: tuple[Unattached, ...]
