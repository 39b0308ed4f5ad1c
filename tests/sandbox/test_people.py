from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.sandbox.clients import NOW, Stage

from itsm_bridge.sandbox import Clock, Faults, Truth
from itsm_bridge.sandbox.web import Request


@pytest.fixture
def still(stage_with: Callable[..., Stage]) -> Stage:
    return stage_with(clock="manual")


def _truth(stage: Stage, name: str, *, hidden: bool = False) -> Truth:
    return next(one for one in stage.sandbox.truth(hidden=hidden) if name in (one.id, one.number))


def test_a_manual_clock_moves_only_when_it_is_told_to(still: Stage) -> None:
    clock = still.sandbox.clock
    assert clock() == clock() == NOW
    assert clock.advance(90) == NOW + timedelta(seconds=90) == clock()
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_a_real_clock_can_be_moved_too() -> None:
    ticks = iter([0.0, 1.0, 2.0, 3.0])
    clock = Clock(NOW, lambda: next(ticks))
    assert clock() == NOW + timedelta(seconds=1)
    assert clock.advance(60) == NOW + timedelta(seconds=62)


def test_an_unknown_pace_is_refused() -> None:
    with pytest.raises(ValueError, match="real or manual"):
        Clock(NOW, pace="fast")  # type: ignore[arg-type]  # what is not typed may say so


def test_an_edit_is_that_persons_and_leaves_history(still: Stage) -> None:
    still.sandbox.clock.advance(5)
    number = still.snow().rows("incident", "active=true", sysparm_limit="1")[0]["number"]
    still.sandbox.edit(number, {"impact": "1", "urgency": "1"}, "dev.p")
    row = still.snow().one("incident", f"number={number}")
    assert (row["impact"], row["sys_updated_by"]) == ("1", "dev.p")
    changed = {one.field: one for one in _truth(still, number).history if one.at == NOW + timedelta(seconds=5)}
    assert {one.by for one in changed.values()} <= {"dev.p"}
    still.sandbox.edit("OPS-1", {"summary": "theirs", "status": "In Review"}, "dev.p")
    history = still.jira().history("OPS-1")
    assert {one["author"]["displayName"] for one in history[-2:]} == {"Dev Patel"}
    issue = still.jira().issue("OPS-1")["fields"]
    assert (issue["summary"], issue["status"]["name"]) == ("theirs", "In Review")


@pytest.mark.parametrize(("place", "values"), [("incident", {"short_description": "new"}), ("OPS", {"summary": "new"})])
def test_what_is_made_is_there_and_goes_again(still: Stage, place: str, values: dict[str, str]) -> None:
    made = still.sandbox.create(place, values)
    truth = _truth(still, made)
    assert (truth.place, truth.created, truth.updated) == (place, NOW, NOW)
    assert "new" in (truth.fields.get("short_description"), truth.fields.get("summary"))
    still.sandbox.delete(truth.number)
    with pytest.raises(LookupError):
        still.sandbox.edit(made, values)


def test_a_made_issue_reads_like_any_other(still: Stage) -> None:
    made = still.sandbox.create("ENV", {"summary": "s", "description": "d", "status": "Done", "issuetype": "Task"})
    fields = still.jira().issue(made)["fields"]
    assert (fields["status"]["name"], fields["issuetype"]["name"]) == ("Done", "Task")
    assert fields["description"]["type"] == "doc"
    assert still.jira().history(made) == []
    assert still.sandbox.create("ENV", {"summary": "t"}) == str(int(made) + 1)


def test_a_moved_issue_keeps_its_id_and_is_found_by_its_old_key(still: Stage) -> None:
    jira = still.jira()
    before = jira.issue("OPS-1")
    still.sandbox.move("OPS-1", "ENV")
    after = jira.issue("OPS-1")
    assert (after["id"], after["key"].split("-")[0]) == (before["id"], "ENV")
    assert after["fields"]["project"]["key"] == "ENV"
    assert before["id"] in jira.ids("project = ENV")
    assert before["id"] not in jira.ids("project = OPS")
    items = {item["field"]: item for item in jira.history("OPS-1")[-1]["items"]}
    assert (items["Key"]["fromString"], items["Key"]["toString"]) == ("OPS-1", after["key"])
    assert _truth(still, before["id"]).number == after["key"]
    still.sandbox.move("OPS-1", "OPS")
    assert jira.issue(before["id"])["key"] not in ("OPS-1", after["key"])


def test_a_task_may_change_its_class(still: Stage) -> None:
    snow = still.snow()
    row = snow.rows("incident", "active=true", sysparm_limit="1")[0]
    still.sandbox.clock.advance(1)
    still.sandbox.move(row["number"], "problem")
    assert snow.get(f"/api/now/table/incident/{row['sys_id']}").status_code == 404
    moved = snow.one("problem", f"sys_id={row['sys_id']}")
    assert (moved["number"], moved["sys_class_name"]) == (row["number"], "problem")
    assert moved["sys_updated_on"] > row["sys_updated_on"]
    last = snow.audit(row["sys_id"])[-1]
    assert (last["fieldname"], last["oldvalue"], last["newvalue"]) == ("sys_class_name", "incident", "problem")


def test_nobody_moves_a_ticket_to_where_there_is_nothing(still: Stage) -> None:
    for ticket, to in (("OPS-1", "incident"), ("OPS-1", "NOPE"), ("NOPE-1", "OPS")):
        with pytest.raises(LookupError):
            still.sandbox.move(ticket, to)
    with pytest.raises(LookupError):
        still.sandbox.edit("OPS-1", {"summary": "x"}, "nobody.n")
    with pytest.raises(LookupError):
        still.sandbox.create("nope", {})


def test_the_truth_is_what_both_products_answer(still: Stage) -> None:
    truth = still.sandbox.truth()
    snow = {one.id: one for one in truth if one.product == "servicenow"}
    for table in ("incident", "problem", "change_request", "sc_req_item"):
        for row in still.snow().rows(table):
            told = snow.pop(row["sys_id"])
            assert told.place == table
            assert {name: row[name] for name in told.fields if name in row} == told.fields
    assert snow == {}
    jira = {one.id: one for one in truth if one.product == "jira"}
    assert set(jira) == set(still.jira().ids("project in (OPS, ENV)"))
    told = _truth(still, "OPS-1")
    assert told.fields["summary"] == still.jira().issue("OPS-1")["fields"]["summary"]
    assert len(told.history) == sum(len(one["items"]) for one in still.jira().history("OPS-1"))


def test_the_truth_is_a_copy(still: Stage) -> None:
    before = _truth(still, "OPS-1")
    still.sandbox.edit("OPS-1", {"summary": "later"})
    assert before.fields["summary"] != "later"


def test_what_the_bridge_may_not_see_is_told_only_when_asked_for(still: Stage) -> None:
    number = _truth(still, "OPS-1").id
    still.sandbox.hide("OPS-1")
    assert number not in {one.id for one in still.sandbox.truth()}
    assert _truth(still, number, hidden=True).number == "OPS-1"
    assert still.sandbox.fired == {}
    still.sandbox.unhide("OPS-1")
    assert _truth(still, number).number == "OPS-1"


def test_a_whole_table_and_a_whole_project_can_be_hidden(still: Stage) -> None:
    snow, jira = still.snow(), still.jira()
    for place in ("problem", "ENV"):
        still.sandbox.hide(place)
    assert snow.get("/api/now/table/problem").status_code == 403
    assert len(snow.rows("incident")) > 0
    assert jira.search("project = ENV").status_code == 400
    assert jira.get("/rest/api/3/issue/ENV-1").status_code == 404
    assert [one["key"] for one in jira.get("/rest/api/3/project").json()] == ["OPS"]
    assert {one.place for one in still.sandbox.truth()}.isdisjoint({"problem", "ENV"})
    still.sandbox.unhide("ENV")
    assert jira.search("project = ENV").status_code == 200


def test_a_row_of_servicenow_may_be_back_dated(still: Stage) -> None:
    long_ago = NOW - timedelta(days=400)
    made = still.sandbox.create("incident", {"short_description": "old"}, at=long_ago)
    assert _truth(still, made).updated == long_ago
    still.sandbox.edit(made, {"short_description": "older"}, at=long_ago + timedelta(days=1))
    row = still.snow().one("incident", f"sys_id={made}")
    assert (row["sys_updated_on"], row["short_description"]) == ("2025-10-22 12:00:00", "older")
    with pytest.raises(ValueError, match="back-dated"):
        still.sandbox.edit("OPS-1", {"summary": "x"}, at=long_ago)


def test_many_people_work_at_once(still: Stage) -> None:
    def work(number: int) -> None:
        for round_ in range(20):
            still.sandbox.edit("OPS-1", {"summary": f"{number} {round_}"})
            still.sandbox.create("incident", {"short_description": f"{number} {round_}"})

    before, changes = len(still.sandbox.truth()), len(still.jira().history("OPS-1"))
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(still.sandbox.truth()) == before + 80
    assert len({one.number for one in still.sandbox.truth()}) == before + 80
    log = still.jira().get("/rest/api/3/issue/OPS-1/changelog", maxResults="100").json()
    assert log["total"] == changes + 80


def test_an_approver_is_asked_and_votes_and_the_truth_tells_it(still: Stage) -> None:
    task = still.sandbox.create("change_request", {"short_description": "a change"})
    still.sandbox.ask(task, "infra-head")
    still.sandbox.clock.advance(60)
    still.sandbox.vote(task, "infra-head", "approved")
    (vote,) = _truth(still, task).votes
    assert (vote.state, still.sandbox.name_of(vote.approver)) == ("approved", "infra-head@egov.example")
    assert (vote.asked, vote.updated) == (NOW, NOW + timedelta(seconds=60))
    assert _truth(still, task).fields["approval"] == "approved"
    with pytest.raises(LookupError, match="was not asked"):
        still.sandbox.vote(task, "punjab-spoc", "approved")


def test_names_are_told_for_what_tickets_refer_to(still: Stage) -> None:
    incident = still.snow().rows("incident", "assignment_groupISNOTEMPTY", sysparm_limit="1")[0]
    group = _truth(still, incident["number"]).fields["assignment_group"]
    assert still.sandbox.name_of(group).startswith("eGov")
    assert "@" in still.sandbox.name_of(_truth(still, "OPS-1").fields["reporter"]["accountId"])
    with pytest.raises(LookupError, match="no record"):
        still.sandbox.name_of("nothing")


def test_something_may_happen_before_each_answer(still: Stage) -> None:
    asked: list[str] = []

    def act(request: Request) -> None:
        asked.append(request.method)
        still.sandbox.edit("OPS-1", {"summary": f"edit {len(asked)}"})

    still.sandbox.meanwhile(act)
    assert still.jira().issue("OPS-1")["fields"]["summary"] == "edit 1"
    assert still.jira().issue("OPS-1")["fields"]["summary"] == "edit 2"
    assert asked == ["GET", "GET"]


def test_neither_a_sys_id_nor_a_number_comes_again(still: Stage) -> None:
    def made() -> Truth:
        return _truth(still, still.sandbox.create("incident", {}))

    first = made()
    still.sandbox.delete(first.id)
    second = made()
    still.sandbox.move(second.id, "problem")
    third = made()
    assert len({one.id for one in (first, second, third)}) == 3
    assert len({one.number for one in (first, second, third)}) == 3


def test_pages_of_jira_hold_no_more_than_they_may(stage_with: Callable[..., Stage]) -> None:
    capped = Faults(page_rows=3)
    cloud, center = stage_with(faults=capped), stage_with(faults=capped, deployment_jira="data_center")
    page = cloud.jira().search("project = OPS", maxResults=50, fields=["summary"]).json()
    assert (len(page["issues"]), page["isLast"]) == (3, False)
    page = center.server().search("project = OPS", maxResults=50).json()
    assert (len(page["issues"]), page["maxResults"]) == (3, 3)
    assert page["total"] > 3


def test_accounts_are_told_by_their_ids(stage_with: Callable[..., Stage]) -> None:
    cloud, center = stage_with().jira(), stage_with(deployment_jira="data_center").server()
    mine = cloud.get("/rest/api/3/myself").json()["accountId"]
    told = cloud.get(f"/rest/api/3/user/bulk?accountId={mine}&accountId=nobody").json()
    assert [one["accountId"] for one in told["values"]] == [mine]
    me = center.get("/rest/api/2/myself").json()
    assert center.get("/rest/api/2/user", key=me["key"]).json()["name"] == me["name"]
    assert center.get("/rest/api/2/user", username=me["name"]).json()["key"] == me["key"]
    assert center.get("/rest/api/2/user", key="nobody").status_code == 404
