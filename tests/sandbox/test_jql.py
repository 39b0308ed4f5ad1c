from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from itsm_bridge.sandbox.jira.jql import JqlError, read
from itsm_bridge.sandbox.jira.render import make_status
from itsm_bridge.sandbox.jira.site import Issue, Site, stamp
from itsm_bridge.sandbox.population.foundation import found_site

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def _site() -> Site:
    site = Site()
    found_site(site, ())
    site.statuses["3"] = make_status("3", "In Progress", "indeterminate")
    for number, (key, status, minutes, vendor) in enumerate(
        [("OPS-1", "10000", 10, "OptIT"), ("OPS-2", "3", 50, None), ("ENV-1", "10001", 90, "eGov DevOps")], 101
    ):
        at = NOW - timedelta(minutes=minutes)
        fields = {
            "project": site.projects[key[:3]],
            "status": site.statuses[status],
            "priority": {"id": "3", "name": "Medium"},
            "issuetype": {"id": "10010", "name": "Incident"},
            "labels": ["software", "citizen"] if number == 101 else [],
            "components": [{"id": "1", "name": "portal"}] if number == 102 else [],
            "customfield_10043": {"id": "1", "value": vendor} if vendor else None,
            "updated": stamp(at),
        }
        site.add(Issue(number, key, fields, at, at - timedelta(days=number - 100)))
    return site


def _keys(jql: str) -> list[str]:
    site = _site()
    return [issue.key for issue in read(jql, site, NOW).run(site)]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = OPS", "OPS-2 OPS-1"),
        ("project = ops", "OPS-2 OPS-1"),
        ("project != OPS", "ENV-1"),
        ('project in ("OPS", ENV)', "ENV-1 OPS-2 OPS-1"),
        ("project not in (OPS)", "ENV-1"),
        ("project = 10101", "ENV-1"),
        ("key = OPS-1", "OPS-1"),
        ("key in (OPS-1, env-1)", "ENV-1 OPS-1"),
        ("id in (102, 103)", "ENV-1 OPS-2"),
        ("issue = 101", "OPS-1"),
        ('status = "In Progress"', "OPS-2"),
        ("status = 3", "OPS-2"),
        ("statusCategory != Done and project in (OPS, ENV)", "OPS-2 OPS-1"),
        ("labels = citizen", "OPS-1"),
        ("labels is empty and project is not EMPTY", "ENV-1 OPS-2"),
        ("component = portal", "OPS-2"),
        ("Vendor = OptIT", "OPS-1"),
        ("cf[10043] in (OptIT, 'eGov DevOps')", "ENV-1 OPS-1"),
        ("Vendor is null", "OPS-2"),
        ("Vendor != OptIT", "ENV-1"),
        ("issuetype = Incident AND priority = Medium", "ENV-1 OPS-2 OPS-1"),
        ('updated >= "-51m"', "OPS-2 OPS-1"),
        ("updated >= -1h", "OPS-2 OPS-1"),
        ("updated < -1h", "ENV-1"),
        ('updated >= "2026-11-25 17:00"', "OPS-1"),
        ('updated >= "2026/11/25 16:40"', "OPS-2 OPS-1"),
        ("updated <= 2026-11-25", ""),
        (f"updated > {int((NOW - timedelta(minutes=60)).timestamp() * 1000)}", "OPS-2 OPS-1"),
        ("created >= -2d AND created < now", None),
        ("project = OPS or project = ENV and status = Done", "ENV-1 OPS-2 OPS-1"),
        ("(project = OPS or project = ENV) and status = Done", "ENV-1"),
        ("not project = OPS", "ENV-1"),
        ("project in (OPS, ENV) ORDER BY updated ASC", "ENV-1 OPS-2 OPS-1"),
        ("project in (OPS, ENV) order by updated", "ENV-1 OPS-2 OPS-1"),
        ("project in (OPS, ENV) ORDER BY updated DESC", "OPS-1 OPS-2 ENV-1"),
        ("project in (OPS, ENV) ORDER BY key DESC", "OPS-2 OPS-1 ENV-1"),
        ("project in (OPS, ENV) ORDER BY priority, key ASC", "ENV-1 OPS-1 OPS-2"),
        ("project in (OPS, ENV) ORDER BY id", "ENV-1 OPS-1 OPS-2"),
    ],
)
def test_a_query_finds_what_it_says(jql: str, keys: str | None) -> None:
    if keys is None:
        with pytest.raises(JqlError, match="Date value 'now'"):
            _keys(jql)
    else:
        assert _keys(jql) == keys.split()


def test_a_date_is_read_in_the_accounts_own_zone() -> None:
    assert _keys('updated >= "2026-11-25 17:19"') == ["OPS-1"]  # 11:49 UTC
    assert _keys('updated >= "2026-11-25 11:49"') == ["ENV-1", "OPS-2", "OPS-1"]


@pytest.mark.parametrize("jql", ["", "   ", "ORDER BY updated", "order by key desc"])
def test_a_query_without_a_restriction_is_refused(jql: str) -> None:
    with pytest.raises(JqlError, match="Unbounded JQL"):
        _keys(jql)


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'"),
        ("status = Nope", "The value 'Nope' does not exist for the field 'status'"),
        ("key in (OPS-1, OPS-999)", "An issue with key 'OPS-999' does not exist"),
        ("nope = 1", "Field 'nope' does not exist"),
        ("project", "reached the end"),
        ("project =", "reached the end"),
        ("project = OPS AND", "reached the end"),
        ("project in (OPS", "but got 'the end of the query'"),
        ("project in OPS", "but got 'OPS'"),
        ("project = OPS ENV", "but got 'ENV'"),
        ("project ~ OPS", "operator '~' is not supported"),
        ("project > OPS", "operator '>' is not supported"),
        ("project is OPS", "but got 'OPS'"),
        ("(project = OPS", "but got 'the end of the query'"),
        ('project = "OPS', "not expected"),
        ('updated >= "25.11.2026"', "Date value '25.11.2026' for field 'updated' is invalid"),
        ("project = OPS ORDER BY summary", "does not support sorting"),
        ("project = OPS ORDER updated", "but got 'updated'"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_the_reason(jql: str, message: str) -> None:
    with pytest.raises(JqlError) as refusal:
        _keys(jql)
    assert message in str(refusal.value)
