"""A CSV written cell by cell, as one would say it: what the fast writer is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind
from itsm_bridge.report.foreign import neutralised, runs


def write(path: Path, columns: tuple[Column, ...], rows: pd.DataFrame, zone: ZoneInfo) -> int:
    """Write ``rows``; returns how many texts could run."""
    lines = [",".join(f'"{column.name}"' for column in columns)]
    lines += [
        ",".join(cell(rows[column.name].iloc[place], column.kind, zone) for column in columns)
        for place in range(len(rows))
    ]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode("utf-8-sig"))
    return sum(runs(text) for column in columns if column.kind is Kind.TEXT for text in rows[column.name])


def cell(value: Any, kind: Kind, zone: ZoneInfo) -> str:  # noqa: ANN401 - of any kind
    if pd.isna(value) or value == "":
        return ""
    if kind is Kind.TEXT:
        return '"' + neutralised(value).replace('"', '""') + '"'
    if kind is Kind.INSTANT:
        return str(value.floor("s").tz_convert(zone).isoformat(timespec="seconds"))
    if kind is Kind.BOOLEAN:
        return "true" if value else "false"
    return str(int(value)) if kind is Kind.INTEGER else repr(float(value)).removesuffix(".0")
