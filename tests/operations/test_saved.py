"""A saved plan carried out on another day than it was made; and the guards, with several sources at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.config import load
from itsm_bridge.connectors.base import Absence
from itsm_bridge.errors import GuardTripped, SourceUnavailable
from itsm_bridge.model import State
from itsm_bridge.operations import run as steps
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.deciding import decide
from itsm_bridge.operations.issued import Issued
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.store import Store
from itsm_bridge.writeback import SavedPlan, read_plan_file, write_plan_file

ROOT = Path(__file__).resolve().parents[2]
FIRST = "id-INC0000001"
ASHA = "asha.k@egov.example"


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        yield Bridge(load(ROOT / "config"), store, lambda: NOW)


@pytest.fixture
def world() -> World:
    world = World()
    world.put(*(a_ticket(f"INC000000{place}") for place in (1, 2, 3)))
    return world


@pytest.fixture
def saved(bridge: Bridge, world: World, tmp_path: Path) -> SavedPlan:
    """Three tickets that go to OptIT, as a person looked at them."""
    read_sources(bridge, {"snow": world})
    return kept(bridge, tmp_path)


def kept(bridge: Bridge, tmp_path: Path) -> SavedPlan:
    write_plan_file(decide(bridge, ("snow",), NOW), tmp_path / "plan.json")
    return read_plan_file(tmp_path / "plan.json")


def carried_out(bridge: Bridge, *worlds: World, saved: SavedPlan | None = None, allow: int = 0) -> steps.RunReport:
    connectors = {world.name: world for world in worlds}
    run_id = bridge.store.start_run("apply", NOW, "")
    return steps.carry_out(bridge, connectors, run_id, saved=saved, allow=allow)


def conflicts(report: steps.RunReport) -> dict[str, str]:
    return {one.subject: one.detail for one in report.findings if one.kind == "conflict"}


def test_what_was_looked_at_is_written(bridge: Bridge, world: World, saved: SavedPlan) -> None:
    report = carried_out(bridge, world, saved=saved)
    assert (report.applied.written, report.findings, report.problems) == (3, (), ())


def test_a_plan_applied_twice_has_nothing_to_do_and_nothing_to_tell(
    bridge: Bridge, world: World, saved: SavedPlan
) -> None:
    carried_out(bridge, world, saved=saved)
    world.edit("id-INC0000002", ASHA, group="Service Desk 2")  # it moves on, and says still what the plan said
    read_sources(bridge, {"snow": world})
    report = carried_out(bridge, world, saved=saved)
    assert (report.applied.written, report.findings, len(world.writes)) == (0, (), 3)


@pytest.mark.parametrize("synced", [True, False], ids=["the store knows", "only the source knows"])
def test_a_ticket_that_moved_is_skipped_and_listed_with_what_changed_and_by_whom(
    synced: bool, bridge: Bridge, world: World, saved: SavedPlan
) -> None:
    world.edit(FIRST, ASHA, vendor="GWL")
    if synced:
        read_sources(bridge, {"snow": world})
    report = carried_out(bridge, world, saved=saved)
    told = conflicts(report)
    assert list(told) == ["snow:INC0000001"]
    assert f"it changed since the plan was {'saved' if synced else 'made'} (vendor – → GWL by {ASHA})" in next(
        iter(told.values())
    )
    assert (report.applied.written, world.records[FIRST].ticket.vendor) == (2, "GWL")


def test_a_ticket_that_is_resolved_by_now_is_skipped_and_listed(bridge: Bridge, world: World, saved: SavedPlan) -> None:
    record = world.records[FIRST]
    world.records[FIRST] = replace(record, ticket=replace(record.ticket, state=State.RESOLVED, version="1"))
    read_sources(bridge, {"snow": world})
    assert conflicts(carried_out(bridge, world, saved=saved)) == {
        "snow:INC0000001": "it is resolved by now; not written"
    }


def test_a_ticket_that_vanished_is_skipped_and_listed(bridge: Bridge, world: World, saved: SavedPlan) -> None:
    later = replace(bridge, clock=lambda: NOW + timedelta(days=1))  # the first sync of a day looks for what vanished
    world.take_away(FIRST, Absence.HIDDEN)
    read_sources(later, {"snow": world})
    report = carried_out(later, world, saved=saved)
    assert conflicts(report) == {"snow:INC0000001": "its source does not show it any more; not written"}
    assert report.applied.written == 2


def test_a_ticket_that_the_rules_decide_otherwise_by_now_is_skipped_and_listed(
    bridge: Bridge, world: World, saved: SavedPlan
) -> None:
    """The same version and the same configuration: only another day, or other tickets beside it, make that."""
    instead: frozenset[tuple[str, str | int | None]] = frozenset({("vendor", "GWL"), ("priority", 1)})
    announced = (saved.tickets["snow:INC0000001"] - {("vendor", "OptIT")}) | instead
    other = replace(saved, tickets={**saved.tickets, "snow:INC0000001": announced})
    report = carried_out(bridge, world, saved=other)
    assert conflicts(report) == {
        "snow:INC0000001": "it did not change, but the rules decide otherwise by now "
        "(priority: 1 → no change, vendor: GWL → OptIT); not written"
    }
    assert FIRST not in {write.ticket.external_id for write in world.writes}


def test_a_note_that_became_due_since_waits_for_the_next_run_and_keeps_nothing_back(
    bridge: Bridge, world: World, saved: SavedPlan
) -> None:
    later = replace(bridge, clock=lambda: NOW + timedelta(days=1))
    assert "note" in {change.field for change in decide(later, ("snow",), later.clock()).changes}
    report = carried_out(later, world, saved=saved)
    assert (report.applied.written, conflicts(report)) == (3, {})
    assert not any(world.board.values())
    carried_out(later, world)
    assert all(world.board[external_id] for external_id in world.records)


def test_a_note_that_is_not_left_any_more_keeps_its_ticket_back(bridge: Bridge, world: World, tmp_path: Path) -> None:
    later = replace(bridge, clock=lambda: NOW + timedelta(days=1))
    read_sources(later, {"snow": world})
    write_plan_file(decide(later, ("snow",), later.clock()), tmp_path / "plan.json")
    report = carried_out(bridge, world, saved=read_plan_file(tmp_path / "plan.json"))
    assert set(conflicts(report).values()) == {
        "it did not change, but the rules decide otherwise by now (a note is not left any more); not written"
    }
    assert world.writes == []


def test_a_plan_of_another_store_names_the_tickets_that_are_not_here(
    bridge: Bridge, world: World, saved: SavedPlan, tmp_path: Path
) -> None:
    with Store.open("sqlite:///elsewhere.db", tmp_path, create=True) as store:
        elsewhere = replace(bridge, store=store)
        smaller = World()
        smaller.records = {FIRST: world.records[FIRST]}
        read_sources(elsewhere, {"snow": smaller})
        report = carried_out(elsewhere, smaller, saved=saved)
    assert report.applied.written == 1
    assert set(conflicts(report)) == {"snow:INC0000002", "snow:INC0000003"}
    assert set(conflicts(report).values()) == {"it is not in this store; not written"}


def test_a_source_that_cannot_be_reached_is_told_once_and_not_as_tickets_that_moved(
    bridge: Bridge, world: World, saved: SavedPlan
) -> None:
    def die(_: object) -> None:
        raise KeyboardInterrupt

    world.after = die
    with pytest.raises(KeyboardInterrupt):
        carried_out(bridge, world, saved=saved)
    world.after, world.down = lambda _: None, SourceUnavailable("snow: 503")
    report = carried_out(bridge, world, saved=saved)
    assert (report.problems, conflicts(report)) == ((world.down,), {})


def test_a_plan_of_another_configuration_stops_before_any_source_is_asked(
    bridge: Bridge, world: World, saved: SavedPlan
) -> None:
    asked = world.asked.copy()
    other = replace(bridge, configuration=replace(bridge.configuration, digest="0" * 64))
    with pytest.raises(GuardTripped, match="another configuration"):
        carried_out(other, world, saved=saved)
    assert (world.asked, world.writes) == (asked, [])


# --- guards ------------------------------------------------------------------------------------------------------


def two_sources(snow: int, ops: int) -> tuple[World, World]:
    first, second = World(), World("ops")
    first.put(*(a_ticket(f"INC00000{place:02}") for place in range(snow)))
    second.put(*(a_ticket(f"OPS-{n}", source="ops", external_id=f"1{n:04}", project="OPS") for n in range(ops)))
    return first, second


def test_a_limit_that_one_source_passes_stops_all_of_them_before_the_first_write(bridge: Bridge) -> None:
    ops_is_fine = two_sources(snow=25, ops=3)
    report = ran(bridge, *ops_is_fine)
    assert [type(problem) for problem in report.problems] == [GuardTripped]
    assert "25 of 25 open tickets of snow would change" in report.problems[0].message
    assert [world.writes for world in ops_is_fine] == [[], []]
    assert (report.applied.written, report.applied.left, report.reports) == (0, 28, ())
    assert report.summary()["planned"] == 28


def test_exactly_as_many_as_were_allowed_are_written_and_one_less_writes_none(bridge: Bridge) -> None:
    worlds = two_sources(snow=25, ops=3)
    read_sources(bridge, {world.name: world for world in worlds})
    stopped = carried_out(bridge, *worlds, allow=27)
    assert stopped.problems[0].hint.endswith("itsm-bridge apply --allow-changes 28")
    assert sum(len(world.writes) for world in worlds) == 0
    assert carried_out(bridge, *worlds, allow=28).applied.written == 28


def test_a_saved_part_of_a_plan_past_the_limits_is_written(bridge: Bridge, tmp_path: Path) -> None:
    """Who looked at ten of many changes may make these ten."""
    snow, _ = two_sources(snow=25, ops=0)
    read_sources(bridge, {"snow": snow})
    whole = decide(bridge, ("snow",), NOW)
    write_plan_file(replace(whole, tickets=whole.tickets[:10]), tmp_path / "ten.json")
    report = carried_out(bridge, snow, saved=read_plan_file(tmp_path / "ten.json"))
    assert (report.applied.written, report.problems, report.findings) == (10, (), ())


def test_where_tickets_vanish_and_too_many_would_change_both_are_told_and_nothing_is_written(bridge: Bridge) -> None:
    snow, ops = two_sources(snow=40, ops=25)
    read_sources(bridge, {"snow": snow, "ops": ops})
    for external_id in list(snow.records)[:30]:
        snow.take_away(external_id, Absence.HIDDEN)
    report = ran(replace(bridge, clock=lambda: NOW + timedelta(days=1)), snow, ops)
    vanished, changed = report.problems
    assert isinstance(vanished, GuardTripped)
    assert isinstance(changed, GuardTripped)
    assert "30 of 40 known tickets cannot be seen any more" in vanished.message
    assert "25 of 25 open tickets of ops would change" in changed.message
    assert (snow.writes, ops.writes) == ([], [])
    assert [part.problem for part in report.pulled] == [vanished, None]


def ran(bridge: Bridge, *worlds: World) -> steps.RunReport:
    run_id = bridge.store.start_run("run", NOW, "")
    return steps.run(bridge, {world.name: world for world in worlds}, run_id, lambda *_: Issued(("2026-W47",)))
