from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.connectors import center, cloud
from tests.connectors.cloud import ANA, Cloud, worklog
from tests.connectors.fakes import NOON, Answer, Seen

from itsm_bridge.connectors.base import Page
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.connectors.jira.worklogs import LONGEST
from itsm_bridge.errors import SourceUnavailable


@dataclass(frozen=True)
class Kind:
    """One deployment: a site of it with one issue, and a connector that reads worklogs or does not."""

    site: Callable[[], Cloud]
    issue: Callable[..., dict[str, Any]]
    connected: Callable[..., AbstractContextManager[JiraConnector]]
    source: Any

    def booked(self, *worklogs: dict[str, Any]) -> Cloud:
        site = self.site()
        site.add(self.issue(1), self.issue(2))
        site.worklogs["10001"] = list(worklogs)
        return site

    def read(self, site: Cloud) -> Page:
        with self.connected(site, replace(self.source, worklogs=True)) as connector:
            (page,) = connector.fetch("issues", None)
        return page


KINDS = {
    "cloud": Kind(Cloud, cloud.issue, cloud.connected, cloud.SOURCE),
    "data_center": Kind(center.Center, center.issue, center.connected, center.SOURCE),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def test_a_worklog_is_read_with_who_booked_it_from_when_and_how_long(kind: Kind) -> None:
    page = kind.read(kind.booked(worklog(7, 1800)))
    ((booked,), nothing) = page.worklogs["10001"], page.worklogs["10002"]
    assert (booked.source, booked.external_id, booked.worklog_id, booked.author) == (
        "ops", "10001", "7", "ana@egov.example",
    )  # fmt: skip
    assert (booked.started_at, booked.seconds, booked.updated_at) == (NOON - timedelta(hours=2), 1800, NOON)
    assert nothing == ()


def test_worklogs_beyond_those_that_come_with_an_issue_are_asked_for(kind: Kind) -> None:
    site = kind.booked(*(worklog(number) for number in range(60)))
    page = kind.read(site)
    assert [booked.worklog_id for booked in page.worklogs["10001"]] == [str(number) for number in range(60)]
    assert [seen.query["startAt"] for seen in site.asked("/worklog")] == ["0", "25", "50"]


def test_nothing_is_asked_or_said_about_worklogs_unless_configured(kind: Kind) -> None:
    site = kind.booked(*(worklog(number) for number in range(60)))
    with kind.connected(site) as connector:
        (page,) = connector.fetch("issues", None)
    assert page.worklogs == {}
    assert site.asked("/worklog") == []
    assert not any("worklog" in str(seen.body) for seen in site.seen)


def test_configuring_worklogs_reads_everything_again(kind: Kind) -> None:
    site = kind.booked(worklog(7))
    with kind.connected(site) as connector:
        (page,) = connector.fetch("issues", None)
    with kind.connected(site, replace(kind.source, worklogs=True)) as connector:
        (again,) = connector.fetch("issues", page.bookmark)
    assert page.bookmark["scope"] != again.bookmark["scope"]
    assert list(again.worklogs) == ["10001", "10002"]


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"started": "yesterday"}, "worklog 8 not an instant with an offset"),
        ({"started": None}, "worklog 8 has no id or no time"),
        ({"timeSpentSeconds": None}, "worklog 8 has no readable length"),
        ({"timeSpentSeconds": -1}, "worklog 8 has no readable length"),
        ({"timeSpentSeconds": LONGEST + 1}, "worklog 8 has no readable length"),
    ],
)
def test_a_worklog_that_cannot_be_read_is_listed_and_the_others_are_kept(
    kind: Kind, spoilt: dict[str, Any], why: str
) -> None:
    page = kind.read(kind.booked(worklog(7), worklog(8, **spoilt)))
    assert [booked.worklog_id for booked in page.worklogs["10001"]] == ["7"]
    assert [(odd.external_id, odd.check, odd.detail) for odd in page.oddities] == [("10001", "bad_worklog", why)]


def test_where_time_tracking_is_off_nothing_is_said_so_that_nothing_is_forgotten(kind: Kind) -> None:
    site = kind.site()
    site.add(kind.issue(1, worklog=None))
    page = kind.read(site)
    assert len(page.records) == 1
    assert page.worklogs == {}


def test_a_list_that_ends_before_its_end_keeps_nothing_of_the_page(kind: Kind) -> None:
    site = kind.booked(*(worklog(number) for number in range(60)))

    def meddle(seen: Seen, answer: Answer) -> Answer:
        ended = seen.path.endswith("/worklog") and seen.query["startAt"] == "25"
        return Answer({"worklogs": [], "total": 60}) if ended else answer

    site.meddle = meddle
    with pytest.raises(SourceUnavailable, match="a list of worklogs ended before its end"):
        kind.read(site)
    assert len(site.asked("/worklog")) == 2


def test_a_list_that_is_gone_when_asked_for_says_nothing(kind: Kind) -> None:
    site = kind.booked(*(worklog(number) for number in range(60)))
    site.meddle = lambda seen, answer: Answer({}, 404) if seen.path.endswith("/worklog") else answer
    assert list(kind.read(site).worklogs) == ["10002"]
    assert len(site.asked("/worklog")) == 1


def test_who_booked_is_called_the_same_as_everywhere_else(kind: Kind) -> None:
    person = {label: ANA[label] for label in ("accountId", "displayName")}
    page = kind.read(kind.booked(worklog(7, author=person)))
    assert page.worklogs["10001"][0].author in {"ana@egov.example", "Ana"}


def test_the_doctor_says_where_there_is_no_time_tracking(kind: Kind) -> None:
    site = kind.booked()
    with kind.connected(site, replace(kind.source, worklogs=True)) as connector:
        assert {check.name: check.verdict for check in connector.doctor()}["worklogs"] == "ok"
        site.fields = [one for one in site.fields if one["id"] != "worklog"]
        (found,) = (check for check in connector.doctor() if check.name == "worklogs")
    assert (found.verdict, found.fix) == (
        "failure", "switch time tracking on in Jira, or take worklogs: out of bridge.yaml",
    )  # fmt: skip
    with kind.connected(site) as connector:
        assert "worklogs" not in {check.name for check in connector.doctor()}
