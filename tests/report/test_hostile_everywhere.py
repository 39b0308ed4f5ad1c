"""Hostile text in every text column of every table, in each file format, and in the copies of vendors."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from tests.analysis import made
from tests.analysis.independent import estate
from tests.analysis.made import NOW, ago, decision
from tests.report.hostile import HOSTILE
from tests.report.markup import Markup
from tests.report.test_csvfile import is_number
from tests.report.test_dashboard import ATTACKS

from itsm_bridge.analysis.columns import Kind
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration
from itsm_bridge.report.contents import Beside, Report, report_of
from itsm_bridge.report.copies import publish_copies
from itsm_bridge.report.dashboard import dashboard
from itsm_bridge.report.estate import Estate
from itsm_bridge.report.foreign import runs
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.store import Store

OURS: Mapping[str, frozenset[str]] = {
    "summary": frozenset({"figure", "unit", "verdict", "key"}),
    "decisions_needed": frozenset({"decision", "otherwise", "where", "kind"}),
    "corrections": frozenset({"table", "what"}),
    "tickets": frozenset({"type", "state", "approval"}),
    "open_tickets": frozenset({"state", "age_bucket", "needs", "approval"}),
    "sla_cycles": frozenset({"kind", "stage"}),
    "sla_attainment": frozenset({"kind"}),
    "sla_breaches": frozenset({"kind", "stage"}),
    "sla_at_risk": frozenset({"kind", "stage"}),
    "sla_flips": frozenset({"agreed", "today", "cause"}),
    "sla_breach_shares": frozenset({"kind"}),
    "sla_breach_holders": frozenset({"kind"}),
    "time_in_hand": frozenset({"kind"}),
    "sla_native": frozenset({"cause"}),
    "bandwidth": frozenset({"week", "status"}),
    "bandwidth_environments": frozenset({"week"}),
    "bandwidth_skills": frozenset({"week"}),
    "relief": frozenset({"week"}),
    "traction": frozenset({"week"}),
    "history": frozenset({"field"}),
    "approvals": frozenset({"state", "by"}),
    "scorecard": frozenset({"figure", "data", "basis"}),
    "inputs": frozenset({"month", "figure"}),
    "forecast": frozenset({"month", "status", "method"}),
    "decisions": frozenset({"field", "outcome"}),
    "data_quality": frozenset({"check"}),
    "checks": frozenset({"check", "result"}),
    "definitions": frozenset({"figure", "definition"}),
}
"""The text columns that hold words of the program alone. In all others somebody else's text can stand."""


def foreign(table: str) -> list[str]:
    texts = [column.name for column in TABLES[table].columns if column.kind is Kind.TEXT]
    return [name for name in texts if name not in OURS.get(table, ())]


def test_each_text_column_is_known_to_be_ours_or_is_taken_for_hostile() -> None:
    for table, columns in OURS.items():
        named = {column.name for column in TABLES[table].columns if column.kind is Kind.TEXT}
        assert columns <= named, table
    assert sum(len(foreign(table)) for table in TABLES) > 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report with rows in most tables."""
    folder = tmp_path_factory.mktemp("whole")
    programme = estate.configuration(folder / "config")
    records = estate.population(1, 50)
    with Store.open("sqlite:///b.db", folder, create=True) as store:
        estate.kept(store, records, 1)
        run = store.start_run("run", ago(hours=2), "digest")
        store.save_decisions(run, [decision(one, "vendor", "OptIT", ago(hours=2), "held") for one in records])
        seen = frames(store, programme, Period.holding(NOW, "week", programme.zone), NOW)
    return report_of(seen, "d", "0", beside=Beside(estate=Estate.of(programme, NOW.date())))


def poisoned(report: Report, texts: Sequence[str], but: frozenset[str] = frozenset()) -> Report:
    """The same report with each foreign text replaced by one of ``texts`` after the other, and enough rows for all.

    No two rows of a table are about the same ticket, unless that is so anyway.
    """
    endless = cycle(texts)
    rows = {}
    for table in TABLES:
        frame = _long_enough(report.rows[table], len(texts))
        for name in (name for name in foreign(table) if name not in but):
            values = pd.Series(list(islice(endless, len(frame))), dtype="string")
            if name == "ticket":
                values += pd.Series(map(str, range(len(frame))), dtype="string")
            frame = frame.assign(**{name: values})
        rows[table] = frame
    return replace(report, rows=rows, said=tuple(texts))


def _long_enough(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """The rows again and again; where there are none, empty ones, which have the texts alone."""
    if len(frame):
        return pd.concat([frame] * -(-count // len(frame)), ignore_index=True)
    blank: dict[str, Any] = {name: [""] * count if frame[name].dtype == "string" else None for name in map(str, frame)}
    return pd.DataFrame(blank, index=range(count)).astype(frame.dtypes.to_dict())


def test_no_cell_of_any_csv_file_can_run(whole: Report, tmp_path: Path) -> None:
    report = poisoned(whole, HOSTILE)
    changed = {next(iter(file.tables)): file.neutralised for file in FORMATS["csv"](report, tmp_path)}
    for name in TABLES:
        with (tmp_path / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == len(report.rows[name]) + 1
        assert not [cell for row in rows for cell in row if runs(cell) and not is_number(cell)], name
        assert changed[name] > 0 or not foreign(name)


def test_nothing_in_any_sheet_is_a_formula_or_leads_elsewhere(whole: Report, tmp_path: Path) -> None:
    list(FORMATS["xlsx"](poisoned(whole, HOSTILE), tmp_path))
    (path,) = tmp_path.glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert not [cell for cell in cells if cell.hyperlink is not None and not cell.hyperlink.location]
    assert any(cell.value == "=1+1" for cell in cells)


EVIL = frozenset({"script", "iframe", "img", "object", "embed", "form"})


def test_no_text_of_any_table_becomes_markup_on_the_page(whole: Report) -> None:
    attacked, harmless = (
        Markup(dashboard(poisoned(whole, texts)))
        for texts in (ATTACKS, [f"x{place:03}" for place in range(len(ATTACKS))])
    )
    assert set(attacked.shape) <= set(harmless.shape)  # no element and no attribute that is not there otherwise
    assert {link for link in attacked.links if not link.startswith(("#", "https://snow.example/"))} == set()
    assert not EVIL & {tag for tag, _ in attacked.shape}
    assert attacked.text.count("alert(1)") > 100


def test_what_would_run_elsewhere_is_only_text_on_the_page(whole: Report) -> None:
    page = dashboard(poisoned(whole, HOSTILE, but=frozenset({"environment"})))  # each would be a section of its own
    page.encode("utf-8")
    found = Markup(page)
    assert not EVIL & {tag for tag, _ in found.shape}
    assert not [name for _, names in found.shape for name in names if name.startswith("on")]
    assert "=1+1" in found.text


# --- vendors' copies -------------------------------------------------------------------------------------------------


def test_a_copy_for_a_vendor_holds_hostile_titles_as_text(configured: Configuration, tmp_path: Path) -> None:
    texts = (*ATTACKS, *HOSTILE)
    records = [
        made.ticket(f"INC{place:04}", ago(days=2, minutes=place), summary=text, assignee=text, category=(text,))
        for place, text in enumerate(texts)
    ]
    seen = made.frames(records, configured, decisions=[decision(records[0], "priority", 2, ago(hours=1), "held")])
    copies = publish_copies(seen, configured, ["GWL"], tmp_path, ["csv", "xlsx", "html"])
    assert copies.stopped == {}
    folder = copies.published["GWL"].folder
    for path in (folder / "csv").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if runs(cell) and not is_number(cell)], path
    book = openpyxl.load_workbook(next(folder.glob("*.xlsx")))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    page = Markup((folder / "dashboard.html").read_text(encoding="utf-8"))
    assert not EVIL & {tag for tag, _ in page.shape}
    assert not [name for _, names in page.shape for name in names if name.startswith("on")]
