"""Notes in every source: what is sent where, how it is found again, and what is done where it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from tests.connectors.fakes import Answer, Seen, serving
from tests.connectors.test_contract import KINDS, Side, fresh, passed_on, records_of, side_of, walk

from itsm_bridge.config.model import Jira
from itsm_bridge.connectors.base import Connector, Write
from itsm_bridge.connectors.notes import TAG, body_of, markers_in
from itsm_bridge.connectors.servicenow.notes import entries_of
from itsm_bridge.errors import NoteShown, OutcomeUnknown, SourceUnavailable, WriteRefused
from itsm_bridge.model import Note, Ticket

FIRST, SECOND = Note("0123456789abcdef", "Ask the *other* desk.\nIt knows."), Note("fedcba9876543210", "KB0010042")
PUBLIC = Note("00000000000000aa", "We ask the other desk.", public=True)


def push(connector: Connector, ticket: Ticket, *notes: Note, **values: str | int) -> None:
    connector.push(Write(ticket, values, (), "marker-1", notes))


@pytest.fixture(scope="module")
def sides() -> Iterator[dict[str, tuple[Side, list[Ticket]]]]:
    """Each source with its open tickets, of which every test takes one that no other has."""
    with ExitStack() as running:
        yield {name: _opened(side_of(running.enter_context(fresh(name)), name)) for name in KINDS}


def _opened(side: Side) -> tuple[Side, list[Ticket]]:
    open_ones = (record.ticket for record in records_of(walk(side.connector())) if record.ticket.state.is_open)
    return side, [ticket for ticket in open_ones if ticket.vendor != "GWL"]


Taken = tuple[Side, Ticket]
Sides = dict[str, tuple[Side, list[Ticket]]]


def take(sides: Sides, name: str) -> Taken:
    side, tickets = sides[name]
    return side, tickets.pop()


@pytest.fixture(params=KINDS)
def taken(request: pytest.FixtureRequest, sides: Sides) -> Taken:
    return take(sides, request.param)


@pytest.fixture
def snow(sides: Sides) -> Taken:
    return take(sides, "snow")


@pytest.fixture(params=["ops", "center"])
def jira(request: pytest.FixtureRequest, sides: Sides) -> Taken:
    return take(sides, request.param)


def test_a_note_is_there_once_it_is_sent_and_moves_its_ticket(taken: Taken) -> None:
    side, ticket = taken
    connector = side.connector()
    assert not connector.notes(ticket)
    push(connector, ticket, FIRST, SECOND, PUBLIC, vendor="GWL")
    after = connector.read(ticket).ticket
    assert set(connector.notes(ticket)) == {FIRST.marker, SECOND.marker, PUBLIC.marker}
    assert (after.vendor, after.version != ticket.version) == ("GWL", True)


def test_a_note_goes_without_any_field(taken: Taken) -> None:
    side, ticket = taken
    connector = side.connector()
    push(connector, ticket, FIRST)
    assert set(connector.notes(ticket)) == {FIRST.marker}
    assert connector.read(ticket).ticket.vendor == ticket.vendor


def test_looking_for_notes_writes_nothing(taken: Taken) -> None:
    side, ticket = taken
    with serving(passed_on(side.url)) as web:
        side.connector(web.url).notes(ticket)
        assert {seen.method for seen in web.seen} == {"GET"}


def test_a_note_whose_answer_is_lost_is_sent_once_and_found_by_its_marker(taken: Taken) -> None:
    side, ticket = taken
    forward = passed_on(side.url)

    def lost(seen: Seen) -> Answer:
        answer = forward(seen)
        return Answer(broken=True) if seen.method in {"PATCH", "POST"} and writes(seen) else answer

    with serving(lost) as web:
        connector = side.connector(web.url)
        with pytest.raises(OutcomeUnknown):
            push(connector, ticket, FIRST)
        assert sum(writes(seen) for seen in web.seen) == 1
        assert set(connector.notes(ticket)) == {FIRST.marker}


def writes(seen: Seen) -> bool:
    return seen.method == "PATCH" or (seen.method == "POST" and seen.path.endswith("/comment"))


@pytest.mark.parametrize("status", [403, 404])
def test_notes_that_may_not_be_read_refuse_the_note_and_nothing_else(taken: Taken, status: int) -> None:
    side, ticket = taken
    forward = passed_on(side.url)

    def refuse(seen: Seen) -> Answer:
        asked = seen.path.endswith(("/comment", "/sys_journal_field")) and seen.method == "GET"
        return Answer({"error": {}}, status) if asked else forward(seen)

    with serving(refuse) as web:
        connector = side.connector(web.url)
        with pytest.raises(WriteRefused):
            connector.notes(ticket)
        assert connector.read(ticket).ticket == ticket


# --- the text ---


def test_the_marker_stands_in_the_last_line_behind_plain_words() -> None:
    assert body_of(SECOND) == "KB0010042\n\nitsm-bridge note fedcba9876543210"


def test_markers_are_found_in_quotes_and_in_several_notes_and_nowhere_else() -> None:
    text = f"> {body_of(FIRST)}\r\n{body_of(SECOND)}\n{TAG}0123 {TAG}{'a' * 17} {TAG}ABCDEF0123456789"
    assert markers_in(text) == {FIRST.marker, SECOND.marker}


def test_control_characters_and_endless_texts_are_not_sent() -> None:
    body = body_of(Note("0" * 16, "\x1b]0;pwned\x07" + "ä" * 100_000))
    assert body.startswith("]0;pwnedä")
    assert len(body) < 32_767
    assert markers_in(body) == {"0" * 16}


# --- ServiceNow ---


def test_work_notes_and_comments_are_told_apart_and_several_are_one_entry() -> None:
    entries = entries_of([FIRST, PUBLIC, SECOND])
    assert set(entries) == {"work_notes", "comments"}
    assert markers_in(entries["work_notes"]) == {FIRST.marker, SECOND.marker}
    assert markers_in(entries["comments"]) == {PUBLIC.marker}


@pytest.mark.parametrize("text", ["javascript:gs.log(1)", "  JavaScript:x", "see [code]<b onclick=x>[/code]"])
def test_what_servicenow_would_run_is_refused(text: str) -> None:
    with pytest.raises(WriteRefused, match="would be run"):
        entries_of([Note("0" * 16, text)])


def test_fields_and_notes_are_one_patch(snow: Taken) -> None:
    side, ticket = snow
    with serving(passed_on(side.url)) as web:
        push(side.connector(web.url), ticket, FIRST, PUBLIC, impact=1, urgency=1)
        (sent,) = (seen for seen in web.seen if seen.method == "PATCH")
    assert set(sent.json) == {"impact", "urgency", "work_notes", "comments"}


def test_entries_that_are_hidden_from_us_refuse_the_note(snow: Taken) -> None:
    side, ticket = snow
    push(side.connector(), ticket, FIRST)
    forward = passed_on(side.url)

    def hide(seen: Seen) -> Answer:
        answer = forward(seen)
        journal = seen.path.endswith("/sys_journal_field")
        return replace(answer, body={"result": []}) if journal else answer

    with serving(hide) as web, pytest.raises(WriteRefused, match="cannot see all entries"):
        side.connector(web.url).notes(ticket)


def test_a_server_that_drops_the_condition_does_not_lend_us_the_notes_of_others(snow: Taken) -> None:
    side, ticket = snow
    push(side.connector(), ticket, FIRST)
    forward = passed_on(side.url, lambda row: row.update(element_id="f" * 32) if "element_id" in row else None)
    with serving(forward) as web, pytest.raises(WriteRefused):
        side.connector(web.url).notes(ticket)


# --- Jira ---


def asked_as(
    kind: str, side: Side, change: Callable[[Answer], Answer] = lambda answer: answer
) -> Callable[[Seen], Answer]:
    """The site with every project of ``kind``; ``change`` is for answers to a comment that is posted."""
    forward = passed_on(side.url)

    def answer(seen: Seen) -> Answer:
        found = forward(seen)
        if "/project/" in seen.path and isinstance(found.body, dict):
            return replace(found, body={**found.body, "projectTypeKey": kind})
        return change(found) if seen.path.endswith("/comment") and seen.method == "POST" else found

    return answer


def test_a_note_on_a_request_is_an_internal_comment_unless_it_is_public(jira: Taken) -> None:
    side, ticket = jira
    with serving(asked_as("service_desk", side)) as web:
        push(side.connector(web.url), ticket, FIRST, PUBLIC)
        sent = [seen.json for seen in web.seen if writes(seen)]
    assert [one["properties"] for one in sent] == [
        [{"key": "sd.public.comment", "value": {"internal": True}}],
        [{"key": "sd.public.comment", "value": {"internal": False}}],
    ]


def test_a_note_elsewhere_is_a_plain_comment_in_the_form_of_its_deployment(jira: Taken) -> None:
    side, ticket = jira
    with serving(asked_as("software", side)) as web:
        push(side.connector(web.url), ticket, FIRST)
        (sent,) = (seen.json for seen in web.seen if writes(seen))
    assert set(sent) == {"body"}
    if isinstance(side.source, Jira) and side.source.deployment == "cloud":
        assert [part["content"][0]["text"] for part in sent["body"]["content"] if part["content"]] == [
            "Ask the *other* desk.",
            "It knows.",
            f"itsm-bridge note {FIRST.marker}",
        ]
    else:
        assert sent["body"] == body_of(FIRST)


def test_an_internal_note_that_the_site_shows_to_customers_stops_everything(jira: Taken) -> None:
    side, ticket = jira

    def leak(answer: Answer) -> Answer:
        return replace(answer, body={**answer.body, "jsdPublic": True}) if isinstance(answer.body, dict) else answer

    with serving(asked_as("service_desk", side, leak)) as web, pytest.raises(NoteShown, match="public") as caught:
        push(side.connector(web.url), ticket, FIRST, SECOND)
    assert sum(writes(seen) for seen in web.seen) == 1
    assert caught.value.marker == FIRST.marker


def test_a_refused_note_is_refused_and_after_a_part_was_written_it_is_unknown(jira: Taken) -> None:
    side, ticket = jira
    with serving(asked_as("software", side, lambda _: Answer({"errorMessages": []}, 403))) as web:
        connector = side.connector(web.url)
        with pytest.raises(WriteRefused):
            push(connector, ticket, FIRST)
        with pytest.raises(OutcomeUnknown, match="a part was written, then a note was refused"):
            push(connector, ticket, FIRST, vendor="GWL")


def test_all_pages_of_comments_are_looked_through(jira: Taken) -> None:
    side, ticket = jira
    push(side.connector(), ticket, FIRST, SECOND, PUBLIC)
    forward = passed_on(side.url)

    def by_one(seen: Seen) -> Answer:
        if not seen.path.endswith("/comment"):
            return forward(seen)
        return forward(replace(seen, query={**seen.query, "maxResults": "1"}))

    with serving(by_one) as web:
        assert len(side.connector(web.url).notes(ticket)) == 3
        assert sum(seen.path.endswith("/comment") for seen in web.seen) == 3


def test_a_list_of_comments_that_ends_early_is_no_proof(jira: Taken) -> None:
    side, ticket = jira
    forward = passed_on(side.url)
    short = Answer({"startAt": 0, "maxResults": 100, "total": 3, "comments": []})
    with (
        serving(lambda seen: short if seen.path.endswith("/comment") else forward(seen)) as web,
        pytest.raises(SourceUnavailable, match="ended before their end"),
    ):
        side.connector(web.url).notes(ticket)
