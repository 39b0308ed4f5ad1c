"""Rows of a table with a column of each kind, hostile or at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
from tests.report.hostile import HOSTILE

from itsm_bridge.analysis.columns import Column, Kind, shaped

COLUMNS = tuple(Column(str(kind), kind, "") for kind in Kind)
FIRST, LAST = datetime(1880, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
EDGES = (
    datetime(1899, 12, 31, 18, 29, 59, 999_999, tzinfo=UTC),  # the last second of 1899 in Kolkata
    datetime(1899, 12, 31, 18, 30, tzinfo=UTC),
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(1900, 2, 28, 12, tzinfo=UTC),
    datetime(1900, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # the same hour twice in London
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
)
NUMBERS = (0.0, -0.0, 1e-12, 1 / 3, 40.0, -2.5, 1e16, 1.5e300, 123456789.123456)


def frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """``rows``, typed as a table is."""
    return shaped(pd.DataFrame(rows, columns=[column.name for column in COLUMNS]), COLUMNS)


def random_rows(seed: int, count: int) -> pd.DataFrame:
    """Some values are missing, many are equal, and some rows are empty."""
    by = random.Random(seed)
    missing = by.choice([0, 0.1, 0.9])
    rows: list[tuple[object, ...]] = []
    for _ in range(count):
        nothing = by.random() < 0.05
        rows.append(
            tuple(
                ("" if kind is Kind.TEXT else None) if nothing or by.random() < missing else _MADE[kind](by)
                for kind in Kind
            )
        )
    return frame(rows)


def _text(by: random.Random) -> str:
    if by.random() < 0.5:
        return by.choice(HOSTILE)
    return "".join(chr(by.choice([by.randrange(0x20, 0x7F), by.randrange(0x3000)])) for _ in range(by.randrange(6)))


def _instant(by: random.Random) -> datetime:
    if by.random() < 0.3:
        return by.choice(EDGES)
    return FIRST + timedelta(microseconds=by.randrange((LAST - FIRST) // timedelta(microseconds=1)))


def _number(by: random.Random) -> float:
    return by.choice(NUMBERS) if by.random() < 0.5 else round(by.uniform(-1e6, 1e6), by.randrange(8))


_MADE: Mapping[Kind, Callable[[random.Random], object]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: lambda by: by.choice([0, -1, 7, 2**53 + 1, by.randrange(-(10**12), 10**12)]),
    Kind.NUMBER: _number,
    Kind.PERCENT: _number,
    Kind.INSTANT: _instant,
    Kind.BOOLEAN: lambda by: by.random() < 0.5,
}
