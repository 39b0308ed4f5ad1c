"""What a run does before anything else: it resolves what is open, and tells what nobody was told yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.config import load
from itsm_bridge.connectors.base import Write
from itsm_bridge.operations import run as steps
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.conflicts import story_of
from itsm_bridge.operations.issued import NOTHING_ISSUED
from itsm_bridge.operations.status import status_of
from itsm_bridge.store import Store

ROOT = Path(__file__).resolve().parents[2]
ASHA = "asha.k@egov.example"
KEY, FIRST = "id-INC0000001", "snow:INC0000001"
COLLISION = ("collision", FIRST, "vendor: a person's 'GWL' was saved in between and replaced by 'OptIT'")


class Died(BaseException):
    """What a kill looks like from within."""


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as store:
        yield Bridge(load(ROOT / "config"), store, lambda: NOW)


@pytest.fixture
def world() -> World:
    """A ticket on which somebody saves another vendor between our read and our write."""
    world = World()
    world.put(a_ticket("INC0000001"))

    def save(_: Write) -> None:
        world.before = nothing
        world.edit(KEY, ASHA, vendor="GWL")

    world.before = save
    return world


def nothing(_: Write) -> None:
    """No more happens."""


def a_run(bridge: Bridge, world: World) -> steps.RunReport:
    run_id = bridge.store.start_run("run", NOW, "d")
    report = steps.run(bridge, {"snow": world}, run_id, lambda *_: NOTHING_ISSUED)
    bridge.store.finish_run(run_id, NOW, "3", report.summary())
    return report


def told(report: steps.RunReport, kind: str = "collision") -> list[tuple[str, str, str]]:
    return [(one.kind, one.subject, one.detail) for one in report.findings if one.kind == kind]


def test_a_collision_is_a_finding_of_its_run_and_of_no_other(bridge: Bridge, world: World) -> None:
    assert told(a_run(bridge, world)) == [COLLISION]
    assert COLLISION in status_of(bridge).findings
    assert told(a_run(bridge, world)) == []


@pytest.mark.parametrize("dies", ["after the write", "after it was noted"])
def test_a_collision_of_a_run_that_died_is_a_finding_of_the_next(
    bridge: Bridge, world: World, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Died

    if dies == "after the write":
        world.after = die
    else:
        monkeypatch.setattr(steps, "remember", die)
    with pytest.raises(Died):
        a_run(bridge, world)
    monkeypatch.undo()
    world.after = nothing
    assert told(a_run(bridge, world)) == [COLLISION]
    assert told(a_run(bridge, world)) == []
    assert len(world.writes) == 1


def test_a_collision_is_in_the_story_of_its_ticket_with_both_values(bridge: Bridge, world: World) -> None:
    a_run(bridge, world)
    (story,) = (one for one in story_of(bridge, FIRST, NOW) if one.field == "vendor")
    (write,) = (event.text for event in story.events if event.kind == "write")
    assert write.endswith(f"verified; {COLLISION[2]}")


def test_a_write_whose_ticket_cannot_be_read_is_told_of_in_each_run_until_it_can_be(
    bridge: Bridge, world: World
) -> None:
    hidden = []

    def hide(_: Write) -> None:
        world.after = nothing
        hidden.append(world.records.pop(KEY))

    world.before, world.after = nothing, hide
    first = a_run(bridge, world)
    assert "could not be read back" in told(first, "unknown_write")[0][2]
    second = a_run(bridge, world)
    assert "it is neither decided nor written until it can be" in told(second, "unknown_write")[0][2]
    assert (second.plan is not None and second.plan.tickets, second.resumed) == ((), 0)
    assert (status_of(bridge).unresolved, status_of(bridge).healthy) == (1, False)
    world.records[KEY] = hidden[0]
    third = a_run(bridge, world)
    assert (third.resumed, told(third, "unknown_write"), len(world.writes)) == (1, [], 1)
    assert status_of(bridge).unresolved == 0
