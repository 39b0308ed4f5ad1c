"""Rows that the instance's own engines write: SLAs of tasks, and what people noted while the made-up year passed.

They are worked out from the tickets when somebody first asks for them, and an SLA again when its ticket has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from .dictionary import TASKS
from .schedules import Schedule
from .tables import Instance, Row, Table, made_up_id
from .writes import ENDED, RESOLVED, stamp

HOURS = {"1": 4, "2": 16, "3": 16, "4": 24, "5": 24}
"""The target of the resolution by priority, in hours of its schedule."""
RESPONSE_SHARE = 8
"""The target of the response is this part of the resolution's."""
WAITING = {"incident": "3", "sc_req_item": "-5"}
PAUSING = ("incident",)
"""The tables whose clocks stand still while the ticket waits; somebody forgot it for requests."""
CANCELLED = {"incident": "8", "sc_req_item": "7", "change_request": "4"}
OFFICE = "eGov office hours"
ZONE, TRAVELLERS = "Asia/Kolkata", "Asia/Dubai"
"""The zone of the office, and of those callers who work from elsewhere: a clock takes the zone of its caller."""
_ONE_IN = 8
"""One caller in so many does."""
_GLIDE_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Course:
    """What an SLA's clock did: when it began and ended, when it stood still before, and since when it does."""

    start: datetime
    end: datetime | None
    waiting_since: datetime | None
    pauses: tuple[tuple[datetime, datetime], ...]
    cancelled: bool

    def paused(self, schedule: Schedule) -> timedelta:
        """How much of the schedule's time the pauses took that are over."""
        return sum((schedule.worked(start, end) for start, end in self.pauses), timedelta())


class Derived:
    """Keeps ``task_sla``, ``contract_sla`` and ``sys_journal_field`` in step with the tickets."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._seen: dict[str, str] = {}
        self._told = False

    def refresh(self, table: str, now: datetime) -> None:
        """Bring ``table`` up to date, if it is one of those."""
        if table in ("task_sla", "contract_sla"):
            for name in TASKS:
                self._slas(self._instance.tables[name], now)
        if table == "sys_journal_field" and not self._told:
            self._told = True
            for name in TASKS:
                for row in list(self._instance.tables[name]):
                    self._journals(name, row)

    def _slas(self, tasks: Table, now: datetime) -> None:
        changed = tasks.between(self._seen.get(tasks.name, ""), "")
        for row in changed:
            for sla in _slas_of(row, self._audits(row), now):
                self._put(sla, row.get("priority", ""))
        if changed:
            self._seen[tasks.name] = changed[-1].get("sys_updated_on", "")

    def _put(self, sla: Row, priority: str) -> None:
        table, schedules = self._instance.tables["task_sla"], self._instance.tables["cmn_schedule"]
        if sla["schedule"] and schedules.get(sla["schedule"]) is None:
            schedules.add(_office())
        if self._instance.find("contract_sla", sla["sla"]) is None:
            self._instance.tables["contract_sla"].add(_contract(sla, priority))
        known = table.get(sla["sys_id"])
        if known is None:
            table.add(sla)
        elif sla != known:
            table.change(known, sla)

    def _audits(self, row: Row) -> list[Row]:
        return self._instance.tables["sys_audit"].with_value("documentkey", [row["sys_id"]]) or []

    def _journals(self, table: str, row: Row) -> None:
        if self._instance.tables["sys_journal_field"].with_value("element_id", [row["sys_id"]]):
            return
        for audit in self._audits(row):
            said = _said(table, audit)
            if said is not None:
                at, user = audit["sys_created_on"], audit["user"]
                self._instance.note(row, table, said[0], said[1], user=user, at=at)


def _said(table: str, audit: Row) -> tuple[str, str] | None:
    """What somebody noted while making that change: which journal, and the text."""
    field, value = audit["fieldname"], audit["newvalue"]
    if field == "assigned_to" and value:
        return ("work_notes", "Taken over, looking into it.")
    if field != "state":
        return None
    if value == WAITING.get(table):
        return ("comments", "We wait for more information before we can go on.")
    if value == RESOLVED or value in ENDED[table]:
        return ("comments", "This is done. Please tell us if it is not.")
    return None


def _slas_of(row: Row, audits: list[Row], now: datetime) -> Iterator[Row]:
    start = _instant(row.get("opened_at") or row.get("sys_created_on", ""))
    if start is None:
        return
    target = timedelta(hours=HOURS.get(row.get("priority", ""), 24))
    yield _sla(row, "resolution", target, _resolution(row, audits, start), now)
    if row["sys_class_name"] == "incident":
        yield _sla(row, "response", target / RESPONSE_SHARE, _response(audits, start), now)


def _resolution(row: Row, audits: list[Row], start: datetime) -> Course:
    table = row["sys_class_name"]
    waiting: datetime | None = None
    pauses = []
    for audit in audits:
        at = _instant(audit["sys_created_on"])
        if audit["fieldname"] != "state" or at is None or table not in PAUSING:
            continue
        if waiting is not None:
            pauses.append((waiting, at))
            waiting = None
        if audit["newvalue"] == WAITING.get(table):
            waiting = at
    ended = row.get("state", "") in ENDED.get(table, frozenset()) or row.get("state") == RESOLVED
    end = _instant(row.get("resolved_at") or row.get("closed_at", "")) if ended else None
    return Course(start, end, waiting, tuple(pauses), ended and row.get("state") == CANCELLED.get(table))


def _response(audits: list[Row], start: datetime) -> Course:
    moved = next((one for one in audits if one["fieldname"] in ("assigned_to", "state")), None)
    end = _instant(moved["sys_created_on"]) if moved else None
    return Course(start, end, None, (), moved is not None and moved["newvalue"] == "8")


def _sla(row: Row, measures: str, target: timedelta, course: Course, now: datetime) -> Row:
    schedule = _schedule(row)
    planned = schedule.due(course.start, target + course.paused(schedule))
    broke = planned if course.waiting_since is None and planned <= now else None
    updated = _refreshed(row, broke, now) if course.end is None else row.get("sys_updated_on", "")
    until = course.end or course.waiting_since or _instant(updated) or now
    stage = "completed" if course.end else "paused" if course.waiting_since else "in_progress"
    name = made_up_id("contract_sla", measures, row.get("priority", ""))
    sla = {
        "sys_id": made_up_id("task_sla", measures, row["sys_id"]),
        "sys_class_name": "task_sla",
        "sys_mod_count": "1",
    }
    sla |= {"task": row["sys_id"], "sla": name, "stage": "cancelled" if course.cancelled else stage}
    sla |= {"active": "false" if course.end else "true"}
    sla |= {"start_time": stamp(course.start), "end_time": stamp(course.end) if course.end else ""}
    sla |= {"planned_end_time": stamp(planned), "original_breach_time": stamp(schedule.due(course.start, target))}
    sla |= {"pause_time": stamp(course.waiting_since) if course.waiting_since and not course.end else ""}
    sla |= {"schedule": made_up_id("cmn_schedule", OFFICE) if schedule.zone else "", "timezone": schedule.zone}
    sla |= _used("", target, course, Schedule(), until) | _used("business_", target, course, schedule, until)
    sla |= {"has_breached": "true" if float(sla["business_percentage"]) >= 100 else "false"}
    sla |= {"sys_created_on": stamp(course.start), "sys_created_by": "system", "sys_updated_by": "system"}
    return sla | {"sys_updated_on": updated}


def _used(prefix: str, target: timedelta, course: Course, schedule: Schedule, until: datetime) -> Row:
    """What was used of the target. A percentage has two digits: what is as good as 100 counts as 100."""
    paused = course.paused(schedule)
    used = max(schedule.worked(course.start, until) - paused, timedelta())
    return {
        f"{prefix}duration": _duration(used),
        f"{prefix}pause_duration": _duration(paused),
        f"{prefix}percentage": f"{used / target * 100:.2f}",
    }


def _schedule(row: Row) -> Schedule:
    """What a clock runs on: the highest priority and changes around the clock, all else in office hours."""
    if row.get("priority") == "1" or row["sys_class_name"] == "change_request":
        return Schedule()
    return Schedule(TRAVELLERS if int(row["sys_id"][:8], 16) % _ONE_IN == 0 else ZONE)


def _refreshed(row: Row, broke: datetime | None, now: datetime) -> str:
    """When a running clock's figures were last stored: with its ticket, by the job of the night, or when it broke."""
    night = datetime.combine(now.date(), time(), UTC)
    return max(row.get("sys_updated_on", ""), stamp(broke) if broke else "", stamp(night))


def _contract(sla: Row, priority: str) -> Row:
    measures = "resolution" if sla["sla"] == made_up_id("contract_sla", "resolution", priority) else "response"
    target = timedelta(hours=HOURS.get(priority, 24)) / (1 if measures == "resolution" else RESPONSE_SHARE)
    row = {"sys_id": sla["sla"], "name": f"Priority {priority or 'none'} {measures}", "target": measures, "type": "SLA"}
    row |= {"duration": _duration(target), "active": "true", "collection": "task", "sys_class_name": "contract_sla"}
    return row | {"duration_type": "", "schedule": sla["schedule"]} | _MADE


def _office() -> Row:
    """The schedule: its zone is that of whoever uses it."""
    row = {"sys_id": made_up_id("cmn_schedule", OFFICE), "name": OFFICE, "time_zone": "floating"}
    return row | {"sys_class_name": "cmn_schedule"} | _MADE


_MADE = {
    "sys_created_on": "2024-01-01 00:00:00",
    "sys_updated_on": "2024-01-01 00:00:00",
    "sys_mod_count": "0",
    "sys_created_by": "admin",
    "sys_updated_by": "admin",
}


def _duration(length: timedelta) -> str:
    """A duration as the database keeps it: an instant so long after the beginning of 1970."""
    return stamp(_GLIDE_ZERO + max(length, timedelta()))


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
