"""The median of times of which some are not over yet."""

from __future__ import annotations

import pandas as pd

TOLERANCE = 1e-9
"""How far from a half a share still counts as one: shares are products of fractions."""


def medians(rows: pd.DataFrame, by: list[str], time: str, is_over: str) -> pd.Series:
    """In each group of ``by``, the time after which half are over, counting those that are not as longer than now.

    The product-limit estimate (E. L. Kaplan and P. Meier, Journal of the American Statistical Association 53, 1958,
    457-481): the share left after ``t`` is the product, over the times up to ``t`` at which some are over, of
    ``1 - over / still there``. The median is the first time at which less than half is left; where exactly half is left
    until the next, the middle of both, as in the plain median, which this is if all are over. Missing where it is not
    known yet.
    """
    times = rows.groupby([*by, time])[is_over].agg(["sum", "size"]).reset_index()
    groups = times.groupby(by)["size"]
    there = groups.transform("sum") - groups.cumsum() + times["size"]
    times["left"] = (1 - times["sum"] / there).astype("float64")
    times["left"] = times.groupby(by)["left"].cumprod()
    over = times[times["sum"] > 0]
    following = over.groupby(by)[time].shift(-1)
    middle = (over[time] + following) / 2
    over = over.assign(median=over[time].mask(over["left"] >= 0.5 - TOLERANCE, middle))
    return over[over["left"] <= 0.5 + TOLERANCE].drop_duplicates(by).set_index(by)["median"]
