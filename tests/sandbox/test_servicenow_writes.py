from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.clients import Snow, Stage

from itsm_bridge.sandbox.servicenow.writes import PRIORITIES, approval_of


def _group(snow: Snow, name: str) -> str:
    return str(snow.one("sys_user_group", f"name={name}")["sys_id"])


def _open(snow: Snow, query: str = "state=2", table: str = "incident") -> dict[str, Any]:
    return snow.rows(table, f"{query}^ORDERBYnumber")[0]


def test_the_priority_matrix_is_the_stock_one() -> None:
    rows = [[PRIORITIES[impact, urgency] for urgency in "123"] for impact in "123"]
    assert rows == [["1", "2", "3"], ["2", "3", "4"], ["3", "4", "5"]]


def test_a_patch_answers_with_the_record_after_the_business_rules(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow, "state=2^impact=2^urgency=2")
    answer = snow.patch("incident", row["sys_id"], impact="1", urgency=1)
    after = answer.json()["result"]
    assert (answer.status_code, after["impact"], after["urgency"], after["priority"]) == (200, "1", "1", "1")
    assert int(after["sys_mod_count"]) == int(row["sys_mod_count"]) + 1
    assert after["sys_updated_by"] == "bridge"
    assert after["sys_updated_on"] > row["sys_updated_on"]
    assert after == snow.one("incident", f"sys_id={row['sys_id']}")


def test_priority_written_directly_stays_as_it_was_and_leaves_no_trace(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow)
    answer = snow.patch("incident", row["sys_id"], priority="1")
    assert answer.status_code == 200
    assert answer.json()["result"] == row


def test_what_is_unknown_or_a_system_field_or_points_nowhere_is_ignored(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow)
    ignored = {
        "no_such": "1",
        "sys_updated_on": "2001-01-01 00:00:00",
        "number": "INC1",
        "assignment_group": "eGov GWL",
    }
    assert snow.patch("incident", row["sys_id"], **ignored).json()["result"] == row


def test_a_value_that_is_already_there_changes_nothing(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow)
    assert snow.patch("incident", row["sys_id"], impact=row["impact"]).json()["result"] == row


def test_every_audited_change_leaves_a_row_with_its_actor(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow, "state=2^impact=2^urgency=2^assignment_group.name!=eGov MacroSkies")
    before = len(snow.audit(row["sys_id"]))
    group = _group(snow, "eGov MacroSkies")
    after = snow.patch("incident", row["sys_id"], impact="1", assignment_group=group).json()["result"]
    rows = snow.audit(row["sys_id"])[before:]
    assert {(one["fieldname"], one["oldvalue"], one["newvalue"]) for one in rows} == {
        ("impact", "2", "1"),
        ("priority", "3", "2"),
        ("assignment_group", row["assignment_group"], group),
        ("reassignment_count", row["reassignment_count"], after["reassignment_count"]),
    }
    assert {(one["user"], one["tablename"], one["record_checkpoint"], one["sys_created_on"]) for one in rows} == {
        ("bridge", "incident", after["sys_mod_count"], after["sys_updated_on"])
    }


def test_clearing_a_field_is_writing_the_empty_text(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow, "state=2^assigned_toISNOTEMPTY")
    assert snow.patch("incident", row["sys_id"], assigned_to="").json()["result"]["assigned_to"] == ""


def test_labels_are_understood_where_they_are_announced(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow)
    after = snow.call(
        "PUT",
        f"/api/now/table/incident/{row['sys_id']}",
        params={"sysparm_input_display_value": "true", "sysparm_exclude_reference_link": "true"},
        json={"assignment_group": "eGov GWL", "state": "On Hold"},
    ).json()["result"]
    assert after["assignment_group"] == _group(snow, "eGov GWL")
    assert after["state"] == "3"


def test_resolving_closing_and_reopening_keep_their_fields(stage: Stage) -> None:
    snow = stage.snow("gurpreet.s")
    row = _open(snow, "state=2^reopen_countISEMPTY^ORreopen_count=0")
    resolved = snow.patch("incident", row["sys_id"], state="6").json()["result"]
    assert (resolved["resolved_at"], resolved["active"]) == (resolved["sys_updated_on"], "true")
    assert resolved["resolved_by"] == snow.one("sys_user", "user_name=gurpreet.s")["sys_id"]
    again = snow.patch("incident", row["sys_id"], state="2").json()["result"]
    assert (again["reopen_count"], again["resolved_at"], again["resolved_by"]) == ("1", "", "")
    closed = snow.patch("incident", row["sys_id"], state="7").json()["result"]
    assert (closed["closed_at"], closed["active"]) == (closed["sys_updated_on"], "false")


def test_a_new_record_gets_a_number_and_its_defaults(stage: Stage) -> None:
    snow = stage.snow("asha.k")
    highest = max(row["number"] for row in snow.rows("incident", sysparm_fields="number"))
    answer = snow.call("POST", "/api/now/table/incident", json={"short_description": "New", "urgency": "1"})
    made = answer.json()["result"]
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(made["sys_id"])
    assert int(made["number"][3:]) == int(highest[3:]) + 1
    assert (made["state"], made["impact"], made["priority"], made["approval"]) == ("1", "3", "3", "not requested")
    assert (made["sys_created_by"], made["sys_mod_count"]) == ("asha.k", "0")


def test_two_records_of_one_moment_are_two(stage: Stage) -> None:
    snow = stage.snow()
    made = [snow.call("POST", "/api/now/table/incident", json={}).json()["result"] for _ in range(3)]
    assert len({one["sys_id"] for one in made}) == len({one["number"] for one in made}) == 3


def test_a_deleted_record_is_gone_but_for_its_audit(stage: Stage) -> None:
    snow = stage.snow()
    row = _open(snow)
    assert snow.call("DELETE", f"/api/now/table/incident/{row['sys_id']}").status_code == 204
    assert snow.get(f"/api/now/table/incident/{row['sys_id']}").status_code == 404
    assert snow.rows("incident", f"number={row['number']}") == []
    assert snow.audit(row["sys_id"])[-1]["fieldname"] == "DELETED"


def test_what_changed_last_comes_last_in_the_keyset_order(stage: Stage) -> None:
    snow = stage.snow()
    row = snow.rows("incident", sysparm_limit="1")[0]
    snow.patch("incident", row["sys_id"], short_description="Changed just now")
    assert snow.rows("incident")[-1]["sys_id"] == row["sys_id"]
    since = snow.rows("incident", f"sys_updated_on>{row['sys_updated_on']}", sysparm_fields="sys_id")
    assert since[-1] == {"sys_id": row["sys_id"]}


# --- approvals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "approval"),
    [
        ([], "not requested"),
        (["not requested"], "not requested"),
        (["requested"], "requested"),
        (["requested", "approved"], "requested"),
        (["approved", "approved"], "approved"),
        (["approved", "rejected"], "rejected"),
        (["requested", "rejected"], "rejected"),
        (["approved", "cancelled"], "approved"),
        (["cancelled"], "not requested"),
    ],
)
def test_a_tasks_approval_follows_its_approvers(states: list[str], approval: str) -> None:
    assert approval_of(states) == approval


@pytest.fixture
def change(stage: Stage) -> dict[str, Any]:
    """A change of Punjab that nobody has asked approval for."""
    return _open(stage.snow(), "approval=not requested^u_environment=punjab^active=true", "change_request")


def _ask(snow: Snow, change: dict[str, Any], user_name: str) -> dict[str, Any]:
    approver = snow.one("sys_user", f"user_name={user_name}")["sys_id"]
    asked = {"sysapproval": change["sys_id"], "approver": approver, "state": "requested"}
    answer = snow.call(
        "POST",
        "/api/now/table/sysapproval_approver",
        params={"sysparm_exclude_reference_link": "true"},
        json=asked,
    )
    assert answer.status_code == 201
    return dict(answer.json()["result"])


def test_asking_and_voting_move_the_tasks_approval_in_the_voters_name(stage: Stage, change: dict[str, Any]) -> None:
    snow = stage.snow()
    first, second = (_ask(snow, change, name) for name in ("punjab-spoc", "infra-head"))
    asked = snow.one("change_request", f"sys_id={change['sys_id']}")
    assert (asked["approval"], first["source_table"], first["document_id"]) == (
        "requested",
        "change_request",
        change["sys_id"],
    )
    stage.snow("punjab-spoc").patch("sysapproval_approver", first["sys_id"], state="approved")
    halfway = snow.one("change_request", f"sys_id={change['sys_id']}")
    assert halfway == asked  # a vote that decides nothing does not move the task
    stage.snow("infra-head").patch("sysapproval_approver", second["sys_id"], state="approved")
    decided = snow.one("change_request", f"sys_id={change['sys_id']}")
    assert (decided["approval"], decided["sys_updated_by"]) == ("approved", "infra-head")
    history = [one for one in snow.audit(change["sys_id"]) if one["fieldname"] == "approval"]
    assert [(one["oldvalue"], one["newvalue"], one["user"]) for one in history] == [
        ("not requested", "requested", "bridge"),
        ("requested", "approved", "infra-head"),
    ]


def test_one_rejection_rejects(stage: Stage, change: dict[str, Any]) -> None:
    snow = stage.snow()
    rows = [_ask(snow, change, name) for name in ("punjab-spoc", "infra-head")]
    stage.snow("infra-head").patch("sysapproval_approver", rows[1]["sys_id"], state="rejected")
    assert snow.one("change_request", f"sys_id={change['sys_id']}")["approval"] == "rejected"


def test_nobody_votes_for_somebody_else(stage: Stage, change: dict[str, Any]) -> None:
    snow = stage.snow()
    row = _ask(snow, change, "infra-head")
    for voter in (snow, stage.snow("punjab-spoc")):
        answer = voter.patch("sysapproval_approver", row["sys_id"], state="approved")
        assert answer.status_code == 403
    assert snow.one("sysapproval_approver", f"sys_id={row['sys_id']}") == row
    approver = snow.one("sys_user", "user_name=infra-head")["sys_id"]
    forged = {"sysapproval": change["sys_id"], "approver": approver, "state": "approved"}
    assert snow.call("POST", "/api/now/table/sysapproval_approver", json=forged).status_code == 403


def test_the_field_itself_can_be_written_only_where_there_are_no_approvers(
    stage: Stage, change: dict[str, Any]
) -> None:
    snow = stage.snow()
    written = snow.patch("change_request", change["sys_id"], approval="requested").json()["result"]
    assert written["approval"] == "requested"
    _ask(snow, change, "infra-head")
    overridden = snow.patch("change_request", change["sys_id"], approval="approved").json()["result"]
    assert overridden["approval"] == "requested"


def test_a_withdrawn_request_counts_no_longer(stage: Stage, change: dict[str, Any]) -> None:
    snow = stage.snow()
    row = _ask(snow, change, "infra-head")
    assert snow.patch("sysapproval_approver", row["sys_id"], state="cancelled").status_code == 200
    assert snow.one("change_request", f"sys_id={change['sys_id']}")["approval"] == "not requested"
