from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.clients import Jira, Stage

from itsm_bridge.sandbox.population.foundation import APPROVAL, VENDOR


@pytest.fixture
def jira(stage: Stage) -> Jira:
    return stage.jira()


def _untouched_key(jira: Jira) -> str:
    """An incident without a vendor."""
    found = jira.search(
        "project = OPS AND Vendor is empty AND issuetype = Incident AND status = 'To Do'", fields=["key"]
    )
    return str(found.json()["issues"][0]["key"])


def test_an_edit_is_stored_and_leaves_one_changelog_entry_with_its_author(jira: Jira) -> None:
    key = _untouched_key(jira)
    before = jira.issue(key)
    metadata = {"type": "itsm-bridge", "description": "rule owner"}
    body = {
        "fields": {"priority": {"id": "1"}, VENDOR: {"value": "GWL"}},
        "properties": [{"key": "itsm-bridge", "value": {"intent": "7"}}],
        "historyMetadata": metadata,
    }
    answer = jira.edit(key, body)
    assert (answer.status_code, answer.content) == (204, b"")
    after = jira.issue(key, properties="itsm-bridge")
    assert after["fields"]["priority"] == {"id": "1", "name": "Highest"}
    assert after["fields"][VENDOR]["value"] == "GWL"
    assert after["properties"] == {"itsm-bridge": {"intent": "7"}}
    assert after["fields"]["updated"] > before["fields"]["updated"]
    entry = jira.history(key)[-1]
    assert entry["author"]["emailAddress"] == "bridge@egov.example"
    assert entry["created"] == after["fields"]["updated"]
    assert entry["historyMetadata"] == metadata
    items = {item["field"]: item for item in entry["items"]}
    assert items["priority"]["fromString"] == before["fields"]["priority"]["name"]
    assert (items["priority"]["to"], items["priority"]["toString"]) == ("1", "Highest")
    assert items["Vendor"] == {
        "field": "Vendor",
        "fieldtype": "custom",
        "fieldId": VENDOR,
        "to": after["fields"][VENDOR]["id"],
        "toString": "GWL",
    }


def test_an_edit_that_changes_nothing_leaves_no_entry_and_does_not_move_updated(jira: Jira) -> None:
    key = _untouched_key(jira)
    before = jira.issue(key)
    same = {
        "fields": {
            "priority": {"id": before["fields"]["priority"]["id"]},
            VENDOR: None,
            "labels": before["fields"]["labels"],
        }
    }
    assert jira.edit(key, same).status_code == 204
    assert jira.issue(key) == before


def test_the_edited_issue_can_come_back_at_once(jira: Jira) -> None:
    answer = jira.edit("OPS-1", {"fields": {"summary": "New"}}, returnIssue="true")
    assert (answer.status_code, answer.json()["fields"]["summary"]) == (200, "New")


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"customfield_99999": "x"}, "customfield_99999", "cannot be set"),
        ({"status": {"id": "3"}}, "status", "cannot be set"),
        ({"updated": "x"}, "updated", "cannot be set"),
        ({"priority": {"name": "Urgent"}}, "priority", "Specify a valid 'id' or 'name' for Priority"),
        ({"priority": "High"}, "priority", "Specify a valid"),
        ({VENDOR: {"value": "Nobody"}}, VENDOR, "Specify a valid 'id' or 'name' for Vendor"),
        ({VENDOR: "GWL"}, VENDOR, "Specify a valid"),
        ({"assignee": {"accountId": "nobody"}}, "assignee", "Specify a valid"),
        ({"labels": ["two words"]}, "labels", "Specify a valid"),
        ({"components": [{"name": "nope"}]}, "components", "Specify a valid"),
        ({"description": "plain text"}, "description", "Specify a valid"),
    ],
)
def test_a_value_that_does_not_fit_refuses_the_whole_edit(
    jira: Jira, fields: dict[str, Any], field: str, message: str
) -> None:
    before = jira.issue("OPS-1")
    answer = jira.edit("OPS-1", {"fields": {"summary": "Half an edit", **fields}})
    assert answer.status_code == 400
    assert message in answer.json()["errors"][field]
    assert jira.issue("OPS-1") == before


def test_operations_add_and_remove_parts_of_a_list(jira: Jira) -> None:
    jira.edit("OPS-1", {"fields": {"labels": ["a", "b"], "components": [{"name": "erp"}]}})
    steps = {"labels": [{"add": "c"}, {"remove": "a"}], "components": [{"set": [{"name": "portal"}]}]}
    assert jira.edit("OPS-1", {"update": steps}).status_code == 204
    fields = jira.issue("OPS-1")["fields"]
    assert fields["labels"] == ["b", "c"]
    assert [part["name"] for part in fields["components"]] == ["portal"]
    items = jira.history("OPS-1")[-1]["items"]
    assert {(item["field"], item.get("fromString"), item.get("toString")) for item in items} == {
        ("labels", "a b", "b c"),
        ("Component", "erp", None),
        ("Component", None, "portal"),
    }
    assert jira.edit("OPS-1", {"update": {"summary": [{"add": "x"}]}}).status_code == 400


def test_an_assignee_is_an_account_id_and_null_is_nobody(jira: Jira) -> None:
    account = jira.get("/rest/api/3/myself").json()["accountId"]
    jira.edit("OPS-1", {"fields": {"assignee": {"accountId": account}}})
    assert jira.issue("OPS-1")["fields"]["assignee"]["accountId"] == account
    jira.edit("OPS-1", {"fields": {"assignee": None}})
    assert jira.issue("OPS-1")["fields"]["assignee"] is None
    item = jira.history("OPS-1")[-1]["items"][0]
    assert (item["from"], "to" in item) == (account, False)


def test_edit_metadata_lists_the_values_that_may_be_written(jira: Jira) -> None:
    fields = jira.get("/rest/api/3/issue/OPS-1/editmeta").json()["fields"]
    assert [one["name"] for one in fields["priority"]["allowedValues"]] == [
        "Highest",
        "High",
        "Medium",
        "Low",
        "Lowest",
    ]
    assert [one["value"] for one in fields[APPROVAL]["allowedValues"]] == [
        "Not required",
        "Requested",
        "Approved",
        "Rejected",
    ]
    for option in fields[VENDOR]["allowedValues"]:
        assert jira.edit("OPS-1", {"fields": {VENDOR: {"id": option["id"]}}}).status_code == 204


def test_moving_an_issue_resolves_and_reopens_it(stage: Stage, jira: Jira) -> None:
    person = stage.jira("neha.b@optit.example")
    key = _untouched_key(jira)
    assert person.call("POST", f"/rest/api/3/issue/{key}/transitions", json={"transition": {"id": "10001"}}).ok
    done = jira.issue(key)["fields"]
    assert (done["status"]["name"], done["resolution"]["name"]) == ("Done", "Done")
    assert done["resolutiondate"] == done["updated"]
    person.call("POST", f"/rest/api/3/issue/{key}/transitions", json={"transition": {"id": "3"}})
    assert jira.issue(key)["fields"]["resolution"] is None
    entry = jira.history(key)[-1]
    assert entry["author"]["emailAddress"] == "neha.b@optit.example"
    assert [item["field"] for item in entry["items"]] == ["status", "resolution"]
    wrong = person.call("POST", f"/rest/api/3/issue/{key}/transitions", json={"transition": {"id": "77"}})
    assert wrong.status_code == 400


def test_a_property_is_kept_without_moving_the_issue(jira: Jira) -> None:
    before = jira.issue("OPS-1")["fields"]["updated"]
    path = "/rest/api/3/issue/OPS-1/properties/itsm-bridge"
    assert jira.get(path).status_code == 404
    assert jira.call("PUT", path, json={"intent": "1"}).status_code == 201
    assert jira.call("PUT", path, json={"intent": "2"}).status_code == 200
    assert jira.get(path).json() == {"key": "itsm-bridge", "value": {"intent": "2"}}
    assert jira.issue("OPS-1")["fields"]["updated"] == before
    assert jira.call("PUT", path, data=b"{").status_code == 400


def test_a_deleted_issue_leaves_nothing(jira: Jira) -> None:
    number = jira.issue("OPS-1")["id"]
    assert jira.call("DELETE", "/rest/api/3/issue/OPS-1").status_code == 204
    assert jira.get(f"/rest/api/3/issue/{number}").status_code == 404
    assert number not in jira.ids("project = OPS")


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(jira: Jira, body: bytes) -> None:
    assert jira.call("PUT", "/rest/api/3/issue/OPS-1", data=body).status_code == 400
