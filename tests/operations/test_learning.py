from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.writeback.test_loads import MONDAY, lived
from tests.writeback.world import a_ticket

from itsm_bridge.config import Configuration, load
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.learning import efforts_of
from itsm_bridge.store import Store
from itsm_bridge.writeback import Efforts

ROOT = Path(__file__).resolve().parents[2]
WEEK = timedelta(days=7)


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    """Nine tickets of priority 3 that took two hours each, one Monday."""
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        for number in range(9):
            store.save_record(lived(number, 2), MONDAY)
        yield Bridge(load(ROOT / "config"), store, lambda: MONDAY + WEEK)


def without_loads(configuration: Configuration) -> Configuration:
    assignment = tuple(rule for rule in configuration.rules.assignment if rule.then.by != "load")
    return replace(configuration, rules=replace(configuration.rules, assignment=assignment))


def test_effort_is_learnt_from_what_ended_lately(bridge: Bridge) -> None:
    assert efforts_of(bridge, MONDAY + WEEK).of(a_ticket(priority=3)) == 2.0


def test_what_ended_long_ago_tells_nothing(bridge: Bridge) -> None:
    assert efforts_of(bridge, MONDAY + 20 * WEEK) == Efforts()


def test_where_no_rule_goes_by_load_nothing_is_read(bridge: Bridge) -> None:
    plain = replace(bridge, configuration=without_loads(bridge.configuration))
    assert efforts_of(plain, MONDAY + WEEK) == Efforts()
