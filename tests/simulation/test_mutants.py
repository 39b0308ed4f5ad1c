"""The simulation is worth what it catches: every engine that is broken on purpose is told from the true one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.simulation.configurations import PLAIN, SETTINGS
from tests.simulation.mutants import CAUGHT_BY, MUTANTS
from tests.simulation.mutants_apart import CAUGHT_BY_APART, MUTANTS_APART
from tests.simulation.mutants_in_settings import CAUGHT_IN, MUTANTS_IN
from tests.simulation.schedule import play

from itsm_bridge.errors import BridgeError

BUDGET = 2000 if os.environ.get("ITSM_BRIDGE_LONG") else 200
"""Schedules within which a mutant must be caught."""


def schedules(name: str) -> Iterator[tuple[int, bool]]:
    """The schedule that caught a mutant the last time, then all of them, in both modes by turns."""
    known = {**CAUGHT_BY, **CAUGHT_BY_APART, **CAUGHT_IN}
    if name in known and not os.environ.get("ITSM_BRIDGE_LONG"):
        yield known[name]
    for number in range(BUDGET):
        yield number // 2, bool(number % 2)


ALL = {
    **{name: (PLAIN, mutant) for name, mutant in {**MUTANTS, **MUTANTS_APART}.items()},
    **MUTANTS_IN,
}
"""Each with the setting that shows it."""


@pytest.mark.parametrize("name", ALL)
def test_a_broken_engine_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    under, mutant = ALL[name]
    mutant(monkeypatch)
    assert any(is_caught(seed, race=race, under=under) for seed, race in schedules(name))


def is_caught(seed: int, *, race: bool, under: str) -> bool:
    try:
        return bool(play(seed, race=race, under=under).wrong)
    except BridgeError:  # an engine that fails is not silent
        return True


def test_there_are_mutants_enough() -> None:
    assert len(ALL) >= 75
    assert {under for under, _ in ALL.values()} == set(SETTINGS)
    assert len(ALL) == len(MUTANTS) + len(MUTANTS_APART) + len(MUTANTS_IN)


@pytest.mark.parametrize("under", SETTINGS)
def test_the_true_engine_is_not_caught(under: str) -> None:
    assert not any(is_caught(seed, race=race, under=under) for seed in (0, 1, 4) for race in (False, True))
