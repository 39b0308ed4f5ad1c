from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.analysis.made import NOW, ago, ticket

from itsm_bridge.history import DERIVED, as_of, timeline, with_recorded_end
from itsm_bridge.model import Approval, ApprovalState, State, TicketRecord

FIELDS = ("state", "vendor", "environment", "priority", "approval")


@pytest.fixture
def lived() -> TicketRecord:
    return ticket(
        "INC1",
        ago(days=10),
        (ago(days=9), "state", "in_progress"),
        (ago(days=8), "vendor", "OptIT"),
        (ago(days=7), "priority", "1"),
        (ago(days=6), "approval", "requested"),
        (ago(days=5), "state", "resolved"),
        (ago(days=3), "state", "in_progress"),
        (ago(days=2), "environment", ""),
        (ago(days=1), "state", "closed"),
    )


def test_nothing_is_known_of_a_ticket_before_it_was_created(lived: TicketRecord) -> None:
    assert as_of(lived, lived.ticket.created_at) is None
    assert as_of(lived, lived.ticket.created_at + timedelta(seconds=1)) is not None


def test_every_field_is_what_it_was(lived: TicketRecord) -> None:
    seen = as_of(lived, ago(days=7, hours=-1))
    assert seen is not None
    now = seen.ticket
    assert (now.state, now.vendor, now.priority) == (State.IN_PROGRESS, "OptIT", 1)
    assert (now.environment, now.approval) == ("punjab", ApprovalState.NOT_REQUIRED)
    assert len(seen.history) == 3


def test_what_happens_at_the_instant_has_not_happened(lived: TicketRecord) -> None:
    before, after = as_of(lived, ago(days=8)), as_of(lived, ago(days=8) + timedelta(microseconds=1))
    assert before is not None
    assert after is not None
    assert (before.ticket.vendor, after.ticket.vendor) == ("GWL", "OptIT")


@pytest.mark.parametrize("days", range(10))
def test_the_life_up_to_the_instant_is_the_same(lived: TicketRecord, days: int) -> None:
    instant = ago(days=days, hours=1)
    seen = as_of(lived, instant)
    assert seen is not None
    assert timeline(seen, FIELDS) == tuple(moment for moment in timeline(lived, FIELDS) if moment.at < instant)


def test_the_end_of_a_ticket_is_known_only_from_its_end_on(lived: TicketRecord) -> None:
    resolved = ago(days=5)
    reopened, closed = as_of(lived, ago(days=2)), as_of(lived, NOW)
    then = as_of(replace(lived, ticket=replace(lived.ticket, resolved_at=ago(days=1))), ago(days=4))
    assert reopened is not None
    assert closed is not None
    assert then is not None
    assert (reopened.ticket.resolved_at, reopened.ticket.closed_at) == (None, None)
    assert (closed.ticket.resolved_at, closed.ticket.closed_at) == (resolved, ago(days=1))
    assert then.ticket.resolved_at == resolved, "the source's own date lies in the future; history says when it was"


def test_the_source_s_own_dates_are_taken_where_they_had_passed(lived: TicketRecord) -> None:
    own = ago(days=1, minutes=-2)
    seen = as_of(replace(lived, ticket=replace(lived.ticket, resolved_at=own, closed_at=own)), NOW)
    assert seen is not None
    assert (seen.ticket.resolved_at, seen.ticket.closed_at) == (own, own)


def test_several_values_and_custom_fields_are_rewound_too() -> None:
    record = ticket("INC1", ago(days=3), service=("portal",), custom={"site": ("delhi", "pune")})
    entries = ticket("INC1", ago(days=3), (ago(days=1), "priority", "2")).history
    history = (
        replace(entries[0], field="service", old="erp, co-ex", new="portal", entry_id="a"),
        replace(entries[0], field="custom.site", old="delhi", new="delhi, pune", entry_id="b"),
    )
    seen = as_of(replace(record, history=history), ago(days=2))
    assert seen is not None
    assert seen.ticket.service == ("erp", "co-ex")
    assert seen.ticket.custom == {"site": ("delhi",)}


def test_words_that_nobody_knows_do_not_stop_a_report() -> None:
    entries = ticket("INC1", ago(days=3), (ago(days=1), "priority", "2")).history
    history = (
        replace(entries[0], field="state", old="-100", new="new", entry_id="a"),
        replace(entries[0], field="priority", old="urgent", new="3", entry_id="b"),
        replace(entries[0], field="approval", old="maybe", new="", entry_id="c"),
        replace(entries[0], field="no such field", old="x", new="y", entry_id="d"),
    )
    seen = as_of(replace(ticket("INC1", ago(days=3)), history=history), ago(days=2))
    assert seen is not None
    assert (seen.ticket.state, seen.ticket.priority, seen.ticket.approval) == (State.UNKNOWN, None, None)


def test_an_approval_is_unanswered_until_it_was_answered(lived: TicketRecord) -> None:
    answered = Approval("snow", "INC1", "a1", "x@y", ApprovalState.APPROVED, ago(days=6), ago(days=4))
    later = Approval("snow", "INC1", "a2", "z@y", ApprovalState.REQUESTED, ago(days=1))
    record = replace(lived, approvals=(answered, later))
    early, late = as_of(record, ago(days=5)), as_of(record, NOW)
    assert early is not None
    assert late is not None
    assert [(one.state, one.decided_at) for one in early.approvals] == [(ApprovalState.REQUESTED, None)]
    assert late.approvals == (answered, later)


def done(state: str, resolved: datetime | None = None, closed: datetime | None = None) -> TicketRecord:
    record = ticket("INC1", ago(days=10), state=state)
    dated = replace(record.ticket, resolved_at=resolved, closed_at=closed, updated_at=ago(days=1))
    return replace(record, ticket=dated)


@pytest.mark.parametrize(
    ("record", "life"),
    [
        (done("resolved", ago(days=5)), [("new", ago(days=10)), ("resolved", ago(days=5))]),
        (
            done("closed", ago(days=5), ago(days=3)),
            [("new", ago(days=10)), ("resolved", ago(days=5)), ("closed", ago(days=3))],
        ),
        (done("closed", ago(days=3), ago(days=5)), [("new", ago(days=10)), ("closed", ago(days=3))]),
        (done("closed", None, ago(days=4)), [("new", ago(days=10)), ("closed", ago(days=4))]),
        (done("canceled"), [("new", ago(days=10)), ("canceled", ago(days=1))]),
        (done("in_progress"), [("in_progress", ago(days=10))]),
    ],
)
def test_without_any_history_of_its_state_a_ticket_s_dates_say_when_it_ended(
    record: TicketRecord, life: list[tuple[str, datetime]]
) -> None:
    moments = timeline(with_recorded_end(record), ("state",))
    assert [(moment.values["state"], moment.at) for moment in moments] == life


def test_history_is_believed_where_there_is_any(lived: TicketRecord) -> None:
    assert with_recorded_end(lived) is lived
    assert all(entry.entry_id == DERIVED for entry in with_recorded_end(done("closed")).history)
