"""Jira's REST API over HTTP: who asks, and which handler answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.sandbox.web import Request, Response

from . import about, issues, searching
from .exchange import MISSING_ISSUE, UNAUTHENTICATED, Exchange, Handler, RefusalError, Walks, errors
from .site import Json, Site

PUBLIC = Response(0)
"""Marks a route that answers nobody as it answers anybody."""
_NO_ISSUE = errors(404, MISSING_ISSUE)
_NO_PROJECT = errors(404, "No project could be found.")
_NOTHING_FOUND = Response(200, {"issues": [], "isLast": True})
_NO_ISSUES = Response(200, {"issues": [], "issueErrors": []})
_NO_CHANGELOGS = Response(200, {"issueChangeLogs": []})


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. ``anonymous`` is what somebody without credentials gets."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    anonymous: Response


def _route(
    call: str, handler: Handler, anonymous: Response = UNAUTHENTICATED, versions: str = "3|latest"
) -> tuple[str, Route]:
    method, path = call.split(" ")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return call, Route(method, re.compile(f"/rest/api/(?:{versions})/{pattern}"), handler, anonymous)


ROUTES: dict[str, Route] = dict(
    (
        _route("GET serverInfo", about.server_info, PUBLIC, "2|3|latest"),
        _route("GET myself", about.myself, UNAUTHENTICATED, "2|3|latest"),
        _route("GET field", about.fields),
        _route("GET status", about.statuses),
        _route("GET statuses/search", about.status_search),
        _route("GET priority", about.priorities),
        _route("GET issuetype", about.types),
        _route("GET project", about.projects, Response(200, [])),
        _route("GET project/search", about.project_search),
        _route("GET project/{name}", about.project, _NO_PROJECT),
        _route("GET mypermissions", about.permissions),
        _route("GET search/jql", searching.search, _NOTHING_FOUND),
        _route("POST search/jql", searching.search, _NOTHING_FOUND),
        _route("GET search", searching.removed, PUBLIC, "2|3|latest"),
        _route("POST search", searching.removed, PUBLIC, "2|3|latest"),
        _route("POST issue/bulkfetch", searching.bulk_fetch, _NO_ISSUES),
        _route("POST changelog/bulkfetch", searching.bulk_changelog, _NO_CHANGELOGS),
        _route("GET issue/{name}", issues.show, _NO_ISSUE),
        _route("PUT issue/{name}", issues.change, _NO_ISSUE),
        _route("DELETE issue/{name}", issues.remove, _NO_ISSUE),
        _route("GET issue/{name}/editmeta", issues.edit_metadata, _NO_ISSUE),
        _route("GET issue/{name}/changelog", issues.changelog, _NO_ISSUE),
        _route("GET issue/{name}/transitions", issues.transitions, _NO_ISSUE),
        _route("POST issue/{name}/transitions", issues.transition, _NO_ISSUE),
        _route("GET issue/{name}/properties/{key}", issues.get_property, _NO_ISSUE),
        _route("PUT issue/{name}/properties/{key}", issues.set_property, _NO_ISSUE),
    )
)
"""Every operation that the stand-in knows, by method and path."""


class JiraApi:
    """The application: every request holds the lock, so that reads and writes see whole issues."""

    def __init__(self, site: Site, secrets: Callable[[str, str], bool], now: Callable[[], datetime]) -> None:
        self._site = site
        self._secrets = secrets
        self._now = now
        self._walks = Walks()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        """Answer one request. Wrong credentials are refused everywhere; none at all, only where Jira wants some."""
        with self._lock:
            me = self._me(request)
            if request.sign_in is not None and me is None:
                return UNAUTHENTICATED
            for route in ROUTES.values():
                match = route.pattern.fullmatch(request.path) if route.method == request.method else None
                if match is None:
                    continue
                if me is None and route.anonymous is not PUBLIC:
                    return route.anonymous
                return self._answer(route.handler, request, me, match)
            return errors(404, f"No resource answers {request.method} {request.path}.")

    def _me(self, request: Request) -> Json | None:
        if request.sign_in is None or not self._secrets(*request.sign_in):
            return None
        return self._site.user_by_email(request.sign_in[0])

    def _answer(self, handler: Handler, request: Request, me: Json | None, match: re.Match[str]) -> Response:
        named = match.groupdict()
        exchange = Exchange(
            request, self._site, self._now(), me, self._walks, named.get("name", ""), named.get("key", "")
        )
        try:
            return handler(exchange)
        except RefusalError as refusal:
            return refusal.response
