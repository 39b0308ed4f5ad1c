"""What a Jira site is: fields, statuses, priorities, projects, people, and issues with their history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from itsm_bridge.sandbox.clock import INDIA

Json = dict[str, Any]

CATEGORIES: dict[str, Json] = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
"""Jira's three status categories by key."""

SELECT = "com.atlassian.jira.plugin.system.customfieldtypes:select"


@dataclass(slots=True)
class Field:
    """A field: for a single select also its options by id."""

    id: str
    name: str
    kind: str
    system: str = ""
    items: str = ""
    custom: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def is_custom(self) -> bool:
        """Whether people made the field, rather than Jira."""
        return self.id.startswith("customfield_")

    def schema(self) -> Json:
        """The field's type, as ``JsonTypeBean``."""
        schema: Json = {"type": self.kind}
        if self.items:
            schema["items"] = self.items
        if self.is_custom:
            schema |= {"custom": self.custom, "customId": int(self.id.removeprefix("customfield_"))}
        else:
            schema["system"] = self.system or self.id
        return schema


@dataclass(slots=True)
class Issue:
    """An issue: its fields as REST v3 shows them, its properties, and what was added to it, oldest first."""

    id: int
    key: str
    fields: Json
    updated: datetime
    created: datetime
    histories: list[Json] = field(default_factory=list)
    worklogs: list[Json] = field(default_factory=list)
    properties: Json = field(default_factory=dict)
    comments: list[Json] = field(default_factory=list)

    @property
    def project(self) -> str:
        """The key of its project."""
        return str(self.fields["project"]["key"])


class Site:
    """Everything of one site. Ids ascend in the order of creation.

    ``zone`` is the account's time zone: instants in a query are read in it. While ``remembers`` is true the site keeps
    what its issues were before each change, for a search whose index lags.
    """

    def __init__(self) -> None:
        self.zone: tzinfo = INDIA
        self.remembers = False
        self.fields: dict[str, Field] = {one.id: one for one in system_fields()}
        self.statuses: dict[str, Json] = {}
        self.priorities: dict[str, Json] = {}
        self.types: dict[str, Json] = {}
        self.projects: dict[str, Json] = {}
        self.components: dict[str, dict[str, Json]] = {}
        self.users: dict[str, Json] = {}
        self.issues: dict[int, Issue] = {}
        self._keys: dict[str, int] = {}
        self._past: dict[int, list[tuple[datetime, Issue | None]]] = {}
        self._history = 10_000
        self._worklog = 40_000

    def add(self, issue: Issue) -> None:
        """Put an issue in, findable by id and by key."""
        if self.remembers:
            self._past.setdefault(issue.id, []).append((issue.created, None))
        self.issues[issue.id] = issue
        self._keys[issue.key.casefold()] = issue.id

    def rename(self, issue: Issue, key: str) -> None:
        """Give an issue another key; the old one still finds it."""
        issue.key = key
        self._keys[key.casefold()] = issue.id

    def next_id(self) -> int:
        """An id that no issue had."""
        return max(max(self.issues, default=20_000), max(self._past, default=0)) + 1

    def next_key(self, project: str) -> str:
        """A key in ``project`` that no issue has or had."""
        prefix = f"{project.casefold()}-"
        numbers = (key.removeprefix(prefix) for key in self._keys if key.startswith(prefix))
        return f"{project}-{max((int(one) for one in numbers if one.isdecimal()), default=0) + 1}"

    def next_worklog_id(self) -> str:
        """An id that no worklog had."""
        self._worklog += 1
        return str(self._worklog)

    def remember(self, issue: Issue, at: datetime) -> None:
        """Keep what an issue was until ``at``, when it is about to change."""
        if self.remembers and issue.id in self.issues:
            was = replace(
                issue, fields=dict(issue.fields), histories=list(issue.histories), comments=list(issue.comments)
            )
            self._past.setdefault(issue.id, []).append((at, was))

    def as_of(self, at: datetime) -> Mapping[int, Issue]:
        """The issues as they were at an instant (not earlier than the site began to remember)."""
        view = dict(self.issues)
        for number, past in self._past.items():
            was = next((state for until, state in past if until > at), self.issues.get(number))
            if was is None:
                view.pop(number, None)
            else:
                view[number] = was
        return view

    def indexed(self, numbers: Collection[int], at: datetime | None) -> Mapping[int, Issue]:
        """The issues as a search sees them: as of ``at`` (``None``: now), and those of ``numbers`` as they are."""
        if at is None:
            return self.issues
        view = dict(self.as_of(at))
        for number in numbers:
            if number in self.issues:
                view[number] = self.issues[number]
            else:
                view.pop(number, None)
        return view

    def find(self, name: str) -> Issue | None:
        """The issue of that id or key (an old key still finds it)."""
        number = int(name) if name.isdecimal() else self._keys.get(name.casefold())
        return self.issues.get(number) if number is not None else None

    def remove(self, issue: Issue, at: datetime) -> None:
        """Delete an issue without a trace, as Jira does."""
        self.remember(issue, at)
        del self.issues[issue.id]
        self._keys = {key: number for key, number in self._keys.items() if number != issue.id}

    def user_by_email(self, email: str) -> Json | None:
        """The person who signs in with that address."""
        return next((user for user in self.users.values() if user.get("emailAddress") == email), None)

    def field_named(self, name: str) -> Field | None:
        """A field by id, or by name without regard to case; people's fields come before Jira's own."""
        if name in self.fields:
            return self.fields[name]
        named = [one for one in self.fields.values() if one.name.casefold() == name.casefold()]
        return min(named, key=lambda one: not one.is_custom, default=None)

    def record(self, issue: Issue, items: list[Json], author: Json, at: datetime, metadata: object = None) -> None:
        """Add a changelog entry and move the issue's ``updated``."""
        self._history += 1
        entry: Json = {"id": str(self._history), "author": person(author), "created": stamp(at), "items": items}
        if isinstance(metadata, dict):
            entry["historyMetadata"] = metadata
        issue.histories.append(entry)
        touch(issue, at)

    def keep_history_above(self, number: int) -> None:
        """Let entries that are recorded later have ids above ``number``."""
        self._history = max(self._history, number)


def system_fields() -> list[Field]:
    """The fields that every site has (those that matter here)."""
    plain = {"summary": "Summary", "description": "Description", "environment": "Environment"}
    instants = {"created": "Created", "updated": "Updated", "resolutiondate": "Resolved"}
    people = {"reporter": "Reporter", "creator": "Creator", "assignee": "Assignee"}
    kinds = {"issuetype": "Issue Type", "project": "Project", "status": "Status", "priority": "Priority"}
    return [
        *(Field(one, name, "string") for one, name in plain.items()),
        *(Field(one, name, "datetime") for one, name in instants.items()),
        Field("statuscategorychangedate", "Status Category Changed", "datetime"),
        *(Field(one, name, "user") for one, name in people.items()),
        *(Field(one, name, one) for one, name in kinds.items()),
        Field("resolution", "Resolution", "resolution"),
        Field("duedate", "Due date", "date"),
        Field("labels", "Labels", "array", items="string"),
        Field("components", "Components", "array", items="component"),
        Field("worklog", "Log Work", "array", items="worklog"),
    ]


def stamp(at: datetime) -> str:
    """An instant as Jira writes it: in the account's zone, milliseconds, an offset without a colon."""
    local = at.astimezone(INDIA)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


def instant(text: str) -> datetime:
    """The instant that Jira's text means. Raises ``ValueError``."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)


def touch(issue: Issue, at: datetime) -> None:
    """Move ``updated``."""
    issue.updated = at
    issue.fields["updated"] = stamp(at)


def person(user: Json) -> Json:
    """A person as issues and changelogs show them."""
    return {"active": True, "accountType": "atlassian", "timeZone": "Asia/Kolkata", **user}


def document(text: str) -> Json:
    """Plain text as an Atlassian document: a paragraph a line."""
    lines = text.split("\n")
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in lines]
    return {"type": "doc", "version": 1, "content": paragraphs}
