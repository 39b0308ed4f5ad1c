from __future__ import annotations

from tests.writeback.world import NOW, a_ticket

from itsm_bridge.config import Configuration
from itsm_bridge.model import TicketRecord
from itsm_bridge.writeback import Pile, make_plan, piles


def test_open_tickets_are_counted_by_vendor_before_and_after(configuration: Configuration) -> None:
    records = [
        TicketRecord(a_ticket("INC0000001")),
        TicketRecord(a_ticket("INC0000002", vendor="GWL", impact=2, urgency=2)),
        TicketRecord(a_ticket("INC0000003", vendor="OptIT", impact=2, urgency=2)),
        TicketRecord(a_ticket("INC0000004", environment=None, category=("desktop",))),
    ]
    plan = make_plan(configuration, records, {}, NOW)
    assert plan.in_hand == {"": 2, "GWL": 1, "OptIT": 1}
    assert piles(plan) == (Pile("OptIT", 1, 3), Pile("GWL", 1, 0), Pile("", 2, 1))
    assert sum(pile.gained for pile in piles(plan)) == 0
