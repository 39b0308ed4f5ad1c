"""The calls to Jira's REST API: ``python-jira`` for who we are and where, raw JSON for everything else.

Version 3 is Jira Cloud's; Data Center has version 2, another search, and no reading in bulk.

``python-jira`` repeats writes, stops at short pages, translates field names by the last one that matches, and puts
whole answers into its errors. So it gets the guarded session in place of its own, and nothing is paged, parsed or
repeated by it.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from jira import JIRA

from itsm_bridge.connectors.answers import Call, ReadRefused
from itsm_bridge.connectors.http import CONNECT_SECONDS, READ_SECONDS, GuardedSession

MOST_ACCOUNTS = 50
MOST_ISSUES = 100
MOST_HISTORIES = 1_000
MOST_WORKLOGS = 1_000

Json = dict[str, Any]

_CLOSED = frozenset({400, 403, 404})
"""What is said of accounts that are gone, or hidden from ours."""


class _Client(JIRA):
    """``python-jira`` over the guarded session, which signs, waits and judges; it makes none of its own requests."""

    def __init__(self, session: GuardedSession, version: str) -> None:
        super().__init__(
            server=session.base,
            options={"rest_api_version": version, "check_update": False},
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


def _paged(body: object) -> bool:
    """A page of Data Center's search, without whose numbers nobody knows where the end is."""
    return _listed("issues")(body) and all(_holds(name, int)(body) for name in ("total", "startAt", "maxResults"))


def _comments(body: object) -> bool:
    return _listed("comments")(body) and _holds("total", int)(body)


_SHAPES: Mapping[str, Callable[[object], bool]] = {
    "/rest/api/2/search": _paged,
    "/search/jql": _listed("issues"),
    "/search/approximate-count": _holds("count", int),
    "/issue/bulkfetch": _listed("issues"),
    "/changelog/bulkfetch": _listed("issueChangeLogs"),
    "/changelog": _listed("values"),
    "/user/bulk": _listed("values"),
    "/user": lambda body: isinstance(body, dict),
    "/editmeta": _holds("fields", dict),
    "/mypermissions": _holds("permissions", dict),
    "/comment": _comments,
    "/rest/api/2/myself": _holds("name", str),
    "/myself": _holds("accountId", str),
    "/serverInfo": _holds("deploymentType", str),
    "/field": lambda body: isinstance(body, list) and all(isinstance(one, dict) for one in body),
    "/status": lambda body: isinstance(body, list) and all(isinstance(one, dict) for one in body),
    "/priority": lambda body: isinstance(body, list) and all(isinstance(one, dict) for one in body),
    "/issue/{id}": _holds("fields", dict),
    "/request/{id}/approval": _listed("values"),
    "/request/{id}/sla": _listed("values"),
    "/worklog": _listed("worklogs"),
}


def shape(call: Call, body: object) -> str | None:
    """What is wrong with a 200 of Jira, by the path that was asked."""
    if not call.reading:
        return None
    good = next((test(body) for ending, test in _SHAPES.items() if call.path.endswith(ending)), True)
    return None if good else "it is not what this part of Jira answers"


class Site(abc.ABC):
    """One site: what both deployments offer alike."""

    version: ClassVar[str]

    def __init__(self, session: GuardedSession) -> None:
        self.session = session
        self.api = f"/rest/api/{self.version}"
        self._client = _Client(session, self.version)
        session.identify("python-jira")

    @abc.abstractmethod
    def issue(self, issue: str, fields: Sequence[str]) -> Json:
        """One issue by id."""

    @abc.abstractmethod
    def rich_text(self, text: str) -> object:
        """A text as the site takes it where people may format theirs."""

    @abc.abstractmethod
    def newest(self, jql: str) -> Sequence[Json]:
        """At most one issue that a query finds, by id alone."""

    @abc.abstractmethod
    def accounts(self, ids: Sequence[str]) -> Sequence[Json]:
        """The accounts of these ids (Data Center: keys) that we may see."""

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
        found: list[Json] = self.get("/status")
        return found

    def priorities(self) -> list[Json]:
        """All priorities."""
        found: list[Json] = self.get("/priority")
        return found

    def project(self, key: str) -> Json:
        """One project."""
        found: Json = self.get(f"/project/{key}")
        return found

    def whereabouts(self, issue: str) -> Json:
        """One issue by id, with its project alone."""
        found: Json = self.get(f"/issue/{issue}", {"fields": "project"})
        return found

    def permissions(self, project: str, keys: Sequence[str]) -> Json:
        """What the account may do in a project, by the permission's key; Data Center tells of all, asked or not."""
        asked = {"projectKey": project, "permissions": ",".join(keys)}
        found: Json = self.get("/mypermissions", asked)["permissions"]
        return found

    def edit_metadata(self, issue: str) -> Json:
        """The fields that may be written to an issue, with their allowed values."""
        found: Json = self.get(f"/issue/{issue}/editmeta")
        return found

    def worklogs(self, issue: str, start: int) -> Json:
        """One page of the worklogs of an issue, the oldest first."""
        found: Json = self.get(f"/issue/{issue}/worklog", {"startAt": start, "maxResults": MOST_WORKLOGS})
        return found

    def edit(self, issue: str, body: Json) -> None:
        """Write to an issue."""
        self.session.ask("PUT", f"{self.api}/issue/{issue}", body=body)

    def comments(self, issue: str, start: int) -> Json:
        """One page of an issue's comments."""
        found: Json = self.get(f"/issue/{issue}/comment", {"startAt": start, "maxResults": 100})
        return found

    def comment(self, issue: str, body: Json) -> object:
        """Add a comment to an issue; the comment, as far as the site shows it."""
        return self.post(f"/issue/{issue}/comment", body)

    def of_request(self, issue: str, part: str, start: int) -> Json:
        """One page of a customer request's approvals (``approval``) or service levels (``sla``)."""
        path = f"/rest/servicedeskapi/request/{issue}/{part}"
        found: Json = self.session.ask("GET", path, params={"start": start, "limit": 50})
        return found

    def _unless_refused(self, path: str, otherwise: Json) -> Json:
        """What the API answers at a path, ``otherwise`` where it is not there for us."""
        try:
            found: Json = self.get(path)
        except ReadRefused as refusal:
            if refusal.status not in _CLOSED:
                raise
            return otherwise
        return found

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 - JSON, whose shape was judged by path
        """What the API answers at a path."""
        return self.session.ask("GET", self.api + path, params=params)

    def post(self, path: str, body: Json) -> Json:
        """What the API answers to a question that is posted."""
        found: Json = self.session.ask("POST", self.api + path, body=body)
        return found


class CloudSite(Site):
    """One Jira Cloud site."""

    version = "3"

    def rich_text(self, text: str) -> object:
        """See ``Site.rich_text``: an Atlassian document, a paragraph a line."""
        lines = [[{"type": "text", "text": line}] if line else [] for line in text.split("\n")]
        return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": line} for line in lines]}

    def search(self, jql: str, token: str | None, reconcile: Sequence[int], fields: Sequence[str], most: int) -> Json:
        """One page of issues. ``reconcile`` are issues that the index may not know yet."""
        body: Json = {"jql": jql, "fields": list(fields), "maxResults": most}
        if token:
            body["nextPageToken"] = token
        if reconcile:
            body["reconcileIssues"] = list(reconcile)
        return self.post("/search/jql", body)

    def newest(self, jql: str) -> Sequence[Json]:
        """See ``Site.newest``."""
        found: Sequence[Json] = self.search(jql, None, (), ["updated"], 1)["issues"]
        return found

    def count(self, jql: str) -> int:
        """About how many issues a query finds."""
        found: int = self.post("/search/approximate-count", {"jql": jql})["count"]
        return found

    def issues(self, ids: Sequence[str], fields: Sequence[str]) -> Json:
        """At most 100 issues by id, moved ones too."""
        return self.post("/issue/bulkfetch", {"issueIdsOrKeys": list(ids), "fields": list(fields)})

    def issue(self, issue: str, fields: Sequence[str]) -> Json:
        """See ``Site.issue``."""
        found: Json = self.get(f"/issue/{issue}", {"fields": ",".join(fields)})
        return found

    def accounts(self, ids: Sequence[str]) -> Sequence[Json]:
        """See ``Site.accounts``."""
        found: list[Json] = []
        for start in range(0, len(ids), MOST_ACCOUNTS):
            some = ids[start : start + MOST_ACCOUNTS]
            asked = urlencode([("maxResults", str(MOST_ACCOUNTS)), *(("accountId", one) for one in some)])
            found += self._unless_refused(f"/user/bulk?{asked}", {"values": []})["values"]
        return found

    def changelogs(self, ids: Sequence[str], fields: Sequence[str], token: str | None) -> Json:
        """One page of the changelogs of several issues; ``fields`` (at most 10, none for all) are ids."""
        body: Json = {"issueIdsOrKeys": list(ids), "maxResults": MOST_HISTORIES}
        if fields:
            body["fieldIds"] = list(fields)
        if token:
            body["nextPageToken"] = token
        return self.post("/changelog/bulkfetch", body)

    def changelog(self, issue: str, start: int) -> Json:
        """One page of the changelog of one issue, the oldest first."""
        found: Json = self.get(f"/issue/{issue}/changelog", {"startAt": start, "maxResults": 100})
        return found


class DataCenterSite(Site):
    """One Jira Data Center site."""

    version = "2"

    def rich_text(self, text: str) -> object:
        """See ``Site.rich_text``: the text itself."""
        return text

    def search(self, jql: str, start: int, most: int, fields: Sequence[str], *, histories: bool = False) -> Json:
        """One page of a search, with how many there are in all, and how many it was ready to give."""
        body: Json = {"jql": jql, "startAt": start, "maxResults": most, "fields": list(fields)}
        if histories:
            body["expand"] = ["changelog"]
        return self.post("/search", body)

    def newest(self, jql: str) -> Sequence[Json]:
        """See ``Site.newest``."""
        found: Sequence[Json] = self.search(jql, 0, 1, ["updated"])["issues"]
        return found

    def issue(self, issue: str, fields: Sequence[str]) -> Json:
        """See ``Site.issue``; its changelog comes with it, as there is no other way to one."""
        found: Json = self.get(f"/issue/{issue}", {"fields": ",".join(fields), "expand": "changelog"})
        return found

    def accounts(self, ids: Sequence[str]) -> Sequence[Json]:
        """See ``Site.accounts``: one by one, there is no other way."""
        found = [self._unless_refused(f"/user?{urlencode({'key': one})}", {}) for one in ids]
        return [account for account in found if account]
