"""What the analyses compute from: typed DataFrames that hold the tickets as they stood at one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from itsm_bridge.analysis.period import Period, Week
from itsm_bridge.config.model import Reports

TEXT, INTEGER, NUMBER, BOOLEAN, INSTANT = "string", "Int64", "float64", "boolean", "datetime64[us, UTC]"

Row = tuple[object, ...]

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Columns = Mapping[str, Any]
"""Columns of a frame as arrays of equal length: texts as objects, instants as microseconds since 1970-01-01T00:00Z
(``NEVER`` for a missing one), others as they are. One that is not there is missing, or an empty text, in every row."""

Worked = TypeVar("Worked", pd.DataFrame, pd.Series)

NEVER = np.iinfo(np.int64).min

MICROSECONDS = 1_000_000
"""In a second."""

SCHEMAS: Mapping[str, Mapping[str, str]] = {
    # every ticket that was open at some time in the period
    "tickets": {
        "ticket": TEXT, "source": TEXT, "external_id": TEXT, "number": TEXT, "type": TEXT, "project": TEXT,
        "environment": TEXT, "service": TEXT, "category": TEXT, "priority": INTEGER, "state": TEXT, "approval": TEXT,
        "vendor": TEXT, "group": TEXT, "assignee": TEXT, "summary": TEXT, "created_at": INSTANT,
        "resolved_at": INSTANT, "closed_at": INSTANT, "open": BOOLEAN, "reopened": INTEGER, "reassigned": INTEGER,
        "booked_seconds": INTEGER,
    },
    # their history, oldest first
    "history": {"ticket": TEXT, "at": INSTANT, "field": TEXT, "from": TEXT, "to": TEXT, "actor": TEXT},
    # the life of every ticket that was open in the period or the weeks before it, cut where one of these fields
    # changes; half-open, the last one without an end; work_seconds is what the vendor worked on it (``effort``)
    "intervals": {
        "ticket": TEXT, "start": INSTANT, "end": INSTANT, "state": TEXT, "vendor": TEXT, "environment": TEXT,
        "approval": TEXT, "service": TEXT, "work_seconds": NUMBER,
    },
    # the same, joined where a ticket stays open with one vendor in one environment; service is that of its beginning
    "spans": {
        "ticket": TEXT, "vendor": TEXT, "environment": TEXT, "service": TEXT, "start": INSTANT, "end": INSTANT,
        "began": TEXT, "ended": TEXT, "work_seconds": NUMBER,
    },
    # who had the tickets of the period when, over their whole life: half-open parts of their open time up to the
    # as-of instant, cut where one of these fields changes; place is what says whose calendar counts (``hands``)
    "hands": {
        "ticket": TEXT, "start": INSTANT, "end": INSTANT, "holder": TEXT, "kind": TEXT, "vendor": TEXT, "group": TEXT,
        "environment": TEXT, "service": TEXT, "business_seconds": INTEGER, "uncounted": TEXT,
    },
    # the parts in which breached clocks ran, by their row of ``cycles``; half-open, in business seconds of the calendar
    "running": {
        "cycle": INTEGER, "ticket": TEXT, "start": INSTANT, "end": INSTANT, "calendar": TEXT, "seconds": INTEGER,
    },
    # the same divided among those who had the ticket (``running``)
    "used": {"cycle": INTEGER, "holder": TEXT, "kind": TEXT, "business_seconds": INTEGER},
    # the clocks of the tickets of the period
    "cycles": {
        "ticket": TEXT, "sla": TEXT, "measures": TEXT, "kind": TEXT, "vendor": TEXT, "environment": TEXT,
        "priority": INTEGER, "started_at": INSTANT, "stopped_at": INSTANT, "due_at": INSTANT,
        "target_seconds": INTEGER, "elapsed_seconds": INTEGER, "paused_seconds": INTEGER, "breached": BOOLEAN,
        "stage": TEXT, "remaining_seconds": INTEGER, "due_if_resumed_at": INSTANT, "agreed_breached": BOOLEAN,
        "agreed_elapsed_seconds": INTEGER, "agreed_target_seconds": INTEGER, "agreed_at": INSTANT,
        "warned_percent": NUMBER, "warned_at": INSTANT,
    },
    # in which week a clock counts in attainment (``judged``): completed in it, or past its target and running at its
    # end; of every ticket that was open in the week. at is when it was completed, or the week's end
    "judged": {
        "week": TEXT, "ticket": TEXT, "kind": TEXT, "vendor": TEXT, "environment": TEXT, "at": INSTANT,
        "completed": BOOLEAN, "met": BOOLEAN,
    },
    # what was agreed about the ended clocks of the tickets of the period, beside today's verdict
    "verdicts": {
        "ticket": TEXT, "sla": TEXT, "kind": TEXT, "started_at": INSTANT, "stopped_at": INSTANT, "vendor": TEXT,
        "environment": TEXT, "priority": INTEGER, "agreed": TEXT, "today": TEXT, "agreed_elapsed_seconds": INTEGER,
        "elapsed_seconds": INTEGER, "agreed_target_seconds": INTEGER, "target_seconds": INTEGER, "cause": TEXT,
        "frozen_at": INSTANT,
    },
    # those of them that the sources measure too, with the figures of both
    "natives": {
        "ticket": TEXT, "sla": TEXT, "native": TEXT, "vendor": TEXT, "environment": TEXT,
        "ours_elapsed_seconds": INTEGER, "native_elapsed_seconds": INTEGER, "difference_seconds": INTEGER,
        "ours_breached": BOOLEAN, "native_breached": BOOLEAN, "ours_due_at": INSTANT, "native_due_at": INSTANT,
        "agrees": BOOLEAN, "cause": TEXT, "detail": TEXT,
    },
    # the latest decision about each field of the tickets of the period
    "decisions": {
        "ticket": TEXT, "field": TEXT, "value": TEXT, "rule": TEXT, "because": TEXT, "decided_at": INSTANT,
        "outcome": TEXT,
    },
    # what approvers of the tickets of the period were asked (``votes``); ended_at is when asking ended, or the as-of
    # instant; vendor and environment are the ticket's now
    "votes": {
        "ticket": TEXT, "approver": TEXT, "state": TEXT, "requested_at": INSTANT, "decided_at": INSTANT, "by": TEXT,
        "ended_at": INSTANT, "waiting": BOOLEAN, "vendor": TEXT, "environment": TEXT, "business_seconds": INTEGER,
    },
    # the last resolution of the tickets of the period that were resolved, or came back from it, in the period
    # (``resolutions``); reopened says whether one came back in it, seconds are business time since the creation
    "resolutions": {
        "ticket": TEXT, "vendor": TEXT, "environment": TEXT, "created_at": INSTANT, "acknowledged_at": INSTANT,
        "resolved_at": INSTANT, "acknowledge_seconds": INTEGER, "resolve_seconds": INTEGER, "open": BOOLEAN,
        "reopened": BOOLEAN, "reassigned": INTEGER, "ping_pong": INTEGER,
    },
    # every ticket created in the weeks that repeats are looked for in (``recent``); judged says whether a clock of kind
    # sla was judged, breached whether one was past its target
    "recent": {
        "ticket": TEXT, "environment": TEXT, "category": TEXT, "vendor": TEXT, "summary": TEXT, "created_at": INSTANT,
        "judged": BOOLEAN, "breached": BOOLEAN,
    },
    # figures from outside (``config/outside_files``), up to the month of the as-of instant
    "outside": {
        "vendor": TEXT, "environment": TEXT, "month": TEXT, "figure": TEXT, "value": NUMBER, "unit": TEXT, "of": NUMBER,
        "note": TEXT, "file": TEXT,
    },
    # one row for each thing that is odd about one record
    "findings": {"source": TEXT, "check": TEXT, "subject": TEXT, "detail": TEXT},
    # tickets created before the as-of instant in the last 48 months (``demand``); month is YYYY-MM in the report's zone
    "demand": {"month": TEXT, "environment": TEXT, "service": TEXT, "arrivals": INTEGER},
    # hours of ticket work that each vendor has in each week
    "capacity": {
        "vendor": TEXT, "week": TEXT, "status": TEXT, "capacity_hours": NUMBER, "one_more_capacity_hours": NUMBER,
    },
    # the same in each of the coming months, and what one engineer has
    "months": {"vendor": TEXT, "month": TEXT, "status": TEXT, "capacity_hours": NUMBER, "engineer_hours": NUMBER},
    # for each environment and service of demand: the part of an environment that it is forecast with, and who owns it
    # on which share of a month's days; a part is an environment of vendors.yaml (empty: none of these) and some of its
    # services (empty: all)
    "ownership": {
        "environment": TEXT, "service": TEXT, "part": TEXT, "services": TEXT, "month": TEXT, "vendor": TEXT,
        "share": NUMBER,
    },
    # for each environment and service of spans: the skills that it needs, and what keeps a vendor from it
    "takers": {"vendor": TEXT, "environment": TEXT, "service": TEXT, "skill": TEXT, "because": TEXT},
    "skills": {"vendor": TEXT, "skill": TEXT},
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Partners:
    """What ``vendors.yaml`` says of the coming months and of who may take what (``partners``)."""

    months: pd.DataFrame
    ownership: pd.DataFrame
    takers: pd.DataFrame
    skills: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """All that a report is computed from, as of ``until``: nothing at or after it counts.

    Texts are empty rather than missing; other values are missing where there is none. ``known`` counts, by source, the
    tickets created before ``until``; ``freshness`` is when each source was last read to its end (``None``: never).
    ``reports`` is what the configuration says of reports. ``previous`` holds the same for the period before, up to the
    same point, but for ``used``, ``judged``, ``demand`` and ``recent``. ``kept`` is what tables worked out ``once``.
    """

    period: Period
    until: datetime
    weeks: tuple[Week, ...]
    known: Mapping[str, int]
    freshness: Mapping[str, datetime | None]
    tickets: pd.DataFrame
    history: pd.DataFrame
    intervals: pd.DataFrame
    spans: pd.DataFrame
    hands: pd.DataFrame
    used: pd.DataFrame
    cycles: pd.DataFrame
    judged: pd.DataFrame
    natives: pd.DataFrame
    verdicts: pd.DataFrame
    decisions: pd.DataFrame
    votes: pd.DataFrame
    resolutions: pd.DataFrame
    findings: pd.DataFrame
    capacity: pd.DataFrame
    demand: pd.DataFrame
    recent: pd.DataFrame
    outside: pd.DataFrame
    reports: Reports
    partners: Partners
    previous: Frames | None = None
    kept: dict[str, Any] = field(init=False, default_factory=dict, repr=False)  # never of a filtered copy

    @property
    def start(self) -> datetime:
        """The first instant of the period."""
        return self.period.start


def once(build: Callable[[Frames], Worked]) -> Callable[[Frames], Worked]:
    """Work a table or column out once for each ``Frames``, for all that ask; each gets one that it may change."""
    name = f"{build.__module__}.{build.__qualname__}"

    @wraps(build)
    def kept(frames: Frames) -> Worked:
        if name not in frames.kept:
            frames.kept[name] = build(frames)
        worked: Worked = frames.kept[name]
        return worked.copy(deep=False)  # pandas copies what is written to

    return kept


def framed(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows, in the order of the columns of ``SCHEMAS[name]``, as a typed frame; ``None`` is a missing value."""
    schema = SCHEMAS[name]
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    series = {
        column: _series(list(values), dtype) for (column, dtype), values in zip(schema.items(), columns, strict=True)
    }
    return pd.DataFrame(series)


def columned(name: str, columns: Columns) -> pd.DataFrame:
    """Columns as a typed frame with those of ``SCHEMAS[name]``; there is at least one column."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame({
        column: typed(columns.get(column), count, dtype) for column, dtype in SCHEMAS[name].items()
    })  # fmt: skip


def by_ticket(rows: pd.DataFrame, at: str) -> tuple[pd.DataFrame, Numbers]:
    """Rows by ticket and an instant, those of one instant as they were, and a number for the ticket of each.

    A sort by two columns would sort all instants to begin with.
    """
    ticket = pd.factorize(rows["ticket"], sort=True)[0]
    order = np.lexsort((rows[at].astype("int64"), ticket))
    return rows.take(order).reset_index(drop=True), ticket[order]


def changes(*columns: Numbers) -> Flags:
    """Which rows differ from the row before in one of some columns of numbers; the first row does."""
    found = np.ones(len(columns[0]), dtype=np.bool_)
    found[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return found


def chosen(texts: Mapping[str, pd.Series], otherwise: str) -> pd.Series:
    """For each row the first text whose condition holds; a missing condition does not hold."""
    conditions = [condition.fillna(value=False).to_numpy(dtype=bool) for condition in texts.values()]
    index = next(iter(texts.values())).index
    return pd.Series(np.select(conditions, list(texts), otherwise), index=index, dtype=TEXT)


def typed(values: Any, count: int, dtype: str) -> pd.Series:  # noqa: ANN401 - an array of any kind
    """One of ``Columns`` with the type that it has in a frame."""
    if values is None:
        return _nothing(count, dtype)
    if dtype == INSTANT and isinstance(values, np.ndarray):
        return pd.Series(np.asarray(values, dtype=np.int64).view("datetime64[us]")).dt.tz_localize("UTC")
    return pd.Series(values, dtype=dtype)


def _nothing(count: int, dtype: str) -> pd.Series:
    if dtype == TEXT:
        return pd.Series(np.full(count, "", dtype=object), dtype=dtype)
    return pd.Series([None], dtype=dtype).repeat(count).reset_index(drop=True)


class _Shared(dict[object, str]):
    def __missing__(self, value: object) -> str:
        text = self[value] = "" if value is None else str(value)
        return text


def texts(values: Iterable[object]) -> list[str]:
    """Values as texts, one for all that are the same: the same few come again and again."""
    return list(map(_Shared().__getitem__, values))


def _series(values: list[object], dtype: str) -> pd.Series:
    if dtype == TEXT:
        return pd.Series(texts(values), dtype=dtype)
    return pd.Series(values, dtype=dtype)
