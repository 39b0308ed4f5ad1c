"""The flow of tickets on the dashboard: what came and went, what is open, how old it is."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from itsm_bridge.analysis.frames import chosen
from itsm_bridge.report.dashboard.panels import Panel, definition_of, nothing
from itsm_bridge.report.dashboard.view import View, named, short_week
from itsm_bridge.report.dashboard.words import NONE, count, heads, share, shown_table
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import COLOURS, Bar, Caption, Series, bars, columns, legend, stacked

FLOWS = ("open_start", "created", "reopened", "moved_in", "moved_out", "resolved", "open_end")
MOST_SERIES = COLOURS - 1
OTHERS = "(others)"

BUCKETS = ("0-30 days", "31-60 days", "61-90 days", ">90 days")
LEFT_OVER = {"past the target": 0.0, "under 4 h left": 4.0, "4 to 16 h left": 16.0, "more than 16 h left": float("inf")}
"""Bins of the business hours that a ticket has left, each up to its limit."""
NO_CLOCK = "no clock runs"

STATES = ("new", "in_progress", "on_hold")


def traction(view: View) -> Iterator[Panel]:
    """What came and went in each week, and what stayed open."""
    rows = view.rows("traction")
    if rows.empty:
        meaning = definition_of(view, "traction")
        yield nothing("Came in and resolved, by week", "No ticket was open in these weeks.", meaning)
        return
    weekly = rows.groupby("week")[list(FLOWS)].sum().reindex(list(view.weeks)).fillna(0).astype("int64")
    yield _came_and_went(view, weekly)
    yield _open(view, rows, weekly)


def _came_and_went(view: View, weekly: pd.DataFrame) -> Panel:
    came = weekly["created"] + weekly["reopened"]
    gone = weekly["resolved"]
    last = view.whole_week
    said = (
        f"{came.get(last, 0):,} came in and {gone.get(last, 0):,} were resolved in {short_week(last)}." if last else ""
    )
    title = "Came in and resolved, by week"
    labels = [short_week(week) for week in weekly.index]
    series = [Series("came in", _floats(came), "s1"), Series("resolved", _floats(gone), "s2 hollow")]
    chart = columns(
        Caption(f"{view.anchor}-flow", title, f"{said} From {labels[0]} to {labels[-1]}."), labels, series, "tickets"
    )
    cells = ((text(str(week)), *map(count, line)) for week, line in weekly.iterrows())
    head = heads("Week", "#Open before", "#Created", "#Reopened", "#Moved in", "#Moved out", "#Resolved", "#Open after")
    meaning = f"{definition_of(view, 'traction', 'created', 'reopened', 'resolved')} Came in: created + reopened."
    key = legend((("s1", "came in (created or reopened)"), ("s2 hollow", "resolved")))
    return Panel(
        title, meaning + view.week_note, said + view.week_note, chart, key, shown_table(head, cells, "traction")
    )


def _open(view: View, rows: pd.DataFrame, weekly: pd.DataFrame) -> Panel:
    by_vendor = rows.pivot_table(index="week", columns="vendor", values="open_end", aggfunc="sum", fill_value=0)
    by_vendor = _largest(by_vendor.reindex(weekly.index).fillna(0).astype("int64"))
    labels = [short_week(week) for week in by_vendor.index]
    series = [
        Series(named(str(vendor)), _floats(by_vendor[vendor]), view.look(str(vendor))) for vendor in by_vendor.columns
    ]
    first, last = (int(weekly["open_end"].iloc[place]) for place in (0, -1))
    said = f"{last:,} open at the end of {labels[-1]}, {first:,} at the end of {labels[0]}."
    title = "Open at each week's end, by vendor"
    chart = stacked(Caption(f"{view.anchor}-open", title, said), labels, series, "tickets")
    cells = ((text(str(week)), *map(count, line), count(sum(line))) for week, line in by_vendor.iterrows())
    head = heads("Week", *(f"#{one.name}" for one in series), "#Together")
    table = shown_table(head, cells, "traction:open")
    return Panel(title, definition_of(view, "traction", "open_end", "vendor"), said, chart, table=table)


def _largest(by_vendor: pd.DataFrame) -> pd.DataFrame:
    """The largest holders by themselves, the others together."""
    sums = by_vendor.sum()
    order = sorted(by_vendor.columns, key=lambda vendor: (-int(sums[vendor]), str(vendor)))
    shown = by_vendor[order[:MOST_SERIES]].copy()
    if len(order) > MOST_SERIES:
        shown[OTHERS] = by_vendor[order[MOST_SERIES:]].sum(axis=1)
    return shown


def _floats(values: pd.Series) -> list[float | None]:
    return [float(value) for value in values]


def ageing(view: View) -> Iterator[Panel]:
    """How old the open tickets are, and how much time they have left."""
    rows = view.rows("open_tickets")
    meaning = definition_of(view, "open_tickets", "age_bucket", "sla_remaining_hours")
    if rows.empty:
        yield nothing("Age of open tickets", "No ticket is open.", meaning)
        return
    ages = rows["age_bucket"].value_counts().reindex(list(BUCKETS)).fillna(0).astype("int64")
    old = len(rows) - int(ages.iloc[0])
    said = f"{old:,} of {len(rows):,} open for more than 30 days."
    yield _distribution(view, "age", ("Age of open tickets", said), ages, meaning)
    left = (
        chosen({name: rows["sla_remaining_hours"] < limit for name, limit in LEFT_OVER.items()}, NO_CLOCK)
        .value_counts()
        .reindex([*LEFT_OVER, NO_CLOCK])
        .fillna(0)
        .astype("int64")
    )
    late = int(left.iloc[0])
    said = f"{late or 'None'} past the target now; in business hours of the tightest resolution clock."
    yield _distribution(view, "left", ("Time left of open tickets", said), left, meaning)


def _distribution(view: View, name: str, words: tuple[str, str], counts: pd.Series, meaning: str) -> Panel:
    title, said = words
    whole = int(counts.sum())
    rows = [
        Bar(str(label), float(number), f"{number:,} ({number / whole:.0%})", "s1") for label, number in counts.items()
    ]
    chart = bars(Caption(f"{view.anchor}-{name}", title, said), rows)
    cells = ((text(str(label)), count(number), share(number / whole)) for label, number in counts.items())
    head = heads("Open tickets", "#Tickets", "#Share")
    return Panel(title, meaning, said, chart, table=shown_table(head, cells, f"open_tickets:{name}"))


def open_work(view: View) -> Iterator[Panel]:
    """Open tickets by priority and state."""
    rows, title = view.rows("open_tickets"), "Open work by priority and state"
    meaning = definition_of(view, "open_tickets", "priority", "state")
    if rows.empty:
        yield nothing(title, "No ticket is open.", meaning)
        return
    named_so = rows["priority"].map(lambda value: NONE if pd.isna(value) else f"P{value}").astype("string").fillna(NONE)
    by_both = pd.crosstab(named_so, rows["state"]).reindex(columns=list(STATES)).fillna(0).astype("int64").sort_index()
    numbers = [(str(priority), [int(value) for value in line]) for priority, line in by_both.iterrows()]
    said = ", ".join(f"{sum(line):,} {_priority(priority)}" for priority, line in numbers)
    drawn = [Bar(_priority(priority), float(sum(line)), _states(line)) for priority, line in numbers]
    chart = bars(Caption(f"{view.anchor}-work", title, said), drawn)
    cells = [(text(priority), *map(count, line), count(sum(line))) for priority, line in numbers]
    cells.append(("<strong>All</strong>", *(count(by_both[state].sum()) for state in STATES), count(len(rows))))
    head = heads("Priority", "#New", "#In progress", "#On hold", "#Together")
    yield Panel(title, meaning, f"{len(rows):,} open.", chart, table=shown_table(head, cells, "open_tickets:work"))


def _priority(name: str) -> str:
    return "no priority" if name == NONE else name


def _states(line: list[int]) -> str:
    parts = [f"{number:,} {state.replace('_', ' ')}" for state, number in zip(STATES, line, strict=True) if number]
    return ", ".join(parts)
