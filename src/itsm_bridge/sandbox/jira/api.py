"""Jira's REST API over HTTP: who asks, and which handler answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from itsm_bridge.sandbox.faults import Trouble
from itsm_bridge.sandbox.web import Request, Response

from . import about, comments, data_center, desk, issues, searching, worklogs
from .exchange import MISSING_ISSUE, UNAUTHENTICATED, Exchange, Handler, RefusalError, Walks, errors
from .site import Json, Site

PUBLIC = Response(0)
"""Marks a route that answers nobody as it answers anybody."""
_ANY_VERSION = "/rest/api/(?:2|3|latest)/"
_SERVER = "/rest/api/(?:2|latest)/"
_DESK = "/rest/servicedeskapi/request/"
Deployment = Literal["cloud", "data_center"]
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
    call: str,
    handler: Handler,
    anonymous: Response = UNAUTHENTICATED,
    root: str = "/rest/api/(?:3|latest)/",
) -> tuple[str, Route]:
    method, path = call.split(" ")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return call, Route(method, re.compile(f"{root}{pattern}"), handler, anonymous)


ROUTES: dict[str, Route] = dict(
    (
        _route("GET serverInfo", about.server_info, PUBLIC, _ANY_VERSION),
        _route("GET myself", about.myself, UNAUTHENTICATED, _ANY_VERSION),
        _route("GET user/bulk", about.users),
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
        _route("POST search/approximate-count", searching.count, Response(200, {"count": 0})),
        _route("GET search", searching.removed, PUBLIC, _ANY_VERSION),
        _route("POST search", searching.removed, PUBLIC, _ANY_VERSION),
        _route("POST issue/bulkfetch", searching.bulk_fetch, _NO_ISSUES),
        _route("POST changelog/bulkfetch", searching.bulk_changelog, _NO_CHANGELOGS),
        _route("GET issue/{name}", issues.show, _NO_ISSUE),
        _route("PUT issue/{name}", issues.change, _NO_ISSUE),
        _route("DELETE issue/{name}", issues.remove, _NO_ISSUE),
        _route("GET issue/{name}/editmeta", issues.edit_metadata, _NO_ISSUE),
        _route("GET issue/{name}/changelog", issues.changelog, _NO_ISSUE),
        _route("GET issue/{name}/comment", comments.listed, _NO_ISSUE),
        _route("POST issue/{name}/comment", comments.add, _NO_ISSUE),
        _route("GET issue/{name}/transitions", issues.transitions, _NO_ISSUE),
        _route("POST issue/{name}/transitions", issues.transition, _NO_ISSUE),
        _route("GET issue/{name}/properties/{key}", issues.get_property, _NO_ISSUE),
        _route("PUT issue/{name}/properties/{key}", issues.set_property, _NO_ISSUE),
        _route("GET issue/{name}/worklog", worklogs.listed, _NO_ISSUE),
        _route("POST issue/{name}/worklog", worklogs.book, _NO_ISSUE),
        _route("DELETE issue/{name}/worklog/{key}", worklogs.remove, _NO_ISSUE),
    )
)
"""Every operation that the stand-in knows, by method and path."""


DESK_ROUTES: dict[str, Route] = dict(
    (
        _route("GET {name}/approval", desk.approvals, UNAUTHENTICATED, _DESK),
        _route("GET {name}/sla", desk.slas, UNAUTHENTICATED, _DESK),
    )
)
"""Operations of Jira Service Management, which both deployments have."""

SERVER_ROUTES: dict[str, Route] = dict(
    (
        _route("GET serverInfo", data_center.server_info, PUBLIC, _SERVER),
        _route("GET myself", about.myself, UNAUTHENTICATED, _SERVER),
        _route("GET user", data_center.user, UNAUTHENTICATED, _SERVER),
        _route("GET field", data_center.fields, UNAUTHENTICATED, _SERVER),
        _route("GET status", about.statuses, UNAUTHENTICATED, _SERVER),
        _route("GET priority", about.priorities, UNAUTHENTICATED, _SERVER),
        _route("GET issuetype", about.types, UNAUTHENTICATED, _SERVER),
        _route("GET project", about.projects, Response(200, []), _SERVER),
        _route("GET project/{name}", about.project, _NO_PROJECT, _SERVER),
        _route("GET mypermissions", data_center.permissions, UNAUTHENTICATED, _SERVER),
        _route("GET search", data_center.search, UNAUTHENTICATED, _SERVER),
        _route("POST search", data_center.search, UNAUTHENTICATED, _SERVER),
        _route("GET issue/{name}", data_center.show, _NO_ISSUE, _SERVER),
        _route("PUT issue/{name}", data_center.change, _NO_ISSUE, _SERVER),
        _route("DELETE issue/{name}", issues.remove, _NO_ISSUE, _SERVER),
        _route("GET issue/{name}/editmeta", issues.edit_metadata, _NO_ISSUE, _SERVER),
        _route("GET issue/{name}/comment", comments.listed, _NO_ISSUE, _SERVER),
        _route("POST issue/{name}/comment", comments.add_text, _NO_ISSUE, _SERVER),
        _route("GET issue/{name}/transitions", issues.transitions, _NO_ISSUE, _SERVER),
        _route("POST issue/{name}/transitions", issues.transition, _NO_ISSUE, _SERVER),
        _route("GET issue/{name}/properties/{key}", issues.get_property, _NO_ISSUE, _SERVER),
        _route("PUT issue/{name}/properties/{key}", issues.set_property, _NO_ISSUE, _SERVER),
        _route("GET issue/{name}/worklog", worklogs.listed, _NO_ISSUE, _SERVER),
        _route("POST issue/{name}/worklog", worklogs.book, _NO_ISSUE, _SERVER),
        _route("DELETE issue/{name}/worklog/{key}", worklogs.remove, _NO_ISSUE, _SERVER),
    )
)
"""Every operation of a Data Center deployment."""

ROUTES_OF: Mapping[Deployment, Mapping[str, Route]] = {
    "cloud": ROUTES | DESK_ROUTES,
    "data_center": SERVER_ROUTES | DESK_ROUTES,
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a deployment accepts: a secret for Basic authentication, and bearer tokens with whose they are (email)."""

    secrets: Callable[[str, str], bool]
    bearers: Callable[[str], str | None] = lambda _token: None


class JiraApi:
    """The application: every request holds the lock, so that reads and writes see whole issues."""

    def __init__(
        self,
        site: Site,
        sign_in: SignIn,
        now: Callable[[], datetime],
        *,
        deployment: Deployment = "cloud",
        trouble: Trouble | None = None,
    ) -> None:
        self._site = site
        self._sign_in = sign_in
        self._now = now
        self._deployment = deployment
        self._routes = tuple(ROUTES_OF[deployment].values())
        self._trouble = trouble or Trouble()
        self._walks = Walks()
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        """Answer one request. Wrong credentials are refused everywhere; none at all, only where Jira wants some."""
        with self.lock:
            me = self._me(request)
            if me is None and (request.sign_in is not None or request.bearer is not None):
                return UNAUTHENTICATED
            for route in self._routes:
                match = route.pattern.fullmatch(request.path) if route.method == request.method else None
                if match is None:
                    continue
                if me is None and route.anonymous is not PUBLIC:
                    return route.anonymous
                return self._answer(route.handler, request, me, match)
            return errors(404, f"No resource answers {request.method} {request.path}.")

    def _me(self, request: Request) -> Json | None:
        if request.bearer is not None:
            email = self._sign_in.bearers(request.bearer)
            return self._site.user_by_email(email) if email else None
        if request.sign_in is None or not self._sign_in.secrets(*request.sign_in):
            return None
        if self._deployment == "data_center":
            return data_center.user_named(self._site, request.sign_in[0])
        return self._site.user_by_email(request.sign_in[0])

    def _answer(self, handler: Handler, request: Request, me: Json | None, match: re.Match[str]) -> Response:
        named = match.groupdict()
        names = (named.get("name", ""), named.get("key", ""))
        exchange = Exchange(request, self._site, self._now(), me, self._walks, *names, trouble=self._trouble)
        try:
            answer = handler(exchange)
        except RefusalError as refusal:
            answer = refusal.response
        return data_center.shown(self._site, answer) if self._deployment == "data_center" else answer
