"""REST v3 for many issues at once: search by JQL, bulk reading of issues and of changelogs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from itsm_bridge.sandbox.web import Response

from . import render
from .exchange import MISSING_ISSUE, Exchange, RefusalError, errors, whole
from .site import Issue, Json, instant

MOST_BULK = 100
MOST_SEARCH = 100
MOST_RECONCILED = 50
MOST_SEARCH_IDS = 5_000
MOST_HISTORIES = 10_000
MOST_CHANGELOG = 40
GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


def search(exchange: Exchange) -> Response:
    """``GET`` and ``POST search/jql``: ids alone unless fields are asked for, and then fewer a page."""
    asked = _asked(exchange)
    names = asked["fields"] or ["id"]
    most = max(1, min(asked["maxResults"], MOST_SEARCH_IDS if set(names) <= {"id", "key"} else MOST_SEARCH))
    most = exchange.trouble.faults.capped(most)
    view = exchange.indexed(asked["reconcileIssues"])
    walk = exchange.walks.rest(asked["token"]) if asked["token"] else _found(exchange, asked["jql"], view)
    issues = [one for number in walk[:most] if (one := view.get(number)) is not None and not exchange.hides(one)]
    beans = [_bean(exchange, one, names, asked["properties"]) for one in issues]
    if "changelog" in asked["expand"]:
        for shown, issue in zip(beans, issues, strict=True):
            shown["changelog"] = render.embedded(issue, MOST_CHANGELOG)
    answer: Json = {"issues": beans, "isLast": len(walk) <= most}
    if len(walk) > most:
        answer["nextPageToken"] = exchange.walks.keep(walk[most:])
    return Response(200, answer)


def _bean(exchange: Exchange, issue: Issue, names: Sequence[str], properties: Sequence[str]) -> Json:
    return exchange.without_hidden(render.bean(exchange.site, issue, exchange.base, names, properties))


def _asked(exchange: Exchange) -> dict[str, Any]:
    """The parameters of a search, whichever way they came."""
    if exchange.request.method == "POST":
        body = exchange.body()
        lists = {name: body.get(name) or [] for name in ("fields", "properties")}
        lists["reconcileIssues"] = [str(number) for number in body.get("reconcileIssues") or []]
        lists["expand"] = str(body.get("expand") or "").split(",")
    else:
        body = dict(exchange.request.query)
        lists = {name: exchange.listed(name) for name in ("fields", "properties", "expand", "reconcileIssues")}
    if len(lists["reconcileIssues"]) > MOST_RECONCILED:
        raise RefusalError(errors(400, f"At most {MOST_RECONCILED} issues can be reconciled."))
    text = {"jql": str(body.get("jql") or ""), "token": body.get("nextPageToken")}
    return {**lists, **text, "maxResults": whole(body.get("maxResults"), 50)}


def _found(exchange: Exchange, jql: str, view: Mapping[int, Issue]) -> list[int]:
    return [issue.id for issue in exchange.query(jql, bounded=True).among(view.values())]


def count(exchange: Exchange) -> Response:
    """``POST search/approximate-count``."""
    query = exchange.query(str(exchange.body().get("jql") or ""), bounded=True)
    found = query.among(exchange.indexed().values())
    return Response(200, {"count": sum(not exchange.hides(one) for one in found)})


def removed(_exchange: Exchange) -> Response:
    """The old search, which Jira Cloud took away."""
    return errors(410, GONE)


def bulk_fetch(exchange: Exchange) -> Response:
    """``POST issue/bulkfetch``: at most 100, in ascending id, with the missing ones listed."""
    asked = exchange.body()
    names = [str(name) for name in asked.get("issueIdsOrKeys") or []]
    if not 1 <= len(names) <= MOST_BULK:
        return errors(400, f"The number of issues must be between 1 and {MOST_BULK}.")
    found = {name: exchange.find(name) for name in names}
    issues = {one.id: one for one in found.values() if one is not None}
    fields, properties = asked.get("fields") or ["*navigable"], asked.get("properties") or []
    beans = [_bean(exchange, issues[one], fields, properties) for one in sorted(issues)]
    missing = [{"id": name, "errorMessage": MISSING_ISSUE} for name, one in found.items() if one is None]
    return Response(200, {"issues": beans, "issueErrors": missing})


def bulk_changelog(exchange: Exchange) -> Response:
    """``POST changelog/bulkfetch``: the oldest first over all issues, grouped by issue on each page."""
    asked = exchange.body()
    names = [str(name) for name in asked.get("issueIdsOrKeys") or []]
    wanted = frozenset(asked.get("fieldIds") or [])
    if not 1 <= len(names) <= 1000 or len(wanted) > 10:
        return errors(400, "Between 1 and 1000 issues and at most 10 field ids are allowed.")
    entries = _histories(exchange, names, wanted)
    start = _start(asked.get("nextPageToken"))
    size = exchange.trouble.faults.capped(max(1, min(whole(asked.get("maxResults"), 1000), MOST_HISTORIES)))
    grouped: dict[int, list[Json]] = {}
    for (_, number, _), entry in entries[start : start + size]:
        grouped.setdefault(number, []).append(entry)
    logs = [{"issueId": str(number), "changeHistories": some} for number, some in grouped.items()]
    more = {"nextPageToken": f"histories-{start + size}"} if start + size < len(entries) else {}
    return Response(200, {"issueChangeLogs": logs, **more})


def _histories(
    exchange: Exchange, names: Sequence[str], wanted: frozenset[str]
) -> list[tuple[tuple[datetime, int, int], Json]]:
    """The changelog entries of all these issues that touch a wanted field, by moment, issue and place."""
    issues = {issue.id: issue for name in names if (issue := exchange.find(name)) is not None}
    entries = []
    for number, issue in issues.items():
        for place, entry in enumerate(issue.histories):
            items = [one for one in entry["items"] if not wanted or one.get("fieldId") in wanted]
            if items:
                entries.append(((instant(entry["created"]), number, place), {**entry, "items": items}))
    return sorted(entries, key=lambda one: one[0])


def _start(token: object) -> int:
    if token is None:
        return 0
    match = re.fullmatch(r"histories-(\d+)", str(token))
    if match is None:
        raise RefusalError(errors(400, "The provided next page token is invalid."))
    return int(match[1])
