"""Random tickets, and what a store held of them at an earlier time."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from tests.analysis.made import NOW, Change, ticket
from tests.conditions.randomly import LONG

from itsm_bridge.model import TicketRecord

VALUES = {
    "state": ["new", "in_progress", "on_hold", "resolved", "closed", "canceled", "unknown"],
    "vendor": ["GWL", "OptIT", ""],
    "environment": ["punjab", "ap", ""],
    "priority": ["1", "3", "5"],
    "approval": ["requested", "approved", "not_required"],
}

Life = tuple[datetime, list[Change]]

# few distinct instants, on full hours, so that changes often fall together and on the edges of weeks
hours = st.integers(0, 24 * 40)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A ticket's creation and its changes in order; each changes something, as an entry does."""
    created = NOW.replace(minute=30) - timedelta(hours=draw(hours))
    at = sorted(draw(st.lists(hours, max_size=8)))
    changes: list[Change] = []
    current = {"state": "new", "vendor": "GWL", "environment": "punjab", "priority": "3", "approval": ""}
    for hour in at:
        field = draw(st.sampled_from(list(VALUES)))
        new = draw(st.sampled_from(VALUES[field]))
        if new != current[field]:
            current[field] = new
            changes.append((created + timedelta(hours=hour), field, new))
    return created, changes


def often(times: int) -> int:
    """Examples of a property of random tickets: so many in each run of the tests, 20 times as many in ``make long``."""
    return times * (20 if LONG else 1)


populations = st.lists(lives(), max_size=6)
Population = list[Life]


def records(population: list[Life], before: datetime = NOW) -> list[TicketRecord]:
    """What a store held of the tickets just before an instant."""
    return [
        ticket(f"INC{place}", created, *[change for change in changes if change[0] < before])
        for place, (created, changes) in enumerate(population)
        if created < before
    ]
