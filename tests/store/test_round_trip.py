from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from tests.store.samples import MINUTE, NOW, entry, page, record, ticket, tickets, vote

from itsm_bridge.model import ApprovalState, HistoryEntry, State, Ticket, TicketRecord, TicketType
from itsm_bridge.store import Store, schema

FULL = ticket(
    type=TicketType.CHANGE,
    state=State.ON_HOLD,
    summary="Receipt missing",
    description="line\r\nline\ttab \x01 \x1b[31m red \x7f \u202e 😀 ਪੰਜਾਬ",
    environment="punjab",
    service=("billing", "", "billing"),
    category=("b", "a"),
    subcategory="receipts",
    ci="db-1",
    labels=("x",),
    reporter="asha",
    assignee="ravi",
    group="eGov L2",
    vendor="acme",
    impact=1,
    urgency=2,
    priority=3,
    approval=ApprovalState.REQUESTED,
    due_at=NOW + MINUTE,
    resolved_at=NOW + 2 * MINUTE,
    closed_at=NOW + 3 * MINUTE,
    custom={"district": ("Ludhiana", "Moga"), "none": ()},
    originals={"state": "-5", "priority": "3 - Moderate"},
)


def test_every_field_of_a_record_comes_back(store: Store) -> None:
    changed = HistoryEntry("snow", FULL.external_id, "e1", NOW, "vendor", "", "acme", "", "Acme Ltd", "ravi")
    saved = TicketRecord(FULL, (changed,), (vote(FULL, state=ApprovalState.REJECTED, decided_at=NOW),))
    store.save_page("snow", "incident", page(saved), NOW)
    assert list(store.records()) == [saved]


def test_no_field_of_the_sample_is_at_its_default() -> None:
    assert [field.name for field in fields(Ticket) if getattr(FULL, field.name) == getattr(ticket(), field.name)] == [
        "source", "external_id", "number", "project", "created_at", "updated_at", "version",
    ]  # fmt: skip


def test_every_field_of_the_model_has_a_column() -> None:
    assert {field.name for field in fields(Ticket)} <= set(schema.tickets.columns.keys())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tickets)
def test_any_ticket_comes_back(store: Store, made_up: Ticket) -> None:
    of = replace(made_up, external_id=uuid4().hex)  # one store serves all examples
    store.save_record(TicketRecord(of), NOW)
    assert store.ticket("snow", of.external_id) == of


def test_instants_come_back_in_utc(store: Store) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    store.save_record(record(updated_at=NOW.astimezone(india)), NOW)
    (found,) = store.records()
    assert found.ticket.updated_at == NOW
    assert found.ticket.updated_at.utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_a_mistake_of_the_caller_and_stores_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="no zone"):
        store.save_page("snow", "incident", page(record(1), record(2, due_at=NOW.replace(tzinfo=None))), NOW)
    assert store.ticket_count() == 0
    assert store.bookmark("snow", "incident") is None


def test_what_no_database_holds_is_replaced_in_every_text(store: Store) -> None:
    bad = "a\0b\ud83d"
    of = ticket(
        external_id=bad, number=bad, summary=bad, vendor=bad, labels=(bad,), custom={bad: (bad,)}, originals={bad: bad}
    )
    saved = TicketRecord(of, (entry(of, bad, old=bad),), (vote(of, bad, approver=bad),))
    first = store.save_page("snow", "incident", page(saved), NOW)
    again = store.save_page("snow", "incident", page(saved), NOW)
    assert (first.new, again.unchanged, again.history_entries) == (1, 1, 0)
    (found,) = store.records()
    good = "a\ufffdb\ufffd"
    assert found.ticket == replace(
        of,
        external_id=good,
        number=good,
        summary=good,
        vendor=good,
        labels=(good,),
        custom={good: (good,)},
        originals={good: good},
    )
    assert (found.history[0].entry_id, found.history[0].old, found.approvals[0].approver) == (good, good, good)
    assert store.find_ticket(f"snow:{bad}") == found.ticket
