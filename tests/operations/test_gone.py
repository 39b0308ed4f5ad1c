"""What the rest of a run makes of tickets that vanished and of streams that are not complete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.config import load
from itsm_bridge.connectors.base import Absence
from itsm_bridge.errors import GuardTripped
from itsm_bridge.operations import run as steps
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.deciding import decide, halts
from itsm_bridge.operations.findings import findings
from itsm_bridge.operations.issued import Issued
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.operations.status import status_of
from itsm_bridge.store import Store

ROOT = Path(__file__).resolve().parents[2]
FIRST = "id-INC0000000"


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    """Its clock goes on a day with each look at it."""
    days = iter(range(1000))
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        yield Bridge(load(ROOT / "config"), store, lambda: NOW + next(days) * timedelta(days=1))


@pytest.fixture
def world() -> World:
    world = World()
    world.put(*(a_ticket(f"INC00000{place:02}") for place in range(30)))
    return world


def planned(bridge: Bridge) -> set[str]:
    return {one.ticket.external_id for one in decide(bridge, ("snow",), NOW).tickets}


@pytest.mark.parametrize("reason", list(Absence))
def test_a_ticket_that_was_missed_is_neither_decided_nor_written(bridge: Bridge, world: World, reason: Absence) -> None:
    read_sources(bridge, {"snow": world})
    assert FIRST in planned(bridge)
    world.take_away(FIRST, reason)
    read_sources(bridge, {"snow": world})
    assert len(planned(bridge)) == 29
    assert FIRST not in planned(bridge)


def test_a_run_that_meets_the_guard_writes_nothing_to_that_source(bridge: Bridge, world: World) -> None:
    other = World("ops")
    other.put(a_ticket("OPS-1", source="ops", external_id="10001", project="OPS"))
    read_sources(bridge, {"snow": world, "ops": other})
    for external_id in list(world.records)[:25]:
        world.take_away(external_id, Absence.DELETED)
    run_id = bridge.store.start_run("run", NOW, "")
    report = steps.run(bridge, {"snow": world, "ops": other}, run_id, lambda *_: Issued(("2026-W47",)))
    assert [type(problem) for problem in report.problems] == [GuardTripped]
    assert (len(world.writes), len(other.writes), report.reports) == (0, 1, ())


def test_an_incomplete_stream_is_a_finding_of_the_run_and_of_status(bridge: Bridge, world: World) -> None:
    world.broken = {FIRST}
    read_sources(bridge, {"snow": world})
    kinds = {finding.kind: finding for finding in findings(bridge, steps.NOTHING_APPLIED)}
    assert set(kinds) == {"quarantined", "incomplete"}
    assert kinds["incomplete"].subject == "snow:tickets"
    assert "30 in the source, 29 here" in kinds["incomplete"].detail
    found = status_of(bridge)
    assert [gap.stream for gap in found.gaps] == ["tickets"]
    assert not found.healthy


def test_status_counts_gone_tickets_by_reason_and_is_healthy(bridge: Bridge, world: World) -> None:
    sources = {"snow": world, "ops": World("ops")}
    read_sources(bridge, sources)
    world.take_away(FIRST, Absence.DELETED)
    world.take_away("id-INC0000001", Absence.MOVED)
    read_sources(bridge, sources)
    bridge.store.finish_run(bridge.store.start_run("sync", NOW, ""), NOW, "0", {})
    found = status_of(bridge)
    assert found.gone == {"snow": {"deleted": 1, "moved": 1}, "ops": {}}
    assert found.sweeps["snow"].missed == 2
    assert found.healthy


def a_wave(bridge: Bridge, world: World) -> None:
    """More tickets vanish than a source may lose, and a sweep finds that."""
    for external_id in sorted(world.records)[: len(world.records) - 5]:
        del world.records[external_id]
    (pulled,) = read_sources(bridge, {"snow": world})
    assert isinstance(pulled.problem, GuardTripped)


def applied_alone(bridge: Bridge, *worlds: World) -> steps.RunReport:
    run_id = bridge.store.start_run("apply", NOW, "")
    return steps.carry_out(bridge, {world.name: world for world in worlds}, run_id)


def test_a_source_that_met_the_guard_is_not_written_by_apply_alone_and_the_others_are(
    bridge: Bridge, world: World
) -> None:
    other = World("ops")
    other.put(a_ticket("OPS-1", source="ops", external_id="10001", project="OPS"))
    read_sources(bridge, {"snow": world, "ops": other})
    a_wave(bridge, world)
    report = applied_alone(bridge, world, other)
    (problem,) = report.problems
    assert isinstance(problem, GuardTripped)
    assert ("25 of 30 known tickets" in problem.message, "sync --full --source snow" in problem.hint) == (True, True)
    assert (len(world.writes), len(other.writes)) == (0, 1)


def test_a_source_that_met_the_guard_stays_stopped_until_a_whole_sweep_has_passed(world: World, tmp_path: Path) -> None:
    """On the same day, too, on which no other sweep would be due."""
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        days = [NOW]
        bridge = Bridge(load(ROOT / "config"), store, lambda: days[-1])
        read_sources(bridge, {"snow": world})
        kept = dict(world.records)
        days.append(NOW + timedelta(days=1))
        a_wave(bridge, world)
        a_wave(bridge, world)
        assert set(halts(bridge, ("snow", "ops"))) == {"snow"}
        world.records |= kept  # somebody gave the permission back
        (pulled,) = read_sources(bridge, {"snow": world})
        assert (pulled.problem, pulled.swept) == (None, True)
        assert halts(bridge, ("snow",)) == {}
        run_id = store.start_run("apply", NOW, "")
        assert steps.carry_out(bridge, {"snow": world}, run_id, allow=30).applied.written == 30
