from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.calendars.steps import FEW, Grid, Steps
from itsm_bridge.calendars.walltime import BEFORE_ALL

numbers = st.lists(st.integers(-(10**5), 10**5), min_size=2, max_size=30, unique=True).map(sorted)


@given(numbers, st.lists(st.integers(-(10**7), 10**7)))
def test_a_number_is_placed_where_searchsorted_places_it(among: list[int], each: list[int]) -> None:
    ascending = np.array([BEFORE_ALL, *among], dtype=np.int64)
    grid = Grid.over(ascending)
    assert grid is not None
    asked = np.array([*each, *among, *(one + 1 for one in among), *(one - 1 for one in among)], dtype=np.int64)
    assert grid.at_or_below(asked).tolist() == np.searchsorted(ascending, asked, side="right").tolist()


@given(numbers, st.integers(-(10**6), 10**6))
def test_few_and_many_have_the_same_place(among: list[int], one: int) -> None:
    steps = Steps(np.array([BEFORE_ALL, *among], dtype=np.int64))
    single = steps.at_or_below(np.array([one]))
    assert set(steps.at_or_below(np.full(FEW, one)).tolist()) == set(single.tolist())


def test_numbers_too_near_each_other_have_no_grid_and_the_same_answers() -> None:
    near = np.array([BEFORE_ALL, 0, 1, 10**9], dtype=np.int64)
    assert Grid.over(near) is None
    assert Grid.over(near[:2]) is None
    assert Steps(near).at_or_below(np.tile([-1, 0, 1, 10**9], FEW))[:4].tolist() == [1, 2, 3, 4]
