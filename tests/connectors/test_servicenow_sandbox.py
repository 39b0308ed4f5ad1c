"""Both transports and both grants against the sandbox's ServiceNow, whose people edit, move, hide and delete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr
from tests.connectors.fakes import NOON, World
from tests.connectors.test_contract import SNOW, VENDORS

from itsm_bridge.config.model import Credentials, FieldMapping, Limits, OAuth, RefreshToken, ServiceNow
from itsm_bridge.connectors import Connector, connect
from itsm_bridge.connectors.base import Absence, Write
from itsm_bridge.errors import NeedsPerson
from itsm_bridge.model import TicketRecord
from itsm_bridge.sandbox import Sandbox, start


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start(now=NOON) as running:
        yield running


@pytest.fixture(params=["pysnow", "requests"])
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def connected(
    sandbox: Sandbox,
    transport: str,
    who: Credentials | None = None,
    source: ServiceNow = SNOW,
    *,
    native_slas: bool = False,
) -> Connector:
    account = sandbox.account
    password = Credentials("password", account.user, SecretStr(account.password))
    source = replace(source, url=sandbox.servicenow_url, transport=transport, native_slas=native_slas)
    return connect(source, who or password, VENDORS, Limits(), World().surroundings)


def records(connector: Connector, stream: str) -> dict[str, TicketRecord]:
    return {record.ticket.external_id: record for page in connector.fetch(stream, None) for record in page.records}


def census(connector: Connector, stream: str) -> dict[str, str]:
    return {key: version for step in connector.census(stream) for key, version in step.versions.items()}


def test_census_ids_and_counts_agree_with_a_walk(sandbox: Sandbox, transport: str) -> None:
    connector = connected(sandbox, transport)
    for table in SNOW.tables:
        walked = records(connector, table)
        assert census(connector, table) == {key: record.ticket.version for key, record in walked.items()}
        some = sorted(walked)[:120]
        page = connector.fetch_ids(table, some)
        assert {record.ticket.external_id: record for record in page.records} == {key: walked[key] for key in some}
        since = NOON.date() - timedelta(days=59)
        days = Counter(record.ticket.created_at.date() for record in walked.values())
        counted = {one.day: one.tickets for one in connector.count_by_day(table, since)}
        assert counted == {day: days[day] for day in counted}
        assert len(counted) == 60


def test_each_reason_to_be_missing_is_told_from_the_others(sandbox: Sandbox, transport: str) -> None:
    connector = connected(sandbox, transport)
    before = census(connector, "incident")
    deleted, moved, hidden, left, stays = sorted(before)[:5]
    sandbox.delete(deleted)
    sandbox.move(moved, "change_request")
    sandbox.hide(hidden)
    sandbox.edit(left, {"assignment_group": ""})
    after = census(connector, "incident")
    assert set(before) - set(after) == {deleted, moved, hidden, left}
    reasons = {key: connector.absence("incident", key) for key in (deleted, moved, hidden, left, stays)}
    assert reasons == {
        deleted: Absence.DELETED,
        moved: Absence.MOVED,
        hidden: Absence.HIDDEN,
        left: Absence.MOVED,
        stays: None,
    }
    sandbox.unhide(hidden)
    assert connector.absence("incident", hidden) is None


def test_a_ticket_that_became_one_of_a_table_that_is_not_read_has_moved(sandbox: Sandbox, transport: str) -> None:
    assert "problem" not in SNOW.tables
    connector = connected(sandbox, transport)
    moved = min(census(connector, "incident"))
    sandbox.move(moved, "problem")
    assert connector.absence("incident", moved) is Absence.MOVED
    sandbox.hide(moved)
    assert connector.absence("incident", moved) is Absence.HIDDEN


def test_native_clocks_are_read(sandbox: Sandbox, transport: str) -> None:
    connector = connected(sandbox, transport, native_slas=True)
    tickets = set().union(*(records(connector, table) for table in SNOW.tables))
    natives = [native for page in connector.fetch("task_sla", None) for native in page.natives]
    assert natives
    assert {native.external_id for native in natives} <= tickets
    assert all(native.name and native.started_at for native in natives)


def test_notes_come_with_their_tickets_and_by_their_own_cursor(sandbox: Sandbox, transport: str) -> None:
    connector = connected(sandbox, transport, source=replace(SNOW, journals=True))
    tickets = set().union(*(records(connector, table) for table in SNOW.tables))
    with_tickets = {entry for table in SNOW.tables for page in connector.fetch(table, None) for entry in page.journal}
    pages = list(connector.fetch("sys_journal_field", None))
    assert with_tickets == {entry for page in pages for entry in page.journal} != set()
    assert {entry.external_id for entry in with_tickets} <= tickets
    assert {entry.element for entry in with_tickets} == {"comments", "work_notes"}
    before = dict(pages[-1].bookmark)
    ticket = min(records(connector, "incident"))
    sandbox.edit(ticket, {"work_notes": "asked the vendor"}, actor="asha.k")
    fresh = {entry for page in connector.fetch("sys_journal_field", before) for entry in page.journal} - with_tickets
    assert [(one.external_id, one.element, one.author, one.text) for one in fresh] == [
        (ticket, "work_notes", "asha.k", "asked the vendor")
    ]


def test_the_doctor_finds_nothing_wrong_until_the_account_becomes_an_admin(sandbox: Sandbox, transport: str) -> None:
    connector = connected(sandbox, transport, source=replace(SNOW, journals=True, choice_labels=True))
    checks = {check.name: check for check in connector.doctor()}
    assert checks["permissions"].detail == "none of its roles is known to be more than it needs: u_itsm_bridge"
    assert {name for name, check in checks.items() if check.verdict == "failure"} == set()
    admin = made(sandbox, "sys_user_role", name="admin")
    (me,) = rows(sandbox, "sys_user", f"user_name={sandbox.account.user}")
    made(sandbox, "sys_user_has_role", user=me["sys_id"], role=admin["sys_id"], state="active")
    check = next(check for check in connector.doctor() if check.name == "permissions")
    assert (check.verdict, "admin (it may do everything)" in check.detail) == ("warning", True)


def made(sandbox: Sandbox, table: str, **values: str) -> dict[str, str]:
    """A record that an administrator makes."""
    answer = requests.post(
        f"{sandbox.servicenow_url}/api/now/table/{table}", json=values, auth=who_of(sandbox), timeout=30
    )
    assert answer.status_code == 201
    found: dict[str, str] = answer.json()["result"]
    return found


def rows(sandbox: Sandbox, table: str, query: str) -> list[dict[str, str]]:
    url = f"{sandbox.servicenow_url}/api/now/table/{table}"
    answer = requests.get(url, params={"sysparm_query": query}, auth=who_of(sandbox), timeout=30)
    found: list[dict[str, str]] = answer.json()["result"]
    return found


def who_of(sandbox: Sandbox) -> tuple[str, str]:
    return (sandbox.account.user, sandbox.account.password)


def test_labels_of_choices_come_from_their_own_table(sandbox: Sandbox, transport: str) -> None:
    by_value = records(connected(sandbox, transport), "incident")
    by_label = records(connected(sandbox, transport, source=replace(SNOW, choice_labels=True)), "incident")
    shown = {"ap": "Andhra Pradesh", "punjab": "Punjab", "bihar": "Bihar", "odisha": "Odisha", "internal": "Internal"}
    assert {record.ticket.environment for record in by_value.values()} - {None} <= set(shown)
    assert {key: record.ticket.environment for key, record in by_label.items()} == {
        key: shown.get(record.ticket.environment or "") for key, record in by_value.items()
    }


def test_a_client_reads_and_writes_as_a_password_does(sandbox: Sandbox, transport: str) -> None:
    account = sandbox.account
    who = Credentials("oauth", account.user, SecretStr(account.client_secret), OAuth(account.client_id))
    connector = connected(sandbox, transport, who)
    walked = records(connector, "incident")
    assert walked == records(connected(sandbox, transport), "incident")
    ticket = next(iter(walked.values())).ticket
    connector.push(Write(ticket, {"impact": 1, "urgency": 1}, (), "marker"))
    assert (connector.read(ticket).ticket.impact, connector.read(ticket).ticket.urgency) == (1, 1)


def test_a_refresh_token_that_serves_once_is_replaced_in_its_file_run_after_run(
    sandbox: Sandbox, transport: str, tmp_path: Path
) -> None:
    account, file = sandbox.account, tmp_path / "refresh"
    file.write_text(account.refresh_token)
    seen = {account.refresh_token}
    for _ in range(3):
        refresh = RefreshToken("ITSM_BRIDGE_SNOW__REFRESH_TOKEN", SecretStr(file.read_text()), file)
        who = Credentials("oauth", account.user, SecretStr(account.client_secret), OAuth(account.client_id, refresh))
        assert connected(sandbox, transport, who).identity().account == account.user
        seen.add(file.read_text())
    assert len(seen) == 4


@pytest.mark.parametrize("scope", ["assignment_grup.nameSTARTSWITHeGov", "u_contract=7"])
def test_a_misspelt_scope_reads_nothing_and_the_doctor_says_what_to_do(
    sandbox: Sandbox, transport: str, scope: str
) -> None:
    ticket = next(iter(records(connected(sandbox, transport), "incident").values())).ticket
    connector = connected(sandbox, transport, source=replace(SNOW, scope=scope))
    for table in SNOW.tables:
        with pytest.raises(NeedsPerson, match=f"which {table} does not have"):
            next(iter(connector.fetch(table, None)))
        with pytest.raises(NeedsPerson, match=f"which {table} does not have"):
            next(iter(connector.census(table)))
    with pytest.raises(NeedsPerson, match="which incident does not have"):
        connector.read(ticket)
    checks = {check.name: check for check in connector.doctor()}
    assert checks["incident: scope and order"].verdict == "failure"
    assert "correct scope:" in checks["incident: scope and order"].fix


def test_a_misspelt_field_reads_nothing_and_is_named_with_the_nearest(sandbox: Sandbox, transport: str) -> None:
    fields = {**SNOW.fields, "environment": FieldMapping("u_envronment", {})}
    connector = connected(sandbox, transport, source=replace(SNOW, fields=fields))
    for table in SNOW.tables:
        with pytest.raises(NeedsPerson, match=r"environment \(u_envronment; the nearest is 'u_environment'\)"):
            next(iter(connector.fetch(table, None)))
    checks = {check.name: check for check in connector.doctor()}
    assert checks["incident: fields"].verdict == "failure"
