"""Traction: how many tickets came, moved and went in each week, by vendor and environment; every row adds up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import NEVER, Frames, once
from itsm_bridge.analysis.spans import KEY
from itsm_bridge.history import microseconds

WEEKS_BEFORE = 12

WEEK = Column(
    "week",
    Kind.TEXT,
    "ISO 8601 week, from Monday 00:00 in the report's zone; the last one ends at the as-of instant.",
)
"""The weeks of a table that ends where the report does."""

BEGINNINGS = ("created", "reopened", "moved_in")
ENDINGS = ("moved_out", "resolved")
COUNTS = ("open_start", *BEGINNINGS, *ENDINGS, "open_end")


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``; raises ``RuntimeError`` if one of them does not add up."""
    return _counted(frames).reset_index()


@once
def _counted(frames: Frames) -> pd.DataFrame:
    parts = [_numbered(came(frames)), _numbered(_events(frames, _edges(frames), "end", "ended", ENDINGS))]
    parts += _standing(frames)
    counted = pd.concat(parts, ignore_index=True)
    table = counted.pivot_table(index=["week", *KEY], columns="count", values="number", aggfunc="sum", fill_value=0)
    table = table.reindex(columns=list(COUNTS), fill_value=0)
    check(table)
    return table


def came(frames: Frames) -> pd.DataFrame:
    """The spans that began in one of the weeks, with the ``week``: what was created, reopened or moved in."""
    return _events(frames, _edges(frames), "start", "began", BEGINNINGS)


def check(table: pd.DataFrame) -> None:
    """Raise ``RuntimeError`` unless what was open, plus what came, less what went, is what stayed open, in each row.

    Both sides are counted on their own, so that a mistake in either shows.
    """
    came = table["open_start"] + table["created"] + table["reopened"] + table["moved_in"]
    wrong = came - table["moved_out"] - table["resolved"] != table["open_end"]
    if wrong.any():
        raise RuntimeError(f"traction does not add up in {int(wrong.sum())} rows, first in {table[wrong].index[0]!r}")


def _edges(frames: Frames) -> list[datetime]:
    return [week.start for week in frames.weeks] + [frames.until]


def _events(frames: Frames, edges: list[datetime], at: str, what: str, names: tuple[str, ...]) -> pd.DataFrame:
    """The spans that begin or end in a week, with the week and with what began or ended them."""
    happened = frames.spans[frames.spans[what].isin(names)]
    place = np.searchsorted(pd.DatetimeIndex(edges), pd.DatetimeIndex(happened[at]), side="right") - 1
    labels = np.array(["", *(week.name for week in frames.weeks)], dtype=object)
    seen = happened.assign(week=labels[np.where(place < len(frames.weeks), place + 1, 0)], count=happened[what])
    return seen[seen["week"] != ""]


def _standing(frames: Frames) -> Iterator[pd.DataFrame]:
    """How many tickets were open as each week began and as it ended."""
    groups = frames.spans.groupby(KEY)
    keys, group = groups.size().reset_index()[KEY], groups.ngroup().to_numpy()
    times = frames.spans[["start", "end"]].astype("int64")
    starts, ends = times["start"].to_numpy(), times["end"].to_numpy()
    lasting = ends == NEVER
    for week in frames.weeks:
        for at, count in (week.start, "open_start"), (week.end, "open_end"):
            instant = microseconds(at)
            there = group[(starts < instant) & (lasting | (ends >= instant))]
            rows = keys.assign(week=week.name, count=count, number=np.bincount(there, minlength=len(keys)))
            yield rows[rows["number"] > 0]


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(["week", *KEY, "count"]).size().rename("number").reset_index()


TABLE = Table(
    name="traction",
    title="Traction",
    description="What came, moved and went in each ISO week of the period and of the 12 weeks before, by vendor and "
    "environment. In each row open_start + created + reopened + moved_in - moved_out - resolved = open_end.",
    columns=(
        WEEK,
        Column("vendor", Kind.TEXT, "Vendor at the event; empty for tickets in nobody's hands."),
        Column("environment", Kind.TEXT, "Environment at the event; empty where none is known."),
        Column("open_start", Kind.INTEGER, "Tickets open just before the week began.", "tickets"),
        Column("created", Kind.INTEGER, "Tickets opened for the first time in the week.", "tickets"),
        Column(
            "reopened", Kind.INTEGER, "Tickets that came back from resolved, closed or canceled in the week.", "tickets"
        ),
        Column(
            "moved_in",
            Kind.INTEGER,
            "Open tickets that came from another vendor or environment in the week, or from a state that bridge.yaml "
            "does not map.",
            "tickets",
        ),
        Column(
            "moved_out",
            Kind.INTEGER,
            "Open tickets that went to another vendor or environment in the week, into a state that bridge.yaml does "
            "not map, or out of sight of the source.",
            "tickets",
        ),
        Column(
            "resolved",
            Kind.INTEGER,
            "Tickets that left the open states in the week: resolved, closed or canceled. "
            "They count for who had them until then.",
            "tickets",
        ),
        Column("open_end", Kind.INTEGER, "Tickets open as the week ended, or at the as-of instant.", "tickets"),
    ),
    build=build,
)
