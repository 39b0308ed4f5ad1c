from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.sync.conftest import Pull
from tests.writeback.world import NOW, World, a_ticket

import itsm_bridge.sync.sweep as sweeping
from itsm_bridge.connectors.base import Absence, Oddity, Page
from itsm_bridge.errors import GuardTripped, NeedsPerson, SourceUnavailable
from itsm_bridge.model import State
from itsm_bridge.store import Store

FIRST = "id-INC0000000"
SECOND = "id-INC0000001"
DAY = timedelta(days=1)


def open_ids(store: Store) -> set[str]:
    return {record.ticket.external_id for record in store.records(source="snow", open_only=True)}


def reasons(store: Store) -> dict[str, tuple[str, int, bool]]:
    return {row.external_id: (row.reason, row.missed, row.gone_at is not None) for row in store.absences("snow")}


def test_the_first_pull_of_a_day_sweeps_and_no_other(pulls: Pull, world: World) -> None:
    midnight = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # in Kolkata
    swept = [pulls(at).swept for at in (NOW, NOW + timedelta(hours=1), midnight - timedelta(seconds=1), midnight)]
    assert swept == [True, False, False, True]
    assert world.asked["census"] == 2


def test_a_full_pull_sweeps_always(pulls: Pull) -> None:
    assert [pulls(full=True).swept for _ in range(2)] == [True, True]


def test_a_sweep_of_a_source_that_has_not_changed_reads_nothing_again(pulls: Pull, world: World, store: Store) -> None:
    pulls()
    pulls(NOW + DAY)
    assert (world.asked["fetch_ids"], world.asked["absence"]) == (0, 0)
    sweep = store.sweeps()["snow"]
    assert (sweep.seen, sweep.fetched, sweep.missed, sweep.swept_at) == (30, 0, 0, NOW + DAY)


def test_what_the_stream_did_not_show_is_found_by_the_sweep(pulls: Pull, world: World, store: Store) -> None:
    world.unread = {FIRST}
    pulled = pulls()
    assert pulled.new == 30
    world.edit(FIRST, "asha", priority=1)
    pulled = pulls(NOW + DAY)
    ticket = store.ticket("snow", FIRST)
    assert ticket is not None
    assert (pulled.changed, ticket.priority, world.asked["fetch_ids"]) == (1, 1, 2)


@pytest.mark.parametrize("reason", [Absence.DELETED, Absence.MOVED, Absence.ARCHIVED])
def test_a_ticket_that_the_source_calls_deleted_or_moved_is_gone_at_once(
    pulls: Pull, world: World, store: Store, reason: Absence
) -> None:
    world.edit(FIRST, "asha", priority=1)
    pulls()
    world.take_away(FIRST, reason)
    pulled = pulls(NOW + DAY)
    assert (pulled.gone, pulled.problem) == (1, None)
    assert reasons(store) == {FIRST: (reason.value, 1, True)}
    assert FIRST not in open_ids(store)
    assert store.ticket_count("snow", open_only=True) == 29
    (record,) = store.records(ids=[("snow", FIRST)])
    assert (record.ticket.state, len(record.history)) == (State.NEW, 1), "the ticket and its history stay"


@pytest.mark.parametrize("reason", [Absence.HIDDEN, Absence.UNKNOWN])
def test_any_other_ticket_is_gone_when_two_sweeps_in_a_row_miss_it(
    pulls: Pull, world: World, store: Store, reason: Absence
) -> None:
    pulls()
    world.take_away(FIRST, reason)
    assert pulls(NOW + DAY).gone == 0
    assert reasons(store) == {FIRST: (reason.value, 1, False)}
    assert FIRST in open_ids(store)
    assert pulls(NOW + 2 * DAY).gone == 1
    assert reasons(store) == {FIRST: (reason.value, 2, True)}
    assert pulls(NOW + 3 * DAY).gone == 0, "and only once"


def test_a_ticket_that_a_later_sweep_sees_again_begins_anew(pulls: Pull, world: World, store: Store) -> None:
    pulls()
    record = world.records[FIRST]
    world.take_away(FIRST, Absence.HIDDEN)
    pulls(NOW + DAY)
    world.records[FIRST], world.unread = record, {FIRST}
    pulls(NOW + 2 * DAY)
    assert reasons(store) == {}
    world.take_away(FIRST, Absence.HIDDEN)
    assert pulls(NOW + 3 * DAY).gone == 0


@pytest.mark.parametrize("unread", [set(), {FIRST}])
def test_a_gone_ticket_that_is_read_again_comes_back(pulls: Pull, world: World, store: Store, unread: set[str]) -> None:
    pulls()
    record = world.records[FIRST]
    world.take_away(FIRST, Absence.DELETED)
    pulls(NOW + DAY)
    world.records[FIRST], world.unread = record, unread
    pulls(NOW + 2 * DAY)
    assert reasons(store) == {}
    assert FIRST in open_ids(store)


def test_a_ticket_that_the_walk_missed_but_can_be_read_is_read(pulls: Pull, world: World, store: Store) -> None:
    pulls()
    record = world.records.pop(FIRST)
    asked = world.absence

    def there_after_all(stream: str, external_id: str) -> Absence | None:
        world.records[FIRST] = record
        return asked(stream, external_id)

    world.absence, world.unread = there_after_all, {FIRST}  # type: ignore[method-assign]  # what happens in between
    assert pulls(NOW + DAY).gone == 0
    assert reasons(store) == {}
    assert world.asked["fetch_ids"] == 1


def test_a_wave_of_missing_tickets_stops_the_pull_and_drops_none(pulls: Pull, world: World, store: Store) -> None:
    pulls()
    for external_id in list(world.records)[:21]:
        world.take_away(external_id, Absence.DELETED)
    for place in (1, 2):
        problem = pulls(NOW + place * DAY).problem
        assert isinstance(problem, GuardTripped)
        assert "21 of 30 known tickets" in problem.message
        assert "sync --full --source snow" in problem.hint
    assert reasons(store) == {}
    assert store.ticket_count("snow", open_only=True) == 30
    assert world.asked["absence"] == 0
    assert store.sweeps()["snow"].swept_at == NOW, "it is tried again in every pull"


def test_percentages_do_not_trip_at_twenty_tickets(pulls: Pull, world: World) -> None:
    pulls()
    for external_id in list(world.records)[:20]:
        world.take_away(external_id, Absence.DELETED)
    pulled = pulls(NOW + DAY)
    assert (pulled.gone, pulled.problem) == (20, None)


def test_a_table_that_is_closed_as_a_whole_drops_nothing(pulls: Pull, world: World, store: Store) -> None:
    def closed(_: str) -> object:
        raise NeedsPerson("snow: the table incident answers 403")

    pulls()
    world.census = closed  # type: ignore[assignment,method-assign]  # a permission that was lost
    assert isinstance(pulls(NOW + DAY).problem, NeedsPerson)
    assert store.ticket_count("snow", open_only=True) == 30


def test_a_sweep_that_runs_out_of_time_decides_nothing_and_is_done_by_the_next(
    pulls: Pull, world: World, store: Store
) -> None:
    pulls()
    world.take_away(FIRST, Absence.DELETED)
    pulled = pulls(NOW + DAY, expired=lambda: world.asked["census"] == 2)
    assert isinstance(pulled.problem, SourceUnavailable)
    assert reasons(store) == {}
    assert pulls(NOW + DAY + timedelta(hours=1)).gone == 1


def test_a_ticket_that_arrives_during_the_sweep_is_no_loss(pulls: Pull, world: World, store: Store) -> None:
    world.during = lambda: world.put(a_ticket("INC0000099"))
    world.unread = {"id-INC0000099"}
    pulls()
    assert store.ticket_count("snow") == 31


def test_a_store_of_an_older_version_learns_the_streams_from_its_first_sweep(
    pulls: Pull, world: World, store: Store
) -> None:
    world.unread = set(world.records)
    for record in world.records.values():
        store.save_record(record, NOW)
    assert pulls().problem is None
    assert set(store.stream_of("snow").values()) == {"tickets"}
    assert [row for row in store.day_counts() if row.differs] == []


def test_a_ticket_with_a_name_that_could_not_be_looked_up_is_read_again_by_the_next_sweeps(
    pulls: Pull, world: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_NAMELESS", 2)
    pulls()
    names = sorted(world.records)[:3]
    world.unread = set(world.records)
    odd = tuple(Oddity(one, "unresolved_reference", "assignment_group names a record …") for one in names)
    store.save_found("snow", "tickets", Page((), {}, oddities=odd), NOW)
    pulls(NOW + DAY)
    assert store.sweeps()["snow"].fetched == 2
    assert [row.external_id for row in store.oddities()] == names[2:], "they were read, and the names were there"
    pulls(NOW + 2 * DAY)
    pulls(NOW + 3 * DAY)
    assert (store.oddities(), store.sweeps()["snow"].fetched) == ([], 0)
