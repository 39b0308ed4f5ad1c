from __future__ import annotations

from tests.writeback.world import CREATED, World, a_ticket

from itsm_bridge.writeback import what_changed

FIRST = "id-INC0000001"


def test_who_changed_what_is_told() -> None:
    world = World()
    world.put(a_ticket())
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL", impact=1)
    told = " (vendor – → GWL by asha.k@egov.example, impact 3 → 1 by asha.k@egov.example)"
    assert what_changed(world.records[FIRST], CREATED) == told


def test_what_was_known_before_is_not_told_again() -> None:
    world = World()
    world.put(a_ticket())
    world.edit(FIRST, "asha.k@egov.example", vendor="GWL")
    seen = world.records[FIRST].ticket.updated_at
    assert what_changed(world.records[FIRST], seen) == ""
    world.edit(FIRST, "ravi@egov.example", vendor="OptIT")
    assert what_changed(world.records[FIRST], seen) == " (vendor GWL → OptIT by ravi@egov.example)"


def test_many_and_long_changes_are_cut() -> None:
    world = World()
    world.put(a_ticket())
    for place in range(5):
        world.edit(FIRST, "", group="x" * 500 + str(place))
    told = what_changed(world.records[FIRST], CREATED)
    assert told.endswith(", 2 more)")
    assert len(told) < 500
