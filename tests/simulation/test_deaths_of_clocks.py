"""A run that freezes verdicts and tells of warnings may die at every point: each is kept, and told, by the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from tests.simulation.schedule import Play, Played

from itsm_bridge.store import Store

verdicts: Any = import_module("itsm_bridge.store.verdicts")  # by name: the package has a function of that name

TRUE_FREEZE = Store.freeze
TRUE_SAVE = Store.save_warnings
SEED = 0
"""ServiceNow, with one ticket that is resolved and one that stays open."""


def a_day(*, at: int | None) -> Played:
    """A run, a ticket that is resolved after some hours, and a run that dies at its point ``at``; then peace."""
    one = Play(SEED, race=False, under="clocks", tickets=2, rate=0)
    one.faults.peace = True
    one.process()
    one.world.now += timedelta(hours=7)
    first, second = one.world.tickets
    one.world.edit(first, "ravi.s@egov.example", {"state": "resolved"})
    one.world.now += timedelta(hours=1)
    one.world.edit(second, "ravi.s@egov.example", {"summary": "the ledger is slow, too"})  # the bookmark goes past both
    one.world.now += timedelta(hours=2)
    one.points.at = None if at is None else one.points.count + at
    one.process()
    one.peace()
    return one.end()


def deaths() -> Iterator[Played]:
    """The day once for each point at which its last run may die."""
    number = 1
    while (played := a_day(at=number)).died:
        yield played
        number += 1


def off_the_queue_first(patch: pytest.MonkeyPatch) -> None:
    """A ticket is off the queue of freezing before its verdicts are kept."""

    def freeze(store: Store, source: str, ids: Any, agreed: Any) -> int:  # noqa: ANN401 - as the true one
        kept = list(agreed)
        with store._database.writing() as connection:
            verdicts._take_off(connection, source, ids)
        return TRUE_FREEZE(store, source, ids, kept)

    patch.setattr(Store, "freeze", freeze)


def told_when_recorded(patch: pytest.MonkeyPatch) -> None:
    """A warning counts as told before the run that found it has told anybody."""

    def save(store: Store, source: str, crossed: Any, watched: Any, at: Any) -> None:  # noqa: ANN401 - as the true one
        TRUE_SAVE(store, source, [replace(one, told_at=at) for one in crossed], watched, at)

    patch.setattr(Store, "save_warnings", save)


def test_a_run_with_clocks_may_die_at_every_single_point() -> None:
    alive, died = a_day(at=None), Counter[str]()
    assert alive.wrong == []
    assert {"verdicts", "warnings", "told in time"} <= alive.seen.keys()
    wrong: list[str] = []
    for played in deaths():
        died += played.died
        wrong += [f"{dict(played.died)}: {line}" for line in played.wrong]
    assert wrong == []
    assert {"freeze: before commit", "save_warnings: after commit", "finish_run: before commit"} <= died.keys()


@pytest.mark.parametrize("mutant", [off_the_queue_first, told_when_recorded])
def test_what_is_lost_by_a_death_alone_is_missed(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert a_day(at=None).wrong == []  # nothing is wrong with it while it lives
    assert any(played.wrong for played in deaths())
