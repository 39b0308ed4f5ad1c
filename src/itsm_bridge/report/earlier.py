"""What was published before for the same period and instant, and how it differs from what is said now."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.columns import DTYPES, Kind
from itsm_bridge.analysis.corrections import COMPARED, PASSING, TABLE
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.tickets import TABLE as TICKETS
from itsm_bridge.report.foreign import clean, runs
from itsm_bridge.report.publishing import MANIFEST

KINDS = {column.name: column.kind for column in TICKETS.columns}
LISTED = "listed"

Key = tuple[str, str, str]
"""Table, ticket and what."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the earlier report had to correct already."""

    was: str
    now: str
    noticed_at: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The report that lies in a folder: figures by key, tickets where they were published as CSV, its corrections.

    ``since`` is when the sources had last been read as the first of these reports was made; ``None`` where none was.
    """

    since: datetime | None
    figures: Mapping[str, float | None]
    tickets: pd.DataFrame | None
    told: Mapping[Key, Told]


def earlier(folder: Path, frames: Frames) -> Earlier | None:
    """The report in ``folder``, where it was up to the same instant; ``None`` for another, or one we cannot read."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        figures = {str(key): None if value is None else float(value) for key, value in document["figures"].items()}
        if datetime.fromisoformat(document["as_of"]) != frames.until:
            return None
        since = _since(document)
        files = {str(file["path"]) for file in document["files"]}
        tickets = _tickets(folder / "csv" / "tickets.csv") if "csv/tickets.csv" in files else None
        told = dict(_told(folder / "csv" / "corrections.csv")) if "csv/corrections.csv" in files else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error):
        return None
    return Earlier(since, figures, tickets, told)


def _since(document: Mapping[str, Any]) -> datetime | None:
    """As the report in the folder says; one that was made before that was noted counts as the first."""
    if "first_read" in document:
        return None if document["first_read"] is None else datetime.fromisoformat(document["first_read"])
    return max((datetime.fromisoformat(at) for at in document["freshness"].values() if at is not None), default=None)


def last_read(frames: Frames) -> datetime | None:
    """When a source was last read to its end; ``None`` for never."""
    return max((at for at in frames.freshness.values() if at is not None), default=None)


def corrections(before: Earlier | None, rows: Mapping[str, pd.DataFrame], frames: Frames) -> pd.DataFrame:
    """The rows of the table ``corrections``, figures first; each change against what was said first."""
    if before is None:
        return TABLE.rows(frames)
    read = last_read(frames)
    noticed = "" if read is None else read.isoformat()
    changes = {**dict(_figures(before, rows["summary"])), **dict(_late_tickets(before, rows["tickets"], frames))}
    kept = {key: Told(one.was, one.now, one.noticed_at) for key, one in before.told.items()}
    late = {ticket for (_, ticket, what), one in kept.items() if what == LISTED and not one.was}
    for key, (was, now) in changes.items():
        if key[1] in late and key[2] != LISTED:
            continue  # the first report did not have the ticket, and said nothing of its columns
        kept[key] = Told(kept[key].was if key in kept else was, now, noticed)
    lines = [
        (*key, one.was, one.now, one.noticed_at or None)
        for key, one in sorted(kept.items(), key=lambda item: (item[0][0] != "summary", *item[0]))
        if one.was != one.now
    ]
    table = pd.DataFrame(lines, columns=[column.name for column in TABLE.columns])
    table["noticed_at"] = pd.to_datetime(table["noticed_at"], utc=True, format="ISO8601").astype(DTYPES[Kind.INSTANT])
    return table


def _figures(before: Earlier, summary: pd.DataFrame) -> Iterator[tuple[Key, tuple[str, str]]]:
    for figure in summary.to_dict("records"):
        key, value = str(figure["key"]), figure["value"]
        now = None if pd.isna(value) else float(value)
        if key in before.figures and key not in PASSING and before.figures[key] != now:
            yield ("summary", "", str(figure["figure"])), (_number(before.figures[key]), _number(now))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _late_tickets(before: Earlier, tickets: pd.DataFrame, frames: Frames) -> Iterator[tuple[Key, tuple[str, str]]]:
    """Column by column, the tickets of both whose value differs; and those of only one."""
    if before.tickets is None:
        return
    columns = [name for name in COMPARED if name in before.tickets.columns]
    was = pd.DataFrame({name: _as_read(before.tickets[name], KINDS[name]) for name in columns})
    now = pd.DataFrame({name: _as_shown(tickets[name], KINDS[name], frames.period.zone) for name in columns})
    was.index, now.index = pd.Index(before.tickets["ticket"].map(_plain)), pd.Index(tickets["ticket"].map(clean))
    for ticket in sorted(set(now.index) ^ set(was.index)):
        yield ("tickets", ticket, LISTED), ("yes", "") if ticket in was.index else ("", "yes")
    both = now.index.intersection(was.index)
    for name in columns:
        old, new = was[name].reindex(both), now[name].reindex(both)
        for ticket in both[(old != new).to_numpy()]:
            yield ("tickets", ticket, name), (str(old[ticket]), str(new[ticket]))


def _as_read(values: pd.Series, kind: Kind) -> pd.Series:
    """Texts of a CSV file as they were before they were made safe for one."""
    return values.map(_plain) if kind is Kind.TEXT else values


def _as_shown(values: pd.Series, kind: Kind, zone: ZoneInfo) -> pd.Series:
    """Values as a CSV file has them."""
    if kind is Kind.TEXT:
        return values.map(clean)
    if kind is Kind.INSTANT:
        local = values.dt.floor("s").dt.tz_convert(zone)
        texts: pd.Series = local.map(lambda at: at.isoformat(timespec="seconds"), na_action="ignore").astype("string")
        return texts.fillna("")
    return values.astype("string").fillna("")


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and runs(text[1:]) else text


def _tickets(path: Path) -> pd.DataFrame:
    wanted = {"ticket", *COMPARED}
    return pd.read_csv(
        path, dtype="string", keep_default_na=False, encoding="utf-8-sig", usecols=lambda name: name in wanted
    )


def _told(path: Path) -> Iterator[tuple[Key, Told]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            key = row["table"], _plain(row["ticket"]), row["what"]
            yield key, Told(_plain(row["was"]), _plain(row["is"]), row["noticed_at"])
