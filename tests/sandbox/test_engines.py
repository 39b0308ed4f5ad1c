from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from tests.sandbox.clients import Snow, Stage

from itsm_bridge.sandbox.servicenow import derived
from itsm_bridge.sandbox.servicenow.schedules import Schedule


def test_every_task_has_an_sla_and_an_incident_two(untouched: Stage) -> None:
    snow = untouched.snow()
    incidents = {row["sys_id"]: row for row in snow.rows("incident")}
    slas = snow.rows("task_sla")
    mine = [one for one in slas if one["task"] in incidents]
    assert len(mine) == 2 * len(incidents)
    assert len(slas) == len({one["sys_id"] for one in slas}) > len(mine)
    names = {row["sys_id"]: row for row in snow.rows("contract_sla")}
    assert {names[one["sla"]]["target"] for one in mine} == {"response", "resolution"}
    assert {one["stage"] for one in mine} >= {"in_progress", "completed", "paused"}
    for one in mine:
        assert (one["stage"] in ("completed", "cancelled")) == bool(one["end_time"])
        if one["end_time"]:
            late = one["end_time"] > one["planned_end_time"] or one["business_percentage"] == "100.00"
            assert one["has_breached"] == str(late).lower()
        assert one["duration"] >= "1970-01-01 00:00:00"


def test_an_sla_follows_its_ticket(stage: Stage) -> None:
    snow = stage.snow()
    sla = next(row for row in snow.rows("task_sla", "stage=in_progress") if _is_resolution(snow, row))
    stage.sandbox.clock.advance(60)
    assert snow.patch("incident", sla["task"], state="3").status_code == 200
    assert snow.one("task_sla", f"sys_id={sla['sys_id']}")["stage"] == "paused"
    stage.sandbox.clock.advance(60)
    assert snow.patch("incident", sla["task"], state="6").status_code == 200
    ended = snow.one("task_sla", f"sys_id={sla['sys_id']}")
    assert (ended["stage"], ended["active"]) == ("completed", "false")
    assert ended["sys_updated_on"] > sla["sys_updated_on"]
    assert ended["pause_duration"] > "1970-01-01 00:00:58"


def test_clocks_differ_in_zone_schedule_and_pause(untouched: Stage) -> None:
    snow = untouched.snow()
    slas = snow.rows("task_sla")
    assert {one["timezone"] for one in slas} == {"", "Asia/Kolkata", "Asia/Dubai"}
    (office,) = snow.rows("cmn_schedule")
    assert {one["schedule"] for one in slas if one["timezone"]} == {office["sys_id"]}
    around_the_clock = [one for one in slas if not one["timezone"]]
    assert all(one["business_duration"] == one["duration"] for one in around_the_clock)
    in_office_hours = [one for one in slas if one["timezone"]]
    assert all(one["business_duration"] <= one["duration"] for one in in_office_hours)
    assert any(one["business_pause_duration"] > "1970-01-01 00:00:00" for one in in_office_hours)
    waiting = snow.rows("sc_req_item", "state=-5")
    of_requests = {one["task"]: one for one in slas}
    assert waiting
    assert {of_requests[row["sys_id"]]["stage"] for row in waiting} == {"in_progress"}


def test_figures_of_a_running_clock_are_those_of_its_last_refresh(untouched: Stage) -> None:
    snow = untouched.snow()
    running = [one for one in snow.rows("task_sla", "stage=in_progress") if not one["timezone"]]
    assert running
    for one in running:
        since = datetime.fromisoformat(one["sys_updated_on"]) - datetime.fromisoformat(one["start_time"])
        lasted = datetime.fromisoformat(one["duration"]) - datetime.fromisoformat("1970-01-01")
        assert lasted == since - (datetime.fromisoformat(one["pause_duration"]) - datetime.fromisoformat("1970-01-01"))


INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (datetime(2026, 11, 20, 17, 30, tzinfo=INDIA), 1, datetime(2026, 11, 20, 18, 30, tzinfo=INDIA)),
        (datetime(2026, 11, 20, 17, 30, tzinfo=INDIA), 2, datetime(2026, 11, 23, 10, 30, tzinfo=INDIA)),
        (datetime(2026, 11, 21, 12, 0, tzinfo=INDIA), 45, datetime(2026, 11, 27, 18, 30, tzinfo=INDIA)),
        (datetime(2026, 11, 18, 3, 0, tzinfo=INDIA), 9, datetime(2026, 11, 18, 18, 30, tzinfo=INDIA)),
    ],
)
def test_a_schedule_counts_office_hours(start: datetime, hours: int, due: datetime) -> None:
    schedule, length = Schedule("Asia/Kolkata"), timedelta(hours=hours)
    assert schedule.due(start, length) == due
    assert schedule.worked(start, due) == length
    assert schedule.worked(start, due - timedelta(minutes=1)) < length
    assert schedule.worked(due, start) == timedelta()


def test_a_percentage_that_rounds_to_100_is_a_breach() -> None:
    start, target = datetime(2026, 11, 20, tzinfo=UTC), timedelta(hours=10)
    row = {"sys_id": "0" * 32, "sys_class_name": "change_request", "priority": "3", "sys_updated_on": "", "state": "3"}
    for seconds, verdict in ((35_997, "false"), (35_998, "false"), (35_999, "true"), (36_000, "true")):
        course = derived.Course(start, start + timedelta(seconds=seconds), None, (), cancelled=False)
        assert derived._sla(row, "resolution", target, course, start)["has_breached"] == verdict


def _is_resolution(snow: Snow, row: dict[str, str]) -> bool:
    task = snow.rows("incident", f"sys_id={row['task']}")
    return bool(task) and snow.one("contract_sla", f"sys_id={row['sla']}")["target"] == "resolution"


def test_journals_tell_what_people_noted(stage: Stage) -> None:
    snow = stage.snow()
    noted = snow.rows("sys_journal_field")
    assert {row["element"] for row in noted} == {"comments", "work_notes"}
    assert len({row["sys_id"] for row in noted}) == len(noted)
    tasks = {row["sys_id"] for row in snow.rows("incident")}
    assert any(row["element_id"] in tasks for row in noted)
    row = snow.rows("incident", "active=true", sysparm_limit="1")[0]
    answer = snow.patch("incident", row["sys_id"], work_notes="mine")
    assert (answer.status_code, answer.json()["result"]["work_notes"]) == (200, "")
    mine = snow.rows("sys_journal_field", f"element_id={row['sys_id']}^value=mine")
    assert [(one["name"], one["element"], one["sys_created_by"]) for one in mine] == [
        ("incident", "work_notes", "bridge")
    ]
    assert int(answer.json()["result"]["sys_mod_count"]) == int(row["sys_mod_count"]) + 1


def _token(stage: Stage, **asked: str) -> requests.Response:
    account = stage.sandbox.account
    form = {"client_id": account.client_id, "client_secret": account.client_secret, **asked}
    return requests.post(f"{stage.sandbox.servicenow_url}/oauth_token.do", data=form, timeout=30)


def _status(stage: Stage, token: str) -> int:
    url = f"{stage.sandbox.servicenow_url}/api/now/table/incident?sysparm_limit=1"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def test_client_credentials_get_a_token_that_serves_for_a_while(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(clock="manual")
    granted = _token(stage, grant_type="client_credentials").json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 1799)
    assert _status(stage, granted["access_token"]) == 200
    stage.sandbox.clock.advance(1800)
    assert _status(stage, granted["access_token"]) == 401


def test_a_refresh_token_serves_once(stage: Stage) -> None:
    first = stage.sandbox.account.refresh_token
    granted = _token(stage, grant_type="refresh_token", refresh_token=first).json()
    assert _status(stage, granted["access_token"]) == 200
    assert _token(stage, grant_type="refresh_token", refresh_token=first).status_code == 401
    again = _token(stage, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert again.json()["refresh_token"] not in (first, granted["refresh_token"])


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, 401, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_token_is_refused(untouched: Stage, asked: dict[str, str], status: int, error: str) -> None:
    answer = _token(untouched, **asked)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert _status(untouched, "made-up") == 401
    assert requests.get(f"{untouched.sandbox.servicenow_url}/oauth_token.do", timeout=30).status_code == 405


def test_a_request_tells_its_approvals_from_its_history(stage: Stage) -> None:
    jira = stage.jira()
    for value in ("Requested", "Rejected", "Requested", "Approved"):
        stage.sandbox.edit("OPS-1", {"customfield_10044": {"value": value}}, "infra-head")
    page = jira.get("/rest/servicedeskapi/request/OPS-1/approval").json()
    assert page["isLastPage"] is True
    last = page["values"][-2:]
    assert [one["finalDecision"] for one in last] == ["declined", "approved"]
    assert last[1]["approvers"][0]["approver"]["displayName"] == "Shalini Menon"
    assert all(one["canAnswerApproval"] is False for one in last)


def test_a_request_has_a_time_to_resolution(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(clock="manual")
    made = stage.sandbox.create("OPS", {"summary": "x", "priority": {"id": "1"}})
    stage.sandbox.clock.advance(3600)
    sla = _sla(stage, made)
    assert sla["ongoingCycle"]["elapsedTime"] == {"millis": 3_600_000, "friendly": "1h 0m"}
    assert (sla["ongoingCycle"]["breached"], sla["ongoingCycle"]["paused"]) == (False, False)
    stage.sandbox.edit(made, {"status": "Waiting for customer"})
    assert _sla(stage, made)["ongoingCycle"]["paused"] is True
    stage.sandbox.clock.advance(4 * 3600)
    stage.sandbox.edit(made, {"status": "Done"})
    ended = _sla(stage, made)
    assert "ongoingCycle" not in ended
    assert [(one["breached"], one["remainingTime"]["friendly"]) for one in ended["completedCycles"]] == [
        (True, "-1h 0m")
    ]
    stage.sandbox.edit(made, {"status": "To Do"})
    assert len(_sla(stage, made)["completedCycles"]) == 1
    assert "ongoingCycle" in _sla(stage, made)


def _sla(stage: Stage, issue: str) -> dict[str, Any]:
    page = stage.jira().get(f"/rest/servicedeskapi/request/{issue}/sla").json()
    (sla,) = page["values"]
    return dict(sla)


@pytest.mark.parametrize("what", ["approval", "sla"])
def test_what_is_no_request_is_not_found(untouched: Stage, what: str) -> None:
    for name in ("ENV-1", "OPS-77777"):
        assert untouched.jira().get(f"/rest/servicedeskapi/request/{name}/{what}").status_code == 404


def test_a_data_center_tells_of_requests_with_names(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(deployment_jira="data_center")
    stage.sandbox.edit("OPS-1", {"customfield_10044": {"value": "Requested"}})
    stage.sandbox.edit("OPS-1", {"customfield_10044": {"value": "Approved"}}, "infra-head")
    page = stage.server().get("/rest/servicedeskapi/request/OPS-1/approval").json()
    assert page["values"][-1]["approvers"][0]["approver"]["name"] == "infra-head"
