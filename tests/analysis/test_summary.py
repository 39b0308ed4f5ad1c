from __future__ import annotations

from datetime import timedelta

import pytest
from tests.analysis.made import NOW, WEEK_START, ago, decision, frames, ticket

from itsm_bridge.analysis.by_vendor import by_vendor
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.messages import messages, stale_sources
from itsm_bridge.analysis.summary import TABLE, verdict
from itsm_bridge.config.model import Configuration


def test_figures_count_what_happened_in_the_period(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=1)),
        ticket("INC2", ago(days=30), (ago(days=2), "state", "resolved"), (ago(days=1), "state", "new")),
        ticket("INC3", ago(days=30), (ago(days=6), "state", "resolved")),
        ticket("INC4", ago(days=2), (ago(days=1), "state", "canceled")),
        ticket("INC5", ago(days=2), approval="requested"),
        ticket("INC6", ago(days=2), vendor=None),
        ticket("INC7", ago(days=2)),
    ]
    held = decision(made[6], "vendor", "OptIT", ago(hours=1), "held")
    figures = values(frames(made, configured, decisions=[held]))
    assert {name: figures[name] for name in ("open_tickets", "created", "reopened", "resolved", "backlog_growth")} == {
        "open_tickets": 5,
        "created": 5,
        "reopened": 1,
        "resolved": 2,
        "backlog_growth": 4,
    }
    assert (figures["waiting_approval"], figures["unrouted"], figures["held"]) == (1, 1, 1)
    assert figures["oldest_open"] == 30.0
    assert figures["tickets_known"] == 7


def test_the_period_before_is_measured_up_to_the_same_point(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=1)),
        ticket("INC2", ago(days=8)),
        ticket("INC3", ago(days=9)),
        ticket("INC4", WEEK_START - timedelta(hours=1)),  # in the week before, but later in it than now
    ]
    rows = TABLE.rows(frames(made, configured)).set_index("key")
    created = rows.loc["created"]
    assert (created["value"], created["previous"], created["change"], created["verdict"]) == (1, 2, -1, "less")
    assert (rows.loc["open_tickets", "value"], rows.loc["open_tickets", "previous"]) == (4, 2)


def test_a_whole_period_is_compared_with_a_whole_one(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=8)), ticket("INC2", WEEK_START - timedelta(hours=1)), ticket("INC3", ago(days=12))]
    rows = TABLE.rows(frames(made, configured, as_of=WEEK_START - timedelta(microseconds=1))).set_index("key")
    assert (rows.loc["created", "value"], rows.loc["created", "previous"]) == (2, 1)


def test_nothing_before_is_nothing_to_compare_with(configured: Configuration) -> None:
    rows = TABLE.rows(frames([ticket("INC1", ago(days=1))], configured)).set_index("key")
    assert rows.loc["open_tickets", ["previous", "change"]].isna().all()
    assert rows.loc["open_tickets", "verdict"] == ""


@pytest.mark.parametrize(
    ("better", "change", "word"),
    [
        ("up", 1, "better"),
        ("up", -1, "worse"),
        ("down", 1, "worse"),
        ("down", -1, "better"),
        ("", 1, "more"),
        ("", -1, "less"),
        ("up", 0, "unchanged"),
        ("up", None, ""),
    ],
)
def test_a_change_has_a_word(better: str, change: float | None, word: str) -> None:
    assert verdict(better, change) == word


def test_the_data_is_as_old_as_its_stalest_source(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=1))]
    fresh = frames(made, configured, freshness={"snow": ago(hours=3), "ops": ago(hours=30)})
    assert values(fresh)["staleness"] == 30
    assert stale_sources(fresh) == ("ops",)
    later = frames(made, configured, freshness={"snow": NOW + timedelta(days=2)})
    assert values(later)["staleness"] == 0
    never = frames(made, configured, freshness={"snow": None})
    assert values(never)["staleness"] is None
    assert stale_sources(never) == ("snow",)


def test_sentences_say_what_changed(configured: Configuration) -> None:
    late = [
        ticket(f"INC{place}", ago(days=4), (ago(days=1), "state", "resolved"), vendor="OptIT") for place in range(2)
    ]
    before = ticket("INC8", ago(days=12), (ago(days=9), "state", "resolved"), vendor="OptIT")
    waiting = ticket("INC9", ago(days=2), vendor=None)
    said = messages(frames([*late, before, waiting], configured))
    assert said[0] == "1 ticket is open, 1 more than the week before; 1 came in or back and 2 were resolved or closed."
    assert said[1].startswith("0.0% of service levels were met")
    assert "OptIT breached 2 service levels this week, 1 more than the week before." in said
    assert "1 ticket is in nobody's hands." in said
    assert said[-1] == "The oldest open ticket, snow:INC9, is 2 days old and with nobody."


def test_a_quiet_week_is_said_to_be_one(configured: Configuration) -> None:
    said = messages(frames([ticket("INC1", ago(hours=2))], configured))
    assert "No service level ended this week, so there is no attainment to report." in said
    assert "Nothing waits for a decision." in said


def test_a_vendor_has_a_line_with_its_changes(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=9)),
        ticket("INC2", ago(days=2)),
        ticket("INC3", ago(days=20), (ago(days=1), "state", "resolved"), vendor=None),
    ]
    lines = {line.vendor: line for line in by_vendor(frames(made, configured))}
    assert (lines["GWL"].open, lines["GWL"].open_change) == (2, 1)
    assert (lines[""].open, lines[""].open_change, lines[""].attainment) == (0, -1, 0)
    assert (lines["MacroSkies"].open, lines["MacroSkies"].attainment, lines["MacroSkies"].utilization) == (
        0,
        None,
        None,
    )
