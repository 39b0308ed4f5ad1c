"""Shares of clocks that are used up: recorded once, told once."""

from __future__ import annotations

from dataclasses import replace

from tests.store.samples import MINUTE, NOW, ticket

from itsm_bridge.model import Warned
from itsm_bridge.store import Store

ONE = ticket(1).external_id
HALF = Warned("snow", ONE, "P1 resolution", NOW - 60 * MINUTE, 50.0, NOW - 30 * MINUTE, "OptIT")


def test_a_share_is_recorded_once(store: Store) -> None:
    store.save_warnings("snow", [HALF], [], NOW)
    store.save_warnings("snow", [replace(HALF, crossed_at=NOW, vendor=None)], [], NOW + MINUTE)
    assert store.warnings("snow", [ONE]) == [HALF]
    assert store.warnings("ops", [ONE]) == []


def test_a_share_is_told_by_the_run_that_ends_and_keeps_when(store: Store) -> None:
    most = replace(HALF, percent=87.5, vendor=None)
    store.save_warnings("snow", [HALF, most], [], NOW)
    for minutes in (1, 2):
        run = store.start_run("run", NOW, "d")
        store.finish_run(run, NOW + minutes * MINUTE, "0", {"written": 0}, [HALF])
    assert store.warnings("snow", [ONE]) == [replace(HALF, told_at=NOW + MINUTE), most]


def test_a_clock_that_starts_again_is_another_one(store: Store) -> None:
    again = replace(HALF, started_at=NOW)
    store.save_warnings("snow", [HALF, again], [], NOW)
    assert store.warnings("snow", [ONE]) == [HALF, again]


def test_it_is_known_when_each_warning_was_last_looked_for(store: Store) -> None:
    assert store.watches("snow") == {}
    store.save_warnings("snow", [], {("P1 resolution", 50.0), ("P1 resolution", 75.0)}, NOW)
    store.save_warnings("snow", [], {("P1 resolution", 50.0)}, NOW + MINUTE)
    assert store.watches("snow") == {("P1 resolution", 50.0): NOW + MINUTE, ("P1 resolution", 75.0): NOW}
    assert store.watches("ops") == {}
