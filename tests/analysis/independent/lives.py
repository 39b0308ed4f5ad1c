"""Tickets as a plain reader of the database finds them: rows, and what each ticket was from when on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

OPEN, DONE = ("new", "in_progress", "on_hold"), ("resolved", "closed", "canceled")
FIELDS = ("state", "vendor", "environment", "priority", "approval")

Values = dict[str, str]
Moment = tuple[datetime, Values]


@dataclass(frozen=True)
class Life:
    """One ticket as of an instant: its row, and what it was from each change on, the first at its creation."""

    row: dict[str, Any]
    moments: list[Moment]
    until: datetime
    gone: bool

    @property
    def id(self) -> str:
        return f"{self.row['source']}:{self.row['number']}"

    @property
    def created(self) -> datetime:
        return self.moments[0][0]

    @property
    def now(self) -> Values:
        return self.moments[-1][1]

    @property
    def is_open(self) -> bool:
        return self.now["state"] in OPEN

    def pieces(self) -> list[tuple[datetime, datetime, Values]]:
        """From when to when it was what; the last piece lasts until the instant."""
        ends = [at for at, _ in self.moments[1:]] + [self.until]
        return [(at, end, values) for (at, values), end in zip(self.moments, ends, strict=True)]

    def was_open_since(self, start: datetime) -> bool:
        """Whether it was still open when a period began, or was opened in it."""
        return any(values["state"] in OPEN and end >= start for _, end, values in self.pieces())


def lives(database: Path, until: datetime) -> list[Life]:
    """Every ticket created before an instant, as it was then."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        tickets = [dict(row) for row in connection.execute("SELECT * FROM tickets ORDER BY source, external_id")]
        entries = [dict(row) for row in connection.execute("SELECT * FROM history ORDER BY at, rowid")]
        gone = {row["external_id"]: instant(row["gone_at"]) for row in connection.execute("SELECT * FROM absences")}
    return [
        one_life(row, [entry for entry in entries if entry["external_id"] == row["external_id"]], until, gone)
        for row in tickets
        if instant(row["created_at"]) < until
    ]


def instant(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def one_life(row: dict[str, Any], entries: list[dict[str, Any]], until: datetime, gone: dict[str, datetime]) -> Life:
    created = instant(row["created_at"])
    values = {field: str(row[field] or "") for field in FIELDS}
    for entry in reversed(entries):
        values[entry["field"]] = entry["old"]
    changes = [(max(instant(entry["at"]), created), entry["field"], entry["new"]) for entry in entries]
    if row["state"] in DONE and not any(entry["field"] == "state" for entry in entries):
        values["state"] = "new"  # all that is known is how it ended
        dates = [row["resolved_at"], row["closed_at"], row["updated_at"]]
        changes.append((next(instant(at) for at in dates if at is not None), "state", row["state"]))
        changes.sort(key=lambda change: change[0])
    moments = _moments(created, values, [change for change in changes if change[0] < until])
    lost = gone.get(row["external_id"])
    is_lost = lost is not None and lost < until
    if is_lost and lost is not None and moments[-1][1]["state"] in OPEN:
        moments = [moment for moment in moments if moment[0] < lost] or moments[:1]
        moments.append((max(lost, created), {**moments[-1][1], "state": "gone"}))
    return Life(row, moments, until, is_lost)


def _moments(created: datetime, values: Values, changes: list[tuple[datetime, str, str]]) -> list[Moment]:
    """What it was from each instant on at which something became another value."""
    found: list[Moment] = [(created, dict(values))]
    for at, field, new in changes:
        if at > found[-1][0]:
            found.append((at, dict(found[-1][1])))
        found[-1][1][field] = new
    for _, one in found:
        one["approval"] = one["approval"] or "not_required"
    return [found[0]] + [after for before, after in pairwise(found) if after[1] != before[1]]
