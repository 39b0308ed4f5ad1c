from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.config import load
from itsm_bridge.connectors.base import Identity, Page
from itsm_bridge.errors import BridgeError, SourceUnavailable, StorageFailed
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.operations.watching import Watchers
from itsm_bridge.store import Store

ROOT = Path(__file__).resolve().parents[2]


def a_world(name: str, tickets: int = 40) -> World:
    world = World(name)
    world.put(*(a_ticket(f"{name.upper()}-{place}", source=name) for place in range(tickets)))
    return world


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        yield Bridge(load(ROOT / "config"), store, lambda: NOW)


def test_sources_are_read_at_the_same_time(bridge: Bridge) -> None:
    together = threading.Barrier(3)  # breaks the test where one waits for another
    worlds = {name: a_world(name) for name in ("a", "b", "c")}
    for world in worlds.values():
        world.during = lambda: together.wait(60)
    pulled = read_sources(bridge, worlds)
    assert [(part.source, part.new, part.problem) for part in pulled] == [
        ("a", 40, None),
        ("b", 40, None),
        ("c", 40, None),
    ]
    assert bridge.store.ticket_count() == 120


def test_many_pages_of_several_sources_go_into_one_store(bridge: Bridge) -> None:
    worlds = {name: a_world(name, 3) for name in "abcdef"}
    for world in worlds.values():
        world.fetch = pages_of(world)  # type: ignore[method-assign]  # a ticket a page, many times over
    assert [part.problem for part in read_sources(bridge, worlds)] == [None] * 6
    assert bridge.store.ticket_count() == 18
    assert bridge.store.faults() == ()


def pages_of(world: World) -> Callable[..., Iterator[Page]]:
    def fetch(_stream: str, _bookmark: object) -> Iterator[Page]:
        for turn in range(20):
            for external_id in world.records:
                yield world._page([external_id], {"turn": str(turn)})

    return fetch


def test_one_source_that_fails_stops_no_other(bridge: Bridge) -> None:
    worlds = {name: a_world(name) for name in ("a", "b", "c")}
    worlds["b"].identity = failing(SourceUnavailable("b: 503"))  # type: ignore[method-assign]
    pulled = read_sources(bridge, worlds)
    assert [part.new for part in pulled] == [40, 0, 40]
    assert [part.problem and part.problem.message for part in pulled] == [None, "b: 503", None]


def failing(problem: BridgeError) -> Callable[[], Identity]:
    def fail() -> Identity:
        raise problem

    return fail


def test_a_store_that_fails_stops_the_others_where_they_are(bridge: Bridge) -> None:
    worlds = {name: a_world(name) for name in ("a", "b")}
    failed = threading.Event()

    def break_off() -> None:
        failed.set()
        raise StorageFailed("the disk is full")

    worlds["a"].during = break_off
    worlds["b"].during = lambda: failed.wait(60)
    with pytest.raises(StorageFailed):
        read_sources(bridge, worlds)
    assert "b" not in bridge.store.freshness()


def test_the_end_of_the_time_ends_every_source_with_its_progress_kept(bridge: Bridge) -> None:
    worlds = {name: a_world(name) for name in ("a", "b")}
    pulled = read_sources(bridge, worlds, watch=Watchers(expired=lambda: True))
    assert [type(part.problem) for part in pulled] == [SourceUnavailable] * 2
    assert bridge.store.ticket_count() == 80


def test_progress_is_told_by_one_thread_at_a_time(bridge: Bridge) -> None:
    telling = threading.Lock()
    told: list[str] = []

    def pulled(source: str, _stream: str, _done: int, _expected: int | None) -> None:
        with once(telling):
            told.append(source)

    read_sources(bridge, {name: a_world(name) for name in "abcd"}, watch=Watchers(pulled=pulled))
    assert set(told) == set("abcd")


@contextmanager
def once(lock: threading.Lock) -> Iterator[None]:
    assert lock.acquire(blocking=False), "two threads at once"
    try:
        yield
    finally:
        lock.release()
