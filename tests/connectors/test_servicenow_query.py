from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.connectors.servicenow.query import UnsafeValue, after, read_scope, term
from itsm_bridge.errors import ConfigurationInvalid


@pytest.mark.parametrize(
    "value",
    [
        "a^NQactive=true",
        "a^ORactive=true",
        "x^ORDERBYnumber",
        "javascript:gs.getUserID()",
        " JavaScript:1",
        "a\x00b",
        "a\nb",
        "a\u2028b",
    ],
)
def test_a_value_that_would_be_more_than_a_value_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue):
        term("name", "=", value)
    with pytest.raises(UnsafeValue):
        term("name", "IN", [value])


def test_a_list_takes_no_comma_and_no_blank() -> None:
    for bad in ("Acme, Inc", ""):
        with pytest.raises(UnsafeValue):
            term("name", "IN", [bad])
    assert term("name", "IN", ["a", "b"]) == "nameINa,b"


@given(st.text(max_size=40))
def test_whatever_the_value_the_query_stays_one_condition(value: str) -> None:
    try:
        made = term("short_description", "=", value)
    except UnsafeValue:
        return
    assert made == f"short_description={value}"
    assert "^" not in made


def test_a_column_is_never_foreign_text() -> None:
    for bad in ("name^OR", "Name", "a b", "", "a..b"):
        with pytest.raises(ValueError, match="not a condition"):
            term(bad, "=", "1")


def test_what_lies_behind_a_place_is_asked_for_by_both_parts_of_it() -> None:
    assert after("sys_updated_on", ("2026-11-20 12:00:00", "0f")) == (
        "sys_updated_on>=2026-11-20 12:00:00^sys_updated_on>2026-11-20 12:00:00^ORsys_id>0f"
    )


@pytest.mark.parametrize(
    "scope",
    [
        "active=true^NQactive=false",
        "^NQactive=true",
        "ORactive=true",
        "active=true^ORDERBYnumber",
        "active=javascript:gs.x()",
        "active=true^EQ",
        "just words",
        "a=1^^^b=2^NQc=3",
    ],
)
def test_a_scope_that_would_undo_the_and_is_refused(scope: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="scope"):
        read_scope("snow", scope)


def test_a_row_outside_the_scope_is_told_and_only_where_that_is_certain() -> None:
    scope = read_scope("snow", "assignment_group.nameSTARTSWITHeGov^active=true^ORstate=3^numberISNOTEMPTY")
    assert scope.columns == ("assignment_group.name", "active", "state", "number")
    assert scope.admits({"assignment_group.name": "EGOV OptIT", "active": "true"})
    assert scope.admits({"assignment_group.name": "eGov", "active": "false", "state": "3"})
    assert scope.admits({})
    assert not scope.admits({"assignment_group.name": "Facilities", "active": "true"})
    assert not scope.admits({"active": "false", "state": "2"})
