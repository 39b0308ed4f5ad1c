"""A made-up programme and some hundred random tickets of it, kept in a store as a sync would have left them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.analysis.made import NOW, Change, ticket

from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.model import State, TicketRecord
from itsm_bridge.store import Store, SweepRow

FILES = {
    "bridge": """
store: sqlite:///var/bridge.db
timezone: Asia/Kolkata
sources:
  snow:
    kind: servicenow
    url: https://snow.example
    tables: [incident]
    fields: {environment: u_environment}
    states: {incident: {1: new, 2: in_progress, 3: on_hold, 6: resolved, 7: closed, 8: canceled}}
reports:
  small: 5
  scorecard: {sla_attainment: 40, uc_attainment: 20, first_contact_share: 15, reopen_share: 10, utilization: 15}
""",
    "vendors": """
vendors:
  GWL:
    status: active
    nda_signed: 2026-01-12
    skills: [kubernetes, portal]
    capacity: {people: 1, hours_per_week: 40, focus: 0.25}
    calendar: office
    names: {snow: GWL}
    leave: [{from: 2026-10-12, to: 2026-10-13, people: 1}]
  OptIT:
    status: active
    nda_signed: 2026-01-12
    skills: [portal]
    capacity: {people: 6, hours_per_week: 40, focus: 0.75}
    calendar: berlin
    names: {snow: OptIT}
    leave: [{from: 2026-11-11, to: 2026-11-20, people: 2}]
  Ours:
    status: active
    internal: true
    skills: [kubernetes]
    capacity: {people: 2, hours_per_week: 35, focus: 0.5}
    calendar: office
    names: {snow: Ours}
  Empty:
    status: active
    nda_signed: 2026-01-12
    skills: [portal]
    capacity: {people: 0, hours_per_week: 40, focus: 1}
    calendar: office
    names: {snow: Empty}
  Coming:
    status: onboarding
    skills: [portal]
    capacity: {people: 2, hours_per_week: 40, focus: 0.5}
    calendar: berlin
    names: {snow: Coming}
environments:
  punjab:
    services: [portal, erp]
    owners: [{vendor: GWL, to: 2026-11-05}, {vendor: OptIT, from: 2026-11-05}]
  ap: {services: [portal], owners: [{vendor: Ours}]}
  bihar: {services: [portal], owners: [{vendor: Ours, to: 2026-10-20}, {vendor: Coming, from: 2027-02-10}]}
""",
    "sla": """
calendars:
  always: {timezone: UTC, hours: 24x7}
  office:
    timezone: Asia/Kolkata
    hours: {mon-fri: ["09:00-13:00", "14:00-18:00"]}
    holidays: {add: {2026-11-17: "A holiday"}}
  berlin:
    timezone: Europe/Berlin
    hours: {mon-fri: ["08:00-16:00"], sat: ["10:00-12:00"]}
slas:
  - name: a day
    measures: resolution
    kind: sla
    target: 24h
    calendar: always
    start: {priority: [1, 2, 3]}
    pause: {state: on_hold}
    stop: {state: [resolved, closed]}
    cancel: {state: canceled}
  - name: answer
    measures: response
    kind: sla
    target: 4h
    calendar: office
    start: {}
    stop: {state: [in_progress, resolved, closed]}
  - name: vendor contract
    measures: resolution
    kind: uc
    target: 20h
    calendar: vendor
    start: {vendor: {empty: false}}
    pause: {state: on_hold}
    stop: {state: [resolved, closed]}
""",
    "rules": """
priority:
  matrix: [[1, 2, 3], [2, 3, 4], [3, 4, 5]]
  rules:
    - {name: default, when: {}, then: {impact: 2, urgency: 2}}
""",
}

STEP = timedelta(minutes=5)
"""Everything happens on such an instant, and calendars open and close on one."""

KOLKATA = ZoneInfo("Asia/Kolkata")

FIRST = datetime.fromisoformat("2026-03-10T00:00:00+00:00")

VALUES = {
    "state": ["new", "in_progress", "in_progress", "on_hold", "resolved", "resolved", "closed", "canceled", "unknown"],
    "vendor": ["GWL", "OptIT", "Ours", "Empty", ""],
    "environment": ["punjab", "ap", "bihar", "elsewhere", ""],
    "priority": ["1", "2", "3", "4", "5"],
    "approval": ["requested", "approved", "rejected", "not_required"],
}
COURSES: Sequence[Sequence[str]] = [
    ["in_progress", "resolved", "closed"],
    ["in_progress", "", "resolved"],
    ["", "in_progress", "on_hold", "in_progress", "resolved", "", "closed"],
    ["in_progress", "", "resolved", "in_progress", "", "resolved", "closed", "new"],
    ["in_progress", "resolved", "unknown", "in_progress", "unknown", "resolved"],
    ["", "", "in_progress", "canceled", "new"],
    [""] * 9,
    [],
]
"""The states that a ticket goes through; with no name anything may change."""

EDGES = [datetime.fromisoformat(f"2026-{day}T18:30:00+00:00") for day in ("09-30", "10-31", "11-01", "11-08", "11-15")]
"""Midnights in Kolkata at which weeks and months begin."""


def configuration(folder: Path, files: Mapping[str, str] = FILES) -> Configuration:
    """The programme: an owner that changes, one that is missing, people on leave, none, and not there yet."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder)


def population(seed: int, count: int = 220, since: datetime = FIRST) -> list[TicketRecord]:
    """Random tickets since an instant; many end, some come back, wander, wait, or are done without such a history."""
    chance = random.Random(seed)
    return [_some(chance, f"INC{place:04}", since) for place in range(count)]


def _some(chance: random.Random, number: str, since: datetime) -> TicketRecord:
    created = since + STEP * chance.randrange(int((NOW - since) / STEP))
    values = {
        "state": chance.choice(["new", "new", "new", "in_progress", "unknown"]),
        "vendor": chance.choice(VALUES["vendor"]),
        "environment": chance.choice(VALUES["environment"]),
        "priority": chance.choice(VALUES["priority"]),
        "approval": chance.choice(["", "", "requested"]),
    }
    more: dict[str, Any] = {
        "service": chance.choice([(), ("portal",), ("kubernetes",), ("kubernetes", "portal")]),
        "summary": "Full",
    }
    if chance.random() < 0.05:
        return _without_history(ticket(number, created, **{**_typed(values), **more}), chance)
    return ticket(number, created, *_changes(chance, created, values), **{**_typed(values), **more})


def _typed(values: dict[str, str]) -> dict[str, Any]:
    return {**{name: text or None for name, text in values.items()}, "priority": int(values["priority"])}


def _changes(chance: random.Random, created: datetime, initial: dict[str, str]) -> list[Change]:
    """What became of it: most tickets are worked on and end, the others go this way and that."""
    current, changes = dict(initial), []
    course = chance.choice(COURSES)
    for place, at in enumerate(_instants(chance, created, len(course))):
        field = "state" if course[place] else chance.choice([*VALUES, "state"])
        new = course[place] or chance.choice(VALUES[field])
        if new != current[field]:
            current[field] = new
            changes.append((at, field, new))
    return changes


def _instants(chance: random.Random, created: datetime, count: int) -> Sequence[datetime]:
    """Some time apart, at times on the edge of a week or several at once."""
    found: list[datetime] = []
    at = created
    for _ in range(count):
        at += STEP * chance.choice([0, 1, chance.randrange(60), chance.randrange(300), chance.randrange(1500)])
        at = next((edge for edge in EDGES if abs(edge - at) < timedelta(hours=2) and edge > created), at)
        if at < NOW and (not found or at >= found[-1]):
            found.append(at)
    return found


def _without_history(record: TicketRecord, chance: random.Random) -> TicketRecord:
    """A ticket of which its source tells only how it is now and, perhaps, since when."""
    created = record.ticket.created_at
    resolved = min(created + STEP * chance.randrange(1, 4000), NOW - STEP)
    dates: dict[str, Any] = {"updated_at": max(resolved, created)}
    if chance.random() < 0.7 and resolved > created:
        dates["resolved_at"] = resolved
    return replace(record, ticket=replace(record.ticket, state=State.RESOLVED, **dates))


def kept(store: Store, records: Sequence[TicketRecord], seed: int, whole: Sequence[TicketRecord] = ()) -> None:
    """Save tickets as a sync does; a few of them, or of ``whole``, have not been seen since a sweep ten days ago."""
    store.save_page("snow", "incident", Page(tuple(records), {"at": "1"}), NOW)
    store.mark_synced("snow", NOW)
    at = NOW - timedelta(days=10)
    old = [one.ticket.external_id for one in whole or records if one.ticket.updated_at < at]
    lost = dict.fromkeys(random.Random(seed).sample(old, 8), "deleted")
    sweep = SweepRow("snow", at, seen=len(records), fetched=0, missed=len(lost))
    store.note_sweep(sweep, lost, final={"deleted"}, patience=1)
