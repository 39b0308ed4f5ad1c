from __future__ import annotations

from collections.abc import Callable

from tests.store.samples import MINUTE, NOW, native, page, record, ticket, vote

from itsm_bridge.connectors.base import Rejected
from itsm_bridge.model import State, TicketRecord
from itsm_bridge.store import Saved, Store, SweepRow

FINAL = {"deleted"}


def sweep(store: Store, minutes: int, **missing: str) -> list[str]:
    """A sweep that misses tickets for these reasons; ``t1`` is the first ticket."""
    row = SweepRow("snow", NOW + minutes * MINUTE, seen=3, fetched=0, missed=len(missing))
    ids = {ticket(int(name[1:])).external_id: reason for name, reason in missing.items()}
    return store.note_sweep(row, ids, final=FINAL, patience=2)


def missed(store: Store) -> list[tuple[str, str, int, bool]]:
    return [(row.external_id[-1], row.reason, row.missed, row.gone_at is not None) for row in store.absences()]


def filled(store: Store) -> None:
    store.save_page("snow", "incident", page(record(1), record(2), record(3, state=State.CLOSED)), NOW)


def test_a_final_reason_makes_a_ticket_gone_at_once_and_any_other_needs_patience(store: Store) -> None:
    filled(store)
    assert sweep(store, 1, t1="deleted", t2="unknown") == [ticket(1).external_id]
    assert missed(store) == [("1", "deleted", 1, True), ("2", "unknown", 1, False)]
    assert sweep(store, 2, t2="hidden") == [ticket(2).external_id]
    assert missed(store) == [("1", "deleted", 1, True), ("2", "hidden", 2, True)]
    first, second = store.absences("snow")
    assert (first.first_missed, first.last_missed, first.gone_at) == (NOW + MINUTE, NOW + MINUTE, NOW + MINUTE)
    assert (second.first_missed, second.last_missed, second.gone_at) == (
        NOW + MINUTE,
        NOW + 2 * MINUTE,
        NOW + 2 * MINUTE,
    )
    assert store.absences("ops") == []


def test_a_sweep_that_sees_a_missed_ticket_ends_its_row_of_misses(store: Store) -> None:
    filled(store)
    sweep(store, 1, t1="unknown")
    sweep(store, 2)
    assert missed(store) == []


def test_gone_tickets_leave_the_open_ones_and_nothing_else(store: Store) -> None:
    filled(store)
    sweep(store, 1, t1="deleted", t3="deleted")
    assert [one.ticket.number for one in store.records(open_only=True)] == ["INC0000002"]
    assert (store.ticket_count("snow"), store.ticket_count("snow", open_only=True)) == (3, 1)
    assert len(list(store.records(source="snow"))) == 3
    assert list(store.versions("snow")) == [ticket(2).external_id]
    assert store.find_ticket("snow:INC0000001") == ticket(1)


def test_a_ticket_that_only_waits_is_still_open(store: Store) -> None:
    filled(store)
    sweep(store, 1, t1="hidden")
    assert store.ticket_count("snow", open_only=True) == 2


def test_whatever_reads_a_gone_ticket_brings_it_back(store: Store) -> None:
    filled(store)
    ways: tuple[Callable[[], Saved], ...] = (
        lambda: store.save_page("snow", "incident", page(record(1)), NOW),
        lambda: store.save_found("snow", "incident", page(record(1)), NOW),
        lambda: store.save_record(record(1), NOW),
    )
    for place, read in enumerate(ways):
        sweep(store, place, t1="deleted")
        assert len(missed(store)) == 1
        read()
        assert missed(store) == []


def test_the_last_sweep_of_each_source_is_kept(store: Store) -> None:
    assert store.sweeps() == {}
    for minutes in (1, 2):
        sweep(store, minutes)
    assert store.sweeps() == {"snow": SweepRow("snow", NOW + 2 * MINUTE, 3, 0, 0)}


def test_a_page_that_was_read_apart_does_not_move_the_bookmark(store: Store) -> None:
    store.save_page("snow", "incident", page(record(1), bookmark="5"), NOW)
    saved = store.save_found("snow", "incident", page(record(2), bookmark="9"), NOW)
    assert saved.new == 1
    assert store.bookmark("snow", "incident") == {"after": "5"}


def test_the_stream_of_a_record_is_the_one_in_which_it_was_last_read(store: Store) -> None:
    store.save_page("snow", "incident", page(record(1), rejected=(Rejected("bad", "why"),)), NOW)
    store.save_page("snow", "change_request", page(record(1), rejected=(Rejected("bad", "why"),)), NOW)
    assert store.stream_of("snow") == {ticket(1).external_id: "change_request", "bad": "incident"}
    store.note_sweep(SweepRow("snow", NOW, 1, 0, 0), {}, final=FINAL, patience=2, streams={"bad": "task"})
    assert store.stream_of("snow")["bad"] == "task"


def test_a_vote_that_can_be_read_after_all_leaves_quarantine(store: Store) -> None:
    store.save_page("snow", "votes", page(rejected=(Rejected("a1", "no date"), Rejected("n1", "no date"))), NOW)
    store.save_page("snow", "votes", page(approvals=(vote(ticket(1)),), natives=(native(ticket(1)),)), NOW)
    assert store.quarantine() == []


def test_released_records_are_in_quarantine_no_more(store: Store) -> None:
    store.save_page("snow", "s", page(rejected=tuple(Rejected(str(place), "why") for place in range(1200))), NOW)
    store.release("snow", [str(place) for place in range(1, 1200)])
    assert [row.external_id for row in store.quarantine()] == ["0"]


def test_service_levels_of_the_source_are_kept_in_their_last_state(store: Store) -> None:
    of = ticket(1)
    running, done = native(of), native(of, stage="completed", stopped_at=NOW, breached=True, elapsed_seconds=7200)
    store.save_page("snow", "task_sla", page(natives=(running,)), NOW)
    store.save_page("snow", "task_sla", page(TicketRecord(of), natives=(done, native(of, "n2", breached=None))), NOW)
    found = store.scan("native_slas")
    rows = [dict(zip(found.columns, row, strict=True)) for chunk in found.chunks for row in chunk]
    assert [(row["native_id"], row["stage"], row["elapsed_seconds"]) for row in rows] == [
        ("n1", "completed", 7200),
        ("n2", "in_progress", 3600),
    ]
    assert [row["breached"] and bool(row["breached"]) for row in rows] == [True, None]


def test_all_that_a_source_says_of_its_own_clocks_comes_back(store: Store) -> None:
    of = ticket(1)
    unknown = dict.fromkeys(
        ("started_at", "due_at", "elapsed_seconds", "breached", "measured_at", "target_seconds", "schedule", "zone",
         "paused", "paused_at", "paused_seconds", "percent")
    )  # fmt: skip
    clocks = [native(of), native(of, "n2", schedule="a\u202eb\n=1+1", percent=100.0), native(of, "n3", **unknown)]
    assert store.sources_with_natives() == frozenset()
    store.save_page("snow", "task_sla", page(natives=(*clocks, native(ticket(2)))), NOW)
    assert store.natives("snow", [of.external_id]) == clocks
    assert store.natives("ops", [of.external_id]) == []
    assert store.sources_with_natives() == {"snow"}
