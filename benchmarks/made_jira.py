"""A made-up Jira site, Cloud and Data Center in one: issues with their changelogs, in the order of their updates."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from benchmarks.made_servicenow import CATEGORIES, ENVIRONMENTS, SPACING, chance
from benchmarks.serving import Answer, Asked, serve

Json = dict[str, Any]

CUSTOM = ("Environment", "Impact", "Urgency", "Vendor", "Approval")
SYSTEM = (
    "summary", "description", "labels", "reporter", "assignee", "priority", "duedate", "status", "issuetype", "project",
    "components", "created", "updated", "resolutiondate",
)  # fmt: skip
VENDORS = ("OptIT", "GWL", "Helpdesk")
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
LEVELS = ("High", "Medium", "Low")
STATUSES = (("1", "To Do", "new"), ("3", "In Progress", "indeterminate"), ("5", "Done", "done"))
CHANGES = 5
"""Histories of an issue."""
MOST_HISTORIES, MOST_DETAILED = 1_000, 100
_FIRST_ID = 10_000
_IDS = re.compile(r"id in \(([0-9, ]+)\)")
_BOUND = re.compile(r'updated >= "([0-9: -]{16})"')
_SENTENCE = "The portal answers slowly since this morning, and the counter cannot print receipts. "


class Site:
    """``count`` issues, the last of them updated an hour before the site started."""

    def __init__(self, count: int, now: datetime, *, cloud: bool) -> None:
        self.count, self._cloud = count, cloud
        self.first = now.replace(microsecond=0) - timedelta(hours=1) - SPACING * count
        self._issue = lru_cache(20_000)(self._issue_json)
        self._histories = lru_cache(20_000)(self._histories_json)

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request, of those that reading makes."""
        path = asked.path.removeprefix("/rest/api/3" if self._cloud else "/rest/api/2")
        if path == "/search/jql":
            return self._search_cloud({**asked.given, **asked.body})
        if path == "/search":
            return self._search_data_center({**asked.given, **asked.body})
        if path == "/issue/bulkfetch":
            places = [int(number) - _FIRST_ID for number in asked.body["issueIdsOrKeys"]]  # type: ignore[attr-defined]  # a list
            return Answer(b'{"issues":[' + b",".join(self._issue(place) + b"}" for place in places) + b"]}")
        if path == "/changelog/bulkfetch":
            return self._changelogs(asked.body)
        if path == "/user":
            return Answer(json.dumps(_person(int(asked.given["key"].removeprefix("JIRAUSER")))).encode())
        about = self._about().get(path.rpartition("/")[2])
        return Answer(json.dumps(about).encode(), status=200 if about else 404)

    def _about(self) -> Mapping[str, object]:
        kind = "Cloud" if self._cloud else "Server"
        versions = [1001, 0, 0] if self._cloud else [9, 12, 1]
        return {
            "serverInfo": {
                "deploymentType": kind,
                "versionNumbers": versions,
                "version": ".".join(map(str, versions)),
                "serverTime": _told(datetime.now(UTC)),
            },
            "myself": {**_person(0), "timeZone": "Etc/UTC"},
            "field": [
                *({"id": name, "name": name, "custom": False} for name in SYSTEM),
                *({"id": _custom(name), "name": name, "custom": True} for name in CUSTOM),
            ],
            "status": [_status(place) for place in range(3)],
            "bulk": {"values": [_person(place) for place in range(30)]},  # of users
            "approximate-count": {"count": self.count},
        }

    def _search_cloud(self, given: Mapping[str, Any]) -> Answer:
        """Ids alone come 5,000 at once, with details 100, as in the real one."""
        fields = _listed(given.get("fields"))
        detailed = not set(fields) <= {"updated", "created"}
        most = min(int(given["maxResults"]), MOST_DETAILED if detailed else 5_000)
        start = int(given.get("nextPageToken") or 0)
        end = min(start + most, self.count)
        issues = self._page(range(start, end), detailed=detailed, histories="changelog" in (given.get("expand") or ""))
        more = b',"isLast":true}' if end >= self.count else b',"isLast":false,"nextPageToken":"%d"}' % end
        return Answer(b'{"issues":[' + issues + b"]" + more)

    def _search_data_center(self, given: Mapping[str, Any]) -> Answer:
        found, start = self._found(given.get("jql") or ""), int(given.get("startAt") or 0)
        most = min(int(given.get("maxResults") or 50), 1_000)
        detailed = not set(_listed(given.get("fields"))) <= {"updated", "created"}
        places = found[start : start + most]
        issues = self._page(places, detailed=detailed, histories="changelog" in (given.get("expand") or ""))
        head = b'{"startAt":%d,"maxResults":%d,"total":%d,"issues":[' % (start, most, len(found))
        return Answer(head + issues + b"]}")

    def _found(self, jql: str) -> Sequence[int]:
        """The places that a query of Data Center finds: by a list of ids, or ``updated >= "yyyy-mm-dd hh:mm"``."""
        if listed := _IDS.search(jql):
            return [int(number) - _FIRST_ID for number in listed[1].split(",")]
        bound = _BOUND.search(jql)
        if bound is None:
            return range(self.count)
        at = datetime.strptime(bound[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        return range(max(0, -((self._updated(0) - at) // SPACING)), self.count)

    def _page(self, places: Sequence[int], *, detailed: bool, histories: bool) -> bytes:
        if not detailed:
            return b",".join(self._short(place) for place in places)
        if not histories:
            return b",".join(self._issue(place) + b"}" for place in places)
        wrapped = b',"changelog":{"startAt":0,"maxResults":%d,"total":%d,"histories":[' % (CHANGES, CHANGES)
        return b",".join(self._issue(place) + wrapped + self._histories(place) + b"]}}" for place in places)

    def _short(self, place: int) -> bytes:
        short = {"id": str(_FIRST_ID + place), "key": f"OPS-{place + 1}", "fields": {"updated": self._at(place, 240)}}
        return json.dumps(short).encode()

    def _changelogs(self, body: Mapping[str, Any]) -> Answer:
        """Whole issues as long as they fit: ``MOST_HISTORIES`` entries at most."""
        start = int(body.get("nextPageToken") or 0)
        ids = body["issueIdsOrKeys"]
        end = start + MOST_HISTORIES // CHANGES
        logs = b",".join(
            b'{"issueId":"%s","changeHistories":[%s]}' % (one.encode(), self._histories(int(one) - _FIRST_ID))
            for one in ids[start:end]
        )
        more = b',"nextPageToken":"%d"}' % end if end < len(ids) else b"}"
        return Answer(b'{"issueChangeLogs":[' + logs + b"]" + more)

    def _updated(self, place: int) -> datetime:
        return self.first + SPACING * place + timedelta(seconds=240)

    def _at(self, place: int, seconds: int = 0) -> str:
        return _told(self.first + SPACING * place + timedelta(seconds=seconds))

    def _issue_json(self, place: int) -> bytes:
        """One issue, without its last brace."""
        fields = {
            "created": self._at(place),
            "updated": self._at(place, 240),
            "resolutiondate": self._at(place, 200),
            "duedate": None,
            "project": {"id": "1", "key": "OPS", "name": "Operations", "projectTypeKey": "software"},
            "issuetype": {"id": "1", "name": "Incident", "subtask": False},
            "status": _status(2),
            "priority": {"id": str(2 + chance(place, 1, 3)), "name": PRIORITIES[1 + chance(place, 1, 3)]},
            "summary": f"Portal slow in ward {chance(place, 3, 90)}, counter {place}",
            "description": self._description(place),
            "labels": [CATEGORIES[chance(place, 10, len(CATEGORIES))]],
            "components": [{"id": str(chance(place, 12, 20)), "name": f"service {chance(place, 12, 20)}"}],
            "assignee": _person(chance(place, 7, 30)),
            "reporter": _person(chance(place, 8, 200)),
            _custom("Environment"): _option(ENVIRONMENTS[chance(place, 11, len(ENVIRONMENTS))]),
            _custom("Impact"): _option(LEVELS[chance(place, 5, 3)]),
            _custom("Urgency"): _option(LEVELS[chance(place, 6, 3)]),
            _custom("Vendor"): _option(VENDORS[chance(place, 2, 3)]),
            _custom("Approval"): None,
        }
        link = f"https://site.example/rest/api/3/issue/{_FIRST_ID + place}"
        whole = {"id": str(_FIRST_ID + place), "self": link, "key": f"OPS-{place + 1}", "fields": fields}
        return json.dumps(whole, separators=(",", ":")).encode()[:-1]

    def _description(self, place: int) -> object:
        paragraphs = 1 + chance(place, 4, 4)
        if not self._cloud:
            return "\n".join([_SENTENCE * 2] * paragraphs)
        text = {"type": "paragraph", "content": [{"type": "text", "text": _SENTENCE * 2}]}
        return {"type": "doc", "version": 1, "content": [text] * paragraphs}

    def _histories_json(self, place: int) -> bytes:
        vendor = VENDORS[chance(place, 2, 3)]
        changes = (
            (_custom("Vendor"), "Vendor", "", vendor),
            ("status", "status", *_statuses(0, 1)),
            ("assignee", "assignee", "", _person(chance(place, 7, 30))["displayName"]),
            ("priority", "priority", "Low", PRIORITIES[1 + chance(place, 1, 3)]),
            ("status", "status", *_statuses(1, 2)),
        )
        numbers = {"assignee": ("", _person(chance(place, 7, 30))["accountId" if self._cloud else "key"])}
        histories = [
            {
                "id": str(_FIRST_ID + place * CHANGES + number),
                "author": _person(chance(place, 7, 30)),
                "created": self._at(place, 40 * (number + 1)),
                "items": [
                    {
                        "field": name,
                        "fieldtype": "custom" if field != name else "jira",
                        "fieldId": field,
                        "from": numbers.get(field, ("1", "2"))[0] or None,
                        "fromString": old or None,
                        "to": numbers.get(field, ("1", "2"))[1],
                        "toString": new,
                    }
                ],
            }
            for number, (field, name, old, new) in enumerate(changes)
        ]
        return json.dumps(histories, separators=(",", ":")).encode()[1:-1]


def _custom(name: str) -> str:
    return f"customfield_{10_100 + CUSTOM.index(name)}"


def _option(value: str) -> Json:
    return {"self": f"https://site.example/rest/api/3/customFieldOption/{len(value)}", "value": value, "id": "10"}


def _status(place: int) -> Json:
    number, name, category = STATUSES[place]
    return {"id": number, "name": name, "statusCategory": {"id": int(number), "key": category, "name": name}}


def _statuses(before: int, after: int) -> tuple[str, str]:
    return STATUSES[before][1], STATUSES[after][1]


def _person(place: int) -> Json:
    return {
        "self": f"https://site.example/rest/api/3/user?accountId=account-{place}",
        "accountId": f"account-{place}",
        "name": f"user{place}",
        "key": f"JIRAUSER{place}",
        "displayName": f"User {place}",
        "emailAddress": f"user{place}@egov.example",
        "avatarUrls": {"48x48": f"https://site.example/avatar/{place}?size=48"},
        "active": True,
        "timeZone": "Etc/UTC",
    }


def _told(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"


def _listed(fields: str | Sequence[str] | None) -> Sequence[str]:
    return fields.split(",") if isinstance(fields, str) else fields or ()


if __name__ == "__main__":
    serve(Site(int(sys.argv[1]), datetime.now(UTC), cloud=sys.argv[3] == "cloud"), float(sys.argv[2]))
