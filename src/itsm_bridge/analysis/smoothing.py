"""What months of counts say of the months ahead: exponential smoothing, simulated with a fixed seed.

The recursion and its simulation are those of ``statsmodels`` (Holt-Winters: Hyndman and Athanasopoulos, "Forecasting:
Principles and Practice", 3rd ed., chapter 8). Start values are those of least squares over the whole history and
smoothing parameters come from a short list, so that nothing is searched for that may not converge or that differs
between machines; of several forms the one with the least AICc is taken (section 8.6), since a season that was seen only
twice must be strong to be believed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf, log
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

SEED = 20_260_401
PATHS = 4_000
"""Simulated futures of each series."""

FEWEST = 4
"""With fewer months nothing is said."""

SMALL = 10.0
"""Tickets a month, in the mean of the last year, below which counts are drawn around their level."""

YEAR = 12
DAMPING = 0.9
LEVELS, TRENDS = (0.0, 0.1, 0.3, 0.5), (0.0, 0.1)
"""The smoothing parameters that are tried; with 0 the start values are kept for all time."""

TOO_LITTLE = f"too little history: fewer than {FEWEST} whole months"


@dataclass(frozen=True, slots=True)
class Ahead:
    """Quantiles of the months after a history, by ``method``; none where the history is too short."""

    method: str
    p50: Numbers = field(default_factory=lambda: np.zeros(0))
    p90: Numbers = field(default_factory=lambda: np.zeros(0))

    @property
    def is_known(self) -> bool:
        """Whether anything can be said."""
        return len(self.p50) > 0


def ahead(counts: Sequence[int], months: int) -> Ahead:
    """What is to be expected in so many months after whole months of ``counts``, the oldest first."""
    if len(counts) < FEWEST:
        return Ahead(TOO_LITTLE)
    history = np.array(counts, dtype=np.float64)
    if len(history) < YEAR or history[-YEAR:].mean() < SMALL:
        return _quantiles(*_level_of_counts(history[-YEAR:], months))
    fits = [fit for form in _likely(history) for fit in _fits(form, history)]
    best = min(fits, key=lambda fit: fit.aicc, default=None)
    if best is None:
        return _quantiles(*_level_of_counts(history[-YEAR:], months))
    return _quantiles(best.method, best.paths(months))


def _quantiles(method: str, paths: Numbers) -> Ahead:
    p50, p90 = np.quantile(np.maximum(paths, 0.0), [0.5, 0.9], axis=1)
    return Ahead(method, p50, p90)


# --- small counts and short histories ----------------------------------------------------------------------------


def _level_of_counts(history: Numbers, months: int) -> tuple[str, Numbers]:
    """Counts around a level that is itself uncertain.

    The level is drawn from its posterior under Jeffreys' prior, the count from a Poisson distribution; where the counts
    vary more than that, from a negative binomial one with as much more variance.
    """
    random = np.random.default_rng(SEED)
    total, mean = history.sum(), history.mean()
    spread = float(history.var(ddof=1) / mean) if mean > 0 else 1.0
    excess = max(spread, 1.0) - 1.0
    levels = random.gamma((total + 0.5) / (1 + excess), (1 + excess) / len(history), size=(months, PATHS))
    if excess > 0.2:
        levels = random.gamma(levels / excess, excess)
    noise = "negative binomial" if excess > 0.2 else "Poisson"
    return f"level of {len(history)} months, {noise} noise", random.poisson(levels).astype(np.float64)


# --- exponential smoothing ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """What a series is taken to be made of: a level, perhaps a trend, perhaps a season."""

    name: str
    fewest: int
    trend: str = ""
    season: str = ""

    def design(self, months: int) -> Numbers:
        """A row for each month, from the first on, and a column for each start value: level, trend, season."""
        steps = np.arange(1, months + 1, dtype=np.float64)
        columns = [np.ones(months)]
        if self.trend:
            columns.append(np.cumsum(DAMPING**steps) if self.trend == "damped" else steps)
        if self.season == "waves":
            turns = [2 * np.pi * wave * steps / YEAR for wave in (1, 2)]
            columns += [turn(angle) for angle in turns for turn in (np.sin, np.cos)]
        if self.season == "months":
            place = np.arange(months) % YEAR
            columns += [(place == month) - 1.0 * (place == YEAR - 1) for month in range(YEAR - 1)]
        return np.column_stack(columns)

    def year(self, start: Numbers) -> Numbers:
        """The season of the history's first twelve months, from its start values."""
        first = 2 if self.trend else 1
        season: Numbers = self.design(YEAR)[:, first:] @ start[first:]
        return season


FORMS = (
    Form("level", YEAR),
    Form("damped trend", YEAR, trend="damped"),
    Form("trend", 2 * YEAR, trend="linear"),
    Form("smooth season", 2 * YEAR, season="waves"),
    Form("damped trend and smooth season", 2 * YEAR, trend="damped", season="waves"),
    Form("trend and smooth season", 2 * YEAR, trend="linear", season="waves"),
    Form("season", 3 * YEAR, season="months"),
    Form("trend and season", 3 * YEAR, trend="linear", season="months"),
)
"""The simplest first; ``fewest`` months are needed for each. A smooth season is two waves a year: twelve values
of their own are too many to learn from two years."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """One form with its parameters, fitted to a history."""

    form: Form
    smoothing: tuple[float, float]
    months: int
    result: Any
    aicc: float

    @property
    def method(self) -> str:
        """In words."""
        level, trend = self.smoothing
        also = f", trend {trend:g}" if self.form.trend else ""
        return f"{self.form.name} (smoothing: level {level:g}{also})"

    def paths(self, months: int) -> Numbers:
        """Simulated futures: a row for each month.

        An error is as wide as that of a prediction by least squares, which knows that the start values are estimates.
        """
        whole = self.form.design(self.months + months)
        past, coming = whole[: self.months], whole[self.months :]
        spread = float(np.sqrt(self.result.sse / (self.months - past.shape[1])))
        doubt = np.einsum("ij,jk,ik->i", coming, np.linalg.pinv(past.T @ past), coming)
        errors = np.random.default_rng(SEED).normal(size=(months, PATHS)) * spread * np.sqrt(1 + doubt)[:, None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's remarks on its own ways are nothing for a reader
            paths = self.result.simulate(months, repetitions=PATHS, anchor="end", random_errors=errors)
        return np.asarray(paths, dtype=np.float64).reshape(months, PATHS)


def _likely(history: Numbers) -> list[Form]:
    """The level, and the two forms that are best where nothing is smoothed: the others are not worth a try."""
    asked = [form for form in FORMS if len(history) >= form.fewest]
    known = [(_unsmoothed(form, history), place) for place, form in enumerate(asked)]
    return [asked[place] for place in sorted({0, *(place for _, place in sorted(known)[:2])})]


def _unsmoothed(form: Form, history: Numbers) -> float:
    design = form.design(len(history))
    errors = history - design @ np.linalg.lstsq(design, history, rcond=None)[0]
    return _aicc(float(errors @ errors), len(history), design.shape[1] + 1)


def _fits(form: Form, history: Numbers) -> Iterator[_Fit]:
    """Every fit of a form that comes to figures; none leaves the choice to the other forms."""
    design = form.design(len(history))
    start: Numbers = np.asarray(np.linalg.lstsq(design, history, rcond=None)[0], dtype=np.float64)
    pairs = product(LEVELS, TRENDS if form.trend else (0.0,))
    for smoothing in (pair for pair in pairs if pair[1] <= pair[0]):
        free = design.shape[1] + sum(value > 0 for value in smoothing) + 1
        if len(history) > free + 1:
            result = _smoothed(form, history, start, smoothing)
            if np.isfinite(result.sse):
                yield _Fit(form, smoothing, len(history), result, _aicc(float(result.sse), len(history), free))


def _smoothed(form: Form, history: Numbers, start: Numbers, smoothing: tuple[float, float]) -> Any:  # noqa: ANN401 - untyped
    from statsmodels.tsa.holtwinters import ExponentialSmoothing  # noqa: PLC0415 - takes a second to import

    terms: dict[str, Any] = {"initial_level": start[0]}
    chosen: dict[str, float] = {"smoothing_level": smoothing[0]}
    if form.trend:
        terms |= {"trend": "add", "damped_trend": form.trend == "damped", "initial_trend": start[1]}
        chosen |= {"smoothing_trend": smoothing[1]} | ({"damping_trend": DAMPING} if form.trend == "damped" else {})
    if form.season:
        terms |= {"seasonal": "add", "seasonal_periods": YEAR, "initial_seasonal": form.year(start)}
        chosen |= {"smoothing_seasonal": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        return ExponentialSmoothing(history, initialization_method="known", **terms).fit(optimized=False, **chosen)


def _aicc(squares: float, months: int, free: int) -> float:
    """Akaike's criterion for short series; errors below a thousandth of a ticket are none."""
    if months <= free + 1:
        return inf
    return months * log(max(squares / months, 1e-6)) + 2 * free + 2 * free * (free + 1) / (months - free - 1)


# --- how well it would have done ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """Forecasts of the past held against what came: sums over ``months`` months, none where nothing could be held."""

    months: int = 0
    error: float = 0.0
    arrivals: int = 0
    within: int = 0


def back_test(counts: Sequence[int]) -> Held:
    """As if made 3, 6, 9 and 12 months ago, each up to the history's end; ``within`` are the months up to their p90."""
    return _summed(_from_origin(counts, len(counts) - 3 * quarter) for quarter in (4, 3, 2, 1))


def _from_origin(counts: Sequence[int], origin: int) -> Held:
    came = np.array(counts[origin:], dtype=np.float64)
    made = ahead(counts[:origin], len(came)) if origin >= FEWEST else Ahead(TOO_LITTLE)
    if not made.is_known:
        return Held()
    within = int((came <= made.p90).sum())
    return Held(len(came), float(np.abs(came - made.p50).sum()), int(came.sum()), within)


def _summed(parts: Iterable[Held]) -> Held:
    months, error, arrivals, within = 0, 0.0, 0, 0
    for part in parts:
        months, error = months + part.months, error + part.error
        arrivals, within = arrivals + part.arrivals, within + part.within
    return Held(months, error, arrivals, within)
