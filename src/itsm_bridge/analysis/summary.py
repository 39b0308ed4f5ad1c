"""The summary: every figure of the period beside the same figure of the period before."""

from __future__ import annotations

import pandas as pd

import itsm_bridge.analysis.earlier as earlier
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.figures import FIGURES, values
from itsm_bridge.analysis.frames import Frames


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, in the order of ``FIGURES``."""
    now = values(frames)
    before = values(frames.previous) if frames.previous is not None else dict.fromkeys(FIGURES)
    means = earlier.means(frames)
    rows = [_row(key, now[key], before[key], means.get(key)) for key in FIGURES]
    return pd.DataFrame(rows, columns=[column.name for column in TABLE.columns])


def _row(key: str, value: float | None, previous: float | None, mean: float | None) -> tuple[object, ...]:
    figure, change = FIGURES[key], _less(value, previous)
    word = verdict(figure.better, change)
    return figure.title, value, figure.unit, previous, change, mean, _less(value, mean), word, key


def _less(value: float | None, other: float | None) -> float | None:
    return round(value - other, 6) if value is not None and other is not None else None


def verdict(better: str, change: float | None) -> str:
    """A change in a word: ``better``, ``worse``, ``more``, ``less``, ``unchanged``, or empty where nothing is known."""
    if change is None:
        return ""
    if change == 0:
        return "unchanged"
    if not better:
        return "more" if change > 0 else "less"
    return "better" if (change > 0) == (better == "up") else "worse"


TABLE = Table(
    name="summary",
    title="Summary",
    description=(
        "The figures of the period, as of the as-of instant, beside those of the period before up to "
        "the same point of it."
    ),
    columns=(
        Column("figure", Kind.TEXT, "Name of the figure; its definition is on this sheet's neighbour definitions."),
        Column(
            "value",
            Kind.NUMBER,
            "The figure; a share is a fraction of 1. Empty, not 0, where there is nothing to measure.",
            "as in unit",
        ),
        Column("unit", Kind.TEXT, "tickets, approvals, cycles (of a clock), share, hours, business hours or days."),
        Column(
            "previous", Kind.NUMBER, "The same figure for the period before, up to the same point of it.", "as in unit"
        ),
        Column("change", Kind.NUMBER, "value - previous; for a share in fractions of 1.", "as in unit"),
        Column(
            "mean_of_four",
            Kind.NUMBER,
            "Mean of the figure in the four periods before, each up to the same point of it. Only in reports of weeks, "
            f"and of {', '.join(FIGURES[key].title for key in earlier.MEASURES)}; of whole weeks also of "
            f"{', '.join(FIGURES[key].title for key in earlier.OF_CLOCKS)}, where each of the four judged a clock "
            "of the kind. Others are empty: they would need a whole report for each of the four.",
            "as in unit",
        ),
        Column("change_to_mean", Kind.NUMBER, "value - mean_of_four.", "as in unit"),
        Column("verdict", Kind.TEXT, "The change in a word: better, worse, more, less or unchanged."),
        Column("key", Kind.TEXT, "The figure's name for scripts; it does not change."),
    ),
    build=build,
)
