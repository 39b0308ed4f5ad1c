"""What every connector promises, held against the sandbox's Jira and ServiceNow."""

from __future__ import annotations

import contextlib
import json
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from tests.connectors import center, cloud, snow
from tests.connectors.fakes import CREDENTIALS, NOON, SECRET, Answer, Script, Seen, World, serving

from itsm_bridge import errors
from itsm_bridge.config.model import (
    Credentials,
    FieldMapping,
    Jira,
    JiraWrite,
    Limits,
    ServiceNow,
    ServiceNowWrite,
    Source,
)
from itsm_bridge.connectors import Connector, connect
from itsm_bridge.connectors.base import Absence, Page, Write
from itsm_bridge.errors import BridgeError, OutcomeUnknown
from itsm_bridge.model import ApprovalState, State, TicketRecord, TicketType
from itsm_bridge.sandbox import Sandbox, start

Json = dict[str, Any]
HERE = snow.HERE
VENDORS = {
    name: snow.vendor(name, {"snow": group, "ops": name})
    for name, group in {
        "OptIT": "eGov OptIT",
        "GWL": "eGov GWL",
        "MacroSkies": "eGov MacroSkies",
        "eGov DevOps": "eGov DevOps",
    }.items()
}
SNOW = ServiceNow(
    name="snow",
    url="",
    tables=("incident", "sc_req_item", "change_request"),
    scope="assignment_group.nameSTARTSWITHeGov",
    fields={
        "environment": FieldMapping("u_environment", {}),
        "service": FieldMapping("business_service", {}),
        "category": FieldMapping("category", {}),
    },
    states={
        "incident": {
            "1": State.NEW,
            "2": State.IN_PROGRESS,
            "3": State.ON_HOLD,
            "6": State.RESOLVED,
            "7": State.CLOSED,
            "8": State.CANCELED,
        },
        "sc_req_item": {
            "-5": State.ON_HOLD,
            "1": State.NEW,
            "2": State.IN_PROGRESS,
            "3": State.CLOSED,
            "4": State.CLOSED,
            "7": State.CANCELED,
        },
        "change_request": {
            **dict.fromkeys(("-5", "-4", "-3"), State.NEW),
            **dict.fromkeys(("-2", "-1", "0"), State.IN_PROGRESS),
            "3": State.CLOSED,
            "4": State.CANCELED,
        },
    },
    write=ServiceNowWrite("impact_urgency", "assignment_group", "approver_records"),
    position=HERE,
)
OPS = Jira(
    name="ops",
    url="",
    deployment="cloud",
    projects=("OPS", "ENV"),
    fields={
        "environment": FieldMapping("Environment", {}),
        "service": FieldMapping("components", {}),
        "category": FieldMapping("labels", {}),
        "impact": FieldMapping("Impact", cloud.LEVELS),
        "urgency": FieldMapping("Urgency", cloud.LEVELS),
    },
    types={
        "incident": TicketType.INCIDENT,
        "change": TicketType.CHANGE,
        "service request": TicketType.SERVICE_REQUEST,
        "problem": TicketType.PROBLEM,
    },
    states={"waiting for customer": State.ON_HOLD},
    priorities={"highest": 1, "high": 2, "medium": 3, "low": 4, "lowest": 5},
    write=JiraWrite("priority", "Vendor", "Approval"),
    position=HERE,
)

CENTER = replace(OPS, deployment="data_center")
KINDS = ("snow", "ops", "center")


@dataclass(frozen=True)
class Side:
    """One source of the sandbox, as a connector sees it. ``overlap`` is what a second walk reads again."""

    source: Source
    url: str
    credentials: Credentials
    overlap: timedelta
    values: dict[str, str | int]

    def connector(self, url: str = "", credentials: Credentials | None = None) -> Connector:
        source = replace(self.source, url=url or self.url)
        return connect(source, credentials or self.credentials, VENDORS, Limits(), World().surroundings)


def side_of(sandbox: Sandbox, name: str) -> Side:
    account = sandbox.account
    if name == "snow":
        who = Credentials("password", account.user, SecretStr(account.password))
        wanted: dict[str, str | int] = {"impact": 1, "urgency": 1, "vendor": "GWL", "approval": "requested"}
        return Side(SNOW, sandbox.servicenow_url, who, timedelta(seconds=120), wanted)
    wanted = {"priority": 1, "vendor": "GWL", "approval": "requested"}
    if name == "center":
        who = Credentials("bearer", "", SecretStr(account.token))
        return Side(CENTER, sandbox.jira_url, who, timedelta(minutes=6), wanted)
    who = Credentials("token", account.email, SecretStr(account.token))
    return Side(OPS, sandbox.jira_url, who, timedelta(minutes=18), wanted)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start(now=NOON) as running:
        yield running


@pytest.fixture(scope="module")
def sandbox_of_center() -> Iterator[Sandbox]:
    with fresh("center") as running:
        yield running


def fresh(name: str) -> Sandbox:
    """A sandbox of one's own, with the Jira that a side is about."""
    return start(now=NOON, deployment_jira="data_center" if name == "center" else "cloud")


@pytest.fixture(params=KINDS)
def side(request: pytest.FixtureRequest, sandbox: Sandbox, sandbox_of_center: Sandbox) -> Side:
    return side_of(sandbox_of_center if request.param == "center" else sandbox, request.param)


def walk(connector: Connector) -> list[Page]:
    return [page for stream in connector.streams() for page in connector.fetch(stream, None)]


def records_of(found: list[Page]) -> list[TicketRecord]:
    return [record for page in found for record in page.records]


def an_open_ticket(connector: Connector) -> TicketRecord:
    """One that no vendor of ours has, of the highest number, so that it does not depend on the order."""
    wanted = [
        record
        for record in records_of(walk(connector))
        if record.ticket.state.is_open and record.ticket.vendor != "GWL" and not record.approvals
        and record.ticket.priority != 1 and record.ticket.approval in {None, ApprovalState.NOT_REQUIRED}
    ]  # fmt: skip
    return max(wanted, key=lambda record: record.ticket.number)


# --- reading ---


def test_records_are_whole_and_their_times_have_a_zone(side: Side) -> None:
    found = walk(side.connector())
    records = records_of(found)
    ids = [record.ticket.external_id for record in records]
    assert len(ids) == len(set(ids)) > 100
    assert [page.rejected for page in found if page.rejected] == []
    for record in records:
        ticket = record.ticket
        instants = [ticket.created_at, ticket.updated_at, ticket.resolved_at, ticket.closed_at, ticket.due_at]
        assert {at.utcoffset() for at in instants if at is not None} == {timedelta(0)}
        assert ticket.source == side.source.name
        assert ticket.state is not State.UNKNOWN


def test_history_is_oldest_first_and_names_each_entry_once(side: Side) -> None:
    records = records_of(walk(side.connector()))
    entries = [entry for record in records for entry in record.history]
    assert len({(entry.entry_id, entry.field) for entry in entries}) == len(entries) > 500
    assert all(
        [entry.at for entry in record.history] == sorted(entry.at for entry in record.history) for record in records
    )
    assert {"state", "vendor", "group", "priority"} <= {entry.field for entry in entries}
    assert all(entry.actor for entry in entries)


def test_a_second_walk_brings_the_overlap_and_nothing_else(side: Side) -> None:
    connector = side.connector()
    for stream in connector.streams():
        first = list(connector.fetch(stream, None))
        bookmark = first[-1].bookmark
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in bookmark.items())
        again = {record.ticket.external_id for record in records_of(list(connector.fetch(stream, bookmark)))}
        newest = max((record.ticket.updated_at for record in records_of(first)), default=NOON)
        recent = {
            record.ticket.external_id
            for record in records_of(first)
            if record.ticket.updated_at >= newest - side.overlap
        }
        assert again <= recent


def test_clocks_of_the_source_say_what_a_comparison_needs(side: Side) -> None:
    source = replace(side.source, native_slas=True)
    connector = replace(side, source=source).connector()
    pages = walk(connector)
    clocks = [native for page in pages for native in page.natives]
    assert len({(clock.external_id, clock.native_id) for clock in clocks}) == len(clocks) > 50
    assert {clock.external_id for clock in clocks} <= {record.ticket.external_id for record in records_of(pages)}
    for clock in clocks:
        assert clock.source == side.source.name
        assert clock.target_seconds in range(1, 10 * 86_400)
        assert (clock.elapsed_seconds or 0) >= 0
        instants = [clock.started_at, clock.stopped_at, clock.due_at, clock.measured_at, clock.paused_at]
        assert {at.utcoffset() for at in instants if at is not None} == {timedelta(0)}
        assert clock.measured_at is not None
        assert clock.paused in {True, False}
    assert {clock.paused for clock in clocks} == {True, False}
    says_more = side.source.name == "snow"
    assert ({"eGov office hours", None} if says_more else {None}) == {clock.schedule for clock in clocks}
    assert ({"Asia/Kolkata", "Asia/Dubai", None} if says_more else {None}) == {clock.zone for clock in clocks}
    for value in ("paused_seconds", "percent"):
        assert all((getattr(clock, value) is not None) is says_more for clock in clocks)
    assert says_more is any(clock.paused_at is not None for clock in clocks)
    assert not [native for page in walk(side.connector()) for native in page.natives]


def test_reading_writes_nothing(side: Side) -> None:
    with serving(passed_on(side.url)) as web:
        connector = side.connector(web.url)
        connector.read(records_of(walk(connector))[0].ticket)
        posted = {seen.path for seen in web.seen if seen.method != "GET"}
    assert posted <= {
        "/rest/api/3/search/jql",
        "/rest/api/3/search/approximate-count",
        "/rest/api/3/issue/bulkfetch",
        "/rest/api/3/changelog/bulkfetch",
        "/rest/api/2/search",
    }


def test_a_walk_can_go_on_from_any_of_its_pages(side: Side) -> None:
    connector = side.connector()
    stream = connector.streams()[0]
    pages = list(connector.fetch(stream, None))
    everything = {record.ticket.external_id for record in records_of(pages)}
    for place, page in enumerate(pages):
        rest = records_of(list(connector.fetch(stream, page.bookmark)))
        read = {record.ticket.external_id for record in [*records_of(pages[: place + 1]), *rest]}
        assert read == everything


def test_one_ticket_read_alone_is_the_same_as_in_a_walk(side: Side) -> None:
    connector = side.connector()
    for record in records_of(walk(connector))[::40]:
        assert connector.read(record.ticket) == record


def test_the_doctor_finds_nothing_wrong_and_writes_nothing(side: Side) -> None:
    with serving(passed_on(side.url)) as web:
        checks = side.connector(web.url).doctor()
        assert {check.name for check in checks if check.verdict != "ok"} <= {"invalid queries"}
        assert {seen.method for seen in web.seen} <= {"GET", "POST"}
        assert all(seen.method == "GET" or seen.path.endswith(("/search/jql", "/search")) for seen in web.seen)


# --- looking over everything ---


def counted(connector: Connector) -> dict[str, dict[str, str]]:
    """What the census of each stream holds."""
    return {
        stream: {number: version for step in connector.census(stream) for number, version in step.versions.items()}
        for stream in connector.streams()
    }


def test_a_census_knows_what_a_walk_brings_with_its_versions(side: Side) -> None:
    connector = side.connector()
    for stream, versions in counted(connector).items():
        tickets = [record.ticket for record in records_of(list(connector.fetch(stream, None)))]
        assert versions == {ticket.external_id: ticket.version for ticket in tickets}


def test_tickets_asked_for_by_id_are_the_same_as_in_a_walk(side: Side) -> None:
    connector = side.connector()
    stream = connector.streams()[0]
    walked = records_of(list(connector.fetch(stream, None)))[::7]
    page = connector.fetch_ids(stream, [record.ticket.external_id for record in walked])
    by_id = {record.ticket.external_id: record for record in page.records}
    assert by_id == {record.ticket.external_id: record for record in walked}
    assert dict(page.bookmark) == {}


def test_what_is_not_there_is_left_out_and_what_is_there_is_not_missing(side: Side) -> None:
    connector = side.connector()
    stream = connector.streams()[0]
    there = next(iter(counted(connector)[stream]))
    strange = "f" * 32 if side.source.name == "snow" else "999999"
    page = connector.fetch_ids(stream, [strange, there])
    assert [record.ticket.external_id for record in page.records] == [there]
    assert connector.absence(stream, there) is None
    assert connector.absence(stream, strange) in {Absence.UNKNOWN, Absence.DELETED}


def test_the_days_count_what_a_walk_brings(side: Side) -> None:
    connector = side.connector()
    since = (NOON - timedelta(days=40)).date()
    stream = connector.streams()[0]
    days = Counter(
        record.ticket.created_at.date()
        for record in records_of(list(connector.fetch(stream, None)))
        if record.ticket.created_at.date() >= since
    )
    told = {count.day: count.tickets for count in connector.count_by_day(stream, since) if count.tickets}
    assert told == days


def test_looking_over_everything_writes_nothing(side: Side) -> None:
    with serving(passed_on(side.url)) as web:
        connector = side.connector(web.url)
        stream = connector.streams()[0]
        (first, *_) = counted(connector)[stream]
        connector.absence(stream, first)
        connector.count_by_day(stream, NOON.date())
        connector.fetch_ids(stream, [first])
        assert all(seen.method in {"GET", "POST"} for seen in web.seen)
        posted = {seen.path.rpartition("/")[2] for seen in web.seen if seen.method == "POST"}
    assert posted <= {"jql", "approximate-count", "bulkfetch", "search"}


@pytest.mark.parametrize("name", KINDS)
def test_what_was_deleted_moved_or_hidden_is_missed_by_a_census_and_explained(name: str) -> None:
    with fresh(name) as running:
        side = side_of(running, name)
        connector = side.connector()
        stream = connector.streams()[0]
        gone, moved, hidden, *rest = sorted(counted(connector)[stream])
        running.delete(gone)
        running.move(moved, "problem" if name == "snow" else "ENV")
        running.hide(hidden)
        left = counted(connector)[stream]
        assert gone not in left
        assert hidden not in left
        assert left.keys() >= set(rest)
        unsure = {Absence.UNKNOWN}
        assert connector.absence(stream, gone) in {Absence.DELETED, *unsure}
        assert connector.absence(stream, hidden) in {Absence.HIDDEN, *unsure}
        assert connector.absence(stream, moved) in ({Absence.MOVED, *unsure} if name == "snow" else {None})


@pytest.mark.parametrize("name", KINDS)
def test_connectors_in_several_threads_do_not_meet(name: str) -> None:
    with serving(small_source(name, lambda _, answer: answer)) as web:
        alone = records_of(walk(small_connector(name, web.url)))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: records_of(walk(small_connector(name, web.url))), range(24)))
    assert found == [alone] * 24


# --- writing ---


@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_is_read_back_with_our_account_in_its_history(name: str) -> None:
    with fresh(name) as running:
        side = side_of(running, name)
        connector = side.connector()
        us = connector.identity().account
        before = an_open_ticket(connector)
        connector.push(Write(before.ticket, side.values, ("punjab-spoc@egov.example",), "marker-7"))
        after = connector.read(before.ticket)
        ticket = after.ticket
        assert (ticket.priority, ticket.vendor, ticket.approval) == (1, "GWL", ApprovalState.REQUESTED)
        ours = {entry.field: entry.new for entry in after.history if entry not in before.history and entry.actor == us}
        assert ours | {"priority": "1", "vendor": "GWL", "approval": "requested"} == ours
        connector.push(Write(ticket, side.values, ("punjab-spoc@egov.example",), "marker-8"))
        assert len(connector.read(ticket).approvals) == len(after.approvals)
        assert ticket.version != before.ticket.version


@pytest.mark.parametrize("name", KINDS)
def test_a_write_whose_answer_is_lost_is_sent_once_and_found_by_reading(name: str) -> None:
    with fresh(name) as running:
        side = side_of(running, name)
        ticket = an_open_ticket(side.connector()).ticket
        forward = passed_on(side.url)

        def lost(seen: Seen) -> Answer:
            answer = forward(seen)
            return Answer(broken=True) if seen.method in {"PATCH", "PUT"} else answer

        with serving(lost) as web:
            connector = side.connector(web.url)
            with pytest.raises(OutcomeUnknown):
                connector.push(Write(ticket, {"vendor": "GWL"}, (), "marker-9"))
            assert connector.read(ticket).ticket.vendor == "GWL"
            assert sum(seen.method in {"PATCH", "PUT"} for seen in web.seen) == 1


# --- hostile answers ---


def passed_on(url: str, change: Callable[[Json], None] = lambda _: None) -> Script:
    """A proxy that may change the records that pass through it."""

    def forward(seen: Seen) -> Answer:
        headers = {name: value for name, value in seen.headers.items() if name in {"Authorization", "Content-Type"}}
        answer = requests.request(
            seen.method, url + seen.path, params=dict(seen.query), data=seen.body, headers=headers, timeout=30
        )
        kept = {name: answer.headers[name] for name in ("X-Total-Count", "Link", "Date") if name in answer.headers}
        if not answer.content:
            return Answer(None, answer.status_code, kept)
        body = answer.json()
        rows = (body.get("result") or body.get("issues")) if isinstance(body, dict) else None
        for record in rows if isinstance(rows, list) else ():
            change(record)
        return Answer(body, answer.status_code, kept)

    return forward


def test_a_record_that_cannot_be_read_is_rejected_and_the_others_go_on(side: Side) -> None:
    everything = records_of(walk(side.connector()))
    victim = everything[50].ticket.external_id

    def spoil(record: Json) -> None:
        if record.get("sys_id") == victim and "number" in record:
            record["number"] = ""
        if record.get("id") == victim and "summary" in record["fields"]:
            record["fields"]["created"] = "once upon a time"

    with serving(passed_on(side.url, spoil)) as web:
        found = walk(side.connector(web.url))
    assert [rejected.external_id for page in found for rejected in page.rejected] == [victim]
    assert {record.ticket.external_id for record in records_of(found)} == {
        record.ticket.external_id for record in everything
    } - {victim}


JUNK: tuple[object, ...] = (
    None, True, -1, 10**30, 1e308, "", "x" * 5_000, "9" * 5_000, "a^NQactive=true", "javascript:1", "\x00\ud800",
    [], {}, [[]], [None], {"value": {}}, {"link": 5}, {"id": None}, "2026-13-45 99:99:99",
    "9999-12-31T23:59:59.999-2300",
)  # fmt: skip

Place = tuple[str | int, ...]


def places(body: object, path: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value."""
    if path:
        yield path
    children = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, child in children:
        yield from places(child, (*path, name))


def spoiled(body: object, chance: random.Random) -> object:
    """The same with junk somewhere in it."""
    copy = json.loads(json.dumps(body))
    where = list(places(copy))
    if not where:
        return chance.choice(JUNK)
    *way, last = chance.choice(where)
    parent = copy
    for step in way:
        parent = parent[step]
    parent[last] = chance.choice(JUNK)
    return copy


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", KINDS)
def test_junk_anywhere_in_an_answer_ends_in_one_of_our_errors_or_in_none(name: str, seed: int) -> None:
    chance = random.Random(seed)

    def meddle(_: Seen, answer: Answer) -> Answer:
        if answer.status != 200 or chance.random() < 0.5:
            return answer
        return replace(answer, raw=json.dumps(spoiled(answer.body, chance)).encode())

    def quiet(_: Seen, answer: Answer) -> Answer:
        return answer

    with serving(small_source(name, quiet)) as web:
        ticket = records_of(walk(small_connector(name, web.url)))[0].ticket
        web.script = small_source(name, meddle)
        connector = small_connector(name, web.url)
        write = Write(ticket, {"vendor": "GWL", "approval": "requested"}, ("ana@egov.example",), "m")
        acts = (connector.identity, lambda: walk(connector), connector.doctor)
        for act in (*acts, lambda: connector.read(ticket), lambda: connector.push(write)):
            with contextlib.suppress(BridgeError):
                act()


FAULTS = {
    "hung up": Answer(broken=True),
    "cut": Answer(raw=b'{"result": [{"number": "INC'),
    "empty object": Answer({}),
    "empty list": Answer([]),
    "nothing": Answer(raw=b""),
    "sign-in page": Answer(raw=b"<html>Please log in " + SECRET.encode() + b"</html>", kind="text/html"),
    "asleep": Answer(raw=b"<html>hibernating</html>", kind="text/html"),
    "error in 200": Answer({"error": {"message": SECRET}}),
    "redirect": Answer(status=302, headers={"Location": "https://idp.example/sso?token=" + "canary"}),
    "bad zip": Answer(raw=b"junk", headers={"Content-Encoding": "gzip"}),
    "numbers": Answer({"result": [1], "issues": [1], "accountId": 5, "deploymentType": 3}),
    **{
        str(status): Answer({"error": {"message": SECRET}, "errors": {SECRET: SECRET}}, status)
        for status in (400, 401, 403, 404, 409, 410, 429, 500, 503)
    },
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", KINDS)
def test_every_fault_is_one_of_our_errors_and_shows_no_secret(
    name: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    good = small_source(name, lambda _, answer: answer)
    with serving(good) as web:
        ticket = records_of(walk(small_connector(name, web.url)))[0].ticket
        connector = small_connector(name, web.url)
        web.script = lambda _: FAULTS[fault]
        values: dict[str, str | int] = {"vendor": "GWL"}
        acts: list[Callable[[], object]] = [
            connector.identity,
            lambda: walk(connector),
            lambda: connector.read(ticket),
            lambda: connector.push(Write(ticket, values, (), "m")),
        ]
        raised = []
        for act in acts:
            with pytest.raises(BridgeError) as caught:
                act()
            raised.append(caught.value)
        shown = "".join("".join(traceback.format_exception(error)) + repr(vars(error)) for error in raised)
        shown += repr(connector) + repr(connector.doctor()) + caplog.text
    assert SECRET not in shown
    assert "canary" not in shown
    ours = {one for one in vars(errors).values() if isinstance(one, type)}
    assert all(set(type(error).__mro__) & ours - {BridgeError} for error in raised)


def small_source(name: str, meddle: Callable[[Seen, Answer], Answer]) -> Script:
    """A source of a few records of our own, faster than the sandbox."""
    if name == "snow":
        table = snow.Snow(meddle=meddle)
        table.tables["incident"] = [snow.incident(number) for number in range(3)]
        table.tables["sys_audit"] = [snow.audit(number, "state", "1", "1") for number in range(3)]
        table.tables["sysapproval_approver"] = [snow.vote(1, 1, snow.ANA)]
        return table
    if name == "center":
        server = center.Center(meddle=meddle)
        server.add(*(center.issue(number) for number in range(1, 4)))
        server.histories["10001"] = [center.history(1, center.item("priority", "High", "Medium"))]
        return server
    site = cloud.Cloud(meddle=meddle)
    site.add(*(cloud.issue(number) for number in range(1, 4)))
    site.histories["10001"] = [cloud.history(1, cloud.item("priority", "High", "Medium"))]
    return site


def small_connector(name: str, url: str) -> Connector:
    sources: dict[str, Source] = {"snow": snow.SOURCE, "ops": cloud.SOURCE, "center": center.SOURCE}
    return connect(replace(sources[name], url=url), CREDENTIALS, snow.VENDORS, Limits(), World().surroundings)
