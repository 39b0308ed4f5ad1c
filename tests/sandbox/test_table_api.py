from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.sandbox.clients import Stage

HEX = re.compile(r"[0-9a-f]{32}")


def _links(header: str) -> dict[str, dict[str, list[str]]]:
    return {rel: parse_qs(urlsplit(url).query) for url, rel in re.findall(r'<([^>]+)>;rel="(\w+)"', header)}


def test_a_list_tells_how_many_there_are_and_where_the_other_pages_lie(untouched: Stage) -> None:
    snow = untouched.snow()
    total = len(snow.rows("incident"))
    answer = snow.get("/api/now/table/incident", sysparm_limit="10", sysparm_offset="20", sysparm_query="ORDERBYnumber")
    assert answer.headers["X-Total-Count"] == str(total)
    links = _links(answer.headers["Link"])
    assert {rel: link["sysparm_offset"] for rel, link in links.items()} == {
        "first": ["0"],
        "prev": ["10"],
        "next": ["30"],
        "last": [str((total - 1) // 10 * 10)],
    }
    assert all(link["sysparm_query"] == ["ORDERBYnumber"] for link in links.values())


def test_following_next_brings_every_row_once(untouched: Stage) -> None:
    snow = untouched.snow()
    everything = [row["sys_id"] for row in snow.rows("incident", "ORDERBYnumber")]
    url = f"{snow.base}/api/now/table/incident?sysparm_limit=50&sysparm_query=ORDERBYnumber"
    seen: list[str] = []
    while url:
        answer = snow.session.get(url, timeout=30)
        seen += [row["sys_id"] for row in answer.json()["result"]]
        match = re.search(r'<([^>]+)>;rel="next"', answer.headers["Link"])
        url = match[1] if match else ""
    assert seen == everything


def test_count_and_links_can_be_left_out(untouched: Stage) -> None:
    answer = untouched.snow().get(
        "/api/now/table/incident", sysparm_no_count="true", sysparm_suppress_pagination_header="true"
    )
    assert "X-Total-Count" not in answer.headers
    assert "Link" not in answer.headers


def test_without_a_limit_at_most_ten_thousand_come(untouched: Stage) -> None:
    links = _links(untouched.snow().get("/api/now/table/incident").headers["Link"])
    assert links["first"]["sysparm_limit"] == ["10000"]


@pytest.mark.parametrize("version", ["", "v2/"])
def test_one_record_is_read_by_its_sys_id(untouched: Stage, version: str) -> None:
    row = untouched.snow().rows("incident", sysparm_limit="1")[0]
    answer = untouched.snow().get(f"/api/now/{version}table/incident/{row['sys_id']}")
    assert answer.json()["result"]["number"] == row["number"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/now/table/incident/" + "0" * 32, 404, "No Record found"),
        ("/api/now/table/incident/INC0010001", 404, "No Record found"),
        ("/api/now/table/no_such_table", 400, "Invalid table no_such_table"),
        ("/api/now/stats/incident", 400, "Requested URI does not represent any resource"),
    ],
)
def test_what_is_not_there_is_said_as_servicenow_says_it(
    untouched: Stage, path: str, status: int, message: str
) -> None:
    answer = untouched.snow().get(path)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)
    assert answer.json()["status"] == "failure"


def test_an_empty_list_is_an_answer(untouched: Stage) -> None:
    answer = untouched.snow().get("/api/now/table/incident", sysparm_query="number=INC9")
    assert (answer.status_code, answer.json()) == (200, {"result": []})
    assert answer.headers["X-Total-Count"] == "0"


def test_a_method_that_a_place_does_not_know_is_refused(untouched: Stage) -> None:
    assert untouched.snow().call("PATCH", "/api/now/table/incident", json={}).status_code == 405
    row = untouched.snow().rows("incident", sysparm_limit="1")[0]
    assert untouched.snow().call("POST", f"/api/now/table/incident/{row['sys_id']}", json={}).status_code == 405


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"'])
def test_a_body_that_is_no_object_is_refused(untouched: Stage, body: bytes) -> None:
    row = untouched.snow().rows("incident", sysparm_limit="1")[0]
    answer = untouched.snow().call("PATCH", f"/api/now/table/incident/{row['sys_id']}", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Exception while reading request"


def test_only_the_fields_asked_for_come_and_unknown_ones_are_absent(untouched: Stage) -> None:
    row = untouched.snow().rows(
        "incident",
        "assignment_groupISNOTEMPTY",
        sysparm_limit="1",
        sysparm_fields="number,no_such,assignment_group.name",
    )[0]
    assert set(row) == {"number", "assignment_group.name"}
    assert row["assignment_group.name"].startswith("eGov")


def _working(stage: Stage, name: str, **params: str) -> dict[str, Any]:
    """One field of an incident that somebody works on."""
    answer = stage.snow().get(
        "/api/now/table/incident",
        sysparm_query="assigned_toISNOTEMPTY^state=2^ORDERBYnumber",
        sysparm_limit="1",
        sysparm_fields=name,
        **params,
    )
    return dict(answer.json()["result"][0])


def test_a_reference_is_a_link_and_a_value(untouched: Stage) -> None:
    cell = _working(untouched, "assignment_group")["assignment_group"]
    assert HEX.fullmatch(cell["value"])
    assert cell["link"] == f"{untouched.sandbox.servicenow_url}/api/now/table/sys_user_group/{cell['value']}"
    assert (
        _working(untouched, "assignment_group", sysparm_exclude_reference_link="true")["assignment_group"]
        == cell["value"]
    )


def test_display_values_are_names_labels_and_local_times(untouched: Stage) -> None:
    plain = {"sysparm_exclude_reference_link": "true"}
    shown = {**plain, "sysparm_display_value": "true"}
    assert _working(untouched, "assignment_group", **shown)["assignment_group"].startswith("eGov")
    assert _working(untouched, "state", **shown)["state"] == "In Progress"
    assert _working(untouched, "priority", **shown)["priority"] == "3 - Moderate"
    assert re.fullmatch(
        r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d", _working(untouched, "sys_updated_on", **shown)["sys_updated_on"]
    )
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", _working(untouched, "sys_updated_on", **plain)["sys_updated_on"]
    )
    assert set(_working(untouched, "assigned_to", sysparm_display_value="true")["assigned_to"]) == {
        "display_value",
        "link",
    }


def test_all_shows_both_sides_of_every_value(untouched: Stage) -> None:
    both = _working(untouched, "state", sysparm_display_value="all")["state"]
    assert both == {"display_value": "In Progress", "value": "2"}
    assert set(_working(untouched, "assignment_group", sysparm_display_value="all")["assignment_group"]) == {
        "display_value",
        "value",
        "link",
    }


def test_the_dictionary_keeps_inherited_columns_with_the_table_they_come_from(untouched: Stage) -> None:
    snow = untouched.snow()
    assert snow.one("sys_dictionary", "name=task^element=assignment_group")["reference"] == "sys_user_group"
    assert snow.rows("sys_dictionary", "name=incident^element=assignment_group") == []
    assert snow.one("sys_dictionary", "name=incident^element=caller_id")["internal_type"] == "reference"
    assert snow.one("sys_dictionary", "name=task^element=u_environment")["audit"] == "true"


def test_choices_have_labels(untouched: Stage) -> None:
    rows = untouched.snow().rows("sys_choice", "name=change_request^element=state^ORDERBYsequence")
    assert [(row["value"], row["label"]) for row in rows][:3] == [("-5", "New"), ("-4", "Assess"), ("-3", "Authorize")]


def test_the_account_finds_itself(untouched: Stage) -> None:
    me = untouched.snow().one("sys_user", f"user_name={untouched.sandbox.account.user}")
    assert me["email"] == untouched.sandbox.account.email
    assert me["time_zone"] == "Asia/Kolkata"


def test_nobody_reads_without_signing_in(untouched: Stage) -> None:
    answer = requests.get(f"{untouched.sandbox.servicenow_url}/api/now/table/incident", timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("BASIC")
