from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.connectors import cloud
from tests.connectors.center import Center, connected, history, issue, item
from tests.connectors.cloud import APPROVAL, ENVIRONMENT, VENDOR, told
from tests.connectors.fakes import NOON, Answer, Seen

from itsm_bridge.connectors.base import Bookmark, Page, Write
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.connectors.jira.data_center import bound_at
from itsm_bridge.errors import NeedsPerson, OutcomeUnknown, SourceUnavailable, WriteRefused
from itsm_bridge.model import TicketRecord

NEW_YORK = ZoneInfo("America/New_York")


def pages(connector: JiraConnector, bookmark: Bookmark | None = None) -> list[Page]:
    return list(connector.fetch("issues", bookmark))


def records(found: list[Page]) -> list[TicketRecord]:
    return [record for page in found for record in page.records]


def read_ids(found: list[Page]) -> set[str]:
    return {record.ticket.external_id for record in records(found)}


def many(count: int, apart: timedelta = timedelta(minutes=1)) -> Center:
    center = Center()
    center.add(*(issue(number, NOON - (count - number) * apart) for number in range(1, count + 1)))
    return center


def test_hidden_issues_make_pages_short_and_not_the_last() -> None:
    center = many(250)
    center.hidden = {str(10_000 + number) for number in (101, 150, 199, 201, *range(203, 240), 250)}
    with connected(center) as connector:
        found = pages(connector)
    assert read_ids(found) == center.issues.keys() - center.hidden


def test_whole_pages_may_be_hidden() -> None:
    center = many(900, timedelta(milliseconds=50))
    center.hidden = {str(10_000 + number) for number in range(100, 800)}
    with connected(center) as connector:
        found = pages(connector)
    assert read_ids(found) == center.issues.keys() - center.hidden


def test_fifteen_hundred_issues_of_one_minute_are_all_read() -> None:
    center = Center()
    center.add(*(issue(number) for number in range(1, 1_501)))
    with connected(center) as connector:
        found = pages(connector)
    assert read_ids(found) == center.issues.keys()
    assert len(records(found)) == 1_500
    assert max(body["startAt"] for body in center.searches()) > 1_000


def test_twenty_five_thousand_issues_fit_through_a_window_of_ten_thousand() -> None:
    center = many(25_000, timedelta(seconds=1))
    center.cap = 1_000
    for number, one in center.issues.items():
        one["fields"]["created"] = told(NOON - timedelta(seconds=int(number)))
    with connected(center) as connector:
        found = [number for step in connector.census("issues") for number in step.versions]
    assert set(found) == center.issues.keys()
    assert len(found) == 25_000
    assert len(center.searches()) < 60


def test_more_issues_in_one_minute_than_the_search_can_list_need_a_person() -> None:
    center = Center(cap=1_000)
    center.add(*(issue(number) for number in range(1, 10_051)))
    with connected(center) as connector, pytest.raises(NeedsPerson, match="more than 10000 issues share one minute"):
        list(connector.census("issues"))


@pytest.mark.parametrize("cap", [1, 7, 50, 5_000])
def test_the_server_says_how_large_a_page_is(cap: int) -> None:
    center = many(60)
    center.cap = cap
    with connected(center) as connector:
        found = pages(connector)
    assert read_ids(found) == center.issues.keys()


def test_a_server_that_gives_less_than_it_says_is_read_to_its_end() -> None:
    center = many(40, timedelta(milliseconds=10))

    def fewer(seen: Seen, answer: Answer) -> Answer:
        if not seen.path.endswith("/search") or "expand" in seen.json:
            return answer
        body = dict(answer.body)  # type: ignore[call-overload]
        return replace(answer, body={**body, "issues": body["issues"][:6], "maxResults": 1_000})

    center.meddle = fewer
    with connected(center) as connector:
        assert read_ids(pages(connector)) == center.issues.keys()


@pytest.mark.parametrize("seed", range(12))
def test_issues_that_change_during_the_walk_are_not_lost(seed: int) -> None:
    chance = random.Random(seed)
    center = many(300, timedelta(seconds=chance.choice([1, 5, 40])))
    center.cap = chance.choice([10, 40, 100])

    def churn(_: int) -> None:
        center.now += timedelta(seconds=chance.choice([1, 30, 90]))
        for number in chance.sample(sorted(center.issues), 4):
            center.issues[number]["fields"]["updated"] = told(center.now)
        gone = chance.choice(sorted(center.issues))
        del center.issues[gone]
        center.add(issue(1_000 + len(center.seen), center.now))

    center.before = lambda count: churn(count) if count < 40 else None
    with connected(center) as connector:
        first = pages(connector)
        center.before = lambda _: None
        second = pages(connector, first[-1].bookmark)
    latest = {record.ticket.external_id: record.ticket for record in records(first + second)}
    assert {number: told(latest[number].updated_at) for number in center.issues} == {
        number: one["fields"]["updated"] for number, one in center.issues.items()
    }


def test_an_index_that_sorts_by_an_older_time_does_not_push_the_walk_ahead() -> None:
    center = many(300)
    center.cap = 20
    for name in ("10020", "10039", "10057", "10160"):
        center.stale[name] = center.issues[name]["fields"]["updated"]
        center.issues[name]["fields"]["updated"] = told(NOON)
    with connected(center) as connector:
        assert read_ids(pages(connector)) == center.issues.keys()


def test_the_bound_is_a_minute_of_our_accounts_zone_with_an_overlap_and_no_upper_one() -> None:
    center = many(20)
    with connected(center) as connector:
        bookmark = pages(connector)[-1].bookmark
        asked = len(center.searches())
        again = read_ids(pages(connector, bookmark))
    assert center.searches()[0]["jql"] == 'project in ("OPS", "ENV") ORDER BY updated ASC, key ASC'
    assert center.searches()[asked]["jql"] == (
        'project in ("OPS", "ENV") AND updated >= "2026-11-20 17:25" ORDER BY updated ASC, key ASC'
    )
    assert again == {str(10_000 + number) for number in range(15, 21)}


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("minutes", range(-70, 200, 27))
def test_nothing_is_lost_in_the_hour_that_comes_twice(fold: int, minutes: int) -> None:
    end_of_summer_time = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
    center = Center(fold=fold)
    center.me["timeZone"] = "America/New_York"
    center.add(*(issue(number, end_of_summer_time + timedelta(minutes=number - 90)) for number in range(1, 240)))
    center.now = end_of_summer_time + timedelta(minutes=240)
    at = end_of_summer_time + timedelta(minutes=minutes)
    with connected(center) as connector:
        scope = pages(connector)[-1].bookmark["scope"]
        again = read_ids(pages(connector, {"at": at.isoformat(), "scope": scope}))
    assert again >= {number for number, one in center.issues.items() if one["fields"]["updated"] >= told(at)}


def test_in_the_hour_that_comes_twice_an_hour_is_read_again() -> None:
    once, twice = datetime(2026, 11, 1, 4, 30, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert bound_at(once, NEW_YORK) == ("2026-11-01 00:30", once)
    assert bound_at(twice, NEW_YORK) == ("2026-11-01 00:30", once)
    assert bound_at(twice + timedelta(hours=1), NEW_YORK) == ("2026-11-01 01:30", twice)


@pytest.mark.parametrize("zone", ["", "Nowhere/Atlantis", "../../etc/passwd", "America", None])
def test_a_zone_that_nobody_knows_needs_a_person(zone: str | None) -> None:
    center = many(3)
    center.me["timeZone"] = zone
    with connected(center) as connector, pytest.raises(NeedsPerson, match="zone of our account"):
        pages(connector)


def test_issues_that_have_not_changed_are_not_taken_for_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    center = many(30)
    with connected(center) as connector:
        bookmark = pages(connector)[-1].bookmark
        monkeypatch.setattr(center, "_read", lambda _: "")
        with pytest.raises(NeedsPerson, match="widened"):
            pages(connector, bookmark)


@pytest.mark.parametrize(
    "body", [{"startAt": 7}, {"maxResults": 0}, {"total": -1}, {"total": None}, {"maxResults": "many"}]
)
def test_a_page_that_does_not_say_where_it_stands_is_no_page(body: dict[str, object]) -> None:
    center = many(3)
    center.meddle = lambda seen, answer: (
        replace(answer, body={**answer.body, **body})  # type: ignore[dict-item]
        if seen.path.endswith("/search")
        else answer
    )
    with connected(center) as connector, pytest.raises(SourceUnavailable):
        pages(connector)


def test_an_issue_reads_as_on_cloud() -> None:
    center = Center()
    center.add(issue(1, **{APPROVAL: cloud.option("Approved")}))
    center.histories["10001"] = [
        history(1, item("status", "Open", "In Progress", **{"from": "1", "to": "3"}), at=NOON - timedelta(hours=3)),
        history(2, item("assignee", None, "Ana", to="JIRAUSER10002"), item(VENDOR, None, "OptIT")),
        history(3, item(ENVIRONMENT, "goa", "punjab"), {**item("environment", "a", "b"), "fieldtype": "jira"}),
    ]
    with connected(center) as connector:
        (record,) = records(pages(connector))
        assert connector.read(record.ticket) == record
    ticket = record.ticket
    assert (ticket.assignee, ticket.reporter, ticket.description) == (
        "ana@egov.example",
        "Hidden Person",
        "no *answer*",
    )
    assert (ticket.priority, ticket.vendor, ticket.approval) == (3, "OptIT", "approved")
    told_of = {entry.field: (entry.old, entry.new, entry.actor) for entry in record.history}
    assert told_of["assignee"] == ("", "ana@egov.example", "ana@egov.example")
    assert told_of["vendor"] == ("", "OptIT", "ana@egov.example")
    assert told_of["environment"] == ("goa", "punjab", "ana@egov.example")
    assert [entry.field for entry in record.history].count("environment") == 1


def test_one_issue_that_is_gone_does_not_spoil_the_others() -> None:
    center = many(3)

    def delete(count: int) -> None:
        if count == 2:
            del center.issues["10002"]

    center.before = delete
    with connected(center) as connector:
        found = pages(connector)
    assert read_ids(found) == {"10001", "10003"}
    assert [oddity.check for page in found for oddity in page.oddities] == ["vanished"]


def test_a_changelog_that_is_cut_is_asked_for_alone_and_rejected_where_it_stays_so() -> None:
    center = many(2)
    center.histories["10001"] = [history(number, item("summary", "a", "b")) for number in range(5)]

    def cut(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/search") and "expand" in seen.json:
            for one in answer.body["issues"]:  # type: ignore[index]
                one["changelog"]["histories"] = one["changelog"]["histories"][-2:]
        return answer

    center.meddle = cut
    with connected(center) as connector:
        assert read_ids(pages(connector)) == {"10001", "10002"}
        center.meddle = lambda seen, answer: (
            Answer({**answer.body, "changelog": {"total": 5, "histories": []}})  # type: ignore[dict-item]
            if seen.path.endswith("/10001")
            else cut(seen, answer)
        )
        found = pages(connector)
    assert read_ids(found) == {"10002"}
    assert [one.reason for page in found for one in page.rejected] == ["its changelog does not come whole"]


def test_an_issue_too_large_to_be_read_is_rejected_and_the_others_go_on() -> None:
    center = many(20)
    center.issues["10007"]["fields"]["description"] = "x" * 300_000
    with connected(center, largest=200_000) as connector:
        found = pages(connector)
    assert len(records(found)) == 19
    assert [rejected.external_id for page in found for rejected in page.rejected] == ["10007"]


def test_all_fields_go_in_one_put_of_version_two_with_the_marker_as_a_property() -> None:
    center = many(1)
    with connected(center) as connector:
        (record,) = records(pages(connector))
        values: dict[str, str | int] = {"priority": 1, "vendor": "GWL", "approval": "requested"}
        connector.push(Write(record.ticket, values, (), "marker-1"))
        after = connector.read(record.ticket)
    (sent,) = center.written
    assert sent.path == "/rest/api/2/issue/10001"
    assert sent.json == {
        "fields": {"priority": {"id": "1"}, VENDOR: {"id": "2"}, APPROVAL: {"id": "2"}},
        "properties": [
            {"key": "itsm-bridge", "value": {"intent": "marker-1", "fields": ["approval", "priority", "vendor"]}}
        ],
    }
    assert (after.ticket.priority, after.ticket.vendor, after.ticket.approval) == (1, "GWL", "requested")


def test_a_write_that_breaks_off_is_unknown_and_sent_once() -> None:
    center = many(1)
    with connected(center) as connector:
        (record,) = records(pages(connector))
        center.meddle = lambda seen, answer: Answer(broken=True) if seen.method == "PUT" else answer
        with pytest.raises(OutcomeUnknown):
            connector.push(Write(record.ticket, {"priority": 1}, (), "m"))
    assert len(center.written) == 1


def test_a_field_that_is_not_on_the_edit_screen_is_refused_unsent_and_named_by_the_doctor() -> None:
    center = many(1)
    with connected(center) as connector:
        (record,) = records(pages(connector))
        center.meddle = lambda seen, answer: (
            Answer({"fields": {name: value for name, value in answer.body["fields"].items() if name != VENDOR}})  # type: ignore[index]
            if seen.path.endswith("/editmeta")
            else answer
        )
        with pytest.raises(WriteRefused, match=f"field {VENDOR} is not on the edit screen"):
            connector.push(Write(record.ticket, {"priority": 1, "vendor": "GWL"}, (), "m"))
        check = next(check for check in connector.doctor() if check.name == "project OPS: writing")
    assert center.written == []
    assert (check.verdict, f"vendor ({VENDOR}) is not on the edit screen" in check.detail) == ("failure", True)


def test_cloud_is_not_taken_for_data_center() -> None:
    center = many(1)
    server = {"deploymentType": "Cloud", "versionNumbers": [1001]}
    center.meddle = lambda seen, answer: Answer(server) if seen.path.endswith("/serverInfo") else answer
    with connected(center) as connector, pytest.raises(NeedsPerson, match="this is Jira Cloud"):
        connector.identity()


def test_we_know_who_we_are_and_the_doctor_finds_nothing_wrong() -> None:
    center = many(1)
    with connected(center) as connector:
        identity = connector.identity()
        checks = connector.doctor()
    assert (identity.account, identity.zone, identity.server_time) == ("bridge@egov.example", "Asia/Kolkata", NOON)
    assert {check.name: check.detail for check in checks if check.verdict != "ok"}.keys() <= {"statuses"}
    assert center.written == []
