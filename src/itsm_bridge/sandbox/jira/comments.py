"""Comments of one issue: reading them, and adding one, which moves the issue's ``updated`` and not its changelog."""

from __future__ import annotations

from itsm_bridge.sandbox.web import Response

from .exchange import Exchange, errors, whole
from .site import Json, document, person, stamp, touch

MOST = 100
"""The server's own cap on ``maxResults``."""
_INTERNAL = "sd.public.comment"


def listed(exchange: Exchange) -> Response:
    """``GET issue/{id or key}/comment``: the oldest first."""
    every = exchange.issue().comments
    start, size = whole(exchange.request.query.get("startAt"), 0), whole(exchange.request.query.get("maxResults"), MOST)
    size = min(size, MOST)
    some = every[start : start + size]
    return Response(200, {"startAt": start, "maxResults": size, "total": len(every), "comments": some})


def add(exchange: Exchange) -> Response:
    """``POST issue/{id or key}/comment`` with a document."""
    body = exchange.body().get("body")
    if not isinstance(body, dict) or body.get("type") != "doc":
        return errors(400, comment="Comment body is not valid!")
    return _added(exchange, body)


def add_text(exchange: Exchange) -> Response:
    """The same of a Data Center deployment, with text."""
    body = exchange.body().get("body")
    if not isinstance(body, str) or not body.strip():
        return errors(400, comment="Comment body can not be empty!")
    return _added(exchange, document(body))


def _added(exchange: Exchange, body: Json) -> Response:
    issue, author = exchange.issue(), person(exchange.author())
    exchange.site.remember(issue, exchange.now)
    properties = exchange.body().get("properties") or []
    internal = any(one["key"] == _INTERNAL and one["value"].get("internal") for one in properties)
    number = str(issue.id * 1_000 + len(issue.comments) + 1)
    comment: Json = {
        "self": f"{exchange.base}/rest/api/3/issue/{issue.id}/comment/{number}",
        "id": number,
        "author": author,
        "body": body,
        "updateAuthor": author,
        "created": stamp(exchange.now),
        "updated": stamp(exchange.now),
        "jsdPublic": not internal,
    }
    issue.comments.append(comment)
    touch(issue, exchange.now)
    return Response(201, comment)
