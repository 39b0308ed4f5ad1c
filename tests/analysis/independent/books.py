"""The reference of what is read beside tickets: decisions, what waits for one, CSV files; and the report's checks."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.analysis.independent.estate import STEP
from tests.analysis.independent.lives import Life, instant
from tests.analysis.independent.reference import Reference, Rows, name_of
from tests.analysis.independent.tables import at_risk

Row = dict[str, Any]


def rows_of(database: Path, table: str) -> list[Row]:
    """A table of the store, in the order in which it was written."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608 - a literal


def by_id(of: Reference) -> dict[str, Life]:
    """The period's tickets by the id that their source gave them."""
    return {life.row["external_id"]: life for life in of.known}


# --- decisions -------------------------------------------------------------------------------------------------------

TAKEN = ("held", "conflict", "overridden", "rejected", "unknown")
"""Outcomes at which somebody has to look."""


def decisions(of: Reference, database: Path) -> list[Row]:
    """The last one about each field of the period's tickets, with what became of the last write since."""
    named = by_id(of)
    last: dict[tuple[str, str], Row] = {}
    for row in rows_of(database, "decisions"):
        if row["external_id"] in named and instant(row["decided_at"]) < of.until:
            last[row["external_id"], row["field"]] = row
    writes = [row for row in rows_of(database, "intents") if instant(row["opened_at"]) < of.until]
    return [
        {
            "ticket": named[name].id,
            "field": field.split(" ")[0],
            "value": "" if row["value"] is None else str(json.loads(row["value"])),
            "rule": row["rule"],
            "because": row["because"],
            "decided_at": instant(row["decided_at"]),
            "outcome": _became(row, [one for one in writes if one["external_id"] == name], of.until),
        }
        for (name, field), row in last.items()
    ]


def _became(row: Row, writes: Sequence[Row], until: datetime) -> str:
    said = str(row["outcome"])
    for one in writes:
        is_of = row["field"] in json.loads(one["changes"]) and one["opened_at"] >= row["decided_at"]
        if row["outcome"] == "planned" and is_of:
            is_known = one["closed_at"] is not None and instant(one["closed_at"]) < until
            said = json.loads(one["outcomes"])[row["field"]] if is_known else "unknown"
    return said


# --- decisions needed ------------------------------------------------------------------------------------------------


def needed(of: Reference, database: Path, told: Sequence[Row]) -> Rows:
    """By kind and subject, since when somebody is waited for; ``told`` are the decisions."""
    found: Rows = {}
    for life in of.open:
        mine = [row for row in told if row["ticket"] == life.id]
        asked = [instant(row["at"]) for row in rows_of_ticket(database, life) if row["field"] == "approval"]
        since = max((at for at in asked if at < of.until), default=None)
        kind = _kind(life, mine, since)
        if kind:
            found[kind, life.id] = {"since": since or life.created}
    for vendor in of.hours.configuration.vendors:
        if _is_overloaded(of, vendor):
            found["overload", vendor] = {"since": None}
    return found | _beside_tickets(of, database)


def rows_of_ticket(database: Path, life: Life) -> Iterator[Row]:
    """Its history as it lies in the database."""
    yield from (row for row in _history(database) if row["external_id"] == life.row["external_id"])


_READ: dict[Path, list[Row]] = {}


def _history(database: Path) -> list[Row]:
    if database not in _READ:
        _READ[database] = rows_of(database, "history")
    return _READ[database]


def _kind(life: Life, told: Sequence[Row], asked: datetime | None) -> str:
    now, differs = life.now, any(row["outcome"] in {"conflict", "overridden"} for row in told)
    vendor = next((row for row in told if row["field"] == "vendor" and not _is_answered(life, row)), None)
    looked = any(row["outcome"] in TAKEN and not _is_answered(life, row) for row in told)
    if now["approval"] == "requested":
        return "overdue" if any(_says_overdue(row, asked) for row in told) else "approval"
    if not now["vendor"]:
        is_ruled = vendor is not None and vendor["outcome"] in (*TAKEN, "planned")
        if not (is_ruled or now["approval"] == "rejected"):
            return "unrouted"
        return "conflict" if differs else "rejected" if now["approval"] == "rejected" else "held"
    return ("conflict" if differs else "held") if looked else ""


def _is_answered(life: Life, row: Row) -> bool:
    """Whether a vendor that was held for something has been given, or an approval, since."""
    pieces = zip(life.moments, life.moments[1:], strict=False)
    since = [at for (_, was), (at, new) in pieces if any(was[name] != new[name] for name in ("vendor", "approval"))]
    return row["field"] == "vendor" and row["outcome"] == "held" and any(at >= row["decided_at"] for at in since)


def _says_overdue(row: Row, asked: datetime | None) -> bool:
    if row["field"] == "approval":
        return row["outcome"] == "held" and "not given within" in row["because"]
    is_told = row["field"] == "note" and "(its approval is overdue)" in row["because"]
    return is_told and (asked is None or row["decided_at"] >= asked)


def _is_overloaded(of: Reference, vendor: str) -> bool:
    rows = [of.bandwidth[vendor, name_of(monday)] for monday in of.weeks]
    whole = [row for row in rows if row["complete"]]
    share, hours = whole[-1]["utilization"], whole[-1]["load_hours"]
    is_full = share > 1 if share is not None else bool(hours)
    running = [row["utilization"] for row in rows if not row["complete"]]
    return is_full or any(one is not None and one > 0.9 for one in running)


def _beside_tickets(of: Reference, database: Path) -> Rows:
    found: Rows = {}
    for row in rows_of(database, "freshness"):
        at = instant(row["synced_at"])
        if at < of.until - timedelta(days=1):
            found["stale", row["source"]] = {"since": at}
    wrote = [row for row in rows_of(database, "runs") if instant(row["started_at"]) < of.until]
    if wrote and wrote[-1]["outcome"] == "6":
        found["guard", f"run {wrote[-1]['id']}"] = {"since": instant(wrote[-1]["started_at"])}
    for vendor in of.hours.configuration.vendors.values():
        if vendor.status in {"onboarding", "active"} and not vendor.internal and vendor.nda_signed is None:
            found["nda", vendor.name] = {"since": None}
    day = of.until.astimezone(of.hours.zone).date()
    for place in of.hours.configuration.environments.values():
        for owner in place.owners:
            next_owner = any(one.start == owner.end for one in place.owners)
            if owner.end and day < owner.end <= day + timedelta(days=60) and not next_owner:
                found["owner", place.name] = {"since": None}
    return found


# --- figures from outside --------------------------------------------------------------------------------------------


def inputs(of: Reference, texts: Mapping[str, str], places: Mapping[str, str]) -> Rows:
    """Each line of the files, up to the month of the last instant of the report."""
    last = f"{(of.until - STEP).astimezone(of.hours.zone):%Y-%m}"
    found = {}
    for figure, text in texts.items():
        for line in csv.DictReader(text.splitlines(), delimiter=";" if ";" in text else ","):
            if line["month"] <= last:
                value = line["value"]
                found[figure, line["vendor"], line.get("environment") or "", line["month"]] = {
                    "value": float(value.rstrip("%")) / (100 if "%" in value else 1),
                    "unit": line.get("currency") or {"satisfaction": "1 to 5"}.get(figure, "share"),
                    "of": float(line["of"]) if line.get("of") else None,
                    "note": line.get("note") or "",
                    "file": places[figure],
                }
    return found


# --- the report's own checks -----------------------------------------------------------------------------------------


def checks(of: Reference, *, is_week: bool) -> dict[str, float]:
    """What each check counts: the same on both sides."""
    found = dict.fromkeys(
        (
            "open tickets: rows of open_tickets",
            "open tickets: sum over vendors and environments in traction",
            "open tickets: rows of tickets in an open state",
            "tickets in less tickets out: open at the as-of instant",
        ),
        float(len(of.open)),
    ) | dict.fromkeys(
        (
            "traction: rows that do not add up",
            "traction: weeks that do not begin with what the one before left",
            "time_in_hand: tickets whose shares add up to more than 1",
            "tickets: listed more than once",
            "open_tickets: tickets that are not in tickets",
            "sla_cycles: tickets that are not in tickets",
            "time_in_hand: tickets that are not in tickets",
        ),
        0.0,
    )
    for kind in sorted({one.kind for one in of.clocks}):
        judged = of.judged(kind)
        late = sum(one.answer.breached for one in judged)
        found |= {
            f"{kind}: met in sla_attainment": float(len(judged) - late),
            f"{kind}: breached in sla_attainment": float(late),
            f"{kind}: judged in sla_attainment": float(len(judged)),
            f"{kind}: breached in the summary": float(late),
        }
    every = [one.answer.breached for kind in ("sla", "uc") for one in of.judged(kind)]
    found |= {"rows of sla_breaches": float(sum(every)), "rows of sla_at_risk": float(len(at_risk(of)))}
    if is_week:
        found |= {"sla_trend: met in the week": float(len(every) - sum(every))}
        found |= {"sla_trend: breached in the week": float(sum(every))}
    return found
