from __future__ import annotations

from datetime import date, timedelta

from tests.sync.conftest import Pull
from tests.writeback.world import CREATED, NOW, World, a_ticket

from itsm_bridge.connectors.base import Absence, DayCount
from itsm_bridge.operations.completeness import incomplete_streams
from itsm_bridge.store import Store

FIRST = "id-INC0000000"
HOUR = timedelta(hours=1)


def counted(store: Store) -> list[tuple[date, int, int, bool]]:
    return [(row.day, row.source_count, row.store_count, row.settled) for row in store.day_counts()]


def test_a_complete_store_has_the_counts_of_the_source(pulls: Pull, store: Store) -> None:
    pulls()
    assert counted(store) == [(CREATED.date(), 30, 30, True)]
    (stream,) = store.stream_counts()
    assert (stream.counted, stream.since) == (True, date(2026, 10, 24))
    assert incomplete_streams(store) == []


def test_a_record_in_quarantine_makes_the_stream_incomplete_and_says_so(
    pulls: Pull, world: World, store: Store
) -> None:
    world.broken = {FIRST}
    assert pulls().problem is None
    (gap,) = incomplete_streams(store)
    assert gap.text == "created on 2026-11-20 (UTC): 30 in the source, 29 here; 1 of the stream in quarantine"
    world.broken = set()
    pulls(NOW + HOUR)
    assert incomplete_streams(store) == []


def test_a_difference_is_looked_into_by_a_sweep_at_once(pulls: Pull, world: World, store: Store) -> None:
    pulls()
    world.take_away(FIRST, Absence.DELETED)
    late = a_ticket("INC0000077")
    world.put(late, a_ticket("INC0000078"))
    world.unread = {late.external_id, "id-INC0000078"}
    pulled = pulls(NOW + HOUR)
    assert (pulled.swept, pulled.gone, pulled.new) == (True, 1, 2)
    assert counted(store) == [(CREATED.date(), 31, 31, True)]


def test_a_difference_that_stays_costs_one_sweep_only(pulls: Pull, world: World, store: Store) -> None:
    real = world.count_by_day
    pulls()
    world.count_by_day = lambda stream, since: [  # type: ignore[method-assign]  # a source that counts wrong
        DayCount(one.stream, one.day, one.tickets + 5) for one in real(stream, since)
    ]
    assert [pulls(NOW + hours * HOUR).swept for hours in (1, 2, 3)] == [True, False, False]
    (gap,) = incomplete_streams(store)
    assert "35 in the source, 30 here" in gap.text


def test_a_day_that_is_not_over_is_no_difference_yet(pulls: Pull, world: World, store: Store) -> None:
    real = world.count_by_day
    world.put(a_ticket("INC0000077", created_at=NOW, updated_at=NOW))
    world.count_by_day = lambda stream, since: [  # type: ignore[method-assign]  # tickets that are arriving
        DayCount(one.stream, one.day, one.tickets + (one.day == NOW.date())) for one in real(stream, since)
    ]
    pulls()
    assert counted(store) == [(CREATED.date(), 30, 30, True), (NOW.date(), 2, 1, False)]
    assert incomplete_streams(store) == []
    pulls(NOW + 25 * HOUR)
    assert len(incomplete_streams(store)) == 1


def test_a_source_that_cannot_count_is_not_called_complete(pulls: Pull, world: World, store: Store) -> None:
    world.can_count = False
    pulls()
    assert [stream.counted for stream in store.stream_counts()] == [False]
    assert counted(store) == []


def test_tickets_that_are_hidden_are_not_counted_here_either(pulls: Pull, world: World, store: Store) -> None:
    pulls()
    world.take_away(FIRST, Absence.HIDDEN)
    pulls(NOW + 24 * HOUR)
    assert counted(store)[0][1:3] == (29, 29)


def test_days_are_those_of_utc(pulls: Pull, world: World, store: Store) -> None:
    world.records.clear()
    last = CREATED.replace(hour=23, minute=59, second=59, microsecond=999_999)
    world.put(a_ticket("A1", created_at=last), a_ticket("A2", created_at=last + timedelta(microseconds=1)))
    pulls()
    assert counted(store) == [(date(2026, 11, 20), 1, 1, True), (date(2026, 11, 21), 1, 1, True)]
