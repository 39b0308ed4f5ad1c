"""From the value of a figure to its score from 0 to 100: the scales of the scorecard, each written beside its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

BEST = 100.0

ENOUGH, FULL, TWICE = 0.70, 0.95, 1.50
"""Utilization: the best is from ``ENOUGH`` to ``FULL``; at ``TWICE`` nothing is left of it."""

WORST_MARK, BEST_MARK = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How a figure is scored, and the same in words."""

    score: Callable[[float], float]
    words: str


def _share(value: float) -> float:
    return BEST * value


def _lack(value: float) -> float:
    return BEST * (1 - value)


def _load(value: float) -> float:
    if value < ENOUGH:
        return BEST * value / ENOUGH
    return BEST * min(1.0, (TWICE - value) / (TWICE - FULL))


def _mark(value: float) -> float:
    return BEST * (value - WORST_MARK) / (BEST_MARK - WORST_MARK)


_OF_SHARE = Scale(_share, "100 x the share")

SCALES: Mapping[str, Scale] = {
    "sla_attainment": _OF_SHARE,
    "uc_attainment": _OF_SHARE,
    "ola_attainment": _OF_SHARE,
    "first_contact_share": _OF_SHARE,
    "reopen_share": Scale(_lack, "100 x (1 - the share)"),
    "utilization": Scale(
        _load,
        f"100 from {ENOUGH:.0%} to {FULL:.0%}, falling in a straight line to 0 at 0 % and at {TWICE:.0%}",
    ),
    "uptime": _OF_SHARE,
    "patch_compliance": _OF_SHARE,
    "satisfaction": Scale(_mark, "0 at 1, 100 at 5, in a straight line"),
}


def score(figure: str, value: float) -> float | None:
    """0 to 100, to two digits; ``None`` for a figure that has no scale."""
    scale = SCALES.get(figure)
    return None if scale is None else round(min(BEST, max(0.0, scale.score(value))), 2)


def in_words() -> str:
    """All scales, for the definitions: ``figure: scale``."""
    by_words: dict[str, list[str]] = {}
    for name, scale in SCALES.items():
        by_words.setdefault(scale.words, []).append(name)
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in by_words.items())
