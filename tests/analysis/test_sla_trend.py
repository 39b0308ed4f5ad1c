"""Attainment week by week, held against the report that each of those weeks had, and against a plain count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from tests.analysis.lives import VALUES, Population, records
from tests.analysis.made import NOW, WEEK_START, ago, frames, ticket

from itsm_bridge.analysis import checks, sla_attainment, sla_trend
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.material import Gone
from itsm_bridge.analysis.scoping import scoped
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord

DAY = timedelta(days=1)
DONE = ("resolved", "closed", "canceled", "unknown")


def trend(seen: Frames, kind: str = "sla") -> dict[str, dict[Any, Any]]:
    """The rows of one kind by week; there is one vendor in one environment."""
    rows = sla_trend.TABLE.rows(seen)
    found = rows[rows["kind"] == kind]
    assert found["week"].is_unique
    return {str(row["week"]): row for row in found.to_dict("records")}


def counts(row: dict[Any, Any]) -> list[int]:
    return [int(row[name]) for name in ("met", "breached", "judged", "completed")]


def population(seed: int, size: int = 200) -> Population:
    """Random lives over 100 days, each done once at most: a clock that goes on again had ended for a week's report."""
    random = Random(seed)
    lives = []
    for _ in range(size):
        created = ago(hours=random.randrange(24 * 100), minutes=30)
        changes, now = [], {"state": "new", "vendor": "GWL", "environment": "punjab", "priority": "3", "approval": ""}
        for hour in sorted(random.choices(range(24 * 3), k=random.randrange(12))):
            field = random.choice(["state", "state", *VALUES])
            new = random.choice(VALUES[field])
            if new != now[field] and now["state"] not in DONE:
                now[field] = new
                changes.append((created + timedelta(hours=hour), field, new))
        lives.append((created, [change for change in changes if change[0] < NOW]))
    return lives


def counted(table: pd.DataFrame) -> Counter[tuple[str, str]]:
    """What a table counts, by kind and count, without zeros."""
    names = ("met", "breached", "completed")
    return +Counter({
        (str(row["kind"]), name): int(table.loc[table["kind"] == row["kind"], name].sum())
        for row in table.to_dict("records") for name in names
    })  # fmt: skip


@pytest.mark.parametrize("seed", [1])
def test_each_week_is_what_its_own_report_said(configured: Configuration, seed: int) -> None:
    lives = population(seed)
    seen = frames(records(lives), configured)
    rows = sla_trend.TABLE.rows(seen)
    assert len(seen.weeks) == 13
    all_of_it = Counter[tuple[str, str]]()
    for week in seen.weeks:
        then = frames(records(lives, before=week.end), configured, as_of=week.end - timedelta(microseconds=1))
        said = counted(sla_attainment.TABLE.rows(then))
        assert counted(rows[rows["week"] == week.name]) == said, week.name
        all_of_it += said
    assert len(all_of_it) == 6
    assert min(all_of_it.values()) > 20


def by_hand(made: list[TicketRecord], start: datetime, end: datetime) -> list[int]:
    """Met, breached, judged and completed of the level of 24 hours round the clock, ticket by ticket."""
    met = breached = completed = 0
    for record in made:
        done = [entry.at for entry in record.history if entry.new == "resolved"]
        last = done[0] if done and done[0] < end else None
        if last is not None and start <= last:
            completed += 1
            met += last - record.ticket.created_at <= DAY
            breached += last - record.ticket.created_at > DAY
        elif last is None and record.ticket.created_at < end:
            breached += end - record.ticket.created_at > DAY
    return [met, breached, met + breached, completed]


def test_every_week_is_counted_as_one_counts_by_hand(configured: Configuration) -> None:
    made = [
        ticket(
            f"INC{n}",
            ago(days=3 * n, hours=n % 9 + 1),
            *([(ago(days=3 * n - n % 3), "state", "resolved")] if n % 7 else []),
        )
        for n in range(1, 29)
    ]
    seen = frames(made, configured)
    rows = trend(seen)
    assert len(rows) == 13
    for week in seen.weeks:
        assert counts(rows[week.name]) == by_hand(made, week.start, week.end), week.name
    assert sum(row["met"] for row in rows.values()) >= 5
    assert sum(row["judged"] - row["completed"] for row in rows.values()) >= 5


def test_a_clock_past_its_target_counts_in_each_week_until_it_ends(configured: Configuration) -> None:
    late = ticket("INC1", ago(days=16), (ago(days=1), "state", "resolved"))
    rows = trend(frames([late], configured))
    assert [counts(rows[week]) for week in ("2026-W45", "2026-W46", "2026-W47")] == [[0, 1, 1, 0]] * 2 + [[0, 1, 1, 1]]
    assert [rows[week]["attainment"] for week in ("2026-W46", "2026-W47")] == [0, 0]


def test_a_target_that_is_used_up_to_the_second_as_the_office_closes_is_not_late_over_the_weekend(
    configured: Configuration,
) -> None:
    """8 hours of a vendor whose office has 8 a day: from before Friday's opening they end as it closes."""
    friday = WEEK_START - timedelta(days=3)
    rows = trend(frames([ticket("INC1", friday)], configured), "uc")
    assert counts(rows["2026-W46"]) == [0, 0, 0, 0]
    assert counts(rows["2026-W47"]) == [0, 1, 1, 0]


def test_a_share_without_a_denominator_is_missing_and_few_are_marked(configured: Configuration) -> None:
    made = [ticket(f"INC{n}", ago(days=9, hours=n), (ago(days=9), "state", "resolved")) for n in range(1, 13)]
    rows = trend(frames(made, configured))
    assert (rows["2026-W46"]["attainment"], rows["2026-W46"]["small_number"]) == (1, False)
    assert rows["2026-W46"]["attainment_low"] == pytest.approx(0.7575, abs=1e-4)  # R: prop.test(12, 12, correct=FALSE)
    assert pd.isna(rows["2026-W47"]["attainment"])
    assert (counts(rows["2026-W47"]), rows["2026-W47"]["small_number"]) == ([0, 0, 0, 0], True)


def test_weeks_before_the_first_ticket_have_no_data_rather_than_none_judged(configured: Configuration) -> None:
    rows = trend(frames([ticket("INC1", ago(days=9), (ago(days=9, hours=-1), "state", "resolved"))], configured))
    assert [week for week, row in rows.items() if pd.isna(row["judged"])] == [f"2026-W{n}" for n in range(35, 46)]
    assert all(pd.isna(row["attainment"]) for row in rows.values() if pd.isna(row["judged"]))
    assert [row["complete"] for row in rows.values()] == [True] * 12 + [False]


def test_a_ticket_that_the_period_does_not_hold_any_more_counts_in_its_week(configured: Configuration) -> None:
    old = ticket("INC1", ago(days=400), (ago(days=60), "state", "resolved"))
    quick = ticket("INC2", ago(days=60, hours=2), (ago(days=60), "state", "resolved"))
    seen = frames([old, quick], configured)
    assert seen.tickets.empty
    rows = trend(seen)
    judged = {week: counts(row) for week, row in rows.items() if row["judged"]}
    assert judged == {f"2026-W{n}": [0, 1, 1, 0] for n in range(35, 38)} | {"2026-W38": [1, 1, 2, 2]}


def test_a_ticket_that_is_gone_is_in_no_week(configured: Configuration) -> None:
    made = [ticket(f"INC{n}", ago(days=9, hours=n), (ago(days=9), "state", "resolved")) for n in (1, 2)]
    rows = trend(frames(made, configured, gone={("snow", "INC1"): Gone(ago(days=1), "deleted")}))
    assert counts(rows["2026-W46"]) == [1, 0, 1, 1]


def test_vendors_and_environments_have_rows_of_their_own_for_every_week(configured: Configuration) -> None:
    made = [
        ticket("INC1", ago(days=9, hours=1), (ago(days=9), "state", "resolved")),
        ticket("INC2", ago(hours=30), (ago(hours=1), "state", "resolved"), vendor="OptIT", environment="ap"),
    ]
    rows = sla_trend.TABLE.rows(frames(made, configured))
    rows = rows[rows["kind"] == "sla"]
    assert len(rows) == 26
    judged = rows[rows["judged"] > 0][["week", "vendor", "environment", "met", "breached"]]
    assert judged.to_numpy().tolist() == [["2026-W46", "GWL", "punjab", 1, 0], ["2026-W47", "OptIT", "ap", 0, 1]]


def test_a_month_has_its_weeks_and_the_twelve_before(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=30), (ago(days=29, hours=1), "state", "resolved"))]
    rows = trend(frames(made, configured, unit="month"))
    assert (len(rows), next(iter(rows)), list(rows)[-1]) == (16, "2026-W32", "2026-W47")
    assert counts(rows["2026-W43"]) == [1, 0, 1, 1]


def test_the_period_before_is_not_looked_at_again(configured: Configuration) -> None:
    seen = frames([ticket("INC1", ago(days=9), (ago(days=8), "state", "resolved"))], configured)
    assert seen.previous is not None
    assert (len(seen.previous.judged), len(seen.judged)) == (0, 2)


def test_a_vendor_sees_no_week_in_which_another_had_the_ticket(configured: Configuration) -> None:
    """The clock is GWL's now, and was late in OptIT's hands already; a clock that GWL ended stays GWL's."""
    came = ticket("INC1", ago(days=20), (ago(days=2), "vendor", "GWL"), vendor="OptIT")
    left = ticket("INC2", ago(days=9, hours=2), (ago(days=9), "state", "resolved"), (ago(days=8), "vendor", "OptIT"))
    seen = frames([came, left], configured)
    whole, own = trend(seen), trend(scoped(seen, "GWL").frames)
    assert {week: row["breached"] for week, row in whole.items() if row["judged"]} == {
        "2026-W44": 1, "2026-W45": 1, "2026-W46": 1, "2026-W47": 1,
    }  # fmt: skip
    assert {week: counts(row) for week, row in own.items() if not pd.isna(row["judged"]) and row["judged"]} == {
        "2026-W46": [1, 0, 1, 1], "2026-W47": [0, 1, 1, 0],
    }  # fmt: skip


def test_a_week_that_differs_from_the_attainment_of_its_period_is_told(configured: Configuration) -> None:
    seen = frames([ticket("INC1", ago(days=3), (ago(days=1), "state", "resolved"))], configured)
    assert checks.failed(checks.build(seen)) == ()
    judged = seen.judged.assign(met=True)
    assert judged["met"].sum() == 2
    wrong = checks.failed(checks.build(replace(seen, judged=judged)))
    assert wrong == (
        "sla_trend: met in the week: expected 1, found 2", "sla_trend: breached in the week: expected 1, found 0",
    )  # fmt: skip


def test_the_last_week_goes_up_to_the_instant(configured: Configuration) -> None:
    """24 hours are over 1 second before the instant, or at it."""
    late, just = (ticket(f"INC{n}", NOW - DAY - timedelta(seconds=n)) for n in (1, 0))
    assert counts(trend(frames([late], configured))["2026-W47"]) == [0, 1, 1, 0]
    assert "2026-W47" not in trend(frames([just], configured))
