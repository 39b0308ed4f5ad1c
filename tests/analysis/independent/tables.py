"""More of the reference: tables about single tickets, about whose time it was, and about what is too much for whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.analysis.independent.lives import DONE, OPEN, Life, Values, instant
from tests.analysis.independent.reference import HOUR, Clock, Reference, Rows

VENDORS = ("vendor", "internal")

Holder = tuple[str, str]
"""A name and its kind."""


# --- single tickets --------------------------------------------------------------------------------------------------


def tickets(of: Reference) -> Rows:
    """The list of the period's tickets."""
    return {life.id: _ticket(life, of.until) for life in of.known}


def _ticket(life: Life, until: datetime) -> dict[str, Any]:
    lost = life.now["state"] == "gone"
    resolved, closed = (None, None) if life.now["state"] not in DONE else _ends(life)
    ended = until if life.is_open else resolved or closed
    return {
        "state": "unknown" if lost else life.now["state"],
        "vendor": life.now["vendor"],
        "environment": life.now["environment"],
        "approval": life.now["approval"],
        "priority": int(life.now["priority"]) if life.now["priority"] else None,
        "created_at": life.created,
        "resolved_at": resolved,
        "closed_at": closed,
        "age_hours": None if ended is None else (ended - life.created) / HOUR,
        "reopened": sum(came_back(life)),
        "reassigned": hops(life),
    }


def _ends(life: Life) -> tuple[datetime | None, datetime | None]:
    """When it was last resolved, and last closed or canceled; what was closed at once was resolved then."""
    state, into = life.now["state"], defaultdict(list)
    before = ""
    for at, values in life.moments:
        if values["state"] != before and before:
            into[values["state"]].append(at)
            if values["state"] in DONE and before not in DONE:
                into["done"].append(at)
        before = values["state"]
    closed = into[state][-1] if state in {"closed", "canceled"} and into[state] else None
    resolved = into["resolved"] or (into["done"] if state == "closed" else [])
    return (resolved[-1] if resolved else None), closed


def came_back(life: Life) -> list[bool]:
    """For each moment whether the ticket came back with it from resolved, closed or canceled."""
    found, done = [], False
    for _, values in life.moments:
        found.append(done and values["state"] in OPEN)
        done = values["state"] in DONE or (done and values["state"] not in OPEN)
    return found


def hops(life: Life) -> int:
    """How often it went from one vendor to another one."""
    held = [values["vendor"] for _, values in life.moments if values["vendor"]]
    return sum(one != other for one, other in pairwise(held))


def open_tickets(of: Reference) -> Rows:
    """The open ones, with the bin of their age and the least time that is left."""
    left: defaultdict[str, list[float]] = defaultdict(list)
    for one in of.clocks:
        if one.measures == "resolution" and one.answer.stage == "in_progress":
            left[one.life.id].append((one.target - one.answer.elapsed_seconds) / 3600)
    rows = {}
    for life in of.open:
        days = (of.until - life.created) // timedelta(days=1)
        bins = ((30, "0-30 days"), (60, "31-60 days"), (90, "61-90 days"), (10**6, ">90 days"))
        rows[life.id] = {
            "age_hours": (of.until - life.created) / HOUR,
            "age_bucket": next(name for limit, name in bins if days <= limit),
            "sla_remaining_hours": min(left[life.id], default=None),
            "vendor": life.now["vendor"],
        }
    return rows


def cycles(of: Reference) -> Rows:
    """Every clock of the period's tickets."""
    return {
        (one.life.id, one.answer.sla, one.answer.started_at): {
            "stopped_at": one.answer.stopped_at,
            "due_at": one.answer.due_at,
            "elapsed_seconds": one.answer.elapsed_seconds,
            "paused_seconds": one.answer.paused_seconds,
            "breached": one.answer.breached,
            "stage": one.answer.stage,
            "remaining_seconds": one.target - one.answer.elapsed_seconds,
        }
        for one in of.clocks
    }


def breaches(of: Reference) -> Rows:
    """What was completed late in the period, or runs late."""
    late = [one for kind in ("sla", "uc") for one in of.judged(kind) if one.answer.breached]
    return {
        (*_name(one), one.answer.stopped_at): {"over_seconds": one.answer.elapsed_seconds - one.target} for one in late
    }


def at_risk(of: Reference) -> Rows:
    """What runs in time and has used three quarters of its target or more."""
    return {
        _name(one): {"remaining_seconds": one.target - one.answer.elapsed_seconds}
        for one in of.clocks
        if one.runs and not one.answer.breached and 4 * one.answer.elapsed_seconds >= 3 * one.target
    }


def _name(one: Clock) -> tuple[object, ...]:
    return one.life.id, one.answer.sla, one.answer.due_at


def history(of: Reference, entries: list[dict[str, Any]]) -> Counter[tuple[object, ...]]:
    """Every entry of the period's tickets up to the instant, as it lies in the database."""
    named = {life.row["external_id"]: life.id for life in of.known}
    return Counter(
        (named[one["external_id"]], instant(one["at"]), one["field"], one["old"], one["new"])
        for one in entries
        if one["external_id"] in named and instant(one["at"]) < of.until
    )


# --- whose time it was -----------------------------------------------------------------------------------------------


def time_in_hand(of: Reference) -> Rows:
    """By ticket and holder."""
    rows: Rows = {}
    for life in of.known:
        for holder, row in _held(of, life).items():
            rows[(life.id, *holder)] = row
    for name in {ticket for ticket, _, _ in rows}:
        whole = sum(row["seconds"] for key, row in rows.items() if key[0] == name)
        for row in (row for key, row in rows.items() if key[0] == name):
            row["share"] = row["seconds"] / whole if whole else None
    return rows


def _held(of: Reference, life: Life) -> dict[tuple[str, str], dict[str, Any]]:
    names = ("seconds", "business_seconds", "period_seconds", "hand_overs", "vendor_hops", "returned")
    found: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(names, 0))
    had: list[tuple[str, str]] = []
    last: tuple[tuple[str, str], datetime] | None = None
    for place, (start, end, values) in enumerate(life.pieces()):
        if values["state"] not in OPEN:
            continue
        holder = holder_of(of, values)
        row = found[holder]
        row["seconds"] += (end - start) // timedelta(seconds=1)
        row["business_seconds"] += of.hours.business(_environment(life, place), start, end)
        row["period_seconds"] += max(end - max(start, of.start), timedelta(0)) // timedelta(seconds=1)
        row["hand_overs"] += (holder, start) != last
        if holder[1] in VENDORS and (not had or had[-1] != holder):
            row["vendor_hops"] += bool(had)
            row["returned"] += holder in had
            had.append(holder)
        last = holder, end
    return found


def holder_of(of: Reference, values: Values) -> Holder:
    """Whose time it is while a ticket is so; nobody's while it is not open."""
    if values["state"] not in OPEN:
        return "nobody", "nobody"
    if values["approval"] == "requested":
        return "approver", "approver"
    if values["state"] == "on_hold":
        return "requester", "requester"
    if not values["vendor"]:
        return "nobody", "nobody"
    is_internal = of.hours.configuration.vendors[values["vendor"]].internal
    return values["vendor"], "internal" if is_internal else "vendor"


def _environment(life: Life, place: int) -> str:
    """That of a moment; where it has none the last before, else the first after."""
    named = [values["environment"] for _, values in life.moments]
    before = [name for name in named[: place + 1] if name]
    return before[-1] if before else next((name for name in named if name), "")


def with_whom(of: Reference) -> Counter[str]:
    """Seconds of the period by the kind of holder."""
    found: Counter[str] = Counter()
    for (_, _, kind), row in time_in_hand(of).items():
        found[kind] += row["period_seconds"]
    return found


def back_and_forth(of: Reference) -> int:
    """Tickets that came back in the period to a vendor after another one had had them."""
    return sum(_came_back(of, life) for life in of.known)


def _came_back(of: Reference, life: Life) -> bool:
    had: list[tuple[str, str]] = []
    for start, _, values in life.pieces():
        holder = holder_of(of, values) if values["state"] in OPEN else ("", "")
        if holder[1] in VENDORS and (not had or had[-1] != holder):
            if holder in had and start >= of.start:
                return True
            had.append(holder)
    return False
