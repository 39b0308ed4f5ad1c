from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import islice

import pytest
from sqlalchemy import ClauseElement, Engine, create_engine, event
from tests.store.samples import MINUTE, NOW, entry, page, record, ticket, vote

from itsm_bridge.model import OPEN_STATES, State, TicketRecord
from itsm_bridge.store import Store, records


def identities(found: Iterator[TicketRecord]) -> list[tuple[str, str]]:
    return [(one.ticket.source, one.ticket.external_id) for one in found]


def test_records_are_ordered_by_source_and_id_by_code_point(store: Store) -> None:
    for source in ("ops", "OPS", "snow"):
        mixed = (record(source=source, external_id=name) for name in ("b", "ä", "B", "a-1", "a1", "A", "10", "9", "😀"))
        store.save_page(source, "s", page(*mixed), NOW)
    found = identities(store.records())
    assert len(found) == 27
    assert found == sorted(found)


def test_history_is_ordered_by_time_then_by_entry(store: Store) -> None:
    of = ticket()
    later, tie_b, tie_a = entry(of, "0", at=NOW + MINUTE), entry(of, "b", at=NOW), entry(of, "a", at=NOW)
    votes = (vote(of, "v2", requested_at=NOW), vote(of, "v1", requested_at=NOW + MINUTE))
    store.save_record(TicketRecord(of, (later, tie_b, tie_a), votes[::-1]), NOW)
    assert next(store.records()) == TicketRecord(of, (tie_a, tie_b, later), votes)


@pytest.mark.parametrize("count", [0, 1, records.CHUNK, records.CHUNK + 1, 2 * records.CHUNK])
def test_every_record_is_walked_once_whatever_the_chunks(store: Store, count: int) -> None:
    store.save_page("snow", "s", page(*(record(number) for number in range(count))), NOW)
    assert len(set(identities(store.records()))) == count
    assert all(len(found.history) == 1 for found in store.records())


def test_a_chunk_may_end_between_two_sources(store: Store) -> None:
    for source, count in (("ops", records.CHUNK - 1), ("snow", 3)):
        store.save_page(source, "s", page(*(record(number, source=source) for number in range(count))), NOW)
    assert len(identities(store.records())) == records.CHUNK + 2


def test_records_can_be_narrowed(store: Store) -> None:
    for number, state in enumerate(State):
        store.save_record(record(number, state=state), NOW)
        store.save_record(record(number, state=state, source="ops"), NOW)
    assert len(identities(store.records(source="ops"))) == len(State)
    opened = list(store.records(source="snow", open_only=True))
    assert {found.ticket.state for found in opened} == OPEN_STATES
    assert store.ticket_count() == 2 * len(State)
    assert store.ticket_count("ops") == len(State)
    assert store.ticket_count("ops", open_only=True) == store.ticket_count(open_only=True) // 2 == len(OPEN_STATES)
    assert store.ticket_count("nobody") == 0


def test_records_can_be_chosen_by_id(store: Store) -> None:
    many = records.CHUNK + 10
    store.save_page("snow", "s", page(*(record(number) for number in range(many))), NOW)
    store.save_record(record(1, source="ops", state=State.CLOSED), NOW)
    wanted = [("snow", ticket(number).external_id) for number in reversed(range(many))]
    others = [("ops", ticket(1).external_id), ("ops", "missing"), ("nobody", "x"), wanted[0]]
    assert identities(store.records(ids=wanted + others)) == [others[0], *sorted(wanted)]
    assert identities(store.records(ids=others, open_only=True)) == [wanted[0]]
    assert list(store.records(ids=[])) == []


def test_tickets_may_be_stored_while_records_are_walked(store: Store) -> None:
    count = records.CHUNK + 5
    store.save_page("snow", "s", page(*(record(number, entries=0) for number in range(count))), NOW)
    seen = 0
    for found in store.records():
        seen += 1
        if seen % 100 == 0:
            store.save_record(TicketRecord(found.ticket, (entry(found.ticket, f"new {seen}"),)), NOW)
    assert seen == count


def test_a_walk_that_is_given_up_leaves_nothing_behind(store: Store) -> None:
    store.save_page("snow", "s", page(*(record(number) for number in range(records.CHUNK + 1))), NOW)
    assert len(list(islice(store.records(), 3))) == 3
    next(store.scan("tickets").chunks)
    next(store.decisions(), None)
    store.save_record(record(1, summary="goes on"), NOW)


def test_memory_does_not_grow_with_the_store(store: Store) -> None:
    long = "x" * 2_000
    for part in range(8):
        numbers = range(part * 500, part * 500 + 500)
        store.save_page("snow", "s", page(*(record(number, description=long) for number in numbers)), NOW)
    sum(1 for _ in store.records(source="nobody"))
    tracemalloc.start()
    count = sum(1 for _ in store.records())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 4_000
    assert peak < 5_000_000, "eight million characters were walked, three chunks may be alive"


def test_a_ticket_is_read_by_the_id_of_its_source(store: Store) -> None:
    store.save_record(record(), NOW)
    assert store.ticket("snow", ticket().external_id) == ticket()
    assert store.ticket("ops", ticket().external_id) is None


def test_what_ended_last_comes_first_and_only_since_an_instant(store: Store) -> None:
    ended = [
        record(1, state=State.RESOLVED, resolved_at=NOW - 9 * MINUTE),
        record(2, state=State.CLOSED, closed_at=NOW - 3 * MINUTE),
        record(3, state=State.CLOSED, resolved_at=NOW - 5 * MINUTE, closed_at=NOW),
        record(4, state=State.NEW),
    ]
    store.save_page("snow", "s", page(*ended), NOW)
    numbers = {(one.ticket.source, one.ticket.external_id): one.ticket.number[-1] for one in ended}
    assert [numbers[key] for key in store.finished(NOW - 9 * MINUTE, 10)] == ["2", "3", "1"]
    assert [numbers[key] for key in store.finished(NOW - 8 * MINUTE, 10)] == ["2", "3"]
    assert [numbers[key] for key in store.finished(NOW - 9 * MINUTE, 1)] == ["2"]


def test_tickets_are_counted_and_named_without_being_read(store: Store) -> None:
    for number in range(records.CHUNK + 2):
        store.save_record(record(number, created_at=NOW - number * MINUTE), NOW)
    store.save_record(record(1, source="ops", created_at=NOW), NOW)
    assert store.created(NOW) == {"snow": records.CHUNK + 1}
    assert store.created(NOW + MINUTE) == {"snow": records.CHUNK + 2, "ops": 1}
    asked = [("snow", ticket(number).external_id) for number in range(records.CHUNK + 9)]
    known = store.known([*asked, ("ops", ticket(1).external_id), ("jira", "1")])
    assert [(one.id, one.created_at) for one in known[:2]] == [
        ("ops:INC0000001", NOW),
        ("snow:INC0000000", NOW),
    ]
    assert len(known) == records.CHUNK + 3


def test_what_is_alive_has_its_whole_history_and_votes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "OF_REPORT", records.CHUNK)  # so that it comes in two chunks
    for number in range(records.CHUNK + 3):
        done = {"state": State.CLOSED, "updated_at": NOW - 50 * MINUTE} if number % 2 else {}
        of = ticket(number, **done)
        changes = tuple(entry(of, f"{number}.{step}", at=NOW - (60 - step) * MINUTE) for step in range(3))
        store.save_record(TicketRecord(of, changes, (vote(of, f"v{number}"),)), NOW)
    everything = {one.ticket.number: one for one in store.records()}
    opened = [one for one in everything.values() if one.ticket.state.is_open]
    assert list(store.alive(NOW - 49 * MINUTE, NOW)) == opened
    assert list(store.alive(NOW - 50 * MINUTE, NOW)) == list(everything.values())
    assert {len(one.history) for one in opened} == {3}
    assert {len(one.approvals) for one in opened} == {1}
    assert list(store.alive(NOW - 50 * MINUTE, NOW - 60 * MINUTE)) == []


def test_an_arrival_says_whether_its_place_may_have_been_another(store: Store) -> None:
    changes = {1: ("environment", 5), 2: ("service", -5), 3: ("state", 5), 4: ("environment", -5)}
    for number, (field, minute) in changes.items():
        of = ticket(number, environment="ap", updated_at=NOW - MINUTE if number == 4 else NOW)
        change = entry(of, str(number), field=field, at=NOW + minute * MINUTE)
        store.save_record(TicketRecord(of, (change,)), NOW)
    found = store.arrivals(NOW - 60 * MINUTE, NOW)
    assert [(one.identity[1], one.environment, one.has_changed) for one in found] == [
        (ticket(number).external_id, "ap", number < 3) for number in changes
    ]
    assert store.arrivals(NOW - 59 * MINUTE, NOW) == store.arrivals(NOW - 70 * MINUTE, NOW - 60 * MINUTE) == []


def test_what_is_asked_for_tickets_and_their_history_is_what_postgresql_understands(store: Store) -> None:
    """Its BETWEEN takes no collation, which our keys have; without a server only the words can be looked at."""
    store.save_page("snow", "s", page(record(1), record(2)), NOW)
    asked: list[str] = []
    server = create_engine("postgresql+psycopg://").dialect

    @event.listens_for(Engine, "before_execute")
    def listen(_connection: object, statement: ClauseElement, *_: object) -> None:
        asked.append(str(statement.compile(dialect=server)))

    try:
        assert len(list(store.records())) == 2
    finally:
        event.remove(Engine, "before_execute", listen)
    assert len([one for one in asked if 'COLLATE "C"' in one and "FROM history" in one]) == 1
    assert not [one for one in asked if "BETWEEN" in one]
