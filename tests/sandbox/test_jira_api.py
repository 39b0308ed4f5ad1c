from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from tests.sandbox.clients import NOW, Jira, Stage

EVERYTHING = "project in (OPS, ENV)"


def test_a_search_without_fields_brings_ids_alone(untouched: Stage) -> None:
    page = untouched.jira().search(EVERYTHING).json()
    assert len(page["issues"]) == 50
    assert all(set(issue) == {"id"} for issue in page["issues"])
    assert page["isLast"] is False


@pytest.mark.parametrize("size", [1, 37, 5000])
def test_tokens_lead_through_every_issue_once(untouched: Stage, size: int) -> None:
    jira = untouched.jira()
    everything = jira.ids(EVERYTHING)
    assert len(everything) == len(set(everything)) > 200
    if size > 1:
        assert jira.ids(EVERYTHING, size) == everything
    else:
        assert jira.search(EVERYTHING, maxResults=1).json()["issues"] == [{"id": everything[0]}]


def test_with_fields_a_page_is_smaller_than_asked_and_ids_alone_are_not(untouched: Stage) -> None:
    jira = untouched.jira()
    assert len(jira.search(EVERYTHING, fields=["updated"], maxResults=5000).json()["issues"]) == 100
    assert len(jira.search(EVERYTHING, fields=["id"], maxResults=5000).json()["issues"]) > 200


def test_a_search_by_get_answers_as_by_post(untouched: Stage) -> None:
    jira = untouched.jira()
    by_get = jira.get("/rest/api/3/search/jql", jql=EVERYTHING, fields="updated,status", maxResults="7").json()
    by_post = jira.search(EVERYTHING, fields=["updated", "status"], maxResults=7).json()
    assert by_get["issues"] == by_post["issues"]
    assert set(by_get["issues"][0]["fields"]) == {"updated", "status"}


def test_a_walk_keeps_what_it_found_although_issues_move_meanwhile(stage: Stage) -> None:
    jira = stage.jira()
    everything = jira.ids(EVERYTHING + " ORDER BY updated ASC")
    first = jira.search(EVERYTHING + " ORDER BY updated ASC", maxResults=100).json()
    for issue in first["issues"][:10]:
        assert jira.edit(issue["id"], {"fields": {"summary": "Moved to the end"}}).status_code == 204
    seen = [issue["id"] for issue in first["issues"]]
    token = first["nextPageToken"]
    while token:
        page = jira.search("", nextPageToken=token, maxResults=100).json()
        seen += [issue["id"] for issue in page["issues"]]
        token = page.get("nextPageToken")
    assert seen == everything
    assert jira.ids(EVERYTHING + " ORDER BY updated ASC")[-10:] == seen[:10]


def test_the_same_token_may_be_used_again_and_an_unknown_one_may_not(untouched: Stage) -> None:
    jira = untouched.jira()
    token = jira.search(EVERYTHING).json()["nextPageToken"]
    once, twice = (jira.search(EVERYTHING, nextPageToken=token).json()["issues"] for _ in range(2))
    assert once == twice
    assert jira.search(EVERYTHING, nextPageToken="made-up").status_code == 400


@pytest.mark.parametrize("jql", ["", "order by updated", "project = NOPE", "project = OPS AND"])
def test_a_bad_query_is_400_with_messages(untouched: Stage, jql: str) -> None:
    answer = untouched.jira().search(jql)
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


@pytest.mark.parametrize("version", ["2", "3", "latest"])
def test_the_old_search_is_gone(untouched: Stage, version: str) -> None:
    answer = untouched.jira().get(f"/rest/api/{version}/search", jql=EVERYTHING)
    assert answer.status_code == 410
    assert "search/jql" in answer.json()["errorMessages"][0]


@pytest.mark.parametrize("version", ["2", "3"])
def test_both_versions_say_who_and_where_one_is(untouched: Stage, version: str) -> None:
    jira = untouched.jira()
    info = jira.get(f"/rest/api/{version}/serverInfo").json()
    assert info["deploymentType"] == "Cloud"
    at = datetime.strptime(info["serverTime"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert timedelta(0) <= at - NOW < timedelta(hours=1)
    me = jira.get(f"/rest/api/{version}/myself").json()
    assert (me["emailAddress"], me["timeZone"]) == (untouched.sandbox.account.email, "Asia/Kolkata")


def test_nobody_signed_in_finds_nothing_and_is_told_nothing(untouched: Stage) -> None:
    url = untouched.sandbox.jira_url
    found = requests.post(f"{url}/rest/api/3/search/jql", json={"jql": EVERYTHING}, timeout=30)
    assert (found.status_code, found.json()) == (200, {"issues": [], "isLast": True})
    assert requests.get(f"{url}/rest/api/3/serverInfo", timeout=30).status_code == 200
    assert requests.get(f"{url}/rest/api/3/myself", timeout=30).status_code == 401
    assert requests.get(f"{url}/rest/api/3/issue/OPS-1", timeout=30).status_code == 404
    assert requests.put(f"{url}/rest/api/3/issue/OPS-1", json={"fields": {}}, timeout=30).status_code == 404


def test_bulk_reading_sorts_by_id_and_lists_what_is_missing(untouched: Stage) -> None:
    jira = untouched.jira()
    ids = sorted(jira.ids("project = ENV"), key=int)[:5]
    body = {"issueIdsOrKeys": [*reversed(ids), "OPS-1", "OPS-99999"], "fields": ["summary"]}
    answer = jira.call("POST", "/rest/api/3/issue/bulkfetch", json=body).json()
    got = [issue["id"] for issue in answer["issues"]]
    assert got == sorted(got, key=int)
    assert len(got) == 6
    assert [one["id"] for one in answer["issueErrors"]] == ["OPS-99999"]
    assert all(set(issue["fields"]) == {"summary"} for issue in answer["issues"])


@pytest.mark.parametrize("names", [[], [str(number) for number in range(101)]])
def test_bulk_reading_takes_one_to_a_hundred(untouched: Stage, names: list[str]) -> None:
    answer = untouched.jira().call("POST", "/rest/api/3/issue/bulkfetch", json={"issueIdsOrKeys": names})
    assert answer.status_code == 400


def _changelogs(jira: Jira, ids: list[str], **more: object) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    body: dict[str, Any] = {"issueIdsOrKeys": ids, **more}
    while True:
        answer = jira.call("POST", "/rest/api/3/changelog/bulkfetch", json=body).json()
        found += [(log["issueId"], entry) for log in answer["issueChangeLogs"] for entry in log["changeHistories"]]
        if "nextPageToken" not in answer:
            return found
        body["nextPageToken"] = answer["nextPageToken"]


def test_bulk_changelogs_bring_every_entry_oldest_first(untouched: Stage) -> None:
    jira = untouched.jira()
    ids = jira.ids("project = OPS")[:60]
    entries = _changelogs(jira, ids)
    single = {entry["id"] for number in ids for entry in jira.history(number)}
    assert {entry["id"] for _, entry in entries} == single
    assert len(entries) == len(single)
    paged = _changelogs(jira, ids, maxResults=7)
    assert {entry["id"] for _, entry in paged} == single
    for number in ids:
        stamps = [entry["created"] for issue_id, entry in paged if issue_id == number]
        assert stamps == sorted(stamps)


def test_bulk_changelogs_can_be_limited_to_fields(untouched: Stage) -> None:
    jira = untouched.jira()
    entries = _changelogs(jira, jira.ids("project = OPS")[:60], fieldIds=["status", "customfield_10043"])
    assert {item["fieldId"] for _, entry in entries for item in entry["items"]} == {"status", "customfield_10043"}
    too_many = {"issueIdsOrKeys": ["OPS-1"], "fieldIds": [str(number) for number in range(11)]}
    assert jira.call("POST", "/rest/api/3/changelog/bulkfetch", json=too_many).status_code == 400


def test_an_issue_is_found_by_id_and_by_key(untouched: Stage) -> None:
    jira = untouched.jira()
    one = jira.issue("OPS-7")
    assert jira.issue(one["id"]) == one
    assert jira.issue("ops-7") == one
    assert jira.get("/rest/api/3/issue/OPS-99999").json()["errorMessages"] == [
        "Issue does not exist or you do not have permission to see it."
    ]


def test_unset_fields_are_null_and_can_be_left_out(untouched: Stage) -> None:
    jira = untouched.jira()
    assert jira.issue("OPS-7")["fields"]["duedate"] is None
    some = jira.issue("OPS-7", fields="*all,-duedate,-summary")["fields"]
    assert "duedate" not in some
    assert "status" in some


def test_an_embedded_changelog_is_newest_first_and_a_search_shows_at_most_forty(stage: Stage) -> None:
    jira = stage.jira()
    for turn in range(105):
        jira.edit("OPS-1", {"fields": {"summary": f"Turn {turn}"}})
    alone = jira.issue("OPS-1", expand="changelog")["changelog"]
    stamps = [entry["created"] for entry in alone["histories"]]
    assert (len(stamps), alone["total"]) == (100, len(jira.history("OPS-1")) + alone["total"] - 100)
    assert stamps == sorted(stamps, reverse=True)
    page = jira.search("key = OPS-1", fields=["summary"], expand="changelog").json()
    assert len(page["issues"][0]["changelog"]["histories"]) == 40
    assert page["issues"][0]["changelog"]["total"] == alone["total"]


def test_fields_have_ids_names_and_types_and_one_name_is_jiras_own_too(untouched: Stage) -> None:
    fields = {one["id"]: one for one in untouched.jira().get("/rest/api/3/field").json()}
    assert fields["customfield_10043"]["name"] == "Vendor"
    assert fields["customfield_10043"]["schema"]["type"] == "option"
    assert fields["customfield_10043"]["clauseNames"] == ["cf[10043]", "Vendor"]
    named = [one["id"] for one in fields.values() if one["name"] == "Environment"]
    assert named == ["environment", "customfield_10040"]


def test_projects_know_their_components_and_types(untouched: Stage) -> None:
    jira = untouched.jira()
    one = jira.get("/rest/api/3/project/OPS").json()
    assert {part["name"] for part in one["components"]} == {"microservices", "erp", "co-ex", "portal"}
    assert {kind["name"] for kind in one["issueTypes"]} >= {"Incident", "Change", "Service Request", "Problem", "Task"}
    assert jira.get("/rest/api/3/project/NOPE").status_code == 404


def test_an_operation_that_is_not_known_is_404(untouched: Stage) -> None:
    assert untouched.jira().get("/rest/api/3/nope").status_code == 404
    assert untouched.jira().call("DELETE", "/rest/api/3/field").status_code == 404
