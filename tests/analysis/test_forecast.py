from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from tests.analysis import made
from tests.analysis.made import NOW, frames
from tests.analysis.test_bandwidth import worked

from itsm_bridge.analysis import bandwidth, forecast, outlook
from itsm_bridge.analysis.frames import Frames, Partners, framed
from itsm_bridge.analysis.partners import partners
from itsm_bridge.analysis.smoothing import TOO_LITTLE, ahead
from itsm_bridge.calendars import Calendars, hours_between
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration

MONTHS = [f"{year}-{month:02}" for year in (2023, 2024, 2025, 2026) for month in range(1, 13)][:46]
"""2023-01 to 2026-10: all whole at NOW."""

AHEAD = ["2026-12", *(f"2027-{month:02}" for month in range(1, 12))]

HANDED_OVER = made.VENDORS.replace(
    "  ap: {services: [portal], owners: [{vendor: OptIT}]}",
    "  ap: {services: [portal, erp], owners: [{vendor: OptIT}, {vendor: GWL, services: [erp], from: 2026-01-01}]}\n"
    "  bihar:\n"
    "    services: [portal]\n"
    "    owners: [{vendor: GWL, to: 2027-03-11}, {vendor: MacroSkies, from: 2027-03-11}]",
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Bihar goes from GWL to MacroSkies on 11 March, and erp in ap is GWL's."""
    folder = tmp_path_factory.mktemp("planned")
    made.configuration(folder)
    (folder / "vendors.yaml").write_text(HANDED_OVER, encoding="utf-8")
    return load(folder)


Demanded = dict[tuple[str, str], int]
"""Tickets a month, by environment and service."""


def seen(configured: Configuration, demanded: Demanded, months: Iterable[str] = MONTHS) -> Frames:
    """Frames in which so many tickets came in each month, and a ticket takes GWL 4/3 of an hour."""
    some = frames([worked(f"INC{place}", 7 + place % 4, 2) for place in range(12)], configured)
    rows = [(month, *place, number) for month in months for place, number in demanded.items()]
    demand = framed("demand", rows)
    plan = partners(configured, Calendars(configured), NOW, demand, some.spans)
    return replace(some, demand=demand, partners=plan)


def rows(configured: Configuration, demanded: Demanded, months: Iterable[str] = MONTHS) -> list[dict[Any, Any]]:
    return list(forecast.TABLE.rows(seen(configured, demanded, months)).to_dict("records"))


PLACES: Demanded = {("punjab", "portal"): 40, ("ap", "portal"): 25, ("ap", "erp"): 15, ("Bihar", ""): 20, ("x", ""): 12}


def test_every_part_has_twelve_months_after_the_running_one(planned: Configuration) -> None:
    found = rows(planned, PLACES)
    assert {row["environment"] for row in found} == {"punjab", "ap", "bihar", ""}
    for environment in ("punjab", "ap", "bihar", ""):
        assert sorted({row["month"] for row in found if row["environment"] == environment}) == AHEAD
    assert {(row["environment"], row["services"], row["vendor"]) for row in found if row["month"] == "2026-12"} == {
        ("punjab", "", "GWL"), ("ap", "portal", "OptIT"), ("ap", "erp", "GWL"), ("bihar", "", "GWL"), ("", "", ""),
    }  # fmt: skip


def test_what_came_evenly_comes_on_evenly_and_takes_hours_and_people(planned: Configuration) -> None:
    row = next(row for row in rows(planned, PLACES) if row["environment"] == "punjab" and row["month"] == "2027-01")
    assert row["arrivals_p50"] == pytest.approx(40, abs=0.05)
    assert row["hours_p50"] == pytest.approx(40 * 4 / 3, abs=0.1)
    assert row["capacity_hours"] == pytest.approx(21 / 5 * 80, abs=0.01)  # 21 weekdays, 5 of which are 80 hours
    assert row["engineer_hours"] == pytest.approx(21 / 5 * 20, abs=0.01)
    assert row["people"] == 4
    assert row["people_needed"] == pytest.approx(row["hours_p90"] / row["engineer_hours"], abs=0.01)
    assert (row["history_months"], row["backtest_n"], row["backtest_arrivals"]) == (45, 30, 1200)
    assert row["backtest_wape"] == pytest.approx(0, abs=0.001)
    assert row["backtest_p90_coverage"] == row["backtest_within"] / 30


def test_an_environment_that_is_handed_over_within_a_month_is_split_by_days(planned: Configuration) -> None:
    bihar = [row for row in rows(planned, PLACES) if row["environment"] == "bihar"]
    owners = {month: [row["vendor"] for row in bihar if row["month"] == month] for month in AHEAD}
    assert owners["2027-02"] == ["GWL"]
    assert owners["2027-03"] == ["GWL", "MacroSkies"]
    assert owners["2027-04"] == ["MacroSkies"]
    before, after = [row for row in bihar if row["month"] == "2027-03"]
    assert (before["owned_share"], after["owned_share"]) == (round(10 / 31, 4), round(21 / 31, 4))
    assert before["arrivals_p50"] == pytest.approx(20 * 10 / 31, abs=0.02)
    assert after["arrivals_p50"] == pytest.approx(20 * 21 / 31, abs=0.02)
    assert (after["capacity_hours"], after["status"]) == (0, "onboarding")
    assert after["people_needed"] > 0  # a coming vendor can be planned for


def test_in_each_month_vendors_and_environments_add_up_to_the_same(planned: Configuration) -> None:
    found = pd.DataFrame(rows(planned, PLACES))
    flat = {part: ahead([number] * 45, 13) for part, number in PLACES.items()}
    for place, month in enumerate(AHEAD, 1):
        of_month = found[found["month"] == month]
        for column, quantile in (("arrivals_p50", "p50"), ("arrivals_p90", "p90")):
            truth = sum(float(getattr(made_of, quantile)[place]) for made_of in flat.values())
            assert of_month.groupby("vendor")[column].sum().sum() == pytest.approx(truth, abs=0.05)
            assert of_month.groupby("environment")[column].sum().sum() == pytest.approx(truth, abs=0.05)


def test_at_the_end_of_a_month_that_month_is_history(planned: Configuration) -> None:
    end = datetime(2026, 10, 31, 18, 30, tzinfo=UTC)  # midnight in Kolkata
    some = replace(seen(planned, {}), until=end)
    demand = framed("demand", [(month, "punjab", "", 20 + place) for place, month in enumerate(MONTHS)])
    plan = partners(planned, Calendars(planned), end, demand, some.spans)
    found = forecast.TABLE.rows(replace(some, demand=demand, partners=plan))
    first = found[found["environment"] == "punjab"].iloc[0]
    assert (first["month"], first["history_months"]) == ("2026-11", 45)
    assert first["arrivals_p50"] == pytest.approx(20 + 46, abs=0.1)  # the line goes on


def test_one_month_of_history_says_nothing_and_says_why(planned: Configuration) -> None:
    found = rows(planned, {("punjab", "portal"): 40}, months=["2026-10"])
    assert found
    for row in found:
        assert row["method"] == TOO_LITTLE
        assert row["history_months"] == 0
        assert all(pd.isna(row[name]) for name in ("arrivals_p50", "arrivals_p90", "hours_p90", "people_needed"))
        assert all(pd.isna(row[name]) for name in ("backtest_wape", "backtest_p90_coverage", "backtest_n"))


def test_months_without_a_ticket_count_as_none_and_the_running_one_does_not(planned: Configuration) -> None:
    demanded = framed(
        "demand", [("2026-02", "punjab", "", 9), ("2026-05", "punjab", "", 8), ("2026-11", "punjab", "", 99)]
    )
    some = seen(planned, {})
    plan = partners(planned, Calendars(planned), NOW, demanded, some.spans)
    found = forecast.TABLE.rows(replace(some, demand=demanded, partners=plan))
    row = found[found["environment"] == "punjab"].iloc[0]
    assert row["history_months"] == 8  # March to October
    assert row["arrivals_p90"] == pytest.approx(ahead([0, 0, 8, 0, 0, 0, 0, 0], 2).p90[1])


def test_a_month_of_capacity_is_that_of_its_days(configured: Configuration) -> None:
    gwl, calendar = configured.vendors["GWL"], Calendars(configured)["office"]
    days = [hours_between(gwl, calendar, date(2026, 11, day), date(2026, 11, day + 1)) for day in range(1, 30)]
    days.append(hours_between(gwl, calendar, date(2026, 11, 30), date(2026, 12, 1)))
    whole = hours_between(gwl, calendar, date(2026, 11, 1), date(2026, 12, 1))
    assert whole == pytest.approx(sum(days))
    assert whole == pytest.approx(21 * 16 - 16 - 2 * 8)  # a holiday, and two of four away on two days


def test_nothing_is_planned_without_tickets(configured: Configuration) -> None:
    empty = frames([], configured)
    assert forecast.TABLE.rows(empty).empty
    assert outlook.outlook(empty) == ()
    assert isinstance(empty.partners, Partners)


def test_the_library_is_loaded_only_where_something_is_forecast() -> None:
    code = (
        "import sys\n"
        "import itsm_bridge.analysis.tables\n"
        "assert not any(name.startswith('statsmodels') for name in sys.modules)\n"
        "from itsm_bridge.analysis.smoothing import ahead\n"
        "ahead([40] * 20, 3)\n"
        "assert 'statsmodels' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own program


def test_effort_is_that_of_the_vendor_who_will_own_it(planned: Configuration) -> None:
    some = seen(planned, PLACES)
    found = forecast.TABLE.rows(some)
    effort = bandwidth.effort_hours(some)
    assert found["effort_hours"].notna().all()
    assert set(found.loc[found["vendor"] == "GWL", "effort_hours"]) == {round(effort["GWL"], 4)}
    assert set(found.loc[found["vendor"] == "MacroSkies", "effort_hours"]) == {round(effort[""], 4)}
