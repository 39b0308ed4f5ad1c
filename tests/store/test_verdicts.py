"""What was agreed about a clock is only added to, and no ticket that was stored is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.store.samples import MINUTE, NOW, page, record, ticket

from itsm_bridge.model import Verdict
from itsm_bridge.store import Store

ONE = ticket(1).external_id
TWO = ticket(2).external_id

VERDICT = Verdict(
    source="snow",
    external_id=ONE,
    sla="P1 resolution",
    measures="resolution",
    kind="sla",
    started_at=NOW - 60 * MINUTE,
    stopped_at=NOW - 30 * MINUTE,
    stage="completed",
    target_seconds=14400,
    elapsed_seconds=1800,
    paused_seconds=0,
    due_at=None,
    breached=False,
    vendor="OptIT",
    environment=None,
    priority=1,
    definition="d",
    calendars="c",
    zone_data="2026a",
    holidays="0.9",
    configuration="whole",
    history="h",
    known_at=NOW - 30 * MINUTE,
    frozen_at=NOW,
)


def test_a_verdict_is_read_back_as_it_was_agreed(store: Store) -> None:
    other = replace(VERDICT, due_at=NOW, vendor=None, environment="punjab", priority=None, sla="other")
    assert store.freeze("snow", [ONE], [VERDICT, other]) == 2
    assert store.verdicts("snow", [ONE, TWO]) == [VERDICT, other]


def test_a_verdict_is_never_replaced(store: Store) -> None:
    store.freeze("snow", [ONE], [VERDICT])
    otherwise = replace(VERDICT, breached=True, elapsed_seconds=99_999, frozen_at=NOW + MINUTE)
    assert store.freeze("snow", [ONE], [otherwise]) == 0
    assert store.verdicts("snow", [ONE]) == [VERDICT]


def test_another_end_of_the_same_clock_stands_beside_the_first(store: Store) -> None:
    later = replace(VERDICT, stopped_at=NOW, frozen_at=NOW + MINUTE)
    store.freeze("snow", [ONE], [VERDICT])
    assert store.freeze("snow", [ONE], [later]) == 1
    assert store.verdicts("snow", [ONE]) == [VERDICT, later]
    assert store.verdicts("snow", [ONE], before=NOW) == [VERDICT]
    assert store.verdicts("snow", [ONE], before=NOW - MINUTE) == []


def test_a_ticket_that_is_stored_waits_until_it_is_frozen(store: Store) -> None:
    store.save_page("snow", "incident", page(record(1), record(2)), NOW)
    assert store.unfrozen("snow", 10) == [ONE, TWO]
    assert store.unfrozen("snow", 1) == [ONE]
    assert store.unfrozen("ops", 10) == []
    store.freeze("snow", [ONE], [VERDICT])
    assert store.unfrozen("snow", 10) == [TWO]
    store.save_record(record(1, version="8"), NOW + MINUTE)
    assert store.unfrozen("snow", 10) == [ONE, TWO]


def test_under_other_inputs_every_ticket_waits_again_once(store: Store) -> None:
    store.save_page("snow", "incident", page(record(1), record(2)), NOW)
    assert store.queue_for_freezing("snow", "old", NOW)
    store.freeze("snow", [ONE, TWO], [])
    assert not store.queue_for_freezing("snow", "old", NOW)
    assert store.unfrozen("snow", 10) == []
    assert store.queue_for_freezing("snow", "new", NOW + timedelta(days=1))
    assert store.unfrozen("snow", 10) == [ONE, TWO]


def test_a_store_of_an_older_program_has_all_of_its_tickets_frozen(store: Store, url: str, tmp_path: Path) -> None:
    """Its tickets were stored when there was no queue: what queues them is that nothing was ever frozen."""
    store.save_page("snow", "incident", page(record(1)), NOW)
    store.freeze("snow", [ONE], [])
    store.close()
    with Store.open(url, tmp_path) as again:
        assert again.unfrozen("snow", 10) == []
        assert again.queue_for_freezing("snow", "inputs", NOW)
        assert again.unfrozen("snow", 10) == [ONE]
