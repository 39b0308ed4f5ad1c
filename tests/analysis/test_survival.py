from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from fractions import Fraction

import pandas as pd
import pytest

from itsm_bridge.analysis.survival import medians

HALF = Fraction(1, 2)

Times = Sequence[tuple[float, bool]]
"""How long each has taken, and whether it is over."""

# Freireich et al., Blood 21, 1963: weeks of remission, the example of nearly every textbook
TREATED = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
TREATED_STILL = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def plain_median(times: Times) -> float | None:
    """The same by hand, with fractions."""
    left, over = Fraction(1), sorted({time for time, is_over in times if is_over})
    for place, time in enumerate(over):
        there = sum(other >= time for other, _ in times)
        left *= 1 - Fraction(sum(other == time and is_over for other, is_over in times), there)
        if left < HALF:
            return time
        if left == HALF:
            return (time + over[place + 1]) / 2 if place + 1 < len(over) else None
    return None


def found(groups: Mapping[str, Times]) -> dict[str, float]:
    rows = [(name, time, int(is_over)) for name, times in groups.items() for time, is_over in times]
    frame = pd.DataFrame(rows, columns=["group", "time", "over"])
    return {str(name): median for name, median in medians(frame, ["group"], "time", "over").dropna().items()}


def test_the_published_medians_of_remission_are_found() -> None:
    treated = [(float(week), True) for week, count in TREATED.items() for _ in range(count)]
    treated += [(float(week), False) for week in TREATED_STILL]
    assert len(treated) == len(PLACEBO) == 21
    assert found({"treated": treated, "placebo": [(week, True) for week in PLACEBO]}) == {"treated": 23, "placebo": 8}


def test_if_all_are_over_it_is_the_plain_median() -> None:
    assert found({"even": [(1, True), (2, True), (5, True), (9, True)], "odd": [(3, True)]}) == {"even": 3.5, "odd": 3}


def test_it_is_not_known_before_half_are_over() -> None:
    assert (
        found({"few": [(1, True), (2, False), (3, False)], "half": [(1, True), (9, False)], "none": [(1, False)]}) == {}
    )


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_fractions_say(seed: int) -> None:
    rng = random.Random(seed)
    groups = {
        f"g{place}": [(float(rng.randrange(1, 12)), rng.random() < 0.7) for _ in range(rng.randrange(1, 15))]
        for place in range(60)
    }
    wanted = {name: median for name, times in groups.items() if (median := plain_median(times)) is not None}
    assert found(groups) == wanted
    later = [name for name, median in wanted.items() if median > statistics.median(time for time, _ in groups[name])]
    assert len(later) > 5
    assert len(wanted) < len(groups)
