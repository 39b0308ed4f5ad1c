from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.store.samples import NOW, page, record, ticket

from itsm_bridge.connectors.base import Rejected
from itsm_bridge.store import Store, StreamCount, SweepRow

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def counted(store: Store) -> Store:
    """Two tickets of Monday and one of Tuesday in one stream, one of Monday in another."""
    here = (record(1, created_at=MORNING), record(2, created_at=MORNING), record(3, created_at=MORNING + timedelta(1)))
    store.save_page("snow", "incident", page(*here, rejected=(Rejected("bad", "why"),)), NOW)
    store.save_page("snow", "change_request", page(record(4, created_at=MORNING)), NOW)
    return store


def compared(
    store: Store, counts: Mapping[date, int], *, counts_at_all: bool = True
) -> list[tuple[date, int, int, bool]]:
    comparison = StreamCount("snow", "incident", MONDAY, counts_at_all, NOW)
    store.save_counts(comparison, counts, NOW.date())
    assert store.stream_counts() == [comparison]
    return [(row.day, row.source_count, row.store_count, row.differs) for row in store.day_counts()]


def test_a_stream_is_compared_day_by_day(counted: Store) -> None:
    assert compared(counted, {MONDAY: 2, TUESDAY: 2}) == [(MONDAY, 2, 2, False), (TUESDAY, 2, 1, True)]


def test_a_day_that_only_one_side_knows_is_compared_too(counted: Store) -> None:
    found = compared(counted, {MONDAY: 2, date(2026, 11, 22): 9, NOW.date(): 4})
    assert found == [(MONDAY, 2, 2, False), (TUESDAY, 0, 1, True), (NOW.date(), 4, 0, False)]


def test_a_comparison_replaces_the_one_before(counted: Store) -> None:
    compared(counted, {MONDAY: 7, TUESDAY: 7})
    assert compared(counted, {}, counts_at_all=False) == []


def test_days_before_the_first_are_not_counted(counted: Store) -> None:
    assert counted.created_by_day("snow", "incident", TUESDAY) == {TUESDAY: 1}
    assert counted.created_by_day("snow", "change_request", MONDAY) == {MONDAY: 1}
    assert counted.created_by_day("ops", "incident", MONDAY) == {}


@pytest.mark.parametrize(("reason", "in_source", "differs"), [
    ("hidden", 2, False), ("hidden", 1, False), ("hidden", 3, True), ("deleted", 1, False), ("deleted", 2, True),
])  # fmt: skip
def test_what_the_sweep_missed_is_not_here_and_what_is_hidden_may_be_there(
    counted: Store, reason: str, in_source: int, differs: bool
) -> None:
    row = SweepRow("snow", NOW, 3, 0, 1)
    counted.note_sweep(row, {ticket(1).external_id: reason}, final={"deleted"}, patience=2)
    assert compared(counted, {MONDAY: in_source, TUESDAY: 1})[0] == (MONDAY, in_source, 1, differs)


def test_quarantined_records_that_were_never_read_are_counted_by_stream(counted: Store) -> None:
    assert counted.quarantined_in("snow", "incident") == 1
    assert counted.quarantined_in("snow", "change_request") == 0
    counted.save_page("snow", "incident", page(rejected=(Rejected(ticket(1).external_id, "why"),)), NOW)
    assert counted.quarantined_in("snow", "incident") == 1, "one that is here in an older version is not missing"
