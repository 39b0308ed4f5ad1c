"""The clocks of a ticket, reckoned minute by minute and by nothing that the program uses to reckon them.

Written after ``docs/sla.md`` and the docstring of ``itsm_bridge.sla``. Each cycle has a *tape*: one mark for each
minute of the ticket's life that says whether the clock ran, waited or was out of action in it. What a cycle used is
the number of marked minutes that are open; it is due at the edge of the minute in which the target is used up. With
units of a second in place of minutes (``World.unit``) it walks second by second.

Where the written meaning leaves something open, what the program does is taken over here:

* A reopening is remembered until ``start`` holds: only then does the completed cycle go on, or a second one attach.
* A cycle that goes on is not paused by a pause from before it was completed; nor is a retroactive one.
* A retroactive clock that was stopped stays so until the ticket is reopened or the clock attaches, even if ``stop`` no
  longer holds. That of a vendor reaches back to when this vendor took the ticket.
* A change of definition and a reset attach a clock that a reopening with ``ignore`` had left completed.
* ``ignore`` does not bind another vendor; that ``start`` and ``stop`` held together does, until the ticket is reopened.
* A cycle whose ``start`` no longer holds hands over even if its ``cancel`` holds too.
* When a cycle that ended would have been due is told by the calendar that it had until its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from tests.sla.moments import Change, Values, changes, holds
from tests.sla.wall import Flags, World

from itsm_bridge.config.model import OnChange, OnReopen, SlaDefinition
from itsm_bridge.model import TicketRecord

Family = tuple[str, str]
OUT, RUNS, WAITS = 0, 1, 2


@dataclass(frozen=True)
class Answer:
    """A cycle as the oracle sees it."""

    sla: str
    vendor: str | None
    environment: str | None
    priority: int | None
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    elapsed_seconds: int
    paused_seconds: int
    breached: bool
    stage: str


# --- cycles --------------------------------------------------------------------------------------------------------


@dataclass
class Tape:
    """One cycle: its marks from the creation of the ticket to now, and what is known of it."""

    vendor: str
    started: int
    marks: NDArray[np.int8]
    carried: int = 0
    waits: bool = False
    reopened: bool = False
    spent: bool = False
    """Its time was handed over, so that it cannot go on."""
    stage: str = "in_progress"
    ended: int | None = None
    last: Change | None = None
    """The change whose values the cycle shows once it has ended."""


@dataclass
class Clock:
    """A definition on one ticket."""

    level: SlaDefinition
    cycles: list[Tape] = field(default_factory=list)
    active: Tape | None = None
    settled: bool = False

    @property
    def of_vendor(self) -> bool:
        return self.level.calendar == "vendor" or self.level.kind == "uc"

    @property
    def family(self) -> Family:
        return self.level.measures, self.level.kind

    def sees(self, change: Change) -> None:
        """Remember a reopening, and whether the definition is settled."""
        last = self.cycles[-1] if self.cycles else None
        if change.reopens:
            self.settled = False
            if last and last.ended is not None and last.ended < change.place:
                last.reopened = True
        self.settled = self.settled or (
            holds(self.level.start, change.values) and holds(self.level.stop, change.values)
        )

    def owed(self, values: Values) -> bool:
        if self.settled or bars(self.level, values) or (self.of_vendor and not values["vendor"]):
            return False
        return holds(self.level.start, values) and not holds(self.level.stop, values)

    def reopened(self, vendor: str) -> Tape | None:
        """The cycle that was completed in these hands, if it is the last and the ticket was reopened since."""
        last = self.cycles[-1] if self.cycles else None
        if not last or last.spent or not last.reopened or last.stage != "completed":
            return None
        return last if last.vendor == vendor else None

    def go_on(self, tape: Tape) -> None:
        self.active = tape
        tape.stage, tape.ended, tape.last, tape.waits, tape.reopened = "in_progress", None, None, False, False


class Walk:
    """The life of one ticket, change by change."""

    def __init__(self, record: TicketRecord, levels: Sequence[SlaDefinition], world: World, now: datetime) -> None:
        self.changes = changes(record, world, now)
        self.now = world.place(now)
        self.created = self.changes[0].place if self.changes else self.now
        self.world = world
        self.clocks = [Clock(level) for level in levels]
        self.attached: list[tuple[Clock, Tape]] = []
        self.handed = 0
        """How often one definition handed over to another."""
        for change in self.changes:
            self.step(change)

    def step(self, change: Change) -> None:
        """Stop, reset, cancel, attach, pause and resume, each for all definitions."""
        for clock in self.clocks:
            if clock.active and holds(clock.level.stop, change.values):
                self.end(clock, "completed", change, change)
        reset = [clock for clock in self.clocks if self.reset(clock, change)]
        used: dict[Family, int] = {}
        for clock in self.clocks:
            self.cancel(clock, change, used)
        for clock in self.clocks:
            clock.sees(change)
        for clock in self.clocks:
            self.attach(clock, change, used, anew=clock in reset)
        for clock in self.clocks:
            if clock.active:
                clock.active.waits = waits(clock.level, change.values, clock.active.waits)
                self.mark(clock.active, change.place, WAITS if clock.active.waits else RUNS)

    def mark(self, tape: Tape, place: int, what: int) -> None:
        tape.marks[place - self.created :] = what

    def end(self, clock: Clock, stage: str, change: Change, last: Change) -> None:
        tape = clock.active
        assert tape is not None
        tape.stage, tape.ended, tape.last = stage, change.place, last
        self.mark(tape, change.place, OUT)
        clock.active = None

    def reset(self, clock: Clock, change: Change) -> bool:
        level = clock.level
        begins = holds(level.reset, change.values) and not holds(level.reset, change.before)
        if not (clock.active and begins and holds(level.start, change.values)):
            return False
        self.end(clock, "completed", change, change)
        return True

    def cancel(self, clock: Clock, change: Change, used: dict[Family, int]) -> None:
        tape = clock.active
        if tape is None:
            return
        given = clock.of_vendor and change.values["vendor"] != tape.vendor
        left = not holds(clock.level.start, change.values)
        if given or left or bars(clock.level, change.values):
            before = self.changes[self.changes.index(change) - 1]
            self.end(clock, "cancelled", change, before)
            if left:
                used[clock.family] = 0 if given else tape.carried + self.count(clock, tape, RUNS)

    def attach(self, clock: Clock, change: Change, used: Mapping[Family, int], *, anew: bool) -> None:
        """Go on with a completed cycle or begin one; ``anew`` after a reset."""
        level, values = clock.level, change.values
        if clock.active or not clock.owed(values):
            return
        handed = clock.family in used and not anew
        vendor = values["vendor"] if clock.of_vendor else ""
        resolved = None if handed or anew else clock.reopened(vendor)
        if resolved and level.on_reopen is OnReopen.CONTINUE:
            clock.go_on(resolved)
        elif resolved is None or level.on_reopen is OnReopen.NEW_CYCLE:
            tape = Tape(vendor, change.place, np.zeros(self.now - self.created, dtype=np.int8))
            clock.active = tape
            clock.cycles.append(tape)
            self.attached.append((clock, tape))
            self.handed += handed
            left = [] if anew or resolved else self.left_while_done(clock, values)
            begins = not (anew or resolved or holds(level.start, change.before))
            if level.on_change is OnChange.CARRY:
                tape.carried = used[clock.family] if handed else next((each for each in left if each), 0)
            elif level.on_change is OnChange.RETROACTIVE and (handed or left or begins):
                self.reach_back(clock, tape, change)

    def left_while_done(self, clock: Clock, values: Values) -> list[int]:
        """What the cycles of the family had used that would go on now, if ``start`` of theirs still held."""
        found = []
        for other in self.clocks:
            last = other.reopened(values["vendor"] if other.of_vendor else "")
            goes_on = other.family == clock.family and other.level.on_reopen is OnReopen.CONTINUE
            if last and other is not clock and goes_on and not holds(other.level.start, values):
                found.append(last.carried + self.count(other, last, RUNS))
                last.spent = True
        return found

    def reach_back(self, clock: Clock, tape: Tape, change: Change) -> None:
        """Mark what the cycle would have done since the creation, or since its vendor took the ticket."""
        tape.started = change.taken if clock.of_vendor else self.created
        stopped = False
        for earlier in self.changes:
            if tape.started <= earlier.place < change.place:
                stopped = holds(clock.level.stop, earlier.values) or (stopped and not earlier.reopens)
                tape.waits = not stopped and waits(clock.level, earlier.values, tape.waits)
                self.mark(tape, earlier.place, OUT if stopped else WAITS if tape.waits else RUNS)

    # --- figures ---------------------------------------------------------------------------------------------------

    def count(self, clock: Clock, tape: Tape, what: int) -> int:
        end = self.now if tape.ended is None else tape.ended
        marked = tape.marks[: end - self.created] == what
        return int(np.count_nonzero(marked & self.opened(clock, tape, self.created, end)))

    def opened(self, clock: Clock, tape: Tape, start: int, end: int) -> Flags:
        calendar = clock.level.calendar
        if calendar != "environment":
            kind = "vendor" if calendar == "vendor" else "calendar"
            return self.world.opened(kind, tape.vendor if kind == "vendor" else calendar, start, end)
        first, *later = self.changes
        seen = [first, *(change for change in later if tape.ended is None or change.place < tape.ended)]
        edges = [*(min(max(change.place, start), end) for change in seen), end]
        pieces = zip(seen, edges[:-1], edges[1:], strict=True)
        return np.concatenate([self.world.opened(calendar, one.environment, a, b) for one, a, b in pieces])

    def due(self, clock: Clock, tape: Tape) -> int | None:
        """The first edge at which the target is used up, if the clock ran on after its end or after now."""
        if tape.waits and tape.ended is None:
            return None
        assert clock.level.target.seconds is not None
        left = clock.level.target.seconds // self.world.unit - tape.carried
        if left <= 0:
            return tape.started
        end = self.now if tape.ended is None else tape.ended
        ran = tape.marks[: end - self.created] == RUNS
        start, used = self.created, np.flatnonzero(ran & self.opened(clock, tape, self.created, end))
        while len(used) < left:
            left -= len(used)
            start, end = end, min(end + 4 * left + 86_400 // self.world.unit, self.world.size)
            assert start < end, "the era is too short"
            used = np.flatnonzero(self.opened(clock, tape, start, end))
        return start + int(used[left - 1]) + 1

    @property
    def answers(self) -> list[Answer]:
        """The cycles in the order of their attachment."""
        return [self.answer(clock, tape) for clock, tape in self.attached]

    def answer(self, clock: Clock, tape: Tape) -> Answer:
        unit, instant = self.world.unit, self.world.instant
        elapsed, due = tape.carried + self.count(clock, tape, RUNS), self.due(clock, tape)
        values = (tape.last or self.changes[-1]).values
        assert clock.level.target.seconds is not None
        return Answer(
            sla=clock.level.name,
            vendor=(tape.vendor if clock.of_vendor else values["vendor"]) or None,
            environment=values["environment"] or None,
            priority=int(values["priority"]) if values["priority"] else None,
            started_at=instant(tape.started),
            stopped_at=None if tape.ended is None else instant(tape.ended),
            due_at=None if due is None else instant(due),
            elapsed_seconds=elapsed * unit,
            paused_seconds=self.count(clock, tape, WAITS) * unit,
            breached=elapsed * unit > clock.level.target.seconds,
            stage="paused" if tape.waits and tape.ended is None else tape.stage,
        )


def bars(level: SlaDefinition, values: Values) -> bool:
    return holds(level.cancel, values) or values["state"] == "canceled"


def waits(level: SlaDefinition, values: Values, before: bool) -> bool:
    """Whether a clock is paused from a change on."""
    if level.resume is None:
        return holds(level.pause, values)
    return (before or holds(level.pause, values)) and not holds(level.resume, values)
