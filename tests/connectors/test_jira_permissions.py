from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from tests.connectors import center, cloud
from tests.connectors.cloud import Cloud
from tests.connectors.fakes import Answer

from itsm_bridge.config.model import Jira, JiraWrite
from itsm_bridge.connectors.base import Check
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.connectors.jira.permissions import EXCESS, SERVER_EXCESS

Kind = tuple[Callable[[], Cloud], Callable[[Any, Jira], AbstractContextManager[JiraConnector]], Jira]

KINDS: dict[str, Kind] = {
    "cloud": (Cloud, cloud.connected, cloud.SOURCE),
    "data_center": (center.Center, center.connected, center.SOURCE),
}
READS_ALONE = JiraWrite()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def told(kind: Kind, *granted: str, write: JiraWrite | None = None) -> Check:
    make, connected, source = kind
    site = make()
    site.granted = set(granted)
    with connected(site, source if write is None else replace(source, write=write)) as connector:
        (found,) = (check for check in connector.doctor() if check.name == "permissions")
    assert site.written == []
    assert {seen.query["projectKey"] for seen in site.asked("/mypermissions")} == set(source.projects)
    return found


def test_an_account_that_may_do_what_is_configured_and_no_more_is_right(kind: Kind) -> None:
    found = told(kind, "BROWSE_PROJECTS", "EDIT_ISSUES")
    assert (found.verdict, found.fix) == ("ok", "")


def test_an_account_that_may_not_edit_is_told_so_by_project(kind: Kind) -> None:
    found = told(kind, "BROWSE_PROJECTS")
    assert (found.verdict, found.detail) == ("failure", "OPS: may not edit issues; ENV: may not edit issues")
    assert "permission scheme" in found.fix


def test_an_account_that_may_see_nothing_lacks_that_too(kind: Kind) -> None:
    found = told(kind, "EDIT_ISSUES")
    assert (found.verdict, found.detail) == ("failure", "OPS: may not see issues; ENV: may not see issues")


@pytest.mark.parametrize("permission", EXCESS)
def test_a_permission_that_the_bridge_never_uses_is_named(kind: Kind, permission: str) -> None:
    found = told(kind, "BROWSE_PROJECTS", "EDIT_ISSUES", permission)
    assert found.verdict == "warning"
    assert found.detail.startswith(f"more than it needs: OPS: may {EXCESS[permission]}; ENV: may ")


def test_where_nothing_is_written_to_edit_is_more_than_is_needed(kind: Kind) -> None:
    assert told(kind, "BROWSE_PROJECTS", write=READS_ALONE).verdict == "ok"
    found = told(kind, "BROWSE_PROJECTS", "EDIT_ISSUES", write=READS_ALONE)
    assert (found.verdict, found.detail) == (
        "warning", "more than it needs: OPS: may edit issues; ENV: may edit issues",
    )  # fmt: skip


def test_what_is_missing_comes_before_what_is_too_much(kind: Kind) -> None:
    assert told(kind, "BROWSE_PROJECTS", "ADMINISTER").verdict == "failure"


def test_data_center_s_system_administrator_is_named_and_cloud_is_never_asked_for_one() -> None:
    found = told(KINDS["data_center"], "BROWSE_PROJECTS", "EDIT_ISSUES", *SERVER_EXCESS)
    assert (found.verdict, "OPS: may administer the whole system" in found.detail) == ("warning", True)
    site = Cloud()
    with cloud.connected(site) as connector:
        connector.doctor()
    asked = {key for seen in site.asked("/mypermissions") for key in seen.query["permissions"].split(",")}
    assert asked >= EXCESS.keys()
    assert not asked & SERVER_EXCESS.keys()


def test_a_site_that_will_not_say_is_a_failure_of_that_line_alone(kind: Kind) -> None:
    make, connected, source = kind
    site = make()
    site.meddle = lambda seen, answer: Answer({}, 403) if seen.path.endswith("/mypermissions") else answer
    with connected(site, source) as connector:
        verdicts = {check.name: check.verdict for check in connector.doctor()}
    assert verdicts["permissions"] == "failure"
    assert verdicts["priorities"] == "ok"
