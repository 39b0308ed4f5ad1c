"""Tickets that cannot be seen in their source any more."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.analysis.made import NOW, ago, frames, ticket

from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.material import Gone
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration

STAYS, LOST = ticket("INC1", ago(days=9)), ticket("INC2", ago(days=9))


def seen(configured: Configuration, at: datetime, reason: str = "deleted", as_of: datetime = NOW) -> Frames:
    return frames([STAYS, LOST], configured, as_of=as_of, gone={("snow", LOST.ticket.external_id): Gone(at, reason)})


@pytest.mark.parametrize("reason", ["deleted", "hidden", "moved", "unknown"])
def test_a_gone_ticket_is_listed_by_its_reason_and_not_open(configured: Configuration, reason: str) -> None:
    made = seen(configured, ago(hours=5), reason)
    assert list(TABLES["open_tickets"].rows(made)["ticket"]) == ["snow:INC1"]
    quality = TABLES["data_quality"].rows(made)
    found = quality.loc[quality["check"].str.startswith(("gone", "unknown")), ["check", "count"]]
    assert [tuple(row) for row in found.to_numpy()] == [(f"gone_{reason}", 1)]


def test_a_gone_ticket_has_no_service_level(configured: Configuration) -> None:
    made = seen(configured, ago(hours=5))
    assert set(TABLES["sla_cycles"].rows(made)["ticket"]) <= {"snow:INC1"}


@pytest.mark.parametrize("at", [NOW, ago(hours=-5)])
def test_a_report_of_the_time_before_still_holds_it(configured: Configuration, at: datetime) -> None:
    made = seen(configured, at)
    assert set(TABLES["open_tickets"].rows(made)["ticket"]) == {"snow:INC1", "snow:INC2"}
    assert "gone_deleted" not in set(TABLES["data_quality"].rows(made)["check"])


def test_a_gone_ticket_leaves_the_hands_of_its_vendor_and_is_not_resolved(configured: Configuration) -> None:
    rows = TABLES["traction"].rows(seen(configured, ago(hours=5)))  # raises where a row does not add up
    last = rows[(rows["vendor"] == "GWL") & (rows["open_end"] == 1)].iloc[-1]
    assert (last["open_start"], last["moved_out"], last["resolved"]) == (2, 1, 0)


def test_a_ticket_that_is_gone_since_it_came_back_has_come_back(configured: Configuration) -> None:
    back = ticket("INC2", ago(days=9), (ago(days=8), "state", "resolved"), (ago(days=7), "state", "new"))
    seen_last = frames([back], configured, gone={("snow", "INC2"): Gone(ago(hours=5), "deleted")})
    (row,) = TABLES["tickets"].rows(seen_last).to_dict("records")
    assert (row["state"], row["reopened"]) == ("unknown", 1)
