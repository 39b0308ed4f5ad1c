"""The reference of what is made of the tables: the summary, the scorecard, the forecast's parts, what is odd."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.analysis.independent.lives import DONE, OPEN, Life
from tests.analysis.independent.reference import HOUR, Reference, name_of
from tests.analysis.independent.tables import at_risk, back_and_forth, hops, with_whom

RESOLVED = ("resolved", "closed")


# --- resolutions -----------------------------------------------------------------------------------------------------


def resolutions(of: Reference) -> list[dict[str, Any]]:
    """The tickets whose last resolution lies in the period."""
    found = (_resolution(life, of.start) for life in of.known)
    return [one for one in found if one is not None and one["at"] >= of.start]


def _resolution(life: Life, since: datetime) -> dict[str, Any] | None:
    told = [(at, values) for at, values in life.moments if values["state"] in (*OPEN, *DONE)]
    ends = [
        (at, before["vendor"])
        for (_, before), (at, after) in pairwise(told)
        if before["state"] in OPEN and after["state"] in RESOLVED
    ]
    back = [
        at
        for (_, before), (at, after) in pairwise(told)
        if before["state"] in RESOLVED and after["state"] in OPEN and at >= since
    ]
    if not ends:
        return None
    at, vendor = ends[-1]
    seen = next(at for at, values in told if values["state"] != "new")
    return {
        "at": at,
        "vendor": vendor,
        "mtta": (seen - life.created) / HOUR,
        "mttr": (at - life.created) / HOUR,
        "first": not hops(life),
        "reopened": bool(back),
    }


# --- the summary -----------------------------------------------------------------------------------------------------


def summary(of: Reference) -> dict[str, float | None]:
    """The figures that tickets and clocks give, where nothing was decided, agreed or measured by a source."""
    if not of.lives:
        return {"tickets_known": 0.0}
    time, done = with_whom(of), resolutions(of)
    spent, asked = sum(time.values()), [life for life in of.open if life.now["approval"] == "requested"]
    nobody = [life for life in of.open if not life.now["vendor"] and life not in asked]
    refused = sum(life.now["approval"] == "rejected" for life in nobody)
    return {
        "open_tickets": len(of.open),
        "created": of.count("created"),
        "reopened": of.count("reopened"),
        "resolved": of.count("resolved"),
        "backlog_growth": of.count("created", "reopened", "moved_in") - of.count("resolved", "moved_out"),
        **_clocks(of),
        "waiting_approval": len(asked),
        "approvals_waiting": len(asked),
        "oldest_approval": max((_asked(of, life) for life in asked), default=None),
        "unrouted": len(nobody) - refused,
        "held": refused,
        "oldest_open": max(((of.until - life.created) / HOUR / 24 for life in of.open), default=None),
        "mtta": _mean([one["mtta"] for one in done]),
        "mttr": _mean([one["mttr"] for one in done]),
        "first_contact_share": _mean([one["first"] for one in done]),
        "reopen_share": _mean([one["reopened"] for one in done]),
        "time_with_vendors": time["vendor"] / spent if spent else None,
        "time_with_requesters": time["requester"] / spent if spent else None,
        "time_with_nobody": time["nobody"] / spent if spent else None,
        "back_and_forth": back_and_forth(of),
        "tickets_known": len(of.lives),
    }


def _clocks(of: Reference) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for kind in ("sla", "uc", "ola"):
        late = [one.answer.breached for one in of.judged(kind)]
        found[f"{kind}_attainment"] = 1 - sum(late) / len(late) if late else None
        counted = late or any(one.kind == kind and one.runs for one in of.clocks)
        found[f"{kind}_breached"] = sum(late) if counted else None
    at = {(name, sla) for name, sla, _ in at_risk(of)}
    found["sla_at_risk"] = sum(
        (one.life.id, one.answer.sla) in at and one.kind == "sla" and one.runs for one in of.clocks
    )
    return found


def _asked(of: Reference, life: Life) -> float:
    """Days since its approval has been requested."""
    since = of.until
    for at, values in reversed(life.moments):
        if values["approval"] != "requested":
            break
        since = at
    return (of.until - since) / HOUR / 24


def _mean(values: list[Any]) -> float | None:
    return sum(values) / len(values) if values else None


# --- the scorecard ---------------------------------------------------------------------------------------------------


def scorecard(of: Reference) -> dict[tuple[str, str], tuple[float, float]]:
    """By vendor and figure, what is divided and by what."""
    flags: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for kind in ("sla", "uc"):
        for one in of.judged(kind):
            flags[one.answer.vendor or "", f"{kind}_attainment"].append(not one.answer.breached)
    for done in resolutions(of):
        flags[done["vendor"], "first_contact_share"].append(done["first"])
        flags[done["vendor"], "reopen_share"].append(done["reopened"])
        flags[done["vendor"], "mttr_hours"].append(done["mttr"])
    found = {key: (float(sum(some)), float(len(some))) for key, some in flags.items() if key[0]}
    rows = of.bandwidth
    whole = [monday for monday in of.weeks if of.hours.midnight(monday + timedelta(days=7)) <= of.until]
    touched = [monday for monday in whole if of.hours.midnight(monday + timedelta(days=7)) > of.start] or whole[-1:]
    for vendor in of.hours.configuration.vendors:
        mine = [rows[vendor, name_of(monday)] for monday in touched]
        capacity = sum(row["capacity_hours"] for row in mine)
        if capacity and all(row["load_hours"] is not None for row in mine):
            found[vendor, "utilization"] = sum(row["load_hours"] for row in mine), capacity
    return found


def score(figure: str, value: float) -> float:
    """0 to 100, as the words of the definition say."""
    if figure == "utilization":
        points = 100 * value / 0.7 if value < 0.7 else 100 if value <= 0.95 else 100 * (1.5 - value) / 0.55
        return max(0.0, min(100.0, points))
    return 100 * (1 - value) if figure == "reopen_share" else 100 * value


# --- the forecast ----------------------------------------------------------------------------------------------------


def arrivals(of: Reference) -> dict[str, Counter[str]]:
    """By environment of vendors.yaml (no name: all others), tickets created by month of the report's zone."""
    found: dict[str, Counter[str]] = {name: Counter() for name in (*of.hours.configuration.environments, "")}
    for life in of.lives:
        now = _last_seen(life)
        name = now if now in of.hours.configuration.environments else ""
        found[name][f"{life.created.astimezone(of.hours.zone):%Y-%m}"] += 1
    return found


def _last_seen(life: Life) -> str:
    return life.now["environment"]


def owned(of: Reference, environment: str, first: date, end: date) -> dict[str, float]:
    """Who owns an environment on which share of a month's days."""
    place = of.hours.configuration.environments.get(environment)
    found: Counter[str] = Counter()
    day = first
    while day < end:
        names = [
            owner.vendor
            for owner in (place.owners if place else ())
            if (owner.start is None or owner.start <= day) and (owner.end is None or day < owner.end)
        ]
        found[names[0] if names else ""] += 1
        day += timedelta(days=1)
    return {name: days / (end - first).days for name, days in found.items()}


# --- what is odd -----------------------------------------------------------------------------------------------------


def odd(of: Reference, with_clocks: set[str]) -> dict[str, int]:
    """Tickets by what is odd about them."""
    seen = [life for life in of.known if not life.gone]
    found = {
        "no_environment": sum(not life.now["environment"] for life in of.open),
        "no_priority": sum(not life.now["priority"] for life in of.open),
        "unrouted": int(summary(of)["unrouted"] or 0),
        "no_service_level": sum(life.id not in with_clocks for life in of.open),
        "unknown_state": sum(life.now["state"] == "unknown" for life in seen),
        "gone_deleted": sum(life.gone for life in of.lives),
        "no_business_time": sum(_uncounted(of, life) for life in of.known),
    }
    return {name: count for name, count in found.items() if count}


def _uncounted(of: Reference, life: Life) -> bool:
    """Whether some of its open time lies on days on which nobody owns its environment."""
    named = [values["environment"] for _, values in life.moments]
    for place, (start, end, values) in enumerate(life.pieces()):
        if values["state"] in OPEN and start < end:
            before = [name for name in named[: place + 1] if name]
            environment = before[-1] if before else next((name for name in named if name), "")
            day = start.astimezone(of.hours.zone).date()
            while of.hours.midnight(day) < end:
                if "" in owned(of, environment, day, day + timedelta(days=1)):
                    return True
                day += timedelta(days=1)
    return False


def services(life: Life) -> str:
    """Those of a ticket."""
    return ", ".join(json.loads(life.row["service"]))
