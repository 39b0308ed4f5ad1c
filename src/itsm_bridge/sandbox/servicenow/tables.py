"""The rows of the instance and the indexes over them: memory, strings only, as the Table API speaks of them."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .dictionary import NAME_COLUMN, PARENTS, TABLES, Column, columns_of

Row = dict[str, str]

HASHED = ("sys_id", "number", "documentkey", "sysapproval", "user_name", "task", "element_id")
"""Columns that are looked up by value: these queries do not read the whole table."""

ORDER = ("sys_updated_on", "sys_id")
"""The keyset order that is kept sorted."""


def made_up_id(*parts: str) -> str:
    """A sys_id of 32 hexadecimal digits that depends on nothing but ``parts``."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


class Table:
    """One table: its rows by sys_id, hashed columns, and (for reading what changed) the order of ``ORDER``.

    ``added`` counts every row that it ever had, and ``last_number`` is the latest that it gave: neither a sys_id nor a
    number comes again when a row was deleted or has moved on.
    """

    def __init__(self, name: str, columns: Mapping[str, Column]) -> None:
        self.name = name
        self.columns = dict(columns)
        self.added = 0
        self.last_number = 0
        self._rows: dict[str, Row] = {}
        self._hashed: dict[str, dict[str, list[Row]]] = {c: {} for c in HASHED[1:] if c in columns}
        self._sorted: list[tuple[str, str]] = []
        self._in_order = True

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, sys_id: str) -> Row | None:
        """The row of that sys_id."""
        return self._rows.get(sys_id)

    def add(self, row: Row) -> None:
        """Put a row in; its columns become columns of the table. The order is mended when it is next asked for."""
        self.added += 1
        self._rows[row["sys_id"]] = row
        self._sorted.append((row.get("sys_updated_on", ""), row["sys_id"]))
        self._in_order = False
        for column, index in self._hashed.items():
            index.setdefault(row.get(column, ""), []).append(row)

    def declare(self, columns: Iterable[str]) -> None:
        """Let the table have more columns, as text."""
        for column in columns:
            self.columns.setdefault(column, Column())

    def change(self, row: Row, values: Mapping[str, str]) -> None:
        """Write ``values`` into a row of this table and keep every index right."""
        self.mend()
        before = (row.get("sys_updated_on", ""), row["sys_id"])
        for column in self._hashed.keys() & values.keys():
            self._hashed[column][row.get(column, "")].remove(row)
            self._hashed[column].setdefault(values[column], []).append(row)
        row.update(values)
        del self._sorted[bisect_left(self._sorted, before)]
        insort(self._sorted, (row.get("sys_updated_on", ""), row["sys_id"]))

    def remove(self, row: Row) -> None:
        """Take a row out."""
        self.mend()
        del self._rows[row["sys_id"]]
        del self._sorted[bisect_left(self._sorted, (row.get("sys_updated_on", ""), row["sys_id"]))]
        for column, index in self._hashed.items():
            index[row.get(column, "")].remove(row)

    def mend(self) -> None:
        """Bring the sorted index in order after rows were added."""
        if not self._in_order:
            self._sorted.sort()
            self._in_order = True

    def with_value(self, column: str, values: Sequence[str]) -> list[Row] | None:
        """The rows whose ``column`` is one of ``values``; ``None`` where that column is not hashed."""
        if column == "sys_id":
            return [row for value in dict.fromkeys(values) if (row := self._rows.get(value)) is not None]
        index = self._hashed.get(column)
        if index is None:
            return None
        return [row for value in dict.fromkeys(values) for row in index.get(value, ())]

    def between(self, lower: str, upper: str) -> list[Row]:
        """The rows with ``lower`` <= sys_updated_on <= ``upper`` (empty: no bound), in the order of ``ORDER``."""
        self.mend()
        start = bisect_left(self._sorted, (lower, "")) if lower else 0
        end = bisect_right(self._sorted, (upper, "\x7f")) if upper else len(self._sorted)
        rows = self._rows
        return [rows[sys_id] for _, sys_id in self._sorted[start:end]]


class Instance:
    """All tables, and what crosses them: following a reference, and showing a record by its name."""

    def __init__(self) -> None:
        self.tables = {name: Table(name, columns_of(name)) for name in TABLES}
        self._audited = 0
        self._noted = 0

    def audit(self, row: Row, table: str, change: tuple[str, str, str], *, user: str, at: str, checkpoint: str) -> None:
        """Add a row to ``sys_audit``; ``change`` is field, old and new value.

        Its sys_ids ascend, so that rows of one second keep the order of their events.
        """
        self._audited += 1
        field, old, new = change
        audited = {  # nine entries: a tenth would double the memory of half a million rows
            "sys_id": f"{self._audited:032x}",
            "tablename": table,
            "documentkey": row["sys_id"],
            "fieldname": field,
            "oldvalue": old,
            "newvalue": new,
            "user": user,
            "sys_created_on": at,
            "record_checkpoint": checkpoint,
        }
        self.tables["sys_audit"].add(audited)

    def note(self, row: Row, table: str, element: str, text: str, *, user: str, at: str) -> None:
        """Add an entry to a journal (``comments`` or ``work_notes``) of a record."""
        self._noted += 1
        noted = {
            "sys_id": made_up_id("journal", f"{self._noted}"),
            "element_id": row["sys_id"],
            "name": table,
            "element": element,
            "value": text,
            "sys_created_on": at,
            "sys_created_by": user,
        }
        self.tables["sys_journal_field"].add(noted)

    def find(self, table: str, sys_id: str) -> Row | None:
        """The record that a reference to ``table`` means; a parent table's records lie in its children."""
        for name in PARENTS.get(table, (table,)):
            row = self.tables[name].get(sys_id) if name in self.tables else None
            if row is not None:
                return row
        return None

    def by_name(self, table: str, name: str) -> Row | None:
        """The first record of ``table`` that is shown as ``name``."""
        for child in PARENTS.get(table, (table,)):
            column = NAME_COLUMN.get(child, "name")
            for row in self.tables[child]:
                if row.get(column) == name:
                    return row
        return None

    def shown(self, table: str, sys_id: str) -> str:
        """How a reference reads: the record's name, or nothing where it points nowhere."""
        row = self.find(table, sys_id) if sys_id else None
        return row.get(NAME_COLUMN.get(table, "name"), "") if row else ""

    def value(self, table: Table, row: Row, path: str) -> str | None:
        """The value at ``path``, which may follow references with dots; ``None`` where there is no such column."""
        first, _, rest = path.partition(".")
        column = table.columns.get(first)
        if column is None or not rest:
            return None if column is None else row.get(first, "")
        target = self.find(column.reference, row.get(first, "")) if column.reference else None
        if target is None:
            return "" if column.reference and self.has(column.reference, rest) else None
        return self.value(self._home(column.reference, target), target, rest)

    def has(self, table: str, path: str) -> bool:
        """Whether ``path`` names a column, seen from ``table``."""
        return self.column(table, path) is not None

    def column(self, table: str, path: str) -> tuple[str, Column] | None:
        """The column that ``path`` leads to and the table it is in; for a parent table, the first child that has it."""
        first, _, rest = path.partition(".")
        for name in PARENTS.get(table, (table,)):
            column = self.tables[name].columns.get(first) if name in self.tables else None
            if column is None:
                continue
            found = self.column(column.reference, rest) if rest and column.reference else None
            if found or not rest:
                return found or (name, column)
        return None

    def _home(self, reference: str, row: Row) -> Table:
        names = PARENTS.get(reference, (reference,))
        return next(self.tables[name] for name in names if self.tables[name].get(row["sys_id"]) is row)
