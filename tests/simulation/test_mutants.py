"""The simulation is worth what it catches: every engine that is broken on purpose is told from the true one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.simulation.mutants import CAUGHT_BY, MUTANTS
from tests.simulation.schedule import play

from itsm_bridge.errors import BridgeError

BUDGET = 2000 if os.environ.get("ITSM_BRIDGE_LONG") else 200
"""Schedules within which a mutant must be caught."""


def schedules(name: str) -> Iterator[tuple[int, bool]]:
    """The schedule that caught a mutant the last time, then all of them, in both modes by turns."""
    if name in CAUGHT_BY and not os.environ.get("ITSM_BRIDGE_LONG"):
        yield CAUGHT_BY[name]
    for number in range(BUDGET):
        yield number // 2, bool(number % 2)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_engine_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    assert any(is_caught(seed, race=race) for seed, race in schedules(name))


def is_caught(seed: int, *, race: bool) -> bool:
    try:
        return bool(play(seed, race=race).wrong)
    except BridgeError:  # an engine that fails is not silent
        return True


def test_there_are_mutants_enough() -> None:
    assert len(MUTANTS) >= 25


@pytest.mark.parametrize("seed", range(3))
def test_the_true_engine_is_not_caught(seed: int) -> None:
    assert not any(is_caught(seed, race=race) for race in (False, True))
