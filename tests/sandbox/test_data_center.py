from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.sandbox.clients import NOW, Server, Stage

from itsm_bridge.sandbox import Kind
from itsm_bridge.sandbox.jira import data_center
from itsm_bridge.sandbox.jira.site import instant


@pytest.fixture
def site(stage_with: Callable[..., Stage]) -> Stage:
    return stage_with(deployment_jira="data_center")


def test_it_says_that_it_is_a_server(untouched_server: Stage) -> None:
    assert untouched_server.sandbox.deployment == "data_center"
    info = untouched_server.server().get("/rest/api/2/serverInfo").json()
    assert (info["deploymentType"], info["versionNumbers"][0]) == ("Server", 10)


@pytest.mark.parametrize(
    "path", ["/rest/api/3/myself", "/rest/api/2/search/jql?jql=project=OPS", "/rest/api/2/issue/OPS-1/changelog"]
)
def test_what_cloud_alone_has_is_not_there(untouched_server: Stage, path: str) -> None:
    assert untouched_server.server().get(path).status_code == 404


def test_a_token_and_a_password_sign_in_and_nothing_else_does(untouched_server: Stage) -> None:
    me = untouched_server.server().get("/rest/api/2/myself").json()
    assert (me["name"], me["timeZone"]) == ("bridge", "Asia/Kolkata")
    assert "accountId" not in me
    url, account = f"{untouched_server.sandbox.jira_url}/rest/api/2/myself", untouched_server.sandbox.account
    assert requests.get(url, auth=(account.user, account.password), timeout=30).json()["name"] == "bridge"
    assert requests.get(url, auth=("asha.k", account.password), timeout=30).json()["displayName"] == "Asha Kumari"
    assert requests.get(url, auth=(account.email, account.token), timeout=30).status_code == 401
    assert untouched_server.server("wrong").get("/rest/api/2/myself").status_code == 401
    assert requests.get(url, timeout=30).status_code == 401


def test_cloud_takes_no_personal_access_token(untouched: Stage) -> None:
    assert untouched.server().get("/rest/api/3/myself").status_code == 401


def test_people_have_names_and_texts_are_texts(untouched_server: Stage) -> None:
    issue = untouched_server.server().issue("OPS-1", expand="changelog")
    assert isinstance(issue["fields"]["description"], str)
    assert issue["self"].endswith(f"/rest/api/2/issue/{issue['id']}")
    assert set(issue["fields"]["reporter"]) >= {"name", "key", "displayName", "emailAddress"}
    assert "accountId" not in str(issue)
    items = [item for one in issue["changelog"]["histories"] for item in one["items"]]
    assert items
    assert all(set(item) == {"field", "fieldtype", "from", "fromString", "to", "toString"} for item in items)


def test_the_changelog_of_an_issue_is_whole_and_the_oldest_first(site: Stage) -> None:
    server = site.server()
    for round_ in range(120):
        assert server.edit("OPS-1", summary=f"change {round_}").status_code == 204
    log = server.issue("OPS-1", expand="changelog")["changelog"]
    assert log["total"] == log["maxResults"] == len(log["histories"]) >= 120
    moments = [instant(one["created"]) for one in log["histories"]]
    assert moments == sorted(moments)
    (found,) = server.search("key = OPS-1", expand=["changelog"], fields=["summary"]).json()["issues"]
    assert found["changelog"] == log


def _walk(server: Server, jql: str, **more: object) -> list[dict[str, Any]]:
    pages, start = [], 0
    while True:
        page = server.search(jql, startAt=start, **more).json()
        pages.append(page)
        start += page["maxResults"]
        if start >= page["total"]:
            return pages


def test_search_pages_by_offset_under_a_cap_of_the_servers(untouched_server: Stage) -> None:
    pages = _walk(untouched_server.server(), "ORDER BY updated ASC, key ASC", maxResults=1000, fields=["updated"])
    assert {page["maxResults"] for page in pages} == {100}
    seen = [issue["id"] for page in pages for issue in page["issues"]]
    assert len(seen) == len(set(seen)) == pages[0]["total"] > 200


def test_get_and_post_search_alike(untouched_server: Stage) -> None:
    server = untouched_server.server()
    asked = {"jql": "project = OPS ORDER BY key", "startAt": "2", "maxResults": "3", "fields": "summary,status"}
    got = server.get("/rest/api/2/search", **asked).json()
    posted = server.search(asked["jql"], startAt=2, maxResults=3, fields=["summary", "status"]).json()
    assert got == posted
    assert set(got["issues"][0]["fields"]) == {"summary", "status"}


def test_without_fields_every_navigable_one_comes(untouched_server: Stage) -> None:
    (issue,) = untouched_server.server().search("key = OPS-1").json()["issues"]
    assert {"summary", "status", "updated", "project"} <= set(issue["fields"])
    (bare,) = untouched_server.server().search("key = OPS-1", fields=["id"]).json()["issues"]
    assert bare["key"] == "OPS-1"


def test_the_window_of_a_search_ends(untouched_server: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert untouched_server.server().search("project = OPS", startAt=9_901, maxResults=100).status_code == 400
    assert untouched_server.server().search("project = OPS", startAt=9_900, maxResults=1000).status_code == 200
    monkeypatch.setattr(data_center, "WINDOW", 150)
    assert untouched_server.server().search("project = OPS", startAt=100, maxResults=100).status_code == 400


def test_hidden_issues_shorten_pages_and_are_counted(site: Stage) -> None:
    site.sandbox.faults = replace(site.sandbox.faults, hidden_share=0.5)
    pages = _walk(site.server(), "ORDER BY key", maxResults=20, fields=["id"])
    seen = sum(len(page["issues"]) for page in pages)
    assert any(len(page["issues"]) < 20 for page in pages[:-1])
    assert 0.3 * pages[0]["total"] < seen < 0.7 * pages[0]["total"]
    assert seen == sum(one.product == "jira" for one in site.sandbox.truth())


def test_minutes_of_a_query_are_those_of_the_accounts_zone(stage_with: Callable[..., Stage]) -> None:
    site = stage_with(deployment_jira="data_center", zone="America/New_York", clock="manual")
    assert site.server().get("/rest/api/2/myself").json()["timeZone"] == "America/New_York"
    site.sandbox.clock.advance(3600)
    site.sandbox.edit("OPS-1", {"summary": "just now"})
    local = NOW + timedelta(hours=1) - timedelta(hours=5)
    found = site.server().search(f'updated >= "{local:%Y-%m-%d %H:%M}"').json()
    assert [one["key"] for one in found["issues"]] == ["OPS-1"]
    assert site.server().search(f'updated >= "{local + timedelta(minutes=1):%Y-%m-%d %H:%M}"').json()["total"] == 0


def test_an_edit_takes_names_and_text(site: Stage) -> None:
    server = site.server()
    assert server.edit("OPS-1", assignee={"name": "dev.p"}, description="*bold*\nmore").status_code == 204
    fields = server.issue("OPS-1")["fields"]
    assert (fields["assignee"]["name"], fields["description"]) == ("dev.p", "*bold*\nmore")
    assert server.edit("OPS-1", assignee=None).status_code == 204
    assert server.issue("OPS-1")["fields"]["assignee"] is None


@pytest.mark.parametrize(
    "fields",
    [{"assignee": {"name": "nobody.n"}}, {"assignee": {"accountId": "x"}}, {"description": {"type": "doc"}}],
)
def test_an_edit_in_clouds_words_is_refused(untouched_server: Stage, fields: dict[str, Any]) -> None:
    answer = untouched_server.server().edit("OPS-1", **fields)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(fields)


def test_properties_and_marks_go_with_an_edit(site: Stage) -> None:
    server = site.server()
    body = {
        "fields": {"priority": {"id": "1"}},
        "properties": [{"key": "itsm-bridge", "value": {"intent": 7}}],
        "historyMetadata": {"type": "itsm-bridge"},
    }
    server.edit("OPS-1", priority={"id": "2"})
    assert server.call("PUT", "/rest/api/2/issue/OPS-1", json=body).status_code == 204
    kept = server.get("/rest/api/2/issue/OPS-1/properties/itsm-bridge").json()
    assert kept == {"key": "itsm-bridge", "value": {"intent": 7}}
    assert server.issue("OPS-1", properties="itsm-bridge")["properties"] == {"itsm-bridge": {"intent": 7}}
    last = server.issue("OPS-1", expand="changelog")["changelog"]["histories"][-1]
    assert (last["author"]["name"], last["historyMetadata"]) == ("bridge", {"type": "itsm-bridge"})


@pytest.mark.parametrize("what", ["field", "status", "priority", "project", "issuetype", "issue/OPS-1/editmeta"])
def test_what_the_site_consists_of_can_be_read(untouched_server: Stage, what: str) -> None:
    answer = untouched_server.server().get(f"/rest/api/2/{what}")
    assert answer.status_code == 200
    assert answer.json()
    assert "accountId" not in answer.text


def test_a_limit_is_told_in_data_centers_own_headers(site: Stage) -> None:
    site.sandbox.strike(Kind.RATE_LIMITED)
    answer = site.server().get("/rest/api/2/myself")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.headers["X-RateLimit-FillRate"] == "10"
    assert "X-RateLimit-Reset" not in answer.headers


def test_loaded_issues_are_told_in_the_same_words(shared: Path, stage_with: Callable[..., Stage]) -> None:
    path = shared / "data" / "jira" / "issues_with_changelog.json"
    server = stage_with(deployment_jira="data_center", loads=[path]).server()
    pages = _walk(server, "ORDER BY updated ASC, key ASC", fields=["*all"], expand=["changelog"])
    issues = [issue for page in pages for issue in page["issues"]]
    assert len(issues) == pages[0]["total"] > 0
    assert "accountId" not in str(issues)
    assert all(isinstance(one["fields"]["description"], str | None) for one in issues)
