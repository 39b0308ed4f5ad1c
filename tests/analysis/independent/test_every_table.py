"""Each table against the same figures from plain Python over the database, for random tickets and several instants."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.analysis.independent import estate, figures, tables, work
from tests.analysis.independent.hours import Hours
from tests.analysis.independent.lives import lives
from tests.analysis.independent.reference import Reference, Rows
from tests.analysis.made import NOW

from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.scoping import scoped
from itsm_bridge.analysis.smoothing import ahead
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration
from itsm_bridge.store import Store

EARLIER = NOW - timedelta(days=9, hours=7)

CASES = {
    "this week": (1, "week", NOW, False),
    "last week, whole": (2, "week", NOW, True),
    "a month, from history": (3, "month", EARLIER, False),
    "a quarter": (4, "quarter", NOW, False),
}
"""Seed, period, as-of instant, and whether it is the period before."""


@dataclass(frozen=True)
class Case:
    """What the program says, what the reference says, and the latter of the period before."""

    seen: Frames
    now: Reference
    before: Reference
    database: Path

    def rows(self, table: str, *key: str) -> Rows:
        """The program's rows by some of their columns; no two have the same."""
        found = TABLES[table].rows(self.seen).to_dict("records")
        by_key = {_key([row[name] for name in key]): {name: plain(one) for name, one in row.items()} for row in found}
        assert len(by_key) == len(found)
        return by_key  # type: ignore[return-value]  # the names of columns are texts


def _key(values: Sequence[Any]) -> Any:  # noqa: ANN401 - one value, or several
    return plain(values[0]) if len(values) == 1 else tuple(map(plain, values))


def plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any kind
    if pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return estate.configuration(tmp_path_factory.mktemp("programme") / "config")


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest, programme: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Case:
    seed, unit, as_of, last = CASES[request.param]
    folder = tmp_path_factory.mktemp("store")
    period = Period.holding(as_of, unit, programme.zone)
    period = period.previous() if last else period
    with Store.open("sqlite:///b.db", folder, create=True) as store:
        estate.kept(store, estate.population(seed), seed)
        seen = frames(store, programme, period, as_of)
    hours, mondays = Hours(programme), [week.first for week in seen.weeks]

    def of(one: Period, until: datetime) -> Reference:
        return Reference(lives(folder / "b.db", until), one.start, until, mondays, hours)

    now = of(period, period.until(as_of))
    return Case(seen, now, of(period.previous(), period.previous_until(as_of)), folder / "b.db")


def differences(found: Rows, wanted: Rows, to: float) -> Iterator[str]:
    yield from (f"{key} is not to be there" for key in found.keys() - wanted.keys())
    yield from (f"{key} is missing" for key in wanted.keys() - found.keys())
    for key in found.keys() & wanted.keys():
        for name, value in wanted[key].items():
            if not alike(found[key][name], value, to):
                yield f"{key} {name}: {found[key][name]}, not {value}"


def alike(found: object, wanted: object, to: float) -> bool:
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, abs_tol=to, rel_tol=1e-9)
    return found == wanted


Expected = Callable[[Reference], Rows]

TABLE_BY_TABLE: Mapping[str, tuple[tuple[str, ...], Expected, float]] = {
    "tickets": (("ticket",), tables.tickets, 0.0051),
    "open_tickets": (("ticket",), tables.open_tickets, 0.0051),
    "sla_cycles": (("ticket", "sla", "started_at"), tables.cycles, 0),
    "sla_attainment": (("sla", "vendor", "environment", "priority"), Reference.attainment, 1e-6),
    "sla_breaches": (("ticket", "sla", "due_at", "stopped_at"), tables.breaches, 0),
    "sla_at_risk": (("ticket", "sla", "due_at"), tables.at_risk, 0),
    "time_in_hand": (("ticket", "holder", "kind"), tables.time_in_hand, 1e-6),
    "bandwidth": (("vendor", "week"), lambda of: of.bandwidth, 0.0101),
    "bandwidth_environments": (("vendor", "environment", "week"), work.by_environment, 0.0051),
    "bandwidth_skills": (("vendor", "skill", "week"), work.by_skill, 0.0051),
    "traction": (("week", "vendor", "environment"), lambda of: of.traction, 0),
}
"""The columns by which rows are known, where they are computed again, and by how much rounding may put them apart."""


@pytest.mark.parametrize("table", TABLE_BY_TABLE)
def test_every_row_is_what_plain_python_finds_in_the_database(case: Case, table: str) -> None:
    key, expected, to = TABLE_BY_TABLE[table]
    wanted = expected(case.now)
    assert wanted or table == "sla_at_risk"
    assert list(differences(case.rows(table, *key), wanted, to)) == []


def test_relief_is_offered_by_whom_the_rules_let_and_who_has_hours(case: Case) -> None:
    day = (case.now.until - timedelta(microseconds=1)).astimezone(case.now.hours.zone).date()
    found = case.rows("relief", "vendor", "environment", "service", "candidate")
    assert list(differences(found, work.relief(case.now, day), 0.0201)) == []


def test_the_history_is_that_of_the_database_up_to_the_instant(case: Case) -> None:
    with sqlite3.connect(case.database) as connection:
        connection.row_factory = sqlite3.Row
        entries = [dict(row) for row in connection.execute("SELECT * FROM history")]
    found = TABLES["history"].rows(case.seen).to_dict("records")
    said = Counter((row["ticket"], plain(row["at"]), row["field"], row["from"], row["to"]) for row in found)
    assert said == tables.history(case.now, entries)
    assert said


IN_DAYS = ("oldest_open", "oldest_approval")
"""Figures that are rounded to a tenth."""


def test_the_summary_is_that_of_both_periods(case: Case) -> None:
    found = case.rows("summary", "key")
    for name, reference in ("value", case.now), ("previous", case.before):
        wanted = figures.summary(reference)
        assert wanted.get("open_tickets") or name == "previous"
        wrong = {
            key: (found[key][name], value)
            for key, value in wanted.items()
            if not alike(found[key][name], value, 0.0501 if key in IN_DAYS else 1e-4)
        }
        assert wrong == {}


def test_the_scorecard_is_divided_and_weighed_as_it_says(case: Case) -> None:
    found = case.rows("scorecard", "vendor", "figure")
    weights = case.now.hours.configuration.reports.scorecard
    wanted = figures.scorecard(case.now)
    known = {key for key, row in found.items() if row["data"] == "ok" and key[1] != "total"}
    assert known == wanted.keys()
    for key, (part, whole) in wanted.items():
        assert found[key]["numerator"] == pytest.approx(part, abs=1e-3), key
        assert found[key]["denominator"] == pytest.approx(whole, abs=1e-3), key
        assert found[key]["value"] == pytest.approx(part / whole, abs=1e-6), key
        if key[1] in weights:
            assert found[key]["score"] == pytest.approx(figures.score(key[1], part / whole), abs=0.0051), key
    for vendor in {vendor for vendor, _ in wanted}:
        scored = [
            (weight, figures.score(name, wanted[vendor, name][0] / wanted[vendor, name][1]))
            for name, weight in weights.items()
            if (vendor, name) in wanted
        ]
        covered = sum(weight for weight, _ in scored)
        total = found[vendor, "total"]
        assert total["weight_covered"] == pytest.approx(covered / sum(weights.values()), abs=1e-6)
        mean = sum(weight * points for weight, points in scored) / covered if covered else None
        assert alike(total["value"], mean, 0.0101), vendor


def test_a_vendor_s_copy_says_the_same_of_it(case: Case) -> None:
    """Where a vendor has too few stays of its own the report falls back on everybody's, which a copy does not know."""
    compared = 0
    for vendor in sorted(case.now.effort.keys() - {""}):
        own = scoped(case.seen, vendor).frames
        for table in (TABLES["traction"], TABLES["bandwidth"]):
            said, wanted = table.rows(own), table.rows(case.seen)
            wanted = wanted[wanted["vendor"] == vendor].reset_index(drop=True)
            pd.testing.assert_frame_equal(said[said["vendor"] == vendor].reset_index(drop=True), wanted)
            compared += len(wanted)
    assert compared > 50


def test_load_is_what_arrived_times_the_effort_that_is_shown(case: Case) -> None:
    for row in case.rows("bandwidth", "vendor", "week").values():
        if row["effort_hours"] is not None:
            assert row["load_hours"] == pytest.approx(row["arrivals"] * row["effort_hours"], abs=0.00501)


def test_what_is_odd_is_counted_once_a_ticket(case: Case) -> None:
    found = {check: row["count"] for check, row in case.rows("data_quality", "check").items()}
    wanted = figures.odd(case.now, {one.life.id for one in case.now.clocks})
    assert {name: count for name, count in found.items() if name != "no_state_history"} == wanted
    assert {"gone_deleted", "no_business_time", "unrouted"} <= wanted.keys()


def test_the_forecast_is_dealt_to_owners_and_counted_in_people(case: Case) -> None:
    """How a series goes on is asked of ``smoothing``, which has tests of its own; what goes in and out is not."""
    of, found = case.now, case.rows("forecast", "environment", "vendor", "month", "services")
    zone = of.hours.zone
    running = Period.holding(of.until - timedelta(microseconds=1), "month", zone)
    whole = running.next().start == of.until
    months = [running := running.next() for _ in range(12)]
    seen = set()
    for environment, came in figures.arrivals(of).items():
        counts = history_of(came, f"{months[0].previous().first:%Y-%m}", is_whole=whole)
        made = ahead(counts, 12 + (not whole))
        for place, month in enumerate(months, 0 if whole else 1):
            for vendor, share in figures.owned(of, environment, month.first, month.next().first).items():
                row = found[environment, vendor, month.name, ""]
                seen.add((environment, vendor, month.name, ""))
                assert row["owned_share"] == pytest.approx(share, abs=1e-4)
                assert row["history_months"] == len(counts)
                if made.is_known:
                    check_work(of, row, month, made.p50[place] * share, made.p90[place] * share)
                else:
                    assert (row["arrivals_p50"], row["people_needed"]) == (None, None)
    assert seen == found.keys()


def history_of(came: Counter[str], running: str, *, is_whole: bool) -> list[int]:
    """Whole months after the one of the first arrival, none left out."""
    if not came:
        return []
    first = Period.holding(datetime.fromisoformat(f"{min(came)}-15T00:00:00+00:00"), "month", estate.KOLKATA)
    counts = []
    while (first := first.next()).name < running or (is_whole and first.name == running):
        counts.append(came[first.name])
    return counts


def check_work(of: Reference, row: Mapping[str, Any], month: Period, p50: float, p90: float) -> None:
    """Hours and people of one month of one owner."""
    vendor = row["vendor"]
    assert row["arrivals_p50"] == pytest.approx(p50, abs=0.0051)
    assert row["arrivals_p90"] == pytest.approx(p90, abs=0.0051)
    effort = of.effort_of(vendor)
    assert effort is not None
    assert row["hours_p90"] == pytest.approx(p90 * effort, abs=0.0051)
    if not vendor:
        assert row["people_needed"] is None
        return
    days = month.first, month.next().first
    assert row["capacity_hours"] == pytest.approx(of.hours.capacity(vendor, *days), abs=0.0101)
    engineer = of.hours.engineer(vendor, *days)
    assert row["engineer_hours"] == pytest.approx(engineer, abs=0.0101)
    assert row["people_needed"] == pytest.approx(p90 * effort / engineer, abs=0.0101)
