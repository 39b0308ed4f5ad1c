"""The scorecard: every figure against a reckoning of its own, the scales, and what happens without data."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import NOW, WEEK_START, ago, frames, ticket

from itsm_bridge.analysis import bandwidth, inputs, scorecard
from itsm_bridge.analysis.frames import SCHEMAS, Frames, framed
from itsm_bridge.analysis.scales import SCALES, in_words, score
from itsm_bridge.config.model import SCORED, UNSCORED, WEIGHTS, Configuration, OutsideFigure
from itsm_bridge.history import reassignments, timeline
from itsm_bridge.model import OPEN_STATES, TicketRecord
from itsm_bridge.sla import Clockwork

Rows = Mapping[tuple[str, str], Mapping[str, Any]]


def given_figure(figure: str, value: float, **more: Any) -> OutsideFigure:  # noqa: ANN401 - fields of any type
    """A line from outside, of GWL in October, if nothing else is said."""
    line = OutsideFigure(figure, "GWL", "", date(2026, 10, 1), value, "share", None, "", f"{figure}.csv", 2)
    return replace(line, **more)


def rows_of(seen: Frames) -> Rows:
    """The rows by vendor and figure, a missing value as ``None``."""
    table = scorecard.TABLE.rows(seen)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in table.to_dict("records"):
        key = str(row["vendor"]), str(row["figure"])
        assert key not in found
        found[key] = {str(name): None if pd.isna(value) else value for name, value in row.items()}
    return found


def weighed(configured: Configuration, **weights: int) -> Configuration:
    return replace(configured, reports=replace(configured.reports, scorecard=weights))


def with_cycles(seen: Frames, *cycles: tuple[str, str, bool]) -> Frames:
    """The same frames with these clocks: kind, vendor, and whether it was breached."""
    told = {"ticket": "snow:INC1", "sla": "s", "priority": 3, "started_at": ago(days=2), "stopped_at": ago(hours=1)}
    rows = []
    for kind, vendor, breached in cycles:
        values = {**told, "kind": kind, "vendor": vendor, "breached": breached, "stage": "completed"}
        rows.append(tuple(values.get(name) for name in SCHEMAS["cycles"]))
    return replace(seen, cycles=framed("cycles", rows))


HOUR = timedelta(hours=1)

# --- scales ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "value", "points"),
    [
        ("sla_attainment", 0.9, 90),
        ("uc_attainment", 0, 0),
        ("ola_attainment", 1, 100),
        ("first_contact_share", 0.5, 50),
        ("reopen_share", 0.1, 90),
        ("utilization", 0, 0),
        ("utilization", 0.35, 50),
        ("utilization", 0.70, 100),
        ("utilization", 0.95, 100),
        ("utilization", 1.225, 50),
        ("utilization", 1.50, 0),
        ("utilization", 9, 0),
        ("uptime", 0.999, 99.9),
        ("patch_compliance", 0.25, 25),
        ("satisfaction", 1, 0),
        ("satisfaction", 4, 75),
        ("satisfaction", 5, 100),
    ],
)
def test_a_figure_is_scored_by_its_scale(figure: str, value: float, points: float) -> None:
    assert score(figure, value) == points


def test_every_figure_that_can_be_weighed_has_a_scale_that_is_written_down() -> None:
    assert tuple(SCALES) == SCORED
    assert all(name in in_words() for name in SCORED)
    assert all(score(name, 1) is None for name in UNSCORED)


@given(st.sampled_from(SCORED), st.floats(0, 1e6))
def test_no_value_leads_off_the_scale(figure: str, value: float) -> None:
    found = score(figure, value)
    assert found is not None
    assert 0 <= found <= 100


# --- single figures ----------------------------------------------------------------------------------------------


def test_attainment_is_of_the_clocks_of_its_kind_and_vendor_with_its_parts(configured: Configuration) -> None:
    seen = with_cycles(
        frames([ticket("INC1", ago(days=3))], configured),
        *[("sla", "GWL", False)] * 3,
        ("sla", "GWL", True),
        ("sla", "", True),
        ("uc", "GWL", True),
        *[("sla", "OptIT", False)] * 10,
        ("ola", "OptIT", False),
    )
    rows = rows_of(seen)
    row = rows["GWL", "sla_attainment"]
    assert (row["value"], row["numerator"], row["denominator"], row["score"]) == (0.75, 3, 4, 75)
    assert (row["small"], row["data"], row["basis"], row["unit"]) == (True, "ok", "2026-W47", "share")
    assert (rows["GWL", "uc_attainment"]["value"], rows["OptIT", "sla_attainment"]["small"]) == (0, False)
    assert (rows["OptIT", "ola_attainment"]["value"], rows["OptIT", "ola_attainment"]["weight"]) == (1, 0)
    assert not any(vendor == "" for vendor, _ in rows)


def test_what_counts_as_few_is_what_the_configuration_says(configured: Configuration) -> None:
    seen = with_cycles(frames([ticket("INC1", ago(days=3))], configured), *[("sla", "GWL", False)] * 3)
    few = replace(seen, reports=replace(seen.reports, small=3))
    assert rows_of(seen)["GWL", "sla_attainment"]["small"]
    assert not rows_of(few)["GWL", "sla_attainment"]["small"]


def test_first_contact_and_reopening_are_of_the_tickets_last_resolved_in_the_period(
    configured: Configuration,
) -> None:
    made = [
        ticket("INC1", ago(days=1), (ago(hours=10), "state", "resolved")),
        ticket("INC2", ago(days=9), (ago(days=8), "vendor", "GWL"), (ago(hours=5), "state", "closed"), vendor="OptIT"),
        ticket(
            "INC3",
            ago(days=2),
            (ago(hours=30), "state", "resolved"),
            (ago(hours=20), "state", "in_progress"),
            (ago(hours=10), "state", "resolved"),
        ),
        ticket("INC4", ago(days=20), (WEEK_START - timedelta(seconds=1), "state", "resolved")),
        ticket("INC5", ago(days=1), (ago(hours=1), "state", "canceled")),
        ticket("INC6", ago(days=1)),
        ticket("INC7", ago(days=2), (ago(hours=2), "state", "resolved"), (ago(hours=1), "vendor", "OptIT")),
    ]
    rows = rows_of(frames(made, configured))
    first, back, mttr = (rows["GWL", name] for name in ("first_contact_share", "reopen_share", "mttr_hours"))
    assert (first["numerator"], first["denominator"]) == (2, 4)
    assert (back["numerator"], back["denominator"], back["score"]) == (1, 4, 75)
    assert (mttr["numerator"], mttr["denominator"]) == (14 + (9 * 24 - 5) + 38 + 46, 4)
    assert (mttr["score"], mttr["weight"], mttr["unit"]) == (None, 0, "hours")


def worked() -> list[TicketRecord]:
    """A ticket a day for four weeks, each worked on and closed within a day."""
    return [
        ticket(f"INC{n}", at, (at + HOUR * 5, "state", "in_progress"), (at + HOUR * 24, "state", "closed"))
        for n in range(2, 26)
        for at in [ago(days=n)]
    ]


def sums(seen: Frames, *weeks: str) -> tuple[float, float]:
    """Load and capacity of GWL in some weeks of bandwidth."""
    rows = bandwidth.build(seen)
    rows = rows[(rows["vendor"] == "GWL") & rows["week"].isin(list(weeks))]
    assert len(rows) == len(weeks)
    return float(rows["load_hours"].sum()), float(rows["capacity_hours"].sum())


def test_utilization_is_of_whole_weeks_and_of_as_many_before(configured: Configuration) -> None:
    seen = frames(worked(), configured)
    row = rows_of(seen)["GWL", "utilization"]
    for name, week in (("value", "2026-W46"), ("previous", "2026-W45")):
        load, capacity = sums(seen, week)
        assert load > 0
        assert row[name] == pytest.approx(load / capacity, abs=1e-6)
    assert row["basis"] == "2026-W46"


def test_utilization_of_a_month_adds_up_its_weeks(configured: Configuration) -> None:
    seen = frames(worked(), configured, unit="month")
    row = rows_of(seen)["GWL", "utilization"]
    load, capacity = sums(seen, "2026-W44", "2026-W45", "2026-W46")
    assert load > 0
    assert (row["numerator"], row["denominator"]) == (pytest.approx(load), pytest.approx(capacity))
    assert row["basis"] == "2026-W44 to 2026-W46"


# --- from outside ------------------------------------------------------------------------------------------------


def outside_rows(configured: Configuration, *lines: OutsideFigure, unit: str = "week") -> Rows:
    return rows_of(frames([ticket("INC1", ago(days=1))], configured, outside=lines, unit=unit))


def test_a_line_about_the_vendor_stands_as_it_was_given(configured: Configuration) -> None:
    rows = outside_rows(configured, given_figure("uptime", 0.998), given_figure("uptime", 0.5, environment="punjab"))
    row = rows["GWL", "uptime"]
    assert (row["value"], row["score"], row["numerator"], row["denominator"]) == (0.998, 99.8, None, None)
    assert (row["basis"], row["weight"], row["small"]) == ("2026-10", 0, False)
    assert ("OptIT", "uptime") not in rows


def test_environments_are_weighed_by_what_they_are_about(configured: Configuration) -> None:
    many, few = (given_figure("patch_compliance", 0.9, of=90.0, environment="punjab"), 10.0)
    rows = outside_rows(configured, many, given_figure("patch_compliance", 0.4, of=few, environment="ap"))
    row = rows["GWL", "patch_compliance"]
    assert (row["value"], row["numerator"], row["denominator"]) == (0.85, 85, 100)


def test_environments_that_do_not_say_what_they_are_about_make_no_mean_of_shares(configured: Configuration) -> None:
    rows = outside_rows(
        weighed(configured, uptime=1),
        given_figure("uptime", 0.9, environment="punjab", of=10.0),
        given_figure("uptime", 0.4, environment="ap"),
    )
    assert rows["GWL", "uptime"]["data"] == "no data"
    assert rows["GWL", "total"]["data"] == "no data"


def test_a_mark_of_few_answers_is_marked(configured: Configuration) -> None:
    rows = outside_rows(configured, given_figure("satisfaction", 4.0, unit="1 to 5", of=9.0))
    assert (rows["GWL", "satisfaction"]["small"], rows["GWL", "satisfaction"]["score"]) == (True, 75)


@pytest.mark.parametrize(
    ("months", "value"),
    [
        ([date(2026, 10, 1), date(2026, 11, 1)], 0.11),
        ([date(2026, 10, 1), date(2026, 12, 1)], 0.10),
        ([date(2026, 8, 1)], 0.08),
        ([date(2026, 7, 1)], None),
    ],
)
def test_the_latest_month_counts_that_is_neither_to_come_nor_old(
    configured: Configuration, months: Sequence[date], value: float | None
) -> None:
    lines = [given_figure("uptime", month.month / 100, month=month) for month in months]
    rows = outside_rows(weighed(configured, uptime=1), *lines)
    assert rows["GWL", "uptime"]["value"] == value


def test_cost_is_by_the_tickets_of_its_month(configured: Configuration) -> None:
    october = datetime(2026, 10, 10, 6, tzinfo=UTC)
    edge = datetime(2026, 9, 30, 18, 30, tzinfo=UTC)  # midnight in Kolkata
    ends = [october, october + timedelta(days=3), edge, edge - timedelta(seconds=1), ago(days=2)]
    made = [ticket(f"INC{n}", at - timedelta(days=2), (at, "state", "closed")) for n, at in enumerate(ends)]
    lines = [
        given_figure("cost", 900.0, unit="INR", environment="punjab"),
        given_figure("cost", 300.0, unit="INR", environment="ap"),
        given_figure("cost", 7.0, unit="INR", month=date(2026, 11, 1)),
    ]
    rows = rows_of(frames(made, configured, outside=lines))
    row = rows["GWL", "cost_per_ticket"]
    assert (row["value"], row["numerator"], row["denominator"], row["unit"]) == (400, 1200, 3, "INR")
    assert (row["score"], row["weight"], row["small"], row["basis"]) == (None, 0, True, "2026-10")


def test_costs_in_two_currencies_or_without_tickets_are_no_data(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=60), (ago(days=30), "state", "closed"))]
    two = [given_figure("cost", 9.0, unit=unit, environment=name) for unit, name in (("INR", "ap"), ("USD", "punjab"))]
    assert ("GWL", "cost_per_ticket") not in rows_of(frames(made, configured, outside=two))
    other = [given_figure("cost", 9.0, unit="INR", vendor="OptIT")]
    assert ("OptIT", "cost_per_ticket") not in rows_of(frames(made, configured, outside=other))


def test_lines_from_outside_are_a_table_of_their_own_up_to_the_month_of_the_report(configured: Configuration) -> None:
    lines = [given_figure("uptime", 0.9, month=date(2026, month, 1)) for month in (12, 11, 10)]
    table = inputs.TABLE.rows(frames([], configured, outside=lines))
    assert list(table["month"]) == ["2026-10", "2026-11"]


# --- the total ---------------------------------------------------------------------------------------------------


def test_the_total_is_the_mean_by_weight_of_what_has_data_and_says_what_has_none(configured: Configuration) -> None:
    seen = frames(
        [ticket("INC1", ago(days=3))],
        weighed(configured, sla_attainment=3, uptime=1, satisfaction=4),
        outside=[given_figure("uptime", 0.5)],
    )
    rows = rows_of(with_cycles(seen, ("sla", "GWL", False), ("sla", "GWL", True), ("sla", "GWL", False)))
    total = rows["GWL", "total"]
    assert total["score"] == total["value"] == round((3 * 66.67 + 50) / 4, 2)
    assert (total["weight"], total["denominator"], total["weight_covered"]) == (8, 4, 0.5)
    assert (total["basis"], total["small"], total["data"]) == ("without satisfaction", True, "ok")
    missing = rows["GWL", "satisfaction"]
    assert (missing["value"], missing["score"], missing["data"], missing["weight"]) == (None, None, "no data", 4)


def test_without_any_data_there_is_no_total_and_no_zero(configured: Configuration) -> None:
    rows = rows_of(frames([ticket("INC1", ago(days=1))], weighed(configured, uptime=1, satisfaction=1)))
    total = rows["GWL", "total"]
    assert (total["value"], total["score"], total["data"], total["weight_covered"]) == (None, None, "no data", 0)
    assert total["basis"] == "without uptime, satisfaction"


def test_those_who_take_no_work_are_shown_only_with_data(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=1))]
    assert {vendor for vendor, _ in rows_of(frames(made, configured))} == {"GWL", "OptIT"}
    line = given_figure("uptime", 0.9, vendor="MacroSkies")
    assert {vendor for vendor, _ in rows_of(frames(made, configured, outside=[line]))} == {
        *("GWL", "OptIT", "MacroSkies"),
    }


def test_own_teams_are_shown_too(configured: Configuration) -> None:
    vendors = {**configured.vendors, "Ours": replace(configured.vendors["GWL"], name="Ours", internal=True)}
    seen = frames([ticket("INC1", ago(days=1), vendor="Ours")], replace(configured, vendors=vendors))
    assert "total" in {figure for vendor, figure in rows_of(seen) if vendor == "Ours"}


def test_an_empty_store_has_no_scorecard(configured: Configuration) -> None:
    assert rows_of(frames([], configured)) == {}


# --- all of it, by hand ------------------------------------------------------------------------------------------


def was_open_in_the_week(record: TicketRecord) -> bool:
    moments = timeline(record, frozenset({"state"}))
    ends = [*(moment.at for moment in moments[1:]), NOW]
    spans = zip(moments, ends, strict=True)
    return any(moment.values["state"] in OPEN_STATES and end >= WEEK_START for moment, end in spans)


def by_hand(made: Sequence[TicketRecord], configured: Configuration) -> dict[tuple[str, str], tuple[int, int]]:
    """Numerators and denominators out of the records themselves."""
    found: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    of_period = [record for record in made if was_open_in_the_week(record)]
    for one in Clockwork(configured).cycles(of_period, NOW).cycles:
        in_period = one.stopped_at is not None and WEEK_START <= one.stopped_at < NOW
        if (one.stage == "completed" and in_period) or (one.breached and one.stopped_at is None):
            found[one.vendor or "", f"{one.kind}_attainment"].append(not one.breached)
    for record in made:
        moments = [one for one in timeline(record, frozenset({"state", "vendor"})) if one.values["state"] != "unknown"]
        pairs = list(pairwise(moments))
        done = [
            (then, now)
            for then, now in pairs
            if then.values["state"] in OPEN_STATES and now.values["state"] in {"resolved", "closed"}
        ]
        back = [
            now
            for then, now in pairs
            if then.values["state"] in {"resolved", "closed"} and now.values["state"] in OPEN_STATES
        ]
        if done and WEEK_START <= done[-1][1].at < NOW:
            vendor = done[-1][0].values["vendor"] or ""
            found[vendor, "first_contact_share"].append(not reassignments(record))
            found[vendor, "reopen_share"].append(any(one.at >= WEEK_START for one in back))
    return {key: (sum(flags), len(flags)) for key, flags in found.items() if key[0]}


@settings(deadline=None, max_examples=often(10))
@given(populations)
def test_random_tickets_give_what_a_count_of_the_records_gives(
    configured: Configuration, population: Population
) -> None:
    made = records(population)
    rows = rows_of(frames(made, configured))
    counted = {
        key: (row["numerator"], row["denominator"])
        for key, row in rows.items()
        if row["data"] == "ok" and key[1].endswith(("attainment", "share"))
    }
    assert counted == by_hand(made, configured)
    for (vendor, figure), row in rows.items():
        if figure == "total" and row["data"] == "ok":
            parts = [rows[vendor, name] for name in WEIGHTS]
            scored = [(one["weight"], one["score"]) for one in parts if one["score"] is not None]
            mean = math.fsum(weight * points for weight, points in scored) / sum(weight for weight, _ in scored)
            assert row["score"] == pytest.approx(mean, abs=0.0051)
