"""The calls to Jira Cloud's REST API v3: ``python-jira`` for who we are and where, raw JSON for everything else.

``python-jira`` repeats writes, stops at short pages, translates field names by the last one that matches, and puts
whole answers into its errors. So it gets the guarded session in place of its own, and nothing is paged, parsed or
repeated by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jira import JIRA

from itsm_bridge.connectors.answers import Call
from itsm_bridge.connectors.http import CONNECT_SECONDS, READ_SECONDS, GuardedSession

API = "/rest/api/3"
MOST_ISSUES = 100
MOST_HISTORIES = 1_000
MOST_SEARCHED = 1_000

Json = dict[str, Any]


class _Client(JIRA):
    """``python-jira`` over the guarded session, which signs, waits and judges; it makes none of its own requests."""

    def __init__(self, session: GuardedSession) -> None:
        super().__init__(
            server=session.base,
            options={"rest_api_version": "3", "check_update": False},
            get_server_info=False,
            max_retries=0,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            logging=False,
        )
        self._session.close()
        self._session = session  # type: ignore[assignment]  # it takes no session from outside


def _listed(name: str) -> Callable[[object], bool]:
    def good(body: object) -> bool:
        listed = body.get(name) if isinstance(body, dict) else None
        return isinstance(listed, list) and all(isinstance(one, dict) for one in listed)

    return good


def _holds(name: str, kind: type) -> Callable[[object], bool]:
    return lambda body: isinstance(body, dict) and isinstance(body.get(name), kind)


_SHAPES: Mapping[str, Callable[[object], bool]] = {
    "/search/jql": _listed("issues"),
    "/issue/bulkfetch": _listed("issues"),
    "/changelog/bulkfetch": _listed("issueChangeLogs"),
    "/changelog": _listed("values"),
    "/editmeta": _holds("fields", dict),
    "/myself": _holds("accountId", str),
    "/serverInfo": _holds("deploymentType", str),
    "/field": lambda body: isinstance(body, list) and all(isinstance(one, dict) for one in body),
    "/status": lambda body: isinstance(body, list) and all(isinstance(one, dict) for one in body),
    "/priority": lambda body: isinstance(body, list) and all(isinstance(one, dict) for one in body),
    "/issue/{id}": _holds("fields", dict),
}


def shape(call: Call, body: object) -> str | None:
    """What is wrong with a 200 of Jira, by the path that was asked."""
    if not call.reading:
        return None
    good = next((test(body) for ending, test in _SHAPES.items() if call.path.endswith(ending)), True)
    return None if good else "it is not what this part of Jira answers"


class Site:
    """One Jira Cloud site."""

    def __init__(self, session: GuardedSession) -> None:
        self.session = session
        self._client = _Client(session)
        session.identify("python-jira")

    def server_info(self) -> Json:
        """What the site says about itself, its time among it."""
        return self._client.server_info()

    def myself(self) -> Json:
        """Our own account."""
        return self._client.myself()

    def fields(self) -> list[Json]:
        """All fields of the site."""
        found: list[Json] = self._client.fields()
        return found

    def statuses(self) -> list[Json]:
        """All statuses, with their categories."""
        found: list[Json] = self._get("/status")
        return found

    def priorities(self) -> list[Json]:
        """All priorities."""
        found: list[Json] = self._get("/priority")
        return found

    def project(self, key: str) -> Json:
        """One project."""
        found: Json = self._get(f"/project/{key}")
        return found

    def search(self, jql: str, token: str | None, reconcile: Sequence[int], most: int = MOST_SEARCHED) -> Json:
        """One page of ids with their ``updated``. ``reconcile`` are issues that the index may not know yet."""
        body: Json = {"jql": jql, "fields": ["updated"], "maxResults": most}
        if token:
            body["nextPageToken"] = token
        if reconcile:
            body["reconcileIssues"] = list(reconcile)
        return self._post("/search/jql", body)

    def issues(self, ids: Sequence[str], fields: Sequence[str]) -> Json:
        """At most 100 issues by id, moved ones too."""
        return self._post("/issue/bulkfetch", {"issueIdsOrKeys": list(ids), "fields": list(fields)})

    def issue(self, issue: str, fields: Sequence[str]) -> Json:
        """One issue by id."""
        found: Json = self.session.ask("GET", f"{API}/issue/{issue}", params={"fields": ",".join(fields)})
        return found

    def changelogs(self, ids: Sequence[str], fields: Sequence[str], token: str | None) -> Json:
        """One page of the changelogs of several issues; ``fields`` (at most 10, none for all) are ids."""
        body: Json = {"issueIdsOrKeys": list(ids), "maxResults": MOST_HISTORIES}
        if fields:
            body["fieldIds"] = list(fields)
        if token:
            body["nextPageToken"] = token
        return self._post("/changelog/bulkfetch", body)

    def changelog(self, issue: str, start: int) -> Json:
        """One page of the changelog of one issue, the oldest first."""
        params: dict[str, str | int] = {"startAt": start, "maxResults": 100}
        found: Json = self.session.ask("GET", f"{API}/issue/{issue}/changelog", params=params)
        return found

    def edit_metadata(self, issue: str) -> Json:
        """The fields that may be written to an issue, with their allowed values."""
        found: Json = self._get(f"/issue/{issue}/editmeta")
        return found

    def edit(self, issue: str, body: Json) -> None:
        """Write to an issue."""
        self.session.ask("PUT", f"{API}/issue/{issue}", body=body)

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON, whose shape was judged by path
        return self.session.ask("GET", API + path)

    def _post(self, path: str, body: Json) -> Json:
        found: Json = self.session.ask("POST", API + path, body=body)
        return found
