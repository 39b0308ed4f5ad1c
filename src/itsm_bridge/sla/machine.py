"""The state machine of clocks: one ticket's readings in, its runs with their pieces of time out; it counts no hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from itsm_bridge.calendars import Calendar, Calendars, Rota, instant
from itsm_bridge.config.model import OnChange, OnReopen, SlaDefinition
from itsm_bridge.sla.model import Stage
from itsm_bridge.sla.readings import CANCEL, PAUSE, RESET, RESUME, START, STOP, Place, Reading

NOWHERE = Place("", "", "", "")


class Motion(Enum):
    """What a clock does."""

    RUNNING = "running"
    PAUSED = "paused"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Level:
    """A definition in its place.

    ``per_vendor`` ones run in one vendor's hands; within a ``family`` one takes over from another.
    """

    index: int
    definition: SlaDefinition
    per_vendor: bool
    family: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a run on one calendar, in epoch seconds."""

    start: int
    end: int
    paused: bool
    calendar: Calendar


@dataclass(slots=True)
class Run:
    """A cycle in the making. ``rota`` is a text where there is no calendar: the reason."""

    level: Level
    started: int
    vendor: str
    rota: Rota | str
    since: int
    motion: Motion = Motion.RUNNING
    stage: Stage = Stage.IN_PROGRESS
    stopped: int | None = None
    place: Place = NOWHERE
    problem: str = ""
    carried_from: Run | None = None
    pieces: list[Piece] = field(default_factory=list)

    def turn(self, at: int, motion: Motion, rota: Rota | str) -> None:
        """Go on in another way, or on other calendars, from ``at`` on."""
        if motion is not self.motion or rota is not self.rota:
            self._cut(at)
            self.motion, self.rota = motion, rota

    def end(self, at: int, stage: Stage, place: Place) -> None:
        """Complete or cancel."""
        self.settle(at, stage, place)
        self.motion, self.stopped = Motion.HALTED, at

    def go_on(self, at: int) -> None:
        """Reopen what was completed; the time between counts for nothing."""
        self.since, self.motion, self.stage, self.stopped = at, Motion.RUNNING, Stage.IN_PROGRESS, None

    def settle(self, at: int, stage: Stage, place: Place) -> None:
        """Account for all time up to ``at``; there is at least one piece then, or a problem."""
        self._cut(at)
        if not self.pieces:
            self._account(at)
        self.stage, self.place = stage, place

    def _cut(self, at: int) -> None:
        if self.motion is not Motion.HALTED and at > self.since:
            self._account(at)
        self.since = at

    def _account(self, at: int) -> None:
        if isinstance(self.rota, str):
            self.problem = self.problem or self.rota
            return
        for start, end, calendar in self.rota.pieces(self.since, at):
            if calendar is None:
                self.problem = self.problem or f"its environment had no owner on {instant(start):%Y-%m-%d}"
                return
            self.pieces.append(Piece(start, end, self.motion is Motion.PAUSED, calendar))


class Desk:
    """Which calendar each definition runs on, wherever a ticket is. Answers are kept, and are the same object again."""

    def __init__(self, levels: Sequence[Level], calendars: Calendars) -> None:
        self._levels = levels
        self._calendars = calendars
        self._steady: dict[str, Rota] = {}
        self._known: dict[tuple[str, str, tuple[str, ...]], tuple[Rota | str, ...]] = {}

    def rotas(self, reading: Reading) -> tuple[Rota | str, ...]:
        """For each definition its calendars, or why there are none."""
        key = reading.place.vendor, reading.environment, reading.services
        if key not in self._known:
            self._known[key] = tuple(self._rota(level.definition.calendar, *key) for level in self._levels)
        return self._known[key]

    def _rota(self, calendar: str, vendor: str, environment: str, services: tuple[str, ...]) -> Rota | str:
        if calendar == "environment":
            return self._of_environment(environment, services)
        if calendar == "vendor":
            of_vendor = self._calendars.for_vendor(vendor)
            return f"there is no vendor {vendor!r}" if of_vendor is None else self._always(of_vendor)
        return self._always(self._calendars[calendar])

    def _of_environment(self, environment: str, services: tuple[str, ...]) -> Rota | str:
        if not environment:
            return "it has no environment"
        if not self._calendars.knows_environment(environment):
            return f"there is no environment {environment!r}"
        return self._calendars.rota(environment, services)

    def _always(self, calendar: Calendar) -> Rota:
        return self._steady.setdefault(calendar.name, Rota.steady(calendar))


class Walk:
    """One ticket, from reading to reading. ``runs`` are its cycles in the order of their attachment."""

    def __init__(self, levels: Sequence[Level], desk: Desk) -> None:
        self.runs: list[Run] = []
        self._levels = levels
        self._desk = desk
        self._active: list[Run | None] = [None] * len(levels)
        self._earlier: list[Run | None] = [None] * len(levels)  # completed, then the ticket was reopened
        self._completed: list[Run | None] = [None] * len(levels)
        self._met = [False] * len(levels)
        self._course: list[Reading] = []
        self._signals: tuple[int, ...] = (0,) * len(levels)

    def step(self, reading: Reading) -> None:
        """Take in the next change: stop, reset, cancel; attach; pause, resume."""
        left: list[Run] = []
        fresh: set[int] = set()
        if reading.reopened:
            self._reopen()
        for level in self._levels:
            self._maybe_end(level, reading, left, fresh)
            self._met[level.index] |= reading.signals[level.index] & (START | STOP) == START | STOP
        for level in self._levels:
            self._maybe_attach(level, reading, left, fresh)
        for run in self._active:
            if run is not None:
                self._follow(run, reading)
        self._signals = reading.signals
        self._course.append(reading)

    def finish(self, now: int) -> list[Run]:
        """Account for all time up to ``now``, and give back the runs."""
        for run in self._active:
            if run is not None:
                stage = Stage.PAUSED if run.motion is Motion.PAUSED else Stage.IN_PROGRESS
                run.settle(now, stage, self._course[-1].place)
        return self.runs

    def _reopen(self) -> None:
        """Let what was completed before the ticket was reopened start again."""
        self._earlier = [new or old for new, old in zip(self._completed, self._earlier, strict=True)]
        self._completed = [None] * len(self._levels)
        self._met = [False] * len(self._levels)

    def _maybe_end(self, level: Level, reading: Reading, left: list[Run], fresh: set[int]) -> None:
        """End a running cycle where it must: note in ``left`` those that may hand over, in ``fresh`` those reset."""
        run, signals = self._active[level.index], reading.signals[level.index]
        if run is None:
            return
        if signals & STOP:
            self._complete(run, reading)
        elif signals & RESET and signals & START and not self._signals[level.index] & RESET:
            self._complete(run, reading)
            fresh.add(level.index)
        elif signals & CANCEL or not signals & START or (level.per_vendor and run.vendor != reading.place.vendor):
            run.end(reading.at, Stage.CANCELLED, self._course[-1].place)
            self._active[level.index] = None
            if not signals & START:
                left.append(run)

    def _complete(self, run: Run, reading: Reading) -> None:
        place = reading.place._replace(vendor=run.vendor) if run.level.per_vendor else reading.place
        run.end(reading.at, Stage.COMPLETED, place)
        self._active[run.level.index] = None
        self._completed[run.level.index] = run

    def _maybe_attach(self, level: Level, reading: Reading, left: list[Run], fresh: set[int]) -> None:
        if self._active[level.index] is not None or self._met[level.index]:
            return
        if reading.signals[level.index] & (START | STOP | CANCEL) != START:
            return
        if level.per_vendor and not reading.place.vendor:
            return
        before = self._earlier[level.index]
        if before is not None and level.per_vendor and before.vendor != reading.place.vendor:
            before = None
        leaving = [run for run in left if run.level.family == level.family]
        if level.index in fresh:
            run: Run | None = self._new(level, reading)
        elif before is not None and not leaving:
            run = self._reopened(level, reading, before)
        else:
            run = self._changed(level, reading, leaving)
        self._active[level.index] = run

    def _new(self, level: Level, reading: Reading) -> Run:
        rota = self._desk.rotas(reading)[level.index]
        run = Run(level, reading.at, reading.place.vendor, rota, since=reading.at)
        self.runs.append(run)
        return run

    def _reopened(self, level: Level, reading: Reading, before: Run) -> Run | None:
        """What ``on_reopen`` makes of a completed cycle whose ``stop`` no longer holds."""
        match level.definition.on_reopen:
            case OnReopen.IGNORE:
                return None
            case OnReopen.NEW_CYCLE:
                return self._new(level, reading)
            case OnReopen.CONTINUE:
                self._earlier[level.index] = None
                before.go_on(reading.at)
                return before

    def _changed(self, level: Level, reading: Reading, leaving: list[Run]) -> Run:
        """What ``on_change`` makes of a definition that comes to hold, in place of ``leaving`` or of none."""
        on_change = level.definition.on_change
        newly = self._course and not self._signals[level.index] & START
        if on_change is OnChange.RETROACTIVE and newly:
            return self._from_creation(level, reading)
        run = self._new(level, reading)
        if on_change is OnChange.CARRY:
            run.carried_from = next((old for old in leaving if not level.per_vendor or old.vendor == run.vendor), None)
        return run

    def _from_creation(self, level: Level, reading: Reading) -> Run:
        """A run as if its definition had held since the creation, or since the vendor in hand got the ticket."""
        course = self._course
        if level.per_vendor:
            others = [index for index, past in enumerate(course) if past.place.vendor != reading.place.vendor]
            course = course[others[-1] + 1 :] if others else course
        run = self._new(level, course[0] if course else reading)
        done = False
        for past in course:
            done = bool(past.signals[level.index] & STOP) or (done and not past.reopened)
            if done:
                run.turn(past.at, Motion.HALTED, run.rota)
            else:
                self._follow(run, past)
        return run

    def _follow(self, run: Run, reading: Reading) -> None:
        """Run or pause, on the calendars of where the ticket is."""
        signals = reading.signals[run.level.index]
        paused = bool(signals & PAUSE)
        if run.level.definition.resume is not None:
            paused = (paused or run.motion is Motion.PAUSED) and not signals & RESUME
        rota = self._desk.rotas(reading)[run.level.index]
        run.turn(reading.at, Motion.PAUSED if paused else Motion.RUNNING, rota)
