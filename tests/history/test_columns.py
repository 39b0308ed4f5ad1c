from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.history import microseconds, moments_of, values_over_time
from itsm_bridge.model import ApprovalState, HistoryEntry, State, Ticket, TicketRecord, TicketType

CREATED = datetime(2026, 6, 3, 10, tzinfo=UTC)
FIELDS = ("state", "vendor", "approval", "labels", "custom.floor", "priority")
VALUES = ("", "OptIT", "optit", "GWL", "a, b", "b, A", "b, c", "requested")

instants = st.integers(-3, 12).map(lambda minutes: CREATED + timedelta(minutes=minutes, microseconds=minutes % 2))
changes = st.tuples(instants, st.sampled_from((*FIELDS, "group")), st.sampled_from(VALUES), st.sampled_from(VALUES))


@st.composite
def records(draw: st.DrawFn) -> TicketRecord:
    """A ticket whose history may be late, early, out of order and at odds with what it says now."""
    entries = draw(st.lists(changes, max_size=8))
    ticket = Ticket(
        "snow",
        "1",
        "INC1",
        TicketType.INCIDENT,
        "incident",
        draw(st.sampled_from(State)),
        CREATED,
        draw(instants),
        "1",
        vendor=draw(st.sampled_from((None, "OptIT", "GWL"))),
        approval=draw(st.sampled_from((None, *ApprovalState))),
        labels=draw(st.sampled_from(((), ("a",), ("b", "a")))),
        custom=draw(st.sampled_from(({}, {"floor": ("3",)}))),
        priority=draw(st.sampled_from((None, 1))),
    )
    return TicketRecord(
        ticket, tuple(HistoryEntry("snow", "1", str(place), *entry) for place, entry in enumerate(entries))
    )


@given(st.lists(records(), max_size=5))
def test_many_tickets_together_have_the_values_that_each_has_alone(many: list[TicketRecord]) -> None:
    moments = moments_of(many, FIELDS)
    together = [
        (ticket, at, tuple(moments.texts[code] for code in row))
        for ticket, at, row in zip(moments.ticket.tolist(), moments.at.tolist(), moments.values.tolist(), strict=True)
    ]
    assert together == [
        (place, microseconds(at), values)
        for place, record in enumerate(many)
        for at, values in values_over_time(record, FIELDS)
    ]


@given(records(), st.lists(instants, max_size=3))
def test_an_instant_that_is_asked_for_has_a_moment_once_the_ticket_exists(
    record: TicketRecord, asked: list[datetime]
) -> None:
    plain = moments_of([record], FIELDS)
    moments = moments_of([record], FIELDS, [microseconds(at) for at in asked])
    assert set(moments.at.tolist()) == {*plain.at.tolist(), *(microseconds(at) for at in asked if at > CREATED)}
    assert moments.at.tolist() == sorted(moments.at.tolist())


def test_what_comes_after_an_instant_is_left_out() -> None:
    late = HistoryEntry("snow", "1", "1", CREATED + timedelta(hours=1), "state", "new", "closed")
    ticket = Ticket("snow", "1", "INC1", TicketType.INCIDENT, "", State.CLOSED, CREATED, CREATED, "1")
    moments = moments_of([TicketRecord(ticket, (late,))], ("state",))
    assert len(moments.at) == 2
    assert moments.until(microseconds(CREATED)).at.tolist() == [microseconds(CREATED)]


def test_no_tickets_have_no_moments() -> None:
    assert len(moments_of([], FIELDS).at) == 0
