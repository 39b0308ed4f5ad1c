"""The figures of the scorecard by vendor: each with what it is divided of, and none where there are no data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

import itsm_bridge.analysis.bandwidth as bandwidth
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.period import Period, Unit
from itsm_bridge.analysis.quality import resolved
from itsm_bridge.analysis.sla_cycles import counted

MONTHS_BACK = 3
"""How many months before that of the as-of instant the month of an outside figure may lie."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of one vendor. ``basis`` is the period, the weeks or the month that it is about.

    ``numerator`` and ``denominator`` are ``None`` where the value was given as it is; ``count`` is what says whether
    the denominator is small, ``None`` where it is no number of cases.
    """

    value: float
    unit: str
    basis: str
    numerator: float | None = None
    denominator: float | None = None
    count: float | None = None


Measure = Callable[[Frames], Mapping[str, Measured]]


def measured(frames: Frames) -> dict[str, Mapping[str, Measured]]:
    """Every figure, by vendor."""
    return {name: measure(frames) for name, measure in FIGURES.items()}


def measured_before(frames: Frames) -> dict[str, Mapping[str, Measured]]:
    """The same for the period before, as far as it is known."""
    before = {} if frames.previous is None else measured(frames.previous)
    return {**before, "utilization": _busy(frames, _whole_weeks(frames)[0])}


# --- from tickets ------------------------------------------------------------------------------------------------


def _divided(parts: pd.Series, vendors: pd.Series, unit: str, basis: str) -> dict[str, Measured]:
    """The mean of ``parts`` by vendor; nobody is no vendor."""
    groups = parts.astype("float64").groupby(vendors)
    both = zip(groups.sum().items(), groups.size(), strict=True)
    return {
        str(vendor): Measured(total / count, unit, basis, float(total), float(count), float(count))
        for (vendor, total), count in both
        if vendor
    }


def _attained(kind: str) -> Measure:
    def measure(frames: Frames) -> Mapping[str, Measured]:
        cycles = counted(frames)
        judged = cycles.loc[(cycles["kind"] == kind) & cycles["judged"], ["failed", "vendor"]]
        return _divided(~judged["failed"].astype("bool"), judged["vendor"], "share", frames.period.name)

    return measure


def _of_resolved(column: str, unit: str) -> Measure:
    def measure(frames: Frames) -> Mapping[str, Measured]:
        rows = resolved(frames)
        return _divided(rows[column], rows["vendor"], unit, frames.period.name)

    return measure


def _utilization(frames: Frames) -> Mapping[str, Measured]:
    return _busy(frames, _whole_weeks(frames)[1])


def _whole_weeks(frames: Frames) -> tuple[Sequence[str], Sequence[str]]:
    """As many whole weeks before, and those that the period touches; the last whole one, where it touches none."""
    whole = [week for week in frames.weeks if week.complete]
    count = max(1, sum(week.end > frames.start for week in whole))
    names = [week.name for week in whole]
    return names[-2 * count : -count] if len(names) >= 2 * count else [], names[-count:]


def _busy(frames: Frames, weeks: Sequence[str]) -> Mapping[str, Measured]:
    """Load against capacity, each added up over some weeks."""
    rows = bandwidth.build(frames)
    rows = rows[rows["week"].isin(list(weeks)) & rows["load_hours"].notna() & rows["capacity_hours"].notna()]
    basis = " to ".join(dict.fromkeys((*weeks[:1], *weeks[-1:])))
    sums = rows.groupby("vendor")[["load_hours", "capacity_hours"]].sum()
    return {
        str(vendor): Measured(load / capacity, "share", basis, load, capacity)
        for vendor, load, capacity in sums.itertuples(name=None)
        if capacity > 0
    }


# --- from outside ------------------------------------------------------------------------------------------------


def _given(figure: str) -> Measure:
    """The latest month that was given: the vendor's own line, else those of its environments, weighed by ``of``."""

    def measure(frames: Frames) -> Mapping[str, Measured]:
        last = Period.holding(frames.until - timedelta(microseconds=1), Unit.MONTH, frames.period.zone)
        found = {vendor: _weighed(rows) for vendor, rows in _latest(frames, figure, last).items()}
        return {vendor: one for vendor, one in found.items() if one is not None}

    return measure


def _weighed(rows: pd.DataFrame) -> Measured | None:
    """One line as it is; several by what they are about, and nothing where one of them does not say what that is."""
    unit, month, of = str(rows["unit"].iloc[0]), str(rows["month"].iloc[0]), rows["of"]
    if of.notna().all():
        total, about = float((rows["value"] * of).sum()), float(of.sum())
        return Measured(total / about, unit, month, total, about, about)
    return Measured(float(rows["value"].iloc[0]), unit, month) if len(rows) == 1 else None


def _cost_per_ticket(frames: Frames) -> Mapping[str, Measured]:
    """The cost of the latest whole month, in one currency, by the tickets that left the open states in it."""
    last = Period.holding(frames.until, Unit.MONTH, frames.period.zone).previous()
    found: dict[str, Measured] = {}
    for vendor, rows in _latest(frames, "cost", last).items():
        month = str(rows["month"].iloc[0])
        tickets = _done_in(frames, vendor, month)
        if rows["unit"].nunique() == 1 and tickets:
            cost = float(rows["value"].sum())
            found[vendor] = Measured(cost / tickets, str(rows["unit"].iloc[0]), month, cost, tickets, tickets)
    return found


def _done_in(frames: Frames, vendor: str, month: str) -> int:
    """How many tickets of a vendor left the open states in a month; 0 where the report does not reach so far back."""
    year, number = map(int, month.split("-"))
    noon = frames.until.astimezone(frames.period.zone).replace(year=year, month=number, day=1, hour=12)
    of = Period.holding(noon, Unit.MONTH, frames.period.zone)
    if of.start < min([frames.start, *(week.start for week in frames.weeks)]):
        return 0
    spans = frames.spans[(frames.spans["ended"] == "resolved") & (frames.spans["vendor"] == vendor)]
    return int(((spans["end"] >= of.start) & (spans["end"] < of.end)).sum())


def _latest(frames: Frames, figure: str, last: Period) -> dict[str, pd.DataFrame]:
    """The lines of each vendor's latest month that is not after ``last`` and not too old.

    A line about the vendor as a whole counts alone, as those about its environments are within it.
    """
    first = last
    for _ in range(MONTHS_BACK):
        first = first.previous()
    rows = frames.outside[frames.outside["figure"] == figure]
    rows = rows[(rows["month"] >= first.name) & (rows["month"] <= last.name)]
    found: dict[str, pd.DataFrame] = {}
    for vendor, of_vendor in rows.groupby("vendor"):
        latest = of_vendor[of_vendor["month"] == of_vendor["month"].max()]
        whole = latest[latest["environment"] == ""]
        found[str(vendor)] = latest if whole.empty else whole
    return found


FIGURES: Mapping[str, Measure] = {
    "sla_attainment": _attained("sla"),
    "uc_attainment": _attained("uc"),
    "ola_attainment": _attained("ola"),
    "first_contact_share": _of_resolved("first_contact", "share"),
    "reopen_share": _of_resolved("reopened_tickets", "share"),
    "utilization": _utilization,
    "uptime": _given("uptime"),
    "patch_compliance": _given("patch_compliance"),
    "satisfaction": _given("satisfaction"),
    "mttr_hours": _of_resolved("mttr_hours", "hours"),
    "cost_per_ticket": _cost_per_ticket,
}
"""In the order of the scorecard's rows."""
