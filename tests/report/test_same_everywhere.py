"""The same numbers in the CSV files, the workbook and the page: every table, and every figure that the page shows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.analysis.independent import estate
from tests.analysis.made import NOW, ago, decision
from tests.report.markup import Markup
from tests.report.test_dashboard import number

from itsm_bridge.analysis.columns import Column, Kind
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.report.build import publish
from itsm_bridge.report.contents import Beside
from itsm_bridge.report.estate import Estate
from itsm_bridge.store import Store

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Written:
    """One report as people get it: texts of the CSV files by table, the opened workbook, and the page."""

    csv: Mapping[str, Rows]
    book: Any
    page: Markup

    def count(self, table: str, **wanted: str) -> int:
        """Rows of a CSV file with some values."""
        return sum(all(row[name] == value for name, value in wanted.items()) for row in self.csv[table])

    def total(self, table: str, column: str, **wanted: str) -> float:
        """A column of a CSV file added up, over rows with some values."""
        rows = [row for row in self.csv[table] if all(row[name] == value for name, value in wanted.items())]
        return sum(float(row[column]) for row in rows if row[column])

    def said(self, table: str, column: str) -> float:
        """A column of a table of the page added up."""
        rows = [row for row in self.page.table(table) if next(iter(row.values())) != "All"]
        return sum(number(row[column]) for row in rows if row[column] != "–")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    programme = estate.configuration(folder / "config")
    records = estate.population(1)
    with Store.open("sqlite:///b.db", folder, create=True) as store:
        estate.kept(store, records, 1)
        run = store.start_run("run", ago(hours=2), "digest")
        made = [
            decision(one, "vendor", "OptIT", ago(hours=2), outcome)
            for one, outcome in zip(records, OUTCOMES * 20, strict=False)
        ]
        store.save_decisions(run, made)
        seen = frames(store, programme, Period.holding(NOW, "week", programme.zone), NOW)
    beside = Beside(estate=Estate.of(programme, NOW.date()))
    made_so = publish(seen, "d", folder, ["xlsx", "csv", "html"], beside=beside)
    return Written(
        {name: _read(made_so.folder / "csv" / f"{name}.csv") for name in TABLES},
        openpyxl.load_workbook(made_so.folder / "itsm-bridge_2026-W47.xlsx"),
        Markup((made_so.folder / "dashboard.html").read_text(encoding="utf-8")),
    )


OUTCOMES = ("held", "kept", "planned", "conflict", "noop")


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- csv and workbook --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.sheet])
def test_every_cell_of_a_sheet_is_that_of_the_csv_file(written: Written, name: str) -> None:
    header, *rows = written.book[name].iter_rows(values_only=True)
    assert list(header) == [column.name for column in TABLES[name].columns]
    in_csv = written.csv[name]
    assert len(in_csv) == len([row for row in rows if any(cell is not None for cell in row)])
    for row, shown in zip(in_csv, rows, strict=False):
        for column, cell in zip(TABLES[name].columns, shown, strict=True):
            assert cell == in_a_cell(row[column.name], column), (column.name, row)


def in_a_cell(text: str, column: Column) -> object:
    """A text of a CSV file as a sheet has it: a local time without its offset, and no guard against formulas."""
    if text == "":
        return None
    match column.kind:
        case Kind.TEXT:
            return text.removeprefix("'")
        case Kind.BOOLEAN:
            return text == "true"
        case Kind.INSTANT:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        case _:
            return pytest.approx(float(text), rel=1e-12)


# --- the page ----------------------------------------------------------------------------------------------------

Expected = Callable[[Written], float]


def counted(table: str, **wanted: str) -> Expected:
    return lambda written: written.count(table, **wanted)


def summed(table: str, column: str, **wanted: str) -> Expected:
    return lambda written: written.total(table, column, **wanted)


def to_decide(written: Written) -> float:
    return sum(bool(row["needs"]) for row in written.csv["open_tickets"])


SUMS: Mapping[tuple[str, str], Expected] = {
    ("environments", "Open"): counted("open_tickets"),
    ("environments", "Breached"): counted("sla_breaches", kind="sla"),
    ("environments", "At risk"): counted("sla_at_risk", kind="sla"),
    ("environments", "To decide"): to_decide,
    ("open_tickets:work", "Together"): counted("open_tickets"),
    ("open_tickets:age", "Tickets"): counted("open_tickets"),
    ("open_tickets:left", "Tickets"): counted("open_tickets"),
    **{
        (f"sla_attainment:{kind}", shown): summed("sla_attainment", column, kind=kind)
        for kind in ("sla", "uc")
        for shown, column in (
            ("Kept", "met"), ("Breached", "breached"), ("Running", "running"), ("Judged", "judged"),
        )
    },
    **{
        ("traction", shown): summed("traction", column)
        for shown, column in (
            ("Open before", "open_start"), ("Created", "created"), ("Reopened", "reopened"), ("Moved in", "moved_in"),
            ("Moved out", "moved_out"), ("Resolved", "resolved"), ("Open after", "open_end"),
        )
    },
    ("traction:open", "Together"): summed("traction", "open_end"),
    ("bandwidth", "Load, h"): summed("bandwidth", "load_hours", week="2026-W46"),
    ("bandwidth", "Capacity, h"): summed("bandwidth", "capacity_hours", week="2026-W46"),
    ("bandwidth", "Open tickets"): summed("bandwidth", "open_tickets", week="2026-W46"),
    ("sla_breach_shares", "Hours"): lambda written: written.total("sla_breach_shares", "business_seconds") / 3600,
    ("forecast", "Arrivals p50"): summed("forecast", "arrivals_p50"),
    ("forecast", "Arrivals p90"): summed("forecast", "arrivals_p90"),
    ("forecast", "Hours p90"): summed("forecast", "hours_p90"),
    ("quality", "Resolved"): summed("quality", "resolved"),
    ("recurring", "Tickets"): summed("recurring", "tickets"),
    ("data_quality", "count"): summed("data_quality", "count"),
    ("scorecard", "score"): summed("scorecard", "score"),
}  # fmt: skip
"""Columns of tables of the page that add up to a column, or a number of rows, of a CSV file."""

ROUNDED = 0.051
"""By how much one number of the page may differ for its one digit after the point."""


@pytest.mark.parametrize(("table", "column"), SUMS)
def test_a_table_of_the_page_adds_up_to_the_csv_file(written: Written, table: str, column: str) -> None:
    wanted = SUMS[table, column](written)
    assert wanted > 0 or column in {"At risk", "Kept"}
    whole = column not in {"Load, h", "Capacity, h", "Hours", "Arrivals p50", "Arrivals p90", "Hours p90", "score"}
    rows = len(written.page.table(table))
    assert written.said(table, column) == pytest.approx(wanted, abs=0 if whole else ROUNDED * rows, rel=0)


def test_every_figure_of_the_page_is_that_of_the_csv_file(written: Written) -> None:
    for row, wanted in zip(written.page.table("summary"), written.csv["summary"], strict=True):
        for shown, column in (("Value", "value"), ("Before", "previous")):
            if wanted[column]:
                step = {"share": 0.00051, "hours": ROUNDED, "business hours": 0.51, "days": ROUNDED}
                assert number(row[shown]) == pytest.approx(
                    float(wanted[column]), abs=step.get(wanted["unit"], 0), rel=0
                )
            else:
                assert row[shown] == "no data"


def test_the_service_levels_of_the_environments_are_those_of_all(written: Written) -> None:
    parts = [row["SLA kept"].split()[-1] for row in written.page.table("environments") if row["SLA kept"] != "–"]
    met, judged = (sum(int(part.split("/")[place].replace(",", "")) for part in parts) for place in (0, 1))
    assert (met, judged) == tuple(written.total("sla_attainment", name, kind="sla") for name in ("met", "judged"))
    assert judged > 0


MOST = 20
"""Lines of a list of the page."""


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("sla_breaches", counted("sla_breaches")),
        ("sla_at_risk", counted("sla_at_risk")),
        ("decisions_needed", counted("decisions_needed")),
        ("approvals", counted("approvals", waiting="true")),
    ],
)
def test_a_list_of_the_page_has_every_row_or_the_first(written: Written, table: str, wanted: Expected) -> None:
    assert len(written.page.table(table)) == min(MOST, wanted(written)) > 0


def test_the_weeks_of_each_vendor_are_those_of_the_csv_file(written: Written) -> None:
    in_csv = {(row["week"], row["vendor"]): row["utilization"] for row in written.csv["bandwidth"]}
    shown = {
        (row["Week"], vendor): said
        for row in written.page.table("bandwidth:weeks")
        for vendor, said in row.items()
        if vendor != "Week"
    }
    assert shown
    for key, said in shown.items():
        assert (said == "–") == (in_csv[key] == "")
        assert said == "–" or number(said) == pytest.approx(float(in_csv[key]), abs=0.00051)


def test_the_first_page_of_the_workbook_has_the_figures_of_the_csv_file(written: Written) -> None:
    cells = list(written.book["Overview"].iter_rows(values_only=True))
    tiles: dict[object, tuple[int, int]] = {}
    for place, row in enumerate(cells):
        for at, name in enumerate(row):
            tiles.setdefault(name, (place, at))
    for figure in written.csv["summary"]:
        if figure["figure"] in tiles and figure["key"] in {"open_tickets", "sla_breached", "waiting_approval"}:
            place, at = tiles[figure["figure"]]
            assert number(str(cells[place + 1][at])) == float(figure["value"])
    vendors = Counter(row["vendor"] or "(nobody)" for row in written.csv["open_tickets"])
    shown = {str(row[0]): str(row[2]).split(" ")[0] for row in cells if row[0] in vendors and row[2]}
    assert shown == {name: f"{count:,}" for name, count in vendors.items()}


EXPLAINED = {"summary", "definitions", "bandwidth:weeks", "relief", "inputs", "decisions_needed", "approvals"}


def test_no_table_of_the_page_is_held_against_nothing(written: Written) -> None:
    named = {name for name, _ in written.page.tables if name}
    assert (
        named
        - {table for table, _ in SUMS}
        - EXPLAINED
        - {"sla_breaches", "sla_at_risk", "bandwidth:part", "sla_trend"}
        == set()
    )
