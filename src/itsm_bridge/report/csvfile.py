"""A table as a CSV file: UTF-8 with a byte-order mark, RFC 4180, nothing that a spreadsheet would run as a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind
from itsm_bridge.report.foreign import neutralised, runs

LINE_END = "\r\n"


def write(path: Path, columns: tuple[Column, ...], rows: pd.DataFrame, zone: ZoneInfo) -> int:
    """Write ``rows`` with a header; returns how many cells were put behind an apostrophe.

    Texts are quoted, other values are not; a missing value is empty. Instants carry ``zone``'s offset.
    """
    cells = [_CELLS[column.kind](rows[column.name], zone) for column in columns]
    lines = [",".join(quoted(column.name) for column in columns), *map(",".join, zip(*cells, strict=True))]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.writelines(f"{line}{LINE_END}" for line in lines)
    return sum(sum(map(runs, rows[column.name])) for column in columns if column.kind is Kind.TEXT)


def quoted(text: str) -> str:
    """A text cell; empty without a text."""
    return '"' + neutralised(text).replace('"', '""') + '"' if text else ""


def _texts(values: pd.Series, _zone: ZoneInfo) -> Iterable[str]:
    return map(quoted, values)


def _integers(values: pd.Series, _zone: ZoneInfo) -> Iterable[str]:
    return ["" if pd.isna(value) else str(int(value)) for value in values]


def _numbers(values: pd.Series, _zone: ZoneInfo) -> Iterable[str]:
    return ["" if pd.isna(value) else repr(float(value)).removesuffix(".0") for value in values]


def _booleans(values: pd.Series, _zone: ZoneInfo) -> Iterable[str]:
    return ["" if pd.isna(value) else "true" if value else "false" for value in values]


def _instants(values: pd.Series, zone: ZoneInfo) -> Iterable[str]:
    local = values.dt.floor("s").dt.tz_convert(zone)
    return ["" if pd.isna(value) else value.isoformat(timespec="seconds") for value in local]


_CELLS: Mapping[Kind, Callable[[pd.Series, ZoneInfo], Iterable[str]]] = {
    Kind.TEXT: _texts,
    Kind.INTEGER: _integers,
    Kind.NUMBER: _numbers,
    Kind.PERCENT: _numbers,
    Kind.INSTANT: _instants,
    Kind.BOOLEAN: _booleans,
}
