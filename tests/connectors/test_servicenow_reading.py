from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.connectors.fakes import ACCOUNT, NOON, Answer, Seen
from tests.connectors.snow import (
    ANA,
    GWL,
    OPTIT,
    SOURCE,
    Record,
    Snow,
    audit,
    change,
    connected,
    entry,
    incident,
    link,
    sys_id,
    vote,
)

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.base import Bookmark, Oddity, Page
from itsm_bridge.connectors.servicenow.cells import stamp
from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector
from itsm_bridge.errors import CredentialsRefused, NeedsPerson, RecordRejected, SourceUnavailable
from itsm_bridge.model import ApprovalState, State, TicketRecord, TicketType

pytestmark = pytest.mark.usefixtures("over_both_transports")

LATER = NOON + timedelta(hours=1)


def pages(connector: ServiceNowConnector, stream: str = "incident", bookmark: Bookmark | None = None) -> list[Page]:
    return list(connector.fetch(stream, bookmark))


def records(found: list[Page]) -> list[TicketRecord]:
    return [record for page in found for record in page.records]


def oddities(found: list[Page]) -> list[Oddity]:
    return [oddity for page in found for oddity in page.oddities]


def read_one(snow: Snow, source: ServiceNow = SOURCE) -> tuple[TicketRecord, set[str]]:
    with connected(snow, source) as connector:
        found = pages(connector)
    (record,) = records(found)
    return record, {oddity.check for oddity in oddities(found)}


# --- walking ---


def test_all_of_12345_rows_are_read() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON - timedelta(seconds=number // 3)) for number in range(1, 12_346)]
    with connected(snow, page=1_000) as connector:
        found = pages(connector)
    ids = [record.ticket.external_id for record in records(found)]
    assert len(ids) == len(set(ids)) == 12_345
    assert found[0].expected == 12_345
    assert len(found) == 13


def test_1200_rows_of_one_second_are_read_once_each() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number) for number in range(1_200)]
    with connected(snow, page=500) as connector:
        ids = [record.ticket.external_id for record in records(pages(connector))]
    assert len(ids) == len(set(ids)) == 1_200


def test_rows_hidden_after_the_limit_do_not_end_the_walk() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(1_000)]
    snow.hidden = {sys_id(number) for number in range(150, 850)} | {sys_id(number) for number in range(0, 150, 3)}
    with connected(snow) as connector:
        ids = {record.ticket.external_id for record in records(pages(connector))}
    assert ids == {sys_id(number) for number in range(1_000)} - snow.hidden


def test_a_server_that_counts_nothing_is_read_until_it_has_no_more() -> None:
    snow = Snow(secretive=True)
    snow.tables["incident"] = [incident(number) for number in range(250)]
    with connected(snow) as connector:
        assert len(records(pages(connector))) == 250


def test_rows_that_change_while_we_read_are_not_lost_and_push_nobody_out() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON - timedelta(seconds=500 - number)) for number in range(500)]

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("incident"):
            for row in snow.tables["incident"][:4]:
                row["sys_updated_on"] = stamp(LATER)
            snow.tables["incident"] = snow.tables["incident"][4:] + snow.tables["incident"][:4]
        return answer

    snow.meddle = meddle
    with connected(snow, page=50) as connector:
        assert {record.ticket.external_id for record in records(pages(connector))} == {
            sys_id(number) for number in range(500)
        }


def test_a_second_walk_reads_the_overlap_alone_and_what_is_new() -> None:
    snow = Snow()
    ages = {1: 500, 2: 121, 3: 119, 4: 0}
    snow.tables["incident"] = [incident(number, NOON - timedelta(seconds=age)) for number, age in ages.items()]
    with connected(snow) as connector:
        bookmark = pages(connector)[-1].bookmark
        assert bookmark["at"] == stamp(NOON)
        snow.tables["incident"].append(incident(5, LATER))
        again = {record.ticket.external_id for record in records(pages(connector, bookmark=bookmark))}
    assert again == {sys_id(3), sys_id(4), sys_id(5)}


def test_a_bookmark_of_another_scope_or_mapping_is_not_used() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, NOON - timedelta(days=9)), incident(2)]
    with connected(snow) as connector:
        bookmark = pages(connector)[-1].bookmark
        assert len(records(pages(connector, bookmark=bookmark))) == 1
    with connected(snow, replace(SOURCE, scope="state=1")) as connector:
        assert len(records(pages(connector, bookmark=bookmark))) == 2
    with connected(snow, replace(SOURCE, states={"incident": {"1": State.ON_HOLD}})) as connector:
        assert len(records(pages(connector, bookmark=bookmark))) == 2
    with connected(snow, replace(SOURCE, tables=(*SOURCE.tables, "problem"))) as connector:
        assert len(records(pages(connector, bookmark=bookmark))) == 1


def test_a_bookmark_that_is_damaged_reads_everything() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, NOON - timedelta(days=9)), incident(2)]
    with connected(snow) as connector:
        bookmark = {**pages(connector)[-1].bookmark, "at": "^NQactive=true"}
        assert len(records(pages(connector, bookmark=bookmark))) == 2


def test_a_bookmark_never_runs_ahead_of_the_servers_clock() -> None:
    snow = Snow(
        meddle=lambda _, answer: replace(answer, headers={**answer.headers, "Date": "Fri, 20 Nov 2026 12:00:05 GMT"})
    )
    snow.tables["incident"] = [incident(1), incident(2, datetime(2099, 1, 1, tzinfo=UTC))]
    with connected(snow) as connector:
        assert pages(connector)[-1].bookmark["at"] == "2026-11-20 12:00:05", "and ours is two hours ahead"


def test_a_column_that_the_server_does_not_know_widens_the_query_and_stops_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON - timedelta(days=number)) for number in range(3)]

    def forgets_the_bound(seen: Seen, answer: Answer) -> Answer:
        if "sys_updated_on>=" not in seen.query.get("sysparm_query", "") or not seen.path.endswith("incident"):
            return answer
        return Answer({"result": sorted(snow.tables["incident"], key=lambda row: str(row["sys_updated_on"]))})

    with connected(snow) as connector:
        bookmark = pages(connector)[-1].bookmark
        snow.meddle = forgets_the_bound
        with pytest.raises(NeedsPerson, match=r"widened .* query_range permission on incident\.sys_updated_on"):
            pages(connector, bookmark=bookmark)


def test_a_server_that_repeats_its_first_page_stops_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(300)]
    first: list[Answer] = []

    def repeats(seen: Seen, answer: Answer) -> Answer:
        if not seen.path.endswith("/incident"):
            return answer
        first.append(answer)
        return first[0] if len(first) < 5 else Answer({"result": []})

    snow.meddle = repeats
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        pages(connector)


def test_a_scope_that_the_server_drops_stops_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, **{"assignment_group.name": "Facilities"})]
    snow.tables["incident"][0]["u_typo"] = "1"
    source = replace(SOURCE, scope="assignment_group.nameSTARTSWITHeGov")

    def drops(seen: Seen, answer: Answer) -> Answer:
        return Answer({"result": snow.tables["incident"]}) if seen.path.endswith("/incident") else answer

    snow.meddle = drops
    with connected(snow, source) as connector, pytest.raises(NeedsPerson, match="widened"):
        pages(connector)


@pytest.mark.parametrize(
    "scope", ["assignment_grup.nameSTARTSWITHeGov", "u_contract=7", "category=network^u_contract!=7", "u_contract<7"]
)
def test_a_scope_on_a_column_that_is_not_there_stops_everything_that_rests_on_it(scope: str) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2)]
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA)]
    with connected(snow) as connector:
        ticket = records(pages(connector))[0].ticket
    kept: list[object] = []
    calls: list[Callable[[ServiceNowConnector], object]] = [
        lambda connector: kept.extend(connector.fetch("incident", None)),
        lambda connector: kept.extend(connector.fetch("sysapproval_approver", None)),
        lambda connector: kept.extend(connector.census("incident")),
        lambda connector: connector.fetch_ids("incident", [sys_id(1)]),
        lambda connector: connector.read(ticket),
        lambda connector: connector.absence("incident", sys_id(1)),
        lambda connector: connector.count_by_day("incident", NOON.date() - timedelta(days=1)),
    ]
    with connected(snow, replace(SOURCE, scope=scope)) as connector:
        for call in calls:
            with pytest.raises(NeedsPerson, match=r"snow: the scope names .*, which incident does not have") as raised:
                call(connector)
            assert "correct scope:" in raised.value.hint
        snow.tables["incident"] = []
        assert pages(connector)[0].records == ()
    assert kept == []


def test_a_column_of_the_scope_that_some_rows_show_is_there() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, u_contract="7"), incident(2, u_contract="7")]

    def hides_one(seen: Seen, answer: Answer) -> Answer:
        if "/incident" in seen.path:
            rows = answer.body["result"]  # type: ignore[index]
            rows[1].pop("u_contract", None)
        return answer

    snow.meddle = hides_one
    with connected(snow, replace(SOURCE, scope="u_contract=7")) as connector:
        assert len(records(pages(connector))) == 2


def test_the_scope_goes_with_every_query_for_tickets() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, category="network" if number % 2 else "food") for number in range(300)]
    source = replace(SOURCE, scope="category=network")
    with connected(snow, source) as connector:
        found = records(pages(connector))
        connector.read(found[0].ticket)
    assert len(found) == 150
    asked = [seen.query["sysparm_query"] for seen in snow.seen if "/incident" in seen.path]
    assert len(asked) == 3
    assert all(query.startswith("category=network^") for query in asked)


def test_a_server_that_does_not_sort_stops_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(9)]
    backwards = snow.tables["incident"][::-1]
    snow.meddle = lambda seen, answer: Answer({"result": backwards}) if "/incident" in seen.path else answer
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="query_range"):
        pages(connector)


def test_a_record_of_another_table_stops_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, sys_class_name="change_request")]
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        pages(connector)


def test_an_id_that_would_be_more_than_an_id_stops_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, sys_id="x^NQactive=true")]
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="widened"):
        pages(connector)


def test_a_page_that_the_server_cancels_is_asked_for_in_smaller_pieces_and_nothing_moves_before() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(100)]
    sizes: list[int] = []

    def cancels(seen: Seen, answer: Answer) -> Answer:
        if "/incident" not in seen.path:
            return answer
        sizes.append(int(seen.query["sysparm_limit"]))
        if sizes[-1] <= 25:
            return answer
        return replace(answer, body={**answer.body, "error": {"message": "Transaction cancelled"}})  # type: ignore[dict-item]

    snow.meddle = cancels
    with connected(snow) as connector:
        assert len(records(pages(connector))) == 100
    assert sizes[:5] == [100, 100, 50, 50, 25]


def test_a_record_too_large_to_be_read_is_rejected_and_the_others_go_on() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(20)]
    snow.tables["incident"][7]["description"] = "x" * 300_000
    with connected(snow, largest=100_000) as connector:
        found = pages(connector)
    assert len(records(found)) == 19
    assert [rejected.external_id for page in found for rejected in page.rejected] == [sys_id(7)]


def test_a_source_that_cancels_even_a_single_record_is_busy_and_nothing_is_skipped() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number) for number in range(20)]
    cancelled = Answer({"result": [], "error": {"message": "Transaction cancelled"}})
    snow.meddle = lambda seen, answer: cancelled if "/incident" in seen.path else answer
    with connected(snow) as connector, pytest.raises(SourceUnavailable):
        pages(connector)


def test_a_table_that_is_closed_to_us_needs_a_person() -> None:
    snow = Snow(meddle=lambda _, __: Answer({"error": {"message": "User Not Authorized"}}, 403))
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="403"):
        pages(connector)


def is_second_page(seen: Seen) -> bool:
    return seen.path.endswith("/table/incident") and "sys_id>" in seen.query["sysparm_query"]


def test_a_source_that_breaks_off_keeps_what_was_read() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON + timedelta(seconds=number)) for number in range(300)]
    snow.meddle = lambda seen, answer: Answer(status=502) if is_second_page(seen) else answer
    with connected(snow) as connector:
        walk = connector.fetch("incident", None)
        first = next(walk)
        with pytest.raises(SourceUnavailable):
            next(walk)
        snow.meddle = lambda _, answer: answer
        rest = records(pages(connector, bookmark=first.bookmark))
    assert {record.ticket.number for record in [*first.records, *rest]} == {f"INC{number:07}" for number in range(300)}


# --- tickets ---


def test_a_ticket_reads_as_the_model_says() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, assigned_to=link("sys_user", ANA), due_date="2026-12-01 00:00:00")]
    record, odd = read_one(snow)
    ticket = record.ticket
    assert odd == set()
    assert (ticket.id, ticket.type, ticket.project, ticket.state) == (
        "snow:INC0000001",
        TicketType.INCIDENT,
        "incident",
        State.NEW,
    )
    assert (ticket.group, ticket.vendor, ticket.assignee, ticket.reporter) == (
        "eGov OptIT",
        "OptIT",
        "ana@egov.example",
        "ben",
    )
    assert (ticket.environment, ticket.service, ticket.category) == ("punjab", ("portal",), ("network",))
    assert (ticket.impact, ticket.urgency, ticket.priority, ticket.approval) == (2, 2, 3, ApprovalState.NOT_REQUIRED)
    assert ticket.custom == {"made_sla": ("true",)}
    assert ticket.due_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert ticket.originals["group"] == OPTIT
    assert ticket.created_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ({"state": "42"}, "unmapped_state"),
        ({"impact": "9"}, "bad_value"),
        ({"priority": "high"}, "bad_value"),
        ({"approval": "maybe"}, "unmapped_approval"),
        ({"due_date": "28.02.2026 14:05"}, "bad_date"),
        ({"resolved_at": "2026-11-02 00:00:00", "closed_at": "2026-11-01 00:00:00"}, "resolved_after_closed"),
        ({"description": "x" * 70_000}, "long_text"),
        ({"assignment_group": link("sys_user_group", sys_id(99))}, "unresolved_reference"),
    ],
)
def test_what_is_odd_is_survived_and_listed(values: dict[str, object], check: str) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, **values)]
    _, odd = read_one(snow)
    assert odd == {check}


@pytest.mark.parametrize(
    "values",
    [
        {"number": ""},
        {"sys_created_on": "", "opened_at": ""},
        {"sys_created_on": "soon", "opened_at": "soon"},
        {"category": ["x"]},
        {"u_environment": {"value": {}}},
    ],
)
def test_a_record_that_cannot_be_read_is_rejected_and_the_others_go_on(values: dict[str, object]) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2, **values), incident(3)]
    with connected(snow) as connector:
        (page,) = pages(connector)
    assert [record.ticket.external_id for record in page.records] == [sys_id(1), sys_id(3)]
    assert [rejected.external_id for rejected in page.rejected] == [sys_id(2)]


@pytest.mark.parametrize(
    "cell", [OPTIT, link("sys_user_group", OPTIT), {"display_value": "eGov OptIT", "value": OPTIT}]
)
def test_a_reference_reads_the_same_in_every_form(cell: object) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, assignment_group=cell)]
    record, _ = read_one(snow)
    assert record.ticket.vendor == "OptIT"


def test_an_empty_reference_is_nobody() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, assignment_group="", caller_id="")]
    record, _ = read_one(snow)
    assert (record.ticket.group, record.ticket.vendor, record.ticket.reporter) == (None, None, "ben")


def test_a_link_to_another_host_tells_a_table_and_is_never_followed() -> None:
    snow = Snow()
    snow.tables["u_place"] = [{"sys_id": sys_id(50), "name": "punjab"}]
    cell = {"link": f"http://169.254.169.254/api/now/table/u_place/{sys_id(50)}", "value": sys_id(50)}
    snow.tables["incident"] = [incident(1, u_environment=cell)]
    record, _ = read_one(snow)
    assert record.ticket.environment == "punjab"


def test_a_column_hidden_from_the_account_is_not_an_empty_one() -> None:
    snow = Snow()
    rows = [incident(number) for number in range(150)]
    for row in rows:
        del row["u_environment"], row["approval"]
    snow.tables["incident"] = rows
    snow.tables["sys_dictionary"] = [entry(1, "u_environment")]
    with connected(snow) as connector:
        found = pages(connector)
    told = [oddity.detail for oddity in oddities(found) if oddity.check == "unreadable_field"]
    assert len(told) == 2
    assert records(found)[0].ticket.approval is None


MISSPELT = replace(
    SOURCE, fields={**SOURCE.fields, "environment": replace(SOURCE.fields["environment"], name="u_envronment")}
)


@pytest.mark.parametrize("dictionary", [None, [], [entry(1, "u_environment"), entry(2, "state")]])
def test_a_configured_column_that_is_nowhere_stops_us_before_anything_is_kept(dictionary: list[Record] | None) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number) for number in range(3)]
    snow.tables["change_request"] = [change(9)]
    if dictionary is not None:
        snow.tables["sys_dictionary"] = dictionary
    kept: list[Page] = []
    with connected(snow, MISSPELT) as connector, pytest.raises(NeedsPerson) as raised:
        kept.extend(connector.fetch("incident", None))
    assert kept == []
    assert "snow: incident has no column, or hides it" in raised.value.message
    assert "environment (u_envronment" in raised.value.message
    assert ("the nearest is 'u_environment'" in raised.value.message) is bool(dictionary)
    assert "correct fields:" in raised.value.hint
    with connected(snow, MISSPELT) as connector, pytest.raises(NeedsPerson, match="u_envronment"):
        connector.fetch_ids("incident", [sys_id(1)])


def test_a_column_that_the_dictionary_has_switched_off_is_gone() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["sys_dictionary"] = [entry(1, "u_envronment", active="false"), entry(2, "u_envronment", "elsewhere")]
    with connected(snow, MISSPELT) as connector, pytest.raises(NeedsPerson, match="u_envronment"):
        pages(connector)


@pytest.mark.parametrize("dictionary", [None, [entry(1, "category", "incident")]])
def test_a_column_that_another_table_has_may_be_missing_from_this_one(dictionary: list[Record] | None) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["change_request"] = [change(2), change(3)]
    for row in snow.tables["change_request"]:
        del row["category"]
    if dictionary is not None:
        snow.tables["sys_dictionary"] = dictionary
    with connected(snow) as connector:
        found = pages(connector, "change_request")
    assert len(records(found)) == 2
    told = [oddity.detail for oddity in oddities(found) if oddity.check == "unreadable_field"]
    assert told == ["change_request.category is hidden from the account, or does not exist"]


def test_a_dot_walked_column_is_looked_for_in_the_rows_of_every_table() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["change_request"] = [change(2, **{"cmdb_ci.u_tenant": "punjab"})]
    fields = {**SOURCE.fields, "environment": replace(SOURCE.fields["environment"], name="cmdb_ci.u_tenant")}
    with connected(snow, replace(SOURCE, fields=fields)) as connector:
        assert len(records(pages(connector))) == 1
        del snow.tables["change_request"][0]["cmdb_ci.u_tenant"]
        with pytest.raises(NeedsPerson, match=r"cmdb_ci\.u_tenant"):
            pages(connector)
        snow.tables["incident"] = []
        assert records(pages(connector)) == []


def test_two_records_of_one_number_are_listed() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, number="INC1"), incident(2, number="INC1"), incident(3)]
    with connected(snow) as connector:
        listed = {oddity.external_id for oddity in oddities(pages(connector)) if oddity.check == "duplicate_number"}
    assert listed == {sys_id(1), sys_id(2)}


def test_names_are_asked_for_once() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number) for number in range(500)]
    with connected(snow) as connector:
        pages(connector)
    assert sum("sys_user_group" in seen.path for seen in snow.seen) == 1


# --- history and approvals ---


def test_history_says_who_had_it_when_in_our_words() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, state="2", priority="1", sys_updated_on=stamp(NOON))]
    snow.tables["sys_audit"] = [
        audit(1, "state", "1", "2", NOON - timedelta(minutes=5)),
        audit(1, "assignment_group", GWL, OPTIT, NOON - timedelta(minutes=9), user="ben"),
        audit(1, "priority", "3", "1"),
        audit(1, "comments", "", "not ours"),
        audit(2, "state", "1", "2"),
    ]
    record, odd = read_one(snow)
    assert odd == set()
    assert [(entry.field, entry.old, entry.new, entry.actor) for entry in record.history] == [
        ("group", "eGov GWL", "eGov OptIT", "ben"),
        ("vendor", "GWL", "OptIT", "ben"),
        ("state", "new", "in_progress", "ana"),
        ("priority", "3", "1", "ana"),
    ]
    assert {entry.source_new for entry in record.history} == {OPTIT, "2", "1"}
    assert len({entry.entry_id for entry in record.history}) == 4


def test_a_history_that_does_not_lead_to_today_is_listed() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, state="1")]
    snow.tables["sys_audit"] = [audit(1, "state", "1", "6")]
    _, odd = read_one(snow)
    assert odd == {"history_mismatch"}


def test_a_long_history_is_read_to_its_end() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1, state="2")]
    snow.tables["sys_audit"] = [
        audit(
            1,
            "state",
            str(1 + place % 2),
            str(2 - place % 2),
            NOON - timedelta(hours=1) + timedelta(seconds=place // 7),
        )
        for place in range(2_401)
    ]
    record, odd = read_one(snow)
    assert len(record.history) == 2_401
    assert odd == set()


def test_audit_rows_of_other_tickets_stop_us() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["sys_audit"] = [audit(2, "state", "1", "2")]
    snow.meddle = lambda seen, answer: (
        Answer({"result": snow.tables["sys_audit"]}) if "sys_audit" in seen.path else answer
    )
    with connected(snow) as connector, pytest.raises(NeedsPerson, match="sys_audit"):
        pages(connector)


def test_votes_come_with_their_ticket_and_as_a_stream() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2)]
    snow.tables["sysapproval_approver"] = [
        vote(1, 1, ANA),
        vote(2, 1, GWL, "approved", LATER),
        vote(3, 2, ANA, "not requested"),
    ]
    with connected(snow) as connector:
        record = records(pages(connector))[0]
        (page,) = pages(connector, "sysapproval_approver")
    assert [(approval.approver, approval.state) for approval in record.approvals] == [
        ("ana@egov.example", ApprovalState.REQUESTED),
        (GWL, ApprovalState.APPROVED),
    ]
    assert record.approvals[1].decided_at == LATER
    assert len(page.approvals) == 3
    assert page.records == ()


def test_a_ticket_whose_field_does_not_follow_its_votes_waits_for_them_all_the_same() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2), incident(3, approval="approved")]
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA), vote(2, 2, ANA, "cancelled"), vote(3, 3, ANA)]
    with connected(snow) as connector:
        states = [record.ticket.approval for record in records(pages(connector))]
    assert states == [ApprovalState.REQUESTED, ApprovalState.NOT_REQUIRED, ApprovalState.APPROVED]


def test_votes_on_tickets_outside_the_scope_are_left_alone() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2, category="food")]
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA), vote(2, 2, ANA)]
    with connected(snow, replace(SOURCE, scope="category=network")) as connector:
        (page,) = pages(connector, "sysapproval_approver")
    assert [approval.external_id for approval in page.approvals] == [sys_id(1)]


# --- one ticket, and who we are ---


def test_one_ticket_is_read_by_its_id() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2)]
    with connected(snow) as connector:
        ticket = records(pages(connector))[1].ticket
        assert connector.read(ticket).ticket == ticket
        snow.hidden = {sys_id(2)}
        with pytest.raises(RecordRejected, match="INC0000002 is gone"):
            connector.read(ticket)
        snow.hidden = set()
        snow.meddle = lambda seen, answer: Answer({"result": [incident(1)]}) if "/incident" in seen.path else answer
        with pytest.raises(NeedsPerson, match="another record"):
            connector.read(ticket)


def test_we_know_who_we_are_by_our_own_record() -> None:
    snow = Snow()
    with connected(snow) as connector:
        assert connector.identity().account == ACCOUNT
        assert connector.identity().zone == "Asia/Kolkata"
        snow.tables["sys_user"] = []
        with pytest.raises(CredentialsRefused):
            connector.identity()


def test_the_doctor_names_what_is_missing_and_what_is_near() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["sys_user_group"][1]["name"] = "eGov GWLL"
    source = replace(
        SOURCE,
        tables=("incident",),
        fields={**SOURCE.fields, "environment": replace(SOURCE.fields["environment"], name="u_enviroment")},
    )
    with connected(snow, source) as connector:
        found = {check.name: check for check in connector.doctor()}
        assert snow.written == []
    assert found["connection"].verdict == "ok"
    assert found["incident: fields"].verdict == "failure"
    assert "u_enviroment; the nearest is 'u_environment'" in found["incident: fields"].detail
    assert "GWL: no active group is called 'eGov GWL'; the nearest is 'eGov GWLL'" in found["groups of vendors"].detail
    assert found["incident: history"].verdict == "warning"
    assert found["incident: scope and order"].verdict == "ok"
