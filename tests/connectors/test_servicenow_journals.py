"""Comments and work notes: read where that is asked for, of our tickets alone, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.connectors.fakes import NOON
from tests.connectors.snow import SOURCE, Record, Snow, change, connected, incident, sys_id

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.base import Page
from itsm_bridge.connectors.servicenow.cells import stamp
from itsm_bridge.errors import NeedsPerson
from itsm_bridge.model import JournalEntry

pytestmark = pytest.mark.usefixtures("over_both_transports")

STREAM = "sys_journal_field"
NOTED = replace(SOURCE, journals=True)


def note(place: int, ticket: int, at: datetime = NOON, /, **values: object) -> Record:
    return {
        "sys_id": sys_id(0xB000000 + place),
        "sys_created_on": stamp(at),
        "sys_created_by": "ana",
        "element_id": sys_id(ticket),
        "element": "comments",
        "name": "incident",
        "value": f"note {place}",
        **values,
    }


def noted(*notes: Record) -> Snow:
    snow = Snow()
    snow.tables["incident"] = [incident(1), incident(2)]
    snow.tables["change_request"] = [change(3)]
    snow.tables[STREAM] = list(notes)
    return snow


def walked(
    snow: Snow, source: ServiceNow = NOTED, bookmark: Mapping[str, str] | None = None, page: int = 100
) -> list[Page]:
    with connected(snow, source, page=page) as connector:
        return list(connector.fetch(STREAM, bookmark))


def texts(pages: list[Page]) -> list[str]:
    return [entry.text for page in pages for entry in page.journal]


def test_nothing_of_them_is_read_unless_it_is_asked_for() -> None:
    snow = noted(note(1, 1))
    with connected(snow) as connector:
        assert STREAM not in connector.streams()
        assert all(page.journal == () for page in connector.fetch("incident", None))
    assert not any(STREAM in seen.path for seen in snow.seen)
    with connected(snow, NOTED) as connector:
        assert connector.streams()[-1] == STREAM


def test_a_note_says_who_wrote_what_where_and_when_with_foreign_text_freed_of_control_characters() -> None:
    hostile = note(1, 1, value="=cmd()\x1b[2Jhidden\x00 <b>^NQ", element="work_notes")
    (page,) = walked(noted(hostile))
    assert page.journal == (
        JournalEntry(
            source="snow",
            external_id=sys_id(1),
            entry_id=sys_id(0xB000001),
            element="work_notes",
            at=NOON,
            author="ana",
            text="=cmd()[2Jhidden <b>^NQ",
        ),
    )


def test_a_long_note_is_cut() -> None:
    (page,) = walked(noted(note(1, 1, value="x" * 100_000)))
    assert len(page.journal[0].text) == 65_536


def test_many_notes_of_one_second_are_walked_page_by_page_and_none_is_left_out() -> None:
    snow = noted(*(note(place, 1) for place in range(25)))
    pages = walked(snow, page=4)
    assert sorted(texts(pages)) == sorted(f"note {place}" for place in range(25))
    assert len(pages) > 5


def test_the_stream_goes_on_behind_its_own_bookmark_less_an_overlap() -> None:
    snow = noted(note(0, 1, NOON - timedelta(hours=1)), note(1, 1))
    bookmark = walked(snow)[-1].bookmark
    snow.tables[STREAM] += [note(7, 2, NOON - timedelta(minutes=1)), note(8, 2, NOON - timedelta(hours=5))]
    assert texts(walked(snow, bookmark=bookmark)) == ["note 7", "note 1"]


def test_other_journals_and_other_tables_are_not_asked_for_and_would_end_the_run() -> None:
    snow = noted(note(1, 1), note(2, 1, element="u_diary"), note(3, 9, name="kb_knowledge"))
    assert texts(walked(snow)) == ["note 1"]
    snow = noted(note(1, 1), note(2, 1, element="u_diary"))
    real = snow._found
    snow._found = lambda table, text: real(table, text.replace("elementIN", "no_such_columnIN"))  # type: ignore[method-assign]
    with pytest.raises(NeedsPerson, match="widened"):
        walked(snow)


def test_notes_that_name_only_task_are_kept_where_the_ticket_is_ours() -> None:
    snow = noted(note(1, 1, name="task"), note(2, 3, name="task"), note(3, 99, name="task"), note(4, 2))
    assert texts(walked(snow)) == ["note 1", "note 2", "note 4"]


def test_notes_on_tickets_outside_the_scope_are_left_out() -> None:
    snow = noted(note(1, 1), note(2, 2))
    snow.tables["incident"][1]["category"] = "hardware"
    assert texts(walked(snow, replace(NOTED, scope="category=network"))) == ["note 1"]


def test_a_ticket_brings_the_notes_that_the_stream_passed_before_it_came_into_the_scope() -> None:
    snow = noted(note(1, 1, NOON - timedelta(days=9)), note(2, 2, NOON - timedelta(days=9)))
    with connected(snow, NOTED) as connector:
        (page,) = connector.fetch("incident", None)
        assert sorted(entry.text for entry in page.journal) == ["note 1", "note 2"]
        alone = connector.fetch_ids("incident", [sys_id(2)])
        assert [entry.text for entry in alone.journal] == ["note 2"]


def test_notes_are_asked_for_by_the_tickets_in_short_lists() -> None:
    snow = noted(*(note(place, place) for place in range(1, 251)))
    snow.tables["incident"] = [incident(place) for place in range(1, 251)]
    with connected(snow, NOTED, page=1000) as connector:
        (page,) = connector.fetch("incident", None)
    assert len(page.journal) == 250
    lists = [seen.query["sysparm_query"].count(",") for seen in snow.seen if STREAM in seen.path]
    assert len(lists) == 3
    assert all(count <= 101 for count in lists)


def test_a_note_without_a_readable_time_is_set_aside_with_the_reason_and_the_others_are_kept() -> None:
    snow = noted(note(1, 1), note(2, 1))
    with connected(snow, NOTED) as connector:
        snow.tables[STREAM][1]["sys_created_on"] = "20 Nov"
        page = connector.fetch_ids(STREAM, [sys_id(1)])
    assert [entry.text for entry in page.journal] == ["note 1"]
    assert [(one.external_id, one.reason) for one in page.rejected] == [
        (sys_id(0xB000002), "sys_journal_field: not a date of the database")
    ]


def test_a_note_that_was_set_aside_can_be_asked_for_by_its_own_id() -> None:
    snow = noted(note(1, 1), note(2, 1))
    with connected(snow, NOTED) as connector:
        snow.tables[STREAM][1]["sys_created_on"] = "20 Nov"
        (set_aside,) = connector.fetch_ids(STREAM, [sys_id(1)]).rejected
        snow.tables[STREAM][1]["sys_created_on"] = stamp(NOON)
        page = connector.fetch_ids(STREAM, [set_aside.external_id])
    assert ([entry.text for entry in page.journal], page.rejected) == (["note 2"], ())


def test_the_doctor_says_whether_notes_can_be_read() -> None:
    snow = noted(note(1, 1))
    with connected(snow, NOTED) as connector:
        checks = {check.name: check for check in connector.doctor()}
        assert checks["journals"].verdict == "ok"
        snow.hidden = {str(snow.tables[STREAM][0]["sys_id"])}
        checks = {check.name: check for check in connector.doctor()}
    assert (checks["journals"].verdict, checks["journals"].fix) == (
        "warning",
        "grant the account read on sys_journal_field",
    )
