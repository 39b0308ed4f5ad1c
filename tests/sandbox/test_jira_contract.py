"""Every answer of the Jira stand-in against Atlassian's own OpenAPI document."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.sandbox.clients import Jira, Stage

from itsm_bridge.sandbox.jira.api import ROUTES

CALLS: Mapping[str, tuple[str, Any]] = {
    "GET serverInfo": ("serverInfo", None),
    "GET myself": ("myself", None),
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
    "GET issue/{name}/transitions": ("issue/OPS-1/transitions", None),
    "POST issue/{name}/transitions": ("issue/OPS-1/transitions", {"transition": {"id": "3"}}),
    "PUT issue/{name}/properties/{key}": ("issue/OPS-1/properties/itsm-bridge", {"intent": "1"}),
    "GET issue/{name}/properties/{key}": ("issue/OPS-1/properties/itsm-bridge", None),
}
"""A request for each operation, in an order in which each has something to answer."""

GONE = {"GET search", "POST search"}
"""Operations that are in the document still, and that Jira Cloud took away."""


class Contract:
    """The document, asked for the schema of an operation's answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._paths = {re.sub(r"\{\w+\}", "{}", path): operations for path, operations in document["paths"].items()}

    def check(self, operation: str, status: int, body: object) -> None:
        method, path = operation.split(" ")
        known = self._paths[f"/rest/api/3/{re.sub(r'{[a-z]+}', '{}', path)}"][method.lower()]
        assert str(status) in known["responses"], f"{operation} does not answer {status}"
        content = known["responses"][str(status)].get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is not None:
            jsonschema.Draft7Validator({**schema, "components": self._document["components"]}).validate(body)

    def refusal(self, body: object) -> None:
        schema = {"$ref": "#/components/schemas/ErrorCollection", "components": self._document["components"]}
        jsonschema.Draft7Validator(schema).validate(body)


@pytest.fixture(scope="session")
def contract(shared: Path) -> Contract:
    with gzip.open(shared / "api" / "jira-cloud-v3.json.gz", "rt", encoding="utf-8") as file:
        return Contract(json.load(file))


def _call(jira: Jira, operation: str) -> tuple[int, object]:
    path, body = CALLS[operation]
    answer = jira.call(operation.split(" ", maxsplit=1)[0], f"/rest/api/3/{path}", json=body)
    return answer.status_code, answer.json() if answer.content else None


def test_every_operation_is_tried() -> None:
    assert set(CALLS) | GONE == set(ROUTES)


def test_every_answer_keeps_the_contract(contract: Contract, stage: Stage) -> None:
    jira = stage.jira()
    for operation in CALLS:
        status, body = _call(jira, operation)
        assert status < 300, (operation, body)
        contract.check(operation, status, body)


def test_every_answer_about_loaded_issues_keeps_the_contract(
    contract: Contract, shared: Path, stage_with: Callable[..., Stage]
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
        contract.check(operation, answer.status_code, answer.json())


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
    contract: Contract, untouched: Stage, call: str, body: object, status: int
) -> None:
    method, path = call.split(" ")
    answer = untouched.jira().call(method, f"/rest/api/3/{path}", json=body)
    assert answer.status_code == status
    contract.refusal(answer.json())


def test_every_issue_of_the_population_keeps_the_contract(contract: Contract, untouched: Stage) -> None:
    jira = untouched.jira()
    ids = jira.ids("project in (OPS, ENV)")
    for start in range(0, len(ids), 100):
        body = {"issueIdsOrKeys": ids[start : start + 100], "fields": ["*all"]}
        found = jira.call("POST", "/rest/api/3/issue/bulkfetch", json=body).json()
        contract.check("POST issue/bulkfetch", 200, found)
        assert found["issueErrors"] == []
    logs = jira.call("POST", "/rest/api/3/changelog/bulkfetch", json={"issueIdsOrKeys": ids, "maxResults": 10000})
    contract.check("POST changelog/bulkfetch", 200, logs.json())
