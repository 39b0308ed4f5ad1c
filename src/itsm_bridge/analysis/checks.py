"""Whether the report's own tables agree with each other: what must add up, and whether it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pandas as pd

import itsm_bridge.analysis.open_tickets as open_tickets
import itsm_bridge.analysis.sla_at_risk as sla_at_risk
import itsm_bridge.analysis.sla_attainment as sla_attainment
import itsm_bridge.analysis.sla_breaches as sla_breaches
import itsm_bridge.analysis.sla_cycles as sla_cycles
import itsm_bridge.analysis.sla_trend as sla_trend
import itsm_bridge.analysis.summary as summary
import itsm_bridge.analysis.tickets as tickets
import itsm_bridge.analysis.time_in_hand as time_in_hand
import itsm_bridge.analysis.traction as traction
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.period import Unit
from itsm_bridge.analysis.spans import open_before

Rows = Mapping[str, pd.DataFrame]
Line = tuple[str, float, float]
"""What is checked, what it must be, and what it is."""

NEEDED: Mapping[str, Table] = {
    table.name: table
    for table in (
        summary.TABLE, tickets.TABLE, open_tickets.TABLE, sla_cycles.TABLE, sla_attainment.TABLE, sla_breaches.TABLE,
        sla_at_risk.TABLE, sla_trend.TABLE, time_in_hand.TABLE, traction.TABLE,
    )
}  # fmt: skip
"""The tables that are held against each other."""

ROUNDING = 1e-4
"""By how much the shares of one ticket, each of six digits, may add up to more than 1."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, from tables computed for it."""
    return compare(frames, {name: table.rows(frames) for name, table in NEEDED.items()})


def compare(frames: Frames, rows: Rows) -> pd.DataFrame:
    """The rows of ``TABLE``, from tables that are there already."""
    lines = [line for check in CHECKS for line in check(frames, rows)]
    return pd.DataFrame(
        [(name, expected, found, expected == found, "ok" if expected == found else "DIFFERS")
         for name, expected, found in lines],
        columns=[column.name for column in TABLE.columns],
    )  # fmt: skip


def failed(table: pd.DataFrame) -> tuple[str, ...]:
    """The checks that do not hold, with both numbers."""
    return tuple(
        f"{row['check']}: expected {row['expected']:,.0f}, found {row['found']:,.0f}"
        for row in table[~table["ok"].astype("bool")].to_dict("records")
    )


def _figure(rows: Rows, key: str) -> float:
    value = rows["summary"].set_index("key")["value"][key]
    return 0.0 if pd.isna(value) else float(value)


def _vendors(frames: Frames, rows: Rows) -> Iterator[Line]:
    """The sum over vendors is all: the tables count on their own what the summary counts."""
    is_open = _figure(rows, "open_tickets")
    now = rows["traction"][rows["traction"]["week"] == (frames.weeks[-1].name if frames.weeks else "")]
    yield "open tickets: rows of open_tickets", is_open, len(rows["open_tickets"])
    yield "open tickets: sum over vendors and environments in traction", is_open, float(now["open_end"].sum())
    states = rows["tickets"]["state"].isin(["new", "in_progress", "on_hold"])
    yield "open tickets: rows of tickets in an open state", is_open, float(states.sum())


def _traction(_frames: Frames, rows: Rows) -> Iterator[Line]:
    """Each row adds up, and each week begins with what the one before left."""
    table = rows["traction"]
    came = table["open_start"] + table["created"] + table["reopened"] + table["moved_in"]
    wrong = came - table["moved_out"] - table["resolved"] != table["open_end"]
    yield "traction: rows that do not add up", 0.0, float(wrong.sum())
    weeks = table.groupby("week", sort=True)[["open_start", "open_end"]].sum()
    left = weeks["open_end"].shift()
    broken = (weeks["open_start"] != left)[left.notna()]
    yield "traction: weeks that do not begin with what the one before left", 0.0, float(broken.sum())


def _in_and_out(frames: Frames, rows: Rows) -> Iterator[Line]:
    """What was open, plus what came, less what went, is open."""
    spans = frames.spans
    gone = _between(spans, "end", frames.start, frames.until, spans["ended"] == "moved_out")
    moved = _between(spans, "start", frames.start, frames.until, spans["began"] == "moved_in")
    start = float(open_before(spans, frames.start).sum())
    came = _figure(rows, "created") + _figure(rows, "reopened") + moved
    went = _figure(rows, "resolved") + gone
    yield "tickets in less tickets out: open at the as-of instant", start + came - went, _figure(rows, "open_tickets")


def _between(spans: pd.DataFrame, at: str, start: datetime, until: datetime, which: pd.Series) -> float:
    when = spans.loc[which, at]
    return float(((when >= start) & (when < until)).sum())


def _attainment(frames: Frames, rows: Rows) -> Iterator[Line]:
    """Numerators and denominators of attainment, counted again in the rows of sla_cycles."""
    table, cycles = rows["sla_attainment"], rows["sla_cycles"]
    ended = (cycles["stopped_at"] >= frames.start) & (cycles["stopped_at"] < frames.until)
    done = ended.fillna(value=False) & (cycles["stage"] == "completed").astype("bool")
    runs, late = cycles["stage"].isin(["in_progress", "paused"]), cycles["breached"].astype("bool")
    for kind in sorted(cycles["kind"].unique()):
        mine = (cycles["kind"] == kind).astype("bool")
        shown = table[table["kind"] == kind]
        yield f"{kind}: met in sla_attainment", float((mine & done & ~late).sum()), float(shown["met"].sum())
        breached = float((mine & (done | runs) & late).sum())
        yield f"{kind}: breached in sla_attainment", breached, float(shown["breached"].sum())
        judged = float((mine & (done | (runs & late))).sum())
        yield f"{kind}: judged in sla_attainment", judged, float(shown["judged"].sum())
        yield f"{kind}: breached in the summary", breached, _figure(rows, f"{kind}_breached")
    every = float(((done | runs) & late).sum())
    yield "rows of sla_breaches", every, float(len(rows["sla_breaches"]))
    used = (cycles["elapsed_seconds"] / cycles["target_seconds"]).astype("float64")
    risky = runs & ~late & (used >= sla_at_risk.AT_RISK)
    yield "rows of sla_at_risk", float(risky.sum()), float(len(rows["sla_at_risk"]))


def _trend(frames: Frames, rows: Rows) -> Iterator[Line]:
    """The week of a weekly report in the trend, which is counted from other columns than sla_attainment."""
    if frames.period.unit is Unit.WEEK:
        week, table = rows["sla_trend"], rows["sla_attainment"]
        week = week[week["week"] == frames.period.name]
        for name in ("met", "breached"):
            yield f"sla_trend: {name} in the week", float(table[name].sum()), float(week[name].sum())


def _hands(_frames: Frames, rows: Rows) -> Iterator[Line]:
    shares = rows["time_in_hand"].groupby("ticket")["share"].sum()
    yield "time_in_hand: tickets whose shares add up to more than 1", 0.0, float((shares > 1 + ROUNDING).sum())


def _known(_frames: Frames, rows: Rows) -> Iterator[Line]:
    """No table speaks of a ticket that the list of tickets does not hold, and none of the list is there twice."""
    listed = rows["tickets"]["ticket"]
    yield "tickets: listed more than once", 0.0, float(listed.duplicated().sum())
    for name in ("open_tickets", "sla_cycles", "time_in_hand"):
        yield f"{name}: tickets that are not in tickets", 0.0, float((~rows[name]["ticket"].isin(listed)).sum())


CHECKS: tuple[Callable[[Frames, Rows], Iterator[Line]], ...] = (
    _vendors, _in_and_out, _traction, _attainment, _trend, _hands, _known,
)  # fmt: skip


TABLE = Table(
    name="checks",
    title="Checks",
    description="Whether the tables agree with each other. A check that differs means a mistake in the program: then "
    "`report` ends with exit code 3 and says which. That each file holds the rows that manifest.json says is looked at "
    "after they are written, and stands there under checks.",
    columns=(
        Column("check", Kind.TEXT, "What is counted twice, in two ways."),
        Column("expected", Kind.NUMBER, "The one count."),
        Column("found", Kind.NUMBER, "The other count, made in another way."),
        Column("ok", Kind.BOOLEAN, "Whether both are equal."),
        Column("result", Kind.TEXT, "The same in a word: ok or DIFFERS."),
    ),
    build=build,
)
