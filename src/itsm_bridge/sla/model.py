"""What comes out of the clocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from itsm_bridge.config.model import SlaDefinition


class Stage(StrEnum):
    """Where a cycle is; whether it is breached is another question."""

    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Cycle:
    """One clock of one ticket, from attachment to its end or to now; a row of ``sla_cycles``.

    ``elapsed_seconds`` and ``paused_seconds`` are business seconds of the calendar; the former hold what was carried
    over from another definition. ``stopped_at`` is ``None`` while the cycle runs or pauses, ``due_at`` while it pauses;
    ``due_if_resumed_at`` is when a paused one would be due if it went on now, and ``None`` for others.
    ``definition`` is the version under which it began.
    """

    ticket: str
    source: str
    external_id: str
    sla: str
    measures: str
    kind: str
    vendor: str | None
    environment: str | None
    priority: int | None
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    target_seconds: int
    elapsed_seconds: int
    paused_seconds: int
    breached: bool
    stage: Stage
    definition: SlaDefinition = field(compare=False, repr=False)
    due_if_resumed_at: datetime | None = None

    @property
    def remaining_seconds(self) -> int:
        """Business seconds left of the target; negative once it is breached."""
        return self.target_seconds - self.elapsed_seconds


@dataclass(frozen=True, slots=True)
class Unclocked:
    """A clock that should run and cannot be measured, with the reason."""

    ticket: str
    source: str
    external_id: str
    sla: str
    reason: str


@dataclass(frozen=True, slots=True)
class Clocked:
    """The cycles of some tickets, in the order of the tickets and of attachment, and what could not be measured."""

    cycles: list[Cycle]
    unclocked: list[Unclocked]


@dataclass(frozen=True, slots=True)
class Interval:
    """A part of a cycle on one calendar; ``seconds`` are business seconds, running or paused."""

    start: datetime
    end: datetime
    paused: bool
    calendar: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A cycle with the intervals that add up to it.

    ``carried_seconds`` came over from another definition, whose running time they are: that in ``carried``.
    """

    cycle: Cycle
    carried_seconds: int
    intervals: tuple[Interval, ...]
    carried: tuple[Interval, ...] = ()

    @property
    def used(self) -> tuple[Interval, ...]:
        """All running time of the cycle, what it carries over included: in all its ``elapsed_seconds``."""
        return (*self.carried, *(one for one in self.intervals if not one.paused))
