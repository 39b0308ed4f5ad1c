"""Time booked on issues of the stand-in, and the estimate of how many issues a query finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.sandbox.clients import Client, Stage

KINDS = {"cloud": "/rest/api/3", "data_center": "/rest/api/2"}


@pytest.fixture(params=KINDS)
def api(request: pytest.FixtureRequest, stage_with: Callable[..., Stage]) -> tuple[Client, str]:
    """A client of a deployment, and the root of its interface."""
    staged = stage_with(deployment_jira=request.param)
    client = staged.jira() if request.param == "cloud" else staged.server()
    return client, f"{KINDS[request.param]}/issue/OPS-1"


def test_time_that_is_booked_is_listed_and_changes_the_issue(api: tuple[Client, str]) -> None:
    client, issue = api
    before = client.get(issue, fields="updated,worklog").json()["fields"]
    assert before["worklog"] == {"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []}
    started = "2026-11-20T09:00:00.000+0000"
    booked = client.call("POST", f"{issue}/worklog", json={"timeSpentSeconds": 1800, "started": started})
    assert booked.status_code == 201
    after = client.get(issue, fields="updated,worklog", expand="changelog").json()
    assert after["fields"]["updated"] > before["updated"]
    (shown,) = after["fields"]["worklog"]["worklogs"]
    assert (shown["timeSpentSeconds"], shown["started"], shown["author"]["emailAddress"]) == (
        1800, "2026-11-20T14:30:00.000+0530", "bridge@egov.example",
    )  # fmt: skip
    items = [item for entry in after["changelog"]["histories"] for item in entry["items"]]
    assert [item["toString"] for item in items if item["field"] == "timespent"] == ["1800"]
    assert client.get(f"{issue}/worklog").json()["worklogs"] == [shown]


def test_an_issue_shows_its_first_worklogs_and_the_list_all_of_them(api: tuple[Client, str]) -> None:
    client, issue = api
    ids = [client.call("POST", f"{issue}/worklog", json={"timeSpentSeconds": 60}).json()["id"] for _ in range(23)]
    embedded = client.get(issue, fields="worklog").json()["fields"]["worklog"]
    assert (embedded["total"], [one["id"] for one in embedded["worklogs"]]) == (23, ids[:20])
    rest = client.get(f"{issue}/worklog", startAt="20", maxResults="2").json()
    assert (rest["total"], [one["id"] for one in rest["worklogs"]]) == (23, ids[20:22])


def test_a_deleted_worklog_is_gone_and_changes_the_issue_too(api: tuple[Client, str]) -> None:
    client, issue = api
    first, second = (
        client.call("POST", f"{issue}/worklog", json={"timeSpentSeconds": 60}).json()["id"] for _ in range(2)
    )
    assert client.call("DELETE", f"{issue}/worklog/{first}").status_code == 204
    assert client.call("DELETE", f"{issue}/worklog/{first}").status_code == 404
    assert [one["id"] for one in client.get(f"{issue}/worklog").json()["worklogs"]] == [second]
    entries = client.get(issue, expand="changelog").json()["changelog"]["histories"]
    spent = {(item.get("fromString"), item.get("toString")) for entry in entries for item in entry["items"]}
    assert {("60", "120"), ("120", "60")} <= {(one, other) for one, other in spent if one and other}


@pytest.mark.parametrize(
    "body", [{}, {"timeSpentSeconds": 0}, {"timeSpentSeconds": "1h"}, {"timeSpentSeconds": 60, "started": "now"}]
)
def test_time_that_is_none_is_refused(untouched: Stage, body: dict[str, object]) -> None:
    assert untouched.jira().call("POST", "/rest/api/3/issue/OPS-1/worklog", json=body).status_code == 400


def test_an_estimate_counts_what_the_caller_may_see(stage_with: Callable[..., Stage]) -> None:
    staged = stage_with()
    jira = staged.jira()
    ids = jira.ids("project = OPS")

    def estimate(jql: str) -> int:
        answer = jira.call("POST", "/rest/api/3/search/approximate-count", json={"jql": jql})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["count"])

    assert estimate("project = OPS") == len(ids) > 100
    staged.sandbox.hide("OPS-1")
    assert estimate("project = OPS") == len(ids) - 1
    assert jira.call("POST", "/rest/api/3/search/approximate-count", json={"jql": ""}).status_code == 400
    assert staged.server().call("POST", "/rest/api/2/search/approximate-count", json={}).status_code in {401, 404}
