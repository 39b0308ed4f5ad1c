from __future__ import annotations

from datetime import timedelta

import pytest
from tests.analysis.made import NOW, WEEK_START, ago, decision, frames, ticket

from itsm_bridge.analysis.by_vendor import by_vendor
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.frames import Frames
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


def test_nothing_is_compared_with_a_time_without_data(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=1, hours=12), (ago(hours=1), "state", "resolved")), ticket("INC2", ago(hours=1))]
    seen = frames(made, configured)
    assert not any("the week before" in sentence for sentence in messages(seen))
    changes = [(line.open_change, line.breached_change) for line in by_vendor(seen)]
    assert set(changes) == {(None, None)}
    assert "GWL breached 1 service level this week." in messages(seen)


def test_a_sentence_about_attainment_says_on_how_little_it_rests(configured: Configuration) -> None:
    judged = ticket("INC1", ago(days=1, hours=12), (ago(hours=1), "state", "resolved"))
    without = [ticket(f"INC{place}", ago(days=1), priority=5) for place in (2, 3)]
    said = messages(frames([judged, *without], configured))
    assert said[1] == "0.0% of 1 judged service level were met, 1 breached, 0 at risk; 2 of 3 tickets have none."
    assert messages(frames([judged, without[0]], configured))[1].startswith("0.0% of service levels were met")
    nothing = messages(frames(without, configured))[1]
    assert nothing == (
        "No service level ended this week, so there is no attainment to report; 2 of 2 tickets have none."
    )


def busy(configured: Configuration, this_week: int, last_week: int) -> Frames:
    """Tickets of GWL that take 8 hours each, and so many arrivals; it has 64 hours in either week."""
    taught = ticket("INC0", ago(days=40), (ago(days=39), "state", "in_progress"), (ago(days=30), "state", "resolved"))
    arrived = [ago(days=1)] * this_week + [ago(days=8)] * last_week
    return frames([taught, *(ticket(f"INC{n}", at) for n, at in enumerate(arrived, start=1))], configured)


@pytest.mark.parametrize(
    ("this_week", "last_week", "share"), [(8, 0, "100%"), (7, 9, ""), (7, 6, "88%"), (6, 0, ""), (10, 10, "125%")]
)
def test_a_week_that_fills_up_is_said_before_it_is_over(
    configured: Configuration, this_week: int, last_week: int, share: str
) -> None:
    said = [one for one in messages(busy(configured, this_week, last_week)) if "of its capacity" in one]
    assert said == ([f"GWL is at {share} of its capacity after 3 days of 2026-W47."] if share else [])


def test_several_vendors_and_a_first_day_are_said_in_one_sentence(configured: Configuration) -> None:
    taught = ticket("INC0", ago(days=40), (ago(days=39), "state", "in_progress"), (ago(days=30), "state", "resolved"))
    at = WEEK_START + timedelta(hours=5)
    made = [ticket(f"INC{n}", at, vendor="GWL" if n % 2 else "OptIT") for n in range(1, 21)]
    said = messages(frames([taught, *made], configured, as_of=at + timedelta(hours=1)))
    assert "GWL is at 125%, OptIT at 125% of their capacity on the first day of 2026-W47." in said


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
