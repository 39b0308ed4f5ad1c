from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.connectors.fakes import Answer, Seen
from tests.connectors.snow import ANA, BEN, GWL, SOURCE, Snow, connected, incident, sys_id, vote

from itsm_bridge.config.model import ServiceNow, ServiceNowWrite
from itsm_bridge.connectors.base import Write
from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector
from itsm_bridge.errors import OutcomeUnknown, SourceUnavailable, WriteRefused
from itsm_bridge.model import Ticket

pytestmark = pytest.mark.usefixtures("over_both_transports")


@contextmanager
def with_ticket(snow: Snow, source: ServiceNow = SOURCE) -> Iterator[tuple[ServiceNowConnector, Ticket]]:
    snow.tables["incident"] = [incident(1)]
    with connected(snow, source) as connector:
        (page,) = connector.fetch("incident", None)
        yield connector, page.records[0].ticket


def write(ticket: Ticket, values: Mapping[str, str | int], *approvers: str) -> Write:
    return Write(ticket, values, approvers, "marker-1")


def test_all_fields_of_a_ticket_go_in_one_patch_with_a_groups_id() -> None:
    snow = Snow()
    with with_ticket(snow) as (connector, ticket):
        connector.push(write(ticket, {"impact": 1, "urgency": 2, "vendor": "GWL"}))
        after = connector.read(ticket).ticket
    (sent,) = snow.written
    assert (sent.method, sent.path) == ("PATCH", f"/api/now/table/incident/{sys_id(1)}")
    assert sent.json == {"impact": "1", "urgency": "2", "assignment_group": GWL}
    assert after.vendor == "GWL"


def test_a_write_carries_nothing_of_the_reads_before_it() -> None:
    snow = Snow()
    with with_ticket(snow, replace(SOURCE, scope="state=1")) as (connector, ticket):
        connector.read(ticket)
        connector.push(write(ticket, {"impact": 1}))
    assert not snow.written[0].query.get("sysparm_query")
    assert "sysparm_fields" not in snow.written[0].query


def test_a_vendor_can_be_taken_away() -> None:
    snow = Snow()
    with with_ticket(snow) as (connector, ticket):
        connector.push(write(ticket, {"vendor": ""}))
    assert snow.written[0].json == {"assignment_group": ""}


def test_priority_is_written_only_where_it_is_not_computed() -> None:
    snow = Snow()
    with with_ticket(snow) as (connector, ticket), pytest.raises(WriteRefused, match="priority is not written"):
        connector.push(write(ticket, {"priority": 1}))
    assert snow.written == []
    source = replace(SOURCE, write=replace(SOURCE.write, priority="priority"))
    with with_ticket(snow, source) as (connector, ticket):
        connector.push(write(ticket, {"priority": 1}))
    assert snow.written[0].json == {"priority": "1"}


@pytest.mark.parametrize(
    ("group", "why"),
    [
        ({"name": "eGov GWL", "active": "false"}, "no active group 'eGov GWL'"),
        ({"name": "Renamed"}, "no active group 'eGov GWL'"),
    ],
)
def test_a_group_that_is_not_there_refuses_the_write_before_it_is_sent(group: Mapping[str, str], why: str) -> None:
    snow = Snow()
    snow.tables["sys_user_group"][1].update(group)
    with with_ticket(snow) as (connector, ticket), pytest.raises(WriteRefused, match=why):
        connector.push(write(ticket, {"impact": 1, "vendor": "GWL"}))
    assert snow.written == []


def test_two_groups_of_one_name_refuse_the_write() -> None:
    snow = Snow()
    snow.tables["sys_user_group"].append({"sys_id": sys_id(77), "name": "eGov GWL", "active": "true"})
    with with_ticket(snow) as (connector, ticket), pytest.raises(WriteRefused, match="more than one active group"):
        connector.push(write(ticket, {"vendor": "GWL"}))


def test_a_vendor_without_a_name_here_refuses_the_write() -> None:
    with with_ticket(Snow()) as (connector, ticket), pytest.raises(WriteRefused, match=r"vendors\.yaml"):
        connector.push(write(ticket, {"vendor": "Elsewhere"}))


def test_approvers_are_asked_once_however_often_we_come() -> None:
    snow = Snow()
    with with_ticket(snow) as (connector, ticket):
        for _ in range(3):
            connector.push(write(ticket, {"approval": "requested"}, "ana@egov.example", "ben"))
    assert [sent.json for sent in snow.written] == [
        {"sysapproval": sys_id(1), "approver": ANA, "state": "requested"},
        {"sysapproval": sys_id(1), "approver": BEN, "state": "requested"},
    ]


def test_an_approver_who_answered_is_not_asked_again_and_one_who_was_not_is() -> None:
    snow = Snow()
    snow.tables["sysapproval_approver"] = [vote(1, 1, ANA, "approved"), vote(2, 1, BEN, "not requested")]
    with with_ticket(snow) as (connector, ticket):
        connector.push(write(ticket, {"approval": "requested"}, "ana@egov.example", "ben"))
    (sent,) = snow.written
    assert (sent.method, sent.json) == ("PATCH", {"state": "requested"})


def test_an_approvers_record_whose_answer_was_lost_is_found_and_not_made_again() -> None:
    snow = Snow()
    with with_ticket(snow) as (connector, ticket):
        snow.meddle = lambda seen, answer: Answer(broken=True) if seen.method == "POST" else answer
        with pytest.raises(OutcomeUnknown):
            connector.push(write(ticket, {"approval": "requested"}, "ben"))
        snow.meddle = lambda _, answer: answer
        connector.push(write(ticket, {"approval": "requested"}, "ben"))
    assert [sent.method for sent in snow.written] == ["POST"]
    assert [row["approver"] for row in snow.tables["sysapproval_approver"]] == [BEN]


@pytest.mark.parametrize(
    ("values", "approvers", "why"),
    [
        ({"approval": "approved"}, (), "for its approvers to say"),
        ({"approval": "requested"}, (), "of nobody"),
        ({"approval": "requested"}, ("nobody@egov.example",), "no active user"),
        ({"approval": "requested"}, ("a^NQ@egov.example",), "cannot be asked for"),
    ],
)
def test_an_approval_that_cannot_be_asked_for_is_refused(
    values: Mapping[str, str], approvers: tuple[str, ...], why: str
) -> None:
    snow = Snow()
    with with_ticket(snow) as (connector, ticket), pytest.raises(WriteRefused, match=why):
        connector.push(write(ticket, {**values, "impact": 1}, *approvers))
    assert snow.written == []


def test_an_approval_may_be_a_field_of_the_ticket() -> None:
    snow = Snow()
    source = replace(SOURCE, write=ServiceNowWrite(approval="field"))
    with with_ticket(snow, source) as (connector, ticket):
        connector.push(write(ticket, {"approval": "not_required"}))
    assert snow.written[0].json == {"approval": "not requested"}


def test_a_write_that_breaks_off_is_unknown_and_sent_once() -> None:
    snow = Snow()

    def hangs_up(seen: Seen, answer: Answer) -> Answer:
        return Answer(broken=True) if seen.method == "PATCH" else answer

    with with_ticket(snow) as (connector, ticket):
        snow.meddle = hangs_up
        with pytest.raises(OutcomeUnknown):
            connector.push(write(ticket, {"impact": 1}))
        assert len(snow.written) == 1
        assert connector.read(ticket).ticket.impact == 1


def test_a_refusal_after_a_part_was_written_is_unknown() -> None:
    snow = Snow(meddle=lambda seen, answer: Answer({"error": {}}, 403) if seen.method == "POST" else answer)
    with with_ticket(snow) as (connector, ticket):
        with pytest.raises(OutcomeUnknown, match="a part was written"):
            connector.push(write(ticket, {"impact": 1, "approval": "requested"}, "ben"))
        with pytest.raises(WriteRefused):
            connector.push(write(ticket, {"approval": "requested"}, "ana@egov.example"))


def test_a_busy_source_is_left_alone_and_nothing_was_written() -> None:
    limited = Answer(status=429, headers={"Retry-After": "3600"})
    snow = Snow(meddle=lambda seen, answer: limited if seen.method == "PATCH" else answer)
    with with_ticket(snow) as (connector, ticket), pytest.raises(SourceUnavailable, match="nothing was written"):
        connector.push(write(ticket, {"impact": 1}))
