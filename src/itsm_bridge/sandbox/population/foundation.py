"""What both systems hold before the first ticket: people, teams, fields, choices, projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from itsm_bridge.sandbox.jira.render import make_status
from itsm_bridge.sandbox.jira.site import SELECT, Field, Json, Site
from itsm_bridge.sandbox.servicenow.dictionary import (
    AUDITED,
    CHOICES,
    OWN,
    SYSTEM,
    TASK,
    TASKS,
    choices_of,
)
from itsm_bridge.sandbox.servicenow.tables import Instance, Row, made_up_id
from itsm_bridge.sandbox.servicenow.writes import stamp

from .people import GROUPS, OWN_TEAM, VENDORS, Person

SERVICES = ("microservices", "erp", "co-ex", "portal")
ENVIRONMENTS = ("punjab", "ap", "bihar", "odisha", "internal")
HOSTS = ("pb-node-1", "pb-node-2", "pb-db-1", "ap-node-1", "ap-db-1", "br-node-1", "int-build-1")

STATUSES = {
    "10000": ("To Do", "new"),
    "3": ("In Progress", "indeterminate"),
    "10003": ("Waiting for customer", "indeterminate"),
    "10004": ("In Review", "indeterminate"),
    "10001": ("Done", "done"),
    "10005": ("Canceled", "done"),
}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
TYPES = {"10010": "Incident", "10011": "Change", "10012": "Service Request", "10013": "Problem", "10014": "Task"}
PROJECTS = {"OPS": ("10100", "Operations", "service_desk"), "ENV": ("10101", "Environments", "software")}
LEVELS = ("High", "Medium", "Low")
SELECTS = {
    "customfield_10040": ("Environment", ENVIRONMENTS),
    "customfield_10041": ("Impact", LEVELS),
    "customfield_10042": ("Urgency", LEVELS),
    "customfield_10043": ("Vendor", VENDORS),
    "customfield_10044": ("Approval", ("Not required", "Requested", "Approved", "Rejected")),
}
ENVIRONMENT, IMPACT, URGENCY, VENDOR, APPROVAL = SELECTS


BRIDGE_ROLE = "u_itsm_bridge"
"""The role that the service account has: read on what the bridge reads, write on what it decides."""


class _Writer:
    """Puts reference records into an instance, all of one age."""

    def __init__(self, instance: Instance, at: str) -> None:
        self._instance = instance
        self._at = at

    def add(self, table: str, key: str, **values: str) -> str:
        sys_id = made_up_id(table, key)
        row: Row = {"sys_id": sys_id, "sys_created_on": self._at, "sys_updated_on": self._at, "sys_mod_count": "0"}
        row |= {"sys_created_by": "admin", "sys_updated_by": "admin", "sys_class_name": table, **values}
        self._instance.tables[table].add(row)
        return sys_id


def found_instance(instance: Instance, people: Iterable[Person], now: datetime) -> None:
    """Fill a ServiceNow instance with everything that tickets refer to."""
    writer = _Writer(instance, stamp(now - timedelta(days=500)))
    company = writer.add("core_company", "eGov", name="eGov", vendor="false", customer="true")
    companies = {
        name: company
        if name == OWN_TEAM
        else writer.add("core_company", name, name=name, vendor="true", customer="false")
        for name in VENDORS
    }
    roles = {name: writer.add("sys_user_role", name, name=name) for name in ("itil", BRIDGE_ROLE)}
    for person in people:
        user = add_user(writer, person, companies.get(person.team, company))
        role = roles[BRIDGE_ROLE if person.user_name == "bridge" else "itil"]
        writer.add("sys_user_has_role", user, user=user, role=role, state="active", inherited="false")
    for name in (*GROUPS.values(), "Office IT desk"):
        writer.add("sys_user_group", name, name=name, active="true", description="")
    for name in SERVICES:
        writer.add("cmdb_ci_service", name, name=name, operational_status="1")
    for name in HOSTS:
        writer.add("cmdb_ci", name, name=name, operational_status="1")
    _describe(writer)


def add_user(writer: _Writer, person: Person, company: str) -> str:
    """A row of ``sys_user``."""
    first, _, last = person.name.partition(" ")
    return writer.add(
        "sys_user",
        person.user_name,
        user_name=person.user_name,
        name=person.name,
        first_name=first,
        last_name=last,
        email=person.email,
        company=company,
        active="true",
        time_zone="Asia/Kolkata",
    )


def _describe(writer: _Writer) -> None:
    """``sys_choice`` and ``sys_dictionary``: inherited columns stand under ``task``, as on a real instance."""
    for (table, element), labels in CHOICES.items():
        _choices(writer, table, element, labels)
    for table in TASKS:
        _choices(writer, table, "category", choices_of(table, "category"))
    for table, columns in {"task": TASK, **OWN}.items():
        for element, column in columns.items():
            if table != "task" and element in SYSTEM and table in TASKS:
                continue
            audited = element in AUDITED.get("incident" if table == "task" else table, frozenset())
            writer.add(
                "sys_dictionary",
                f"{table}.{element}",
                name=table,
                element=element,
                internal_type=column.kind,
                reference=column.reference,
                column_label=element.removeprefix("u_").replace("_", " ").capitalize(),
                active="true",
                audit="true" if audited else "false",
                mandatory="false",
            )


def _choices(writer: _Writer, table: str, element: str, labels: Mapping[str, str]) -> None:
    for place, (value, label) in enumerate(labels.items()):
        writer.add(
            "sys_choice",
            f"{table}.{element}.{value}",
            name=table,
            element=element,
            value=value,
            label=label,
            language="en",
            sequence=str(place),
            inactive="false",
        )


def found_site(site: Site, people: Iterable[Person]) -> None:
    """Fill a Jira site with everything that issues refer to."""
    for number, (name, category) in STATUSES.items():
        site.statuses[number] = make_status(number, name, category)
    for number, name in PRIORITIES.items():
        site.priorities[number] = {"id": number, "name": name, "description": "", "statusColor": "#cccccc"}
    for number, name in TYPES.items():
        site.types[number] = {"id": number, "name": name, "description": "", "subtask": False, "hierarchyLevel": 0}
    for key, (number, name, kind) in PROJECTS.items():
        site.projects[key] = {"id": number, "key": key, "name": name, "projectTypeKey": kind, "simplified": False}
        parts = {part: {"id": f"{number}{place}", "name": part} for place, part in enumerate(SERVICES)}
        site.components[key] = parts
    for field_id, (name, values) in SELECTS.items():
        site.fields[field_id] = select(field_id, name, values)
    for person in people:
        account = account_of(person)
        site.users[account["accountId"]] = account


def select(field_id: str, name: str, values: Iterable[str]) -> Field:
    """A single-select custom field whose option ids depend on its own id."""
    base = int(field_id.removeprefix("customfield_")) * 10
    options = {str(base + place): value for place, value in enumerate(values)}
    return Field(field_id, name, "option", custom=SELECT, options=options)


def account_of(person: Person) -> Json:
    """A person's Jira account."""
    robot = person.user_name in ("system", "bridge")
    account_id = f"5b10{made_up_id('account', person.user_name)[:20]}"
    kind = "app" if robot else "atlassian"
    return {"accountId": account_id, "displayName": person.name, "emailAddress": person.email, "accountType": kind}
