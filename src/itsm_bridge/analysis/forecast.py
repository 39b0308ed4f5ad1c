"""Forecast: what will arrive in each of the coming months, whose it will be, and how many people that takes."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

import itsm_bridge.analysis.bandwidth as bandwidth
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.period import Period, Unit
from itsm_bridge.analysis.smoothing import FEWEST, PATHS, SEED, SMALL, ahead, back_test

PART = ["part", "services"]
OWNED = [*PART, "month", "vendor"]


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor, environment and month; none without a single ticket."""
    ownership = frames.partners.ownership if any(frames.known.values()) else frames.partners.ownership.head(0)
    parts = ownership[[*OWNED, "share"]].drop_duplicates(OWNED)
    rows = parts.merge(_expected(frames, ownership), how="left", on=[*PART, "month"])
    rows = rows.merge(frames.partners.months, how="left", on=["vendor", "month"])
    hours = bandwidth.effort_of(rows["vendor"], frames)
    p50, p90 = rows["p50"] * rows["share"], rows["p90"] * rows["share"]
    rows = rows.assign(
        environment=rows["part"],
        arrivals_p50=p50.round(2),
        arrivals_p90=p90.round(2),
        hours_p50=(p50 * hours).round(2),
        hours_p90=(p90 * hours).round(2),
        people_needed=(p90 * hours / rows["engineer_hours"].where(rows["engineer_hours"] > 0)).round(2),
        people=(rows["capacity_hours"] / rows["engineer_hours"].where(rows["engineer_hours"] > 0)).round(2),
        owned_share=rows["share"].round(4),
        effort_hours=hours.round(4),
    )
    return rows.sort_values(["vendor", "environment", "services", "month"], ignore_index=True)


EXPECTED = {
    "part": "string", "services": "string", "month": "string", "p50": "float64", "p90": "float64", "method": "string",
    "history_months": "Int64", "backtest_wape": "float64", "backtest_error": "float64", "backtest_arrivals": "Int64",
    "backtest_p90_coverage": "float64", "backtest_within": "Int64", "backtest_n": "Int64",
}  # fmt: skip


def _expected(frames: Frames, ownership: pd.DataFrame) -> pd.DataFrame:
    """What is to be expected of each part of an environment in each month, before it is dealt to owners."""
    months = sorted(set(ownership["month"]))
    parts = ownership[["environment", "service", *PART]].drop_duplicates()
    demand = parts.merge(frames.demand, how="left", on=["environment", "service"], suffixes=("", "_of"))
    whole = _whole_months(frames)
    rows = [row for _, part in demand.groupby(PART, sort=True) for row in _of_part(part, whole, months)]
    return pd.DataFrame(rows, columns=list(EXPECTED)).astype(EXPECTED)


def _of_part(part: pd.DataFrame, whole: list[str], months: list[str]) -> Iterator[tuple[object, ...]]:
    """The rows of one part. The month that holds the as-of instant is not over: it is looked across."""
    counts = _history(part, whole)
    running = 0 if whole and whole[-1] == _before(months[0]) else 1
    made, held = ahead(counts, running + len(months)), back_test(counts)
    name = part["part"].iloc[0], part["services"].iloc[0]
    wape = round(held.error / held.arrivals, 4) if held.arrivals else None
    coverage = round(held.within / held.months, 4) if held.months else None
    figures = (held.error, held.arrivals, coverage, held.within, held.months) if held.months else (None,) * 5
    for place, month in enumerate(months, running):
        p50, p90 = (made.p50[place], made.p90[place]) if made.is_known else (None, None)
        yield (*name, month, p50, p90, made.method, len(counts), wape, *figures)


def _history(part: pd.DataFrame, whole: list[str]) -> list[int]:
    """Counts of whole months, from the one after the first arrival on: that month may have begun before the data."""
    found = part.dropna(subset=["arrivals"]).groupby("month")["arrivals"].sum()
    first = found.index.min() if len(found) else ""
    return [int(found.get(month, 0)) for month in whole if first and month > first]


def _whole_months(frames: Frames) -> list[str]:
    """The names of the months from the first of ``demand`` on that were over at the as-of instant."""
    if frames.demand.empty:
        return []
    year, month = map(int, str(frames.demand["month"].min()).split("-"))
    return list(_names(year, month, frames))


def _names(year: int, month: int, frames: Frames) -> Iterator[str]:
    zone = frames.period.zone
    one = Period(Unit.MONTH, frames.period.first.replace(year=year, month=month, day=1), zone)
    while one.end <= frames.until:
        yield one.name
        one = one.next()


def _before(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year - (number == 1)}-{(number - 2) % 12 + 1:02}"


_OF_SERIES = "of the environment's whole series, so that rows of one environment and services say the same."

TABLE = Table(
    name="forecast",
    title="Forecast",
    description="Arrivals, hours and people of each of the 12 months after the one that holds the as-of instant, by "
    "the vendor who owns the environment, or these services of it, by vendors.yaml in that month. Row by row the "
    "p50 and p90 of one environment add up over vendors; p90s of several environments added up are more than the p90 "
    "of their sum. Not foreseen: changes that no month of the history has seen, and tickets moved between vendors.",
    columns=(
        Column("vendor", Kind.TEXT, "Owner by vendors.yaml in the month; empty where nobody owns it."),
        Column(
            "environment",
            Kind.TEXT,
            "Environment of vendors.yaml; empty for the tickets of all others together.",
        ),
        Column("month", Kind.TEXT, "Calendar month, YYYY-MM, in the report's zone."),
        Column(
            "arrivals_p50",
            Kind.NUMBER,
            "Tickets created, median of the simulated futures x owned_share; empty where there is too little history. "
            f"{PATHS:,} futures are drawn with seed {SEED} and cut off at 0. The form is that of least AICc; "
            f"histories under 12 months, and those with under {SMALL:g} tickets a month, are counts around a level.",
            "tickets",
        ),
        Column("arrivals_p90", Kind.NUMBER, "The same, 90th percentile: in one month of ten more come.", "tickets"),
        Column("hours_p50", Kind.NUMBER, "arrivals_p50 x effort_hours.", "hours"),
        Column(
            "hours_p90",
            Kind.NUMBER,
            "arrivals_p90 x effort_hours; what a ticket takes is held to stay as it is.",
            "hours",
        ),
        Column(
            "capacity_hours",
            Kind.NUMBER,
            "The vendor's hours for all its environments: as in bandwidth, for the days of the month, by its people, "
            "calendar, holidays, leave and today's status. Not to be added up over environments.",
            "hours",
        ),
        Column(
            "people_needed",
            Kind.NUMBER,
            "hours_p90 / engineer_hours: people for this environment alone. Of a month owned in part it is the mean "
            "over the whole month.",
            "people",
        ),
        Column(
            "services",
            Kind.TEXT,
            "Services of the environment that the row is about, where they have different owners within the 12 "
            "months; empty for all, or for those that vendors.yaml does not list. Forecast as one series.",
        ),
        Column("owned_share", Kind.PERCENT, "Days of the month on which the vendor owns it / days of the month."),
        Column(
            "effort_hours",
            Kind.NUMBER,
            "Hours of work in one ticket with the vendor, as in bandwidth; the programme's mean for a vendor that has "
            "none of its own.",
            "hours",
        ),
        Column(
            "engineer_hours",
            Kind.NUMBER,
            "hours_per_week x focus of one person who takes no leave, scaled by the days and holidays of the month; "
            "whatever the vendor's status, so that a coming vendor can be planned for.",
            "hours",
        ),
        Column(
            "people", Kind.NUMBER, "capacity_hours / engineer_hours: people there for all its environments.", "people"
        ),
        Column("status", Kind.TEXT, "The vendor's status in vendors.yaml today."),
        Column(
            "method",
            Kind.TEXT,
            f"How the history was continued, {_OF_SERIES} With fewer than {FEWEST} months nothing is said.",
        ),
        Column(
            "history_months",
            Kind.INTEGER,
            "Whole months that the forecast rests on: at most 47, from the one after the first arrival on.",
            "months",
        ),
        Column(
            "backtest_wape",
            Kind.PERCENT,
            "backtest_error / backtest_arrivals: how far p50 would have been off, had it been made 3, 6, 9 and 12 "
            f"months before the history's end, each time up to that end; {_OF_SERIES}",
        ),
        Column("backtest_error", Kind.NUMBER, "Sum of |arrivals - p50| over these months.", "tickets"),
        Column("backtest_arrivals", Kind.INTEGER, "Tickets that came in these months.", "tickets"),
        Column(
            "backtest_p90_coverage",
            Kind.PERCENT,
            "backtest_within / backtest_n; a p90 that is right is near 90 %. Under 30 months say little.",
        ),
        Column("backtest_within", Kind.INTEGER, "Of these, those with no more arrivals than their p90.", "months"),
        Column(
            "backtest_n",
            Kind.INTEGER,
            "Forecast months held against what came: 30 with 16 months of history or more, empty with none. A month "
            "that lies after several of the four points counts for each.",
            "months",
        ),
    ),
    build=build,
)
