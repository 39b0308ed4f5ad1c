"""Long sheets: XlsxWriter with its writing of rows replaced makes what it makes itself."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from tests.report.random_rows import COLUMNS, frame, random_rows
from xlsxwriter.worksheet import Worksheet

from itsm_bridge.analysis.columns import Kind
from itsm_bridge.report import long_sheets, sheets, workbook
from itsm_bridge.report.cells import NUMBER_FORMATS, OPTIONS, write_column
from itsm_bridge.report.contents import Report
from itsm_bridge.report.long_sheets import LongSheet, replaceable

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """Nothing is remembered of what another test made of XlsxWriter."""
    replaceable.cache_clear()
    yield
    replaceable.cache_clear()


def book(of: type[Worksheet], rows: pd.DataFrame, top: int = 0) -> bytes:
    """Two sheets with the same rows, in a workbook."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {**deepcopy(OPTIONS), "in_memory": True}) as made:
        made.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 - XlsxWriter takes no zones
        looks = [made.add_format({"num_format": NUMBER_FORMATS[kind]}) for kind in Kind]
        for name in ("one", "two"):
            sheet = made.add_worksheet(name, worksheet_class=of)
            headers = [{"header": column.name} for column in COLUMNS]
            for row in range(top):
                sheet.write_string(row, 0, "above")
            sheet.add_table(top, 0, top + len(rows), len(COLUMNS) - 1, {"name": f"tbl_{name}", "columns": headers})
            for place, column in enumerate(COLUMNS):
                sheet.set_column(place, place, 12, looks[place])
                lay(sheet, (top + 1, place), column.kind, rows[column.name])
            sheet.conditional_format(top + 1, 1, top + len(rows), 1, {"type": "data_bar"})
            sheet.freeze_panes(top + 1, 1)
    return file.getvalue()


def lay(sheet: Worksheet, top: tuple[int, int], kind: Kind, values: pd.Series) -> None:
    if isinstance(sheet, LongSheet):
        sheet.lay(top, kind, values, KOLKATA)
    else:
        write_column(sheet, top, kind, values, KOLKATA)


def test_the_xlsxwriter_that_is_installed_lets_its_writing_of_rows_be_replaced() -> None:
    """Where this fails after an update, workbooks are right and slow: `long_sheets.py` is to follow XlsxWriter."""
    assert long_sheets._probe(LongSheet) == long_sheets._probe(Worksheet)
    assert replaceable()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("top", [0, 1])
def test_every_byte_of_a_workbook_is_what_xlsxwriter_makes_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, seed: int, top: int
) -> None:
    monkeypatch.setattr(long_sheets, "AT_ONCE", 50)
    rows = random_rows(seed, 30 + 17 * seed)
    made = book(LongSheet, rows, top)
    assert made == book(Worksheet, rows, top)
    assert openpyxl.load_workbook(BytesIO(made))["two"].max_row <= top + 1 + len(rows)


def test_rows_without_any_value_are_no_rows_in_both_ways() -> None:
    nothing = ("", None, None, None, None, None)
    value = ("a", None, None, None, None, None)
    for rows in ([nothing] * 40, [nothing] * 33 + [value] + [nothing] * 20, [value] + [nothing] * 33 + [value]):
        assert book(LongSheet, frame(rows)) == book(Worksheet, frame(rows))


def test_a_report_s_workbook_is_the_same_in_both_ways(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid: list[str] = []
    monkeypatch.setattr(sheets, "MOST_WRAPPED", 5)
    monkeypatch.setattr(LongSheet, "_write_rows", noted(laid))
    workbook.write(tmp_path / "fast.xlsx", report, most_shown=30)
    assert {"tickets", "definitions"} <= set(laid)
    assert "summary" not in laid  # whose numbers have formats of their own
    monkeypatch.setattr(sheets, "replaceable", lambda: False)
    done = len(laid)
    workbook.write(tmp_path / "plain.xlsx", report, most_shown=30)
    assert len(laid) == done
    assert (tmp_path / "fast.xlsx").read_bytes() == (tmp_path / "plain.xlsx").read_bytes()


def noted(laid: list[str]) -> object:
    real = LongSheet._write_rows

    def write(sheet: LongSheet) -> None:
        laid.append(sheet.get_name())
        real(sheet)

    return write


def test_where_xlsxwriter_writes_cells_in_another_way_they_are_written_one_by_one(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Worksheet._xml_string_element
    written: list[int] = []

    def otherwise(sheet: Worksheet, index: int, attributes: list[tuple[str, object]]) -> None:
        written.append(index)
        real(sheet, index, [*attributes, ("vm", "1")])

    monkeypatch.setattr(Worksheet, "_xml_string_element", otherwise)
    monkeypatch.setattr(sheets, "MOST_WRAPPED", 5)
    monkeypatch.setattr(LongSheet, "_rows", forbidden)
    monkeypatch.setattr(long_sheets, "_probe", lambda of: of.__name__.encode())
    assert not replaceable()
    workbook.write(tmp_path / "x.xlsx", report)
    assert len(written) > len(report.rows["tickets"])
    assert openpyxl.load_workbook(tmp_path / "x.xlsx")["tickets"].max_row == len(report.rows["tickets"]) + 1


def forbidden(_sheet: LongSheet) -> Iterator[str]:
    raise AssertionError


def test_another_way_to_write_a_cell_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Worksheet._xml_number_element
    monkeypatch.setattr(
        Worksheet, "_xml_number_element", lambda sheet, number, attributes: real(sheet, number + 1, attributes)
    )
    assert not replaceable()


def test_a_private_part_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert replaceable()
    replaceable.cache_clear()

    def gone(_sheet: LongSheet, _place: int) -> int:
        raise AttributeError("_get_xf_index")

    monkeypatch.setattr(LongSheet, "_style", gone)
    assert not replaceable()


def test_what_a_long_sheet_would_lose_or_cannot_hold_is_refused() -> None:
    with xlsxwriter.Workbook(BytesIO(), {"in_memory": True}) as made:
        sheet = made.add_worksheet("x", worksheet_class=LongSheet)
        sheet.set_column(0, 0, 9, made.add_format())
        sheet.write_string(0, 0, "header")
        sheet.lay((1, 0), Kind.NUMBER, pd.Series([1.0, 2.0]), KOLKATA)
        sheet.write_string(2, 0, "lost")
        with pytest.raises(ValueError, match="single cells among its rows"):
            sheet._write_rows()
        del sheet.table[2]
    sheet = LongSheet()
    with pytest.raises(ValueError, match="column 1 of a long sheet after 0 others"):
        sheet.lay((1, 1), Kind.NUMBER, pd.Series([1.0]), KOLKATA)
    with pytest.raises(TypeError, match="infinite"):
        sheet.lay((1, 0), Kind.NUMBER, pd.Series([float("inf")]), KOLKATA)
