from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.connectors.fakes import NOON, Answer, Seen
from tests.connectors.snow import ANA, SOURCE, Record, Snow, audit, connected, incident, link, sys_id, vote

import itsm_bridge.connectors.servicenow.task_slas as task_slas
from itsm_bridge.connectors.base import Absence, DayCount
from itsm_bridge.connectors.servicenow.cells import stamp
from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector
from itsm_bridge.errors import NeedsPerson, SourceUnavailable
from itsm_bridge.model import NativeSla

pytestmark = pytest.mark.usefixtures("over_both_transports")

CLOCKS = replace(SOURCE, native_slas=True)


def census(connector: ServiceNowConnector, stream: str = "incident") -> dict[str, str]:
    return {key: version for step in connector.census(stream) for key, version in step.versions.items()}


def task(place: int, table: str) -> Record:
    return {"sys_id": sys_id(place), "sys_class_name": table, "number": f"T{place}"}


def deletion(place: int) -> Record:
    return {**audit(place, "DELETED", "", ""), "fieldname": "DELETED"}


# --- the census ---


def test_a_census_names_every_ticket_with_the_version_that_its_record_has() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(place, sys_mod_count=str(place)) for place in range(250)]
    with connected(snow) as connector:
        found = census(connector)
        read = {
            record.ticket.external_id: record.ticket.version
            for page in connector.fetch("incident", None)
            for record in page.records
        }
        steps = list(connector.census("incident"))
    assert found == read
    assert len(found) == 250
    assert [step.expected for step in steps] == [250, 250, 250]


def test_a_census_goes_on_behind_pages_that_are_hidden_altogether() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(place) for place in range(1_000)]
    snow.hidden = {sys_id(place) for place in range(150, 850)} | {sys_id(place) for place in range(0, 150, 3)}
    with connected(snow) as connector:
        assert set(census(connector)) == {sys_id(place) for place in range(1_000)} - snow.hidden


def test_tickets_that_change_during_a_census_are_neither_missed_nor_repeated() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(place) for place in range(300)]

    def meddle(_: Seen, answer: Answer) -> Answer:
        for row in snow.tables["incident"][::7]:
            row["sys_updated_on"] = stamp(NOON + timedelta(hours=1))
        return answer

    snow.meddle = meddle
    with connected(snow, page=50) as connector:
        found = [key for step in connector.census("incident") for key in step.versions]
    assert found == sorted({sys_id(place) for place in range(300)})


def test_a_census_keeps_to_the_scope_and_stops_where_the_server_drops_it() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(place, category="network" if place % 2 else "food") for place in range(9)]
    with connected(snow, replace(SOURCE, scope="category=network")) as connector:
        assert set(census(connector)) == {sys_id(place) for place in range(1, 9, 2)}
        everything = Answer({"result": snow.tables["incident"]}, headers={"X-Total-Count": "9"})
        snow.meddle = lambda seen, answer: everything if seen.path.endswith("/incident") else answer
        with pytest.raises(NeedsPerson, match="widened"):
            census(connector)


def test_votes_and_clocks_have_no_census_and_no_days() -> None:
    snow = Snow()
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA)]
    with connected(snow, CLOCKS) as connector:
        for stream in ("sysapproval_approver", "task_sla"):
            assert census(connector, stream) == {}
            assert connector.count_by_day(stream, NOON.date()) == ()
    assert snow.seen == []


@pytest.mark.parametrize(("status", "why"), [(403, "role with read"), (404, "is not there, or"), (400, "this name")])
def test_a_table_that_is_closed_as_a_whole_needs_a_person_who_is_told_which(status: int, why: str) -> None:
    snow = Snow(meddle=lambda _, __: Answer({"error": {"message": "canary of the body"}}, status))
    with connected(snow) as connector, pytest.raises(NeedsPerson, match=f"table incident answered {status}") as raised:
        census(connector)
    assert why in raised.value.message
    assert "canary" not in raised.value.message


# --- tickets by their ids ---


def test_tickets_come_by_their_ids_as_a_walk_would_give_them() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(place) for place in range(260)]
    snow.tables["sys_audit"] = [audit(7, "state", "2", "1", NOON - timedelta(minutes=1))]
    snow.tables["sysapproval_approver"] = [vote(1, 8, ANA)]
    wanted = [sys_id(place) for place in range(230)]
    with connected(snow) as connector:
        walked = {
            record.ticket.external_id: record for page in connector.fetch("incident", None) for record in page.records
        }
        snow.seen.clear()
        page = connector.fetch_ids("incident", [*wanted, sys_id(999), "x^NQactive=true"])
    assert {record.ticket.external_id: record for record in page.records} == {key: walked[key] for key in wanted}
    assert page.bookmark == {}
    asked = [seen.query["sysparm_query"] for seen in snow.seen if seen.path.endswith("/incident")]
    assert len(asked) == 3
    assert not any("NQ" in query for query in asked)


def test_ids_outside_the_scope_or_hidden_are_left_out() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2, category="food"), incident(3)]
    snow.hidden = {sys_id(3)}
    with connected(snow, replace(SOURCE, scope="category=network")) as connector:
        page = connector.fetch_ids("incident", [sys_id(place) for place in (1, 2, 3)])
        assert connector.fetch_ids("incident", []).records == ()
    assert [record.ticket.external_id for record in page.records] == [sys_id(1)]


def test_a_record_among_them_that_cannot_be_read_is_rejected_and_the_others_come() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2, number=""), incident(3, description="x" * 300_000)]
    with connected(snow, largest=100_000) as connector:
        page = connector.fetch_ids("incident", [sys_id(place) for place in (1, 2, 3)])
    assert [record.ticket.external_id for record in page.records] == [sys_id(1)]
    assert {one.external_id for one in page.rejected} == {sys_id(2), sys_id(3)}


def test_votes_come_by_the_ids_of_their_tickets() -> None:
    snow = Snow()
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA), vote(2, 2, ANA)]
    with connected(snow) as connector:
        page = connector.fetch_ids("sysapproval_approver", [sys_id(2)])
    assert [approval.external_id for approval in page.approvals] == [sys_id(2)]


def test_votes_are_read_anew_when_a_table_is_added() -> None:
    snow = Snow()
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA, at=NOON - timedelta(days=9)), vote(2, 1, ANA)]
    with connected(snow) as connector:
        (page,) = connector.fetch("sysapproval_approver", None)
        (again,) = connector.fetch("sysapproval_approver", page.bookmark)
    with connected(snow, replace(SOURCE, tables=(*SOURCE.tables, "problem"))) as connector:
        (anew,) = connector.fetch("sysapproval_approver", page.bookmark)
    assert [len(one.approvals) for one in (page, again, anew)] == [2, 1, 2]


# --- why one is missing ---


def removed(snow: Snow) -> None:
    del snow.tables["incident"][0]


def left_for_another_table(snow: Snow) -> None:
    removed(snow)
    snow.tables["task"] = [task(1, "sc_task")]


def left_for_another_of_ours_where_task_is_closed(snow: Snow) -> None:
    removed(snow)
    snow.tables["change_request"] = [incident(1, sys_class_name="change_request")]


def hidden(snow: Snow) -> None:
    snow.hidden = {sys_id(1)}


def hidden_elsewhere(snow: Snow) -> None:
    removed(snow)
    snow.tables["task"] = [task(1, "sc_task")]
    snow.hidden = {sys_id(1)}


def left_the_scope(snow: Snow) -> None:
    snow.tables["incident"][0]["category"] = "food"


def deleted(snow: Snow) -> None:
    removed(snow)
    snow.tables["sys_audit"] = [deletion(1), deletion(2)]


def archived(snow: Snow) -> None:
    deleted(snow)
    snow.tables["ar_incident"] = [task(1, "incident"), task(3, "incident")]


def archived_where_the_archive_is_hidden(snow: Snow) -> None:
    archived(snow)
    snow.hidden = {sys_id(1)}


def deleted_beside_an_archive(snow: Snow) -> None:
    deleted(snow)
    snow.tables["ar_incident"] = [task(3, "incident")]


def deleted_and_restored(snow: Snow) -> None:
    snow.tables["sys_audit"] = [deletion(1)]


def deleted_without_a_trace(snow: Snow) -> None:
    removed(snow)
    snow.tables["sys_audit"] = [deletion(2)]


def deleted_where_nothing_may_be_looked_up(snow: Snow) -> None:
    removed(snow)
    del snow.tables["sys_audit"]


@pytest.mark.parametrize(
    ("happens", "absence"),
    [
        (lambda _: None, None),
        (left_for_another_table, Absence.MOVED),
        (left_for_another_of_ours_where_task_is_closed, Absence.MOVED),
        (left_the_scope, Absence.MOVED),
        (hidden, Absence.HIDDEN),
        (hidden_elsewhere, Absence.HIDDEN),
        (deleted, Absence.DELETED),
        (archived, Absence.ARCHIVED),
        (archived_where_the_archive_is_hidden, Absence.ARCHIVED),
        (deleted_beside_an_archive, Absence.DELETED),
        (deleted_and_restored, None),
        (deleted_without_a_trace, Absence.UNKNOWN),
        (deleted_where_nothing_may_be_looked_up, Absence.UNKNOWN),
    ],
)
def test_why_a_ticket_is_missing_is_found_out(happens: Callable[[Snow], None], absence: Absence | None) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2)]
    happens(snow)
    with connected(snow, replace(SOURCE, scope="category=network")) as connector:
        assert connector.absence("incident", sys_id(1)) is absence


def test_an_answer_about_other_records_says_nothing_of_this_one() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(2)]
    snow.meddle = lambda seen, answer: (
        Answer({"result": snow.tables["incident"]}) if seen.path.endswith("/incident") else answer
    )
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        connector.absence("incident", sys_id(1))
    snow.meddle = lambda _, answer: replace(answer, body={"result": []}, headers={"X-Total-Count": "812"})
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        connector.absence("incident", sys_id(1))


def test_deletions_of_others_are_not_taken_for_this_one() -> None:
    snow = Snow()
    snow.tables["sys_audit"] = [deletion(2)]
    every = Answer({"result": snow.tables["sys_audit"]})
    snow.meddle = lambda seen, answer: every if seen.path.endswith("/sys_audit") else answer
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        connector.absence("incident", sys_id(1))


def test_a_busy_source_is_no_reason_to_call_a_ticket_gone() -> None:
    snow = Snow(meddle=lambda _, __: Answer(status=503))
    with connected(snow) as connector, pytest.raises(SourceUnavailable):
        connector.absence("incident", sys_id(1))


def test_a_vote_that_is_missing_is_looked_up_by_its_own_id() -> None:
    snow = Snow()
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA), vote(2, 1, ANA)]
    there, concealed, gone, lost = (sys_id(0xE000000 + place) for place in (1, 2, 3, 4))
    snow.hidden = {concealed}
    snow.tables["sys_audit"] = [{**deletion(1), "documentkey": gone}]
    with connected(snow) as connector:
        found = [connector.absence("sysapproval_approver", one) for one in (there, concealed, gone, lost, "x^NQ")]
    assert found == [None, Absence.HIDDEN, Absence.DELETED, Absence.UNKNOWN, Absence.UNKNOWN]


# --- how many came when ---


def test_tickets_are_counted_by_the_day_they_were_opened_hidden_ones_too() -> None:
    snow = Snow()
    days = [NOON - timedelta(days=age) for age in (0, 0, 1, 3)]
    snow.tables["incident"] = [incident(place, opened_at=stamp(at)) for place, at in enumerate(days)]
    snow.hidden = {sys_id(0)}
    with connected(snow) as connector:
        found = connector.count_by_day("incident", date(2026, 11, 17))
    assert found == [
        DayCount("incident", date(2026, 11, 17), 1),
        DayCount("incident", date(2026, 11, 18), 0),
        DayCount("incident", date(2026, 11, 19), 1),
        DayCount("incident", date(2026, 11, 20), 2),
    ]
    assert {seen.query["sysparm_limit"] for seen in snow.seen} == {"1"}


def test_counting_is_bounded_to_the_last_sixty_days() -> None:
    snow = Snow()
    with connected(snow) as connector:
        found = connector.count_by_day("incident", date(2020, 1, 1))
        assert connector.count_by_day("incident", date(2030, 1, 1)) == []
    assert len(snow.seen) == len(found) == 60
    assert (found[0].day, found[-1].day) == (date(2026, 9, 22), date(2026, 11, 20))


def test_a_source_that_does_not_count_is_asked_once() -> None:
    snow = Snow(secretive=True)
    with connected(snow) as connector:
        assert connector.count_by_day("incident", date(2026, 11, 1)) == ()
    assert len(snow.seen) == 1


def test_a_count_of_other_days_is_not_believed() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, opened_at="2020-01-01 00:00:00")]
    snow.meddle = lambda _, answer: replace(answer, body={"result": snow.tables["incident"]})
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        connector.count_by_day("incident", date(2026, 11, 20))


# --- ServiceNow's own clocks ---


def clock(place: int, ticket: int, **values: object) -> Record:
    return {
        "sys_id": sys_id(0xC000000 + place),
        "sys_updated_on": stamp(NOON),
        "sys_mod_count": "3",
        "task": link("task", sys_id(ticket)),
        "task.sys_class_name": "incident",
        "sla": link("contract_sla", sys_id(0xC1)),
        "sla.name": "P1 resolution",
        "stage": "completed",
        "start_time": stamp(NOON - timedelta(hours=5)),
        "end_time": stamp(NOON),
        "planned_end_time": stamp(NOON - timedelta(hours=1)),
        "business_duration": "1970-01-01 03:30:15",
        "has_breached": "true",
        **values,
    }


def test_the_sources_own_clocks_are_a_stream_where_they_are_wanted() -> None:
    snow = Snow()
    snow.tables["task_sla"] = [clock(1, 1)]
    with connected(snow) as connector:
        assert "task_sla" not in connector.streams()
    with connected(snow, CLOCKS) as connector:
        assert connector.streams() == ("incident", "change_request", "sysapproval_approver", "task_sla")
        (page,) = connector.fetch("task_sla", None)
        (again,) = connector.fetch("task_sla", page.bookmark)
    assert page.natives == again.natives
    assert page.bookmark["at"] == stamp(NOON)
    assert page.natives == (
        NativeSla(
            source="snow",
            external_id=sys_id(1),
            native_id=sys_id(0xC000001),
            name="P1 resolution",
            stage="completed",
            started_at=NOON - timedelta(hours=5),
            stopped_at=NOON,
            due_at=NOON - timedelta(hours=1),
            elapsed_seconds=3 * 3600 + 30 * 60 + 15,
            breached=True,
            measured_at=NOON,
            paused=False,
        ),
    )


def test_a_clock_tells_its_target_its_schedule_and_its_pauses() -> None:
    snow = Snow()
    told = {
        "sla.duration": "1970-01-01 04:00:00",
        "sla.duration_type": "",
        "schedule.name": " 8-5 weekdays ",
        "schedule.time_zone": "floating",
        "timezone": "Asia/Kolkata",
        "stage": "paused",
        "pause_time": stamp(NOON - timedelta(hours=1)),
        "business_pause_duration": "1970-01-01 00:20:00",
        "business_percentage": "1,087.53",
    }
    others = [
        clock(2, 1, **{"sla.duration": "1970-01-01 04:00:00", "sla.duration_type": link("cmn_relative_duration", "1")}),
        clock(
            3, 1, **{"schedule.time_zone": "Europe/London", "timezone": "Asia/Kolkata", "stage": "a word of its own"}
        ),
        clock(4, 1, business_percentage="nan"),
    ]
    snow.tables["task_sla"] = [clock(1, 1, **told), *others]
    with connected(snow, CLOCKS) as connector:
        (page,) = connector.fetch("task_sla", None)
    first, relative, elsewhere, odd = page.natives
    assert (first.target_seconds, first.schedule, first.zone) == (14_400, "8-5 weekdays", "Asia/Kolkata")
    assert (first.paused, first.paused_at, first.paused_seconds) == (True, NOON - timedelta(hours=1), 1200)
    assert first.percent == 1087.53
    assert (relative.target_seconds, elsewhere.zone, elsewhere.paused) == (None, "Europe/London", None)
    assert odd.percent is None


def test_clocks_are_read_anew_once_more_of_them_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    snow = Snow()
    snow.tables["task_sla"] = [clock(1, 1)]
    fewer = replace(task_slas.ATTACHED, columns=task_slas.ATTACHED.columns[:11])
    with monkeypatch.context() as older:
        older.setattr(task_slas, "ATTACHED", fewer)
        with connected(snow, CLOCKS) as connector:
            (page,) = connector.fetch("task_sla", None)
            votes = [each.bookmark for each in connector.fetch("sysapproval_approver", None)]
    snow.tables["task_sla"] = [clock(1, 1, sys_updated_on=stamp(NOON - timedelta(days=9)))]
    with connected(snow, CLOCKS) as connector:
        (again,) = connector.fetch("task_sla", page.bookmark)
        same = [each.bookmark for each in connector.fetch("sysapproval_approver", None)]
    assert same == votes
    assert len(again.natives) == 1
    assert again.bookmark["scope"] != page.bookmark["scope"]


def test_a_running_clock_has_no_end_and_a_broken_one_is_rejected() -> None:
    snow = Snow()
    running = clock(1, 1, end_time="", business_duration="1970-01-03 00:00:00", has_breached="", stage="in_progress")
    broken = [clock(2, 1, start_time="soon"), clock(3, 1, task="")]
    snow.tables["task_sla"] = [running, *broken]
    with connected(snow, CLOCKS) as connector:
        (page,) = connector.fetch("task_sla", None)
    (native,) = page.natives
    assert (native.stopped_at, native.breached, native.elapsed_seconds) == (None, None, 172_800)
    assert {one.external_id for one in page.rejected} == {sys_id(0xC000002), sys_id(0xC000003)}


def test_clocks_of_tickets_outside_the_scope_are_left_alone() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2, category="food")]
    snow.tables["task_sla"] = [clock(1, 1), clock(2, 2)]
    with connected(snow, replace(CLOCKS, scope="category=network")) as connector:
        (page,) = connector.fetch("task_sla", None)
        some = connector.fetch_ids("task_sla", [sys_id(1), sys_id(2)])
    assert [native.external_id for native in page.natives] == [sys_id(1)]
    assert some.natives == page.natives


def test_wanting_the_clocks_does_not_read_the_tickets_anew() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, NOON - timedelta(days=9)), incident(2)]
    with connected(snow) as connector:
        (page,) = connector.fetch("incident", None)
    with connected(snow, CLOCKS) as connector:
        (again,) = connector.fetch("incident", page.bookmark)
    assert len(again.records) == 1
