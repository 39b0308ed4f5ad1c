from __future__ import annotations

import csv
import gzip
import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.clients import NOW, Snow, Stage

from itsm_bridge.sandbox import start
from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.loads import load
from itsm_bridge.sandbox.servicenow.query import answer, parse
from itsm_bridge.sandbox.servicenow.tables import Instance, Row

HEADER = (
    "number,incident_state,sys_mod_count,sys_updated_by,sys_updated_at,opened_at,resolved_at,resolved_by,closed_code,"
    "closed_at,priority,assignment_group"
)
CLOSING = ("resolved_at", "resolved_by", "closed_code", "closed_at")


def _loaded(path: Path) -> tuple[Instance, Site]:
    instance, site = Instance(), Site()
    load(instance, site, path)
    return instance, site


# --- the event log -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def log(shared: Path) -> list[dict[str, str]]:
    """The rows of the published log."""
    with lzma.open(shared / "data" / "uci" / "incident_event_log.csv.xz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def replayed(shared: Path) -> Instance:
    return _loaded(shared / "data" / "uci" / "incident_event_log.csv.xz")[0]


def _by_incident(log: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    grouped: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in log:
        grouped[row["number"]].append(row)
    return grouped


def test_every_incident_is_one_record_with_the_state_of_its_last_event(
    replayed: Instance, log: list[dict[str, str]]
) -> None:
    last = {number: events[-1] for number, events in _by_incident(log).items()}
    assert len(replayed.tables["incident"]) == len(last) == 24_918
    states = Counter(row["state"] for row in replayed.tables["incident"])
    assert states == Counter({"Closed": "7", "Resolved": "6"}.get(e["incident_state"], "?") for e in last.values())
    met = Counter(row["made_sla"] for row in replayed.tables["incident"])
    assert met == {"true": 15_803, "false": 9_115}
    for row in replayed.tables["incident"]:
        event = last[row["number"]]
        assert row["priority"] == event["priority"][:1]
        assert (row["reopen_count"], row["reassignment_count"]) == (event["reopen_count"], event["reassignment_count"])
        assert replayed.shown("sys_user_group", row["assignment_group"]) == event["assignment_group"].replace("?", "")


def _expected(log: list[dict[str, str]]) -> Iterator[tuple[str, str, str]]:
    """(number, column, position of the event) of every difference, with closing columns hidden until they happen."""
    untraced = {"number", "sys_updated_at", "sys_updated_by", "sys_created_at", "sys_created_by"}
    for number, events in _by_incident(log).items():
        before: dict[str, str] = {}
        resolved = closed = False
        for place, event in enumerate(events):
            closed |= event["incident_state"] == "Closed"
            resolved |= closed or event["incident_state"] == "Resolved"
            shown = dict(event)
            shown |= {} if closed else {"closed_at": "?"}
            shown |= {} if resolved else dict.fromkeys(CLOSING[:3], "?")
            changed = [column for column, value in before.items() if column not in untraced and value != shown[column]]
            for column in changed or ["sys_mod_count"]:
                yield number, column, str(place)
            before = shown


def test_the_audit_is_what_the_log_says(replayed: Instance, log: list[dict[str, str]]) -> None:
    renamed = {"incident_state": "state", "closed_code": "close_code"}
    expected = Counter((number, renamed.get(column, column), place) for number, column, place in _expected(log))
    numbers = {row["sys_id"]: row["number"] for row in replayed.tables["incident"]}
    seen = Counter(
        (numbers[row["documentkey"]], row["fieldname"], row["record_checkpoint"])
        for row in replayed.tables["sys_audit"]
    )
    assert seen == expected
    by_field = Counter(field for _, field, _ in seen.elements())
    assert (by_field["assignment_group"], by_field["made_sla"], by_field["state"]) == (23_321, 9_114, 64_033)


def test_every_event_leaves_a_trace(replayed: Instance, log: list[dict[str, str]]) -> None:
    traces = {(row["documentkey"], row["record_checkpoint"]) for row in replayed.tables["sys_audit"]}
    assert len(traces) == len(log) == 141_712


def _audit(instance: Instance, number: str) -> list[Row]:
    (row,) = instance.tables["incident"].with_value("number", [number]) or []
    return sorted(
        instance.tables["sys_audit"].with_value("documentkey", [row["sys_id"]]) or [], key=lambda one: one["sys_id"]
    )


def test_closing_fields_are_empty_until_they_happen(replayed: Instance) -> None:
    rows = _audit(replayed, "INC0000045")
    changes = [(one["sys_created_on"], one["fieldname"], one["oldvalue"], one["newvalue"]) for one in rows]
    assert ("2016-02-29 08:53:00", "resolved_at", "", "2016-02-29 11:29:00") in changes
    assert ("2016-02-29 08:53:00", "close_code", "", "code 5") in changes
    assert ("2016-03-05 12:00:00", "closed_at", "", "2016-03-05 12:00:00") in changes
    assert ("2016-02-29 08:53:00", "state", "1", "6") in changes
    assert {one["user"] for one in rows} == {"Updated by 21", "Updated by 642", "Updated by 804", "Updated by 908"}


def test_odd_states_stay_and_missing_values_are_empty(replayed: Instance) -> None:
    states = {row["newvalue"] for row in replayed.tables["sys_audit"] if row["fieldname"] == "state"}
    assert states == {"2", "3", "4", "5", "6", "7", "9", "-100"}
    assert not [row for row in replayed.tables["incident"] if "?" in row.values()]
    without = sum(1 for row in replayed.tables["incident"] if not row["resolved_at"])
    assert without == 1_556


def test_stamps_are_kept_even_where_one_falls_back(replayed: Instance) -> None:
    fallen = 0
    at: dict[str, str] = {}
    for row in replayed.tables["sys_audit"]:
        fallen += row["sys_created_on"] < at.get(row["documentkey"], "") and row["fieldname"] == "sys_mod_count"
        at[row["documentkey"]] = row["sys_created_on"]
    assert fallen == 1


def test_the_whole_log_can_be_walked_by_keyset(replayed: Instance) -> None:
    table = replayed.tables["incident"]
    seen: set[str] = set()
    at, last, pages = "1970-01-01 00:00:00", "", 0
    while True:
        query = f"sys_updated_on>={at}^sys_updated_on>{at}^ORsys_id>{last}^ORDERBYsys_updated_on^ORDERBYsys_id"
        page = answer(replayed, table, parse(query, lambda path: replayed.has("incident", path)))[:1000]
        if not page:
            break
        pages += 1
        seen |= {row["sys_id"] for row in page}
        at, last = page[-1]["sys_updated_on"], page[-1]["sys_id"]
    assert (len(seen), pages) == (24_918, 25)


def test_history_is_found_by_the_records_it_is_about(replayed: Instance) -> None:
    ids = [row["sys_id"] for row in table_rows(replayed)[:100]]
    query = f"tablename=incident^documentkeyIN{','.join(ids)}^fieldnameINstate,priority^ORDERBYsys_created_on"
    rows = answer(replayed, replayed.tables["sys_audit"], parse(query, lambda path: replayed.has("sys_audit", path)))
    assert {row["documentkey"] for row in rows} <= set(ids)
    assert {row["fieldname"] for row in rows} == {"state", "priority"}


def table_rows(instance: Instance) -> list[Row]:
    return sorted(instance.tables["incident"], key=lambda row: row["number"])


def test_an_incident_that_was_closed_at_once_begins_as_it_was(tmp_path: Path) -> None:
    same = "1/2/2016 09:00,1/2/2016 09:05,Resolver 1,code 1,6/2/2016 10:00,4 - Low"
    rows = [
        f"INC1,Resolved,0,Updated by 1,1/2/2016 09:05,{same},Group 1",
        f"INC1,Closed,1,Updated by 2,6/2/2016 10:00,{same},?",
    ]
    (tmp_path / "log.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    instance, _ = _loaded(tmp_path / "log.csv")
    (row,) = instance.tables["incident"]
    assert (row["state"], row["priority"], row["assignment_group"], row["sys_created_on"]) == (
        "7",
        "4",
        "",
        "2016-02-01 09:00:00",
    )
    changes = {one["fieldname"]: (one["oldvalue"], one["newvalue"]) for one in _audit(instance, "INC1")[1:]}
    assert changes["state"] == ("6", "7")
    assert changes["closed_at"] == ("", "2016-02-06 10:00:00")
    assert "resolved_at" not in changes


# --- answers of ServiceNow and Jira ------------------------------------------------------------------------------


def _served(stage: Stage, table: str) -> list[dict[str, Any]]:
    snow: Snow = stage.snow()
    return snow.rows(table)


def test_an_answer_of_the_table_api_is_served_as_it_is(shared: Path, stage_with: Callable[..., Stage]) -> None:
    path = shared / "data" / "servicenow" / "incidents.json"
    given = {row["sys_id"]: row for row in json.loads(path.read_text(encoding="utf-8"))["result"]}
    stage = stage_with(loads=[path])
    rows = _served(stage, "incident")
    assert len(rows) == len(given) == 77
    for row in rows:
        for name, value in given[row["sys_id"]].items():
            assert row[name] == (value["value"] if isinstance(value, dict) else value), name
    named = stage.snow().rows("incident", "assignment_groupISNOTEMPTY", sysparm_fields="assignment_group.name,sys_id")
    assert all(row["assignment_group.name"].startswith("Team ") for row in named)
    assert _served(stage, "change_request") == []
    assert _served(stage, "sys_audit") == []


def test_an_answer_with_both_values_gives_names_to_what_it_refers_to(
    shared: Path, stage_with: Callable[..., Stage]
) -> None:
    path = shared / "data" / "servicenow" / "change_requests_display_all.json.gz"
    stage = stage_with(loads=[path])
    rows = _served(stage, "change_request")
    assert len(rows) == 86
    assert Counter(row["approval"] for row in rows) == {
        "requested": 62,
        "not requested": 15,
        "approved": 8,
        "rejected": 1,
    }
    assert {row["state"] for row in rows} == {"-5", "-4", "-3", "-2", "-1", "0"}
    one = stage.snow().one("change_request", "number=CHG0000001", sysparm_display_value="all")
    assert one["requested_by"]["display_value"] == "David Loo"
    assert one["cmdb_ci"]["display_value"] == "Sales Force Automation"
    assert one["active"]["value"] == "true"


def test_issues_are_served_with_their_history_in_their_latest_version(
    shared: Path, stage_with: Callable[..., Stage]
) -> None:
    stage = stage_with(loads=[shared / "data" / "jira" / "issues_with_changelog.json"])
    jira = stage.jira()
    assert len(jira.ids("project = SP")) == 10
    assert jira.ids("project in (OPS, ENV)") == []
    one = jira.issue("SP-1")
    assert (one["id"], one["fields"]["updated"], one["fields"]["status"]["name"]) == (
        "10008",
        "2021-12-14T00:30:15.272+0000",
        "Review",
    )
    history = jira.history("SP-1")
    assert [entry["id"] for entry in history] == ["10035", "10038", "10042", "10076"]
    flagged = history[2]["items"][0]
    assert (flagged["field"], flagged["to"], "from" in flagged) == ("Flagged", "[10019]", False)
    names = {field["id"]: field["name"] for field in jira.get("/rest/api/3/field").json()}
    assert (names["customfield_10021"], names["customfield_10036"]) == ("Flagged", "Story Points")
    assert names["customfield_10032"] == "customfield_10032"
    jira.edit("SP-1", {"fields": {"summary": "Changed"}})
    assert int(jira.history("SP-1")[-1]["id"]) > 10_076
    assert jira.ids('project = SP AND status = "Selected for Development"')


def test_several_files_are_served_side_by_side(shared: Path, stage_with: Callable[..., Stage]) -> None:
    folder = shared / "data"
    paths = [
        "servicenow/incidents.json",
        "servicenow/change_requests_display_all.json.gz",
        "jira/issues_with_changelog.json",
    ]
    stage = stage_with(loads=[folder / path for path in paths])
    assert (len(_served(stage, "incident")), len(_served(stage, "change_request"))) == (77, 86)
    assert len(stage.jira().ids("project = SP")) == 10


# --- files that cannot be served ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither JSON nor a CSV"),
        (b"a,b\n1,2\n", "neither JSON nor a CSV"),
        (b"{", "Expecting property name"),
        (b"[1, 2]", "holds no list of records"),
        (b'{"rows": []}', "holds no list of records"),
        (b'[{"number": "INC1"}]', "neither a `result` around them nor `key` and `fields`"),
        (b'{"result": [{"number": "INC1"}]}', "record 1 of its `result` has no sys_id"),
        (b'{"result": [{"sys_id": "1", "number": "X1"}]}', "of no table that the sandbox serves"),
        (b'[{"id": "1", "key": "A-1", "fields": {"updated": "yesterday", "created": "x"}}]', "yesterday"),
        (b'[{"id": "1", "key": "A-1", "fields": {}}]', "another shape"),
        (HEADER.encode() + b"\nINC1,New\n", "has 2 values for 12 columns"),
        (b"\xff\xfe", "cannot be read"),
        (b"\xfd7zXZ\x00broken", "cannot be read"),
        (b"\x1f\x8bbroken", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_served_is_refused_in_one_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "tickets"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="tickets cannot be") as refusal:
        start(now=NOW, loads=[path])
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read by the sandbox"):
        start(now=NOW, loads=[tmp_path / "nothing.json"])


def test_packed_files_are_known_by_their_content(tmp_path: Path) -> None:
    content = json.dumps(
        {"result": {"sys_id": "1" * 32, "number": "INC1", "state": 2, "active": True, "due_date": None}}
    )
    for name, packed in (("a", gzip.compress(content.encode())), ("b", lzma.compress(content.encode()))):
        (tmp_path / name).write_bytes(packed)
        instance, _ = _loaded(tmp_path / name)
        row = instance.tables["incident"].get("1" * 32)
        assert row is not None
        assert (row["state"], row["active"], row["due_date"]) == ("2", "true", "")
