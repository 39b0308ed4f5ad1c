from __future__ import annotations

import pytest
from tests.store.samples import NOW, decision, entry, native, note, page, record, ticket, vote, worklog

from itsm_bridge.connectors.base import Oddity, Rejected
from itsm_bridge.model import Outcome, TicketRecord
from itsm_bridge.store import Store, SweepRow, scan
from itsm_bridge.store.columns import to_microseconds

TEXT = {
    "source", "external_id", "number", "type", "project", "state", "version", "summary", "description", "entry_id",
    "field", "old", "new", "source_old", "source_new", "actor", "approval_id", "approver", "check", "detail", "reason",
    "rule", "because", "digest", "inputs", "outcome", "marker", "inputs_digest", "command",
    "native_id", "name", "stage", "worklog_id", "author", "element", "text",
    "schedule", "zone",
}  # fmt: skip
JSON = {"service", "category", "labels", "custom", "originals", "changes", "outcomes"}
NUMBERS = {"id", "run_id", "attempts", "missed", "elapsed_seconds", "target_seconds", "paused_seconds", "seconds"}


@pytest.fixture
def filled(store: Store) -> Store:
    """A row in every table."""
    of = ticket()
    odd, bad = (Oddity(of.external_id, "late", "x"),), (Rejected("x", "why"),)
    full = TicketRecord(of, (entry(of),), (vote(of),))
    booked = {of.external_id: (worklog(of),)}
    beside = page(full, oddities=odd, rejected=bad, natives=(native(of),), worklogs=booked, journal=(note(of),))
    store.save_page("snow", "s", beside, NOW)
    store.note_sweep(SweepRow("snow", NOW, 0, 0, 1), {of.external_id: "deleted"}, final={"deleted"}, patience=2)
    run_id = store.start_run("run", NOW, "")
    store.save_decisions(run_id, [decision(value="acme")])
    intent = store.open_intent(run_id, of, {"vendor": (None, "acme")}, "m", "", NOW)
    store.close_intent(intent, Outcome.VERIFIED, NOW, written_at=NOW)
    store.finish_run(run_id, NOW, "0", {})
    return store


@pytest.mark.parametrize("name", scan.TABLES)
def test_a_scan_gives_plain_values_of_the_documented_types(filled: Store, name: str) -> None:
    found = filled.scan(name)
    ((row,),) = found.chunks
    assert type(row) is tuple
    values = dict(zip(found.columns, row, strict=True))
    for column, value in values.items():
        if column in TEXT | JSON:
            assert type(value) is str, column
        elif column == "at" or column.endswith(("_at", "_seen", "_missed")) or column in NUMBERS:
            assert type(value) is int or (value is None and column.endswith("_at")), column
        elif column == "percent":
            assert type(value) is float


def test_the_columns_are_those_of_the_model(store: Store) -> None:
    assert store.scan("tickets").columns[:9] == (
        "source", "external_id", "number", "type", "project", "state", "created_at", "updated_at", "version",
    )  # fmt: skip
    assert store.scan("history").columns == (
        "source", "external_id", "entry_id", "at", "field", "old", "new", "source_old", "source_new", "actor",
    )  # fmt: skip


def test_instants_are_microseconds_and_lists_are_json(store: Store) -> None:
    store.save_record(record(labels=("b", "a"), custom={"y": ("1",), "x": ()}, priority=3), NOW)
    found = store.scan("tickets")
    ((row,),) = found.chunks
    values = dict(zip(found.columns, row, strict=True))
    assert values["updated_at"] == to_microseconds(NOW)
    assert (values["labels"], values["custom"]) == ('["b","a"]', '{"x":[],"y":["1"]}')
    assert (values["priority"], values["vendor"], values["due_at"]) == (3, None, None)


def test_rows_come_in_the_same_order_whatever_the_order_of_their_storing(store: Store) -> None:
    for number in (3, 1, 2):
        store.save_record(record(number, entries=2), NOW)
    (tickets,) = store.scan("tickets").chunks
    assert [row[1] for row in tickets] == [ticket(number).external_id for number in (1, 2, 3)]
    (history,) = store.scan("history").chunks
    assert [row[1:3] for row in history] == sorted(row[1:3] for row in history)


def test_a_large_table_comes_in_chunks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "CHUNK", 4)
    store.save_page("snow", "s", page(*(record(number) for number in range(10))), NOW)
    assert [len(chunk) for chunk in store.scan("tickets").chunks] == [4, 4, 2]


def test_an_empty_table_has_columns_and_no_chunk(store: Store) -> None:
    found = store.scan("approvals")
    assert found.columns[:3] == ("source", "external_id", "approval_id")
    assert list(found.chunks) == []


def test_an_unknown_table_is_a_mistake_of_the_caller(store: Store) -> None:
    with pytest.raises(KeyError):
        store.scan("sqlite_master")
