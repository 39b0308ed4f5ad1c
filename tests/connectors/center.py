"""A small Jira Data Center of our own: a search by minutes of a zone, hidden issues, a cap, and a window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.connectors import cloud
from tests.connectors.cloud import Cloud
from tests.connectors.fakes import NOON, Answer, Seen

from itsm_bridge.config.model import Jira
from itsm_bridge.connectors.jira.connector import JiraConnector

Json = dict[str, Any]

SOURCE = replace(cloud.SOURCE, deployment="data_center")
ME = {
    "key": "JIRAUSER10001",
    "name": "bridge",
    "displayName": "ITSM bridge",
    "emailAddress": "bridge@egov.example",
    "timeZone": "Asia/Kolkata",
}
EVERY_PERMISSION = (
    *("SYSTEM_ADMIN", "ADMINISTER", "ADMINISTER_PROJECTS", "BROWSE_PROJECTS", "EDIT_ISSUES", "DELETE_ISSUES"),
    *("MOVE_ISSUES", "DELETE_ALL_COMMENTS", "DELETE_ALL_WORKLOGS", "DELETE_ALL_ATTACHMENTS"),
)
ANA = {"key": "JIRAUSER10002", "name": "ana", "displayName": "Ana", "emailAddress": "ana@egov.example"}
HIDDEN = {"key": "JIRAUSER10003", "name": "hidden", "displayName": "Hidden Person"}


def issue(place: int, updated: datetime = NOON, /, **fields: object) -> Json:
    people = {"assignee": ANA, "reporter": HIDDEN, "description": "no *answer*"}
    return cloud.issue(place, updated, **{**people, **fields})


def item(name: str, old: str | None, new: str | None, **more: object) -> Json:
    """A change as Data Center tells it: without the id of the field."""
    told = cloud.item(name, old, new, **more)
    kind = "custom" if name in cloud.NAMES else "jira"
    return {**{key: value for key, value in told.items() if key != "fieldId"}, "fieldtype": kind}


def history(number: int, *items: Json, at: datetime = NOON) -> Json:
    return cloud.history(number, *items, at=at, author=ANA)


@dataclass
class Center(Cloud):
    """A site. ``before`` is called before each search; ``fold`` is how it reads a minute that comes twice."""

    me: Json = field(default_factory=lambda: dict(ME))
    cap: int = 100
    window: int = 10_000
    fold: int = 1
    hidden: set[str] = field(default_factory=set)
    stale: dict[str, str] = field(default_factory=dict)
    before: Callable[[int], None] = lambda _: None

    def __call__(self, seen: Seen) -> Answer:
        self.seen.append(seen)
        if seen.method == "PUT":
            self.written.append(seen)
        return self.meddle(seen, self._answer(seen, seen.path.removeprefix("/rest/api/2")))

    def searches(self) -> list[Json]:
        """The walks' questions, without those for details."""
        return [seen.json for seen in self.asked("/search") if "changelog" not in seen.json.get("expand", [])]

    def _answer(self, seen: Seen, path: str) -> Answer:
        if path == "/serverInfo":
            return Answer({"deploymentType": "Server", "versionNumbers": [9, 12], "serverTime": cloud.told(self.now)})
        if path == "/user":
            found = [one for one in (ME, ANA, HIDDEN) if one["key"] == seen.query["key"]]
            return Answer(found[0]) if found else Answer({"errorMessages": ["The user does not exist"]}, 404)
        if path == "/search":
            self.before(len(self.asked("/search")))
            return self._pages(seen.json)
        if path in {"/search/jql", "/search/approximate-count", "/issue/bulkfetch", "/changelog/bulkfetch"}:
            return Answer({"errorMessages": ["null for uri"]}, 404)
        return super()._answer(seen, path)

    def _permissions(self, asked: list[str]) -> Json:  # noqa: ARG002 - all are told, whatever was asked for
        return super()._permissions([*EVERY_PERMISSION])

    def _pages(self, body: Json) -> Answer:
        jql, start, most = body["jql"], body["startAt"], min(body["maxResults"], self.cap)
        if start + most > self.window:
            return Answer({"errorMessages": ["Result window is too large"]}, 400)
        wanted = re.match(r"id in \(([\d, ]+)\)", jql)
        found = self._by_ids(wanted[1].split(", ")) if wanted else self._by_time(jql)
        if found is None:
            return Answer({"errorMessages": ["A value with ID '1' does not exist for the field 'id'."]}, 400)
        page = [self._bean(one, body) for one in found[start : start + most] if one["id"] not in self.hidden]
        return Answer({"startAt": start, "maxResults": most, "total": len(found), "issues": page})

    def _by_ids(self, ids: list[str]) -> list[Json] | None:
        return [self.issues[one] for one in ids] if set(ids) <= self.issues.keys() - self.hidden else None

    def _by_time(self, jql: str) -> list[Json]:
        (order,) = re.findall(r"ORDER BY (\w+) ASC, key ASC", jql)
        bound = re.search(rf'{order} >= "([\d :-]+)"', jql)
        lowest = self._read(bound[1]) if bound else ""

        def place(one: Json) -> str:
            known: str = one["fields"][order]
            return self.stale.get(one["id"], known) if order == "updated" else known

        found = [one for one in self.issues.values() if place(one) >= lowest]
        return sorted(found, key=lambda one: (place(one), int(one["id"])))

    def _read(self, minute: str) -> str:
        zone = ZoneInfo(self.me["timeZone"])
        at = datetime.strptime(minute, "%Y-%m-%d %H:%M").replace(tzinfo=zone, fold=self.fold)
        return cloud.told(at.astimezone(UTC))

    def _bean(self, one: Json, body: Json) -> Json:
        shown = self._shown(one, body["fields"])
        return self._with_log(shown) if "changelog" in body.get("expand", []) else shown

    def _with_log(self, shown: Json) -> Json:
        logs = self.histories.get(shown["id"], [])
        return {**shown, "changelog": {"startAt": 0, "maxResults": len(logs), "total": len(logs), "histories": logs}}

    def _one(self, seen: Seen, number: str, rest: str = "") -> Answer:
        if number in self.hidden:
            return Answer({"errorMessages": ["You do not have the permission to see the specified issue."]}, 403)
        answer = super()._one(seen, number, rest)
        if isinstance(answer.body, dict) and seen.query.get("expand") == "changelog" and answer.status == 200:
            return Answer(self._with_log(answer.body))
        return answer

    def _edit(self, found: Json, fields: Json) -> None:
        super()._edit(found, fields)
        for entry in self.histories[found["id"]]:
            if entry["author"].get("accountId") == cloud.ME["accountId"]:
                entry["author"] = ME
                entry["items"] = [{**one, "fieldtype": "custom"} for one in entry["items"]]


@contextmanager
def connected(center: Center, source: Jira = SOURCE, *, largest: int = 8_000_000) -> Iterator[JiraConnector]:
    """A connector to ``center`` over HTTP."""
    with cloud.connected(center, source, largest=largest) as connector:
        yield connector
