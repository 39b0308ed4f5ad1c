from __future__ import annotations

from tests.store.samples import MINUTE, NOW, page, record, ticket, worklog

from itsm_bridge.store import Store


def ids(store: Store, index: int) -> list[str]:
    return [one.worklog_id for one in store.worklogs("snow", ticket(index).external_id)]


def test_what_is_booked_is_read_back_as_it_was_stored(store: Store) -> None:
    of = ticket(1)
    booked = worklog(of, author="ashá", seconds=5)
    store.save_page("snow", "s", page(record(1), worklogs={of.external_id: (booked,)}), NOW)
    assert store.worklogs("snow", of.external_id) == [booked]
    assert store.worklogs("ops", of.external_id) == []


def test_a_worklog_that_a_ticket_has_no_more_is_forgotten_and_others_are_not(store: Store) -> None:
    one, two = ticket(1), ticket(2)
    first = {one.external_id: (worklog(one, "a"), worklog(one, "b")), two.external_id: (worklog(two, "c"),)}
    store.save_page("snow", "s", page(worklogs=first), NOW)
    assert (ids(store, 1), ids(store, 2)) == (["a", "b"], ["c"])
    store.save_page("snow", "s", page(worklogs={one.external_id: (worklog(one, "b", seconds=60),)}), NOW)
    assert (ids(store, 1), ids(store, 2)) == (["b"], ["c"])
    assert [booked.seconds for booked in store.worklogs("snow", one.external_id)] == [60]


def test_a_worklog_moved_to_another_ticket_is_that_one_s_in_either_order(store: Store) -> None:
    one, two = ticket(1), ticket(2)
    store.save_page("snow", "s", page(worklogs={one.external_id: (worklog(one, "a"),)}), NOW)
    store.save_page("snow", "s", page(worklogs={two.external_id: (worklog(two, "a"),)}), NOW)
    store.save_page("snow", "s", page(worklogs={one.external_id: ()}), NOW)
    assert (ids(store, 1), ids(store, 2)) == ([], ["a"])


def test_a_page_that_says_nothing_about_a_ticket_s_time_leaves_it(store: Store) -> None:
    of = ticket(1)
    store.save_page("snow", "s", page(record(1), worklogs={of.external_id: (worklog(of),)}), NOW)
    store.save_page("snow", "s", page(record(1, version="8")), NOW)
    store.save_record(record(1, version="9"), NOW)
    assert ids(store, 1) == ["w1"]


def test_what_is_booked_is_summed_by_ticket_up_to_an_instant(store: Store) -> None:
    one, two = ticket(1), ticket(2)
    times = {"a": NOW - 2 * MINUTE, "b": NOW - MINUTE, "c": NOW}
    first = tuple(worklog(one, name, started_at=at, seconds=60) for name, at in times.items())
    store.save_page("snow", "s", page(worklogs={one.external_id: first, two.external_id: ()}), NOW)
    assert store.booked(NOW) == {("snow", one.external_id): 120}
    assert store.booked(NOW + MINUTE) == {("snow", one.external_id): 180}
    assert store.booked(NOW - 5 * MINUTE) == {}
