"""Typed cells of a workbook: the only place that writes values into sheets, and never as a formula or a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from itsm_bridge.analysis.columns import Kind
from itsm_bridge.report.foreign import fitted

FONT = "Arial"
INK, MUTED, ALERT, RULE, PAPER = "#1A1A1A", "#595959", "#A84300", "#BFBFBF", "#F2F5F8"
BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#B8A800",
)  # fmt: skip
"""The palette of Okabe and Ito, which people who see colours differently can tell apart."""

NUMBER_FORMATS: Mapping[Kind, str] = {
    Kind.TEXT: "@",
    Kind.INTEGER: "#,##0",
    Kind.NUMBER: "#,##0.00",
    Kind.PERCENT: "0.0%",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.BOOLEAN: '"TRUE";"TRUE";"FALSE"',  # for LibreOffice, which shows 1 and 0 in a styled cell
}

UNIT_FORMATS: Mapping[str, str] = {
    "tickets": "#,##0",
    "cycles": "#,##0",
    "share": "0.0%",
    "approvals": "#,##0",
    "hours": "#,##0.0",
    "business hours": "#,##0.0",
    "days": "#,##0.0",
    "points": "0.0",
    "1 to 5": "0.00",
}
"""How a number is shown whose unit stands in its row."""

OTHER_UNIT = "#,##0.00"
"""The same for any other unit: a currency, or none."""

FIRST_YEAR = 1900
"""The first that a spreadsheet's dates can say; earlier ones are written as text."""

OPTIONS: Mapping[str, object] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_format_properties": {"font_name": FONT, "font_size": 10, "font_color": INK},
}


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def __call__(self, **properties: object) -> Format:
        """The format with these properties, in our font."""
        whole = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter", **properties}
        key = tuple(sorted(whole.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(whole)
        return self._made[key]


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes single values into one sheet, each as what it is, in a style given by its properties."""

    sheet: Worksheet
    styles: Styles

    def put(self, row: int, column: int, value: object, **properties: object) -> None:
        """One value: text stays text, a missing value leaves the cell empty but styled."""
        style = self.styles(**properties)
        if value is None or value == "" or pd.isna(cast("float", value)):
            self.sheet.write_blank(row, column, None, style)
        elif isinstance(value, str):
            self.sheet.write_string(row, column, fitted(value), style)
        else:
            self.sheet.write_number(row, column, float(cast("float", value)), style)

    def put_across(self, row: int, column: int, value: object, **properties: object) -> None:
        """One value in two cells joined; never in a table."""
        self.sheet.merge_range(row, column, row, column + 1, "", self.styles(**properties))
        self.put(row, column, value, **properties)


Cell = tuple[int, int]
"""Row and column, from 0."""


def write_column(sheet: Worksheet, top: Cell, kind: Kind, values: pd.Series, zone: ZoneInfo) -> None:
    """A column of a table from the cell ``top`` down, in the column's format; missing values leave no cell."""
    _COLUMNS[kind](sheet, top, values, zone)


def _texts(sheet: Worksheet, top: Cell, values: pd.Series, _zone: ZoneInfo) -> None:
    for row, value in enumerate(values, start=top[0]):
        if value:
            sheet.write_string(row, top[1], fitted(value))


def _numbers(sheet: Worksheet, top: Cell, values: pd.Series, _zone: ZoneInfo) -> None:
    for row, value in enumerate(values, start=top[0]):
        if not pd.isna(value):
            sheet.write_number(row, top[1], value)


def _booleans(sheet: Worksheet, top: Cell, values: pd.Series, _zone: ZoneInfo) -> None:
    for row, value in enumerate(values, start=top[0]):
        if not pd.isna(value):
            sheet.write_boolean(row, top[1], bool(value))


def _instants(sheet: Worksheet, top: Cell, values: pd.Series, zone: ZoneInfo) -> None:
    for row, value in enumerate(values.dt.floor("s").dt.tz_convert(zone), start=top[0]):
        if not pd.isna(value):
            _write_instant(sheet, row, top[1], value.to_pydatetime())


def _write_instant(sheet: Worksheet, row: int, column: int, at: datetime) -> None:
    """A real date. A spreadsheet knows no zones: here, and only here, the local time loses its own."""
    if at.year < FIRST_YEAR:
        sheet.write_string(row, column, at.isoformat(timespec="seconds"))
    else:
        sheet.write_datetime(row, column, at.replace(tzinfo=None))


_COLUMNS: Mapping[Kind, Callable[[Worksheet, Cell, pd.Series, ZoneInfo], None]] = {
    Kind.TEXT: _texts,
    Kind.INTEGER: _numbers,
    Kind.NUMBER: _numbers,
    Kind.PERCENT: _numbers,
    Kind.INSTANT: _instants,
    Kind.BOOLEAN: _booleans,
}
