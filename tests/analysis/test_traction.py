from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import WEEK_START, ago, frames, ticket

from itsm_bridge.analysis import traction
from itsm_bridge.analysis.spans import spans
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import OPEN_STATES, TicketRecord

COUNTS = list(traction.COUNTS)


def rows(configured: Configuration, *made: TicketRecord) -> dict[tuple[str, str, str], list[int]]:
    table = traction.TABLE.rows(frames(made, configured))
    return {
        (row["week"], row["vendor"], row["environment"]): [int(row[name]) for name in COUNTS]
        for row in table.to_dict("records")
    }


def test_a_ticket_is_counted_where_it_is_when_it_happens(configured: Configuration) -> None:
    moved = ticket("INC1", ago(days=9), (ago(days=2), "vendor", "OptIT"), (ago(days=1), "state", "resolved"))
    assert rows(configured, moved) == {
        ("2026-W46", "GWL", "punjab"): [0, 1, 0, 0, 0, 0, 1],
        ("2026-W47", "GWL", "punjab"): [1, 0, 0, 0, 1, 0, 0],
        ("2026-W47", "OptIT", "punjab"): [0, 0, 0, 1, 0, 1, 0],
    }


def test_a_ticket_in_nobody_s_hands_has_a_row_of_its_own(configured: Configuration) -> None:
    assert rows(configured, ticket("INC1", ago(days=1), vendor=None, environment=None)) == {
        ("2026-W47", "", ""): [0, 1, 0, 0, 0, 0, 1]
    }


def test_a_reopened_ticket_comes_back_where_it_is_then(configured: Configuration) -> None:
    record = ticket(
        "INC1",
        ago(days=2),
        (ago(hours=30), "state", "closed"),
        (ago(hours=20), "vendor", "OptIT"),
        (ago(hours=10), "state", "new"),
    )
    assert rows(configured, record) == {
        ("2026-W47", "GWL", "punjab"): [0, 1, 0, 0, 0, 1, 0],
        ("2026-W47", "OptIT", "punjab"): [0, 0, 1, 0, 0, 0, 1],
    }


def test_a_state_that_nobody_mapped_is_neither_resolved_nor_reopened(configured: Configuration) -> None:
    away = ticket("INC1", ago(hours=9), (ago(hours=5), "state", "unknown"), (ago(hours=1), "state", "on_hold"))
    lost = ticket("INC2", ago(hours=9), (ago(hours=5), "state", "unknown"))
    back = ticket(
        "INC3",
        ago(hours=9),
        (ago(hours=8), "state", "resolved"),
        (ago(hours=5), "state", "unknown"),
        (ago(hours=1), "state", "new"),
    )
    week = ("2026-W47", "GWL", "punjab")
    assert rows(configured, away) == {week: [0, 1, 0, 1, 1, 0, 1]}
    assert rows(configured, lost) == {week: [0, 1, 0, 0, 1, 0, 0]}
    assert rows(configured, back) == {week: [0, 1, 1, 0, 0, 1, 1]}


def test_what_happens_as_a_week_begins_belongs_to_it(configured: Configuration) -> None:
    record = ticket("INC1", WEEK_START - timedelta(days=7), (WEEK_START, "state", "resolved"))
    assert rows(configured, record) == {
        ("2026-W46", "GWL", "punjab"): [0, 1, 0, 0, 0, 0, 1],
        ("2026-W47", "GWL", "punjab"): [1, 0, 0, 0, 0, 1, 0],
    }


def test_being_handed_over_and_resolved_in_one_change_counts_for_who_had_it(configured: Configuration) -> None:
    record = ticket("INC1", ago(days=1), (ago(hours=1), "vendor", "OptIT"), (ago(hours=1), "state", "resolved"))
    assert rows(configured, record) == {("2026-W47", "GWL", "punjab"): [0, 1, 0, 0, 0, 1, 0]}


def test_an_old_ticket_is_open_in_each_of_the_twelve_weeks_before(configured: Configuration) -> None:
    table = rows(configured, ticket("INC1", ago(days=400)))
    assert len(table) == 13
    assert set(map(tuple, table.values())) == {(1, 0, 0, 0, 0, 0, 1)}


@settings(deadline=None, max_examples=often(15))
@given(populations)
def test_every_row_adds_up_and_every_week_begins_as_the_last_one_ended(
    configured: Configuration, population: Population
) -> None:
    made = records(population)
    seen = frames(made, configured)
    table = traction.TABLE.rows(seen)  # raises where a row does not add up
    ends = {(row["week"], row["vendor"], row["environment"]): row["open_end"] for row in table.to_dict("records")}
    weeks = [week.name for week in seen.weeks]
    for row in table.to_dict("records"):
        place = weeks.index(row["week"])
        if place:
            assert row["open_start"] == ends.get((weeks[place - 1], row["vendor"], row["environment"]), 0)
    assert table.loc[table["week"] == weeks[-1], "open_end"].sum() == sum(
        record.ticket.state.is_open for record in made
    )


@settings(deadline=None, max_examples=often(15))
@given(populations)
def test_spans_cover_exactly_the_time_that_a_ticket_was_open(configured: Configuration, population: Population) -> None:
    seen = frames(records(population), configured)

    def length(of: pd.DataFrame) -> float:
        return float((of["end"].fillna(seen.until) - of["start"]).dt.total_seconds().sum())

    assert length(seen.spans) == length(seen.intervals[seen.intervals["state"].isin(list(OPEN_STATES))])
    assert (seen.spans["began"] == "created").sum() == seen.spans["ticket"].nunique()


def test_a_row_that_does_not_add_up_is_an_internal_error() -> None:
    wrong = pd.DataFrame([[1, 0, 0, 0, 0, 0, 0]], columns=COUNTS)
    with pytest.raises(RuntimeError, match="does not add up in 1 rows"):
        traction.check(wrong)


def test_without_intervals_there_are_no_spans(configured: Configuration) -> None:
    assert spans(frames([], configured).intervals).empty
