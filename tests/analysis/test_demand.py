"""How many tickets came in each month."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pandas as pd
from hypothesis import given, settings
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import NOW, ago, frames, ticket
from tests.analysis.walking import INITIAL, KOLKATA, Life

from itsm_bridge.analysis.demand import MONTHS
from itsm_bridge.config.model import Configuration

Rows = list[tuple[str, str, str, int]]


def rows_of(demand: pd.DataFrame) -> Rows:
    return [tuple(row) for row in demand.itertuples(index=False)]


def environment_before(life: Life, at: datetime) -> str:
    """As the changes before an instant have left it."""
    return {"environment": INITIAL["environment"], **{field: new for when, field, new in life[1] if when < at}}[
        "environment"
    ]


def test_months_are_those_of_the_report_s_zone(configured: Configuration) -> None:
    late = ticket("INC1", datetime(2026, 9, 30, 18, 30, tzinfo=UTC))  # midnight in Kolkata
    early = ticket("INC2", datetime(2026, 9, 30, 18, 29, 59, tzinfo=UTC), environment="ap", service=("portal", "erp"))
    found = rows_of(frames([late, early], configured).demand)
    assert found == [("2026-09", "ap", "portal, erp", 1), ("2026-10", "punjab", "", 1)]


def test_a_ticket_counts_where_it_was_at_the_instant(configured: Configuration) -> None:
    moved = ticket("INC1", ago(days=20), (ago(days=1), "environment", "ap"))
    assert rows_of(frames([moved], configured).demand) == [("2026-10", "ap", "", 1)]
    assert rows_of(frames([moved], configured, as_of=ago(days=2)).demand) == [("2026-10", "punjab", "", 1)]


def test_rules_say_where_a_ticket_is_that_has_no_environment(configured: Configuration) -> None:
    nowhere = ticket("INC1", ago(days=1), environment=None, summary="pb-web-1 is down")
    lost = ticket("INC2", ago(days=1), environment=None)
    assert rows_of(frames([nowhere, lost], configured).demand) == [("2026-11", "", "", 1), ("2026-11", "punjab", "", 1)]


def test_the_last_48_months_count(configured: Configuration) -> None:
    first = datetime(2022, 11, 30, 18, 30, tzinfo=UTC)
    both = [ticket("INC1", first), ticket("INC2", first - timedelta(microseconds=1))]
    assert rows_of(frames(both, configured).demand) == [("2022-12", "punjab", "", 1)]
    assert MONTHS == 48


def test_what_comes_at_the_instant_or_later_has_not_come(configured: Configuration) -> None:
    assert rows_of(frames([ticket("INC1", NOW)], configured).demand) == []
    assert frames([], configured).demand.dtypes["arrivals"] == "Int64"


@given(populations)
@settings(max_examples=often(15), deadline=None)
def test_counts_are_those_of_a_walk_through_lives(configured: Configuration, population: Population) -> None:
    for as_of in (NOW, ago(days=9)):
        walked = Counter(
            (f"{life[0].astimezone(KOLKATA):%Y-%m}", environment_before(life, as_of))
            for life in population
            if life[0] < as_of
        )
        found = {
            row[:2]: row[3]
            for row in rows_of(frames(records(population), configured, as_of=as_of).demand)
            if not row[2]
        }
        assert found == walked
