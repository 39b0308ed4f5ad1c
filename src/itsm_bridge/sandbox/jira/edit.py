"""What happens when an issue is edited: values checked against the site, stored, and written to the changelog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .site import SELECT, Field, Issue, Json, Site, document, person, stamp

_SIMPLE = ("summary", "duedate", "environment")


class EditError(ValueError):
    """The edit is refused as a whole; ``errors`` says why, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def edit(site: Site, issue: Issue, body: Json, author: Json, at: datetime) -> None:
    """Apply the body of ``PUT issue``. Raises ``EditError``, and then nothing was changed."""
    wanted, errors = _wanted(site, issue, body)
    if errors:
        raise EditError(errors)
    items: list[Json] = []
    site.remember(issue, at)
    for name, value in wanted.items():
        items += _items(site.fields[name], issue.fields.get(name), value)
        issue.fields[name] = value
    for one in body.get("properties") or []:
        issue.properties[one["key"]] = one.get("value")
    if items:
        site.record(issue, items, author, at, body.get("historyMetadata"))


def move(site: Site, issue: Issue, status_id: str, author: Json, at: datetime) -> None:
    """Put an issue into a status, and resolve or reopen it with that."""
    before, after = issue.fields["status"], site.statuses[status_id]
    if before["id"] == after["id"]:
        return
    site.remember(issue, at)
    items = [_change("status", "jira", "status", _pair(before, "name"), _pair(after, "name"))]
    done = after["statusCategory"]["key"] == "done"
    was = issue.fields.get("resolution")
    now = {"id": "10000", "name": "Done"} if done else None
    if bool(was) != done:
        items.append(_change("resolution", "jira", "resolution", _pair(was, "name"), _pair(now, "name")))
        issue.fields |= {"resolution": now, "resolutiondate": stamp(at) if done else None}
    issue.fields |= {"status": after, "statuscategorychangedate": stamp(at)}
    site.record(issue, items, author, at)


def relocate(site: Site, issue: Issue, project: str, author: Json, at: datetime) -> None:
    """Move an issue to another project: its id stays, its key and what belongs to the old project do not."""
    before, after = issue.fields["project"], site.projects[project]
    if before["key"] == project:
        return
    site.remember(issue, at)
    old = issue.key
    site.rename(issue, site.next_key(project))
    items = [
        _change("project", "jira", "project", _pair(before, "name"), _pair(after, "name")),
        _change("Key", "jira", "issuekey", (None, old), (None, issue.key)),
    ]
    known = site.components.get(project, {})
    parts = [known[part["name"]] for part in issue.fields.get("components") or [] if part["name"] in known]
    items += _items(site.fields["components"], issue.fields.get("components"), parts)
    kept = {key: after[key] for key in ("id", "key", "name", "projectTypeKey") if key in after}
    issue.fields |= {"project": kept, "components": parts}
    site.record(issue, items, author, at)


def _wanted(site: Site, issue: Issue, body: Json) -> tuple[Json, dict[str, str]]:
    wanted: Json = {}
    errors: dict[str, str] = {}
    operations: dict[str, list[tuple[str, Any]]] = {
        name: [("set", v)] for name, v in (body.get("fields") or {}).items()
    }
    for name, steps in (body.get("update") or {}).items():
        operations.setdefault(name, []).extend((verb, v) for step in steps for verb, v in step.items())
    for name, steps in operations.items():
        one = site.fields.get(name)
        read = _reader(one) if one else None
        if one is None or read is None:
            errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            continue
        try:
            wanted[name] = _applied(site, issue, one, steps, read)
        except (AttributeError, KeyError, TypeError, ValueError):
            errors[name] = f"Specify a valid 'id' or 'name' for {one.name}"
    return wanted, errors


Reader = Callable[[Site, Issue, Field, Any], Any]


def _applied(site: Site, issue: Issue, one: Field, steps: list[tuple[str, Any]], read: Reader) -> object:
    value: Any = issue.fields.get(one.id)
    for verb, given in steps:
        if verb == "set":
            value = read(site, issue, one, given)
        elif one.kind == "array" and verb in ("add", "remove"):
            named = read(site, issue, one, [given])
            value = [kept for kept in value or [] if kept not in named] + (named if verb == "add" else [])
        else:
            raise ValueError(verb)
    return value


def _reader(one: Field) -> Reader | None:
    if one.custom == SELECT:
        return _option
    readers: dict[str, Reader] = {
        **dict.fromkeys(_SIMPLE, _text),
        "description": _description,
        "priority": _priority,
        "assignee": _assignee,
        "labels": _labels,
        "components": _components,
    }
    return readers.get(one.id)


def _text(_site: Site, _issue: Issue, _field: Field, given: Any) -> str | None:  # noqa: ANN401 - JSON
    if given is not None and not isinstance(given, str):
        raise ValueError("text wanted")
    return given


def _description(_site: Site, _issue: Issue, _field: Field, given: Any) -> Json | None:  # noqa: ANN401 - JSON
    """REST v3 takes an Atlassian document and refuses plain text."""
    if given is None or (isinstance(given, dict) and given.get("type") == "doc"):
        return given
    raise ValueError("a document wanted")


def _priority(site: Site, _issue: Issue, _field: Field, given: Any) -> Json:  # noqa: ANN401 - JSON
    for one in site.priorities.values():
        if one["id"] == given.get("id") or one["name"] == given.get("name"):
            return {"id": one["id"], "name": one["name"]}
    raise ValueError("no such priority")


def _assignee(site: Site, _issue: Issue, _field: Field, given: Any) -> Json | None:  # noqa: ANN401 - JSON
    return person(site.users[given["accountId"]]) if given is not None and given["accountId"] is not None else None


def _labels(_site: Site, _issue: Issue, _field: Field, given: Any) -> list[str]:  # noqa: ANN401 - JSON
    if any(not isinstance(label, str) or " " in label for label in given):
        raise ValueError("a label is one word")
    return list(dict.fromkeys(given))


def _components(site: Site, issue: Issue, _field: Field, given: Any) -> list[Json]:  # noqa: ANN401 - JSON
    known = site.components.get(issue.project, {})
    by_id = {part["id"]: part for part in known.values()}
    return [by_id[one["id"]] if "id" in one else known[one["name"]] for one in given]


def _option(_site: Site, _issue: Issue, one: Field, given: Any) -> Json | None:  # noqa: ANN401 - JSON
    if given is None:
        return None
    for number, value in one.options.items():
        if str(given.get("id", "")) == number or given.get("value") == value:
            return {"id": number, "value": value}
    raise ValueError("no such option")


Side = tuple[str | None, str | None]


def _items(one: Field, before: Any, after: Any) -> list[Json]:  # noqa: ANN401 - JSON
    """The changelog items of one field; none where nothing changed."""
    if before == after or (not before and not after):
        return []
    if one.id == "components":
        gone = [part for part in before or [] if part not in after]
        come = [part for part in after if part not in (before or [])]
        return [_change("Component", "jira", one.id, _pair(part, "name"), (None, None)) for part in gone] + [
            _change("Component", "jira", one.id, (None, None), _pair(part, "name")) for part in come
        ]
    name = one.name if one.is_custom else one.id
    return [_change(name, "custom" if one.is_custom else "jira", one.id, _side(before), _side(after))]


def _side(value: Any) -> Side:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return (None, " ".join(value))
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return (None, plain(value))
        return _pair(value, next(key for key in ("name", "value", "displayName") if key in value))
    return (None, value)


def _pair(value: Json | None, shown: str) -> Side:
    return (str(value.get("id", value.get("accountId"))), str(value[shown])) if value else (None, None)


def plain(value: Json) -> str:
    """The text of an Atlassian document, a line a paragraph."""
    lines = [[run.get("text", "") for run in part.get("content", [])] for part in value.get("content", [])]
    return "\n".join("".join(line) for line in lines)


def _change(name: str, kind: str, field_id: str, before: Side, after: Side) -> Json:
    """One changelog item. The contract knows no null, so what is missing is left out."""
    values = {"from": before[0], "fromString": before[1], "to": after[0], "toString": after[1]}
    item: Json = {"field": name, "fieldtype": kind, "fieldId": field_id}
    return item | {key: value for key, value in values.items() if value is not None}


def creation_values(summary: str, description: str) -> Json:
    """The text fields of a new issue."""
    return {"summary": summary, "description": document(description)}
