"""Frames in the making: what comes some thousand tickets at a time, as rows or as columns, becomes one typed frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from itsm_bridge.analysis.frames import SCHEMAS, Columns, Row, columned, framed, typed

CHUNK = 20_000
"""Rows that are held as Python objects at once."""


class GrowingRows:
    """A frame that is filled row by row; rows become columns some thousand at a time: not all are held twice."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows: list[Row] = []
        self._parts: list[pd.DataFrame] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows, in the order of the columns of the schema."""
        self._rows.extend(rows)
        if len(self._rows) >= CHUNK:
            self._settle()

    def frame(self) -> pd.DataFrame:
        """All rows, once."""
        if self._rows or not self._parts:
            self._settle()
        parts, self._parts = self._parts, []
        return pd.concat(parts, ignore_index=True)

    def _settle(self) -> None:
        self._parts.append(framed(self._name, self._rows))
        self._rows = []


class GrowingColumns:
    """A frame whose rows come as columns: each column is joined, and given its type, once all rows are there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[tuple[int, dict[str, Any]]] = []

    def put(self, columns: Columns) -> None:
        """Add rows."""
        count = len(next(iter(columns.values())))
        if count:
            self._parts.append((count, dict(columns)))

    def frame(self) -> pd.DataFrame:
        """All rows, once."""
        parts, self._parts = self._parts, []
        if not parts:
            return framed(self._name, [])
        return columned(self._name, {name: _joined(parts, name, dtype) for name, dtype in SCHEMAS[self._name].items()})


def _joined(parts: list[tuple[int, dict[str, Any]]], name: str, dtype: str) -> Any:  # noqa: ANN401 - as in ``Columns``
    """One column of all parts, which forget it."""
    values = [(count, columns.pop(name, None)) for count, columns in parts]
    if all(some is None for _, some in values):
        return None
    if all(isinstance(some, np.ndarray) for _, some in values):
        return np.concatenate([some for _, some in values])
    return pd.concat([typed(some, count, dtype) for count, some in values], ignore_index=True)
