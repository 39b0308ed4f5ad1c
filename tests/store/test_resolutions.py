"""What people decided about conflicts: kept for ever, and the newest of a field counts."""

from __future__ import annotations

from dataclasses import replace

from tests.store.samples import MINUTE, NOW, ticket

from itsm_bridge.model import Choice, Resolution
from itsm_bridge.store import Store

ONE = ticket(1).external_id
OURS = Resolution("snow", ONE, "priority", Choice.OURS, {"impact": 2}, {"impact": None}, NOW - MINUTE, "asha", NOW)


def test_a_resolution_is_read_as_it_was_kept(store: Store) -> None:
    store.save_resolution(OURS)
    assert store.resolutions() == {("snow", ONE): {"priority": OURS}}
    assert store.resolutions_of("snow", ONE) == [OURS]
    assert store.resolutions_of("snow", "another") == []


def test_the_newest_of_a_field_counts_and_what_was_decided_before_stays(store: Store) -> None:
    hold = replace(OURS, choice=Choice.HOLD, at=NOW + MINUTE, seen_at=None)
    vendor = replace(OURS, field="vendor", ours={"vendor": "OptIT"}, theirs={"vendor": "GWL\u202e"})
    for one in (OURS, vendor, hold):
        store.save_resolution(one)
    assert store.resolutions()["snow", ONE] == {"priority": hold, "vendor": vendor}
    assert [one.choice for one in store.resolutions_of("snow", ONE)] == ["ours", "ours", "hold"]
