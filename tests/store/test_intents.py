from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.samples import MINUTE, NOW, record, ticket

from itsm_bridge.errors import StorageFailed
from itsm_bridge.model import Outcome, State, TicketRecord
from itsm_bridge.store import LastWrite, Store
from itsm_bridge.store.intents import REFUSED, Changes, followed


@pytest.fixture
def run_id(store: Store) -> int:
    return store.start_run("apply", NOW, "")


def announce(store: Store, run_id: int, marker: str, *, after: int = 2, digest: str = "i1", number: int = 1) -> int:
    return store.open_intent(run_id, ticket(number), {"priority": (3, after)}, marker, digest, NOW)


def test_an_intent_says_all_that_is_about_to_be_written(store: Store, run_id: int) -> None:
    values: Changes = {"priority": (3, 2), "vendor": (None, "acme")}
    number = store.open_intent(run_id, ticket(), values, "m1", "i1", NOW)
    (intent,) = store.unresolved_intents("snow")
    assert (intent.id, intent.run_id, intent.source, intent.external_id) == (
        number, run_id, "snow", ticket().external_id,
    )  # fmt: skip
    assert (intent.number, intent.version, intent.marker, intent.inputs_digest) == (ticket().number, "7", "m1", "i1")
    assert intent.values == values
    assert (intent.state, intent.outcomes, intent.opened_at, intent.closed_at) == ("sent", {}, NOW, None)


def test_an_intent_is_unresolved_until_it_is_closed(store: Store, run_id: int) -> None:
    one, two = announce(store, run_id, "m1"), announce(store, run_id, "m2", number=2)
    assert [intent.id for intent in store.unresolved_intents("snow")] == [one, two]
    assert store.unresolved_intents("ops") == []
    store.close_intent(one, Outcome.VERIFIED, NOW, written_at=NOW)
    assert [intent.id for intent in store.unresolved_intents("snow")] == [two]


def test_an_intent_is_there_for_others_when_the_call_returns(
    store: Store, run_id: int, url: str, tmp_path: Path
) -> None:
    announce(store, run_id, "m1")
    with Store.open(url, tmp_path) as other:
        assert len(other.unresolved_intents("snow")) == 1


def test_a_marker_is_used_once(store: Store, run_id: int) -> None:
    announce(store, run_id, "m1")
    with pytest.raises(StorageFailed):
        announce(store, run_id, "m1")


def test_closing_stores_the_ticket_as_it_reads_since(store: Store, run_id: int) -> None:
    store.save_record(record(priority=3), NOW)
    number = announce(store, run_id, "m1")
    after = record(priority=2, entries=2, updated_at=NOW + MINUTE)
    store.close_intent(number, Outcome.VERIFIED, NOW, written_at=NOW, record=after)
    assert next(store.records()) == after


def test_closing_and_storing_stand_or_fall_together(store: Store, run_id: int) -> None:
    number = announce(store, run_id, "m1")
    impossible = TicketRecord(ticket(due_at=NOW.replace(tzinfo=None)))
    with pytest.raises(ValueError, match="no zone"):
        store.close_intent(number, Outcome.VERIFIED, NOW, written_at=NOW, record=impossible)
    assert [intent.id for intent in store.unresolved_intents("snow")] == [number]


def test_an_intent_is_closed_once(store: Store, run_id: int) -> None:
    number = announce(store, run_id, "m1")
    store.close_intent(number, Outcome.CONFLICT, NOW)
    for again in (number, number + 1):
        with pytest.raises(ValueError, match="not open"):
            store.close_intent(again, Outcome.VERIFIED, NOW)
    assert store.last_writes("snow")[ticket().external_id]["priority"].outcome is Outcome.CONFLICT


def test_each_field_of_a_write_may_end_its_own_way(store: Store, run_id: int) -> None:
    values: Changes = {"priority": (3, 2), "vendor": (None, "acme"), "approval": (None, "requested")}
    number = store.open_intent(run_id, ticket(), values, "m1", "i1", NOW)
    ended = {"priority": Outcome.VERIFIED, "vendor": Outcome.OVERRIDDEN}
    store.close_intent(number, ended, NOW, written_at=NOW)
    assert store.last_writes("snow") == {
        ticket().external_id: {
            "priority": LastWrite(2, NOW, Outcome.VERIFIED, 0, "i1", tried_at=NOW, sends=1, read_to=NOW),
            "vendor": LastWrite("acme", None, Outcome.OVERRIDDEN, 1, "i1", tried_at=NOW, sends=1, read_to=NOW),
        }
    }


def write(
    store: Store, run_id: int, outcome: Outcome, *, after: int = 2, digest: str = "i1", at: datetime | None = None
) -> LastWrite:
    store.close_intent(announce(store, run_id, uuid4().hex, after=after, digest=digest), outcome, NOW, written_at=at)
    return store.last_writes("snow")[ticket().external_id]["priority"]


def test_refusals_of_the_same_value_for_the_same_reasons_add_up(store: Store, run_id: int) -> None:
    assert write(store, run_id, Outcome.OVERRIDDEN).refusals == 1
    assert write(store, run_id, Outcome.REJECTED).refusals == 2
    assert write(store, run_id, Outcome.CONFLICT).refusals == 2, "it was never sent"
    assert write(store, run_id, Outcome.OVERRIDDEN).refusals == 3
    assert write(store, run_id, Outcome.OVERRIDDEN, after=1).refusals == 1, "another value"
    assert write(store, run_id, Outcome.OVERRIDDEN, after=1, digest="i2").refusals == 1, "other reasons"
    assert write(store, run_id, Outcome.VERIFIED, after=1, digest="i2").refusals == 0


def test_the_last_write_is_the_last_that_the_source_stored(store: Store, run_id: int) -> None:
    assert write(store, run_id, Outcome.OVERRIDDEN, at=NOW).written_at is None
    assert write(store, run_id, Outcome.VERIFIED, at=NOW + MINUTE).written_at == NOW + MINUTE
    assert write(store, run_id, Outcome.CONFLICT, at=NOW + 2 * MINUTE).written_at == NOW + MINUTE
    assert write(store, run_id, Outcome.NOOP, at=NOW + 3 * MINUTE).written_at == NOW + 3 * MINUTE
    assert write(store, run_id, Outcome.NOOP).written_at == NOW + 3 * MINUTE


def test_last_writes_can_be_those_of_open_tickets(store: Store, run_id: int) -> None:
    store.save_record(record(1), NOW)
    store.save_record(record(2, state=State.CLOSED), NOW)
    for number in (1, 2, 3):
        store.close_intent(announce(store, run_id, f"m{number}", number=number), Outcome.VERIFIED, NOW, written_at=NOW)
    assert set(store.last_writes("snow")) == {ticket(number).external_id for number in (1, 2, 3)}
    assert set(store.last_writes("snow", open_only=True)) == {ticket(1).external_id}
    assert store.last_writes("ops") == {}


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.integers(1, 2), st.sampled_from("ab"))))
def test_refusals_count_the_tail_of_the_same_value(ended: list[tuple[Outcome, int, str]]) -> None:
    last: LastWrite | None = None
    for outcome, value, digest in ended:
        last = followed(last, value, outcome, NOW, digest)
    expected = 0
    for outcome, value, digest in reversed(ended):
        if (value, digest) != ended[-1][1:] or outcome in {Outcome.VERIFIED, Outcome.NOOP}:
            break
        expected += outcome in REFUSED
    assert (last.refusals if last else 0) == expected


STEPS = st.tuples(
    st.sampled_from(["OptIT", "GWL"]), st.sampled_from(list(Outcome)), st.integers(min_value=1, max_value=40)
)


@given(st.lists(STEPS, max_size=8))
def test_rewrites_count_the_same_value_stored_again_within_a_day(steps: list[tuple[str, Outcome, int]]) -> None:
    last, at, expected = None, NOW, 0
    stored_at: datetime | None = None
    for value, outcome, hours in steps:
        at += timedelta(hours=hours)
        stored = outcome in {Outcome.VERIFIED, Outcome.NOOP}
        if last is None or last.value != value:
            expected = 0
        elif stored:
            expected = expected + 1 if stored_at is not None and at - stored_at <= timedelta(days=1) else 0
        last = followed(last, value, outcome, at, "inputs")
        stored_at = at if stored else stored_at
        assert last.rewrites == expected
