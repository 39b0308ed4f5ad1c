"""A choice is read by its value, and by its label only where that is configured; dates never in a person's format."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.connectors.fakes import NOON, Answer, Seen
from tests.connectors.snow import OPTIT, SOURCE, Record, Snow, audit, change, connected, incident, link, sys_id

from itsm_bridge.config.model import FieldMapping, ServiceNow
from itsm_bridge.connectors.base import Page
from itsm_bridge.errors import NeedsPerson

pytestmark = pytest.mark.usefixtures("over_both_transports")

LABELLED = replace(SOURCE, choice_labels=True)
GONE = sys_id(0xDEAD)


def choice(place: int, table: str, column: str, value: str, label: str, **more: str) -> Record:
    shown = {"language": "en", "inactive": "false", **more}
    return {
        "sys_id": sys_id(0xC000000 + place),
        "name": table,
        "element": column,
        "value": value,
        "label": label,
        **shown,
    }


def labelled(*choices: Record) -> Snow:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["change_request"] = [change(2)]
    snow.tables["sys_choice"] = [
        choice(1, "task", "u_environment", "punjab", "Punjab State"),
        choice(2, "incident", "category", "network", "Network & VPN"),
        choice(3, "task", "category", "network", "Of every task"),
        choice(4, "incident", "state", "1", "New"),
        choice(5, "incident", "priority", "3", "5 - a label that looks like another level"),
        *choices,
    ]
    return snow


def read(snow: Snow, source: ServiceNow = LABELLED, table: str = "incident") -> Page:
    with connected(snow, source) as connector:
        (page,) = connector.fetch(table, None)
    return page


def test_a_choice_is_read_by_its_value_and_no_label_is_looked_up_unless_that_is_configured() -> None:
    snow = labelled()
    ticket = read(snow, SOURCE).records[0].ticket
    assert (ticket.environment, ticket.category) == ("punjab", ("network",))
    assert not any("sys_choice" in seen.path for seen in snow.seen)


def test_labels_are_those_of_the_table_itself_else_those_of_task() -> None:
    snow = labelled()
    ticket = read(snow).records[0].ticket
    assert (ticket.environment, ticket.category) == ("Punjab State", ("Network & VPN",))
    assert read(snow, table="change_request").records[0].ticket.category == ("Of every task",)
    assert ticket.originals["category"] == "network"


def test_a_table_with_choices_of_its_own_has_none_of_those_of_task() -> None:
    snow = labelled(choice(20, "task", "category", "database", "Database of every task"))
    snow.tables["incident"][0]["category"] = "database"
    assert read(snow).records[0].ticket.category == ("database",)


def test_history_reads_by_the_same_labels_as_the_ticket_and_inactive_choices_keep_theirs() -> None:
    snow = labelled(choice(20, "incident", "category", "fax", "Facsimile", inactive="true"))
    snow.tables["sys_audit"] = [audit(1, "category", "fax", "network", NOON)]
    (entry,) = read(snow).records[0].history
    assert (entry.old, entry.new, entry.source_old) == ("Facsimile", "Network & VPN", "fax")


def test_states_and_levels_stay_by_value() -> None:
    ticket = read(labelled()).records[0].ticket
    assert (ticket.state.value, ticket.priority) == ("new", 3)


def test_a_map_goes_before_a_label_and_may_name_the_value_or_the_label() -> None:
    for key in ("network", "network & vpn"):
        source = replace(LABELLED, fields={"category": FieldMapping("category", {key: "connectivity"})})
        assert read(labelled(), source).records[0].ticket.category == ("connectivity",)


def test_a_value_with_several_labels_or_without_one_stays_a_value() -> None:
    snow = labelled(
        choice(20, "incident", "category", "vpn", "VPN of staff"),
        choice(21, "incident", "category", "vpn", "VPN of guests"),
        choice(22, "incident", "category", "fax", " "),
    )
    for value in ("vpn", "fax", "never listed"):
        snow.tables["incident"][0]["category"] = value
        assert read(snow).records[0].ticket.category == (value,)


def test_labels_of_other_languages_are_not_asked_for() -> None:
    snow = labelled(choice(20, "incident", "category", "network", "Netzwerk", language="de"))
    assert read(snow).records[0].ticket.category == ("Network & VPN",)


def test_labels_are_looked_up_once_for_each_table_in_a_run() -> None:
    snow = labelled()
    snow.tables["incident"] = [incident(place) for place in range(1, 30)]
    with connected(snow, LABELLED, page=5) as connector:
        assert sum(len(page.records) for page in connector.fetch("incident", None)) == 29
        connector.fetch_ids("incident", [sys_id(1)])
    assert len([seen for seen in snow.seen if "sys_choice" in seen.path]) == 1


def test_labels_that_may_not_be_read_end_the_part_instead_of_reading_values() -> None:
    snow = labelled()
    snow.hidden = {str(row["sys_id"]) for row in snow.tables["sys_choice"]}
    with pytest.raises(NeedsPerson, match="choice_labels: needs the labels"):
        read(snow)
    snow = labelled()
    snow.meddle = lambda seen, answer: Answer({"error": {}}, 403) if "sys_choice" in seen.path else answer
    with pytest.raises(NeedsPerson, match="403"):
        read(snow)


def test_labels_that_were_not_asked_for_end_the_part() -> None:
    snow = labelled()
    for row in snow.tables["sys_choice"]:
        del row["language"]  # the server drops the condition on a column that it does not know
    with pytest.raises(NeedsPerson, match="widened"):
        read(snow)


def test_the_labels_are_part_of_what_a_bookmark_is_for_and_their_absence_leaves_it_as_it_was() -> None:
    snow = labelled()
    by_value = read(snow, SOURCE).bookmark
    with connected(snow, LABELLED) as connector:
        assert len([page for page in connector.fetch("incident", by_value) if page.records]) == 1
    assert read(snow).bookmark["scope"] != by_value["scope"]


# --- references and dates ---


def test_the_names_of_references_are_asked_for_once_for_each_record_in_lists() -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(place) for place in range(1, 40)]
    with connected(snow, page=10) as connector:
        records = [record for page in connector.fetch("incident", None) for record in page.records]
    assert {record.ticket.group for record in records} == {"eGov OptIT"}
    asked = [seen.query["sysparm_query"] for seen in snow.seen if seen.path.endswith("/sys_user_group")]
    assert [query.count(OPTIT) for query in asked] == [1]


def test_an_inactive_record_has_its_name_and_one_that_is_gone_its_id_with_an_oddity() -> None:
    snow = Snow()
    snow.tables["sys_user_group"][0]["active"] = "false"
    snow.tables["incident"] = [incident(1), incident(2, assignment_group=link("sys_user_group", GONE))]
    page = read(snow, SOURCE)
    assert [record.ticket.group for record in page.records] == ["eGov OptIT", GONE]
    odd = {(oddity.external_id, oddity.check) for oddity in page.oddities}
    assert (sys_id(2), "unresolved_reference") in odd
    assert (sys_id(1), "unresolved_reference") not in odd


def test_nothing_is_ever_asked_for_by_its_label() -> None:
    snow = labelled()
    snow.tables["sys_journal_field"], snow.tables["task_sla"] = [], []
    with connected(snow, replace(LABELLED, journals=True, native_slas=True)) as connector:
        for stream in connector.streams():
            list(connector.fetch(stream, None))
        connector.doctor()
    assert snow.seen
    assert [seen for seen in snow.seen if not _is_raw(seen)] == []


def _is_raw(seen: Seen) -> bool:
    return seen.query.get("sysparm_display_value", "false").lower() == "false"  # pysnow writes it with a capital
