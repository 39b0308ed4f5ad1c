"""A population of tickets, field by field: the distinct values of each, and who has which."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, cached_property
from itertools import chain, islice
from operator import itemgetter
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from itsm_bridge.conditions.blocks import flattened
from itsm_bridge.conditions.columns.bits import Bits, packed
from itsm_bridge.conditions.language import FIELDS, Facts, Value

Codes = npt.NDArray[np.int32]

Counts = npt.NDArray[np.int64]

Row = TypeVar("Row")

SAMPLE, MOSTLY = 1_000, 0.9
"""Where that share of the first rows differ, each row has its own value: looking for equal ones would cost more."""


@dataclass(frozen=True)
class Column:
    """One field of every ticket: row ``i`` has the ``codes[i]``-th of the field's values, of which no two need differ.

    A value is none, one or several: ``counts`` says how many, and they stand in ``flat`` one after the other.
    """

    codes: Codes
    flat: Sequence[Value]
    counts: Counts

    @classmethod
    def of(cls, rows: Iterable[tuple[Value, ...]]) -> Column:
        """A column of facts as they stand; what is equal and not the same (1 and true) is kept apart."""
        held = list(rows)
        return cls.keyed(list(map(_identity, held)), held, lambda row: row)

    @classmethod
    def keyed(
        cls,
        keys: Sequence[Hashable] | None,
        rows: Sequence[Row],
        read: Callable[[Row], tuple[Value, ...]],
    ) -> Column:
        """A column whose values are read once for all ``rows`` with the same key; ``None``: each row has its own."""
        if keys is None or len(set(keys[:SAMPLE])) >= MOSTLY * len(keys[:SAMPLE]):
            return cls._coded(np.arange(len(rows), dtype=np.int32), rows, read)
        known = {one: place for place, one in enumerate(dict.fromkeys(keys))}
        codes = np.fromiter(map(known.__getitem__, keys), np.int32, len(keys))
        first = np.empty(len(known), dtype=np.int64)
        first[codes[::-1]] = np.arange(len(rows) - 1, -1, -1)  # of several writes to one place the last one stays
        return cls._coded(codes, [rows[place] for place in first.tolist()], read)

    @classmethod
    def _coded(cls, codes: Codes, rows: Sequence[Row], read: Callable[[Row], tuple[Value, ...]]) -> Column:
        flat, counts = flattened(read, rows)
        return cls(codes, flat, np.array(counts, dtype=np.int64))

    def __getitem__(self, row: int) -> tuple[Value, ...]:
        code = int(self.codes[row])
        start = int(self._starts[code])
        return tuple(self.flat[start : start + int(self.counts[code])])

    @cached_property
    def _starts(self) -> Counts:
        return np.cumsum(self.counts) - self.counts

    @property
    def values(self) -> Iterator[tuple[Value, ...]]:
        """The values, in the order of their codes."""
        left = iter(self.flat)
        return (tuple(islice(left, count)) for count in self.counts.tolist())

    @cached_property
    def single(self) -> bool:
        """Whether no ticket has more than one value."""
        return int(self.counts.max(initial=0)) <= 1

    @cached_property
    def ascending(self) -> Sequence[int] | None:
        """The codes of the values from the lowest to the highest; ``None`` where they have no order."""
        kinds = {_order_kind(value) for value in self.flat}
        if not self.single or len(kinds) != 1 or None in kinds:
            return None
        codes = np.flatnonzero(self.counts).tolist()
        return [code for _, code in sorted(zip(self.flat, codes, strict=True), key=itemgetter(0))]

    def added(self, rows: npt.NDArray[np.int64], which: Counts, values: Sequence[tuple[Value, ...]]) -> Column:
        """The column with other values in some ``rows``: for each that of ``values`` that ``which`` says."""
        codes = self.codes.copy()
        codes[rows] = len(self.counts) + which
        counts = np.concatenate([self.counts, np.fromiter(map(len, values), np.int64, len(values))])
        return Column(codes, [*self.flat, *chain.from_iterable(values)], counts)

    def rows_where(self, flags: npt.NDArray[np.bool_]) -> Bits:
        """The rows whose value, by its code, is flagged."""
        return packed(flags.take(self.codes))


UNCHANGED: Mapping[str, Callable[[], Column]] = MappingProxyType({})


class Columns:
    """A population: ``size`` tickets whose fields are read when somebody first asks for them."""

    def __init__(
        self,
        size: int,
        read: Callable[[str], Column],
        *,
        known: dict[str, Column] | None = None,
        changed: Mapping[str, Callable[[], Column]] = UNCHANGED,
    ) -> None:
        self.size = size
        self._read = read
        self._known = {} if known is None else known
        self._changed = changed

    @classmethod
    def of(cls, facts: Sequence[Facts]) -> Columns:
        """The columns of single tickets' facts."""
        return cls(len(facts), lambda field: Column.of(row.get(field, ()) for row in facts))

    def __getitem__(self, field: str) -> Column:
        if field in self._changed:
            return self._changed[field]()
        if field not in self._known:
            self._known[field] = self._read(field)
        return self._known[field]

    def replaced(self, columns: Mapping[str, Callable[[], Column]]) -> Columns:
        """The same population with other values in some fields, which are worked out when somebody asks for them."""
        changed = dict(self._changed)
        changed.update((field, cache(column)) for field, column in columns.items())
        return Columns(self.size, self._read, known=self._known, changed=changed)


class RowFacts(Mapping[str, tuple[Value, ...]]):
    """The facts of one ticket of a population, read when asked for; those that are not mapped are not listed."""

    def __init__(self, columns: Columns, row: int) -> None:
        self._columns = columns
        self._row = row

    def __getitem__(self, field: str) -> tuple[Value, ...]:
        return self._columns[field][self._row]

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)


def _identity(row: tuple[Value, ...]) -> Hashable:
    """What tells values apart that are equal: the kind, and the zone and fold of an instant."""
    return tuple(value if isinstance(value, str) else (type(value), repr(value)) for value in row)


def _order_kind(value: Value) -> str | None:
    """The kind of values that ``value`` is ordered among, such that comparing two never fails; ``None`` for none."""
    if isinstance(value, bool | str):
        return None
    if isinstance(value, int | float):
        return "number" if value == value else None  # noqa: PLR0124  # NaN is not itself
    if isinstance(value, datetime):
        return "instant" if value.tzinfo is not None else None
    return "day" if isinstance(value, date) else "time" if isinstance(value, time) and value.tzinfo is None else None
