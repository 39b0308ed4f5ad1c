"""The lines of ``conflicts``: narrow enough for a terminal, and nothing foreign is obeyed by it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.cli.conflicts import _document, _story, _table
from itsm_bridge.cli.text import printable
from itsm_bridge.operations.conflicts import Event, FieldStory, account
from itsm_bridge.writeback.conflicts import Conflict

AT = datetime(2026, 11, 23, 1, 35, tzinfo=UTC)
ONE = Conflict(
    "snow:INC0010023", "priority", {"impact": 2, "urgency": None}, {"impact": 1}, "asha.k@egov.example", AT,
    "not_stored", "because",
)  # fmt: skip


def test_a_line_says_which_ticket_field_and_values_who_when_and_why() -> None:
    head, line = _table([ONE])
    assert head.split() == ["ticket", "field", "ours", "theirs", "set", "by", "since", "(UTC)", "why"]
    assert line == "snow:INC0010023 priority i2 u– i1     asha.k 11-23 01:35 not stored"


def test_without_a_conflict_there_is_no_head_either() -> None:
    assert list(_table([])) == []


@given(st.text(), st.text(), st.text())
def test_every_line_fits_a_terminal_of_80(ticket: str, value: str, who: str) -> None:
    long = Conflict(
        f"operations:{ticket}" * 3, "approval", {"vendor": value}, {"vendor": value * 9}, who, None, "x" * 30, ""
    )
    for line in _table([ONE, long]):
        assert len(line) <= 80
        assert printable(line) == line


def test_the_document_has_whole_values_and_instants() -> None:
    assert _document(ONE)["ours"] == {"impact": 2, "urgency": None}
    assert (_document(ONE)["since"], _document(ONE)["by"]) == ("2026-11-23T01:35:00+00:00", "asha.k@egov.example")


def test_a_story_ends_with_the_three_commands_to_type_where_there_is_something_to_resolve() -> None:
    event = Event(AT, "change", "asha\x1b[2J set impact 2 → 1")
    told = FieldStory("priority", "impact 2", "impact 1", (event,), ONE, "writes nothing: changed by asha")
    lines = list(_story("snow:INC0010023", told))
    commands = [line.strip() for line in lines if line.startswith("    itsm-bridge")]
    assert commands == [
        f"itsm-bridge conflicts resolve snow:INC0010023 priority --{choice}" for choice in ("theirs", "ours", "hold")
    ]
    assert all(printable(line) == line and len(line) <= 80 for line in lines)
    quiet = FieldStory("vendor", "vendor GWL", "vendor GWL", (), None, "writes nothing")
    assert not any("resolve" in line for line in _story("snow:INC0010023", quiet))


def test_who_resolves_is_the_account_of_the_system_and_not_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = account()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert before == account() != "mallory"
