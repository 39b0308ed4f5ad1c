"""How the site's things look in REST v3."""

from __future__ import annotations

from collections.abc import Sequence

from .site import CATEGORIES, Field, Issue, Json, Site, person

EXPAND = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"
EMBEDDED_CHANGELOG = 100
"""An issue read alone shows at most so many changelog entries, the newest; in a search 40."""
EMBEDDED_WORKLOGS = 20
"""An issue shows at most so many worklogs, the oldest."""
_EDITABLE = ("summary", "description", "priority", "labels", "components", "assignee", "duedate")


def bean(site: Site, issue: Issue, base: str, fields: Sequence[str], properties: Sequence[str] = ()) -> Json:
    """An issue with the fields asked for (``*all``, ``*navigable``, ids, ``-id`` to leave one out)."""
    shown: Json = {"id": str(issue.id)}
    if list(fields) == ["id"]:
        return shown
    shown |= {"expand": EXPAND, "self": f"{base}/rest/api/3/issue/{issue.id}", "key": issue.key}
    names = _chosen(site, fields)
    if names:
        shown["fields"] = {name: _value(issue, name) for name in names}
    if properties:
        shown["properties"] = {key: issue.properties[key] for key in properties if key in issue.properties}
    return shown


def _value(issue: Issue, name: str) -> object:
    if name != "worklog":
        return issue.fields.get(name)
    some = issue.worklogs[:EMBEDDED_WORKLOGS]
    return {"startAt": 0, "maxResults": EMBEDDED_WORKLOGS, "total": len(issue.worklogs), "worklogs": some}


def _chosen(site: Site, fields: Sequence[str]) -> list[str]:
    everything = list(site.fields)
    without = {name[1:] for name in fields if name.startswith("-")}
    if not fields or without or "*all" in fields or "*navigable" in fields:
        return [name for name in everything if name not in without]
    return [name for name in everything if name in fields]


def embedded(issue: Issue, most: int) -> Json:
    """The changelog inside an issue: newest first, and silently no more than ``most``."""
    newest = issue.histories[::-1][:most]
    return {"startAt": 0, "maxResults": len(newest), "total": len(issue.histories), "histories": newest}


def project(site: Site, one: Json, base: str) -> Json:
    """A project with its components and issue types."""
    components = [
        {
            "id": part["id"],
            "name": name,
            "project": one["key"],
            "projectId": int(one["id"]),
            "isAssigneeTypeValid": False,
        }
        for name, part in site.components.get(one["key"], {}).items()
    ]
    lead = next(iter(site.users.values()), None)
    shown = {**one, "self": f"{base}/rest/api/3/project/{one['id']}", "components": components}
    return {**shown, "issueTypes": list(site.types.values()), **({"lead": person(lead)} if lead else {})}


def field(one: Field) -> Json:
    """A field as ``GET field`` lists it."""
    clauses = [one.id]
    if one.is_custom:
        clauses = [f"cf[{one.id.removeprefix('customfield_')}]", one.name]
    return {
        "id": one.id,
        "key": one.id,
        "name": one.name,
        "custom": one.is_custom,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": one.schema(),
    }


def status(one: Json, base: str) -> Json:
    """A status as ``GET status`` lists it."""
    return {**one, "self": f"{base}/rest/api/3/status/{one['id']}"}


def status_bean(one: Json) -> Json:
    """A status as ``GET statuses/search`` lists it."""
    words = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
    key = one["statusCategory"]["key"]
    return {
        "id": one["id"],
        "name": one["name"],
        "statusCategory": words[key],
        "description": one.get("description", ""),
    }


def make_status(number: str, name: str, category: str) -> Json:
    """A status of a category (``new``, ``indeterminate``, ``done``)."""
    return {"id": number, "name": name, "description": "", "statusCategory": dict(CATEGORIES[category])}


def edit_metadata(site: Site, issue: Issue) -> Json:
    """What may be written to an issue, with the values allowed."""
    allowed: dict[str, list[Json]] = {
        "priority": list(site.priorities.values()),
        "components": [
            {"id": part["id"], "name": name} for name, part in site.components.get(issue.project, {}).items()
        ],
    }
    fields = [one for one in site.fields.values() if one.id in _EDITABLE or one.is_custom]
    return {"fields": {one.id: _metadata(one, allowed.get(one.id)) for one in fields}}


def _metadata(one: Field, allowed: list[Json] | None) -> Json:
    shown: Json = {"required": one.id == "summary", "schema": one.schema(), "name": one.name, "key": one.id}
    shown["operations"] = ["add", "set", "remove"] if one.kind == "array" else ["set"]
    if one.options:
        allowed = [{"id": number, "value": value} for number, value in one.options.items()]
    return shown if allowed is None else {**shown, "allowedValues": allowed}
