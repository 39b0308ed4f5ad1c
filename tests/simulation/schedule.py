"""One schedule: a few runs among people, faults and deaths, then runs in peace until nothing is written."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from tests.simulation.connector import FakeConnector
from tests.simulation.disk import Disk
from tests.simulation.faults import SLOW_TO_SHOW, Crash, CrashPoints, Faults
from tests.simulation.oracle import Books, wrong
from tests.simulation.people import People
from tests.simulation.world import World

import itsm_bridge.operations.run as operations
from itsm_bridge.config import Configuration, load
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.run import RunReport

ROOT = Path(__file__).resolve().parents[2]
CRASHES = 0.012
"""How likely the process dies at each point, in most schedules."""

MOST_QUIET = 9
"""Runs in peace after which something must have settled."""


@dataclass
class Played:
    """What came of a schedule; ``trace`` tells it line by line."""

    seed: int
    race: bool
    wrong: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    points: int = 0
    trace: Sequence[str] = ()

    def __str__(self) -> str:
        again = f"python -m tests.simulation.replay {'race' if self.race else 'calm'} {self.seed}"
        return "\n".join([f"seed {self.seed}, race {self.race} ({again}):", *self.wrong])


@cache
def configuration() -> Configuration:
    """The shipped configuration without clocks, without shares of load, and without limits that a few tickets pass."""
    whole = load(ROOT / "config")
    assignment = tuple(rule for rule in whole.rules.assignment if rule.then.by is None)
    rules = replace(whole.rules, escalation=(), assignment=assignment)
    limits = replace(whole.limits, max_changes=1000, max_change_percent=100, max_vanish_percent=100)
    return replace(whole, slas=(), rules=rules, limits=limits)


class Play:
    """A world, its people, a disk, and the processes that come and go."""

    def __init__(
        self, seed: int, *, race: bool, tickets: int = 4, rate: float = CRASHES, at: int | None = None
    ) -> None:
        chance = random.Random(seed * 2 + race)
        self.played = Played(seed, race)
        self.world = World("snow" if seed % 2 == 0 else "ops")
        self.faults = Faults(random.Random(chance.random()), race)
        self.people = People(self.world, self.faults, random.Random(chance.random()))
        self.points = CrashPoints(random.Random(chance.random()), rate, at)
        self.connector = FakeConnector(
            self.world, self.people, self.faults, self.points, random.Random(chance.random())
        )
        self.chance = chance
        self.skew = timedelta(seconds=chance.choice((0, 0, -90, 90)))
        self.disk = Disk()
        self.people.found(tickets)
        self.world.now += timedelta(seconds=10)

    def clock(self) -> datetime:
        return self.world.now + self.skew

    def process(self) -> RunReport | None:
        """One process from its start to its end, or to its death: ``None``."""
        store = self.disk.store(self.points)
        bridge = Bridge(configuration(), store, self.clock)
        self.world.say("--- run")
        try:
            run_id = store.start_run("run", self.clock(), bridge.configuration.digest)
            report = operations.run(bridge, {self.world.name: self.connector}, run_id, lambda *_: ())
            store.finish_run(run_id, self.clock(), "ok", report.summary())
        except Crash as crash:
            self.world.say(f"*** died: {crash}")
            return None
        for outcome in report.applied.outcomes:
            fields = {name: str(result) for name, result in outcome.fields.items()}
            self.world.say(f"  {outcome.plan.ticket.external_id} {fields} {outcome.detail}")
        for problem in report.problems:
            self.world.say(f"  problem: {problem.message}")
        return report

    def trouble(self, runs: int) -> None:
        for _ in range(runs):
            self.process()
            self.world.now += timedelta(seconds=self.chance.choice((5, 200, 1200)))
            self.people.work()
        if self.chance.random() < 0.1:
            self.world.now += timedelta(days=1)

    def peace(self) -> None:
        """No more faults: what was hidden is shown again, the index is up to date, and the runs are quiet."""
        hidden = [truth for truth in self.world.tickets.values() if truth.hidden]
        for truth in hidden:
            truth.hidden = False
        next_day = hidden or self.world.deleted or any(self.faults.fired[one] for one in SLOW_TO_SHOW)
        self.faults.peace = True
        self.points.rate, self.points.at = 0, None
        self.world.now += timedelta(days=1) if next_day else timedelta(minutes=2)
        self.world.say("=== peace")

    def settle(self) -> list[str]:
        """Run in peace until a run writes nothing, neither to the source nor to the books."""
        books = self.books()
        for _ in range(MOST_QUIET):
            before, log = books, len(self.world.log)
            report = self.process()
            self.world.now += timedelta(seconds=100)
            if report is None or report.problems or report.plan is None:
                return [f"a run in peace ended with {report.problems if report else 'a death'}"]
            books = self.books()
            if not report.plan.tickets and len(self.world.log) == log and books == before:
                return []
        return [f"after {MOST_QUIET} runs in peace there is still something to write"]

    def books(self) -> Books:
        return Books.of(self.disk.store(self.points), self.world.name)

    def end(self) -> Played:
        played = self.played
        played.wrong += self.settle()
        played.wrong += wrong(self.world, self.books(), race=played.race, seen=played.seen)
        played.fired, played.done = self.faults.fired, self.people.done
        played.passed, played.died, played.points = self.points.passed, self.points.died, self.points.count
        played.trace = self.world.trace
        self.disk.close()
        return played


def play(seed: int, *, race: bool) -> Played:
    """A schedule by its number; the same each time."""
    one = Play(seed, race=race)
    one.trouble(one.chance.choice((2, 3, 3, 4)))
    one.peace()
    return one.end()
