"""What happens when a record is written: what the instance takes, its business rules, and the audit they leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .dictionary import AUDITED, TASKS
from .tables import Instance, Row, Table, made_up_id

PRIORITIES: Mapping[tuple[str, str], str] = {
    (impact, urgency): str(int(impact) + int(urgency) - 1) for impact in "123" for urgency in "123"
}
"""ServiceNow's own Priority Data Lookup: 1 for high/high to 5 for low/low."""

ENDED: Mapping[str, frozenset[str]] = {
    "incident": frozenset("78"),
    "sc_req_item": frozenset("347"),
    "change_request": frozenset("34"),
    "problem": frozenset("4"),
}
"""States in which a task is no longer active, by table."""

RESOLVED = "6"
VOTES = frozenset({"approved", "rejected"})
PREFIXES: Mapping[str, str] = {"incident": "INC", "sc_req_item": "RITM", "change_request": "CHG", "problem": "PRB"}
_KEPT = frozenset({"number", "priority", "reassignment_count", "reopen_count"})
"""Columns of a task that only the instance itself writes."""


class WriteForbiddenError(Exception):
    """An access rule refuses the write as a whole."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes, and when: the account's name and sys_id, and the instant."""

    user_name: str
    sys_id: str
    at: datetime

    @property
    def stamp(self) -> str:
        """The instant as the database keeps it."""
        return stamp(self.at)


def stamp(at: datetime) -> str:
    """An instant as the database keeps it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def create(instance: Instance, table: str, values: Mapping[str, object], actor: Actor) -> Row:
    """Insert a record and run the rules for it. Raises ``WriteForbiddenError``."""
    target = instance.tables[table]
    sys_id = made_up_id(table, "created", str(target.added), actor.at.isoformat())
    row = {"sys_id": sys_id, "sys_created_on": actor.stamp, "sys_created_by": actor.user_name, "sys_class_name": table}
    row |= {"sys_updated_on": actor.stamp, "sys_updated_by": actor.user_name, "sys_mod_count": "0"}
    row |= _defaults(target, actor)
    row |= _accepted(instance, target, values)
    _check_vote(table, {}, row, actor)
    row |= _derived(instance, target, {}, row, actor)
    target.add(row)
    _note(instance, target, row, values, actor)
    _afterwards(instance, table, row, actor)
    return row


def update(instance: Instance, table: str, row: Row, values: Mapping[str, object], actor: Actor) -> Row:
    """Change a record and run the rules. What changes nothing leaves no trace. Raises ``WriteForbiddenError``."""
    target = instance.tables[table]
    wanted = row | _accepted(instance, target, values)
    _check_vote(table, row, wanted, actor)
    wanted |= _derived(instance, target, row, wanted, actor)
    noted = _note(instance, target, row, values, actor)
    _store(instance, target, row, wanted, actor, touched=noted)
    _afterwards(instance, table, row, actor)
    return row


def delete(instance: Instance, table: str, row: Row, actor: Actor) -> None:
    """Remove a record; only its ``DELETED`` row in the audit tells of it."""
    checkpoint = row.get("sys_mod_count", "")
    instance.audit(row, table, ("DELETED", "", "DELETED"), user=actor.user_name, at=actor.stamp, checkpoint=checkpoint)
    instance.tables[table].remove(row)


def reclassify(instance: Instance, row: Row, table: str, actor: Actor) -> Row:
    """Let a task become one of another table: its sys_id and number stay, columns that are not there are lost."""
    before, target = instance.tables[row["sys_class_name"]], instance.tables[table]
    if before is target:
        return row
    before.remove(row)
    for column in row.keys() - target.columns.keys():
        del row[column]
    target.add(row)
    _store(instance, target, row, row | {"sys_class_name": table}, actor)
    return row


def _note(instance: Instance, table: Table, row: Row, values: Mapping[str, object], actor: Actor) -> bool:
    """Write what was sent for journals into them; whether there was anything."""
    notes = {name: _text(value) for name, value in values.items() if _is_journal(table, name) and value}
    for name, text in notes.items():
        instance.note(row, table.name, name, text, user=actor.user_name, at=actor.stamp)
    return bool(notes)


def _is_journal(table: Table, name: str) -> bool:
    column = table.columns.get(name)
    return column is not None and column.kind == "journal_input"


def _store(instance: Instance, target: Table, row: Row, wanted: Row, actor: Actor, *, touched: bool = False) -> None:
    changed = {column: value for column, value in wanted.items() if row.get(column, "") != value}
    if not changed and not touched:
        return
    count = str(int(row.get("sys_mod_count") or 0) + 1)
    for column in sorted(changed.keys() & AUDITED.get(target.name, frozenset())):
        change = (column, row.get(column, ""), changed[column])
        instance.audit(row, target.name, change, user=actor.user_name, at=actor.stamp, checkpoint=count)
    system = {"sys_updated_on": actor.stamp, "sys_updated_by": actor.user_name, "sys_mod_count": count}
    target.change(row, changed | system)


def _accepted(instance: Instance, table: Table, values: Mapping[str, object]) -> Row:
    """What of a request's body is taken: known columns, no system columns, references that point somewhere."""
    taken: Row = {}
    for name, given in values.items():
        column = table.columns.get(name)
        if column is None or name.startswith("sys_") or name in _KEPT or _is_journal(table, name):
            continue
        value = _text(given)
        if column.reference and value and instance.find(column.reference, value) is None:
            continue
        taken[name] = value
    return taken


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _defaults(table: Table, actor: Actor) -> Row:
    if table.name == "sysapproval_approver":
        return {"state": "not requested"}
    if table.name not in TASKS:
        return {}
    state = {"change_request": "-5"}.get(table.name, "1")
    prefix = PREFIXES[table.name]
    highest = max(
        (int(row["number"][len(prefix) :]) for row in table if row["number"].startswith(prefix)), default=10000
    )
    number = max(highest, table.last_number) + 1
    table.last_number = number
    return {
        "number": f"{prefix}{number:07d}",
        "state": state,
        "active": "true",
        "approval": "not requested",
        "impact": "3",
        "urgency": "3",
        "reassignment_count": "0",
        "opened_at": actor.stamp,
        "opened_by": actor.sys_id,
    }


def _derived(instance: Instance, table: Table, before: Row, after: Row, actor: Actor) -> Row:
    """The values that business rules set by themselves."""
    if table.name == "sysapproval_approver":
        return _approver_derived(instance, after)
    if table.name not in TASKS:
        return {}
    derived = {"priority": _priority(before, after)}
    if before.get("assignment_group") and before["assignment_group"] != after.get("assignment_group"):
        derived["reassignment_count"] = str(int(before.get("reassignment_count") or 0) + 1)
    rows = instance.tables["sysapproval_approver"].with_value("sysapproval", [after["sys_id"]])
    if rows:
        derived["approval"] = approval_of([row.get("state", "") for row in rows])
    if before.get("state") != after.get("state"):
        derived |= _state_derived(table.name, before, after, actor)
    return derived


def _priority(before: Row, after: Row) -> str:
    """Looked up when impact or urgency is set; a priority that came otherwise stays until then."""
    levels = (after.get("impact", ""), after.get("urgency", ""))
    if before and (before.get("impact", ""), before.get("urgency", "")) == levels:
        return before.get("priority", "")
    return PRIORITIES.get(levels, after.get("priority", ""))


def _state_derived(table: str, before: Row, after: Row, actor: Actor) -> Row:
    state = after.get("state", "")
    ended = state in ENDED[table]
    derived = {"active": "false" if ended else "true", "closed_at": actor.stamp if ended else ""}
    derived["closed_by"] = actor.sys_id if ended else ""
    if table != "incident":
        return derived
    derived["incident_state"] = state
    if state == RESOLVED:
        derived |= {"resolved_at": actor.stamp, "resolved_by": actor.sys_id}
    if before.get("state") in ("6", "7") and state not in ("6", "7", "8"):
        count = str(int(before.get("reopen_count") or 0) + 1)
        derived |= {"reopen_count": count, "reopened_time": actor.stamp, "resolved_at": "", "resolved_by": ""}
    return derived


def approval_of(states: list[str]) -> str:
    """A task's approval by its approvers' votes: one rejection rejects, all must approve, else it is requested."""
    counted = [state for state in states if state in VOTES or state == "requested"]
    if not counted:
        return "not requested"
    if "rejected" in counted:
        return "rejected"
    return "approved" if all(state == "approved" for state in counted) else "requested"


def _approver_derived(instance: Instance, row: Row) -> Row:
    task = instance.find("task", row.get("sysapproval", ""))
    return {"source_table": task["sys_class_name"], "document_id": task["sys_id"]} if task else {}


def _check_vote(table: str, before: Row, after: Row, actor: Actor) -> None:
    """Only the approver votes, or takes a vote back."""
    if table != "sysapproval_approver" or before.get("state") == after.get("state"):
        return
    if VOTES & {before.get("state", ""), after.get("state", "")} and after.get("approver") != actor.sys_id:
        raise WriteForbiddenError(
            "Operation against file 'sysapproval_approver' was aborted: only the approver may decide"
        )


def _afterwards(instance: Instance, table: str, row: Row, actor: Actor) -> None:
    """A vote moves the task's own approval, in the name of whoever voted."""
    task = instance.find("task", row.get("sysapproval", "")) if table == "sysapproval_approver" else None
    if task is not None:
        update(instance, task["sys_class_name"], task, {}, actor)
