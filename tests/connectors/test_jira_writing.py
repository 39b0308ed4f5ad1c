from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.connectors.cloud import APPROVAL, SOURCE, VENDOR, Cloud, connected, issue
from tests.connectors.fakes import Answer, Seen

from itsm_bridge.config.model import JiraWrite
from itsm_bridge.connectors.base import Write
from itsm_bridge.errors import OutcomeUnknown, WriteRefused
from itsm_bridge.model import Ticket


def site() -> Cloud:
    cloud = Cloud()
    cloud.add(issue(1))
    return cloud


def write(ticket: Ticket, values: Mapping[str, str | int]) -> Write:
    return Write(ticket, values, (), "marker-1")


def ticket_of(connector: object) -> Ticket:
    (page,) = connector.fetch("issues", None)  # type: ignore[attr-defined]
    found: Ticket = page.records[0].ticket
    return found


def test_all_fields_go_in_one_put_by_ids_with_the_marker_as_a_property() -> None:
    cloud = site()
    with connected(cloud) as connector:
        connector.push(write(ticket_of(connector), {"priority": 1, "vendor": "GWL", "approval": "requested"}))
        after = connector.read(ticket_of(connector))
    (sent,) = cloud.written
    assert sent.path == "/rest/api/3/issue/10001"
    assert sent.json == {
        "fields": {"priority": {"id": "1"}, VENDOR: {"id": "2"}, APPROVAL: {"id": "2"}},
        "properties": [
            {"key": "itsm-bridge", "value": {"intent": "marker-1", "fields": ["approval", "priority", "vendor"]}}
        ],
    }
    assert (after.ticket.priority, after.ticket.vendor, after.ticket.approval) == (1, "GWL", "requested")
    assert {entry.actor for entry in after.history} == {"bridge@egov.example"}


def test_a_rejection_is_written_by_whatever_the_site_calls_it() -> None:
    cloud = site()
    with connected(cloud) as connector:
        connector.push(write(ticket_of(connector), {"approval": "rejected"}))
    assert cloud.written[0].json["fields"] == {APPROVAL: {"id": "4"}}


def test_a_vendor_can_be_taken_away() -> None:
    cloud = site()
    with connected(cloud) as connector:
        connector.push(write(ticket_of(connector), {"vendor": ""}))
    assert cloud.written[0].json["fields"] == {VENDOR: None}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"vendor": "Elsewhere"}, "vendor 'Elsewhere' has no name in ops"),
        ({"impact": 1}, "impact is not written to ops"),
        ({"priority": 9}, "priority 9 has no name in ops"),
    ],
)
def test_what_has_no_name_here_is_refused_before_anything_is_sent(values: Mapping[str, str | int], why: str) -> None:
    cloud = site()
    with connected(cloud) as connector, pytest.raises(WriteRefused, match=why):
        connector.push(write(ticket_of(connector), values))
    assert cloud.written == []


def test_a_value_that_the_issue_does_not_allow_is_refused_by_name() -> None:
    cloud = site()
    source = replace(SOURCE, priorities={"blocker": 1, "medium": 3})
    with connected(cloud, source) as connector, pytest.raises(WriteRefused, match="priority 1 is not among the values"):
        connector.push(write(ticket_of(connector), {"priority": 1}))
    assert cloud.written == []


def test_a_field_that_is_not_on_the_edit_screen_is_refused_with_both_causes() -> None:
    cloud = site()
    cloud.meddle = lambda seen, answer: Answer({"fields": {}}) if seen.path.endswith("/editmeta") else answer
    with (
        connected(cloud) as connector,
        pytest.raises(WriteRefused, match="not on the edit screen, or the account lacks"),
    ):
        connector.push(write(ticket_of(connector), {"priority": 1}))


def test_a_write_that_breaks_off_is_unknown_sent_once_and_told_by_reading() -> None:
    cloud = site()
    with connected(cloud) as connector:
        ticket = ticket_of(connector)
        cloud.meddle = lambda seen, answer: Answer(broken=True) if seen.method == "PUT" else answer
        with pytest.raises(OutcomeUnknown):
            connector.push(write(ticket, {"priority": 1}))
        assert len(cloud.written) == 1
        assert connector.read(ticket).ticket.priority == 1


def test_a_refused_write_names_the_fields() -> None:
    cloud = site()
    refusal = Answer({"errorMessages": [], "errors": {VENDOR: "Acme's secret", "priority": "no"}}, 400)
    cloud.meddle = lambda seen, answer: refusal if seen.method == "PUT" else answer
    with connected(cloud) as connector, pytest.raises(WriteRefused) as caught:
        connector.push(write(ticket_of(connector), {"priority": 1}))
    assert f"fields refused: {VENDOR}, priority" in caught.value.message
    assert "Acme" not in caught.value.message


def test_an_issue_that_is_gone_is_a_refusal_of_that_one() -> None:
    cloud = site()
    with connected(cloud) as connector:
        ticket = ticket_of(connector)
        cloud.issues.clear()
        with pytest.raises(WriteRefused, match="OPS-1 is gone"):
            connector.push(write(ticket, {"priority": 1}))


def test_what_was_just_written_is_named_to_the_next_search() -> None:
    cloud = site()
    with connected(cloud) as connector:
        connector.push(write(ticket_of(connector), {"priority": 1}))
        ticket_of(connector)
    assert cloud.asked("/search/jql")[-1].json["reconcileIssues"] == [10_001]


def test_nothing_is_written_where_nothing_is_configured() -> None:
    cloud = site()
    with connected(cloud, replace(SOURCE, write=JiraWrite())) as connector, pytest.raises(WriteRefused):
        connector.push(write(ticket_of(connector), {"priority": 1}))
    assert cloud.written == []


def test_a_field_of_plain_text_takes_the_name_itself() -> None:
    cloud = site()
    plain = {"fields": {VENDOR: {"schema": {"type": "string"}}, APPROVAL: {"schema": {"type": "option"}}}}

    def meddle(seen: Seen, answer: Answer) -> Answer:
        return Answer(plain) if seen.path.endswith("/editmeta") else answer

    cloud.meddle = meddle
    with connected(cloud) as connector:
        ticket = ticket_of(connector)
        connector.push(write(ticket, {"vendor": "OptIT"}))
        with pytest.raises(WriteRefused, match="not among the values"):
            connector.push(write(ticket, {"approval": "requested"}))
    assert [sent.json["fields"] for sent in cloud.written] == [{VENDOR: "OptIT"}]
