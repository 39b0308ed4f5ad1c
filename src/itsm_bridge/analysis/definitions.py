"""The written definition of every figure and column, from the registry itself, so that none can be missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.figures import FIGURES
from itsm_bridge.analysis.frames import Frames

COLUMNS = (
    Column("figure", Kind.TEXT, "Name of a figure of the summary, of a table, or of a column as table.column."),
    Column("definition", Kind.TEXT, "What it means, how it is computed and what it counts."),
    Column("unit", Kind.TEXT, "Unit of the values; empty for texts, instants and booleans."),
)


def table(described: Iterable[Table]) -> Table:
    """The table that defines ``described`` and itself."""
    known = tuple(described)

    def build(_frames: Frames) -> pd.DataFrame:
        rows = [*_of_figures(), *(row for one in (*known, itself) for row in _of_table(one))]
        return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])

    itself = Table(
        name="definitions",
        title="Definitions",
        description="What every figure, table and column means. All figures are as of the as-of instant: what "
        "happened at it or later does not count, "
        "and periods and weeks are half-open intervals in the report's zone.",
        columns=COLUMNS,
        build=build,
    )
    return itself


def _of_figures() -> Iterator[tuple[str, str, str]]:
    for figure in FIGURES.values():
        yield figure.title, figure.definition, figure.unit


def _of_table(one: Table) -> Iterator[tuple[str, str, str]]:
    yield one.name, one.description, "table"
    for column in one.columns:
        unit = column.unit or ("share" if column.kind is Kind.PERCENT else "")
        yield f"{one.name}.{column.name}", column.definition, unit
