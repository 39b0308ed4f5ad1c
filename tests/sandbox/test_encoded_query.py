from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.sandbox.servicenow.query import Query, Term, answer, parse
from itsm_bridge.sandbox.servicenow.tables import Instance, Row

INCIDENTS: Sequence[Row] = (
    {"number": "INC1", "state": "1", "priority": "3", "category": "software", "short_description": "ERP is slow"},
    {"number": "INC2", "state": "2", "priority": "1", "category": "network", "short_description": "Portal down"},
    {"number": "INC3", "state": "6", "priority": "10", "category": "", "short_description": "a^b and a,b"},
    {"number": "INC4", "state": "-100", "priority": "", "category": "Software", "short_description": ""},
)
GROUP = "a" * 32


def _instance() -> Instance:
    instance = Instance()
    instance.tables["sys_user_group"].add({"sys_id": GROUP, "name": "eGov OptIT"})
    for place, row in enumerate(INCIDENTS):
        stamp = f"2026-11-0{place + 1} 10:00:00"
        group = GROUP if place < 2 else ""
        instance.tables["incident"].add(
            {
                **row,
                "sys_id": f"{place:032x}",
                "sys_updated_on": stamp,
                "assignment_group": group,
                "sys_class_name": "incident",
            }
        )
    task = f"{1:032x}"
    instance.tables["sysapproval_approver"].add({"sys_id": "b" * 32, "sysapproval": task, "state": "requested"})
    return instance


def _found(query: str, table: str = "incident") -> list[str]:
    instance = _instance()
    parsed = parse(query, lambda path: instance.has(table, path))
    return [row.get("number", row["sys_id"]) for row in answer(instance, instance.tables[table], parsed)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "1 2 3 4"),
        ("state=2", "2"),
        ("state!=2", "1 3 4"),
        ("category!=software", "2 4"),
        ("priority>3", "3"),
        ("priority>=3", "1 3"),
        ("priority<3", "2"),
        ("priority<=3", "1 2"),
        ("state<0", "4"),
        ("sys_updated_on>2026-11-02 10:00:00", "3 4"),
        ("sys_updated_on>=2026-11-02 10:00:00", "2 3 4"),
        ("sys_updated_on<2026-11-02 10:00:00", "1"),
        ("sys_updated_on<=2026-11-02 10:00:00", "1 2"),
        ("sys_updated_on>=2026-11-02 10:00:00^sys_updated_on<2026-11-03 10:00:00", "2"),
        ("stateIN1,2", "1 2"),
        ("numberININC3,INC1", "1 3"),
        ("stateNOT IN1,2", "3 4"),
        ("categoryNOT INnetwork", "1 4"),
        ("short_descriptionLIKEow", "1 2"),
        ("short_descriptionLIKEOW", ""),
        ("short_descriptionNOT LIKEslow", "2 3"),
        ("short_descriptionSTARTSWITHERP", "1"),
        ("short_descriptionENDSWITHdown", "2"),
        ("categoryISEMPTY", "3"),
        ("categoryISNOTEMPTY", "1 2 4"),
        ("category=software", "1"),
        ("short_description=a^^b and a,b", "3"),
        ("assignment_group.nameSTARTSWITHeGov", "1 2"),
        ("assignment_group.nameISEMPTY", "3 4"),
        ("assignment_group.name=eGov OptIT^state=2", "2"),
        (f"assignment_group={GROUP}", "1 2"),
    ],
)
def test_an_operator_finds_what_it_says(query: str, found: str) -> None:
    assert _found(query) == [f"INC{number}" for number in found.split()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=1^category=software^ORcategory=network", "1"),
        ("category=network^ORcategory=software^state=1", "1"),
        ("state=1^ORstate=2^category=network^ORcategory=software", "1 2"),
        ("state=1^NQstate=6", "1 3"),
        ("state=1^category=network^NQcategoryISEMPTY^ORcategory=Software", "3 4"),
        ("state=1^NQstate=1", "1"),
        ("state=1^EQ", "1"),
    ],
)
def test_or_binds_to_its_neighbour_alone_and_nq_begins_anew(query: str, found: str) -> None:
    assert _found(query) == [f"INC{number}" for number in found.split()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sys_updated_onn>=2026-11-03 10:00:00", "1 2 3 4"),
        ("state=1^no_such_field=7", "1"),
        ("no_such_field=7^ORstate=1", "1"),
        ("no_such_field=7^ORstate=1^category=software", "1"),
        ("state~2", "1 2 3 4"),
        ("stateBETWEEN1@2", "1 2 3 4"),
        ("assignment_group.no_such=1", "1 2 3 4"),
        ("short_description.name=1", "1 2 3 4"),
        ("state=1^NQno_such_field=7", "1 2 3 4"),
        ("ORDERBYno_such^state=1", "1"),
        ("nonsense", "1 2 3 4"),
        ("^^^state=1", "1"),
    ],
)
def test_what_is_not_understood_is_dropped_and_the_rest_runs(query: str, found: str) -> None:
    assert _found(query) == [f"INC{number}" for number in found.split()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ORDERBYpriority", "4 2 1 3"),
        ("ORDERBYDESCpriority", "3 1 2 4"),
        ("ORDERBYDESCsys_updated_on", "4 3 2 1"),
        ("ORDERBYassignment_group.name^ORDERBYDESCnumber", "4 3 2 1"),
        ("ORDERBYDESCassignment_group.name^ORDERBYnumber", "1 2 3 4"),
    ],
)
def test_rows_come_in_the_order_asked_for(query: str, found: str) -> None:
    assert _found(query) == [f"INC{number}" for number in found.split()]


def test_a_path_follows_a_reference_into_any_table_that_extends_task() -> None:
    assert _found("sysapproval.sys_class_name=incident", "sysapproval_approver") == ["b" * 32]
    assert _found("sysapproval.sys_class_name=problem", "sysapproval_approver") == []
    assert _found("sysapproval.assignment_group.nameSTARTSWITHeGov", "sysapproval_approver") == ["b" * 32]


def test_a_query_is_read_into_alternatives_of_conjunctions() -> None:
    parsed = parse("a=1^b=2^ORc=3^NQd=4^ORDERBYDESCe", lambda _path: True)
    a, b, c, d = (Term(name, "=", value) for name, value in zip("abcd", "1234", strict=True))
    assert parsed == Query((((a,), (b, c)), ((d,),)), (("e", True),))


@given(st.text(alphabet="ab^,=", min_size=1, max_size=8))
def test_a_caret_survives_when_it_is_doubled(value: str) -> None:
    parsed = parse(f"x={value.replace('^', '^^')}^y=1", lambda _path: True)
    assert parsed.alternatives == (((Term("x", "=", value),), (Term("y", "=", "1"),)),)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(1, 7))
def test_a_keyset_walk_finds_every_row_once_however_many_share_a_second(seconds: list[int], size: int) -> None:
    instance = Instance()
    table = instance.tables["incident"]
    for place, second in enumerate(seconds):
        table.add({"sys_id": f"{place * 7919 % 1009:032x}", "sys_updated_on": f"2026-11-25 10:00:0{second}"})
    seen: list[str] = []
    at, last = "2000-01-01 00:00:00", ""
    while True:
        query = f"sys_updated_on>={at}^sys_updated_on>{at}^ORsys_id>{last}^ORDERBYsys_updated_on^ORDERBYsys_id"
        page = answer(instance, table, parse(query, lambda path: instance.has("incident", path)))[:size]
        if not page:
            break
        seen += [row["sys_id"] for row in page]
        at, last = page[-1]["sys_updated_on"], page[-1]["sys_id"]
    assert len(seen) == len(seconds)
    assert set(seen) == {row["sys_id"] for row in table}
