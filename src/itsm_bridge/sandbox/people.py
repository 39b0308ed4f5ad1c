"""People who do things in both stand-ins without HTTP, and what is true there: for tests that play a year at random."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .faults import Trouble
from .jira.api import JiraApi
from .jira.data_center import name_of
from .jira.edit import edit, move, relocate
from .jira.site import Issue, Json, Site, document, instant, person, stamp
from .servicenow.api import TableApi
from .servicenow.dictionary import TASKS
from .servicenow.tables import Instance, Row
from .servicenow.writes import Actor, create, delete, reclassify, update
from .truths import Change, Truth, Vote

APPROVERS = "sysapproval_approver"
REFERRED = ("sys_user", "sys_user_group", "cmdb_ci_service", "cmdb_ci")
"""The tables whose records tickets name by sys_id."""

SOMEBODY = "asha.k"
"""Who does it where nobody is named: an agent of the service desk."""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody with an account. Each method holds the product's lock, so that it happens between two requests.

    A ticket is a sys_id or number, or an issue's id or key; who does it is a ``user_name`` of the population. Each
    raises ``LookupError`` for a ticket, a person or a place that is not there.
    """

    instance: Instance
    site: Site
    table_api: TableApi
    jira_api: JiraApi
    trouble: Trouble
    now: Callable[[], datetime]

    def edit(
        self, ticket: str, values: Mapping[str, object], actor: str = SOMEBODY, at: datetime | None = None
    ) -> None:
        """Change fields as the product's own REST interface takes them (Jira's v3).

        For Jira a ``status`` (name or id) is a transition, and a ``description`` may be text. ``at`` is what
        ServiceNow's stamps say where that is not now: a back-dated row. Jira has none: ``ValueError``.
        """
        with self.table_api.lock, self.jira_api.lock:
            found = self._ticket(ticket)
            if isinstance(found, Issue):
                _no_other_time(at)
                self._edit_issue(found, dict(values), self._author(actor))
            else:
                update(self.instance, found["sys_class_name"], found, values, self._actor(actor, at))

    def _edit_issue(self, issue: Issue, values: Json, author: Json) -> None:
        status = values.pop("status", None)
        if isinstance(values.get("description"), str):
            values["description"] = document(values["description"])
        if values:
            edit(self.site, issue, {"fields": values}, author, self.now())
        if status is not None:
            move(self.site, issue, self._status(str(status)), author, self.now())

    def _status(self, wanted: str) -> str:
        for number, one in self.site.statuses.items():
            if wanted.casefold() in (number, one["name"].casefold()):
                return number
        raise LookupError(f"no status {wanted}")

    def create(
        self, place: str, values: Mapping[str, object], actor: str = SOMEBODY, at: datetime | None = None
    ) -> str:
        """Make a ticket in a table or a project, and say its sys_id or id; ``at`` as for ``edit``."""
        with self.table_api.lock, self.jira_api.lock:
            if place in TASKS:
                return create(self.instance, place, values, self._actor(actor, at))["sys_id"]
            if place in self.site.projects:
                _no_other_time(at)
                return self._create_issue(place, dict(values), self._author(actor))
        raise LookupError(f"no table and no project {place}")

    def _create_issue(self, project: str, values: Json, author: Json) -> str:
        at, site = self.now(), self.site
        about = {key: site.projects[project][key] for key in ("id", "key", "name", "projectTypeKey")}
        kind = next(iter(site.types.values()))
        wanted = str(values.pop("issuetype", kind["name"])).casefold()
        kind = next((one for one in site.types.values() if wanted in (one["id"], one["name"].casefold())), kind)
        fields = {
            "summary": "",
            "project": about,
            "issuetype": {key: kind[key] for key in ("id", "name", "subtask") if key in kind},
            "status": next(iter(site.statuses.values())),
            "priority": {key: next(iter(site.priorities.values()))[key] for key in ("id", "name")},
            "labels": [],
            "components": [],
            "reporter": person(author),
            "creator": person(author),
            **dict.fromkeys(("created", "updated", "statuscategorychangedate"), stamp(at)),
        }
        issue = Issue(site.next_id(), site.next_key(project), fields, at, at)
        quiet = replace(issue, histories=[])
        status = values.pop("status", None)
        if values:
            if isinstance(values.get("description"), str):
                values["description"] = document(values["description"])
            edit(site, quiet, {"fields": values}, author, at)
        if status is not None:
            fields["status"] = site.statuses[self._status(str(status))]
        site.add(issue)
        return str(issue.id)

    def delete(self, ticket: str, actor: str = SOMEBODY) -> None:
        """Remove a ticket for good."""
        with self.table_api.lock, self.jira_api.lock:
            found = self._ticket(ticket)
            if isinstance(found, Issue):
                self.site.remove(found, self.now())
            else:
                delete(self.instance, found["sys_class_name"], found, self._actor(actor))

    def move(self, ticket: str, to: str, actor: str = SOMEBODY) -> None:
        """Move an issue to another project (its key changes), or let a task become one of another table."""
        with self.table_api.lock, self.jira_api.lock:
            found = self._ticket(ticket)
            if to not in (self.site.projects if isinstance(found, Issue) else TASKS):
                raise LookupError(f"{ticket} cannot be moved to {to}")
            if isinstance(found, Issue):
                relocate(self.site, found, to, self._author(actor), self.now())
            else:
                reclassify(self.instance, found, to, self._actor(actor))

    def ask(self, task: str, approver: str, actor: str = SOMEBODY) -> None:
        """Ask somebody for the approval of a ServiceNow task."""
        with self.table_api.lock, self.jira_api.lock:
            asked = {"sysapproval": self._id(task), "approver": self._actor(approver).sys_id, "state": "requested"}
            create(self.instance, APPROVERS, asked, self._actor(actor))

    def vote(self, task: str, approver: str, answer: str) -> None:
        """Let an approver who was asked say ``approved`` or ``rejected``."""
        with self.table_api.lock, self.jira_api.lock:
            voter = self._actor(approver)
            rows = [row for row in self._votes(self._id(task)) if row["approver"] == voter.sys_id]
            if not rows:
                raise LookupError(f"{approver} was not asked about {task}")
            update(self.instance, APPROVERS, rows[0], {"state": answer}, voter)

    def name_of(self, record: str) -> str:
        """Who or what an account's id or a sys_id in a ticket stands for: a person's address, any other's name."""
        with self.table_api.lock, self.jira_api.lock:
            if record in self.site.users:
                return str(self.site.users[record]["emailAddress"])
            rows = (self.instance.tables[table].get(record) for table in REFERRED)
            row = next((one for one in rows if one is not None), None)
            if row is None:
                raise LookupError(f"no record {record}")
            return row.get("email") or row["name"]

    def hide(self, ticket: str) -> None:
        """Take the bridge's permission to see a ticket, a whole table or a whole project away."""
        with self.table_api.lock, self.jira_api.lock:
            name = self._id(ticket)
            self.trouble.change(lambda faults: replace(faults, hidden=faults.hidden | {name}))

    def unhide(self, ticket: str) -> None:
        """Give the permission back."""
        with self.table_api.lock, self.jira_api.lock:
            name = self._id(ticket)
            self.trouble.change(lambda faults: replace(faults, hidden=faults.hidden - {name, ticket}))

    def truth(self, *, hidden: bool = False) -> list[Truth]:
        """Every ticket of both products as it is now; with ``hidden`` also those that the bridge may not see."""
        with self.table_api.lock, self.jira_api.lock:
            rows = [row for name in TASKS for row in self.instance.tables[name]]
            issues = list(self.site.issues.values())
            sees = self.trouble.sees
            return [
                *(
                    self._task(row)
                    for row in rows
                    if hidden or sees(row["sys_id"], row.get("number", ""), row["sys_class_name"])
                ),
                *(_issue(one) for one in issues if hidden or sees(str(one.id), one.key, one.project)),
            ]

    def _task(self, row: Row) -> Truth:
        audits = self.instance.tables["sys_audit"].with_value("documentkey", [row["sys_id"]]) or []
        changes = tuple(
            Change(
                _utc(one["sys_created_on"]),
                one["user"],
                one["fieldname"],
                one["oldvalue"],
                one["newvalue"],
                one["tablename"],
            )
            for one in audits
        )
        instants = (_utc(row.get("sys_created_on", "")), _utc(row.get("sys_updated_on", "")))
        number = row.get("number", "")
        votes = tuple(
            Vote(
                one["sys_id"],
                one["approver"],
                one["state"],
                _utc(one["sys_created_on"]),
                _utc(one["sys_updated_on"]),
            )
            for one in self._votes(row["sys_id"])
        )
        return Truth("servicenow", row["sys_id"], number, row["sys_class_name"], *instants, dict(row), changes, votes)

    def _votes(self, task: str) -> list[Row]:
        return self.instance.tables[APPROVERS].with_value("sysapproval", [task]) or []

    def _ticket(self, name: str) -> Row | Issue:
        for table in TASKS:
            found = self.instance.tables[table].get(name)
            rows = self.instance.tables[table].with_value("number", [name])
            if found is not None or rows:
                return found if found is not None else (rows or [])[0]
        issue = self.site.find(name)
        if issue is None:
            raise LookupError(f"no ticket {name}")
        return issue

    def _id(self, name: str) -> str:
        if name in TASKS or name in self.site.projects:
            return name
        found = self._ticket(name)
        return str(found.id) if isinstance(found, Issue) else found["sys_id"]

    def _actor(self, user_name: str, at: datetime | None = None) -> Actor:
        found = self.instance.tables["sys_user"].with_value("user_name", [user_name])
        if not found:
            raise LookupError(f"nobody is called {user_name}")
        return Actor(user_name, found[0]["sys_id"], at or self.now())

    def _author(self, user_name: str) -> Json:
        found = next((user for user in self.site.users.values() if name_of(user) == user_name), None)
        if found is None:
            raise LookupError(f"nobody is called {user_name}")
        return found


def _no_other_time(at: datetime | None) -> None:
    if at is not None:
        raise ValueError("nothing in Jira can be back-dated")


def _issue(issue: Issue) -> Truth:
    changes = tuple(
        Change(
            instant(entry["created"]),
            str(entry.get("author", {}).get("accountId", "")),
            str(item.get("fieldId") or item["field"]),
            str(item.get("fromString") or ""),
            str(item.get("toString") or ""),
        )
        for entry in issue.histories
        for item in entry["items"]
    )
    fields = copy.deepcopy(issue.fields)
    return Truth("jira", str(issue.id), issue.key, issue.project, issue.created, issue.updated, fields, changes)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
