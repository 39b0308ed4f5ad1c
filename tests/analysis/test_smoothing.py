from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import numpy.typing as npt
import pytest

from itsm_bridge.analysis.smoothing import FORMS, TOO_LITTLE, Held, ahead, back_test

Mean = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

MEANS: dict[str, Mean] = {
    "flat": lambda month: 40 + 0 * month,
    "few": lambda month: 3 + 0 * month,
    "trend": lambda month: 30 + month,
    "season": lambda month: 60 + 20 * np.sin(2 * np.pi * month / 12),
}


def counts(mean: Mean, months: int, seed: int) -> list[int]:
    drawn: list[int] = np.random.default_rng(seed).poisson(mean(np.arange(1.0, months + 1))).tolist()
    return drawn


@pytest.mark.parametrize(("name", "within"), [("flat", 0.06), ("trend", 0.05), ("season", 0.09), ("few", 0.35)])
def test_the_median_of_a_known_series_is_near_its_truth(name: str, within: float) -> None:
    truth = MEANS[name](np.arange(49.0, 61))
    errors = [ahead(counts(MEANS[name], 48, seed), 12).p50 / truth - 1 for seed in range(12)]
    assert sqrt(np.mean(np.square(errors))) < within


@pytest.mark.parametrize("name", list(MEANS))
def test_nine_of_ten_months_stay_under_their_p90(name: str) -> None:
    held = []
    for seed in range(80):  # one month of each series, so that they are independent
        made = counts(MEANS[name], 48 + 12, seed)
        month = seed % 12
        held.append(made[48 + month] <= ahead(made[:48], 12).p90[month])
    assert abs(np.mean(held) - 0.9) < 3.3 * sqrt(0.9 * 0.1 / len(held))  # 999 of 1,000 such means lie within


def test_a_straight_line_goes_on_and_a_season_comes_back() -> None:
    line = ahead(range(20, 68), 12)
    assert line.method.startswith("trend (")
    assert list(line.p50) == pytest.approx(range(68, 80), abs=0.1)
    year = [40, 40, 90, 40, 40, 40, 40, 40, 40, 40, 40, 60]
    again = ahead(year * 4, 12)
    assert again.method.startswith("season (")
    assert list(again.p50) == pytest.approx(year, abs=0.1)


@pytest.mark.parametrize(
    ("months", "forms"),
    [(4, set()), (11, set()), (12, {"level", "damped trend"}), (48, {form.name for form in FORMS})],
)
def test_a_form_is_asked_only_with_enough_months(months: int, forms: set[str]) -> None:
    made = counts(MEANS["trend"], months, 1)
    method = ahead(made, 3).method
    assert method.split(" (")[0] in forms if forms else method.startswith(f"level of {months} months")


def test_with_fewer_than_four_months_nothing_is_said() -> None:
    made = ahead([50, 50, 50], 12)
    assert (made.method, len(made.p50), len(made.p90), made.is_known) == (TOO_LITTLE, 0, 0, False)
    assert ahead([50, 50, 50, 50], 12).is_known


def test_small_counts_are_drawn_around_their_level_and_are_whole() -> None:
    made = ahead([0, 1, 0, 2, 1, 0, 3, 1, 0, 0, 1, 1] * 3, 12)
    assert made.method == "level of 12 months, Poisson noise"
    assert set(np.concatenate([made.p50, made.p90])) <= {0.0, 1.0, 2.0, 3.0}
    scattered = ahead([0, 0, 0, 12, 0, 0, 9, 0, 0, 0, 0, 15], 1)
    assert scattered.method == "level of 12 months, negative binomial noise"
    assert scattered.p90[0] > 6


def test_nothing_is_ever_negative() -> None:
    made = ahead([200 - 4 * month for month in range(44)], 12)
    assert made.p50.min() >= 0
    assert made.p50[-1] == 0
    assert (ahead([0] * 20, 12).p90 == 0).all()


def test_the_same_counts_give_the_same_figures() -> None:
    made = counts(MEANS["season"], 40, 3)
    first, again = ahead(made, 12), ahead(made, 12)
    assert first.method == again.method
    assert (first.p90 == again.p90).all()
    assert (first.p50 == again.p50).all()


def test_the_past_is_forecast_from_four_points_and_held_against_what_came() -> None:
    flat = [50] * 40
    held = back_test(flat)
    assert (held.months, held.arrivals) == (30, 30 * 50)
    assert held.error == pytest.approx(0, abs=0.1)
    jumped = back_test([50] * 28 + [150] * 12)
    first = ahead([50] * 28, 12)
    assert jumped.months == 30
    assert jumped.error >= float(np.abs(150 - first.p50).sum()) - 0.1
    assert jumped.within < 30


def test_the_past_is_not_forecast_where_it_had_no_past() -> None:
    assert back_test([50] * 6) == Held()
    assert back_test([50] * 8).months == 3
    assert back_test([]) == Held()
