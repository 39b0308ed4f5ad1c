from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.connectors import center, cloud
from tests.connectors.cloud import Cloud, told
from tests.connectors.fakes import NOON, Answer, Seen

from itsm_bridge.connectors.base import Absence, Census, DayCount
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.errors import CredentialsRefused, NeedsPerson, SourceUnavailable

Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One deployment: how to make a site of it, an issue, and a connector."""

    site: Callable[[], Cloud]
    issue: Callable[..., Json]
    connected: Callable[[Any], AbstractContextManager[JiraConnector]]
    search: str

    def many(self, count: int) -> Cloud:
        site = self.site()
        site.add(*(self.issue(number, NOON, created=told(NOON - timedelta(hours=number))) for number in range(count)))
        return site


KINDS = {
    "cloud": Kind(Cloud, cloud.issue, cloud.connected, "/search/jql"),
    "data_center": Kind(center.Center, center.issue, center.connected, "/search"),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def counted(connector: JiraConnector) -> dict[str, str]:
    return {number: version for step in connector.census("issues") for number, version in step.versions.items()}


# --- census ---


def test_a_census_holds_every_issue_with_the_version_that_its_ticket_has(kind: Kind) -> None:
    site = kind.many(250)
    with kind.connected(site) as connector:
        versions = counted(connector)
        tickets = [record.ticket for page in connector.fetch("issues", None) for record in page.records]
    assert versions == {ticket.external_id: ticket.version for ticket in tickets}
    assert len(versions) == 250
    orders = {seen.json["jql"].partition("ORDER BY ")[2] for seen in site.asked(kind.search)}
    assert "created ASC, key ASC" in orders


def test_a_census_of_an_empty_site_is_empty(kind: Kind) -> None:
    with kind.connected(kind.site()) as connector:
        assert counted(connector) == {}


def test_data_center_says_how_many_there_are() -> None:
    with center.connected(KINDS["data_center"].many(12)) as connector:  # type: ignore[arg-type]
        assert [step.expected for step in connector.census("issues")][:1] == [12]


@pytest.mark.parametrize("status", [403, 404])
def test_a_project_that_is_closed_to_us_is_named_and_nothing_is_counted(kind: Kind, status: int) -> None:
    site = kind.many(3)
    site.meddle = lambda seen, answer: Answer({}, status) if seen.path.endswith("/project/ENV") else answer
    with kind.connected(site) as connector:
        with pytest.raises(NeedsPerson, match=f"project ENV answered {status}"):
            counted(connector)
        with pytest.raises(NeedsPerson, match="project ENV"):
            connector.count_by_day("issues", NOON.date())
    assert site.asked(kind.search) == []


def test_a_project_that_is_lost_during_the_walk_spoils_it(kind: Kind) -> None:
    site = kind.many(30)

    def meddle(seen: Seen, answer: Answer) -> Answer:
        lost = seen.path.endswith("/project/OPS") and site.asked(kind.search)
        return Answer({}, 404) if lost else answer

    site.meddle = meddle
    with kind.connected(site) as connector:
        steps = connector.census("issues")
        with pytest.raises(NeedsPerson, match="project OPS"):
            list(steps)


def test_a_project_with_another_key_by_now_is_named(kind: Kind) -> None:
    site = kind.many(3)
    site.meddle = lambda seen, answer: Answer({"key": "NEW"}) if seen.path.endswith("/project/OPS") else answer
    with kind.connected(site) as connector, pytest.raises(NeedsPerson, match="project OPS is called 'NEW' by now"):
        counted(connector)


def test_an_empty_answer_to_a_stranger_is_no_census(kind: Kind) -> None:
    site = kind.many(3)
    empty: Json = {"issues": [], "isLast": True, "startAt": 0, "total": 0, "maxResults": 100}

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/myself") and site.asked(kind.search):
            return Answer(status=401)
        return Answer(empty) if seen.path.endswith(kind.search) else answer

    site.meddle = meddle
    seen: list[Census] = []
    with kind.connected(site) as connector, pytest.raises(CredentialsRefused):
        seen.extend(connector.census("issues"))
    assert seen == []


def test_a_cloud_that_warns_of_a_cut_answer_gives_no_census() -> None:
    site = KINDS["cloud"].many(3)
    site.meddle = lambda seen, answer: (
        replace(answer, body={**answer.body, "warnings": ["truncated"]})  # type: ignore[dict-item]
        if seen.path.endswith("/search/jql")
        else answer
    )
    with cloud.connected(site) as connector, pytest.raises(NeedsPerson, match="warns"):
        counted(connector)


def test_a_cloud_census_that_breaks_off_is_none() -> None:
    site = KINDS["cloud"].many(3)
    site.meddle = lambda seen, answer: Answer({"issues": []}) if seen.path.endswith("/search/jql") else answer
    with cloud.connected(site) as connector, pytest.raises(SourceUnavailable, match="broke off"):
        counted(connector)


# --- by id ---


def test_issues_are_read_by_id_as_a_walk_reads_them_and_the_others_are_left_out(kind: Kind) -> None:
    site = kind.many(130)
    site.histories["10007"] = [
        cloud.history(1, {**cloud.item("priority", "High", "Medium"), "fieldtype": "jira"}),
    ]
    site.add(kind.issue(500, NOON, project={"key": "OTHER"}))
    with kind.connected(site) as connector:
        walked = {
            record.ticket.external_id: record for page in connector.fetch("issues", None) for record in page.records
        }
        wanted = ["10007", "99999", "10500", "x", "10003", "10007", *(str(10_000 + place) for place in range(20, 130))]
        page = connector.fetch_ids("issues", wanted)
    found = {record.ticket.external_id: record for record in page.records}
    assert found.keys() == {"10007", "10003", *(str(10_000 + place) for place in range(20, 130))}
    assert found == {number: walked[number] for number in found}
    assert (page.bookmark, page.rejected) == ({}, ())
    assert [entry.field for entry in found["10007"].history] == ["priority"]


def test_no_ids_ask_for_nothing(kind: Kind) -> None:
    site = kind.many(3)
    with kind.connected(site) as connector:
        assert connector.fetch_ids("issues", []).records == ()
    assert site.asked(kind.search) == []


# --- absence ---


def test_why_an_issue_is_missing(kind: Kind) -> None:
    site = kind.many(3)
    site.add(kind.issue(500, NOON, project={"key": "OTHER"}))
    refused = {"/issue/10600": 403}

    def meddle(seen: Seen, answer: Answer) -> Answer:
        status = next((status for ending, status in refused.items() if seen.path.endswith(ending)), None)
        return answer if status is None else Answer({}, status)

    site.meddle = meddle
    with kind.connected(site) as connector:
        reasons = {number: connector.absence("issues", number) for number in ("10001", "10500", "10600", "10700", "x")}
    assert reasons == {
        "10001": None,
        "10500": Absence.MOVED,
        "10600": Absence.HIDDEN,
        "10700": Absence.UNKNOWN,
        "x": Absence.UNKNOWN,
    }


def test_another_issue_than_was_asked_for_is_no_answer(kind: Kind) -> None:
    site = kind.many(3)
    site.meddle = lambda seen, answer: Answer(site.issues["10002"]) if seen.path.endswith("/10001") else answer
    with kind.connected(site) as connector, pytest.raises(NeedsPerson, match="another issue"):
        connector.absence("issues", "10001")


# --- days ---


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Europe/London"])
def test_issues_are_counted_by_days_of_utc_whatever_our_zone_is(kind: Kind, zone: str) -> None:
    site = kind.site()
    site.me["timeZone"] = zone
    edges = [
        datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2026, 10, 26, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 11, 59, tzinfo=UTC),
    ]
    site.add(*(kind.issue(place, NOON, created=told(at)) for place, at in enumerate(edges)))
    with kind.connected(site) as connector:
        found = connector.count_by_day("issues", date(2026, 10, 25))
        later = connector.count_by_day("issues", date(2027, 1, 1))
    assert found == [
        DayCount("issues", date(2026, 10, 25), 2),
        DayCount("issues", date(2026, 10, 26), 1),
        DayCount("issues", date(2026, 11, 20), 1),
    ]
    assert later == []
