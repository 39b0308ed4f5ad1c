"""Scorecard: how each vendor does by the figures that the configuration weighs, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.scales import in_words, score
from itsm_bridge.analysis.vendor_figures import MONTHS_BACK, Measured, measured, measured_before
from itsm_bridge.config.model import UNSCORED, VendorStatus

TOTAL = "total"
OK, NO_DATA = "ok", "no data"

SHOWN = (VendorStatus.ACTIVE, VendorStatus.OFFBOARDING)
"""Who is shown, also without data; others only with some."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One figure of one vendor; ``now`` and ``before`` are ``None`` where there are no data."""

    figure: str
    weight: int
    now: Measured | None
    before: Measured | None
    is_small: bool

    @property
    def score(self) -> float | None:
        """0 to 100; ``None`` where there are no data, or no scale."""
        return None if self.now is None else score(self.figure, self.now.value)

    @property
    def score_before(self) -> float | None:
        """The same for the period before."""
        return None if self.before is None else score(self.figure, self.before.value)


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor: its figures, and their total at the end."""
    now, before = measured(frames), measured_before(frames)
    rows = [row for vendor in _vendors(frames, now) for row in _of_vendor(frames, vendor, now, before)]
    return pd.DataFrame(rows, columns=[column.name for column in TABLE.columns])


ByFigure = Mapping[str, Mapping[str, Measured]]


def _vendors(frames: Frames, now: ByFigure) -> list[str]:
    """Those who have data, and, once any ticket is known, those who take work."""
    capacity = frames.capacity if any(frames.known.values()) else frames.capacity.head(0)
    working = capacity.loc[capacity["status"].isin(SHOWN), "vendor"]
    return sorted({*map(str, working), *(vendor for of_figure in now.values() for vendor in of_figure)})


def _of_vendor(frames: Frames, vendor: str, now: ByFigure, before: ByFigure) -> Iterator[tuple[object, ...]]:
    lines = [_line(frames, figure, now[figure].get(vendor), before.get(figure, {}).get(vendor)) for figure in now]
    shown = [line for line in lines if line.weight or line.now is not None]
    yield from (_row(vendor, line) for line in shown)
    yield _total(vendor, [line for line in lines if line.weight])


def _line(frames: Frames, figure: str, now: Measured | None, before: Measured | None) -> _Line:
    is_small = now is not None and now.count is not None and now.count < frames.reports.small
    return _Line(figure, frames.reports.scorecard.get(figure, 0), now, before, is_small)


def _row(vendor: str, line: _Line) -> tuple[object, ...]:
    now, before = line.now, line.before
    previous = None if before is None else round(before.value, 6)
    if now is None:
        return vendor, line.figure, None, line.weight, None, None, None, None, False, previous, NO_DATA, None, ""
    value, parts = round(now.value, 6), (_rounded(now.numerator), _rounded(now.denominator))
    return (
        vendor, line.figure, value, line.weight, line.score, *parts, now.unit, line.is_small, previous, OK, None,
        now.basis,
    )  # fmt: skip


def _total(vendor: str, weighed: list[_Line]) -> tuple[object, ...]:
    """The mean of the scores by weight; what has no data is left out of it, and ``weight_covered`` says how much."""
    scored = [(line.weight, line.score) for line in weighed if line.score is not None]
    earlier = [(line.weight, line.score_before) for line in weighed if line.score_before is not None]
    weight, covered = sum(line.weight for line in weighed), sum(part for part, _ in scored)
    points = _rounded(sum(part * reached for part, reached in scored)) if covered else None
    missing = ", ".join(line.figure for line in weighed if line.score is None)
    is_small, data = any(line.is_small for line in weighed), OK if covered else NO_DATA
    return (
        vendor, TOTAL, _mean(scored), weight, _mean(scored), points, covered or None, "points", is_small,
        _mean(earlier), data, round(covered / weight, 6), f"without {missing}" if missing else "",
    )  # fmt: skip


def _mean(scored: list[tuple[int, float]]) -> float | None:
    weight = sum(part for part, _ in scored)
    return round(sum(part * points for part, points in scored) / weight, 2) if weight else None


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


TABLE = Table(
    name="scorecard",
    title="Scorecard",
    description="Vendors and own teams by the figures that reports.scorecard in bridge.yaml weighs, by others that "
    "have data, and in total. The score is a written scale and no judgement: read it with its parts. A figure without "
    "data has no score, is in no total, and is not 0.",
    columns=(
        Column("vendor", Kind.TEXT, "Vendor, or own team, of vendors.yaml."),
        Column(
            "figure",
            Kind.TEXT,
            "sla_, uc_ and ola_attainment: as in sla_attainment, clocks of that kind counted for the vendor. "
            "first_contact_share, reopen_share, mttr_hours: as in quality, over tickets whose last resolution lies in "
            "the period. utilization: load against capacity in bandwidth, over the whole weeks that the period "
            "touches, else the last whole one. uptime, patch_compliance, satisfaction: the latest month that inputs "
            f"has, at most {MONTHS_BACK} before that of the as-of instant; lines about the vendor as a whole before "
            "those about environments, which are weighed by what they are about. cost_per_ticket: the cost of the "
            "latest whole month by the tickets that the vendor had resolved, closed or canceled in it. total: all that "
            "is weighed.",
        ),
        Column(
            "value",
            Kind.NUMBER,
            "The figure; of total, the mean of the scores by weight. Empty: no data.",
            "as in unit",
        ),
        Column(
            "weight",
            Kind.INTEGER,
            f"From reports.scorecard; 0 for what is only shown, as {' and '.join(UNSCORED)} always are. Of total, "
            "their sum.",
        ),
        Column("score", Kind.NUMBER, f"0 to 100. {in_words()}. Empty without data or without a scale.", "points"),
        Column(
            "numerator",
            Kind.NUMBER,
            "What is divided: cycles met, tickets, hours, an amount; of total, the scores by their weights. Empty "
            "where the value was given as it is.",
        ),
        Column(
            "denominator",
            Kind.NUMBER,
            "By what: cycles judged, tickets, hours, what a line is about; of total, the weights that have data.",
        ),
        Column("unit", Kind.TEXT, "share, hours, points, 1 to 5, or a currency."),
        Column(
            "small",
            Kind.BOOLEAN,
            "Whether the denominator is a number of cases below reports.small in bridge.yaml; of total, whether "
            "that of one of its figures is.",
        ),
        Column(
            "previous",
            Kind.NUMBER,
            "The value for the period before, up to the same point of it; of utilization, for as many whole weeks "
            "before.",
            "as in unit",
        ),
        Column("data", Kind.TEXT, "ok, or no data."),
        Column(
            "weight_covered",
            Kind.PERCENT,
            "Of total: the weights of the figures that have data, of all weights. Below 100 % two vendors may be "
            "compared by different figures.",
        ),
        Column(
            "basis",
            Kind.TEXT,
            "The period, weeks or month that the value is about; of total, which figures are without data.",
        ),
    ),
    build=build,
)
