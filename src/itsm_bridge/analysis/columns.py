"""What a table is: its columns with their kinds and definitions, and the check that a frame keeps to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from itsm_bridge.analysis.frames import Frames


class Kind(StrEnum):
    """What the values of a column are; decides how a cell is written and shown. A ``PERCENT`` is a share: 0.95."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    PERCENT = "percent"
    INSTANT = "instant"
    BOOLEAN = "boolean"


DTYPES: Mapping[Kind, Any] = {
    Kind.TEXT: "string",
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "float64",
    Kind.PERCENT: "float64",
    Kind.INSTANT: "datetime64[us, UTC]",
    Kind.BOOLEAN: "boolean",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. ``definition`` says what a value means, for the people who question it."""

    name: str
    kind: Kind
    definition: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report. ``build`` computes it from the frames; without ``sheet`` it is published as CSV only."""

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    build: Callable[[Frames], pd.DataFrame]
    sheet: bool = True

    def rows(self, frames: Frames) -> pd.DataFrame:
        """The table's rows with exactly its columns, in order and typed; texts are empty rather than missing."""
        return shaped(self.build(frames), self.columns)


TICKET = Column("ticket", Kind.TEXT, "The ticket's id: <source>:<number>.")
SLA = Column("sla", Kind.TEXT, "Name of the definition in sla.yaml.")
VENDOR = Column("vendor", Kind.TEXT, "Vendor that the clock is counted for; empty for nobody.")
ENVIRONMENT = Column("environment", Kind.TEXT, "Environment that the clock is counted for; empty where none is known.")
PRIORITY = Column("priority", Kind.INTEGER, "Priority that the clock is counted for.")


def shaped(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """``frame`` with exactly ``columns``, typed; a column that is missing or of another kind is an internal error."""
    series = {column.name: _typed(frame[column.name], column.kind) for column in columns}
    return pd.DataFrame(series, columns=[column.name for column in columns]).reset_index(drop=True)


def _typed(series: pd.Series, kind: Kind) -> pd.Series:
    typed: pd.Series = series.astype(DTYPES[kind])
    return typed.fillna("") if kind is Kind.TEXT else typed
