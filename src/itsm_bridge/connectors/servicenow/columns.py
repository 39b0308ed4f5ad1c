"""Which column of which table holds what, before ``fields:`` of bridge.yaml changes or adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.model import ApprovalState, TicketType

TYPES: Mapping[str, TicketType] = {
    "incident": TicketType.INCIDENT,
    "sc_req_item": TicketType.SERVICE_REQUEST,
    "change_request": TicketType.CHANGE,
    "problem": TicketType.PROBLEM,
}
"""A table that is not here holds tasks."""

APPROVERS = "sysapproval_approver"
GROUPS = "sys_user_group"
USERS = "sys_user"
SLAS = "task_sla"
JOURNALS = "sys_journal_field"

EVERY_TASK = "task"
"""The table that all task tables extend: a record that left one of them for another is still in this one."""

SYSTEM = ("sys_id", "sys_updated_on", "sys_mod_count", "sys_class_name", "sys_updated_by", "sys_created_on", "number")
OPENED = "opened_at"
INSTANTS = (OPENED, "resolved_at", "closed_at")
VERSION = ("sys_id", "sys_updated_on", "sys_mod_count")
"""What tells one version of a record from another."""

COLUMNS: Mapping[str, str] = {
    "summary": "short_description",
    "description": "description",
    "state": "state",
    "impact": "impact",
    "urgency": "urgency",
    "priority": "priority",
    "approval": "approval",
    "group": "assignment_group",
    "assignee": "assigned_to",
    "reporter": "opened_by",
    "opener": "opened_by",
    "category": "category",
    "subcategory": "subcategory",
    "ci": "cmdb_ci",
    "due": "due_date",
}
"""Our field: the source's column, in every table."""

REPORTERS: Mapping[str, str] = {"incident": "caller_id", "change_request": "requested_by"}
"""Who asked, where a table knows better than who opened it."""

MODEL_FIELDS = frozenset(COLUMNS) - {"opener"} | {"environment", "service", "labels", "vendor"}
"""What ``fields:`` may map onto the model; any other name there is a ``custom.<name>``."""


AUDITED = frozenset({
    "state", "priority", "impact", "urgency", "vendor", "group", "assignee", "approval", "environment", "service",
    "category",
})  # fmt: skip
"""Fields whose history the model keeps, beside the custom ones."""

REFERENCES: Mapping[str, str] = {
    "assignment_group": GROUPS,
    "assigned_to": USERS,
    "opened_by": USERS,
    "caller_id": USERS,
    "requested_by": USERS,
    "requested_for": USERS,
    "business_service": "cmdb_ci_service",
    "cmdb_ci": "cmdb_ci",
    "company": "core_company",
}
"""The table that a column's sys_ids are of, where an answer does not say so itself."""

LABELS: Mapping[str, tuple[str, ...]] = {
    USERS: ("email", "user_name", "name"),
    GROUPS: ("name",),
}
"""The columns that name a record, the best first; ``name`` or ``number`` in other tables."""

OTHER_LABELS = ("name", "number")

APPROVALS: Mapping[str, ApprovalState] = {
    "": ApprovalState.NOT_REQUIRED,
    "not requested": ApprovalState.NOT_REQUIRED,
    "not_required": ApprovalState.NOT_REQUIRED,
    "cancelled": ApprovalState.NOT_REQUIRED,
    "duplicate": ApprovalState.NOT_REQUIRED,
    "requested": ApprovalState.REQUESTED,
    "approved": ApprovalState.APPROVED,
    "rejected": ApprovalState.REJECTED,
}
"""ServiceNow's words for an approval, of a task and of a vote."""

APPROVAL_WORDS: Mapping[ApprovalState, str] = {
    ApprovalState.NOT_REQUIRED: "not requested",
    ApprovalState.REQUESTED: "requested",
    ApprovalState.APPROVED: "approved",
    ApprovalState.REJECTED: "rejected",
}

HIGHEST: Mapping[str, int] = {"impact": 3, "urgency": 3, "priority": 5}


def version_of(row: Row) -> str:
    """What ``Ticket.version`` says of a row."""
    return f"{text_of(row.get('sys_updated_on'))}/{text_of(row.get('sys_mod_count'))}"


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields in one table: its column, and the source's values (casefolded) that have another name here."""

    ours: str
    column: str
    values: Mapping[str, str]
    configured: bool

    @property
    def is_custom(self) -> bool:
        """Whether it is one of ``Ticket.custom``."""
        return self.ours.startswith("custom.")

    @property
    def is_audited(self) -> bool:
        """Whether its history is read: a column of the table itself whose course the model keeps."""
        return (self.is_custom or self.ours in AUDITED) and "." not in self.column


def fields_of(source: ServiceNow, table: str) -> tuple[Field, ...]:
    """What is read from ``table``: the columns above, as ``fields:`` changes and adds to them."""
    columns = {**COLUMNS, "vendor": source.write.vendor or COLUMNS["group"]}
    if table in REPORTERS:
        columns["reporter"] = REPORTERS[table]
    fields = {ours: Field(ours, column, {}, configured=False) for ours, column in columns.items()}
    for name, mapping in source.fields.items():
        ours = name if name in MODEL_FIELDS else f"custom.{name.removeprefix('custom.')}"
        fields[ours] = Field(ours, mapping.name, mapping.values, configured=True)
    return tuple(fields.values())
