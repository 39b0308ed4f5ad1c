"""What of each table a workbook shows, and on which sheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from itsm_bridge.analysis.columns import Table
from itsm_bridge.report.contents import Report

MOST_ROWS = 1_048_574
"""Rows of a worksheet, less the header and a line above it; a table of which more are shown goes on in a next sheet."""

MOST_SHOWN = 100_000
"""Rows of a table that a workbook shows. People read no more, and one with a million rows opens badly and is sent by no
mail; what lies beyond is in the CSV alone."""


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet's share of a table, which has ``whole`` rows: all of them, unless there are very many."""

    sheet: str
    table: Table
    rows: pd.DataFrame
    number: int
    of: int
    whole: int
    shown: int

    @property
    def note(self) -> str:
        """What the reader must see where the table goes on elsewhere."""
        part = f" (part {self.number} of {self.of})" if self.of > 1 else ""
        return part + (f" (the first {self.shown:,} of {self.whole:,} rows)" if self.is_cut else "")

    @property
    def is_cut(self) -> bool:
        """Whether the table has rows that no sheet shows."""
        return self.shown < self.whole

    @property
    def warning(self) -> str:
        """What stands above the header of a table that is cut; empty for one that is whole."""
        if not self.is_cut:
            return ""
        return (
            f"Only the first {self.shown:,} of {self.whole:,} rows: filters, sums and pivots here know nothing of the "
            f"others. All are in the file csv/{self.table.name}.csv, if CSV was asked for (--format csv)."
        )

    @property
    def top(self) -> int:
        """The row of the header, where 0 is the sheet's first."""
        return 1 if self.is_cut else 0


def parts(report: Report, most_rows: int = MOST_ROWS, most_shown: int | None = None) -> Iterator[Part]:
    """The table sheets of a workbook, in order. Names are those of the tables; further parts end in ``_2``, ``_3``."""
    for name, table in report.tables.items():
        if table.sheet:
            rows = report.rows[name].head(MOST_SHOWN if most_shown is None else most_shown)
            count = max(1, -(-len(rows) // most_rows))
            for number in range(1, count + 1):
                piece = rows.iloc[(number - 1) * most_rows : number * most_rows]
                sheet = name if number == 1 else f"{name}_{number}"
                yield Part(sheet, table, piece, number, count, len(report.rows[name]), len(rows))


def shown(report: Report) -> dict[str, int]:
    """How many rows of each table a workbook shows."""
    return {name: min(len(report.rows[name]), MOST_SHOWN) for name, table in report.tables.items() if table.sheet}
