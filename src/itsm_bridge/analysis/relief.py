"""Relief: whose work has outgrown its hours for weeks, and who could take some of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

import itsm_bridge.analysis.bandwidth as bandwidth
from itsm_bridge.analysis.bandwidth_skills import with_skill
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames

WEEKS = 4
"""Whole weeks over which a vendor must have been overloaded in the mean, besides in the last."""

PLACE = ["environment", "service", "skill"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A vendor's hours in the last whole week, and how many it was over in that and in the mean of the last weeks."""

    vendor: str
    week: str
    load: float
    capacity: float
    over: float
    mean_over: float

    @property
    def is_overloaded(self) -> bool:
        """Whether more came than it has hours for, last week and for weeks."""
        return self.over > 0 and self.mean_over > 0

    @property
    def spare(self) -> float:
        """Hours that it had left, last week and in the mean: the fewer of both."""
        return max(0.0, min(-self.over, -self.mean_over))

    def utilization(self, more: float) -> float | None:
        """That of the last whole week with some hours more, or fewer."""
        return round((self.load + more) / self.capacity, 4) if self.capacity > 0 else None


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``: for each place that an overloaded vendor's work comes from, all who could take some."""
    standings = _standings(frames)
    rows = [row for one in standings.values() if one.is_overloaded for row in _of_vendor(one, standings, frames)]
    made = pd.DataFrame(rows, columns=[column.name for column in TABLE.columns])
    order = ["vendor", "hours", "environment", "service", "could_take_hours", "candidate"]
    return made.sort_values(order, ascending=[True, False, True, True, False, True], ignore_index=True)


def _standings(frames: Frames) -> Mapping[str, Standing]:
    weeks = [week.name for week in frames.weeks if week.complete][-WEEKS:]
    rows = bandwidth.build(frames)
    rows = rows[rows["week"].isin(weeks)].dropna(subset=["capacity_hours", "load_hours"])
    found = {}
    for vendor, own in rows.groupby("vendor", sort=True):
        over = own["load_hours"] - own["capacity_hours"]
        last = own[own["week"] == weeks[-1]]
        if len(last):
            load, capacity = float(last["load_hours"].iloc[0]), float(last["capacity_hours"].iloc[0])
            mean = round(float(over.sum()) / len(weeks), 2)
            found[str(vendor)] = Standing(str(vendor), weeks[-1], load, capacity, round(load - capacity, 2), mean)
    return found


def _of_vendor(one: Standing, standings: Mapping[str, Standing], frames: Frames) -> Iterator[dict[str, Any]]:
    came = with_skill(frames)
    came = came[(came["vendor"] == one.vendor) & (came["week"] == one.week)]
    hour = one.load / len(came) if len(came) else 0.0
    for place, tickets in came.groupby(PLACE, sort=True).size().items():
        environment, service, skill = map(str, place)  # type: ignore[call-overload]  # the key of three columns
        row = {
            "vendor": one.vendor, "week": one.week, "hours_over": one.over, "mean_hours_over": one.mean_over,
            "environment": environment, "service": service, "skill": skill, "hours": round(hour * tickets, 2),
        }  # fmt: skip
        takers = frames.partners.takers
        here = takers[(takers["environment"] == environment) & (takers["service"] == service)]
        reasons = dict(zip(here["vendor"], here["because"], strict=True))
        yield from _offers(row, one, standings, reasons)


def _offers(
    row: dict[str, Any], one: Standing, standings: Mapping[str, Standing], reasons: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """A row for everybody who could take some of it; one that says why, where nobody could."""
    others = {name: because for name, because in reasons.items() if name != one.vendor}
    able = [name for name, because in others.items() if not because and name in standings and standings[name].spare > 0]
    for name in able:
        candidate = standings[name]
        taken = round(min(one.over, row["hours"], candidate.spare), 2)
        yield {
            **row, "candidate": name, "spare_hours": candidate.spare, "could_take_hours": taken,
            "utilization": one.utilization(0), "utilization_after": one.utilization(-taken),
            "candidate_utilization": candidate.utilization(0),
            "candidate_utilization_after": candidate.utilization(taken), "nobody_because": "",
        }  # fmt: skip
    if not able:
        why = "; ".join(because or f"{name} has no hours to spare" for name, because in sorted(others.items()))
        nothing = dict.fromkeys((
            "spare_hours", "could_take_hours", "utilization_after", "candidate_utilization",
            "candidate_utilization_after",
        ))  # fmt: skip
        said = {"candidate": "", "utilization": one.utilization(0), "nobody_because": why or "there is nobody else"}
        yield {**row, **nothing, **said}


TABLE = Table(
    name="relief",
    title="Relief",
    description="Who could take work from a vendor that had more of it than hours both in the last whole week and in "
    f"the mean of the last {WEEKS} whole weeks. Each row is an offer of its own: of several for one vendor, or of one "
    "candidate for several vendors, the hours can be given once.",
    columns=(
        Column("vendor", Kind.TEXT, "Vendor with more work than hours."),
        Column("week", Kind.TEXT, "The last whole ISO week."),
        Column("hours_over", Kind.NUMBER, "load_hours - capacity_hours of bandwidth in that week.", "hours"),
        Column(
            "mean_hours_over", Kind.NUMBER, f"The same, its mean over the last {WEEKS} whole weeks.", "hours per week"
        ),
        Column("environment", Kind.TEXT, "Environment that the work came from; empty where none is known."),
        Column("service", Kind.TEXT, "Service of these tickets at their arrival; empty where none is known."),
        Column(
            "skill",
            Kind.TEXT,
            "Skill that they need: those of their services that some vendor lists as a skill. Empty where none is "
            "one: then it cannot be told, and a candidate's skill was not asked for.",
        ),
        Column("hours", Kind.NUMBER, "Work that came from there in the week: arrivals x effort_hours.", "hours"),
        Column(
            "candidate",
            Kind.TEXT,
            "Vendor or own team that the rules would let take it on the as-of day - active, NDA signed or own team, "
            "with the skill, not about to own the environment only later - and that has hours to spare; empty for "
            "nobody.",
        ),
        Column(
            "spare_hours",
            Kind.NUMBER,
            f"Its capacity_hours - load_hours, the lesser of the last whole week and of the mean of {WEEKS}.",
            "hours",
        ),
        Column(
            "could_take_hours",
            Kind.NUMBER,
            "min(hours_over, hours, spare_hours): taken to cost the candidate as many hours as the vendor.",
            "hours",
        ),
        Column("utilization", Kind.PERCENT, "load_hours / capacity_hours of the vendor; empty without capacity."),
        Column("utilization_after", Kind.PERCENT, "(load_hours - could_take_hours) / capacity_hours of the vendor."),
        Column("candidate_utilization", Kind.PERCENT, "load_hours / capacity_hours of the candidate."),
        Column(
            "candidate_utilization_after",
            Kind.PERCENT,
            "(load_hours + could_take_hours) / capacity_hours of the candidate.",
        ),
        Column("nobody_because", Kind.TEXT, "Where nobody could take it, what keeps each other vendor from it."),
    ),
    build=build,
)
