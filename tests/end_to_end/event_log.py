"""The log of real incidents read a second time, with pandas alone: it knows none of the program's histories or clocks.

Instants are UTC and in whole minutes, as in the log. A *course* has one row for each stretch between two changes; what
an incident was from its opening on is what its first row says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

OPEN, HOLD, DONE = "open", "hold", "done"
NOTHING_FOLLOWS = 0
"""In place of a priority."""

KINDS = {"New": OPEN, "Active": OPEN, "Resolved": DONE, "Closed": DONE}

FOLLOWED = (
    "incident_state", "priority", "impact", "urgency", "assignment_group", "assigned_to", "category", "made_sla",
)  # fmt: skip
"""The columns of which the program reads the history."""

Spans = tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Office:
    """Opening hours as a table of minutes: how many were open before each one."""

    first: pd.Timestamp
    before: npt.NDArray[np.int64]

    @classmethod
    def of(cls, zone: str, week: Mapping[int, Spans], days: Mapping[date, Spans]) -> Office:
        """``week`` has the hours of each weekday (0 is Monday), ``days`` those of single days instead."""
        minutes = pd.date_range("2016-02-01", "2017-04-01", freq="min", tz="UTC")
        local = minutes.tz_convert(zone)
        minute = (local.hour * 60 + local.minute).to_numpy()
        opened = np.zeros(len(minutes), dtype=bool)
        weekday, day = local.day_of_week.to_numpy(), local.tz_localize(None).normalize()
        for which, spans in week.items():
            opened |= (weekday == which) & _within(minute, spans)
        for which_day, spans in days.items():
            rows = day == pd.Timestamp(which_day)
            opened[rows] = _within(minute[rows], spans)
        return cls(minutes[0], np.concatenate([[0], np.cumsum(opened)]))

    def seconds(self, start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp]) -> pd.Series[int]:
        """The opening seconds from each start to each end."""
        counted = self.before[self._place(end)] - self.before[self._place(start)]
        return pd.Series(60 * counted, index=start.index, dtype="int64")

    def _place(self, at: pd.Series[pd.Timestamp]) -> npt.NDArray[np.int64]:
        return np.asarray((at - self.first) // pd.Timedelta(minutes=1), dtype=np.int64)


def _within(minute: npt.NDArray[np.int64], spans: Spans) -> npt.NDArray[np.bool_]:
    """Whether a minute of the day lies in one of the spans; one that ends at 00:00 lasts until midnight."""
    found = np.zeros(len(minute), dtype=bool)
    for start, end in spans:
        last = 60 * end.hour + end.minute or 1_440
        found |= (minute >= 60 * start.hour + start.minute) & (minute < last)
    return found


def read(path: Path) -> pd.DataFrame:
    """The log as it is, with instants: one row for each event, in the file's order."""
    log = pd.read_csv(path, dtype=str)
    for column in ("opened_at", "sys_updated_at", "resolved_at", "closed_at"):
        known = log[column].where(log[column] != "?")
        log[column] = pd.to_datetime(known, format="%d/%m/%Y %H:%M").dt.tz_localize("UTC")
    log["priority"] = log["priority"].str[0].astype("int64")
    log["month"] = log["opened_at"].dt.strftime("%Y-%m")
    return log


def course(log: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """What each incident was from when (``at``) to when (``end``), up to ``until``; several rows of one minute are one.

    ``kind`` is open, hold or done. A state that nobody knows (-100) leaves an incident as it was: open, or done.
    """
    rows = log[log["opened_at"] <= until].copy()
    rows["at"] = rows["sys_updated_at"].clip(lower=rows["opened_at"])
    rows.loc[~rows.duplicated("number"), "at"] = rows["opened_at"]
    rows = rows[rows["at"] <= until].sort_values(["number", "at"], kind="stable")
    rows = rows.drop_duplicates(["number", "at"], keep="last")
    kind = rows["incident_state"].map(KINDS).where(~rows["incident_state"].str.startswith("Awaiting"), HOLD)
    rows["kind"] = kind.groupby(rows["number"]).ffill()
    rows.loc[(kind.isna()) & (rows["kind"] == HOLD), "kind"] = OPEN
    rows["end"] = rows.groupby("number")["at"].shift(-1).fillna(until)
    return rows


def resolutions(rows: pd.DataFrame, office: Office, *, from_creation: bool) -> pd.DataFrame:
    """A resolution clock for each priority that an incident had while it was open, in the order of their beginning.

    It runs while the incident is open and pauses while it waits; what was used under an earlier priority counts. A
    reopened incident goes on. With ``from_creation`` a later priority's clock counts as begun at the opening, with all
    pauses since.
    """
    spent = office.seconds(rows["at"], rows["end"])
    rows = rows.assign(used=spent.where(rows["kind"] == OPEN, 0), waited=spent.where(rows["kind"] == HOLD, 0))
    return _clocks(rows, rows["kind"] != DONE, from_creation=from_creation)


def closings(rows: pd.DataFrame, office: Office) -> pd.DataFrame:
    """A clock for each priority from the opening to the first row that is Closed, without pauses."""
    closed = (rows["incident_state"] == "Closed").groupby(rows["number"]).cummax()
    rows = rows.assign(used=office.seconds(rows["at"], rows["end"]).where(~closed, 0), waited=0, kind=OPEN)
    return _clocks(rows, ~closed, from_creation=False)


def _clocks(rows: pd.DataFrame, active: pd.Series[bool], *, from_creation: bool) -> pd.DataFrame:
    """One row for each incident and run of one priority, from the stretches in which a clock is ``active``."""
    after = rows.groupby("number")["priority"].shift(-1, fill_value=NOTHING_FOLLOWS)
    rows = rows.assign(next_priority=after)[active].copy()
    by_number = rows.groupby("number")
    before = by_number[["priority", "end"]].shift()
    turned = rows["priority"] != before["priority"]
    again = before["end"].notna() & (before["end"] != rows["at"])
    assert not (again & turned).any(), "reopened under another priority: not thought of here"
    rows["run"] = turned.groupby(rows["number"]).cumsum()
    rows["total"] = by_number["used"].cumsum()
    rows["waits"] = by_number["waited"].cumsum()
    found = rows.groupby(["number", "run"], as_index=False).agg(
        level=("priority", "first"), started=("at", "first"), ended=("end", "last"), used=("total", "last"),
        paused=("waited", "sum"), waits=("waits", "last"), next_priority=("next_priority", "last"),
        kind=("kind", "last"), month=("month", "first"), opened=("opened_at", "first"),
    )  # fmt: skip
    if from_creation:
        later = found["run"] > 1
        found["started"] = found["started"].mask(later, found["opened"])
        found["paused"] = found["paused"].mask(later, found["waits"])
    return _ended(found)


def _ended(found: pd.DataFrame) -> pd.DataFrame:
    """Whether each clock was handed over, stopped, or goes on; and under which priority it ended."""
    handed = found["run"] != found.groupby("number")["run"].transform("last")
    going = ~handed & (found["next_priority"] == NOTHING_FOLLOWS)
    stage = np.select(
        [handed, going & (found["kind"] == HOLD), going], ["cancelled", "paused", "in_progress"], "completed"
    )
    stopped = ~handed & ~going
    return found.assign(
        stage=stage,
        stopped=found["ended"].mask(going),
        priority=found["level"].where(~stopped, found["next_priority"]),
    )


def holdings(rows: pd.DataFrame, offices: Mapping[str, Office]) -> pd.DataFrame:
    """The running and waiting seconds of each open incident in the hands of each of some groups."""
    parts = []
    for group, office in offices.items():
        held = rows[(rows["assignment_group"] == group) & (rows["kind"] != DONE)]
        spent = office.seconds(held["at"], held["end"])
        waiting = held["kind"] == HOLD
        parts.append(held.assign(used=spent.where(~waiting, 0), paused=spent.where(waiting, 0)))
    both = pd.concat(parts).groupby(["number", "assignment_group"], as_index=False)[["used", "paused"]].sum()
    return both.rename(columns={"assignment_group": "vendor"})


def resolved(rows: pd.DataFrame, since: pd.Timestamp, known: Collection[str]) -> pd.DataFrame:
    """By group, what was resolved for the last time at ``since`` or later; groups that nobody knows are one."""
    was = rows.groupby("number")[["kind", "assignment_group"]].shift()
    ends, returns = (was["kind"] != DONE) & (rows["kind"] == DONE), (was["kind"] == DONE) & (rows["kind"] != DONE)
    back = rows.loc[returns & (rows["at"] >= since), "number"]
    seen = rows[~rows["incident_state"].isin(["New", "-100"])].drop_duplicates("number").set_index("number")["at"]
    group = was["assignment_group"].where(was["assignment_group"].isin(list(known)), "")
    last = rows.assign(group=group)[ends & was["kind"].notna()].drop_duplicates("number", keep="last")
    last = last[last["at"] >= since]
    hours = (last["at"] - last["opened_at"]).dt.total_seconds() / 3600
    acknowledged = (last["number"].map(seen) - last["opened_at"]).dt.total_seconds() / 3600
    by_group = last.assign(hours=hours, seen=acknowledged, back=last["number"].isin(back)).groupby("group")
    return pd.DataFrame({
        "resolved": by_group.size().astype("float64"),
        "reopened_tickets": by_group["back"].sum().astype("float64"),
        "mttr_hours": by_group["hours"].mean(),
        "mttr_median_hours": by_group["hours"].quantile(0.5),
        "mttr_p80_hours": by_group["hours"].quantile(0.8),
        "mttr_p90_hours": by_group["hours"].quantile(0.9),
        "mtta_hours": by_group["seen"].mean(),
    })  # fmt: skip


def changed_while_closed(log: pd.DataFrame) -> set[str]:
    """The incidents of which a field that the program follows became another one while they were closed."""
    was = log.groupby("number")[list(FOLLOWED)].shift()
    closed = (log["incident_state"] == "Closed") & (was["incident_state"] == "Closed")
    same = (log[list(FOLLOWED)] == was) | (log[list(FOLLOWED)].isna() & was.isna())
    return set(log.loc[closed & ~same.all(axis="columns"), "number"])


def best_agreement(log: pd.DataFrame, clocks: pd.DataFrame) -> Counter[int]:
    """By priority, how many of the log's verdicts the one target gives that gives most of them."""
    clocks = clocks[clocks["stage"] == "completed"]
    missed = clocks["number"].map(log.groupby("number")["made_sla"].last() == "false")
    best: Counter[int] = Counter()
    for priority, some in clocks.assign(missed=missed).groupby("level"):
        # after sorting, those up to a place are said to be met and the others missed
        by_time = some.groupby("used")["missed"].agg(["size", "sum"])
        met = (by_time["size"] - by_time["sum"]).cumsum()
        late = by_time["sum"].sum() - by_time["sum"].cumsum()
        best[int(str(priority))] = max(int((met + late).max()), int(by_time["sum"].sum()))
    return best
