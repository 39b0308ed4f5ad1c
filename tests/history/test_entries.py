"""Histories as columns, held against each ticket alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.history.test_columns import CREATED, records

from itsm_bridge.history import (
    Histories,
    all_as_of,
    all_with_recorded_ends,
    as_of,
    microseconds,
    mismatched,
    mismatches,
    with_recorded_end,
)
from itsm_bridge.model import Entries, EntryRow, TicketRecord

Told = tuple[int, int, str, str, str, str, bool]

many = st.lists(records().map(with_recorded_end), max_size=5)


def told(histories: Histories) -> list[Told]:
    """The entries as rows."""
    texts = [histories.said(name).tolist() for name in ("field", "old", "new", "actor")]
    return list(zip(histories.ticket.tolist(), histories.at.tolist(), *texts, histories.derived.tolist(), strict=True))


def plainly(some: list[TicketRecord]) -> list[Told]:
    return [
        (place, microseconds(one.at), one.field, one.old, one.new, one.actor, one.entry_id == "derived")
        for place, record in enumerate(some)
        for one in record.history
    ]


def rows_of(record: TicketRecord) -> list[EntryRow]:
    return [
        (
            one.source, one.external_id, one.entry_id, microseconds(one.at), one.field, one.old, one.new,
            one.source_old, one.source_new, one.actor,
        )
        for one in record.history
    ]  # fmt: skip


def without_end(record: TicketRecord) -> TicketRecord:
    return replace(record, ticket=replace(record.ticket, resolved_at=None, closed_at=None))


@given(many, st.sets(st.integers(0, 4)))
def test_some_tickets_keep_their_entries_and_are_counted_anew(some: list[TicketRecord], chosen: set[int]) -> None:
    places = [place for place in sorted(chosen) if place < len(some)]
    histories = Histories.of(some)
    assert told(histories) == plainly(some)
    assert told(histories.of_tickets(places)) == plainly([some[place] for place in places])


@given(many, st.integers(-4, 14))
def test_many_tickets_together_stood_as_each_did_alone(some: list[TicketRecord], minute: int) -> None:
    instant = CREATED + timedelta(minutes=minute)
    expected = [past for record in some if (past := as_of(record, instant)) is not None]
    seen, histories = all_as_of(some, Histories.of(some), instant)
    assert [without_end(one) for one in seen] == [without_end(one) for one in expected]
    assert told(histories) == plainly(expected)


@given(many)
def test_a_ticket_at_odds_with_its_history_is_found_among_many(some: list[TicketRecord]) -> None:
    assert mismatched(some, Histories.of(some)).tolist() == [bool(mismatches(record)) for record in some]


def test_no_tickets_have_no_histories() -> None:
    assert told(Histories.of([])) == []


@given(many)
def test_entries_that_lie_in_a_store_as_rows_are_the_same_as_entries(some: list[TicketRecord]) -> None:
    stored = [replace(record, history=Entries(rows_of(record))) for record in some]
    assert told(Histories.of(stored)) == plainly(some)
    assert stored == some
    assert [list(record.history) for record in stored] == [list(record.history) for record in some]
    assert [len(record.history) for record in stored] == [len(record.history) for record in some]
    assert [record.history[-1:] for record in stored] == [record.history[-1:] for record in some]


@given(st.lists(records(), max_size=5))
def test_many_tickets_together_end_as_each_does_alone(some: list[TicketRecord]) -> None:
    ended, histories = all_with_recorded_ends(some, Histories.of(some))
    assert list(ended) == list(map(with_recorded_end, some))
    assert told(histories) == plainly(list(ended))
