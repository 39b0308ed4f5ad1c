from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.analysis.made import NOW, WEEK_START, ago, decision, frames, ticket

import itsm_bridge.analysis.decisions_needed as decisions_needed
import itsm_bridge.analysis.earlier as earlier
from itsm_bridge.analysis.by_vendor import by_vendor
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.messages import how_often, messages, percent, stale_sources
from itsm_bridge.analysis.summary import TABLE, verdict
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord


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
    assert said[0] == "OptIT breached P3 twice as often as the week before: 2 against 1."
    assert said[1] == "1 ticket is in nobody's hands."
    assert said[2] == "1 ticket is open, 1 more than the week before; 1 came in or back and 2 were resolved or closed."
    assert any(one.startswith("0.0% of service levels were met") for one in said)
    assert "1 ticket is in nobody's hands." in said
    assert said[-1] == "The oldest open ticket, snow:INC9, is 2.0 days old and with nobody."


def test_nothing_is_compared_with_a_time_without_data(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=1, hours=12), (ago(hours=1), "state", "resolved")), ticket("INC2", ago(hours=1))]
    seen = frames(made, configured)
    assert not any("the week before" in sentence for sentence in messages(seen))
    changes = [(line.open_change, line.breached_change) for line in by_vendor(seen)]
    assert set(changes) == {(None, None)}
    assert "GWL breached P3 once this week." in messages(seen)


@pytest.mark.parametrize(
    ("count", "before", "words"),
    [
        (6, 3, "twice as often as the week before: 6 against 3"),
        (9, 3, "three times as often as the week before: 9 against 3"),
        (24, 3, "8 times as often as the week before: 24 against 3"),
        (3, 6, "half as often as the week before: 3 against 6"),
        (5, 3, "more often than the week before: 5 against 3"),
        (3, 5, "less often than the week before: 3 against 5"),
        (2, 2, "as often as the week before: twice"),
        (3, 0, "3 times this week, and not once the week before"),
        (1, None, "once this week"),
    ],
)
def test_how_often_is_said_against_the_week_before(count: int, before: int | None, words: str) -> None:
    assert how_often(count, before, "week") == words


def lives(count: int) -> list[TicketRecord]:
    """Tickets over ten weeks that come, come back, wait for approval, move and go, by a fixed pattern."""
    made = []
    for place in range(count):
        born = ago(days=1 + 7 * place % 69, hours=place % 5)
        changes = [(born + timedelta(days=1 + place % 4), "vendor", "OptIT")] if place % 3 == 0 else []
        if place % 2:
            changes.append((born + timedelta(days=5 + place % 9), "state", "resolved"))
            if place % 5 == 0:
                changes.append((born + timedelta(days=15), "state", "in_progress"))
        happened = [one for one in changes if one[0] < NOW]
        made.append(ticket(f"INC{place}", born, *happened, approval="requested" if place % 7 == 0 else None))
    return made


@pytest.mark.parametrize("as_of", [NOW, WEEK_START - timedelta(microseconds=1)])
def test_the_mean_of_four_is_that_of_four_reports(configured: Configuration, as_of: datetime) -> None:
    records = lives(60)
    seen = frames(records, configured, as_of=as_of)
    rows = TABLE.rows(seen).set_index("key")
    reports = [values(frames(records, configured, as_of=until)) for _, until in _just_before_the_end(seen)]
    for key in earlier.MEASURES:
        of_reports = [report[key] for report in reports]
        assert len(of_reports) == 4
        mean = sum(value for value in of_reports if value is not None) / 4
        assert rows.loc[key, "mean_of_four"] == pytest.approx(mean, abs=0.051), key  # days are rounded to a tenth
        assert rows.loc[key, "change_to_mean"] == pytest.approx(float(rows["value"][key]) - mean, abs=0.06)
    assert float(rows["mean_of_four"]["resolved"]) > 0
    assert float(rows["mean_of_four"]["reopened"]) > 0
    assert rows.loc["sla_attainment", ["mean_of_four", "change_to_mean"]].isna().all()


def test_a_whole_week_has_the_mean_of_clocks_too(configured: Configuration) -> None:
    records = lives(60)
    part = frames(records, configured, as_of=WEEK_START - timedelta(microseconds=1))
    rows = TABLE.rows(replace(part, until=part.period.end)).set_index("key")
    reports = [values(frames(records, configured, as_of=until)) for _, until in _just_before_the_end(part)]
    assert {"sla_attainment", "sla_breached", "uc_attainment", "uc_breached"} < set(earlier.OF_CLOCKS)
    for key in ("sla_attainment", "sla_breached", "uc_attainment", "uc_breached"):
        of_reports = [value for value in (report[key] for report in reports) if value is not None]
        assert len(of_reports) == 4
        mean = sum(of_reports) / 4
        assert float(rows["mean_of_four"][key]) == pytest.approx(mean, abs=1e-6), key
        assert float(rows["change_to_mean"][key]) == pytest.approx(float(rows["value"][key]) - mean, abs=2e-6), key
    assert math.isnan(rows["mean_of_four"]["ola_attainment"])  # no such clock was judged


def _just_before_the_end(seen: Frames) -> Iterator[tuple[datetime, datetime]]:
    """The edges, where the end of a whole week is named by the last instant within it: the next one is another week."""
    for start, until in earlier.edges(seen):
        yield start, min(until, start + timedelta(days=7) - timedelta(microseconds=1))


def test_a_month_has_no_mean_of_four_and_neither_has_a_time_without_tickets(configured: Configuration) -> None:
    month = TABLE.rows(frames(lives(60), configured, unit="month"))
    young = TABLE.rows(frames([ticket("INC1", ago(days=20))], configured))
    assert month["mean_of_four"].isna().all()
    assert young["mean_of_four"].isna().all()


def test_open_tickets_are_held_against_the_mean_of_four_weeks(configured: Configuration) -> None:
    old = [ticket(f"INC{place}", ago(days=40)) for place in range(3)]
    new = [ticket(f"NEW{place}", ago(hours=5)) for place in range(2)]
    said = messages(frames([*old, *new], configured))
    wanted = "5 tickets are open, 2 more than the week before and 2 more than the mean of the four weeks before"
    assert any(one.startswith(wanted) for one in said)


def test_a_sentence_about_attainment_says_on_how_little_it_rests(configured: Configuration) -> None:
    judged = ticket("INC1", ago(days=1, hours=12), (ago(hours=1), "state", "resolved"))
    without = [ticket(f"INC{place}", ago(days=1), priority=5) for place in (2, 3)]
    said = messages(frames([judged, *without], configured))
    assert "0.0% of 1 judged service level was met, 1 breached, 0 at risk; 2 of 3 tickets have none." in said
    few = messages(frames([judged, without[0]], configured))
    assert any(one.startswith("0.0% of service levels were met") for one in few)
    nothing = "No service level ended this week, so there is no attainment to report; 2 of 2 tickets have none."
    assert nothing in messages(frames(without, configured))


def test_a_clock_that_still_runs_late_is_said_to_run(configured: Configuration) -> None:
    late = ticket("INC1", ago(days=4), (ago(days=1), "state", "resolved"))
    lasting = [ticket(f"INC{place}", ago(days=40)) for place in (2, 3)]
    assert messages(frames([late, *lasting], configured))[0] == (
        "GWL breached P3 more often than the week before: 3 against 2, 2 still running."
    )
    alone = messages(frames([lasting[0]], configured))[0]
    assert alone == "GWL breached P3 as often as the week before: once, still running."


def test_one_ticket_is_spoken_of_as_one(configured: Configuration) -> None:
    done = ticket("INC1", ago(hours=9), (ago(hours=1), "state", "resolved"))
    said = messages(frames([done], configured))
    assert "0 tickets are open, 1 came in or back and 1 was resolved or closed." in said
    assert "100.0% of service levels were met, 0 breached, 0 at risk." in said


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100.0%"), (0.99996, "99.9%"), (0.9995, "99.9%"), (0.954, "95.4%"), (0.0, "0.0%")]
)
def test_a_single_miss_among_thousands_is_no_hundred_percent(share: float, words: str) -> None:
    assert percent(share) == words


def test_nobody_is_said_to_have_had_enough_hours_who_had_none_for_what_came(configured: Configuration) -> None:
    """MacroSkies has no capacity before it is on board."""
    taught = ticket("INC0", ago(days=40), (ago(days=39), "state", "in_progress"), (ago(days=30), "state", "resolved"))
    seen = frames([taught, ticket("INC1", ago(days=8), vendor="MacroSkies")], configured)
    assert "More work arrived in 2026-W46 than there was capacity for: MacroSkies (it has none)." in messages(seen)
    asked = decisions_needed.TABLE.rows(seen)
    why = dict(zip(asked["subject"], asked["why"], strict=True))
    assert why["MacroSkies"].startswith("8 h of work arrived in 2026-W46, and it has no capacity")
    quiet = frames([taught, ticket("INC1", ago(days=8))], configured)
    assert not any("it has none" in sentence for sentence in messages(quiet))


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
