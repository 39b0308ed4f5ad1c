"""A column as its different values, each once, and which of them stands in which row: a text is made once for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.analysis.columns import Kind

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """The different ``values`` of a column, as they first appear, and for each row the ``places`` of its value in them.

    A missing value, and an empty text, has the place -1. Instants are in UTC, to the second.
    """

    values: pd.Index | list[Any]
    places: Places

    @classmethod
    def of(cls, values: pd.Series, kind: Kind) -> Distinct:
        """Those of a column of a table, which is typed as ``analysis.columns.shaped`` does it."""
        return _OF_KIND[kind](values)

    def made(self, make: Callable[[Any], Iterable[str]]) -> Made:
        """What ``make`` makes of all different values, laid out for the rows."""
        texts = np.empty(len(self.values) + 1, dtype=object)
        texts[:-1] = list(make(self.values))
        texts[-1] = ""
        return Made(texts, self.places)

    def rows_with(self, test: Callable[[Any], bool]) -> int:
        """How many rows have a value that passes."""
        passing = np.fromiter((*map(test, self.values), False), dtype=bool, count=len(self.values) + 1)
        return int(np.count_nonzero(passing[self.places]))


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """One text for each row of a column, of which equal ones are one object; empty for a missing value."""

    texts: npt.NDArray[np.object_]
    places: Places

    def rows(self, first: int, last: int) -> list[str]:
        """Those of the rows from ``first`` up to ``last``, without it."""
        texts: list[str] = self.texts[self.places[first:last]].tolist()
        return texts


def _texts(values: pd.Series) -> Distinct:
    places, found = pd.factorize(values.to_numpy(dtype=object))
    texts = found.tolist()
    if "" in texts:  # is no value
        texts, places = _without(texts, texts.index(""), places)
    return Distinct(texts, places)


def _without(texts: list[str], place: int, places: Places) -> tuple[list[str], Places]:
    kept = np.where(places == place, -1, places - (places > place))
    return texts[:place] + texts[place + 1 :], kept


def _whole_numbers(values: pd.Series) -> Distinct:
    return _numbers_where(values.to_numpy(dtype=np.int64, na_value=0), values)


def _numbers(values: pd.Series) -> Distinct:
    """By their bits: 0 and -0 are two, since they are written differently."""
    bits = values.to_numpy(dtype=np.float64).view(np.int64)
    found = _numbers_where(bits, values)
    return Distinct(np.array(found.values, dtype=np.int64).view(np.float64).tolist(), found.places)


def _numbers_where(numbers: npt.NDArray[np.int64], values: pd.Series) -> Distinct:
    there = values.notna().to_numpy(dtype=bool)
    places = np.full(len(numbers), -1, dtype=np.intp)
    places[there], found = pd.factorize(numbers[there])
    return Distinct(found.tolist(), places)


def _booleans(values: pd.Series) -> Distinct:
    there = values.notna().to_numpy(dtype=bool)
    said = values.to_numpy(dtype=bool, na_value=False)
    return Distinct([False, True], np.where(there, said, -1).astype(np.intp))


def _instants(values: pd.Series) -> Distinct:
    places, found = pd.factorize(values.dt.floor("s"))
    return Distinct(pd.DatetimeIndex(found), places)


_OF_KIND: Mapping[Kind, Callable[[pd.Series], Distinct]] = {
    Kind.TEXT: _texts,
    Kind.INTEGER: _whole_numbers,
    Kind.NUMBER: _numbers,
    Kind.PERCENT: _numbers,
    Kind.INSTANT: _instants,
    Kind.BOOLEAN: _booleans,
}
