from __future__ import annotations

import pandas as pd
from tests.analysis.made import ago, frames, ticket

from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration


def test_hours_that_people_booked_stand_with_their_ticket_and_none_is_not_zero(configured: Configuration) -> None:
    tickets = [ticket("INC1", ago(days=3)), ticket("INC2", ago(days=3)), ticket("INC3", ago(days=3))]
    booked = {("snow", "INC1"): 5400, ("snow", "INC2"): 0, ("ops", "INC3"): 3600}
    rows = TABLES["tickets"].rows(frames(tickets, configured, booked=booked)).set_index("ticket")["booked_hours"]
    assert (rows["snow:INC1"], rows["snow:INC2"]) == (1.5, 0)
    assert pd.isna(rows["snow:INC3"])
