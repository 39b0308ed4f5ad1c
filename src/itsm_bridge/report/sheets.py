"""The worksheets behind the first page: one a table, their list, and what the reader must know about the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from itsm_bridge.analysis.columns import Column, Kind
from itsm_bridge.report.cells import (
    ALERT,
    BLUE,
    MUTED,
    NUMBER_FORMATS,
    OTHER_UNIT,
    UNIT_FORMATS,
    Pen,
    Styles,
    write_column,
)
from itsm_bridge.report.contents import Report
from itsm_bridge.report.long_sheets import LongSheet, replaceable
from itsm_bridge.report.marks import mark
from itsm_bridge.report.parts import MOST_SHOWN, Part
from itsm_bridge.store import Head

WIDTH_SAMPLE = 500
NARROWEST, WIDEST, WIDEST_WRAPPED = 9, 52, 90
MOST_WRAPPED = 400
"""Rows of a table up to which long texts are wrapped rather than cut by the next cell."""

LINE_HEIGHT, MOST_LINES = 13.5, 10
PROSE_WIDTH = 110
NAME_WIDTH = 24  # the longest name of a table
FIXED_WIDTHS = {Kind.INSTANT: 19, Kind.BOOLEAN: 12}

A4 = 9
PADDING = 5 / 7
"""What a spreadsheet adds to the width of a column, in digits: five pixels, where a digit has seven."""

PRINTED_WIDTH = 190
"""Digits in a line across A4 landscape that can still be read: two thirds of full size."""


def add_table_sheet(workbook: xlsxwriter.Workbook, styles: Styles, report: Report, part: Part) -> None:
    """One part of a table as an Excel table: header in the first row, filter, frozen header, real types.

    Of a table that is cut, the sentence that says so stands above the header, where it stays in sight.
    """
    wrapped = len(part.rows) <= MOST_WRAPPED
    pen = Pen(workbook.add_worksheet(part.sheet, worksheet_class=_class_for(part)), styles)
    if part.warning:
        pen.put(0, 0, part.warning, bold=True, font_color=ALERT)
    _add_excel_table(pen, part)
    widths = [_width(column, part.rows[column.name], wrapped=wrapped) for column in part.table.columns]
    for place, (column, width) in enumerate(zip(part.table.columns, widths, strict=True)):
        pen.sheet.set_column(place, place, width, styles(**_look(column, wrapped=wrapped)))
        lay = pen.sheet.lay if isinstance(pen.sheet, LongSheet) else partial(write_column, pen.sheet)
        lay((part.top + 1, place), column.kind, part.rows[column.name], report.zone)
    mark(pen, part.table, len(part.rows), part.top)
    _show_units(pen, part)
    if wrapped:
        _set_heights(pen.sheet, part, widths)
    pen.sheet.freeze_panes(part.top + 1, 1)
    set_up_print(pen.sheet, report, f"{part.table.title}{part.note}")
    pen.sheet.repeat_rows(0, part.top)
    _spread(pen.sheet, widths)


def _class_for(part: Part) -> type[Worksheet]:
    """The fast one where it matters, unless single cells of the table have formats of their own."""
    plain = len(part.rows) <= MOST_WRAPPED or any(column.unit == UNIT_BESIDE for column in part.table.columns)
    return Worksheet if plain or not replaceable() else LongSheet


def add_contents(workbook: xlsxwriter.Workbook, styles: Styles, report: Report, listed: Sequence[Part]) -> None:
    """The list of sheets, with links to them."""
    pen = Pen(workbook.add_worksheet("Contents"), styles)
    _head(pen, report, "Contents")
    for place, text in enumerate(("Sheet", "Rows", "What it holds")):
        align: dict[str, object] = {"align": "right"} if place == 1 else {"align": "left", "indent": place // 2}
        pen.put(3, place, text, bold=True, bottom=1, font_color=MUTED, **align)
    for row, (name, count, text) in enumerate(_listing(listed), start=4):
        link = styles(font_color=BLUE, underline=1, valign="top")
        pen.sheet.write_url(row, 0, f"internal:'{name}'!A1", link, string=name)
        pen.put(row, 1, count, num_format="#,##0", valign="top")
        pen.put(row, 2, text, text_wrap=True, valign="top", align="left", indent=1)
        pen.sheet.set_row(row, lines_of(text, PROSE_WIDTH) * LINE_HEIGHT + 3)
    for place, width in enumerate((NAME_WIDTH, 10, PROSE_WIDTH)):
        pen.sheet.set_column(place, place, width)
    set_up_print(pen.sheet, report, "Contents")


def add_about(workbook: xlsxwriter.Workbook, styles: Styles, report: Report) -> None:
    """What the report is made from."""
    pen = Pen(workbook.add_worksheet("About"), styles)
    _head(pen, report, "About this report")
    for row, (label, value) in enumerate(_about(report), start=3):
        pen.put(row, 0, label, bold=True, valign="top")
        pen.put(row, 1, value, text_wrap=True, valign="top", align="left")
        pen.sheet.set_row(row, lines_of(value, PROSE_WIDTH) * LINE_HEIGHT + 3)
    pen.sheet.set_column(0, 0, 30)
    pen.sheet.set_column(1, 1, PROSE_WIDTH)
    set_up_print(pen.sheet, report, "About")


def set_up_print(sheet: Worksheet, report: Report, title: str) -> None:
    """A4 landscape, as wide as the paper, the title above and the page's number below; no grid on the screen."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_header(f"&L&9 {_escaped(title)}&R&9 {report.frames.period.name}")
    sheet.set_footer(f"&L&8 {report.stamp}&C&8 {_escaped(report.classification)}&R&8 Page &P of &N")
    sheet.hide_gridlines(2)


def _spread(sheet: Worksheet, widths: Sequence[float]) -> None:
    """Print a wide table on several pages side by side, each with the first column, rather than too small to read."""
    first, *others = (width + PADDING for width in widths)
    across = math.ceil(sum(others) / (PRINTED_WIDTH - first))
    if across > 1:
        sheet.fit_to_pages(across, 0)
        sheet.repeat_columns(0)
        sheet.print_across()


def _listing(listed: Sequence[Part]) -> Iterator[tuple[str, int | None, str]]:
    yield "Overview", None, "The first page: what happened, and what needs a decision."
    for part in listed:
        yield part.sheet, len(part.rows), f"{part.table.description}{part.note}"
    yield "Chart data", None, "The numbers behind the charts of the first page."
    yield "About", None, "What the report is made from, and how to question a figure."


def _add_excel_table(pen: Pen, part: Part) -> None:
    """The table's frame; an empty one has a blank row, since Excel refuses a table without any."""
    options = {
        "name": f"tbl_{part.sheet}",
        "style": "Table Style Light 1",
        "columns": [
            {"header": column.name, "header_format": pen.styles(**_HEADER, **_ALIGNED.get(column.kind, _RIGHT))}
            for column in part.table.columns
        ],
    }
    pen.sheet.add_table(part.top, 0, part.top + max(len(part.rows), 1), len(part.table.columns) - 1, options)


UNIT_BESIDE = "as in unit"
"""The unit of a column whose numbers each have theirs in the column ``unit``."""

MEANS = frozenset({"mean_of_four", "change_to_mean"})
FINER = {"tickets": "#,##0.0", "cycles": "#,##0.0"}
"""How a mean of counts is shown."""

_HEADER = {"bold": True, "font_color": "#FFFFFF", "bg_color": BLUE}
_ALIGNED = {Kind.TEXT: {"align": "left", "indent": 1}}
_RIGHT = {"align": "right", "indent": 2}  # beside the filter's button, not under it


def _show_units(pen: Pen, part: Part) -> None:
    """Numbers whose unit stands in their row, each in the format of that unit."""
    first = part.top + 1
    for place, column in enumerate(part.table.columns):
        if column.unit == UNIT_BESIDE:
            formats = {**UNIT_FORMATS, **FINER} if column.name in MEANS else UNIT_FORMATS
            for row, (value, unit) in enumerate(zip(part.rows[column.name], part.rows["unit"], strict=True), first):
                pen.put(row, place, value, num_format=formats.get(unit, OTHER_UNIT))


def _look(column: Column, *, wrapped: bool) -> dict[str, object]:
    """The format of a column."""
    look: dict[str, object] = {"num_format": NUMBER_FORMATS[column.kind]}
    if column.kind is Kind.TEXT:
        look |= {"align": "left", "indent": 1}
    if wrapped:
        look |= {"text_wrap": True, "valign": "top"}
    return look


def _width(column: Column, values: pd.Series, *, wrapped: bool) -> float:
    """What shows most of the values without making a sheet of one column; headers need room for the filter's button."""
    named = len(column.name) + 4
    if column.kind in FIXED_WIDTHS:
        return max(FIXED_WIDTHS[column.kind], named)
    sample = values.head(WIDTH_SAMPLE).dropna().astype("string").str.len()
    longest = int(sample.max()) if len(sample) else 0
    return min(max(longest + 3, named, NARROWEST), WIDEST_WRAPPED if wrapped else WIDEST)


def _set_heights(sheet: Worksheet, part: Part, widths: Sequence[float]) -> None:
    """Rows as high as their longest text needs; programs do not agree on doing so by themselves."""
    texts = [
        (width, part.rows[column.name])
        for column, width in zip(part.table.columns, widths, strict=True)
        if column.kind is Kind.TEXT
    ]
    for row in range(len(part.rows)):
        lines = max(lines_of(values.iloc[row], width) for width, values in texts)
        if lines > 1:
            sheet.set_row(part.top + 1 + row, lines * LINE_HEIGHT)


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a column of so many digits: running text is narrower, but breaks between words."""
    needed = sum(max(1, math.ceil(len(line) / (1.2 * width))) for line in text.split("\n"))
    return min(needed, MOST_LINES)


def _head(pen: Pen, report: Report, title: str) -> None:
    pen.put(0, 0, title, bold=True, font_size=16)
    pen.put(1, 0, f"{report.title}. {report.stamp}.", font_color=MUTED)


def _about(report: Report) -> Iterator[tuple[str, str]]:
    frames = report.frames
    start = frames.start.astimezone(report.zone).isoformat()
    if report.vendor:
        yield f"Copy for {report.vendor}", COPY
    yield "Period", f"{frames.period.name}, from {start} up to the as-of instant"
    yield "As of", report.as_of.isoformat()
    yield "For whom", report.classification
    if report.contact:
        yield "Questions", report.contact
    yield "Next issue", report.next_issue
    yield "Zone of all instants", report.zone.key
    yield "Compared with", f"{frames.period.previous().name}, up to the same point of it"
    for source, at in frames.freshness.items():
        read = "never read to its end" if at is None else at.astimezone(report.zone).isoformat(timespec="seconds")
        yield f"Source {source} last read", read
        yield f"Tickets of {source}", f"{frames.known.get(source, 0):,}"
    yield "Configuration (SHA-256)", report.digest
    if not report.vendor:  # how much is written to all vendors' tickets is not one vendor's business
        yield "Audit log", _audit(report.audit)
    yield "Program", f"itsm-bridge {report.version}"
    yield from _ADVICE.items()


COPY = (
    "Every count, sum and share is over the tickets that this vendor had, and over the time in which it had them; what "
    "came before and after in other hands is left out. Others are called another party. A ticket in state handed_over "
    "was with the vendor in the period and is no more."
)


def _audit(head: Head) -> str:
    """What makes a later change of the log visible to whoever kept this workbook."""
    if not head.rows:
        return "no write yet"
    rows = f"{head.rows:,} row{'' if head.rows == 1 else 's'}"
    return f"{rows}, head {head.hash}; `itsm-bridge audit verify --head {head.hash[:12]}` says whether it still holds"


_ADVICE = {
    "The same numbers elsewhere": (
        "Every table is also a CSV file of the same name, if CSV was asked for; manifest.json lists all files with "
        f"their SHA-256. A table of more than {MOST_SHOWN:,} rows is cut in the workbook, which says so."
    ),
    "To question a figure": (
        "Its definition is on the sheet definitions. Its tickets are on the sheets tickets, sla_cycles and "
        "sla_breaches. `itsm-bridge explain TICKET` shows what the rules make of one."
    ),
    "Safe to open": (
        "Texts from tickets are text cells only: the workbook holds no formulas, macros or links to other places."
    ),
}


def _escaped(text: str) -> str:
    """Text of a page header, where an ampersand begins a code (and digits after one are the size of the font)."""
    return text.replace("&", "&&")
