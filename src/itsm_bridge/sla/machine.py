"""The state machine of clocks: the order of a ticket's changes in, its runs out; it knows no times and counts no hours.

What it decides depends on what holds at each change and on who is the same as before, never on when, nor on whose
names these are. So tickets that went the same way share one answer (``shapes``), however different their dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from itsm_bridge.config.model import OnChange, OnReopen, SlaDefinition
from itsm_bridge.sla.model import Stage
from itsm_bridge.sla.readings import CANCEL, PAUSE, RESET, RESUME, START, STOP

NOBODY = -1


class Motion(Enum):
    """What a clock does."""

    RUNNING = "running"
    PAUSED = "paused"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Level:
    """A definition in its place.

    Definitions of one name are versions of one service level, and share a ``slot``: a ticket has one cycle of it at a
    time. ``per_vendor`` ones run in one vendor's hands; within a ``family`` one takes over from another.
    """

    index: int
    slot: int
    definition: SlaDefinition
    per_vendor: bool
    family: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One change, as the machine sees it.

    ``signals`` has one set of bits for each definition, ``in_force`` for each slot the definition that may attach or
    ``NOBODY``. ``vendor``, and each of ``rotas`` (one for each definition), is the number of the first step with the
    same one, the vendor ``NOBODY`` where there is none.
    """

    number: int
    signals: tuple[int, ...]
    reopened: bool
    vendor: int
    rotas: tuple[int, ...]
    in_force: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a run on one rota, between two steps; the one after the last stands for now."""

    start: int
    end: int
    paused: bool
    rota: int


@dataclass(slots=True)
class Run:
    """A cycle in the making. Times are numbers of steps; ``place`` is the step as of which it is reported."""

    level: Level
    started: int
    vendor: int
    rota: int
    since: int
    motion: Motion = Motion.RUNNING
    stage: Stage = Stage.IN_PROGRESS
    stopped: int | None = None
    place: int = 0
    carried_from: Run | None = None
    pieces: list[Piece] = field(default_factory=list)

    def turn(self, at: int, motion: Motion, rota: int) -> None:
        """Go on in another way, or on other calendars, from ``at`` on."""
        if motion is not self.motion or rota != self.rota:
            self._cut(at)
            self.motion, self.rota = motion, rota

    def end(self, at: int, stage: Stage, place: int) -> None:
        """Complete or cancel."""
        self.settle(at, stage, place)
        self.motion, self.stopped = Motion.HALTED, at

    def go_on(self, at: int) -> None:
        """Reopen what was completed; the time between counts for nothing."""
        self.since, self.motion, self.stage, self.stopped = at, Motion.RUNNING, Stage.IN_PROGRESS, None

    def settle(self, at: int, stage: Stage, place: int) -> None:
        """Account for all time up to ``at``; there is at least one piece then."""
        self._cut(at)
        if not self.pieces:
            self._account(at)
        self.stage, self.place = stage, place

    def _cut(self, at: int) -> None:
        if self.motion is not Motion.HALTED and at > self.since:
            self._account(at)
        self.since = at

    def _account(self, at: int) -> None:
        self.pieces.append(Piece(self.since, at, self.motion is Motion.PAUSED, self.rota))


class Walk:
    """One ticket, from step to step. ``runs`` are its cycles in the order of their attachment."""

    def __init__(self, levels: Sequence[Level]) -> None:
        slots = len({level.slot for level in levels})
        self.runs: list[Run] = []
        self._levels = levels
        self._active: list[Run | None] = [None] * slots
        self._earlier: list[Run | None] = [None] * slots  # completed, then the ticket was reopened
        self._completed: list[Run | None] = [None] * slots
        self._met = [False] * slots
        self._course: list[Step] = []
        self._signals: tuple[int, ...] = (0,) * len(levels)

    def step(self, step: Step) -> None:
        """Take in the next change: stop, reset, cancel; attach; pause, resume."""
        left: list[Run] = []
        fresh: set[int] = set()
        if step.reopened:
            self._reopen()
        for slot, in_force in enumerate(step.in_force):
            self._maybe_end(slot, step, left, fresh)
            self._met[slot] |= in_force != NOBODY and step.signals[in_force] & (START | STOP) == START | STOP
        for slot in range(len(step.in_force)):
            self._maybe_attach(slot, step, left, fresh)
        for run in self._active:
            if run is not None:
                _follow(run, step)
        self._signals = step.signals
        self._course.append(step)

    def finish(self) -> list[Run]:
        """Account for all time up to now, and give back the runs."""
        last = len(self._course) - 1
        for run in self._active:
            if run is not None:
                stage = Stage.PAUSED if run.motion is Motion.PAUSED else Stage.IN_PROGRESS
                run.settle(last + 1, stage, last)
        return self.runs

    def _reopen(self) -> None:
        """Let what was completed before the ticket was reopened start again."""
        self._earlier = [new or old for new, old in zip(self._completed, self._earlier, strict=True)]
        self._completed = [None] * len(self._completed)
        self._met = [False] * len(self._met)

    def _maybe_end(self, slot: int, step: Step, left: list[Run], fresh: set[int]) -> None:
        """End a running cycle where it must: note in ``left`` those that may hand over, in ``fresh`` those reset."""
        run = self._active[slot]
        if run is None:
            return
        signals, before = step.signals[run.level.index], self._signals[run.level.index]
        if signals & STOP:
            self._complete(run, step)
        elif signals & RESET and signals & START and not before & RESET:
            self._complete(run, step)
            fresh.add(slot)
        elif signals & CANCEL or not signals & START or (run.level.per_vendor and run.vendor != step.vendor):
            run.end(step.number, Stage.CANCELLED, step.number - 1)
            self._active[slot] = None
            if not signals & START:
                left.append(run)

    def _complete(self, run: Run, step: Step) -> None:
        run.end(step.number, Stage.COMPLETED, step.number)
        self._active[run.level.slot] = None
        self._completed[run.level.slot] = run

    def _maybe_attach(self, slot: int, step: Step, left: list[Run], fresh: set[int]) -> None:
        level, before = self._attaching(slot, step), self._earlier[slot]
        if level is None:
            return
        if before is not None and level.per_vendor and before.vendor != step.vendor:
            before = None
        leaving = [run for run in left if run.level.family == level.family]
        if slot in fresh:
            run: Run | None = self._new(level, step)
        elif before is not None and not leaving:
            run = self._reopened(level, step, before)
        else:
            run = self._changed(level, step, leaving, self._left_while_done(level, step))
        self._active[slot] = run
        if run is not None:  # what was completed before it is over for good
            self._earlier[slot] = self._completed[slot] = None

    def _left_while_done(self, level: Level, step: Step) -> list[Run]:
        """Completed cycles of the family that would go on, if the ticket had not left their definition meanwhile."""
        found = [
            run
            for run in self._earlier
            if run is not None
            and run.level.family == level.family
            and run.level.definition.on_reopen is OnReopen.CONTINUE
            and not step.signals[run.level.index] & START
            and (not level.per_vendor or run.vendor == step.vendor)
        ]
        for run in found:
            self._earlier[run.level.slot] = None  # its time is handed over once
        return found

    def _attaching(self, slot: int, step: Step) -> Level | None:
        """The version that attaches now, if any: of a cycle that goes on the one under which it began."""
        if self._active[slot] is not None or self._met[slot]:
            return None
        before = self._earlier[slot]
        if (
            before is not None
            and before.level.definition.on_reopen is OnReopen.CONTINUE
            and _may_run(before.level, step)
        ):
            return before.level
        in_force = step.in_force[slot]
        level = None if in_force == NOBODY else self._levels[in_force]
        return level if level is not None and _may_run(level, step) else None

    def _new(self, level: Level, step: Step) -> Run:
        run = Run(level, step.number, step.vendor, step.rotas[level.index], since=step.number)
        self.runs.append(run)
        return run

    def _reopened(self, level: Level, step: Step, before: Run) -> Run | None:
        """What ``on_reopen`` makes of a completed cycle whose ``stop`` no longer holds."""
        match level.definition.on_reopen:
            case OnReopen.IGNORE:
                return None
            case OnReopen.NEW_CYCLE:
                return self._new(level, step)
            case OnReopen.CONTINUE if before.level is not level:  # the version that it began under holds no longer
                return self._new(level, step)
            case OnReopen.CONTINUE:
                before.go_on(step.number)
                return before

    def _changed(self, level: Level, step: Step, leaving: list[Run], left_before: list[Run]) -> Run:
        """What ``on_change`` makes of a definition that comes to hold, in place of others or of none."""
        on_change = level.definition.on_change
        newly = leaving or left_before or (self._course and not self._signals[level.index] & START)
        if on_change is OnChange.RETROACTIVE and newly:
            return self._from_creation(level, step)
        run = self._new(level, step)
        if on_change is OnChange.CARRY:
            others = (*leaving, *left_before)
            run.carried_from = next((old for old in others if not level.per_vendor or old.vendor == run.vendor), None)
        return run

    def _from_creation(self, level: Level, step: Step) -> Run:
        """A run as if its definition had held since the creation, or since the vendor in hand got the ticket."""
        course = self._course
        if level.per_vendor:
            others = [index for index, past in enumerate(course) if past.vendor != step.vendor]
            course = course[others[-1] + 1 :] if others else course
        run = self._new(level, course[0] if course else step)
        done = False
        for past in course:
            done = bool(past.signals[level.index] & STOP) or (done and not past.reopened)
            if done:
                run.turn(past.number, Motion.HALTED, run.rota)
            else:
                _follow(run, past)
        return run


def _may_run(level: Level, step: Step) -> bool:
    """Whether a definition holds, and its clock has somebody to run for."""
    owed = step.signals[level.index] & (START | STOP | CANCEL) == START
    return owed and not (level.per_vendor and step.vendor == NOBODY)


def _follow(run: Run, step: Step) -> None:
    """Run or pause, on the calendars of where the ticket is."""
    signals = step.signals[run.level.index]
    paused = bool(signals & PAUSE)
    if run.level.definition.resume is not None:
        paused = (paused or run.motion is Motion.PAUSED) and not signals & RESUME
    run.turn(step.number, Motion.PAUSED if paused else Motion.RUNNING, step.rotas[run.level.index])
