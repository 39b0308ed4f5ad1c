from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from tests.analysis.made import ago, frames, ticket

from itsm_bridge.analysis.checks import NEEDED, TABLE, compare, failed
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.config.model import Configuration


@pytest.fixture(scope="module")
def seen(configured: Configuration) -> Frames:
    """Tickets that come, move, go and come back, late and in time."""
    records = [
        ticket("INC1", ago(days=40), (ago(days=2), "vendor", "OptIT")),
        ticket("INC2", ago(days=5), (ago(days=1), "state", "resolved")),
        ticket("INC3", ago(days=2), (ago(days=1, hours=20), "state", "resolved")),
        ticket("INC4", ago(days=20), (ago(days=9), "state", "resolved"), (ago(days=1), "state", "new")),
        ticket("INC5", ago(hours=20), vendor=None),
        ticket("INC6", ago(days=9), (ago(days=1), "state", "canceled")),
    ]
    return frames(records, configured)


def test_a_report_that_adds_up_passes_every_check(seen: Frames) -> None:
    rows = TABLE.rows(seen)
    assert rows["ok"].all()
    assert set(rows["result"]) == {"ok"}
    assert failed(rows) == ()
    told = rows.set_index("check")["expected"]
    assert told["open tickets: rows of open_tickets"] == 3
    assert told["sla: judged in sla_attainment"] > 0
    assert told["rows of sla_breaches"] > 0


def test_an_empty_report_passes_too(configured: Configuration) -> None:
    rows = TABLE.rows(frames([], configured))
    assert len(rows)
    assert rows["ok"].all()


def changed(rows: Mapping[str, pd.DataFrame], table: str, column: str, value: Any) -> dict[str, pd.DataFrame]:  # noqa: ANN401 - a cell of any kind
    """The same tables, with another value in one cell."""
    other = rows[table].copy()
    other.loc[other.index[0], column] = value
    return {**rows, table: other}


@pytest.mark.parametrize(
    ("table", "column", "value", "check"),
    [
        ("tickets", "ticket", "snow:ELSE", "open_tickets: tickets that are not in tickets"),
        ("tickets", "state", "closed", "open tickets: rows of tickets in an open state"),
        ("traction", "open_end", 77, "traction: rows that do not add up"),
        ("traction", "open_start", 77, "traction: rows that do not add up"),
        ("sla_attainment", "met", 77, "sla: met in sla_attainment"),
        ("sla_attainment", "breached", 77, "sla: breached in sla_attainment"),
        ("sla_attainment", "judged", 77, "sla: judged in sla_attainment"),
        ("summary", "value", 77, "open tickets: rows of open_tickets"),
        ("time_in_hand", "share", 1.5, "time_in_hand: tickets whose shares add up to more than 1"),
    ],
)
def test_a_figure_that_is_wrong_fails_the_check_that_counts_it_again(
    seen: Frames, table: str, column: str, value: object, check: str
) -> None:
    rows = {name: one.rows(seen) for name, one in NEEDED.items()}
    assert failed(compare(seen, rows)) == ()
    wrong = failed(compare(seen, changed(rows, table, column, value)))
    assert any(line.startswith(f"{check}: expected ") for line in wrong)


@pytest.mark.parametrize(
    ("table", "check"),
    [
        ("open_tickets", "open tickets: rows of open_tickets"),
        ("sla_breaches", "rows of sla_breaches"),
        ("traction", "open tickets: sum over vendors and environments in traction"),
    ],
)
def test_rows_that_are_missing_fail_a_check(seen: Frames, table: str, check: str) -> None:
    rows = {name: one.rows(seen) for name, one in NEEDED.items()}
    wrong = failed(compare(seen, {**rows, table: rows[table].iloc[:-1]}))
    assert any(line.startswith(f"{check}: expected ") for line in wrong)
