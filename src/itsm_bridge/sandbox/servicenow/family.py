"""A table that others extend, such as ``task``: its rows are theirs, with the columns that all of them have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .dictionary import Column
from .tables import Row, Table


class Family(Table):
    """Reads like any table; what is written goes to the table that a row is of."""

    def __init__(self, name: str, columns: Mapping[str, Column], children: Mapping[str, Table]) -> None:
        super().__init__(name, columns)
        self._children = children

    def __len__(self) -> int:
        return sum(len(child) for child in self._children.values())

    def __iter__(self) -> Iterator[Row]:
        return (row for child in self._children.values() for row in child)

    def get(self, sys_id: str) -> Row | None:
        """The row of that sys_id, whichever table it is of."""
        return next((row for child in self._children.values() if (row := child.get(sys_id)) is not None), None)

    def with_value(self, column: str, values: Sequence[str]) -> list[Row] | None:
        """The rows whose ``column`` is one of ``values``; ``None`` where that column is not hashed."""
        found = [child.with_value(column, values) for child in self._children.values()]
        return None if None in found else [row for rows in found for row in rows or ()]

    def between(self, lower: str, upper: str) -> list[Row]:
        """The rows with ``lower`` <= sys_updated_on <= ``upper`` (empty: no bound), table by table."""
        return [row for child in self._children.values() for row in child.between(lower, upper)]

    def home(self, row: Row) -> Table:
        """The table that a row is of."""
        return self._children[row["sys_class_name"]]
