"""The tables about what lies beside tickets against plain Python over the same database, at several instants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.analysis.independent import beside, books, clocks_beside
from tests.analysis.independent.hours import Hours
from tests.analysis.independent.lives import instant, lives
from tests.analysis.independent.reference import Reference, Rows
from tests.analysis.independent.test_every_table import differences, plain
from tests.analysis.made import NOW

from itsm_bridge.analysis import decisions_needed
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.matters import matters
from itsm_bridge.analysis.period import Period, Unit
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration
from itsm_bridge.store import Store

CASES = {
    "this week": (11, "week", NOW, False),
    "last month, whole": (12, "month", NOW, True),
    "a month, from history": (13, "month", NOW - timedelta(days=9, hours=7), False),
}
"""Seed, period, as-of instant, and whether it is the period before."""


@dataclass(frozen=True)
class Case:
    """What the program says and what the reference says; ``corrected`` are histories that were others before."""

    seen: Frames
    needed: pd.DataFrame
    of: Reference
    database: Path
    as_of: datetime
    corrected: Mapping[str, tuple[datetime, datetime]]

    def rows(self, table: str, *key: str) -> Rows:
        """The program's rows by some of their columns; no two have the same."""
        return by_key(self.needed if table == "decisions_needed" else TABLES[table].rows(self.seen), *key)


def by_key(table: pd.DataFrame, *key: str) -> Rows:
    rows = [{name: plain(value) for name, value in row.items()} for row in table.to_dict("records")]
    found: Rows = {tuple(row[name] for name in key): row for row in rows}  # type: ignore[misc]  # names are texts
    assert len(found) == len(rows)
    return found


Programmes = tuple[Configuration, Configuration]


@pytest.fixture(scope="module")
def programmes(tmp_path_factory: pytest.TempPathFactory) -> Programmes:
    return beside.configurations(tmp_path_factory.mktemp("programmes"))


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest, programmes: Programmes, tmp_path_factory: pytest.TempPathFactory) -> Case:
    (today, older), (seed, unit, as_of, last) = programmes, CASES[request.param]
    folder = tmp_path_factory.mktemp("store")
    period = Period.holding(as_of, unit, today.zone)
    period = period.previous() if last else period
    with Store.open("sqlite:///b.db", folder, create=True) as store:
        corrected = beside.kept(store, today, older, seed)
        seen = frames(store, today, period, as_of)
        needed = decisions_needed.build(seen, matters(today, store.runs(200), seen.until))
    mondays = [week.first for week in seen.weeks]
    until = period.until(as_of)
    of = Reference(lives(folder / "b.db", until), period.start, until, mondays, Hours(today))
    return Case(seen, needed, of, folder / "b.db", as_of, corrected)


def test_the_last_decision_about_each_field_is_listed_with_what_became_of_it(case: Case) -> None:
    wanted = books.decisions(case.of, case.database)
    found = TABLES["decisions"].rows(case.seen).to_dict("records")
    assert len({row["outcome"] for row in wanted}) > 5
    assert Counter(tuple(plain(row[name]) for name in wanted[0]) for row in found) == Counter(
        tuple(row.values()) for row in wanted
    )


def test_each_open_question_is_asked_once_with_since_when_it_waits(case: Case) -> None:
    wanted = books.needed(case.of, case.database, books.decisions(case.of, case.database))
    assert len({kind for kind, _ in wanted}) > 5
    assert list(differences(case.rows("decisions_needed", "kind", "subject"), wanted, 0)) == []


def test_an_agreed_verdict_that_is_another_one_today_is_a_flip(case: Case) -> None:
    wanted = clocks_beside.flips(case.of, case.database, case.as_of)
    found = case.rows("sla_flips", "ticket", "sla", "started_at", "frozen_at")
    by_frozen = {(*key[:3], row["frozen_at"]): row for key, row in wanted.items()}
    assert wanted
    assert list(differences(found, by_frozen, 0)) == []


def test_a_flip_names_what_has_changed_since(case: Case) -> None:
    """What was changed is known here: one level, one calendar, and the end of some tickets."""
    ends = {(row["external_id"], row["sla"], instant(row["started_at"]), instant(row["frozen_at"])): row
            for row in books.rows_of(case.database, "sla_verdicts")}  # fmt: skip
    calendars = {name: one.calendar for name, one in case.of.hours.configuration.vendors.items()}
    told = set()
    for (ticket, sla, started, frozen), row in case.rows(
        "sla_flips", "ticket", "sla", "started_at", "frozen_at"
    ).items():
        external_id = ticket.partition(":")[2]
        ended = instant(ends[external_id, sla, started, frozen]["stopped_at"])
        calendar = {"answer": "office", "a day": "always"}.get(sla) or calendars[row["vendor"]]
        wanted = [
            name
            for name, is_so in {
                "definition changed": sla in beside.CHANGED_LEVELS,
                "calendar changed": calendar in beside.CHANGED_CALENDARS,
                "history changed": any(at <= ended for at in case.corrected.get(external_id, ())),
            }.items()
            if is_so
        ]
        assert row["cause"] == ", ".join(wanted), (ticket, sla, started)
        told.update(wanted)
    assert "definition changed" in told


def test_clocks_of_the_source_stand_beside_ours_of_the_same_instant(case: Case) -> None:
    wanted = clocks_beside.natives(case.of, case.database)
    assert {row["agrees"] for row in wanted.values()} == {True, False, None}
    found = TABLES["sla_native"].rows(case.seen).to_dict("records")
    said = Counter(tuple(plain(row[name]) for name in _NATIVE) for row in found)
    assert said == Counter((*key[:2], *row.values()) for key, row in wanted.items())


_NATIVE = (
    "ticket", "sla", "native", "ours_elapsed_seconds", "native_elapsed_seconds", "difference_seconds", "ours_breached",
    "native_breached", "ours_due_at", "native_due_at", "agrees",
)  # fmt: skip


def test_a_difference_has_a_cause_and_a_target_that_the_source_states_is_one(case: Case) -> None:
    named = {life.row["external_id"]: life.id for life in case.of.known}
    planted = {
        (named[row["external_id"]], row["name"], row["elapsed_seconds"])
        for row in books.rows_of(case.database, "native_slas")
        if row["native_id"].endswith("-target") and row["external_id"] in named and row["elapsed_seconds"]
    }
    seen = set()
    for row in TABLES["sla_native"].rows(case.seen).to_dict("records"):
        assert (row["cause"] != "") is (row["agrees"] is False)
        if (key := (row["ticket"], row["native"], row["native_elapsed_seconds"])) in planted:
            assert row["cause"] == "target", key
            seen.add(key)
    assert seen


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("sla_breach_shares", ("ticket", "sla", "started_at", "holder", "kind")),
        ("sla_breach_holders", ("sla", "holder", "kind")),
    ],
)
def test_the_time_of_late_clocks_is_divided_among_holders(case: Case, table: str, key: tuple[str, ...]) -> None:
    shares, holders = clocks_beside.breach_shares, clocks_beside.breach_holders
    wanted = {"sla_breach_shares": shares, "sla_breach_holders": holders}[table](case.of)
    assert len({name[-2] for name in wanted}) > 3
    assert list(differences(case.rows(table, *key), wanted, 1e-6)) == []


def test_figures_from_outside_are_those_of_the_files_up_to_the_month(case: Case) -> None:
    wanted = books.inputs(case.of, beside.INPUTS, beside.PLACES)
    assert wanted
    assert list(differences(case.rows("inputs", "figure", "vendor", "environment", "month"), wanted, 1e-9)) == []


def test_each_check_counts_what_plain_python_counts(case: Case) -> None:
    wanted = books.checks(case.of, is_week=case.seen.period.unit is Unit.WEEK)
    found: dict[Any, Any] = {name: row for (name,), row in case.rows("checks", "check").items()}
    assert {name: row["expected"] for name, row in found.items()} == wanted
    assert {name: row["found"] for name, row in found.items()} == wanted
    assert {row["result"] for row in found.values()} == {"ok"}
