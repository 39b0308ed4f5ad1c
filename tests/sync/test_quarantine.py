from __future__ import annotations

from datetime import timedelta

import pytest
from tests.sync.conftest import Pull
from tests.writeback.world import NOW, World

from itsm_bridge.connectors.base import Absence
from itsm_bridge.store import Store
from itsm_bridge.sync import quarantine

FIRST = "id-INC0000000"
DAY = timedelta(days=1)


def attempts(store: Store) -> dict[str, int]:
    return {row.external_id: row.attempts for row in store.quarantine()}


def test_a_record_that_cannot_be_read_is_tried_again_by_its_id(pulls: Pull, world: World, store: Store) -> None:
    world.broken = {FIRST}
    pulls()
    assert attempts(store) == {FIRST: 1}
    world.unread = {FIRST}
    pulls(NOW + timedelta(hours=1))
    pulls(NOW + timedelta(hours=2))
    assert attempts(store) == {FIRST: 3}
    world.broken = set()
    pulled = pulls(NOW + timedelta(hours=3))
    assert (attempts(store), pulled.new) == ({}, 1)


def test_a_pull_tries_a_bounded_number_and_the_longest_untried_first(
    pulls: Pull, world: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "MOST", 10)
    world.broken = set(world.records)
    pulls()
    world.unread = set(world.records)
    for hours in (1, 2, 3):
        pulls(NOW + timedelta(hours=hours))
    assert set(attempts(store).values()) == {2}


def test_a_quarantined_record_that_the_source_deleted_is_forgotten(pulls: Pull, world: World, store: Store) -> None:
    world.broken = {FIRST}
    pulls()
    world.take_away(FIRST, Absence.DELETED)
    pulls(NOW + DAY)
    assert attempts(store) == {}


def test_a_sweep_does_not_count_a_second_attempt(pulls: Pull, world: World, store: Store) -> None:
    world.broken = {FIRST}
    pulls()
    world.unread = {FIRST}
    pulls(NOW + DAY)
    assert attempts(store) == {FIRST: 2}
