from __future__ import annotations

from threading import Thread

import pytest
from tests.store.samples import MINUTE, NOW, decision, page, record, ticket

from itsm_bridge.errors import StorageFailed
from itsm_bridge.model import Outcome
from itsm_bridge.store import Reader, Store


def seen(reader: Reader) -> tuple[object, ...]:
    """Everything that a reader can be asked."""
    tables = ("tickets", "history", "approvals", "decisions", "oddities", "quarantine", "intents", "runs")
    return (
        list(reader.records()),
        list(reader.decisions()),
        reader.ticket_count(),
        reader.find_ticket("snow:INC0000002"),
        reader.ticket("snow", ticket(2).external_id),
        reader.bookmark("snow", "s"),
        reader.runs(),
        reader.freshness(),
        reader.oddities(),
        reader.quarantine(),
        reader.unresolved_intents("snow"),
        reader.last_writes("snow"),
        [[row for chunk in reader.scan(name).chunks for row in chunk] for name in tables],
    )


def write_everything(store: Store) -> None:
    run_id = store.start_run("run", NOW, "")
    store.save_page("snow", "s", page(record(1, summary="changed"), record(2)), NOW + MINUTE)
    store.save_decisions(run_id, [decision()])
    done = store.open_intent(run_id, ticket(), {"priority": (None, 2)}, f"done {run_id}", "", NOW)
    store.close_intent(done, Outcome.VERIFIED, NOW, written_at=NOW, record=record(1, summary="again"))
    store.open_intent(run_id, ticket(), {"priority": (None, 2)}, f"sent {run_id}", "", NOW)
    store.mark_synced("snow", NOW)
    store.finish_run(run_id, NOW, "0", {})


def test_a_snapshot_stands_still_while_others_write(store: Store) -> None:
    store.save_page("snow", "s", page(record(1)), NOW)
    with store.snapshot() as frozen:
        before = seen(frozen)
        write_everything(store)
        assert seen(frozen) == before
    assert seen(store) != before


def test_a_snapshot_is_taken_when_its_block_begins_not_at_its_first_question(store: Store) -> None:
    with store.snapshot() as frozen:
        write_everything(store)
        assert frozen.ticket_count() == 0


def test_a_snapshot_of_a_store_that_is_gone_is_explained(store: Store) -> None:
    with store._database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE decisions")
        connection.exec_driver_sql("DROP TABLE intents")
        connection.exec_driver_sql("DROP TABLE runs")
    with pytest.raises(StorageFailed), store.snapshot():
        pass


def test_scans_of_a_snapshot_may_be_walked_side_by_side(store: Store) -> None:
    store.save_page("snow", "s", page(*(record(number) for number in range(20))), NOW)
    with store.snapshot() as frozen:
        tickets, history = frozen.scan("tickets").chunks, frozen.scan("history").chunks
        for one, other in zip(tickets, history, strict=True):
            assert len(one) == len(other) == 20


def test_readers_and_a_writer_work_at_the_same_time(store: Store) -> None:
    """Each reading sees whole pages: ten tickets with one entry each, or none of them."""
    counts: list[tuple[int, int]] = []

    def write() -> None:
        for number in range(20):
            records = (record(10 * number + step) for step in range(10))
            store.save_page("snow", "s", page(*records, bookmark=str(number)), NOW)

    writer = Thread(target=write)
    writer.start()
    while writer.is_alive():
        with store.snapshot() as frozen:
            rows = [sum(len(chunk) for chunk in frozen.scan(name).chunks) for name in ("tickets", "history")]
            counts.append((rows[0], rows[1]))
    writer.join()
    assert store.ticket_count() == 200
    assert all(tickets == history and tickets % 10 == 0 for tickets, history in counts)
