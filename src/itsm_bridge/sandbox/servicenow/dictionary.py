"""What the instance's tables hold: columns, references, choices and what is audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TASKS = ("incident", "sc_req_item", "change_request", "problem")
"""The tables that extend ``task``."""

PARENTS: Mapping[str, tuple[str, ...]] = {"task": TASKS, "cmdb_ci": ("cmdb_ci", "cmdb_ci_service")}
"""The tables in which a reference to a parent table may point."""

NAME_COLUMN: Mapping[str, str] = {
    **dict.fromkeys(TASKS, "number"),
    "task": "number",
    "sys_choice": "label",
    "sys_dictionary": "element",
    "sysapproval_approver": "sys_id",
    "sys_audit": "sys_id",
    "task_sla": "sys_id",
    "sys_journal_field": "sys_id",
}
"""The column that a reference shows instead of its sys_id; ``name`` where a table is not listed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type as ServiceNow calls it, and the table that a reference points to."""

    kind: str = "string"
    reference: str = ""


def _columns(kind: str, names: str) -> dict[str, Column]:
    return {name: Column(kind) for name in names.split()}


def _references(target: str, names: str) -> dict[str, Column]:
    return {name: Column("reference", target) for name in names.split()}


SYSTEM = {
    "sys_id": Column("GUID"),
    **_columns("glide_date_time", "sys_created_on sys_updated_on"),
    **_columns("string", "sys_created_by sys_updated_by sys_class_name"),
    **_columns("integer", "sys_mod_count"),
}

TASK = {
    **SYSTEM,
    **_columns("string", "number short_description description approval close_notes contact_type correlation_id"),
    **_columns("string", "u_environment"),
    **_columns("integer", "state impact urgency priority reassignment_count escalation"),
    **_columns("journal_input", "comments work_notes"),
    **_columns("boolean", "active made_sla knowledge"),
    **_columns("glide_date_time", "opened_at closed_at due_date work_start work_end"),
    **_references("sys_user", "opened_by closed_by assigned_to"),
    **_references("sys_user_group", "assignment_group"),
    **_references("cmdb_ci", "cmdb_ci"),
    **_references("cmdb_ci_service", "business_service"),
    **_references("core_company", "company"),
    **_references("cmn_location", "location"),
    **_references("task", "parent"),
}

OWN: Mapping[str, Mapping[str, Column]] = {
    "incident": {
        **_columns("string", "category subcategory close_code hold_reason"),
        **_columns("integer", "incident_state reopen_count"),
        **_columns("glide_date_time", "resolved_at reopened_time"),
        **_references("sys_user", "caller_id resolved_by"),
        **_references("problem", "problem_id"),
        **_references("change_request", "rfc caused_by"),
        **_references("incident", "parent_incident"),
    },
    "sc_req_item": {
        **_columns("string", "category"),
        **_columns("string", "stage"),
        **_references("sys_user", "requested_for"),
    },
    "change_request": {
        **_columns("string", "type category risk reason phase close_code"),
        **_columns("glide_date_time", "start_date end_date"),
        **_references("sys_user", "requested_by"),
    },
    "problem": {
        **_columns("string", "category subcategory"),
        **_columns("integer", "problem_state"),
        **_columns("glide_date_time", "resolved_at"),
    },
    "sys_user": {
        **_columns("string", "user_name name first_name last_name email title time_zone source"),
        **_columns("boolean", "active web_service_access_only"),
        **_references("core_company", "company"),
    },
    "sys_user_role": _columns("string", "name description"),
    "sys_user_has_role": {
        **_columns("string", "state"),
        **_columns("boolean", "inherited"),
        **_references("sys_user", "user"),
        **_references("sys_user_role", "role"),
    },
    "sys_user_group": {
        **_columns("string", "name description email"),
        **_columns("boolean", "active"),
        **_references("sys_user", "manager"),
    },
    "cmdb_ci": {
        **_columns("string", "name"),
        **_columns("integer", "operational_status"),
        **_references("core_company", "company"),
    },
    "cmdb_ci_service": {
        **_columns("string", "name busines_criticality"),
        **_columns("integer", "operational_status"),
        **_references("core_company", "company"),
    },
    "core_company": {**_columns("string", "name"), **_columns("boolean", "vendor customer")},
    "cmn_location": _columns("string", "name"),
    "sysapproval_approver": {
        **_columns("string", "state comments source_table document_id"),
        **_columns("glide_date_time", "due_date expected_start"),
        **_references("task", "sysapproval"),
        **_references("sys_user", "approver"),
    },
    "sys_audit": {
        **_columns("string", "tablename documentkey fieldname oldvalue newvalue user reason"),
        **_columns("integer", "record_checkpoint"),
    },
    "contract_sla": {
        **_columns("string", "name type target collection duration_type"),
        **_columns("glide_duration", "duration"),
        **_columns("boolean", "active"),
        **_references("cmn_schedule", "schedule"),
    },
    "cmn_schedule": _columns("string", "name time_zone type"),
    "task_sla": {
        **_columns("string", "stage timezone"),
        **_columns("boolean", "active has_breached"),
        **_columns("glide_date_time", "start_time end_time planned_end_time original_breach_time pause_time"),
        **_columns("glide_duration", "duration business_duration pause_duration business_pause_duration"),
        **_columns("decimal", "percentage business_percentage"),
        **_references("task", "task"),
        **_references("contract_sla", "sla"),
        **_references("cmn_schedule", "schedule"),
    },
    "sys_journal_field": _columns("string", "element_id name element value"),
    "sys_choice": {
        **_columns("string", "name element label value language"),
        **_columns("integer", "sequence"),
        **_columns("boolean", "inactive"),
    },
    "sys_dictionary": {
        **_columns("string", "name element internal_type column_label reference"),
        **_columns("boolean", "active audit mandatory"),
    },
}
"""Each table's own columns, beside those that every table or every task has."""

_OF_TASKS = """
active approval assigned_to assignment_group business_service category close_code closed_at cmdb_ci description due_date
escalation hold_reason impact incident_state location number parent problem_id problem_state reassignment_count
reopen_count resolved_at resolved_by short_description stage state subcategory sys_class_name type u_environment
urgency priority
"""

AUDITED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(TASKS, frozenset(_OF_TASKS.split())),
    "sysapproval_approver": frozenset({"state", "approver", "comments"}),
}
"""What leaves a row in ``sys_audit`` when it changes."""

TABLES: tuple[str, ...] = tuple(OWN)

_IMPACT = {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"}
_PRIORITY = {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"}
_APPROVAL = {
    "not requested": "Not Yet Requested",
    "requested": "Requested",
    "approved": "Approved",
    "rejected": "Rejected",
    "not_required": "Not Required",
    "cancelled": "No Longer Required",
}

CHOICES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("task", "impact"): _IMPACT,
    ("task", "urgency"): _IMPACT,
    ("task", "priority"): _PRIORITY,
    ("task", "approval"): _APPROVAL,
    ("task", "u_environment"): {
        "punjab": "Punjab",
        "ap": "Andhra Pradesh",
        "bihar": "Bihar",
        "odisha": "Odisha",
        "internal": "Internal",
    },
    ("incident", "state"): {
        "1": "New",
        "2": "In Progress",
        "3": "On Hold",
        "6": "Resolved",
        "7": "Closed",
        "8": "Canceled",
    },
    ("incident", "hold_reason"): {
        "1": "Awaiting Caller",
        "3": "Awaiting Problem",
        "4": "Awaiting Vendor",
        "5": "Awaiting Change",
    },
    ("sc_req_item", "state"): {
        "-5": "Pending",
        "1": "Open",
        "2": "Work in Progress",
        "3": "Closed Complete",
        "4": "Closed Incomplete",
        "7": "Closed Skipped",
    },
    ("change_request", "state"): {
        "-5": "New",
        "-4": "Assess",
        "-3": "Authorize",
        "-2": "Scheduled",
        "-1": "Implement",
        "0": "Review",
        "3": "Closed",
        "4": "Canceled",
    },
    ("change_request", "type"): {"normal": "Normal", "standard": "Standard", "emergency": "Emergency"},
    ("problem", "state"): {"1": "Open", "2": "Known Error", "3": "Pending Change", "4": "Closed/Resolved"},
    ("sysapproval_approver", "state"): _APPROVAL,
}
"""The labels of choice values by (table, column), as ``sys_choice`` holds them."""

CATEGORIES: Mapping[str, str] = {
    "availability": "Availability",
    "access": "Access",
    "security": "Security",
    "software": "Software",
    "database": "Database",
    "network": "Network",
    "hardware": "Hardware",
    "desktop": "Desktop",
    "performance": "Performance",
    "inquiry": "Inquiry / Help",
}


def columns_of(table: str) -> dict[str, Column]:
    """Every column of ``table``, inherited ones too. Raises ``KeyError`` for a table that is not there."""
    return {**(TASK if table in TASKS else SYSTEM), **OWN[table]}


def choices_of(table: str, column: str) -> Mapping[str, str]:
    """The labels of a column's values; empty where it is no choice."""
    own = CHOICES.get((table, column))
    if own is None and table in TASKS:
        own = CHOICES.get(("task", column))
    if own is None and column == "category" and table in TASKS:
        return CATEGORIES
    return own or {}
