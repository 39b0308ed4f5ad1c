from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from tests.analysis.made import NOW, WEEK_START, ago, frames, ticket

from itsm_bridge.analysis import sla_at_risk, sla_attainment, sla_breaches
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.frames import SCHEMAS, Frames, framed
from itsm_bridge.analysis.sla_attainment import wilson
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration

A_CYCLE: Mapping[str, object] = {
    "ticket": "snow:INC1", "sla": "resolution", "measures": "resolution", "kind": "sla", "vendor": "GWL",
    "environment": "punjab", "priority": 3, "started_at": ago(days=2), "stopped_at": None, "due_at": None,
    "target_seconds": 1000, "elapsed_seconds": 100, "paused_seconds": 0, "breached": False, "stage": "in_progress",
}  # fmt: skip


def cycle(stage: str, elapsed: int, **fields: object) -> dict[str, object]:
    """One clock with a target of 1,000 seconds."""
    made = {**A_CYCLE, "stage": stage, "elapsed_seconds": elapsed, "breached": elapsed > 1000}
    return made | ({"stopped_at": ago(hours=1)} if stage in {"completed", "cancelled"} else {}) | fields


def with_cycles(configured: Configuration, *cycles: dict[str, object]) -> Frames:
    rows = [tuple(one.get(name) for name in SCHEMAS["cycles"]) for one in cycles]
    known = frames([ticket("INC1", ago(days=3))], configured)
    return replace(known, cycles=framed("cycles", rows))


def attained(configured: Configuration, *cycles: dict[str, object]) -> dict[Any, Any]:
    table = sla_attainment.TABLE.rows(with_cycles(configured, *cycles))
    assert len(table) == 1
    return table.to_dict("records")[0]


def test_attainment_is_of_what_ended_or_is_past_its_target(configured: Configuration) -> None:
    row = attained(
        configured,
        *[cycle("completed", 1000)] * 3,
        cycle("completed", 1001),
        cycle("in_progress", 2000),
        cycle("paused", 1500),
        cycle("in_progress", 10),
        cycle("paused", 999),
    )
    counts = [row[name] for name in ("met", "breached", "running", "judged", "completed")]
    assert counts == [3, 3, 2, 6, 4]
    assert row["attainment"] == 0.5
    assert row["attainment_completed"] == 0.75
    assert row["small_number"]


def test_j_2_three_met_and_two_that_run_in_time_are_100_percent_by_the_written_formula(
    configured: Configuration,
) -> None:
    row = attained(configured, *[cycle("completed", 10)] * 3, *[cycle("in_progress", 10)] * 2)
    assert [row[name] for name in ("met", "judged", "running", "attainment")] == [3, 3, 2, 1]


def test_a_share_without_a_denominator_is_missing_and_not_zero(configured: Configuration) -> None:
    row = attained(configured, cycle("in_progress", 10))
    assert row["running"] == 1
    assert all(
        pd.isna(row[name]) for name in ("attainment", "attainment_completed", "attainment_low", "attainment_high")
    )


def test_a_clock_that_was_cancelled_is_in_no_denominator_but_its_breach_is_shown(configured: Configuration) -> None:
    row = attained(configured, cycle("completed", 10), cycle("cancelled", 10), cycle("cancelled", 2000))
    assert [row[name] for name in ("met", "breached", "running", "cancelled_breached")] == [1, 0, 0, 1]
    assert row["attainment"] == 1


@pytest.mark.parametrize(
    ("stopped", "counts"),
    [
        (WEEK_START, True),
        (WEEK_START - timedelta(seconds=1), False),
        (NOW - timedelta(seconds=1), True),
    ],
)
def test_a_clock_counts_in_the_period_in_which_it_ended(
    configured: Configuration, stopped: datetime, counts: bool
) -> None:
    table = sla_attainment.TABLE.rows(with_cycles(configured, cycle("completed", 10, stopped_at=stopped)))
    assert len(table) == counts


def test_groups_without_a_vendor_or_a_priority_are_kept(configured: Configuration) -> None:
    seen = with_cycles(
        configured,
        cycle("completed", 10, vendor="", priority=None),
        cycle("completed", 10, vendor="", environment="", priority=1),
        cycle("completed", 10),
    )
    table = sla_attainment.TABLE.rows(seen)
    assert table["met"].sum() == 3
    assert list(table["vendor"]) == ["", "", "GWL"]
    assert table["priority"].isna().sum() == 1


def test_overall_attainment_is_a_sum_and_not_a_mean_of_shares(configured: Configuration) -> None:
    seen = with_cycles(
        configured,
        *[cycle("completed", 10, vendor="OptIT")] * 9,
        cycle("completed", 2000),
        cycle("completed", 9, kind="uc"),
    )
    figures = values(seen)
    assert figures["sla_attainment"] == 0.9
    assert figures["sla_breached"] == 1
    assert (figures["uc_attainment"], figures["uc_breached"]) == (1, 0)
    assert (figures["ola_attainment"], figures["ola_breached"]) == (None, None)


def test_breaches_are_those_that_attainment_counts_the_furthest_over_first(configured: Configuration) -> None:
    seen = with_cycles(
        configured,
        cycle("completed", 1001, ticket="snow:INC1"),
        cycle("in_progress", 5000, ticket="snow:INC2"),
        cycle("completed", 2000, ticket="snow:INC3", stopped_at=WEEK_START - timedelta(days=1)),
        cycle("cancelled", 9000, ticket="snow:INC4"),
        cycle("completed", 1000, ticket="snow:INC5"),
    )
    table = sla_breaches.TABLE.rows(seen)
    assert list(zip(table["ticket"], table["over_seconds"], strict=True)) == [("snow:INC2", 4000), ("snow:INC1", 1)]
    assert len(table) == sla_attainment.TABLE.rows(seen)["breached"].sum()


def test_at_risk_is_what_has_used_three_quarters_and_is_in_time(configured: Configuration) -> None:
    seen = with_cycles(
        configured,
        cycle("in_progress", 749, ticket="snow:INC1"),
        cycle("in_progress", 750, ticket="snow:INC2"),
        cycle("paused", 1000, ticket="snow:INC3"),
        cycle("in_progress", 1001, ticket="snow:INC4"),
        cycle("completed", 900, ticket="snow:INC5"),
    )
    table = sla_at_risk.TABLE.rows(seen)
    assert list(zip(table["ticket"], table["remaining_seconds"], strict=True)) == [("snow:INC3", 0), ("snow:INC2", 250)]


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(9, 10, 0.5958, 0.9821), (0, 10, 0.0, 0.2775), (1, 1, 0.2065, 1.0)]
)
def test_the_interval_is_wilson_s(part: int, whole: int, low: float, high: float) -> None:
    # R: prop.test(9, 10, correct=FALSE)$conf.int and so on
    lower, upper = wilson(pd.Series([part]), pd.Series([whole]))
    assert (lower[0], upper[0]) == pytest.approx((low, high), abs=1e-4)


def test_remaining_time_is_that_of_the_running_resolution_clocks(configured: Configuration) -> None:
    seen = with_cycles(
        configured,
        cycle("in_progress", 100, target_seconds=7300),
        cycle("in_progress", 100, target_seconds=3700),
        cycle("in_progress", 0, target_seconds=10, measures="response"),
        cycle("paused", 0, target_seconds=10),
    )
    assert list(TABLES["open_tickets"].rows(seen)["sla_remaining_hours"]) == [1.0]


def test_a_ticket_without_a_running_clock_has_no_remaining_time(configured: Configuration) -> None:
    seen = with_cycles(configured, cycle("paused", 0))
    assert TABLES["open_tickets"].rows(seen)["sla_remaining_hours"].isna().all()
