from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.samples import MINUTE, NOW, entry, page, record, ticket, vote

from itsm_bridge.connectors.base import Oddity, Rejected
from itsm_bridge.errors import StorageFailed
from itsm_bridge.model import ApprovalState, State, TicketRecord
from itsm_bridge.store import Saved, Store


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything that reading a source stores."""
    names = ("tickets", "history", "approvals", "oddities")
    return {name: [row for chunk in store.scan(name).chunks for row in chunk] for name in names}


def test_a_page_is_counted_ticket_by_ticket(store: Store) -> None:
    assert store.save_page("snow", "incident", page(record(1), record(2, entries=3)), NOW) == Saved(2, 0, 0, 4)
    second = page(record(1), record(2, entries=5, summary="more"), record(3, entries=0))
    assert store.save_page("snow", "incident", second, NOW) == Saved(new=1, changed=1, unchanged=1, history_entries=2)


def test_saving_a_page_again_changes_nothing(store: Store) -> None:
    of = ticket(3)
    full = page(
        record(1), record(2), TicketRecord(of, (entry(of),), (vote(of),)),
        approvals=(vote(ticket(1), "a2"),), oddities=(Oddity(ticket(1).external_id, "unmapped_state", "99"),),
    )  # fmt: skip
    store.save_page("snow", "incident", full, NOW)
    before = rows(store)
    assert store.save_page("snow", "incident", full, NOW) == Saved(0, 0, 3, 0)
    assert rows(store) == before


def test_an_unchanged_ticket_keeps_the_time_at_which_it_was_stored(store: Store) -> None:
    store.save_page("snow", "incident", page(record()), NOW)
    before = rows(store)["tickets"]
    store.save_page("snow", "incident", page(record()), NOW + MINUTE)
    assert rows(store)["tickets"] == before


def test_an_older_version_never_replaces_a_newer_one(store: Store) -> None:
    newer = record(summary="new", updated_at=NOW)
    older = record(entries=2, summary="old", updated_at=NOW - MINUTE)
    store.save_page("snow", "incident", page(newer), NOW)
    assert store.save_page("snow", "incident", page(older), NOW) == Saved(0, 0, 1, 1)
    (found,) = store.records()
    assert found.ticket == newer.ticket
    assert len(found.history) == 2, "its history happened all the same"


def test_an_older_version_does_not_take_back_a_vote(store: Store) -> None:
    of, before = ticket(), ticket(updated_at=NOW - MINUTE)
    decided = vote(of, state=ApprovalState.APPROVED, decided_at=NOW)
    store.save_record(TicketRecord(of, (), (decided,)), NOW)
    store.save_record(TicketRecord(before, (), (vote(before),)), NOW)
    assert next(store.records()).approvals == (decided,)


def test_of_two_equally_old_versions_the_later_read_one_counts(store: Store) -> None:
    store.save_record(record(summary="one"), NOW)
    assert store.save_record(record(summary="two"), NOW).changed == 1
    assert next(store.records()).ticket.summary == "two"


def test_a_ticket_that_comes_twice_in_a_page_counts_once_in_its_newest_version(store: Store) -> None:
    newest = record(summary="newest", entries=2)
    older = record(summary="older", updated_at=NOW - MINUTE)
    assert store.save_page("snow", "incident", page(newest, older, older), NOW) == Saved(1, 0, 0, 2)
    assert next(store.records()).ticket.summary == "newest"


def test_a_page_larger_than_a_batch_is_counted_whole(store: Store) -> None:
    large = page(*(record(number) for number in range(1101)))
    assert store.save_page("snow", "incident", large, NOW) == Saved(1101, 0, 0, 1101)
    assert store.save_page("snow", "incident", large, NOW) == Saved(0, 0, 1101, 0)


def test_an_entry_that_a_changed_mapping_reads_differently_is_replaced(store: Store) -> None:
    of = ticket()
    store.save_record(TicketRecord(of, (entry(of, new="acme"),)), NOW)
    assert store.save_record(TicketRecord(of, (entry(of, new="globex"),)), NOW).history_entries == 0
    assert [change.new for change in next(store.records()).history] == ["globex"]


def test_one_entry_may_change_several_fields(store: Store) -> None:
    of = ticket()
    both = (entry(of, "1", field="priority"), entry(of, "1", field="state"))
    store.save_record(TicketRecord(of, both), NOW)
    assert next(store.records()).history == both


def test_what_an_answer_does_not_hold_is_not_forgotten(store: Store) -> None:
    of = ticket()
    store.save_record(TicketRecord(of, (entry(of),), (vote(of),)), NOW)
    store.save_record(TicketRecord(of), NOW)
    assert next(store.records()) == TicketRecord(of, (entry(of),), (vote(of),))


def test_approvals_may_come_before_their_ticket(store: Store) -> None:
    of = ticket()
    store.save_page("snow", "approvals", page(approvals=(vote(of),)), NOW)
    store.save_page("snow", "incident", page(TicketRecord(of)), NOW)
    assert next(store.records()).approvals == (vote(of),)


def test_bookmark_and_rows_stand_or_fall_together(store: Store) -> None:
    store.save_page("snow", "incident", page(record(1), bookmark="1"), NOW)
    orphan = entry(ticket(99), "lost")  # its ticket is in no page: the database refuses it
    with pytest.raises(StorageFailed):
        store.save_page("snow", "incident", page(TicketRecord(ticket(2), (orphan,)), bookmark="2"), NOW)
    assert store.bookmark("snow", "incident") == {"after": "1"}
    assert store.ticket_count() == 1


def test_a_page_of_one_source_holds_no_tickets_of_another(store: Store) -> None:
    with pytest.raises(ValueError, match="'ops' in a page of 'snow'"):
        store.save_page("snow", "incident", page(record(source="ops")), NOW)


def test_a_bookmark_is_kept_for_each_stream(store: Store) -> None:
    store.save_page("snow", "incident", page(bookmark="10"), NOW)
    store.save_page("snow", "change", page(bookmark="20"), NOW)
    store.save_page("snow", "incident", page(bookmark="11"), NOW)
    assert store.bookmark("snow", "incident") == {"after": "11"}
    assert store.bookmark("snow", "change") == {"after": "20"}
    assert store.bookmark("ops", "incident") is None


def test_forgetting_bookmarks_keeps_the_rows_and_other_sources(store: Store) -> None:
    store.save_page("snow", "incident", page(record()), NOW)
    store.save_page("ops", "issues", page(), NOW)
    store.forget_bookmarks("snow")
    assert store.bookmark("snow", "incident") is None
    assert store.bookmark("ops", "issues") is not None
    assert store.ticket_count() == 1


def test_a_rejected_record_is_counted_at_each_attempt(store: Store) -> None:
    store.save_page("snow", "incident", page(rejected=(Rejected("x", "no number"),)), NOW)
    store.save_page("snow", "incident", page(rejected=(Rejected("x", "no date"),)), NOW + MINUTE)
    (row,) = store.quarantine()
    assert (row.source, row.external_id, row.reason, row.attempts) == ("snow", "x", "no date", 2)
    assert (row.first_seen, row.last_seen) == (NOW, NOW + MINUTE)


@pytest.mark.parametrize("how", ["page", "record"])
def test_a_record_that_is_read_after_all_leaves_quarantine(store: Store, how: str) -> None:
    kept_out = (Rejected(ticket(1).external_id, "why"), Rejected(ticket(2).external_id, "why"))
    store.save_page("snow", "incident", page(rejected=kept_out), NOW)
    if how == "page":
        store.save_page("snow", "incident", page(record(1)), NOW)
    else:
        store.save_record(record(1), NOW)
    assert [row.external_id for row in store.quarantine()] == [ticket(2).external_id]


def test_oddities_are_those_of_the_last_reading(store: Store) -> None:
    one, two = ticket(1).external_id, ticket(2).external_id
    first = (Oddity(one, "unmapped_state", "99"), Oddity(one, "late", "x"), Oddity(two, "late", "y"))
    store.save_page("snow", "incident", page(record(1), record(2), oddities=first), NOW)
    again = (Oddity(one, "unmapped_state", "99"), Oddity(one, "unmapped_state", "98"))
    store.save_page("snow", "incident", page(record(1), oddities=again), NOW + MINUTE)
    assert [(row.external_id, row.check, row.detail, row.first_seen, row.last_seen) for row in store.oddities()] == [
        (one, "unmapped_state", "98", NOW + MINUTE, NOW + MINUTE),
        (one, "unmapped_state", "99", NOW, NOW + MINUTE),
        (two, "late", "y", NOW, NOW),
    ]


def test_a_ticket_read_without_oddities_has_none_any_more(store: Store) -> None:
    odd = (Oddity(ticket(1).external_id, "late", "x"),)
    store.save_page("snow", "incident", page(record(1), oddities=odd), NOW)
    store.save_page("snow", "incident", page(record(1)), NOW)
    assert store.oddities() == []


def test_a_ticket_is_found_by_its_number_and_by_its_old_ones(store: Store) -> None:
    store.save_record(record(number="OPS-1"), NOW)
    store.save_record(record(number="ENV-7", updated_at=NOW + MINUTE), NOW)
    store.save_record(record(number="ENV-9", updated_at=NOW + 2 * MINUTE), NOW)
    for number in ("OPS-1", "ENV-7", "ENV-9"):
        found = store.find_ticket(f"snow:{number}")
        assert found is not None
        assert found.number == "ENV-9"


def test_the_number_of_a_version_that_comes_late_is_an_alias(store: Store) -> None:
    store.save_record(record(number="ENV-7"), NOW)
    store.save_record(record(number="OPS-1", updated_at=NOW - MINUTE), NOW)
    found = store.find_ticket("snow:OPS-1")
    assert found is not None
    assert found.number == "ENV-7"


def test_a_number_of_today_goes_before_an_old_one(store: Store) -> None:
    store.save_record(record(1, number="OPS-1"), NOW)
    store.save_record(record(1, number="OPS-2", updated_at=NOW + MINUTE), NOW)
    store.save_record(record(2, number="OPS-1"), NOW)
    found = store.find_ticket("snow:OPS-1")
    assert found is not None
    assert found.external_id == ticket(2).external_id


@pytest.mark.parametrize("unknown", ["snow:OPS-2", "ops:OPS-1", "OPS-1", "", ":", "snow:"])
def test_an_unknown_ticket_is_none(store: Store, unknown: str) -> None:
    store.save_record(record(number="OPS-1"), NOW)
    assert store.find_ticket(unknown) is None


def test_a_ticket_may_be_reopened_and_closed(store: Store) -> None:
    closed = record(state=State.CLOSED, closed_at=NOW)
    store.save_record(closed, NOW)
    store.save_record(replace(closed, ticket=replace(closed.ticket, state=State.NEW, closed_at=None)), NOW)
    (found,) = store.records(open_only=True)
    assert found.ticket.closed_at is None


def test_a_version_that_was_asked_for_by_its_id_counts_even_where_it_is_dated_back(store: Store) -> None:
    decided = vote(ticket(), state=ApprovalState.APPROVED, decided_at=NOW)
    store.save_page("snow", "incident", page(TicketRecord(ticket(summary="new"), (), (decided,))), NOW)
    back = ticket(summary="dated back", number="INC0000099", updated_at=NOW - MINUTE)
    saved = store.save_found("snow", "incident", page(TicketRecord(back, (), (vote(back),))), NOW)
    (found,) = store.records()
    assert (saved.changed, found.ticket, found.approvals) == (1, back, (vote(back),))
    assert store.find_ticket(f"snow:{ticket().number}") == back, "its number of before still finds it"
    assert store.save_found("snow", "incident", page(TicketRecord(back, (), (vote(back),))), NOW).unchanged == 1
