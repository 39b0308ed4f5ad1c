"""Lets a story happen in Jira: every step is an edit or a transition, and leaves its changelog entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from itsm_bridge.sandbox.jira.edit import edit, move
from itsm_bridge.sandbox.jira.site import Issue, Json, Site, document, person, stamp

from .foundation import APPROVAL, ENVIRONMENT, IMPACT, LEVELS, PRIORITIES, PROJECTS, TYPES, URGENCY, VENDOR, account_of
from .people import Person, everybody
from .story import Event, Story

TYPE_OF = {
    "incident": "Incident",
    "service_request": "Service Request",
    "change": "Change",
    "problem": "Problem",
    "task": "Task",
}
PROJECT_OF = {"incident": "OPS", "service_request": "OPS", "problem": "OPS", "change": "ENV", "task": "ENV"}
STATUS_OF = {"new": "10000", "in_progress": "3", "on_hold": "10003", "resolved": "10001", "canceled": "10005"}
"""Our steps of a life in Jira's statuses; what is done there is not closed a second time."""
A_MOMENT = timedelta(seconds=20)
"""How long somebody takes to set a field that they have just cleared."""


class IntoJira:
    """Writes stories into a site."""

    def __init__(self, site: Site, service: Person) -> None:
        self._site = site
        self._accounts = {one.user_name: account_of(one) for one in everybody(service)}
        self._issues: dict[int, Issue] = {}
        self._counts = dict.fromkeys(PROJECTS, 0)

    def begin(self, story: Story) -> None:
        """Create the issue."""
        project = PROJECT_OF[story.kind]
        self._counts[project] += 1
        author = self._account(story.reporter)
        fields = self._fields(story, project, author)
        number = 20_001 + len(self._site.issues)
        issue = Issue(number, f"{project}-{self._counts[project]}", fields, story.at, story.at)
        self._site.add(issue)
        self._issues[id(story)] = issue

    def _fields(self, story: Story, project: str, author: Json) -> Json:
        number, name, kind = PROJECTS[project]
        at = stamp(story.at)
        type_id = next(key for key, value in TYPES.items() if value == TYPE_OF[story.kind])
        component = self._site.components[project].get(story.service)
        chosen = {ENVIRONMENT: story.environment, VENDOR: story.vendor}
        chosen |= {IMPACT: LEVELS[story.impact - 1], URGENCY: LEVELS[story.urgency - 1]}
        return {
            "summary": story.summary[:255],
            "description": document(story.description),
            "project": {"id": number, "key": project, "name": name, "projectTypeKey": kind},
            "issuetype": {"id": type_id, "name": TYPE_OF[story.kind], "subtask": False},
            "status": self._site.statuses[STATUS_OF["new"]],
            "priority": self._priority(story.impact, story.urgency),
            "labels": [story.category],
            "components": [component] if component else [],
            "reporter": person(author),
            "creator": person(author),
            "created": at,
            "updated": at,
            "statuscategorychangedate": at,
            **{field: self._option(field, value) for field, value in chosen.items() if value},
        }

    def go_on(self, story: Story, event: Event) -> None:
        """Let one event happen to the issue."""
        issue, author = self._issues[id(story)], self._account(event.actor)
        if event.vote is not None:
            self._vote(issue, event.vote[1].capitalize(), author, event.at)
        fields = self._values(issue, event.changes)
        if fields:
            edit(self._site, issue, {"fields": fields}, author, event.at)
        status = STATUS_OF.get(event.changes.get("state", ""))
        if status:
            move(self._site, issue, status, author, event.at)

    def _vote(self, issue: Issue, answer: str, author: Json, at: datetime) -> None:
        """A plain field holds one word: who agrees with the one that stands there clears it and sets it again."""
        if issue.fields[APPROVAL]["value"] == answer:
            edit(self._site, issue, {"fields": {APPROVAL: {"value": "Requested"}}}, author, at - A_MOMENT)
        edit(self._site, issue, {"fields": {APPROVAL: {"value": answer}}}, author, at)

    def _values(self, issue: Issue, changes: Mapping[str, str]) -> Json:
        fields: Json = {}
        if "impact" in changes:
            impact, urgency = int(changes["impact"]), int(changes["urgency"])
            fields[IMPACT] = {"value": LEVELS[impact - 1]}
            fields[URGENCY] = {"value": LEVELS[urgency - 1]}
            fields["priority"] = self._priority(impact, urgency)
        if "vendor" in changes:
            fields[VENDOR] = {"value": changes["vendor"]} if changes["vendor"] else None
        if "assignee" in changes:
            account = self._accounts.get(changes["assignee"])
            fields["assignee"] = {"accountId": account["accountId"]} if account else None
        if "environment" in changes:
            fields[ENVIRONMENT] = {"value": changes["environment"]}
        if changes.get("approval") == "requested":
            fields[APPROVAL] = {"value": "Requested"}
        return {name: value for name, value in fields.items() if value is not None or issue.fields.get(name)}

    def _priority(self, impact: int, urgency: int) -> Json:
        number = str(impact + urgency - 1)
        return {"id": number, "name": PRIORITIES[number]}

    def _option(self, field: str, value: str) -> Json:
        number = next(key for key, name in self._site.fields[field].options.items() if name == value)
        return {"id": number, "value": value}

    def _account(self, who: Person) -> Json:
        return self._accounts[who.user_name]
