"""The figures of the four periods before, as far as the lives of tickets that a report holds reach back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.spans import open_before
from itsm_bridge.model import OPEN_STATES, ApprovalState

PERIODS = 4


@dataclass(frozen=True, slots=True)
class Past:
    """What lives tell of one earlier period: the spans and intervals of all tickets, from ``start`` up to ``until``."""

    spans: pd.DataFrame
    intervals: pd.DataFrame
    start: datetime
    until: datetime


def means(frames: Frames) -> dict[str, float]:
    """By figure, the mean of the four periods before up to the same point; a figure that lives do not tell is missing.

    Weeks reach back far enough; months and quarters do not, and neither does a time before the first ticket.
    """
    past = [_past(frames, start, until) for start, until in edges(frames)]
    if not all(_is_covered(frames, one) for one in past):
        return {}
    found = {key: [measure(one) for one in past] for key, measure in MEASURES.items()}
    return _of_clocks(frames) | {
        key: sum(value for value in values if value is not None) / PERIODS
        for key, values in found.items()
        if None not in values
    }


def _of_clocks(frames: Frames) -> dict[str, float]:
    """The same of clocks, which are judged at the end of a week alone; each week must have judged one of the kind."""
    if frames.until < frames.period.end:
        return {}
    weeks = [Period.holding(start, frames.period.unit, frames.period.zone).name for start, _ in edges(frames)]
    rows = frames.judged[frames.judged["week"].isin(weeks)]
    means = {}
    for kind, some in rows.groupby("kind"):
        met = some["met"].astype("int64").groupby(some["week"]).agg(["sum", "size"])
        if len(met) == PERIODS:
            means[f"{kind}_attainment"] = round(float((met["sum"] / met["size"]).mean()), 6)
            means[f"{kind}_breached"] = float((met["size"] - met["sum"]).mean())
    return means


def edges(frames: Frames) -> Iterator[tuple[datetime, datetime]]:
    """The first instant of each of the four periods before, and the instant up to which it is compared."""
    whole, length = frames.until >= frames.period.end, frames.until - frames.start
    period: Period = frames.period
    for _ in range(PERIODS):
        period = period.previous()
        yield period.start, period.end if whole else min(period.start + length, period.end)


def _past(frames: Frames, start: datetime, until: datetime) -> Past:
    return Past(frames.spans, frames.intervals, start, until)


def _is_covered(frames: Frames, past: Past) -> bool:
    """Whether the report holds every life of that time, and there was one."""
    since = min([frames.start, *(week.start for week in frames.weeks)])
    return past.start >= since and bool((past.intervals["start"] < past.until).any())


def _events(at: str, what: str, value: str) -> Callable[[Past], float]:
    def measure(past: Past) -> float:
        when = past.spans.loc[past.spans[what] == value, at]
        return float(((when >= past.start) & (when < past.until)).sum())

    return measure


_CREATED = _events("start", "began", "created")
_REOPENED = _events("start", "began", "reopened")
_RESOLVED = _events("end", "ended", "resolved")
_HANDED_IN = _events("start", "began", "moved_in")
_HANDED_OVER = _events("end", "ended", "moved_out")


def _growth(past: Past) -> float:
    return _CREATED(past) + _REOPENED(past) + _HANDED_IN(past) - _RESOLVED(past) - _HANDED_OVER(past)


def _open(past: Past) -> float:
    return float(open_before(past.spans, past.until).sum())


def _waiting(past: Past) -> float:
    rows = past.intervals
    asked = rows["state"].isin(list(OPEN_STATES)) & (rows["approval"] == ApprovalState.REQUESTED)
    return float((asked & open_before(rows, past.until)).sum())


def _oldest(past: Past) -> float | None:
    tickets = past.spans.loc[open_before(past.spans, past.until), "ticket"]
    births = past.intervals.loc[past.intervals["ticket"].isin(tickets), "start"]
    return None if births.empty else round((past.until - births.min()) / timedelta(days=1), 1)


OF_CLOCKS = tuple(f"{kind}_{what}" for kind in ("sla", "ola", "uc") for what in ("attainment", "breached"))
"""The figures that are told of whole weeks."""

MEASURES: Mapping[str, Callable[[Past], float | None]] = {
    "open_tickets": _open,
    "created": _CREATED,
    "reopened": _REOPENED,
    "resolved": _RESOLVED,
    "backlog_growth": _growth,
    "waiting_approval": _waiting,
    "oldest_open": _oldest,
}
"""The figures that lives tell; what rests on decisions or hands would need a report of its own a period."""
