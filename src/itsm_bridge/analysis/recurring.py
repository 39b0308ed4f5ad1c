"""Recurring issues: what is reported again and again, by environment, category and the words of the titles."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.recent import REPEATS_OVER
from itsm_bridge.analysis.sla_attainment import share
from itsm_bridge.analysis.tickets import SECONDS_PER_HOUR
from itsm_bridge.analysis.wording import pattern
from itsm_bridge.model import OPEN_STATES

KEY = ["environment", "category", "pattern"]

LEAST = 2
"""Tickets that make a repeat."""

WEEKS = REPEATS_OVER.days // 7


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, the most frequent first."""
    rows = _worded(frames)
    groups = rows.sort_values(["created_at", "ticket"]).groupby(KEY)
    table = groups.agg(
        tickets=("ticket", "size"),
        breached=("breached", "sum"),
        judged=("judged", "sum"),
        open_hours=("open_hours", "sum"),
        first_at=("created_at", "first"),
        last_at=("created_at", "last"),
        example=("ticket", "last"),
        title=("summary", "last"),
    ).reset_index()
    table = table[table["tickets"] >= LEAST]
    table = table.sort_values(["tickets", "open_hours", *KEY], ascending=[False, False, True, True, True])
    return table.assign(
        breach_share=share(table["breached"], table["judged"]),
        small=table["judged"] < frames.reports.small,
        open_hours=table["open_hours"].round(2),
    )


def _worded(frames: Frames) -> pd.DataFrame:
    """The recent tickets whose title says something, with their pattern and the hours for which they were open."""
    recent = frames.recent
    patterns = {text: pattern(text) for text in recent["summary"].unique()}
    hours = recent["ticket"].map(open_hours(frames)).astype("float64").fillna(0.0)
    rows = recent.assign(pattern=recent["summary"].map(patterns).astype("string"), open_hours=hours)
    return rows[rows["pattern"] != ""]


def open_hours(frames: Frames) -> pd.Series:
    """For how many clock hours each ticket was open, over its whole life up to the as-of instant."""
    lives = frames.intervals[frames.intervals["state"].isin(list(OPEN_STATES))]
    seconds = (lives["end"].fillna(frames.until) - lives["start"]).dt.total_seconds()
    hours: pd.Series = seconds.groupby(lives["ticket"]).sum() / SECONDS_PER_HOUR
    return hours


TABLE = Table(
    name="recurring",
    title="Recurring issues",
    description=f"What was reported at least {LEAST} times in the {WEEKS} weeks before the as-of instant, whatever the "
    "period: tickets created then, in one environment and category, whose titles have the same words. Tickets whose "
    "title has no words are left out.",
    columns=(
        Column("environment", Kind.TEXT, "Environment of the tickets; empty where none is known."),
        Column("category", Kind.TEXT, "Category or categories of the tickets; empty where none is known."),
        Column(
            "pattern",
            Kind.TEXT,
            "The words that the titles share, in small letters: without numbers and whatever holds a digit (ids, "
            "dates, numbered hosts), addresses, names of hosts, months and days, punctuation, and words that say "
            "nothing of the matter.",
        ),
        Column("tickets", Kind.INTEGER, "Tickets created in that time, open or not.", "tickets"),
        Column(
            "breached",
            Kind.INTEGER,
            "Those of which a clock of kind sla was completed past its target, or runs past it.",
            "tickets",
        ),
        Column("example", Kind.TEXT, "The latest of the tickets: its id."),
        Column("title", Kind.TEXT, "The title of the example, as the source has it now."),
        Column(
            "open_hours",
            Kind.NUMBER,
            "Clock hours for which the tickets were open, added up, up to the as-of instant.",
            "hours",
        ),
        Column("first_at", Kind.INSTANT, "When the first of them was created."),
        Column("last_at", Kind.INSTANT, "When the last of them was created."),
        Column("breach_share", Kind.PERCENT, "breached / judged; empty, not 0, where there is nothing to judge."),
        Column(
            "judged",
            Kind.INTEGER,
            "Those of which a clock of kind sla was completed, or runs past its target: the denominator of "
            "breach_share.",
            "tickets",
        ),
        Column("small", Kind.BOOLEAN, "Whether fewer are judged than reports.small in bridge.yaml: read the counts."),
    ),
    build=build,
)
