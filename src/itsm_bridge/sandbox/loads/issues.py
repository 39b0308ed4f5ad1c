"""Issues read from Jira become issues as they are, with their changelog, and the site learns what they use.

Where an issue comes in several versions the one with the latest ``updated`` counts. In the changelog, nulls and keys
that the contract does not know are left out. Fields, statuses, priorities, types, projects and people of the file take
the place of the sandbox's own of the same id; a field's name comes from the changelog, else it is called by its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from itsm_bridge.sandbox.jira.site import SELECT, Field, Issue, Json, Site, document, instant

_ITEM = ("field", "fieldtype", "fieldId", "from", "fromString", "to", "toString")
_TYPE = ("id", "name", "description", "iconUrl", "subtask", "avatarId", "hierarchyLevel")
_PROJECT = ("id", "key", "name", "projectTypeKey", "simplified")
_PEOPLE = ("reporter", "creator", "assignee")


def add(site: Site, records: Iterable[Json]) -> None:
    """Put the issues in. Raises ``ValueError`` for one without an id or instants."""
    latest: dict[str, Json] = {}
    for record in records:
        known = latest.get(record["id"])
        if known is None or instant(known["fields"]["updated"]) <= instant(record["fields"]["updated"]):
            latest[record["id"]] = record
    for record in sorted(latest.values(), key=lambda one: int(one["id"])):
        _add(site, record)


def _add(site: Site, record: Json) -> None:
    fields = dict(record["fields"])
    if isinstance(fields.get("description"), str):
        fields["description"] = document(fields["description"])
    histories = [_history(one) for one in (record.get("changelog") or {}).get("histories", [])]
    histories.sort(key=lambda one: (instant(one["created"]), int(one["id"])))
    issue = Issue(
        int(record["id"]), record["key"], fields, instant(fields["updated"]), instant(fields["created"]), histories
    )
    site.add(issue)
    site.keep_history_above(max((int(one["id"]) for one in histories), default=0))
    _learn(site, issue)


def _history(entry: Json) -> Json:
    items = [{key: one[key] for key in _ITEM if one.get(key) is not None} for one in entry["items"]]
    kept = {key: entry[key] for key in ("id", "author", "created", "historyMetadata") if entry.get(key) is not None}
    return {**kept, "items": items}


def _learn(site: Site, issue: Issue) -> None:
    fields = issue.fields
    project = {key: fields["project"][key] for key in _PROJECT if key in fields["project"]}
    site.projects[project["key"]] = project
    site.statuses[fields["status"]["id"]] = fields["status"]
    site.types[fields["issuetype"]["id"]] = {
        key: fields["issuetype"][key] for key in _TYPE if key in fields["issuetype"]
    }
    if fields.get("priority"):
        site.priorities[fields["priority"]["id"]] = fields["priority"]
    for part in fields.get("components") or []:
        site.components.setdefault(project["key"], {})[part["name"]] = {"id": part["id"], "name": part["name"]}
    people = [fields.get(name) for name in _PEOPLE] + [one.get("author") for one in issue.histories]
    for one in people:
        if one:
            site.users.setdefault(one["accountId"], one)
    _learn_fields(site, issue)


def _learn_fields(site: Site, issue: Issue) -> None:
    named = {item["fieldId"]: item["field"] for one in issue.histories for item in one["items"] if "fieldId" in item}
    for field_id, value in issue.fields.items():
        kind, items, custom = _kind(value)
        known = site.fields.get(field_id)
        name = named.get(field_id) or (known.name if known else field_id)
        if known is None:
            site.fields[field_id] = Field(field_id, name, kind, items=items, custom=custom)
        elif known.is_custom:
            known.name = name
            if known.kind == "any":
                known.kind, known.items, known.custom = kind, items, custom


def _kind(value: Any) -> tuple[str, str, str]:  # noqa: ANN401 - JSON
    """What a field seems to be, by one of its values: kind, kind of its items, and Jira's type of custom field."""
    plugin = SELECT.rpartition(":")[0]
    if isinstance(value, list):
        first = value[0] if value else None
        return (
            "array",
            "option" if isinstance(first, dict) and "value" in first else "string",
            f"{plugin}:multiselect",
        )
    if isinstance(value, dict):
        return ("option", "", SELECT) if "value" in value else ("any", "", f"{plugin}:readonlyfield")
    if isinstance(value, str):
        return ("string", "", f"{plugin}:textfield")
    if isinstance(value, int | float):
        return ("number", "", f"{plugin}:float")
    return ("any", "", f"{plugin}:readonlyfield")
