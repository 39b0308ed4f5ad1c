from __future__ import annotations

import pandas as pd
import pytest
from tests.analysis.made import NOW, ago, decision, frames, ticket

from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.open_tickets import TABLE, age_bucket
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (0, "0-30 days"),
        (30.9, "0-30 days"),
        (31, "31-60 days"),
        (60.9, "31-60 days"),
        (61, "61-90 days"),
        (90.9, "61-90 days"),
        (91, ">90 days"),
        (4000, ">90 days"),
    ],
)
def test_an_age_lies_in_one_bucket(days: float, bucket: str) -> None:
    assert list(age_bucket(pd.Series([days * 24.0]))) == [bucket]


def test_only_open_tickets_are_listed_the_oldest_first(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=2)),
        ticket("INC2", ago(days=5), state="on_hold"),
        ticket("INC3", ago(days=9), (ago(days=1), "state", "resolved")),
        ticket("INC4", ago(days=3), state="in_progress"),
        ticket("INC5", ago(days=3), state="unknown"),
    ]
    rows = TABLE.rows(frames(made, configured))
    assert list(rows["ticket"]) == ["snow:INC2", "snow:INC4", "snow:INC1"]
    assert list(rows["age_hours"]) == [120, 72, 48]


def test_what_a_ticket_needs_is_one_thing(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=2), approval="requested", vendor=None),
        ticket("INC2", ago(days=2), vendor=None),
        ticket("INC3", ago(days=2)),
        ticket("INC4", ago(days=2)),
    ]
    held = decision(made[2], "priority", 2, ago(hours=1), "held")
    kept = decision(made[3], "priority", 2, ago(hours=1), "kept")
    rows = TABLE.rows(frames(made, configured, decisions=[held, kept])).set_index("ticket")["needs"]
    assert dict(rows) == {"snow:INC1": "approval", "snow:INC2": "vendor", "snow:INC3": "decision", "snow:INC4": ""}


def test_a_ticket_that_the_rules_refuse_a_vendor_is_not_unrouted(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=2), vendor=None, approval="rejected"),
        ticket("INC2", ago(days=2), vendor=None),
        ticket("INC3", ago(days=2), vendor=None),
        ticket("INC4", ago(days=2), vendor=None),
        ticket("INC5", ago(days=2), vendor=None),
        ticket("INC6", ago(days=2), approval="rejected"),
        ticket("INC7", ago(days=2)),
    ]
    why = "not ours: redirected to Office IT desk (rule desktop)"
    decided = [
        decision(made[1], "vendor", None, ago(hours=1), "held", because=why),
        decision(made[1], "priority", 2, ago(hours=1), "held"),
        decision(made[2], "vendor", "OptIT", ago(hours=1), "planned"),
        decision(made[3], "vendor", "OptIT", ago(hours=1), "conflict"),
        decision(made[4], "priority", 2, ago(hours=1), "kept"),
        decision(made[0], "impact", 2, ago(hours=1), "planned"),
        decision(made[6], "vendor", "OptIT", ago(hours=1), "planned"),
        decision(made[6], "impact", 2, ago(hours=1), "planned"),
        decision(made[6], "priority", 2, ago(hours=1), "conflict"),
    ]
    seen = frames(made, configured, decisions=decided)
    rows = TABLE.rows(seen).set_index("ticket")[["needs", "reason"]]
    assert {name: tuple(row) for name, row in rows.iterrows()} == {
        "snow:INC1": ("decision", "its approval was rejected"),
        "snow:INC2": ("decision", why),
        "snow:INC3": ("decision", "vendor = OptIT: not written"),
        "snow:INC4": ("decision", "vendor = OptIT: conflict"),
        "snow:INC5": ("vendor", ""),
        "snow:INC6": ("", ""),
        "snow:INC7": ("decision", "priority = 2: conflict"),
    }
    assert (values(seen)["unrouted"], values(seen)["held"]) == (1, 5)
    checks = TABLES["data_quality"].rows(seen).set_index("check")
    assert (checks.loc["unrouted", "count"], checks.loc["unrouted", "detail"]) == (
        1,
        "snow:INC5: in no vendor's hands",
    )


def test_a_held_decision_ends_with_what_it_waited_for(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=2), (ago(hours=1), "approval", "approved"), vendor=None, approval="requested"),
        ticket("INC2", ago(days=2), (ago(hours=3), "approval", "approved"), vendor=None, approval="requested"),
        ticket("INC3", ago(days=2), (ago(hours=1), "vendor", "OptIT"), vendor=None),
    ]
    held = [decision(one, "vendor", None, ago(hours=2), "held", because="waits for approval") for one in made]
    needed = {at: TABLE.rows(frames(made, configured, as_of=at, decisions=held))["needs"] for at in (ago(hours=1), NOW)}
    assert list(needed[NOW]) == ["vendor", "decision", ""]
    assert list(needed[ago(hours=1)]) == ["approval", "decision", "decision"]


def test_a_decision_that_was_not_made_yet_holds_nothing(configured: Configuration) -> None:
    made = ticket("INC1", ago(days=2), vendor=None)
    held = decision(made, "vendor", None, ago(hours=1), "held", because="not ours")
    rows = TABLE.rows(frames([made], configured, as_of=ago(hours=2), decisions=[held]))
    assert list(rows["needs"]) == ["vendor"]


def test_the_age_of_a_finished_ticket_ends_with_it(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=5), (ago(days=1), "state", "resolved"), (ago(hours=1), "state", "closed")),
        ticket("INC2", ago(days=5), (ago(days=2), "state", "canceled")),
    ]
    rows = TABLES["tickets"].rows(frames(made, configured))
    assert list(rows["age_hours"]) == [96, 72]


def test_numbers_of_tickets_stay_texts(configured: Configuration) -> None:
    rows = TABLES["tickets"].rows(frames([ticket("007", ago(days=1)), ticket("1E5", ago(days=1))], configured))
    assert list(rows["number"]) == ["007", "1E5"]


def test_a_ticket_is_read_by_the_classify_rules(configured: Configuration) -> None:
    read = ticket("INC1", ago(days=1), environment=None, summary="pb-web-3 is full")
    rows = TABLES["tickets"].rows(frames([read], configured))
    assert list(rows["environment"]) == ["punjab"]


def test_a_ticket_belongs_to_the_period_if_it_was_open_in_it(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=30), (ago(days=10), "state", "closed")),
        ticket("INC2", ago(days=30), (ago(days=2), "state", "closed")),
        ticket("INC3", ago(days=30)),
        ticket("INC4", ago(days=30), (ago(days=20), "state", "closed"), (ago(days=1), "state", "new")),
    ]
    seen = frames(made, configured)
    assert list(TABLES["tickets"].rows(seen)["ticket"]) == ["snow:INC2", "snow:INC3", "snow:INC4"]
    assert set(TABLES["history"].rows(seen)["ticket"]) == {"snow:INC2", "snow:INC4"}
    assert set(TABLES["sla_cycles"].rows(seen)["ticket"]) == {"snow:INC2", "snow:INC3", "snow:INC4"}
