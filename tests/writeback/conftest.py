from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.writeback.world import World, a_ticket

from itsm_bridge.config import Configuration, load
from itsm_bridge.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def configuration() -> Configuration:
    return load(ROOT / "config")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as opened:
        yield opened


@pytest.fixture
def world() -> World:
    """Three open tickets that the rules give to OptIT at priority 3."""
    world = World()
    world.put(*(a_ticket(f"INC000000{place}") for place in (1, 2, 3)))
    return world
