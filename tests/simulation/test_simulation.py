"""Whatever people, the source and the death of the process do: nothing diverges, and nothing is replaced silently."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field

import pytest
from tests.simulation.faults import RACE, RATES
from tests.simulation.schedule import Play, Played, play

SCHEDULES = int(os.environ.get("SCHEDULES", "60"))
"""Schedules in each mode; ``make simulate`` plays more."""

BATCH = 60
"""Schedules in one test: enough that each fault happens in each."""

ALWAYS = {"unreadable", "unwritable", "rewritten", "rewriting", *RATES}
OFTEN = 500
"""A point that was passed so often must have been died at, at about one death in a hundred."""


@dataclass
class Seen:
    wrong: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, played: Played) -> None:
        self.wrong += [str(played)] if played.wrong else []
        self.fired += played.fired
        self.done += played.done
        self.passed += played.passed
        self.died += played.died
        self.seen += played.seen


@pytest.mark.parametrize("first", range(0, SCHEDULES, BATCH))
@pytest.mark.parametrize("race", [False, True])
def test_after_any_schedule_the_store_holds_what_is_true_and_no_value_of_a_person_was_replaced_silently(
    first: int,
    race: bool,
) -> None:
    all_of_them = Seen()
    for seed in range(first, first + BATCH):
        all_of_them.add(play(seed, race=race))
    assert all_of_them.wrong == []
    assert set(all_of_them.fired) == (ALWAYS if race else ALWAYS - {RACE})
    assert all(all_of_them.done[deed] for deed in ("create", "edit", "hide", "delete")), all_of_them.done
    looked_at = {"verified", "as decided", "writes", "notes", "decided by somebody", "held"}
    assert looked_at <= all_of_them.seen.keys()
    assert all_of_them.seen["collisions"] > 0 or not race
    often = {site for site, times in all_of_them.passed.items() if times >= OFTEN}
    assert often
    assert often <= all_of_them.died.keys()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_may_die_at_every_single_point(seed: int) -> None:
    """The whole of a run without other faults, once for each of its points; seed 0 is ServiceNow, seed 1 Jira."""
    wrong: list[str] = []
    died: Counter[str] = Counter()
    alive = calm(seed, at=None)
    number = 0
    while True:
        number += 1
        played = calm(seed, at=number)
        if not played.died:
            break
        died += played.died
        wrong += [f"died at point {number}, {dict(played.died)}: {line}" for line in played.wrong]
    assert wrong == []
    assert number > 40
    assert set(died) == set(alive.passed)


def calm(seed: int, *, at: int | None) -> Played:
    """One run, in which the process dies at point ``at``, and then peace."""
    one = Play(seed, race=False, tickets=2, rate=0, at=at)
    one.faults.peace = True
    one.process()
    one.peace()
    return one.end()


def test_a_schedule_is_the_same_whenever_it_is_played() -> None:
    one, other = play(7, race=True), play(7, race=True)
    assert (one.points, one.fired, one.died, one.passed) == (other.points, other.fired, other.died, other.passed)
    assert len(one.trace) == len(other.trace) > 20
    assert one.points != play(9, race=True).points
