"""Long tables in a workbook: XlsxWriter with its writing of rows alone replaced, and the only use of its private parts.

XlsxWriter keeps an object for each cell and writes one after the other. Here a column is a text for each of its
different values, and rows are put together from those. What comes out is the same, byte for byte; ``replaceable`` tries
that with a few rows before it is relied upon, and where a version of XlsxWriter differs, cells are written one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from itsm_bridge.analysis.columns import DTYPES, Kind
from itsm_bridge.report.cells import FIRST_YEAR, NUMBER_FORMATS, OPTIONS, Cell, write_column
from itsm_bridge.report.distinct import Distinct, Made
from itsm_bridge.report.foreign import fitted

AT_ONCE = 10_000
"""Rows that are put together in memory."""

BLOCK = 16
"""Rows that share one statement of which columns they span."""

STRING = ' t="s"><v>'
"""How a cell begins that has a string of the workbook's table of strings."""


class LongSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter publishes no types
    """A sheet with one long table, whose header and all above it are written as ever, in every column."""

    def __init__(self) -> None:
        super().__init__()
        self._below: list[Made] = []
        self._first = 0

    def add_table(self, *where: Any) -> int:  # noqa: ANN401 - a range in XlsxWriter's order, and options
        """XlsxWriter's, for the header and one row, and then made longer: it notes each cell that a table covers."""
        top, left, bottom, right, options = where
        said: int = super().add_table(top, left, top + 1, right, options)
        whole = xl_range(top, left, bottom, right)
        self.tables[-1].update({"range": whole, "a_range": whole, "autofilter": whole})
        return said

    def lay(self, top: Cell, kind: Kind, values: pd.Series, zone: ZoneInfo) -> None:
        """A column of a table, as ``cells.write_column``; columns come from left to right, and all begin in one row."""
        first, place = top
        if place != len(self._below):
            raise ValueError(f"column {place} of a long sheet after {len(self._below)} others")
        self._first = first
        held = Distinct.of(values, kind)
        made = held.made(lambda distinct: self._cells(kind, distinct, zone))
        self._below.append(made)
        there = np.flatnonzero(held.places >= 0)
        if len(there):
            self.dim_rowmax: int = max(self.dim_rowmax, first + int(there[-1]))
        if kind in {Kind.TEXT, Kind.INSTANT}:
            self._count(made)

    def _count(self, made: Made) -> None:
        """Tell the workbook how many cells have its strings; of equal ones, it knows of one."""
        shared = np.fromiter((text.startswith(STRING) for text in made.texts), dtype=bool, count=len(made.texts))
        self.str_table.count += int(np.count_nonzero(shared[made.places]) - np.count_nonzero(shared))

    def _cells(self, kind: Kind, distinct: Any, zone: ZoneInfo) -> Iterable[str]:  # noqa: ANN401 - of a kind
        """What a cell with each value holds, from its type on."""
        if kind is Kind.TEXT:
            return map(self._text, distinct)
        if kind is Kind.BOOLEAN:
            return (f' t="b"><v>{value:d}</v></c>' for value in distinct)
        if kind is Kind.INSTANT:
            return self._instants(distinct.tz_convert(zone))
        return _numbers(distinct)

    def _text(self, text: str) -> str:
        place = self.str_table._get_shared_string_index(fitted(text))  # noqa: SLF001 - what this module is for
        return f"{STRING}{place}</v></c>"

    def _instants(self, local: pd.DatetimeIndex) -> Iterable[str]:
        """Real dates; those before a spreadsheet's first year as text."""
        cells = _numbers(_serials(local))
        for place in np.flatnonzero(local.year < FIRST_YEAR).tolist():
            cells[place] = self._text(local[place].isoformat(timespec="seconds"))
        return cells

    def _write_rows(self) -> None:
        """XlsxWriter's, which is called for what stands in the element ``sheetData``."""
        if any(row >= self._first for row in self.table):
            raise ValueError("a long sheet has single cells among its rows, which would be lost")
        last, self.dim_rowmax = self.dim_rowmax, self._first - 1
        super()._write_rows()
        self.dim_rowmax = last
        for rows in self._rows():
            self.fh.write(rows)

    def _rows(self) -> Iterator[str]:
        count = self.dim_rowmax + 1 - self._first
        begun = self._openings(count)
        starts = [f'<c r="{xl_col_to_name(place)}' for place in range(len(self._below))]
        styles = [f'" s="{self._style(place)}"' for place in range(len(self._below))]
        for first in range(0, count, AT_ONCE):
            last = min(first + AT_ONCE, count)
            numbers = [str(number + 1) for number in range(self._first + first, self._first + last)]
            columns = [
                [f"{start}{number}{style}{cell}" if cell else "" for number, cell in zip(numbers, cells, strict=True)]
                for start, style, cells in zip(
                    starts, styles, (made.rows(first, last) for made in self._below), strict=True
                )
            ]
            opened, closed = _around(numbers, begun[first:last])
            yield "".join(map("".join, zip(opened, *columns, closed, strict=True)))

    def _style(self, place: int) -> int:
        """The number of the format that a column was given."""
        number: int = self.col_info[place].column_format._get_xf_index()  # noqa: SLF001 - what this module is for
        return number

    def _openings(self, count: int) -> list[str]:
        """For each row which columns it and its neighbours span, as its element says it; empty without cells."""
        there = np.column_stack([made.places[:count] >= 0 for made in self._below])
        width, blocks = there.shape[1], (np.arange(count) + self._first) // BLOCK
        most = (self._first + count) // BLOCK + 1
        lows, highs = np.full(most, width), np.full(most, -1)
        lows[0], highs[0] = 0, width - 1  # the header
        filled = there.any(axis=1)
        np.minimum.at(lows, blocks[filled], there.argmax(axis=1)[filled])
        np.maximum.at(highs, blocks[filled], width - 1 - there[:, ::-1].argmax(axis=1)[filled])
        spans = [f'" spans="{low + 1}:{high + 1}">' for low, high in zip(lows.tolist(), highs.tolist(), strict=True)]
        begun: list[str] = np.where(filled, np.array(spans, dtype=object)[blocks], "").tolist()
        return begun


def _around(numbers: list[str], begun: list[str]) -> tuple[list[str], list[str]]:
    """What stands before and after the cells of each row; nothing for a row that has none."""
    opened = [f'<row r="{number}{spans}' if spans else "" for number, spans in zip(numbers, begun, strict=True)]
    return opened, ["</row>" if spans else "" for spans in begun]


def _numbers(values: Sequence[float]) -> list[str]:
    if not np.isfinite(values).all():
        raise TypeError("a workbook has no cell for an infinite number")
    return [f"><v>{value:.16G}</v></c>" for value in values]


def _serials(local: pd.DatetimeIndex) -> list[float]:
    """Instants as a spreadsheet counts them: days since the end of 1899, among them the 29th of February 1900."""
    seconds = (local.tz_localize(None) - EPOCH) // pd.Timedelta(seconds=1)
    days, of_day = np.divmod(seconds.to_numpy(), DAY)
    serials = days + of_day / DAY - (days == 1)
    right: list[float] = (serials + (serials > LAST_RIGHT)).tolist()
    return right


EPOCH, DAY = pd.Timestamp(1899, 12, 31), 86_400
LAST_RIGHT = 59
"""The last number of a day that needs no correction."""


@cache
def replaceable() -> bool:
    """Whether a sheet with a few rows is the same, byte for byte, in both ways."""
    plain = _probe(Worksheet)
    try:
        return _probe(LongSheet) == plain
    except (AttributeError, KeyError, TypeError):  # a private part is no longer what it was
        return False


def _probe(of: type[Worksheet]) -> bytes:
    """A workbook with a value of each kind, missing ones, and a row without any."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {**deepcopy(OPTIONS), "in_memory": True}) as workbook:
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - XlsxWriter takes no zones
        sheet = workbook.add_worksheet("probe", worksheet_class=of)
        sheet.add_table(0, 0, len(_PROBED), len(Kind) - 1, {"columns": [{"header": str(kind)} for kind in Kind]})
        for place, kind in enumerate(Kind):
            sheet.set_column(place, place, 10, workbook.add_format({"num_format": NUMBER_FORMATS[kind]}))
            values = pd.Series([row[place] for row in _PROBED], dtype=DTYPES[kind])
            if isinstance(sheet, LongSheet):
                sheet.lay((1, place), kind, values, ZoneInfo("UTC"))
            else:
                write_column(sheet, (1, place), kind, values, ZoneInfo("UTC"))
    return file.getvalue()


_ROW = ("a < b", 1, -2.5, 0.1, pd.Timestamp(2026, 3, 1, 5, tz="UTC"), True)
_PROBED = (
    _ROW,
    ("", *[None] * 5),
    *[("", *_ROW[1:5], None)] * 20,
    ("a", 2, 0.0, 1e-9, pd.Timestamp(1880, 1, 1, tz="UTC"), False),
)
