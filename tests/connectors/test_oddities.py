from __future__ import annotations

from dataclasses import replace

import pytest
from tests.connectors.fakes import NOON
from tests.connectors.snow import Snow, connected, incident

from itsm_bridge.connectors.oddities import odd_about
from itsm_bridge.model import State, TicketRecord, TicketType


@pytest.fixture(scope="module")
def record() -> TicketRecord:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    with connected(snow) as connector:
        (page,) = connector.fetch("incident", None)
    return page.records[0]


RESOLVED_FIRST = {TicketType.INCIDENT, TicketType.PROBLEM}


@pytest.mark.parametrize("kind", TicketType)
@pytest.mark.parametrize("state", [State.RESOLVED, State.CLOSED])
def test_a_ticket_that_is_done_has_a_date_for_it(record: TicketRecord, kind: TicketType, state: State) -> None:
    def told(resolved: bool, closed: bool) -> list[str]:
        ticket = replace(
            record.ticket,
            type=kind,
            state=state,
            resolved_at=NOON if resolved else None,
            closed_at=NOON if closed else None,
        )
        return [odd.detail for odd in odd_about(replace(record, ticket=ticket)) if odd.check == "resolved_without_date"]

    wanted = [f"it is {state}, and has no resolved_at"]
    assert told(resolved=False, closed=False) == wanted
    assert told(resolved=False, closed=True) == (wanted if kind in RESOLVED_FIRST else [])
    assert told(resolved=True, closed=False) == told(resolved=True, closed=True) == []


def test_a_ticket_that_is_open_needs_none(record: TicketRecord) -> None:
    ticket = replace(record.ticket, state=State.IN_PROGRESS, resolved_at=None, closed_at=None)
    assert odd_about(replace(record, ticket=ticket)) == []
