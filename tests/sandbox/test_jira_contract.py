"""Every answer of the Jira stand-in against Atlassian's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.contract.openapi import JIRA, Document
from tests.sandbox.clients import Jira, Stage

from itsm_bridge.sandbox.jira.api import ROUTES

CALLS: Mapping[str, tuple[str, Any]] = {
    "GET serverInfo": ("serverInfo", None),
    "GET myself": ("myself", None),
    "GET user/bulk": ("user/bulk?accountId=5b1073d0b9d85845eb8ffc7d&accountId=5b10be0c580f8a6b9e205ea4", None),
    "GET field": ("field", None),
    "GET status": ("status", None),
    "GET statuses/search": ("statuses/search?maxResults=3", None),
    "GET priority": ("priority", None),
    "GET issuetype": ("issuetype", None),
    "GET project": ("project", None),
    "GET project/search": ("project/search", None),
    "GET project/{name}": ("project/OPS", None),
    "GET mypermissions": ("mypermissions?permissions=BROWSE_PROJECTS,EDIT_ISSUES", None),
    "GET search/jql": ("search/jql?jql=project%20%3D%20OPS&fields=*all&maxResults=100", None),
    "POST search/jql": (
        "search/jql",
        {"jql": "project in (OPS, ENV) ORDER BY updated", "fields": ["*all"], "expand": "changelog", "maxResults": 100},
    ),
    "POST issue/bulkfetch": (
        "issue/bulkfetch",
        {"issueIdsOrKeys": ["OPS-1", "ENV-1", "OPS-77777"], "fields": ["*all"], "properties": ["itsm-bridge"]},
    ),
    "POST changelog/bulkfetch": ("changelog/bulkfetch", {"issueIdsOrKeys": ["OPS-1", "OPS-2", "ENV-1"]}),
    "GET issue/{name}": ("issue/OPS-1?expand=changelog,editmeta,names", None),
    "PUT issue/{name}": (
        "issue/OPS-1?returnIssue=true",
        {"fields": {"priority": {"id": "1"}}, "historyMetadata": {"type": "itsm-bridge"}},
    ),
    "DELETE issue/{name}": ("issue/ENV-2", None),
    "GET issue/{name}/editmeta": ("issue/OPS-1/editmeta", None),
    "GET issue/{name}/changelog": ("issue/OPS-1/changelog", None),
    "POST issue/{name}/comment": (
        "issue/OPS-1/comment",
        {
            "body": {"type": "doc", "version": 1, "content": []},
            "properties": [{"key": "sd.public.comment", "value": {"internal": True}}],
        },
    ),
    "GET issue/{name}/comment": ("issue/OPS-1/comment", None),
    "GET issue/{name}/transitions": ("issue/OPS-1/transitions", None),
    "POST issue/{name}/transitions": ("issue/OPS-1/transitions", {"transition": {"id": "3"}}),
    "POST search/approximate-count": ("search/approximate-count", {"jql": "project = OPS"}),
    "POST issue/{name}/worklog": ("issue/OPS-1/worklog", {"timeSpentSeconds": 1800}),
    "GET issue/{name}/worklog": ("issue/OPS-1/worklog", None),
    "DELETE issue/{name}/worklog/{key}": ("issue/OPS-1/worklog/40001", None),
    "PUT issue/{name}/properties/{key}": ("issue/OPS-1/properties/itsm-bridge", {"intent": "1"}),
    "GET issue/{name}/properties/{key}": ("issue/OPS-1/properties/itsm-bridge", None),
}
"""A request for each operation, in an order in which each has something to answer."""

GONE = {"GET search", "POST search"}
"""Operations that are in the document still, and that Jira Cloud took away."""


@pytest.fixture(scope="session")
def contract(shared: Path) -> Document:
    return Document.read(shared / "api" / JIRA)


def _call(jira: Jira, operation: str) -> tuple[int, object]:
    path, body = CALLS[operation]
    answer = jira.call(operation.split(" ", maxsplit=1)[0], f"/rest/api/3/{path}", json=body)
    return answer.status_code, answer.json() if answer.content else None


def _check(contract: Document, operation: str, status: int, body: object) -> None:
    method, path = operation.split(" ")
    contract.check_answer(method, f"/rest/api/3/{path}", status, body)


def test_every_operation_is_tried() -> None:
    assert set(CALLS) | GONE == set(ROUTES)


def test_every_answer_keeps_the_contract(contract: Document, stage: Stage) -> None:
    jira = stage.jira()
    for operation in CALLS:
        status, body = _call(jira, operation)
        assert status < 300, (operation, body)
        assert not isinstance(body, dict) or body.get("values") != [], operation
        _check(contract, operation, status, body)


def test_every_answer_about_loaded_issues_keeps_the_contract(
    contract: Document, shared: Path, stage_with: Callable[..., Stage]
) -> None:
    jira = stage_with(loads=[shared / "data" / "jira" / "issues_with_changelog.json"]).jira()
    wanted: Mapping[str, tuple[str, Any]] = {
        "GET field": ("field", None),
        "GET status": ("status", None),
        "GET priority": ("priority", None),
        "GET issuetype": ("issuetype", None),
        "GET project/{name}": ("project/SP", None),
        "POST search/jql": ("search/jql", {"jql": "project = SP", "fields": ["*all"], "expand": "changelog"}),
        "POST issue/bulkfetch": ("issue/bulkfetch", {"issueIdsOrKeys": ["SP-1", "SP-15", "10009"], "fields": ["*all"]}),
        "POST changelog/bulkfetch": ("changelog/bulkfetch", {"issueIdsOrKeys": ["SP-1", "SP-10", "SP-15"]}),
        "GET issue/{name}": ("issue/SP-10?expand=changelog,editmeta", None),
        "GET issue/{name}/editmeta": ("issue/SP-10/editmeta", None),
        "GET issue/{name}/changelog": ("issue/SP-15/changelog", None),
    }
    for operation, (path, body) in wanted.items():
        answer = jira.call(operation.split(" ")[0], f"/rest/api/3/{path}", json=body)
        _check(contract, operation, answer.status_code, answer.json())


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("POST search/jql", {"jql": "nope = 1"}, 400),
        ("POST search/jql", {"jql": ""}, 400),
        ("POST issue/bulkfetch", {"issueIdsOrKeys": []}, 400),
        ("POST changelog/bulkfetch", {"issueIdsOrKeys": []}, 400),
        ("GET issue/OPS-77777", None, 404),
        ("GET project/NOPE", None, 404),
        ("PUT issue/OPS-1", {"fields": {"nope": 1}}, 400),
        ("GET issue/OPS-1/properties/nope", None, 404),
        ("GET mypermissions", None, 400),
        ("POST search/jql", {"jql": "project = OPS", "maxResults": "many"}, 400),
        ("GET project/search?startAt=x", None, 400),
        ("GET search", None, 410),
    ],
)
def test_every_refusal_is_a_collection_of_errors(
    contract: Document, untouched: Stage, call: str, body: object, status: int
) -> None:
    method, path = call.split(" ")
    answer = untouched.jira().call(method, f"/rest/api/3/{path}", json=body)
    assert answer.status_code == status
    contract.check_named("ErrorCollection", answer.json())


def test_every_issue_of_the_population_keeps_the_contract(contract: Document, untouched: Stage) -> None:
    jira = untouched.jira()
    ids = jira.ids("project in (OPS, ENV)")
    for start in range(0, len(ids), 100):
        body = {"issueIdsOrKeys": ids[start : start + 100], "fields": ["*all"]}
        found = jira.call("POST", "/rest/api/3/issue/bulkfetch", json=body).json()
        _check(contract, "POST issue/bulkfetch", 200, found)
        assert found["issueErrors"] == []
    logs = jira.call("POST", "/rest/api/3/changelog/bulkfetch", json={"issueIdsOrKeys": ids, "maxResults": 10000})
    _check(contract, "POST changelog/bulkfetch", 200, logs.json())
