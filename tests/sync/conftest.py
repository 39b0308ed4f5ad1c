from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.config.model import Limits
from itsm_bridge.store import Store
from itsm_bridge.sync import Pulled, pull

Pull = Callable[..., Pulled]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as opened:
        yield opened


@pytest.fixture
def world() -> World:
    """A source with thirty open tickets."""
    world = World()
    world.put(*(a_ticket(f"INC00000{place:02}") for place in range(30)))
    return world


@pytest.fixture
def pulls(store: Store, world: World) -> Pull:
    """One pull of the world; ``at`` is its time."""

    def one(at: datetime = NOW, **given: object) -> Pulled:
        return pull(store, world, at, zone=ZoneInfo("Asia/Kolkata"), limits=Limits(), **given)  # type: ignore[arg-type]  # by name

    return one
