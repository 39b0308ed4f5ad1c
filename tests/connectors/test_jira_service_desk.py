from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from tests.connectors import center
from tests.connectors.cloud import ANA, SOURCE, Cloud, connected, issue, told
from tests.connectors.fakes import NOON, Answer, World

from itsm_bridge.config.model import Credentials, JiraWrite, Limits
from itsm_bridge.connectors import connect
from itsm_bridge.connectors.base import Page, Write
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.errors import NeedsPerson, SourceUnavailable, WriteRefused
from itsm_bridge.model import Approval, ApprovalState
from itsm_bridge.sandbox import start

Json = dict[str, Any]
DESK = replace(SOURCE, write=JiraWrite(priority="priority", vendor="Vendor", votes=True))
BO = {"accountId": "acc-bo", "displayName": "Bo"}
LATER = NOON + timedelta(hours=2)


def date(at: datetime) -> Json:
    return {"iso8601": f"{told(at)[:19]}+0000", "friendly": "today", "epochMillis": int(at.timestamp() * 1000)}


def round_of(number: str, decision: str, *votes: tuple[Json, str], at: datetime = NOON) -> Json:
    over = {"completedDate": date(at + timedelta(hours=2))} if decision != "pending" else {}
    approvers = [{"approver": who, "approverDecision": said} for who, said in votes]
    return {
        "id": number,
        "name": "Approval",
        "finalDecision": decision,
        "canAnswerApproval": True,
        "approvers": approvers,
        "createdDate": date(at),
        **over,
    }


def site(**parts: list[Json]) -> Cloud:
    cloud = Cloud()
    cloud.add(issue(1), issue(2), {**issue(3, project={"key": "ENV"}), "key": "ENV-3"})
    cloud.requests["10001"] = parts
    return cloud


@contextmanager
def desk(cloud: Cloud) -> Iterator[JiraConnector]:
    with connected(cloud, DESK) as connector:
        yield connector


def walk(connector: JiraConnector) -> Page:
    (page,) = connector.fetch("issues", None)
    return page


def test_every_approvers_vote_comes_with_its_request() -> None:
    cloud = site(approval=[round_of("7", "pending", (ANA, "approved"), (BO, "pending"))])
    with desk(cloud) as connector:
        first, second, third = walk(connector).records
        assert connector.read(first.ticket) == first
    assert first.approvals == (
        Approval("ops", "10001", "10001:7:acc-ana", "ana@egov.example", ApprovalState.APPROVED, NOON),
        Approval("ops", "10001", "10001:7:acc-bo", "Bo", ApprovalState.REQUESTED, NOON),
    )
    assert (first.ticket.approval, second.ticket.approval, third.ticket.approval) == ("requested", None, None)
    assert second.approvals == third.approvals == ()


def test_only_projects_of_a_service_desk_are_asked_and_nothing_is_answered() -> None:
    cloud = site(approval=[round_of("7", "pending", (BO, "pending"))])
    with desk(cloud) as connector:
        walk(connector)
        walk(connector)
    asked = {seen.path for seen in cloud.seen if "servicedeskapi" in seen.path}
    assert asked == {f"/rest/servicedeskapi/request/1000{n}/{part}" for n in (1, 2) for part in ("approval", "sla")}
    assert {seen.method for seen in cloud.seen if "servicedeskapi" in seen.path} == {"GET"}
    assert len(cloud.asked("/project/OPS")) == 1
    assert {seen.headers["X-ExperimentalApi"] for seen in cloud.seen} == {"opt-in"}


@pytest.mark.parametrize(
    ("rounds", "state"),
    [
        ([round_of("1", "approved", (ANA, "approved"))], "approved"),
        ([round_of("1", "declined", (ANA, "declined"))], "rejected"),
        (
            [round_of("1", "declined", (ANA, "declined")), round_of("2", "approved", (BO, "approved"), at=LATER)],
            "approved",
        ),
        (
            [round_of("2", "approved", (BO, "approved"), at=LATER), round_of("1", "declined", (ANA, "declined"))],
            "approved",
        ),
        ([round_of("1", "approved", (ANA, "approved")), round_of("2", "pending", (BO, "pending"))], "requested"),
        ([], None),
    ],
)
def test_the_ticket_is_where_its_latest_round_is(rounds: list[Json], state: str | None) -> None:
    with desk(site(approval=rounds)) as connector:
        record = walk(connector).records[0]
    assert record.ticket.approval == state
    assert len(record.approvals) == len(rounds)


def test_who_was_not_heard_before_a_round_ended_need_not_vote() -> None:
    cloud = site(approval=[round_of("7", "approved", (ANA, "approved"), (BO, "pending"))])
    with desk(cloud) as connector:
        votes = {vote.approver: (vote.state, vote.decided_at) for vote in walk(connector).records[0].approvals}
    assert votes == {"ana@egov.example": ("approved", LATER), "Bo": ("not_required", None)}


def test_all_pages_of_the_rounds_are_read() -> None:
    cloud = site(approval=[round_of(str(place), "declined", (ANA, "declined")) for place in range(5)])
    with desk(cloud) as connector:
        assert len(walk(connector).records[0].approvals) == 5
        cloud.meddle = lambda seen, answer: (
            Answer({"values": [], "isLastPage": False}) if seen.path.endswith("/approval") else answer
        )
        with pytest.raises(SourceUnavailable, match="before its end"):
            walk(connector)


@pytest.mark.parametrize(
    "bad",
    [
        {"createdDate": None},
        {"approvers": None},
        {"approvers": [5]},
        {"approvers": [{"approver": ANA, "approverDecision": "perhaps"}]},
        {"id": None},
    ],
)
def test_a_round_that_cannot_be_read_is_listed_and_the_others_go_on(bad: Json) -> None:
    cloud = site(
        approval=[{**round_of("1", "declined", (ANA, "declined")), **bad}, round_of("2", "pending", (BO, "pending"))]
    )
    with desk(cloud) as connector:
        page = walk(connector)
    assert [vote.approval_id for vote in page.records[0].approvals] == ["10001:2:acc-bo"]
    assert [oddity.check for oddity in page.oddities] == ["unmapped_approval"]


def test_the_sources_own_clocks_come_with_the_page() -> None:
    done = {
        "startTime": date(NOON),
        "stopTime": date(LATER),
        "breachTime": date(LATER),
        "breached": True,
        "elapsedTime": {"millis": 7_200_000},
    }
    now = {"startTime": date(LATER), "breached": False, "paused": True, "elapsedTime": {"millis": "junk"}}
    cloud = site(sla=[{"id": "9", "name": "Time to resolution", "completedCycles": [done], "ongoingCycle": now}])
    with desk(cloud) as connector:
        first, second = walk(connector).natives
    assert (first.external_id, first.native_id, first.name, first.stage) == (
        "10001",
        f"10001:9:{int(NOON.timestamp())}",
        "Time to resolution",
        "completed",
    )
    assert (first.started_at, first.stopped_at, first.due_at) == (NOON, LATER, LATER)
    assert (first.elapsed_seconds, first.breached) == (7_200, True)
    assert (second.native_id, second.stage, second.stopped_at, second.elapsed_seconds, second.breached) == (
        f"10001:9:{int(LATER.timestamp())}",
        "paused",
        None,
        None,
        False,
    )


def test_a_clock_tells_its_goal_whether_it_is_paused_and_of_when_it_is() -> None:
    done = {"startTime": date(NOON), "stopTime": date(LATER), "goalDuration": {"millis": 14_400_000}}
    cycles = [{**done, "goalDuration": goal} for goal in ({"millis": 1e999}, {"millis": True}, "4h", None)]
    now = {"startTime": date(LATER), "goalDuration": {"millis": 3_600_000.4}}
    cloud = site(
        sla=[
            {"id": "9", "name": "Time to resolution", "completedCycles": [done, *cycles], "ongoingCycle": now},
            {"id": "10", "name": "Time to first response", "ongoingCycle": {**now, "paused": True}},
        ]
    )
    with desk(cloud) as connector:
        first, *odd, running, paused = walk(connector).natives
        answered_at = connector.identity().server_time
    assert (first.target_seconds, first.paused, first.measured_at) == (14_400, False, LATER)
    assert [native.target_seconds for native in odd] == [None] * 4
    assert (running.target_seconds, running.paused, running.measured_at) == (3_600, None, answered_at)
    assert (paused.paused, paused.schedule, paused.zone) == (True, None, None)


def test_clocks_alone_are_read_where_approvals_are_not_wanted() -> None:
    cloud = site(
        approval=[round_of("7", "pending", (BO, "pending"))],
        sla=[{"id": "9", "name": "Time to resolution", "ongoingCycle": {"startTime": date(NOON)}}],
    )
    with connected(cloud, replace(SOURCE, native_slas=True)) as connector:
        page = walk(connector)
    assert [native.name for native in page.natives] == ["Time to resolution"]
    assert page.records[0].approvals == ()
    assert not cloud.asked("/rest/servicedeskapi/request/10001/approval")


def test_clocks_that_are_for_agents_only_are_none_and_approvals_that_are_closed_need_a_person() -> None:
    cloud = site(approval=[round_of("7", "pending", (BO, "pending"))], sla=[{"id": "9"}])
    cloud.meddle = lambda seen, answer: Answer({}, 403) if seen.path.endswith("/sla") else answer
    with desk(cloud) as connector:
        assert walk(connector).natives == ()
        cloud.meddle = lambda seen, answer: Answer({}, 403) if seen.path.endswith("/approval") else answer
        with pytest.raises(NeedsPerson):
            walk(connector)


def test_an_approval_is_never_written() -> None:
    cloud = site(approval=[round_of("7", "pending", (BO, "pending"))])
    with desk(cloud) as connector:
        ticket = walk(connector).records[0].ticket
        with pytest.raises(WriteRefused, match="approval is not written to ops"):
            connector.push(Write(ticket, {"approval": "approved"}, (), "m"))
    assert cloud.written == []


def test_nothing_of_it_is_asked_for_where_it_is_not_configured() -> None:
    cloud = site(approval=[round_of("7", "pending", (BO, "pending"))])
    with connected(cloud) as connector:
        assert walk(connector).records[0].approvals == ()
    assert not any("servicedeskapi" in seen.path for seen in cloud.seen)


def test_data_center_names_its_approvers_by_user() -> None:
    site_of_ours = center.Center()
    site_of_ours.add(center.issue(1))
    site_of_ours.requests["10001"] = {"approval": [round_of("7", "pending", (center.ANA, "pending"))]}
    with connected(site_of_ours, replace(DESK, deployment="data_center")) as connector:
        (vote,) = walk(connector).records[0].approvals
    assert (vote.approver, vote.approval_id) == ("ana@egov.example", "10001:7:JIRAUSER10002")


def test_the_doctor_tells_whether_approvals_can_be_read() -> None:
    cloud = site(approval=[])
    with desk(cloud) as connector:
        found = {check.name: check for check in connector.doctor()}
        assert found["approvals"].verdict == "ok"
        cloud.meddle = lambda seen, answer: Answer({}, 403) if seen.path.endswith("/approval") else answer
        found = {check.name: check for check in connector.doctor()}
        assert found["approvals"].verdict == "failure"
        cloud.meddle = lambda _, answer: answer
        cloud.requests.clear()
        found = {check.name: check for check in connector.doctor()}
        assert found["approvals"].verdict == "warning"
    with connected(cloud) as connector:
        assert "approvals" not in {check.name for check in connector.doctor()}


@pytest.mark.parametrize("deployment", ["cloud", "data_center"])
def test_the_sandboxes_service_desk_is_read(deployment: str) -> None:
    source = replace(DESK, name="ops", deployment=deployment)
    with start(now=NOON, deployment_jira="data_center" if deployment == "data_center" else "cloud") as running:
        token = SecretStr(running.account.token)
        who = Credentials("token", running.account.email, token)
        if deployment == "data_center":
            who = Credentials("bearer", "", token)
        source = replace(source, url=running.jira_url, fields={}, projects=("OPS",))
        connector = connect(source, who, {}, Limits(), World().surroundings)
        pages = list(connector.fetch("issues", None))
    votes = [vote for page in pages for record in page.records for vote in record.approvals]
    assert len({vote.approval_id for vote in votes}) == len(votes) > 10
    assert {vote.state for vote in votes} <= set(ApprovalState)
    natives = [native for page in pages for native in page.natives]
    assert len({native.native_id for native in natives}) == len(natives) > 10
