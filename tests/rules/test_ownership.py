from __future__ import annotations

from datetime import timedelta

import pytest
from tests.rules.made import CREATED, entry, record

from itsm_bridge.config.model import Ownership
from itsm_bridge.model import HistoryEntry
from itsm_bridge.rules import Standing, standing_fields

YIELD: dict[str, Ownership] = {}


def test_a_persons_change_after_the_creation_stands() -> None:
    made = record(entry("vendor", "GWL", "OptIT", minutes=10))
    at = CREATED + timedelta(minutes=10)
    assert standing_fields(made, {}, YIELD) == {"vendor": Standing("asha", at, Ownership.YIELD)}


@pytest.mark.parametrize("minutes", [0, -5])
def test_what_a_ticket_was_created_with_does_not_bind(minutes: int) -> None:
    assert standing_fields(record(entry("vendor", "", "OptIT", minutes=minutes)), {}, YIELD) == {}


def test_a_change_before_the_bridges_own_last_write_is_past() -> None:
    made = record(entry("vendor", "GWL", "OptIT", minutes=10))
    for minutes, stands in ((9, True), (10, False), (11, False)):
        writes = {"vendor": CREATED + timedelta(minutes=minutes)}
        assert bool(standing_fields(made, writes, YIELD)) is stands


def test_a_change_of_the_group_is_a_change_of_the_vendor() -> None:
    assert set(standing_fields(record(entry("group", "A", "B")), {}, YIELD)) == {"vendor"}


@pytest.mark.parametrize("field", ["priority", "impact", "urgency"])
@pytest.mark.parametrize("written", ["priority", "impact", "urgency"])
def test_priority_impact_and_urgency_are_one_decision(field: str, written: str) -> None:
    made = record(entry(field, "3", "1", minutes=10))
    assert set(standing_fields(made, {}, YIELD)) == {"priority"}
    assert standing_fields(made, {written: CREATED + timedelta(minutes=10)}, YIELD) == {}


def test_the_last_of_several_changes_counts() -> None:
    history = (entry("group", "A", "B", minutes=10, actor="asha"), entry("vendor", "A", "B", minutes=20, actor="ravi"))
    assert standing_fields(record(*history), {}, YIELD)["vendor"].by == "ravi"


def test_the_mode_is_the_configurations_and_force_never_stands() -> None:
    made = record(entry("vendor", "GWL", "OptIT"), entry("approval", "", "approved"), entry("urgency", "1", "2"))
    modes = {"vendor": Ownership.HOLD, "approval": Ownership.FORCE}
    assert {field: found.mode for field, found in standing_fields(made, {}, modes).items()} == {
        "vendor": Ownership.HOLD,
        "priority": Ownership.YIELD,
    }


@pytest.mark.parametrize(
    "change",
    [entry("vendor", "GWL", "GWL"), entry("vendor", "A", "B", actor="bridge"), entry("state", "new", "closed")],
)
def test_neither_our_own_changes_nor_those_that_change_nothing_stand(change: HistoryEntry) -> None:
    assert standing_fields(record(change), {}, YIELD, accounts={"bridge"}) == {}


def test_a_save_that_says_the_same_as_our_write_in_part_stands_with_the_other_part() -> None:
    """Our write was lost, and a person saved its impact with another urgency: that was taken for our write."""
    made = record(entry("impact", "3", "2", minutes=10), entry("urgency", "3", "1", minutes=10))
    written = {"impact": CREATED + timedelta(minutes=10)}
    assert set(standing_fields(made, written, YIELD, values={"impact": 2, "urgency": 2})) == {"priority"}
    assert standing_fields(made, written, YIELD, values={"impact": 2, "urgency": 1}) == {}


def test_what_our_write_replaced_in_the_same_instant_does_not_stand() -> None:
    made = record(entry("urgency", "3", "1", minutes=10), entry("urgency", "1", "2", minutes=10))
    written = {"urgency": CREATED + timedelta(minutes=10)}
    assert standing_fields(made, written, YIELD, values={"urgency": 2}) == {}
