"""A run may die at every single point of it, and a schedule is the same whenever it is played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from tests.simulation.schedule import Play, Played, play


@pytest.mark.parametrize("commands", [("run",), ("sync", "plan", "apply", "apply")])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_process_may_die_at_every_single_point(seed: int, commands: Sequence[str]) -> None:
    """The whole of a run without other faults, once for each of its points; seed 0 is ServiceNow, seed 1 Jira.

    The same of a plan that is saved, applied, and applied again. Each second death is a power cut.
    """
    wrong: list[str] = []
    died: Counter[str] = Counter()
    alive = calm(seed, commands, at=None)
    number = 0
    while True:
        number += 1
        played = calm(seed, commands, at=number)
        if not played.died:
            break
        died += played.died
        wrong += [f"died at point {number}, {dict(played.died)}: {line}" for line in played.wrong]
    assert wrong == []
    assert number > 40
    assert set(died) == set(alive.passed)


def calm(seed: int, commands: Sequence[str], *, at: int | None) -> Played:
    """Some processes, of which one dies at point ``at``, and then peace."""
    one = Play(seed, race=False, tickets=2, rate=0, at=at)
    one.disk.die = one.disk.files.power_cut if at is not None and at % 2 else lambda: None  # type: ignore[method-assign]
    one.faults.peace = True
    for command in commands:
        if command != "apply" or one.has_plan():
            one.process(command)
    one.peace()
    return one.end()


def test_a_schedule_is_the_same_whenever_it_is_played() -> None:
    one, other = play(7, race=True), play(7, race=True)
    assert (one.points, one.fired, one.died, one.passed) == (other.points, other.fired, other.died, other.passed)
    assert len(one.trace) == len(other.trace) > 20


def test_two_sources_are_read_in_the_same_turns_whenever_they_are() -> None:
    one, other = play(14, race=True), play(14, race=True)
    assert one.seen["turns"] == other.seen["turns"] > 20
    assert (one.points, one.fired, one.died, one.passed) == (other.points, other.fired, other.died, other.passed)


def test_another_number_is_another_schedule() -> None:
    one = play(7, race=True)
    assert one.points != play(9, race=True).points
