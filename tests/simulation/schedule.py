"""One schedule: a few runs among people, faults and deaths, then runs in peace until nothing is written."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from unittest.mock import patch

from tests.simulation.commands import COMMANDS
from tests.simulation.configurations import PLAIN, SETTINGS, compiled, configuration, drawn
from tests.simulation.connector import FakeConnector
from tests.simulation.disk import Disk
from tests.simulation.faults import SLOW_TO_SHOW, Crash, CrashPoints, Faults
from tests.simulation.files import PLAN
from tests.simulation.meanwhile import Asked, finish, insist, listed, somebody_resolves
from tests.simulation.oracle import Books, wrong
from tests.simulation.oracle_apart import apart
from tests.simulation.oracle_clocks import Diary, wrong_clocks
from tests.simulation.oracle_files import Filed, misapplied
from tests.simulation.oracle_owners import wrong_owners
from tests.simulation.people import People
from tests.simulation.turns import Turns
from tests.simulation.world import Time, World

import itsm_bridge.operations.reading as reading
from itsm_bridge.errors import BridgeError
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.run import RunReport
from itsm_bridge.store import Store

planning = import_module("itsm_bridge.writeback.plan")  # by name: the package calls a function so

MOST_QUIET = 9
"""Runs in peace after which something must have settled."""


@dataclass
class Played:
    """What came of a schedule; ``trace`` tells it line by line."""

    seed: int
    race: bool
    under: str
    wrong: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    likely: list[Mapping[str, float]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    risk: Mapping[str, float] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    points: int = 0
    trace: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        again = f"python -m tests.simulation.replay {'race' if self.race else 'calm'} {self.seed} {self.under}"
        return "\n".join([f"seed {self.seed}, race {self.race}, {self.under} ({again}):", *self.wrong])


@dataclass
class Side:
    """One source: its world, its people, what goes wrong with it, and the way to it."""

    world: World
    people: People
    faults: Faults
    connector: FakeConnector


class Play:
    """One or two worlds with their people, a disk, and the processes that come and go."""

    def __init__(
        self,
        seed: int,
        *,
        race: bool,
        under: str = PLAIN,
        tickets: int = 4,
        rate: float | None = None,
        at: int | None = None,
        names: Sequence[str] = (),
    ) -> None:
        chance = random.Random(seed * 2 + race)
        self.played = Played(seed, race, under)
        self.setting = SETTINGS[under]
        rate = self.setting.deaths if rate is None else rate
        self.points = CrashPoints(random.Random(chance.random()), rate, at)
        self.turns = Turns(random.Random(chance.random()))
        self.chance = chance
        time, trace = Time(), self.played.trace
        names = names or names_of(seed, under)
        self.sides = [self._side(World(name, time, self.setting.clocks, trace=trace)) for name in names]
        first = self.sides[0]
        self.world, self.people, self.faults, self.connector = first.world, first.people, first.faults, first.connector
        self.skew = timedelta(seconds=chance.choice((0, 0, -90, 90)))
        self.disk = Disk(self.points, random.Random(chance.random()))
        self.filed = Filed()
        self.asked: list[Asked] = []
        self.diary = Diary()
        for side in self.sides:
            side.people.found(tickets if len(self.sides) == 1 else tickets - 1)
        self.world.now += timedelta(seconds=10)

    def _side(self, world: World) -> Side:
        chance = self.chance
        faults = Faults(random.Random(chance.random()), self.played.race)
        people = People(world, faults, random.Random(chance.random()))
        connector = FakeConnector(world, people, faults, self.points, random.Random(chance.random()), self.turns.switch)
        return Side(world, people, faults, connector)

    def clock(self) -> datetime:
        return self.world.now + self.skew

    def process(self, command: str = "run") -> RunReport | None:
        """One process from its start to its end, or to its death: ``None``; and a look at what it has agreed."""
        began = self.clock()
        report = self.live(command)
        if self.setting.clocks:
            whole = report is not None and not report.problems
            self.diary.look(self.disk.store(self.points), began if whole else None)
        return report

    @contextmanager
    def bridge(self) -> Iterator[Bridge]:
        """What a new process opens, for its life."""
        self.points.dead = False
        with patch.object(reading, "ThreadPoolExecutor", self.turns), patch.object(planning, "Decider", compiled):
            yield Bridge(configuration(self.played.under), self.disk.store(self.points), self.clock)

    def live(self, command: str) -> RunReport | None:
        """The life of a process."""
        self.world.say(f"--- {command}")
        fired = [side.faults.fired.copy() for side in self.sides]
        try:
            with self.bridge() as bridge:
                report = COMMANDS[command](self, bridge)
        except Crash as crash:
            self.world.say(f"*** died: {crash}")
            self.disk.die()
            return None
        except BridgeError as stop:  # none of these schedules gives a reason to stop a whole process
            self.played.wrong.append(f"{command} ended with {type(stop).__name__}: {stop.message}")
            return None
        for outcome in report.applied.outcomes:
            fields = {name: str(result) for name, result in outcome.fields.items()}
            self.world.say(f"  {outcome.plan.ticket.external_id} {fields} {outcome.detail}")
        for problem in report.problems:
            self.world.say(f"  problem: {problem.message}")
        happened = {side.world.name: side.faults.fired - before for side, before in zip(self.sides, fired, strict=True)}
        self.played.wrong += apart(report, happened, self.played.seen)
        return report

    @property
    def connectors(self) -> Mapping[str, FakeConnector]:
        return {side.world.name: side.connector for side in self.sides}

    def trouble(self, runs: int) -> None:
        for _ in range(runs):
            for command in self.next_commands():
                if command != "apply" or self.has_plan():
                    self.process(command)
            self.world.now += timedelta(seconds=self.chance.choice(self.setting.pauses))
            for side in self.sides:
                side.people.work()
            self.meanwhile()
        if self.chance.random() < 0.1:
            self.world.now += timedelta(days=1)

    def meanwhile(self) -> None:
        """What people do in this setting: insist on other values than ours, finish a ticket, resolve a conflict."""
        if self.setting.insist and self.chance.random() < self.setting.insist:
            insist(self.world, self.people, self.chance)
        if self.setting.finish and self.chance.random() < self.setting.finish:
            finish(self.world, self.people, self.chance)
        if self.setting.resolve and self.chance.random() < self.setting.resolve:
            self.resolve()
            self.world.now += timedelta(seconds=5)

    def resolve(self) -> None:
        """Somebody resolves a conflict; that process may die too."""
        with self.bridge() as bridge:
            one = somebody_resolves(bridge, self.world, self.chance)
        self.asked += [] if one is None else [one]
        if self.points.dead:
            self.disk.die()

    def next_commands(self) -> Sequence[str]:
        """What somebody starts next: mostly what cron does, now and then a plan file, which is then applied."""
        if self.played.under != PLAIN:
            return ("run",)
        what = self.chance.random()
        if self.has_plan() and what < 0.5:
            return ("apply",) if what < 0.25 else ("sync", "apply")
        return ("sync", "plan") if what > 0.75 else ("run",)

    def has_plan(self) -> bool:
        """Whether there is a file to apply. One that was saved stays; one whose process died may go with the power."""
        there = self.disk.files.read(PLAN) is not None
        if self.filed.is_saved and not there:
            self.played.wrong.append("a plan file that was saved is not there any more")
        return there

    def peace(self) -> None:
        """No more faults: what was hidden is shown again, the index is up to date, and the runs are quiet."""
        hidden = [truth for side in self.sides for truth in side.world.tickets.values() if truth.hidden]
        for truth in hidden:
            truth.hidden = False
        deleted = any(side.world.deleted for side in self.sides)
        next_day = hidden or deleted or any(side.faults.fired[one] for side in self.sides for one in SLOW_TO_SHOW)
        for side in self.sides:
            side.faults.peace = True
        self.points.rate, self.points.at = 0, None
        self.world.now += timedelta(days=1) if next_day else timedelta(minutes=2)
        self.world.say("=== peace")

    def settle(self) -> list[str]:
        """Run in peace until a run writes nothing, neither to the source nor to the books."""
        rows = self.disk.rows()
        for _ in range(MOST_QUIET):
            before, log = rows, self.log_length
            report = self.process()
            self.world.now += timedelta(seconds=100)
            if report is None or report.problems or report.plan is None:
                return [f"a run in peace ended with {report.problems if report else 'a death'}"]
            rows = self.disk.rows()
            if not report.plan.tickets and self.log_length == log and rows == before:
                return []
        return [f"after {MOST_QUIET} runs in peace there is still something to write"]

    @property
    def log_length(self) -> int:
        return sum(len(side.world.log) for side in self.sides)

    def end(self) -> Played:
        played = self.played
        played.wrong += self.settle()
        store = self.disk.store(self.points)
        for side in self.sides:
            played.wrong += self.judged(side.world, store)
            played.fired += side.faults.fired
            played.likely.append(side.faults.risk)
            played.done += side.people.done
        played.wrong += [f"the audit log does not hold: {fault}" for fault in store.verify_audit().faults]
        played.wrong += misapplied(self.filed, self.worlds, race=played.race, seen=played.seen)
        played.passed, played.died, played.points = self.points.passed, self.points.died, self.points.count
        played.risk = self.points.risk
        played.seen["turns"] += self.turns.switches
        self.disk.close()
        return played

    def judged(self, world: World, store: Store) -> list[str]:
        """What the oracle of this setting says of one source."""
        seen, race = self.played.seen, self.played.race
        if self.setting.resolve:
            with self.bridge() as bridge:
                shown = listed(bridge)
            return wrong_owners(world, store, self.asked, shown, self.setting.ownership, race=race, seen=seen)
        if self.setting.clocks:
            return wrong_clocks(world, store, self.diary, race=race, seen=seen)
        return wrong(world, Books.of(store, world.name), race=race, seen=seen)

    @property
    def worlds(self) -> Mapping[str, World]:
        return {side.world.name: side.world for side in self.sides}


def names_of(seed: int, under: str = PLAIN) -> Sequence[str]:
    """The sources of a schedule: where nothing else is set both in each fifth, else one of them."""
    both = under == PLAIN and seed % 5 == 4
    return ("snow", "ops") if both else (("snow",) if seed % 2 == 0 else ("ops",))


def play(seed: int, *, race: bool, under: str = "") -> Played:
    """A schedule by its number, under the setting that it draws or is given; the same each time."""
    one = Play(seed, race=race, under=under or drawn(seed))
    one.trouble(one.chance.choice((2, 3, 3, 4)))
    one.peace()
    return one.end()
