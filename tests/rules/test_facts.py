from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tests.rules.made import CREATED, NOW, entry, record

from itsm_bridge.conditions import FIELDS
from itsm_bridge.model import ApprovalState, TicketRecord
from itsm_bridge.rules import facts_of

INDIA = ZoneInfo("Asia/Kolkata")


def test_a_ticket_has_every_field_of_the_rule_language() -> None:
    assert list(facts_of(record(), NOW, INDIA).keys() - {"age", "idle"}) != []
    assert set(facts_of(record(), NOW, INDIA)) == set(FIELDS)


def test_a_field_without_a_value_is_empty_and_so_is_a_blank_one() -> None:
    facts = facts_of(record(environment=None, summary="  ", labels=("", "db")), NOW, INDIA)
    assert facts["environment"] == facts["summary"] == facts["due"] == facts["priority"] == ()
    assert facts["labels"] == ("db",)


def test_the_text_is_summary_and_description() -> None:
    facts = facts_of(record(summary="Outage", description="in Punjab"), NOW, INDIA)
    assert facts["text"] == ("Outage\nin Punjab",)
    assert facts_of(record(summary="Outage", description=""), NOW, INDIA)["text"] == ("Outage",)


def test_a_ticket_without_an_approval_requires_none() -> None:
    assert facts_of(record(), NOW, INDIA)["approval"] == ("not_required",)
    assert facts_of(record(approval=ApprovalState.REJECTED), NOW, INDIA)["approval"] == ("rejected",)


def test_weekday_and_time_are_those_of_the_creation_in_the_zone() -> None:
    late = datetime(2026, 11, 1, 19, 0, tzinfo=UTC)  # Sunday evening in London, Monday in India
    facts = facts_of(record(created_at=late), NOW, INDIA)
    assert facts["weekday"] == ("mon",)
    assert facts["time"] == (time(0, 30),)


def test_age_and_idle_are_whole_seconds_and_never_negative() -> None:
    updated = NOW + timedelta(seconds=5)  # a source whose clock is fast
    facts = facts_of(record(created_at=NOW - timedelta(hours=4, milliseconds=300), updated_at=updated), NOW, INDIA)
    assert facts["age"] == (4 * 3600,)
    assert facts["idle"] == (0,)


def test_reopenings_and_reassignments_are_counted_from_the_history() -> None:
    history = (
        entry("state", "new", "resolved", minutes=1),
        entry("state", "resolved", "in_progress", minutes=2),
        entry("group", "", "A", minutes=3),
        entry("group", "A", "B", minutes=4),
        entry("group", "B", "C", minutes=5),
    )
    facts = facts_of(record(*history, group="C"), NOW, INDIA)
    assert facts["reopened"] == (1,)
    assert facts["reassigned"] == (2,)


def test_custom_fields_keep_their_names() -> None:
    made: TicketRecord = record(custom=MappingProxyType({"cost centre": ("42",), "note": ("",)}))
    facts = facts_of(made, CREATED, INDIA)
    assert facts["custom.cost centre"] == ("42",)
    assert facts["custom.note"] == ()
