"""A small Jira Cloud of our own: an index that pages by tokens, issues with changelogs, writing by allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.connectors.fakes import CREDENTIALS, NOON, Answer, Seen, World, serving
from tests.connectors.snow import HERE, VENDORS

from itsm_bridge.config.model import FieldMapping, Jira, JiraWrite
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.connectors.jira.documents import texts_of_one
from itsm_bridge.connectors.jira.site import shape
from itsm_bridge.model import State, TicketType

Json = dict[str, Any]

LEVELS = {"high": "1", "medium": "2", "low": "3"}
SOURCE = Jira(
    name="ops",
    url="https://ops.example",
    deployment="cloud",
    projects=("OPS", "ENV"),
    fields={
        "environment": FieldMapping("Environment", {}),
        "service": FieldMapping("components", {}),
        "category": FieldMapping("labels", {}),
        "impact": FieldMapping("Impact", LEVELS),
        "team": FieldMapping("customfield_10050", {}),
    },
    types={"incident": TicketType.INCIDENT, "change": TicketType.CHANGE},
    states={"waiting for customer": State.ON_HOLD},
    priorities={"highest": 1, "high": 2, "medium": 3, "low": 4, "lowest": 5},
    write=JiraWrite(priority="priority", vendor="Vendor", approval="Approval"),
    position=HERE,
)

ENVIRONMENT, IMPACT, VENDOR, APPROVAL, TEAM = (
    f"customfield_{number}" for number in (10040, 10041, 10043, 10044, 10050)
)
NAMES = {ENVIRONMENT: "Environment", IMPACT: "Impact", VENDOR: "Vendor", APPROVAL: "Approval", TEAM: "Team"}
SYSTEM_NAMES = {
    "environment": "Environment",
    "components": "Components",
    "labels": "Labels",
    "priority": "Priority",
    "summary": "Summary",
    "worklog": "Log Work",
}
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
OPTIONS = {VENDOR: ("OptIT", "GWL"), APPROVAL: ("Not required", "Requested", "Approved", "Declined")}
ME = {
    "accountId": "acc-me",
    "displayName": "ITSM bridge",
    "emailAddress": "bridge@egov.example",
    "timeZone": "Asia/Kolkata",
}
ANA = {"accountId": "acc-ana", "displayName": "Ana", "emailAddress": "ana@egov.example"}
HIDDEN = {"accountId": "acc-hid", "displayName": "Hidden Person"}


def told(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"


def option(name: str, number: int = 1) -> Json:
    return {"id": str(number), "value": name}


def status(name: str, category: str = "indeterminate", number: str = "3") -> Json:
    return {"id": number, "name": name, "statusCategory": {"key": category}}


def issue(place: int, updated: datetime = NOON, /, **fields: object) -> Json:
    content: Json = {
        "created": told(NOON - timedelta(days=1)),
        "updated": told(updated),
        "project": {"key": "OPS"},
        "issuetype": {"name": "Incident"},
        "status": status("In Progress"),
        "priority": {"id": "3", "name": "Medium"},
        "summary": "the portal is down",
        "description": {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "no answer"}]}],
        },
        "labels": ["network"],
        "components": [{"id": "7", "name": "portal"}],
        "assignee": ANA,
        "reporter": HIDDEN,
        "resolutiondate": None,
        "duedate": "2026-12-01",
        ENVIRONMENT: option("punjab"),
        IMPACT: option("Medium"),
        VENDOR: option("OptIT"),
        APPROVAL: None,
        TEAM: None,
        **fields,
    }
    return {"id": str(10_000 + place), "key": f"OPS-{place}", "fields": content}


def item(field: str, old: str | None, new: str | None, **more: object) -> Json:
    return {
        "field": NAMES.get(field, field),
        "fieldId": field,
        "from": None,
        "fromString": old,
        "to": None,
        "toString": new,
        **more,
    }


def history(number: int, *items: Json, at: datetime = NOON, author: Json = ANA) -> Json:
    return {"id": str(number), "author": author, "created": told(at), "items": list(items)}


def worklog(number: int, seconds: int = 3600, /, **more: object) -> Json:
    """Time that Ana booked, as the site tells it."""
    told_at = told(NOON - timedelta(hours=2))
    booked: Json = {"id": str(number), "author": ANA, "started": told_at, "created": told_at, "updated": told(NOON)}
    return {**booked, "timeSpentSeconds": seconds, **more}


@dataclass
class Cloud:
    """A site. ``meddle`` may change an answer before it is sent; ``size`` is the size of a search page."""

    issues: dict[str, Json] = field(default_factory=dict)
    histories: dict[str, list[Json]] = field(default_factory=dict)
    size: int = 100
    me: Json = field(default_factory=lambda: dict(ME))
    statuses: list[Json] = field(default_factory=lambda: [status("In Progress"), status("Done", "done", "5")])
    fields: list[Json] = field(default_factory=lambda: [
        *({"id": number, "name": name, "custom": True} for number, name in NAMES.items()),
        *({"id": number, "name": name, "custom": False} for number, name in SYSTEM_NAMES.items()),
    ])  # fmt: skip
    meddle: Callable[[Seen, Answer], Answer] = lambda _, answer: answer
    seen: list[Seen] = field(default_factory=list)
    written: list[Seen] = field(default_factory=list)
    now: datetime = NOON
    requests: dict[str, Json] = field(default_factory=dict)
    worklogs: dict[str, list[Json]] = field(default_factory=dict)
    granted: set[str] = field(default_factory=lambda: {"BROWSE_PROJECTS", "EDIT_ISSUES"})

    def add(self, *issues: Json) -> None:
        self.issues |= {one["id"]: one for one in issues}

    def asked(self, ending: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith(ending)]

    def __call__(self, seen: Seen) -> Answer:
        self.seen.append(seen)
        if seen.method == "PUT":
            self.written.append(seen)
        return self.meddle(seen, self._answer(seen, seen.path.removeprefix("/rest/api/3")))

    def _answer(self, seen: Seen, path: str) -> Answer:
        plain: Mapping[str, object] = {
            "/serverInfo": {"deploymentType": "Cloud", "versionNumbers": [1001], "serverTime": told(self.now)},
            "/myself": self.me,
            "/field": self.fields,
            "/status": self.statuses,
            "/priority": [{"id": str(place), "name": name} for place, name in enumerate(PRIORITIES, 1)],
            "/project/OPS": {"key": "OPS", "projectTypeKey": "service_desk" if self.requests else "software"},
            "/project/ENV": {"key": "ENV", "projectTypeKey": "software"},
            "/mypermissions": {"permissions": self._permissions(seen.query.get("permissions", "").split(","))},
            "/search/approximate-count": {"count": len(self.issues)},
        }
        if path in plain:
            return Answer(plain[path])
        if path.startswith("/rest/servicedeskapi/request/"):
            return self._request(seen, *path.split("/")[4:])
        if path == "/search/jql":
            return self._search(seen.json)
        if path == "/issue/bulkfetch":
            found = [self.issues[number] for number in seen.json["issueIdsOrKeys"] if number in self.issues]
            return Answer({"issues": [self._shown(one, seen.json["fields"]) for one in found], "issueErrors": []})
        if path == "/changelog/bulkfetch":
            return self._changelogs(seen.json)
        return self._one(seen, *path.split("/")[2:])

    def _permissions(self, asked: list[str]) -> Json:
        return {key: {"key": key, "havePermission": key in self.granted} for key in asked}

    def _search(self, body: Json) -> Answer:
        (order,) = re.findall(r"ORDER BY (\w+) ASC, key ASC", body["jql"])
        bound = re.search(rf'{order} >= "-(\d+)m"', body["jql"])
        oldest = told(self.now - timedelta(minutes=int(bound[1]))) if bound else ""
        found = [one for one in self.issues.values() if one["fields"][order] >= oldest]
        found.sort(key=lambda one: (one["fields"][order], int(one["id"])))
        start = int(body.get("nextPageToken", "t0")[1:])
        page = [self._shown(one, body["fields"]) for one in found[start : start + self.size]]
        if start + self.size >= len(found):
            return Answer({"issues": page, "isLast": True})
        return Answer({"issues": page, "isLast": False, "nextPageToken": f"t{start + self.size}"})

    def _changelogs(self, body: Json) -> Answer:
        wanted = set(body.get("fieldIds", []))
        logs = []
        for number in body["issueIdsOrKeys"]:
            kept = [
                {**one, "items": [each for each in one["items"] if not wanted or each.get("fieldId") in wanted]}
                for one in self.histories.get(number, [])
            ]
            logs += [{"issueId": number, "changeHistories": [one]} for one in kept if one["items"]]
        start = int(body.get("nextPageToken", "h0")[1:])
        page: Json = {"issueChangeLogs": logs[start : start + 7]}
        if start + 7 < len(logs):
            page["nextPageToken"] = f"h{start + 7}"
        return Answer(page)

    def _request(self, seen: Seen, number: str, part: str) -> Answer:
        """Approvals or service levels of a request, two at a time."""
        if number not in self.requests:
            return Answer({"errorMessage": "The request could not be found"}, 404)
        values, start = self.requests[number].get(part, []), int(seen.query["start"])
        last = start + 2 >= len(values)
        return Answer({"start": start, "limit": 2, "isLastPage": last, "values": values[start : start + 2]})

    def _one(self, seen: Seen, number: str, rest: str = "") -> Answer:
        found = self.issues.get(number)
        if found is None:
            return Answer({"errorMessages": ["Issue does not exist or you do not have permission to see it."]}, 404)
        if rest == "changelog":
            start = int(seen.query["startAt"])
            some = self.histories.get(number, [])
            return Answer({"values": some[start : start + 5], "startAt": start, "maxResults": 5, "total": len(some)})
        if rest == "worklog":
            start, booked = int(seen.query["startAt"]), self.worklogs.get(number, [])
            return Answer({"startAt": start, "worklogs": booked[start : start + 25], "total": len(booked)})
        if rest == "editmeta":
            return Answer({"fields": self._metadata()})
        if seen.method == "PUT":
            self._edit(found, seen.json["fields"])
            return Answer(None, 204)
        return Answer(self._shown(found, seen.query["fields"].split(",")))

    def _metadata(self) -> Json:
        allowed = {
            number: [option(name, place) for place, name in enumerate(names, 1)] for number, names in OPTIONS.items()
        }
        metadata: Json = {
            number: {"name": NAMES[number], "allowedValues": values} for number, values in allowed.items()
        }
        ranks = [{"id": str(place), "name": name} for place, name in enumerate(PRIORITIES, 1)]
        return {**metadata, "priority": {"name": "Priority", "allowedValues": ranks}}

    def _edit(self, found: Json, fields: Json) -> None:
        for name, value in fields.items():
            before, after = found["fields"].get(name), self._meant(name, value)
            found["fields"][name] = after
            shown = ["".join(texts_of_one(one)) or None for one in (before, after)]
            entry = history(
                90_000 + len(self.written), item(name, *shown), at=self.now, author={**ME, "emailAddress": ""}
            )
            self.histories.setdefault(found["id"], []).append(entry)
        found["fields"]["updated"] = told(self.now)

    def _meant(self, name: str, value: Any) -> object:  # noqa: ANN401 - JSON
        if not isinstance(value, dict):
            return value
        return next(one for one in self._metadata()[name]["allowedValues"] if one["id"] == value["id"])

    def _shown(self, one: Json, fields: list[str]) -> Json:
        booked = self.worklogs.get(one["id"], [])
        beside = {"worklog": {"startAt": 0, "maxResults": 20, "total": len(booked), "worklogs": booked[:20]}}
        every = {**beside, **one["fields"]}
        return {**one, "fields": {name: value for name, value in every.items() if name in fields}}


@contextmanager
def connected(cloud: Cloud, source: Jira = SOURCE, *, largest: int = 4_000_000) -> Iterator[JiraConnector]:
    """A connector to ``cloud`` over HTTP."""
    around = World().surroundings
    with serving(cloud) as web:
        auth = BasicAuth(CREDENTIALS)
        session = GuardedSession("ops", web.url, auth, shape, max_wait=120, surroundings=around, largest=largest)
        yield JiraConnector(source, VENDORS, session, around)
