"""A table as a CSV file: UTF-8 with a byte-order mark, RFC 4180, nothing that a spreadsheet would run as a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind
from itsm_bridge.report.distinct import Distinct
from itsm_bridge.report.foreign import neutralised, runs

LINE_END = "\r\n"

AT_ONCE = 10_000
"""Rows that are put together in memory."""


def write(path: Path, columns: tuple[Column, ...], rows: pd.DataFrame, zone: ZoneInfo) -> int:
    """Write ``rows`` with a header; returns how many cells were put behind an apostrophe.

    Texts are quoted, other values are not; a missing value is empty. Instants carry ``zone``'s offset.
    """
    held = [Distinct.of(rows[column.name], column.kind) for column in columns]
    made = [one.made(_cells(column.kind, zone)) for column, one in zip(columns, held, strict=True)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(",".join(quoted(column.name) for column in columns) + LINE_END)
        for first in range(0, len(rows), AT_ONCE):
            cells = [column.rows(first, first + AT_ONCE) for column in made]
            file.write(LINE_END.join(map(",".join, zip(*cells, strict=True))) + LINE_END)
    return sum(one.rows_with(runs) for column, one in zip(columns, held, strict=True) if column.kind is Kind.TEXT)


def quoted(text: str) -> str:
    """A text cell; empty without a text."""
    if text[:1].isalnum() and text.isprintable() and '"' not in text:  # as nearly all are: nothing to mend
        return f'"{text}"'
    return '"' + neutralised(text).replace('"', '""') + '"' if text else ""


def _cells(kind: Kind, zone: ZoneInfo) -> Callable[[Any], Iterable[str]]:
    """How the different values of a column are written."""
    if kind is Kind.INSTANT:
        return lambda instants: _instants(instants, zone)
    write = _CELLS[kind]
    return lambda values: map(write, values)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _boolean(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"


def _instants(instants: pd.DatetimeIndex, zone: ZoneInfo) -> Iterable[str]:
    """In ISO 8601, with the offset of then: the texts of days and of times of day, of which there are few."""
    seconds = _seconds(instants.tz_convert(zone).tz_localize(None))
    ahead = seconds - _seconds(instants.tz_localize(None))
    days, of_day = np.divmod(seconds, DAY)
    places, found = pd.factorize(days)
    dates = np.datetime_as_string(found.astype("datetime64[D]")).astype(object)
    times = np.empty(len(instants), dtype=object)
    for offset in np.unique(ahead).tolist():
        there = ahead == offset
        times[there] = _times(offset)[of_day[there]]
    return cast("Iterable[str]", dates[places] + times)


def _seconds(clocks: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    return clocks.to_numpy(dtype="datetime64[s]").astype(np.int64)


@lru_cache(maxsize=8)
def _times(offset: int) -> npt.NDArray[np.object_]:
    """Every second of a day as ISO 8601 writes it, so many seconds ahead of UTC."""
    zone = timezone(timedelta(seconds=offset))
    midnight = datetime(2000, 1, 1, tzinfo=zone)
    ending = midnight.isoformat()[len("2000-01-01T00:00:00") :]
    sixty = [f"{number:02}" for number in range(60)]
    return np.array(
        [f"T{hour}:{minute}:{second}{ending}" for hour, minute, second in product(sixty[:24], sixty, sixty)],
        dtype=object,
    )


DAY = 86_400

_CELLS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: quoted,
    Kind.INTEGER: str,
    Kind.NUMBER: _number,
    Kind.PERCENT: _number,
    Kind.BOOLEAN: _boolean,
}
