from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.connectors.jira.documents import document_text, texts
from itsm_bridge.connectors.jira.instants import day, instant
from itsm_bridge.connectors.jira.jql import quoted, require_projects, since, with_ids, within
from itsm_bridge.connectors.texts import cut
from itsm_bridge.errors import ConfigurationInvalid

Json = dict[str, Any]


def unquoted(text: str) -> str:
    """How JQL reads a quoted text; raises where the quotes end before the text does."""
    assert text[0] == text[-1] == '"'
    inner, read, place = text[1:-1], [], 0
    while place < len(inner):
        assert inner[place] != '"'
        place += inner[place] == "\\"
        read.append(inner[place])
        place += 1
    return "".join(read)


@given(st.text(max_size=60))
def test_whatever_the_text_it_stays_one_value_of_jql(text: str) -> None:
    try:
        made = quoted(text)
    except ValueError:
        return
    assert unquoted(made) == text


@pytest.mark.parametrize("key", ["ops", "OPS)", 'OPS" OR "A', "O", "1OPS", ""])
def test_a_project_is_named_by_its_key_only(key: str) -> None:
    with pytest.raises(ConfigurationInvalid):
        require_projects("ops", [key])


def test_the_first_walk_has_no_bound_and_a_later_one_a_relative_one() -> None:
    assert within(["OPS"], "updated", None) == 'project in ("OPS") ORDER BY updated ASC, key ASC'
    assert within(["OPS"], "updated", 37) == 'project in ("OPS") AND updated >= "-37m" ORDER BY updated ASC, key ASC'


def test_a_minute_and_ids_are_written_as_jql_reads_them() -> None:
    assert since(["OPS"], "created", "2026-11-20 17:30") == (
        'project in ("OPS") AND created >= "2026-11-20 17:30" ORDER BY created ASC, key ASC'
    )
    assert with_ids(["10001", "7"]) == "id in (10001, 7) ORDER BY key ASC"
    with pytest.raises(ValueError, match="invalid literal"):
        with_ids(["1) OR project = X"])


def node(kind: str, *content: object, **more: object) -> Json:
    return {"type": kind, "content": list(content), **more}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def test_a_document_becomes_lines_of_text() -> None:
    document = node(
        "doc",
        node("heading", text("Outage")),
        node(
            "paragraph",
            text("seen by "),
            {"type": "mention", "attrs": {"text": "@Ana"}},
            {"type": "hardBreak"},
            text("at ten"),
        ),
        node(
            "bulletList",
            node("listItem", node("paragraph", text("one"))),
            node("listItem", node("paragraph", text("two"))),
        ),
        {"type": "inlineCard", "attrs": {"url": "https://wiki.example/1"}},
    )
    assert document_text(document).split() == [
        "Outage",
        "seen",
        "by",
        "@Ana",
        "at",
        "ten",
        "one",
        "two",
        "https://wiki.example/1",
    ]
    assert document_text(document).splitlines()[:2] == ["Outage", "seen by @Ana"]


def test_a_document_of_any_depth_is_read() -> None:
    document: Json = text("bottom")
    for _ in range(50_000):
        document = {"type": "panel", "content": [document]}
    assert document_text(document) == "bottom"


@pytest.mark.parametrize(
    "document", [None, 5, [], {}, {"type": {}}, {"content": 5}, {"content": [None, 5, []]}, {"attrs": [], "text": 5}]
)
def test_a_document_that_is_none_has_no_text(document: object) -> None:
    assert document_text(document) == ""


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()),
        ("", ()),
        ("  ", ()),
        ("a", ("a",)),
        (3.5, ("3.5",)),
        (True, ("true",)),
        ({"id": "1", "value": "High"}, ("High",)),
        ({"id": "1", "name": "portal"}, ("portal",)),
        ({"accountId": "x", "displayName": "Ana"}, ("Ana",)),
        ([{"name": "erp"}, None, "x"], ("erp", "x")),
        (node("doc", node("paragraph", text("punjab"))), ("punjab",)),
        ({"nonEditableReason": {"reason": "LICENCE"}}, ()),
    ],
)
def test_a_value_of_any_kind_is_called_by_its_name(value: object, names: tuple[str, ...]) -> None:
    assert texts(value) == names


@pytest.mark.parametrize(
    "value",
    ["2026-11-20T12:00:00.000+0000", "2026-11-20T17:30:00.000+0530", "2026-11-20T12:00:00Z", 1795176000, 1795176000000],
)
def test_an_instant_is_read_in_every_form(value: object) -> None:
    assert instant(value) == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2026-11-20T12:00:00", "2026-11-20", "soon", True, [], {}, 1e300, "9999-12-31T23:59:59-23:00"]
)
def test_an_instant_without_an_offset_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="offset"):
        instant(value)


def test_a_due_day_ends_with_the_day() -> None:
    assert day("2026-12-01") == datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)
    assert day(None) is None


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_is_a_beginning_of_it_and_fits(words: str, longest: int) -> None:
    try:
        words.encode()
    except UnicodeEncodeError:
        return
    kept = cut(words, longest)
    assert words.startswith(kept)
    assert len(kept.encode()) <= longest
