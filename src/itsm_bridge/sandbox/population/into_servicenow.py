"""Lets a story happen in ServiceNow: every step goes through the instance's own business rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from itsm_bridge.sandbox.servicenow.tables import Instance, Row
from itsm_bridge.sandbox.servicenow.writes import Actor, create, update

from .people import GROUPS, Person
from .story import Event, Story

TABLE_OF = {"incident": "incident", "service_request": "sc_req_item", "change": "change_request", "problem": "problem"}
STATES: Mapping[str, Mapping[str, str]] = {
    "incident": {"new": "1", "in_progress": "2", "on_hold": "3", "resolved": "6", "closed": "7", "canceled": "8"},
    "sc_req_item": {"new": "1", "in_progress": "2", "on_hold": "-5", "resolved": "3", "canceled": "7"},
    "change_request": {"new": "-5", "in_progress": "-1", "resolved": "3", "canceled": "4"},
    "problem": {"new": "1", "in_progress": "2", "resolved": "4", "canceled": "4"},
}
"""Our steps of a life in each table's own states; a step that a table does not know does not happen there."""

_CHANGE_STATES = {"requested": "-4", "approved": "-3"}


class IntoServiceNow:
    """Writes stories into an instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._rows: dict[int, Row] = {}

    def begin(self, story: Story) -> None:
        """Create the ticket."""
        table = TABLE_OF[story.kind]
        caller = self._id("sys_user", story.reporter.name)
        values: dict[str, object] = {
            "short_description": story.summary,
            "description": story.description,
            "u_environment": story.environment,
            "business_service": self._id("cmdb_ci_service", story.service),
            "category": story.category,
            "impact": str(story.impact),
            "urgency": str(story.urgency),
            "assignment_group": self._id("sys_user_group", GROUPS[story.vendor]),
            "contact_type": "self-service",
            {"incident": "caller_id", "sc_req_item": "requested_for"}.get(table, "requested_by"): caller,
        }
        self._rows[id(story)] = create(self._instance, table, values, self._actor(story.reporter, story.at))

    def go_on(self, story: Story, event: Event) -> None:
        """Let one event happen to the ticket."""
        row, actor = self._rows[id(story)], self._actor(event.actor, event.at)
        table = row["sys_class_name"]
        for approver in event.asked:
            self._ask(row, approver, actor)
        if event.vote is not None:
            self._vote(row, *event.vote, event.at)
        values = self._values(table, event.changes)
        if values:
            update(self._instance, table, row, values, actor)

    def _values(self, table: str, changes: Mapping[str, str]) -> dict[str, object]:
        values: dict[str, object] = {name: changes[name] for name in ("impact", "urgency") if name in changes}
        if "state" in changes and changes["state"] in STATES[table]:
            values["state"] = STATES[table][changes["state"]]
        if table == "change_request" and changes.get("approval") in _CHANGE_STATES:
            values["state"] = _CHANGE_STATES[changes["approval"]]
        if "vendor" in changes:
            values["assignment_group"] = self._id("sys_user_group", GROUPS[changes["vendor"]])
        if "assignee" in changes:
            values["assigned_to"] = self._id("sys_user", changes["assignee"], "user_name")
        if "environment" in changes:
            values["u_environment"] = changes["environment"]
        if "hold" in changes and table == "incident":
            values["hold_reason"] = changes["hold"]
        return values

    def _ask(self, row: Row, approver: Person, actor: Actor) -> None:
        asked = {"sysapproval": row["sys_id"], "approver": self._id("sys_user", approver.name), "state": "requested"}
        create(self._instance, "sysapproval_approver", asked, actor)

    def _vote(self, row: Row, approver: Person, answer: str, at: datetime) -> None:
        voter = self._actor(approver, at)
        rows = self._instance.tables["sysapproval_approver"].with_value("sysapproval", [row["sys_id"]]) or []
        mine = next(one for one in rows if one["approver"] == voter.sys_id)
        update(self._instance, "sysapproval_approver", mine, {"state": answer}, voter)

    def _actor(self, person: Person, at: datetime) -> Actor:
        return Actor(person.user_name, self._id("sys_user", person.user_name, "user_name"), at)

    def _id(self, table: str, name: str, column: str = "name") -> str:
        """The sys_id of a reference record; empty for an empty name."""
        return next((row["sys_id"] for row in self._instance.tables[table] if row[column] == name), "") if name else ""
