"""Every request that the Jira connector makes of Jira Cloud, against Atlassian's documents; the writes first of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.cloud import APPROVAL, SOURCE, VENDOR, Cloud, connected, history, issue, item, worklog
from tests.connectors.fakes import NOON, Answer, Seen
from tests.contract.openapi import JIRA, SERVICE_MANAGEMENT, BreachError, Document, Request

from itsm_bridge.config.model import FieldMapping, JiraWrite
from itsm_bridge.connectors.base import Write
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.model import Ticket

PLATFORM, DESK = "/rest/api/3/", "/rest/servicedeskapi/"
EDIT = "PUT /rest/api/3/issue/{issueIdOrKey}"
READS = {
    "GET /rest/api/3/field",
    "GET /rest/api/3/issue/{issueIdOrKey}",
    "GET /rest/api/3/issue/{issueIdOrKey}/changelog",
    "GET /rest/api/3/issue/{issueIdOrKey}/editmeta",
    "GET /rest/api/3/issue/{issueIdOrKey}/worklog",
    "GET /rest/api/3/mypermissions",
    "GET /rest/api/3/myself",
    "GET /rest/api/3/priority",
    "GET /rest/api/3/project/{projectIdOrKey}",
    "GET /rest/api/3/serverInfo",
    "GET /rest/api/3/status",
    "GET /rest/api/3/user/bulk",
    "POST /rest/api/3/changelog/bulkfetch",
    "POST /rest/api/3/issue/bulkfetch",
    "POST /rest/api/3/search/approximate-count",
    "POST /rest/api/3/search/jql",
    "GET /rest/servicedeskapi/request/{issueIdOrKey}/approval",
    "GET /rest/servicedeskapi/request/{issueIdOrKey}/sla",
}
"""All that the connector asks of Jira Cloud."""

WRITES: Mapping[str, Mapping[str, str | int]] = {
    "priority": {"priority": 1},
    "vendor": {"vendor": "GWL"},
    "a vendor taken away": {"vendor": ""},
    "approval": {"approval": "requested"},
    "a rejection": {"approval": "rejected"},
    "all at once": {"priority": 5, "vendor": "OptIT", "approval": "not_required"},
}


class Documents:
    """Both documents: the platform's, and the one of Jira Service Management."""

    def __init__(self, folder: Path) -> None:
        self._by_root = {
            PLATFORM: Document.read(folder / JIRA),
            DESK: Document.read(folder / SERVICE_MANAGEMENT),
        }

    def check(self, seen: Seen) -> str:
        (document,) = (one for root, one in self._by_root.items() if seen.path.startswith(root))
        body = seen.json if seen.body else None
        return document.check_request(Request(seen.method, seen.path, seen.query, body))

    def check_all(self, seen: Iterable[Seen]) -> set[str]:
        return {self.check(one) for one in seen}


@pytest.fixture(scope="module")
def documents(shared: Path) -> Documents:
    return Documents(shared / "api")


def site(count: int = 1) -> Cloud:
    cloud = Cloud(size=100)
    cloud.add(*(issue(number, NOON - timedelta(minutes=number)) for number in range(1, count + 1)))
    return cloud


def pushed(cloud: Cloud, values: Mapping[str, str | int]) -> Seen:
    """The one request that writes ``values``."""
    with connected(cloud) as connector:
        connector.push(Write(a_ticket(connector), values, ("asha@egov.example",), "marker-1"))
    (sent,) = cloud.written
    return sent


def a_ticket(connector: JiraConnector) -> Ticket:
    page = next(iter(connector.fetch("issues", None)))
    return page.records[0].ticket


# --- writing ---


def test_every_field_that_may_be_written_is_tried() -> None:
    assert {ours for values in WRITES.values() for ours in values} == set(SOURCE.writable)
    everything = replace(SOURCE, write=JiraWrite("p", "v", "a"), fields={"impact": FieldMapping("Impact", {})})
    assert set(everything.writable) == set(SOURCE.writable)


@pytest.mark.parametrize("what", WRITES)
def test_a_write_keeps_atlassian_s_contract(documents: Documents, what: str) -> None:
    sent = pushed(site(), WRITES[what])
    assert documents.check(sent) == EDIT
    assert len(sent.json["fields"]) == len(WRITES[what])
    assert sent.json["properties"][0]["key"] == "itsm-bridge"
    assert sent.headers["Content-Type"] == "application/json"


def test_a_write_into_a_field_of_plain_text_keeps_it_too(documents: Documents) -> None:
    cloud = site()
    plain = {"fields": {VENDOR: {"schema": {"type": "string"}}}}
    cloud.meddle = lambda seen, answer: Answer(plain) if seen.path.endswith("/editmeta") else answer
    sent = pushed(cloud, {"vendor": "GWL"})
    assert sent.json["fields"] == {VENDOR: "GWL"}
    assert documents.check(sent) == EDIT


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: {**body, "fields": [body["fields"]]},
        lambda body: {**body, "field": body["fields"]},
        lambda body: {**body, "properties": body["properties"][0]},
        lambda body: {**body, "properties": [{**body["properties"][0], "name": "x"}]},
        lambda body: {**body, "properties": [{"key": 7}]},
        lambda body: {**body, "update": {VENDOR: {"set": None}}},
        lambda body: [body],
    ],
)
def test_a_write_that_breaks_the_contract_would_be_found(documents: Documents, spoil: Callable[[Any], Any]) -> None:
    sent = pushed(site(), {"vendor": "GWL", "approval": "approved"})
    assert APPROVAL in sent.json["fields"]
    good = Request(sent.method, sent.path, sent.query, sent.json)
    document = documents._by_root[PLATFORM]
    assert document.check_request(good) == EDIT
    with pytest.raises(BreachError):
        document.check_request(replace(good, body=spoil(good.body)))
    for wrong in (replace(good, path=f"{good.path}s/x"), replace(good, query={"notify": "false"})):
        with pytest.raises(BreachError):
            document.check_request(wrong)


# --- reading ---


def without_bulk(seen: Seen, answer: Answer) -> Answer:
    """A site without changelogs in bulk."""
    return Answer({}, 404) if seen.path.endswith("/changelog/bulkfetch") else answer


@contextmanager
def desk(cloud: Cloud) -> Iterator[JiraConnector]:
    """A connector that reads all that can be read."""
    write = JiraWrite(priority="priority", vendor="Vendor", votes=True)
    with connected(cloud, replace(SOURCE, write=write, worklogs=True)) as connector:
        yield connector


def a_busy_site() -> Cloud:
    cloud = site(250)
    cloud.requests["10001"] = {"approval": [], "sla": []}
    cloud.worklogs["10002"] = [worklog(number) for number in range(30)]
    items = (item("status", "a", "b"), item("assignee", "Bo", "Cy", **{"from": "acc-bo", "to": "acc-cy"}))
    cloud.histories = {str(number): [history(number, *items)] for number in range(10_001, 10_021)}
    return cloud


def all_that_is_read(cloud: Cloud) -> Sequence[Seen]:
    """The requests of everything that a connector can be asked to read, in the usual way and in the roundabout one."""
    with desk(cloud) as connector:
        pages = list(connector.fetch("issues", None))
        ticket = pages[0].records[0].ticket
        connector.push(Write(ticket, {"priority": 1}, (), "marker-1"))
        list(connector.fetch("issues", pages[0].bookmark))
        list(connector.census("issues"))
        connector.fetch_ids("issues", ["10001", "10002", "99999"])
        connector.absence("issues", "10001")
        connector.absence("issues", "99999")
        connector.count_by_day("issues", NOON.date())
        connector.read(ticket)
        connector.doctor()
        cloud.meddle = without_bulk
        connector.fetch_ids("issues", ["10001", "10002"])
    return cloud.seen


def test_every_request_keeps_atlassian_s_contract_and_only_one_of_them_writes(documents: Documents) -> None:
    seen = all_that_is_read(a_busy_site())
    assert documents.check_all(seen) == READS | {EDIT}
    assert len([one for one in seen if one.method == "PUT"]) == 1


def test_the_requests_differ_by_what_was_written_and_by_where_a_walk_stands(documents: Documents) -> None:
    searches = [one.json for one in all_that_is_read(a_busy_site()) if one.path.endswith("/search/jql")]
    members = {member for body in searches for member in body}
    assert members == {"jql", "fields", "maxResults", "nextPageToken", "reconcileIssues"}
    sample = searches[0]
    for wrong in ({"nextPageTokn": "x"}, {"reconcileIssues": "10001"}, {"maxResults": "50"}, {"fields": "status"}):
        with pytest.raises(BreachError):
            documents._by_root[PLATFORM].check_request(Request("POST", f"{PLATFORM}search/jql", {}, sample | wrong))
