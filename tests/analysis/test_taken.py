"""When tickets ended: for many at once beside each as it stood alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.history.test_columns import CREATED, instants, records

from itsm_bridge.analysis.frames import NEVER
from itsm_bridge.analysis.taken import Cohort
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import Histories, Holders, all_as_of, as_of, microseconds, with_recorded_end
from itsm_bridge.model import TicketRecord


@st.composite
def dated(draw: st.DrawFn) -> TicketRecord:
    """A ticket whose source says when it ended, or does not, whatever its state and history say."""
    record = draw(records())
    resolved, closed = draw(st.none() | instants), draw(st.none() | instants)
    return with_recorded_end(replace(record, ticket=replace(record.ticket, resolved_at=resolved, closed_at=closed)))


def of(instant: datetime | None) -> int:
    return NEVER if instant is None else microseconds(instant)


@given(st.lists(dated(), max_size=5), st.integers(-4, 14))
def test_tickets_end_when_each_of_them_did(configured: Configuration, some: list[TicketRecord], minute: int) -> None:
    until = CREATED + timedelta(minutes=minute)
    alone = [past.ticket for record in some if (past := as_of(record, until)) is not None]
    seen, histories = all_as_of(some, Histories.of(some), until)
    taken = Cohort.of(seen, seen, histories, {}, Holders(configured), until).every
    assert taken.resolved.tolist() == [of(ticket.resolved_at) for ticket in alone]
    assert taken.closed.tolist() == [of(ticket.closed_at) for ticket in alone]
