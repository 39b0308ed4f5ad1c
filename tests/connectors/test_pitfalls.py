"""Traps of the sources that are nobody's alone: they lie between reading, storing and writing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.connectors import center, cloud, snow
from tests.connectors.cloud import Cloud, told
from tests.connectors.fakes import CREDENTIALS, NOON, Answer, Seen, World, serving
from tests.connectors.snow import ANA, SOURCE, Snow, audit, incident, sys_id, vote
from tests.connectors.test_contract import KINDS, records_of, small_connector, small_source, walk

from itsm_bridge.config.model import Limits
from itsm_bridge.connectors.answers import path_template
from itsm_bridge.connectors.base import Connector, Write
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.servicenow.cells import stamp
from itsm_bridge.connectors.servicenow.transport import PysnowTransport, shape
from itsm_bridge.errors import NeedsPerson, SourceUnavailable
from itsm_bridge.model import Ticket
from itsm_bridge.store import Store
from itsm_bridge.sync import Pulled, pull


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as opened:
        yield opened


def pulled(store: Store, connector: Connector, expired: Callable[[], bool] = lambda: False) -> Pulled:
    return pull(store, connector, NOON, zone=ZoneInfo("UTC"), limits=Limits(), expired=expired)


def stored(store: Store, ticket: str) -> Ticket:
    found = store.find_ticket(ticket)
    assert found is not None
    return found


# --- transport ---

STUMBLES = {
    "502": Answer(status=502),
    "504": Answer(status=504),
    "cut": Answer(raw=b'{"result": [{"number": "INC'),
    "shorter than it says": Answer(raw=b'{"result": []', headers={"Content-Length": "400", "Connection": "close"}),
    "hung up": Answer(broken=True),
}


@pytest.mark.parametrize("stumble", STUMBLES)
def test_a_stumble_at_page_37_of_50_costs_that_page_one_more_request(stumble: str) -> None:
    table = Snow()
    table.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(500)]
    asked: list[str] = []

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if not seen.path.endswith("/incident"):
            return answer
        asked.append(seen.query["sysparm_query"])
        return STUMBLES[stumble] if len(asked) == 37 else answer

    table.meddle = meddle
    with snow.connected(table, page=10) as connector:
        ids = [record.ticket.external_id for record in records_of(list(connector.fetch("incident", None)))]
    assert len(ids) == len(set(ids)) == 500
    assert len(asked) == 51
    assert asked[36] == asked[37]


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("impatient_threads")
def test_calls_of_several_threads_over_one_client_do_not_mix() -> None:
    table = Snow()
    table.tables["incident"] = [incident(number) for number in range(8)]
    with serving(table) as web:
        auth, around = BasicAuth(CREDENTIALS), World().surroundings
        transport = PysnowTransport(
            GuardedSession("snow", web.url, auth, shape, max_wait=1, surroundings=around, largest=1_000_000)
        )

        def works(number: int) -> set[object]:
            seen: set[object] = set()
            for _ in range(25):
                rows = transport.get("incident", f"sys_id={sys_id(number)}", ("sys_id",), 1).rows
                seen |= {row["sys_id"] for row in rows}
                transport.patch("incident", sys_id(number), {"category": str(number)})
            return seen

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(works, range(8)))
    assert found == [{sys_id(number)} for number in range(8)]
    assert [row["category"] for row in table.tables["incident"]] == [str(number) for number in range(8)]


# --- paging ---


def test_a_table_that_never_comes_to_rest_ends_with_the_run_and_goes_on_in_the_next(store: Store) -> None:
    table = Snow()
    early = NOON - timedelta(hours=1)
    rows = table.tables["incident"] = [incident(number, early + timedelta(seconds=number)) for number in range(10)]
    asked: list[str] = []

    def busy(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/incident"):
            asked.append(seen.query["sysparm_query"])
            new = range(len(rows), len(rows) + 5) if len(asked) < 60 else ()
            rows.extend(incident(number, early + timedelta(seconds=number)) for number in new)
        return answer

    table.meddle = busy
    with snow.connected(table, replace(SOURCE, tables=("incident",)), page=5) as connector:
        problem = pulled(store, connector, lambda: len(asked) >= 6).problem
        assert isinstance(problem, SourceUnavailable)
        assert "progress is kept" in problem.message
        stored = store.ticket_count()
        assert len(asked) in {6, 7}  # a page may be asked for while the one before it is stored
        assert stored in {25, 30, 35}
        table.meddle = lambda _, answer: answer
        table.seen.clear()
        assert pulled(store, connector).problem is None
    first = next(seen for seen in table.seen if seen.path.endswith("/incident"))
    last = early + timedelta(seconds=stored - 1)
    assert first.query["sysparm_query"].startswith(f"sys_updated_on>={stamp(last - timedelta(seconds=120))}")
    assert store.ticket_count() == len(rows) > stored


def test_an_answer_without_fields_overwrites_nothing(store: Store) -> None:
    site = Cloud()
    site.add(*(cloud.issue(number) for number in (1, 2)))

    def bare(seen: Seen, answer: Answer) -> Answer:
        """As a search without ``fields`` answers."""
        if not seen.path.endswith("/issue/bulkfetch"):
            return answer
        return Answer({"issues": [{"id": one["id"], "key": one["key"]} for one in answer.body["issues"]]})  # type: ignore[index]

    with cloud.connected(site) as connector:
        assert pulled(store, connector).problem is None
        before = [record.ticket for record in store.records()]
        site.now = NOON + timedelta(minutes=1)
        for one in site.issues.values():
            one["fields"] |= {"updated": told(site.now), "summary": "new"}
        site.meddle = bare
        assert pulled(store, connector).quarantined == 2
        assert [record.ticket for record in store.records()] == before
        site.meddle = lambda _, answer: answer
        pulled(store, connector)
    assert {record.ticket.summary for record in store.records()} == {"new"}
    assert store.quarantine() == []


# --- identity ---

SITES: dict[str, Callable[[], Cloud]] = {"cloud": Cloud, "data_center": center.Center}
ISSUES = {"cloud": cloud.issue, "data_center": center.issue}


def site_of(kind: str, count: int = 3) -> Cloud:
    site = SITES[kind]()
    site.add(*(ISSUES[kind](number, NOON - timedelta(hours=1)) for number in range(1, count + 1)))
    return site


@pytest.mark.parametrize("kind", SITES)
def test_an_issue_that_was_moved_is_one_ticket_and_found_by_both_of_its_keys(kind: str, store: Store) -> None:
    site = site_of(kind)
    with cloud.connected(site, replace(cloud.SOURCE, deployment=kind)) as connector:
        pulled(store, connector)
        site.issues["10001"]["key"] = "ENV-7"
        site.issues["10001"]["fields"] |= {"project": {"key": "ENV"}, "updated": told(NOON)}
        pulled(store, connector)
    assert store.ticket_count("ops", open_only=True) == 3
    assert {stored(store, key).external_id for key in ("ops:OPS-1", "ops:ENV-7")} == {"10001"}
    assert stored(store, "ops:OPS-1").number == "ENV-7"


@pytest.mark.parametrize("kind", SITES)
def test_a_project_that_was_renamed_has_the_same_tickets_under_new_keys(kind: str, store: Store) -> None:
    site = site_of(kind)
    source = replace(cloud.SOURCE, deployment=kind)
    with cloud.connected(site, source) as connector:
        pulled(store, connector)
        for one in site.issues.values():
            one["key"] = one["key"].replace("OPS", "NEW")
            one["fields"]["project"] = {"key": "NEW"}
        renamed = Answer({"key": "NEW", "projectTypeKey": "software"})
        site.meddle = lambda seen, answer: renamed if seen.path.endswith(("/project/OPS", "/project/NEW")) else answer
        problem = pull(store, connector, NOON, zone=ZoneInfo("UTC"), limits=Limits(), full=True).problem
        assert isinstance(problem, NeedsPerson)
        assert "renamed" in problem.message
        assert stored(store, "ops:OPS-1").number == "OPS-1"
    with cloud.connected(site, replace(source, projects=("NEW", "ENV"))) as connector:
        assert pulled(store, connector).problem is None
    assert sorted(record.ticket.number for record in store.records(open_only=True)) == ["NEW-1", "NEW-2", "NEW-3"]
    assert stored(store, "ops:OPS-2").number == "NEW-2"


# --- history ---


def everything_asked(table: Snow) -> list[Seen]:
    """All that is asked of ServiceNow by every method of its connector."""
    table.tables["incident"] = [incident(1), incident(2)]
    table.tables["sys_audit"] = [audit(1, "state", "2", "1", NOON - timedelta(minutes=1))]
    table.tables["sysapproval_approver"] = [vote(1, 1, ANA)]
    with snow.connected(table, replace(SOURCE, native_slas=True)) as connector:
        table.tables["task_sla"] = []
        ticket = records_of(walk(connector))[0].ticket
        connector.fetch_ids("incident", [sys_id(1)])
        connector.read(ticket)
        connector.doctor()
        assert connector.absence("incident", sys_id(77)) is not None
        assert list(connector.census("incident"))
        assert connector.count_by_day("incident", NOON.date())
        connector.push(Write(ticket, {"impact": 1, "vendor": "GWL", "approval": "requested"}, ("ben",), "m"))
    return table.seen


@pytest.mark.usefixtures("over_both_transports")
def test_history_is_asked_of_sys_audit_by_record_and_nowhere_else() -> None:
    seen = everything_asked(Snow())
    audits = [one.query["sysparm_query"] for one in seen if one.path.endswith("/sys_audit")]
    assert len(audits) > 3
    assert all("documentkeyIN" in query or "documentkey=" in query for query in audits)
    assert not [one.path for one in seen if "sys_history" in one.path]


@pytest.mark.usefixtures("over_both_transports")
def test_values_are_asked_for_and_written_as_the_database_has_them() -> None:
    seen = everything_asked(Snow())
    assert {one.method for one in seen} == {"GET", "PATCH", "POST"}
    labels = {name for one in seen for name in ("sysparm_display_value", "sysparm_input_display_value")
              if one.query.get(name, "false").casefold() != "false"}  # fmt: skip
    assert labels == set()


# --- writing ---

WRITTEN = {
    "snow": {
        ("PATCH", "/api/now/table/incident/{sys_id}", ("assignment_group", "impact", "urgency")),
        ("POST", "/api/now/table/sysapproval_approver", ("approver", "state", "sysapproval")),
    },
    "ops": {("PUT", "/rest/api/3/issue/{id}", ("fields", "properties"))},
    "center": {("PUT", "/rest/api/2/issue/{id}", ("fields", "properties"))},
}


@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_ever_written_but_the_decided_fields_of_a_ticket(name: str) -> None:
    """No comment, transition, assignee, answer to an approval or wish about mails: what is not sent cannot go wrong."""
    with serving(small_source(name, lambda _, answer: answer)) as web:
        connector = small_connector(name, web.url)
        ticket = records_of(walk(connector))[-1].ticket
        level: dict[str, str | int] = {"impact": 1, "urgency": 1} if name == "snow" else {"priority": 1}
        connector.push(Write(ticket, {**level, "vendor": "GWL", "approval": "requested"}, ("ben",), "m"))
        connector.read(ticket)
        connector.doctor()
        reads = ("/search/jql", "/search/approximate-count", "/rest/api/2/search", "/bulkfetch")
        sent = [seen for seen in web.seen if seen.method != "GET" and not seen.path.endswith(reads)]
    assert {(seen.method, path_template(seen.path), tuple(sorted(seen.json))) for seen in sent} == WRITTEN[name]
    assert not [seen.query for seen in sent if "notifyUsers" in seen.query]
    if name != "snow":
        assert sent[0].json["fields"] == {
            "priority": {"id": "1"},
            cloud.VENDOR: {"id": "2"},
            cloud.APPROVAL: {"id": "2"},
        }
