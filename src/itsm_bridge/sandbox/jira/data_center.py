"""REST v2 as Jira Data Center speaks it: people by name, text as text, search by offset, history inside the issue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from itsm_bridge.sandbox.web import Response

from . import about, issues, render
from .edit import plain
from .exchange import Exchange, errors, whole
from .site import Issue, Json, Site, document, person, stamp

MOST_SEARCH = 100
"""The server's own cap on ``maxResults``."""
WINDOW = 10_000
"""How far ``startAt`` and ``maxResults`` may reach together (the search platform's ``max_result_window``)."""
_NOT_TEXT, _NOBODY = {"type": "not text"}, {"accountId": ""}


def server_info(exchange: Exchange) -> Response:
    """``GET serverInfo``."""
    info = {
        "baseUrl": exchange.base,
        "version": "10.3.6",
        "versionNumbers": [10, 3, 6],
        "deploymentType": "Server",
        "buildNumber": 10030006,
        "buildDate": "2026-03-01T00:00:00.000+0000",
        "serverTime": stamp(exchange.now),
        "scmInfo": "sandbox",
        "serverTitle": "itsm-bridge sandbox",
    }
    return Response(200, info)


def user(exchange: Exchange) -> Response:
    """``GET user`` by key or by name."""
    site, asked = exchange.site, exchange.request.query
    named = user_named(site, asked.get("username", ""))
    found = next((one for one in site.users.values() if _key_of(site, one) == asked.get("key")), named)
    return errors(404, "The user does not exist") if found is None else Response(200, person(found))


def fields(exchange: Exchange) -> Response:
    """``GET field``, which has no ``key`` here."""
    listed = [render.field(one) for one in exchange.site.fields.values()]
    return Response(200, [{name: value for name, value in one.items() if name != "key"} for one in listed])


def permissions(exchange: Exchange) -> Response:
    """``GET mypermissions``: everything without being asked by name, too."""
    if exchange.listed("permissions"):
        return about.permissions(exchange)
    every = ",".join(sorted(about.GRANTED | about.GLOBAL | {"ADMINISTER_PROJECTS", "DELETE_ISSUES"}))
    asked = replace(exchange.request, query={"permissions": every}, target="")
    return about.permissions(replace(exchange, request=asked))


def search(exchange: Exchange) -> Response:
    """``GET`` and ``POST search``: ``total`` counts hidden issues too, and pages that hold some are shorter."""
    asked = exchange.body() if exchange.request.method == "POST" else dict(exchange.request.query)
    start, size = whole(asked.get("startAt"), 0), min(whole(asked.get("maxResults"), 50), MOST_SEARCH)
    size = exchange.trouble.faults.capped(size)
    if start + size > WINDOW:
        return errors(
            400, f"Result window is too large, from + size must be less than or equal to: [{WINDOW}] but was more."
        )
    found = exchange.query(str(asked.get("jql") or ""), bounded=False).among(exchange.indexed().values())
    names, expand = _names(exchange, asked, "fields") or ["*navigable"], _names(exchange, asked, "expand")
    shown = [_bean(exchange, one, names, expand) for one in found[start : start + size] if not exchange.hides(one)]
    answer = {"expand": "names,schema", "startAt": start, "maxResults": size, "total": len(found), "issues": shown}
    return Response(200, answer)


def _names(exchange: Exchange, asked: Json, name: str) -> list[str]:
    given = asked.get(name)
    if exchange.request.method != "POST":
        return exchange.listed(name)
    return [part for one in (given if isinstance(given, list) else [given or ""]) for part in one.split(",") if part]


def _bean(exchange: Exchange, issue: Issue, names: Sequence[str], expand: Sequence[str]) -> Json:
    # The empty name keeps the bean whole where the id alone was asked for: only Cloud leaves the key out then.
    shown = exchange.without_hidden(render.bean(exchange.site, issue, exchange.base, [*names, ""]))
    if "changelog" in expand:
        count = len(issue.histories)
        shown["changelog"] = {"startAt": 0, "maxResults": count, "total": count, "histories": list(issue.histories)}
    return shown


def show(exchange: Exchange) -> Response:
    """``GET issue/{id or key}``, with the whole changelog for those who ask."""
    issue, expand = exchange.issue(), exchange.listed("expand")
    shown = _bean(exchange, issue, exchange.listed("fields") or ["*all"], expand)
    wanted = exchange.listed("properties")
    if wanted:
        every = issue.properties
        shown["properties"] = {key: value for key, value in every.items() if key in wanted or "*all" in wanted}
    if "editmeta" in expand:
        shown["editmeta"] = render.edit_metadata(exchange.site, issue)
    if "names" in expand:
        shown["names"] = {one.id: one.name for one in exchange.site.fields.values()}
    return Response(200, shown)


def change(exchange: Exchange) -> Response:
    """``PUT issue/{id or key}`` with people by name and a description as text."""
    body = exchange.body()
    meant = dict(body)
    if isinstance(body.get("fields"), dict):
        meant["fields"] = {name: _meant(exchange.site, name, value) for name, value in body["fields"].items()}
    if isinstance(body.get("update"), dict):
        meant["update"] = {
            name: [{verb: _meant(exchange.site, name, value) for verb, value in step.items()} for step in steps]
            for name, steps in body["update"].items()
        }
    request = replace(exchange.request, body=json.dumps(meant).encode())
    return issues.change(replace(exchange, request=request))


def _meant(site: Site, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """A value of v2 in the site's own form; what v2 does not take becomes something that is refused."""
    if name == "description" and value is not None:
        return document(value) if isinstance(value, str) else _NOT_TEXT
    if name != "assignee" or value is None:
        return value
    wanted = value.get("name", "") if isinstance(value, dict) else ""
    if wanted is None or (wanted == "" and isinstance(value, dict) and "name" in value):
        return None
    user = user_named(site, wanted)
    return {"accountId": user["accountId"]} if user else _NOBODY


def name_of(user: Json) -> str:
    """The name by which a person signs in: the first part of the address."""
    email = str(user.get("emailAddress") or "")
    return email.partition("@")[0] or str(user["accountId"])


def user_named(site: Site, name: str) -> Json | None:
    """The person who signs in with that name."""
    return next((user for user in site.users.values() if name_of(user).casefold() == name.casefold()), None)


def _key_of(site: Site, user: Json) -> str:
    return _keys(site)[user["accountId"]]


def _keys(site: Site) -> Mapping[str, str]:
    return {account: f"JIRAUSER{10_000 + place}" for place, account in enumerate(site.users)}


def shown(site: Site, answer: Response) -> Response:
    """An answer as Data Center words it."""
    if answer.body is None:
        return answer
    return replace(answer, body=_worded(answer.body, _keys(site)))


def _worded(value: Any, keys: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_worded(one, keys) for one in value]
    if not isinstance(value, dict):
        return value
    if "accountId" in value:
        return _user(value, keys)
    if value.get("type") == "doc" and "content" in value:
        return plain(value)
    if "fieldtype" in value:
        return _item(value, keys)
    worded = {name: _worded(one, keys) for name, one in value.items()}
    if isinstance(worded.get("self"), str):
        worded["self"] = worded["self"].replace("/rest/api/3/", "/rest/api/2/")
    return worded


def _user(user: Json, keys: Mapping[str, str]) -> Json:
    name = name_of(user)
    known: Json = {
        field: user[field] for field in ("emailAddress", "displayName", "active", "timeZone") if field in user
    }
    return {"name": name, "key": keys.get(user["accountId"], name), "active": True, **known}


def _item(item: Json, keys: Mapping[str, str]) -> Json:
    """A changelog item: no id of the field, nulls where nothing was, and people by key."""
    sides = {side: item.get(side) for side in ("from", "fromString", "to", "toString")}
    if item.get("fieldId") in ("assignee", "reporter"):
        sides |= {side: keys.get(sides[side] or "", sides[side]) for side in ("from", "to")}
    return {"field": item["field"], "fieldtype": item["fieldtype"], **sides}
