"""What the store must say of each ticket, worked out from the sandbox's own records and not by the readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itsm_bridge.model import ApprovalState, Ticket, TicketRecord
from itsm_bridge.sandbox import Change, Truth, Vote
from itsm_bridge.sandbox.population.people import Person, everybody

_ADDRESSES = {person.name: person.email for person in everybody(Person("bridge", "ITSM bridge", "bridge@egov.example"))}

Name = Callable[[str], str]
"""Who or what an id of the sandbox stands for."""

Entry = tuple[datetime, str, str, str, str, str, str]
"""Instant, field, old, new, the source's old, the source's new, who."""

_GROUPS = {"eGov OptIT": "OptIT", "eGov GWL": "GWL", "eGov MacroSkies": "MacroSkies", "eGov DevOps": "eGov DevOps"}
_STATES: Mapping[str, Mapping[str, str]] = {
    "incident": {
        "1": "new", "2": "in_progress", "3": "on_hold", "6": "resolved", "7": "closed", "8": "canceled",
    },
    "sc_req_item": {
        "-5": "on_hold", "1": "new", "2": "in_progress", "3": "closed", "4": "closed", "7": "canceled",
    },
    "change_request": {
        "-5": "new", "-4": "new", "-3": "new", "-2": "in_progress", "-1": "in_progress", "0": "in_progress",
        "3": "closed", "4": "canceled",
    },
}  # fmt: skip
_TYPES = {"incident": "incident", "sc_req_item": "service_request", "change_request": "change"}
_APPROVALS = {"not requested": "not_required", "requested": "requested", "approved": "approved", "rejected": "rejected"}
_STATUSES = {
    "To Do": "new", "In Progress": "in_progress", "Waiting for customer": "on_hold", "In Review": "in_progress",
    "Done": "resolved", "Canceled": "resolved",
}  # fmt: skip
_PRIORITIES = {"Highest": 1, "High": 2, "Medium": 3, "Low": 4, "Lowest": 5}
_LEVELS = {"High": 1, "Medium": 2, "Low": 3}
_JIRA_APPROVALS = {
    "Not required": "not_required", "Requested": "requested", "Approved": "approved", "Rejected": "rejected",
}  # fmt: skip
_ENVIRONMENT, _IMPACT, _URGENCY, _VENDOR, _APPROVAL = (f"customfield_1004{place}" for place in range(5))

COMPARED = (
    "number", "type", "project", "state", "created_at", "updated_at", "summary", "description", "environment",
    "service", "category", "reporter", "assignee", "group", "vendor", "impact", "urgency", "priority", "approval",
    "due_at", "resolved_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """All that is known of a ticket, in plain values: the fields that are compared, its history, and the votes."""

    fields: Mapping[str, object]
    history: Sequence[Entry]
    votes: frozenset[tuple[str, str, str, datetime, datetime | None]]


def stored(record: TicketRecord) -> Told:
    """The same of what the store has."""
    ticket: Ticket = record.ticket
    history = [
        (one.at, one.field, one.old, one.new, one.source_old, one.source_new, one.actor) for one in record.history
    ]
    votes = frozenset(
        (one.approval_id, one.approver, str(one.state), one.requested_at, one.decided_at) for one in record.approvals
    )
    return Told({name: getattr(ticket, name) for name in COMPARED}, sorted(history), votes)


def truth_of(truth: Truth, name: Name) -> Told:
    """All that the sandbox says of a ticket, in the bridge's words."""
    return _of_servicenow(truth, name) if truth.product == "servicenow" else _of_jira(truth, name)


def _some(value: str) -> str | None:
    return value or None


def _number(value: str) -> int | None:
    return int(value) if value else None


# --- ServiceNow ---


def _of_servicenow(truth: Truth, name: Name) -> Told:
    row: Mapping[str, str] = truth.fields
    votes = frozenset(_vote(vote, name) for vote in truth.votes)

    def named(column: str) -> str | None:
        return name(row[column]) if row.get(column) else None

    approval = _APPROVALS[row["approval"]]
    waits = any(state == "requested" for _, _, state, _, _ in votes)
    asker = {"incident": "caller_id", "change_request": "requested_by"}.get(truth.place, "opened_by")
    fields = {
        "number": row["number"],
        "type": _TYPES[truth.place],
        "project": truth.place,
        "state": _STATES[truth.place].get(row["state"], "unknown"),
        "created_at": _utc(row["opened_at"]),
        "updated_at": truth.updated,
        "summary": row.get("short_description", ""),
        "description": row.get("description", ""),
        "environment": _some(row.get("u_environment", "")),
        "service": tuple(filter(None, [named("business_service")])),
        "category": tuple(filter(None, [row.get("category", "")])),
        "reporter": named(asker) or named("opened_by"),
        "assignee": named("assigned_to"),
        "group": named("assignment_group"),
        "vendor": _GROUPS.get(named("assignment_group") or ""),
        "impact": _number(row["impact"]),
        "urgency": _number(row["urgency"]),
        "priority": _number(row["priority"]),
        "approval": ApprovalState.REQUESTED if waits and approval == "not_required" else approval,
        "due_at": _utc(row.get("due_date", "")),
        "resolved_at": _utc(row.get("resolved_at", "")),
        "closed_at": _utc(row.get("closed_at", "")),
    }
    history = [entry for change in truth.history for entry in _audited(change, name)]
    return Told(fields, sorted(history), votes)


def _vote(vote: Vote, name: Name) -> tuple[str, str, str, datetime, datetime | None]:
    state = _APPROVALS[vote.state]
    return vote.id, name(vote.approver), state, vote.asked, vote.updated if state in {"approved", "rejected"} else None


def _audited(change: Change, name: Name) -> Sequence[Entry]:
    """The entries of one row of the audit. What changed its words alone is none, unless it is the state."""

    def named(raw: str) -> str:
        return name(raw) if raw else ""

    def state(raw: str) -> str:
        return _STATES.get(change.place, {}).get(raw, "unknown") if raw else ""

    readings: Mapping[str, Mapping[str, Callable[[str], str]]] = {
        "state": {"state": state},
        "assignment_group": {"group": named, "vendor": lambda raw: _GROUPS.get(named(raw), "")},
        "assigned_to": {"assignee": named},
        "business_service": {"service": named},
        "approval": {"approval": lambda raw: _APPROVALS.get(raw, "not_required" if not raw else "")},
        "u_environment": {"environment": str},
        **{column: {column: str} for column in ("priority", "impact", "urgency", "category")},
    }
    sides = [
        (field, read(change.old), read(change.new), change.old, change.new)
        for field, read in readings.get(change.field, {}).items()
    ]
    return [(change.at, *side, change.by) for side in sides if side[1] != side[2] or change.field == "state"]


def _utc(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


# --- Jira ---


def _of_jira(truth: Truth, name: Name) -> Told:
    said: Mapping[str, Any] = truth.fields

    def option(field: str) -> str:
        return str((said.get(field) or {}).get("value", ""))

    def person(field: str) -> str | None:
        return name(said[field]["accountId"]) if said.get(field) else None

    kind = said["issuetype"]["name"]
    fields = {
        "number": truth.number,
        "type": kind.lower() if kind in {"Incident", "Change", "Problem"} else "task",
        "project": truth.place,
        "state": _STATUSES[said["status"]["name"]],
        "created_at": _instant(said["created"]),
        "updated_at": _instant(said["updated"]),
        "summary": said["summary"],
        "description": _plain(said.get("description")),
        "environment": _some(option(_ENVIRONMENT)),
        "service": tuple(part["name"] for part in said["components"]),
        "category": tuple(said["labels"]),
        "reporter": person("reporter"),
        "assignee": person("assignee"),
        "group": _some(option(_VENDOR)),
        "vendor": _some(option(_VENDOR)),
        "impact": _LEVELS.get(option(_IMPACT)),
        "urgency": _LEVELS.get(option(_URGENCY)),
        "priority": _PRIORITIES[said["priority"]["name"]],
        "approval": _JIRA_APPROVALS.get(option(_APPROVAL)),
        "due_at": _utc(f"{said['duedate']} 23:59:59") if said.get("duedate") else None,
        "resolved_at": _instant(said.get("resolutiondate")),
        "closed_at": None,
    }
    return Told(fields, sorted(_changes(truth, name)), frozenset())


def _plain(document: Mapping[str, Any] | None) -> str:
    lines = (document or {}).get("content", [])
    return "\n".join("".join(run["text"] for run in line.get("content", [])) for line in lines)


def _instant(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC) if text else None


_READINGS: Mapping[str, Mapping[str, Mapping[str, object] | None]] = {
    "status": {"state": _STATUSES},
    "priority": {"priority": _PRIORITIES},
    "assignee": {"assignee": None},
    "labels": {"category": None},
    _ENVIRONMENT: {"environment": None},
    _IMPACT: {"impact": _LEVELS},
    _URGENCY: {"urgency": _LEVELS},
    _VENDOR: {"vendor": None, "group": None},
    _APPROVAL: {"approval": _JIRA_APPROVALS},
}
"""By Jira's field: ours, and how its values are called there (``None``: as in Jira)."""


def _changes(truth: Truth, name: Name) -> list[Entry]:
    entries = _components(truth, name)
    for change in truth.history:
        for field, words in _READINGS.get(change.field, {}).items():
            sides = [_said(field, side, words) for side in (change.old, change.new)]
            told = [", ".join(side.split()) if field == "category" else side for side in (change.old, change.new)]
            entries.append((change.at, field, sides[0], sides[1], told[0], told[1], name(change.by)))
    return [entry for entry in entries if entry[2] != entry[3] or (entry[1] == "state" and entry[4] != entry[5])]


def _said(field: str, side: str, words: Mapping[str, object] | None) -> str:
    if field == "category":
        return ", ".join(side.split())
    if field == "assignee":
        return _ADDRESSES.get(side, side)
    return str(words.get(side, "")) if words is not None else side


def _components(truth: Truth, name: Name) -> list[Entry]:
    """The changelog tells which part came or went; the whole is worked out backwards from what there is now."""
    entries: list[Entry] = []
    now = {part["name"] for part in truth.fields["components"]}
    for change in reversed([one for one in truth.history if one.field == "components"]):
        before = (now - {change.new}) | ({change.old} if change.old else set())
        old, new = ", ".join(sorted(before)), ", ".join(sorted(now))
        entries.append((change.at, "service", old, new, old, new, name(change.by)))
        now = before
    return entries
