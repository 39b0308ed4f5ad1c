from __future__ import annotations

from datetime import timedelta

from tests.store.samples import NOW, note, page, record, ticket

from itsm_bridge.connectors.base import Rejected
from itsm_bridge.store import Store


def test_notes_are_read_back_as_they_were_stored_the_oldest_first(store: Store) -> None:
    of = ticket(1)
    later = note(of, "a", at=NOW, element="comments", text="\u0939\u0932 \u0939\u094b \u0917\u092f\u093e\x1b[31m")
    first = note(of, "b", at=NOW - timedelta(days=1))
    store.save_page("snow", "s", page(record(1), journal=(later, first)), NOW)
    assert store.journal("snow", of.external_id) == [first, later]
    assert store.journal("ops", of.external_id) == []
    assert store.journal("snow", ticket(2).external_id) == []


def test_a_note_that_is_read_again_is_not_doubled_and_one_that_is_not_stays(store: Store) -> None:
    of = ticket(1)
    store.save_page("snow", "s", page(journal=(note(of, "a"), note(of, "b"))), NOW)
    store.save_page("snow", "s", page(journal=(note(of, "b"), note(of, "b"))), NOW)
    assert [entry.entry_id for entry in store.journal("snow", of.external_id)] == ["a", "b"]


def test_a_note_that_can_be_read_after_all_leaves_quarantine(store: Store) -> None:
    store.save_page("snow", "s", page(rejected=(Rejected("a", "it has no time"), Rejected("b", "no time"))), NOW)
    store.save_page("snow", "s", page(journal=(note(ticket(1), "a"),)), NOW)
    assert [row.external_id for row in store.quarantine()] == ["b"]
