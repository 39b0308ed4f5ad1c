from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from tests.config.editing import errors_of

from itsm_bridge.config import documents
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode, compose, plain_value, read_bytes
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.model import Position
from itsm_bridge.errors import Finding


@pytest.fixture(params=["in C", "in Python"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML must be as strict."""
    if request.param == "in Python":
        monkeypatch.setattr(documents, "_LOADER", yaml.SafeLoader)


def composed(text: str) -> tuple[Node | None, tuple[Finding, ...]]:
    findings = Findings()
    return compose(text, Position("x.yaml", 1, 1), findings), findings.listed()


def codes(text: str) -> list[tuple[str, int, int]]:
    return [(one.code, one.line, one.column) for one in composed(text)[1]]


def spoiled(config: Path, content: bytes) -> list[tuple[str, int, int]]:
    (config / "sla.yaml").write_bytes(content)
    return [(one.code, one.line, one.column) for one in errors_of(config) if one.file == "sla.yaml"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("42", 42),
        ("-5", -5),
        ("+3", 3),
        ("0", 0),
        ("0.75", 0.75),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        *((word, word) for word in ("no", "on", "yes", "off", "y", "NO", "09:30", "22:22", "010", "1_000", "0x1F")),
        *((word, word) for word in ("2026-04-01", "2026-11-02T10:00:00Z", ".inf", ".nan", "50%", "4h", "1d", "-", ".")),
        ("9" * 40, "9" * 40),
        ("1e9999", "1e9999"),
    ],
)
def test_plain_values_follow_yaml_1_2(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


def test_nodes_keep_their_places() -> None:
    node, findings = composed('a:\n  - {b: c, d: "1"}\n  - 2\n')

    assert not findings
    assert isinstance(node, MappingNode)
    items = node.get("a")
    assert isinstance(items, SequenceNode)
    first, second = items.items
    assert isinstance(first, MappingNode)
    d = first.get("d")
    assert isinstance(d, ScalarNode)
    assert (d.value, d.text, d.position.line, d.position.column) == ("1", "1", 2, 15)
    assert isinstance(second, ScalarNode)
    assert (second.value, second.position.line, second.position.column) == (2, 3, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\nb: 2\n", [("C108", 1, 4)]),
        ("a: 1\nb: *x\n", [("C108", 2, 4)]),
        ("a: !!python/object:os.system x\n", [("C109", 1, 4)]),
        ("a: !secret x\n", [("C109", 1, 4)]),
        ("a: !!str x\n", [("C109", 1, 4)]),
        ("<<: {a: 1}\n", [("C108", 1, 1)]),
        ("a: 1\nb: 2\na: 3\n", [("C110", 3, 1)]),
        ("a: {b: 1, b: 2}\n", [("C110", 1, 11)]),
        ("1: a\n'1': b\n", [("C110", 2, 1)]),
        ("? [a]\n: 1\n", [("C113", 1, 3)]),
        ("'': 1\n", [("C113", 1, 1)]),
        ('a: "\\e[31m"\n', [("C114", 1, 4)]),
        ('"a\\0": 1\n', [("C114", 1, 1)]),
        ("a: 1\n---\nb: 2\n", [("C107", 2, 1)]),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", [("C109", 1, 1)]),
    ],
)
def test_what_makes_yaml_surprising_is_refused_at_its_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert codes(text) == expected


def test_a_quoted_merge_key_is_refused_like_a_plain_one() -> None:
    assert codes("'<<': 1\n") == [("C108", 1, 1)]


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("a:\n\tb: 1\n", "a value cannot begin like this", 2),
        ("a: b: c\n", "a colon where none fits", 1),
        ("a: 1\nb: 'x\nc: 2\n", "never closed", 2),
        ("a: 1\nb\nc: 2\n", "a colon is missing", 2),
        ("a: [1, 2\nb: 1\n", "not closed", 2),
        ('a: "\\q"\n', "backslash", 1),
        ("a: @x\n", "goes in quotes", 1),
    ],
)
def test_broken_yaml_is_explained(text: str, words: str, line: int) -> None:
    node, findings = composed(text)

    assert node is None
    assert [(one.code, one.line) for one in findings] == [("C105", line)]
    assert words in findings[0].message


def test_an_impossible_escape_is_a_mistake() -> None:
    assert [one[0] for one in codes('a: "\\UFFFFFFFF"\n')] == ["C105"]


def test_a_bomb_of_aliases_is_never_expanded() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))

    node, findings = composed(f"a0: &a0 lol\n{levels}\n")

    assert isinstance(node, MappingNode)
    assert {one.code for one in findings} == {"C108"}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_ends_at_thirty_levels(opening: str) -> None:
    node, findings = composed(opening * 3_000)

    assert node is None
    assert [one.code for one in findings] == ["C106"]


def test_thirty_levels_are_allowed() -> None:
    assert composed("[" * 29 + "1" + "]" * 29)[1] == ()


# --- files -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_utf8_is_refused_at_the_place(config: Path) -> None:
    assert spoiled(config, b"calendars: {}\nslas: [caf\xe9]\n") == [("C104", 2, 11)]
    assert spoiled(config, b"\xef\xbb\xbfa: \xff\n") == [("C104", 1, 4)]
    assert spoiled(config, "calendars: {}".encode("utf-16"))[0][0] == "C104"


def test_a_control_character_is_refused_at_the_place(config: Path) -> None:
    assert spoiled(config, b"calendars: {}\nx: a\x00b\n") == [("C114", 2, 5)]
    assert spoiled(config, b"\x1b[31m") == [("C114", 1, 1)]


def test_a_file_over_one_megabyte_is_refused(config: Path) -> None:
    assert spoiled(config, b"# " + b"x" * 1_000_000) == [("C103", 1, 1)]


def test_a_folder_a_fifo_and_a_device_are_refused_without_waiting(config: Path) -> None:
    (config / "sla.yaml").unlink()
    (config / "sla.yaml").mkdir()
    (config / "rules.yaml").unlink()
    os.mkfifo(config / "rules.yaml")
    (config / "vendors.yaml").unlink()
    (config / "vendors.yaml").symlink_to("/dev/zero")

    found = errors_of(config)

    assert [(one.file, one.code) for one in found] == [
        (name, "C102") for name in ("rules.yaml", "sla.yaml", "vendors.yaml")
    ]
    assert found[0].message == "rules.yaml is not a regular file"


def test_a_link_to_itself_and_a_dangling_link_are_refused(tmp_path: Path) -> None:
    findings = Findings()
    (tmp_path / "a.yaml").symlink_to(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")

    assert read_bytes(tmp_path / "a.yaml", findings) is None
    assert read_bytes(tmp_path / "b.yaml", findings) is None
    assert [one.code for one in findings.listed()] == ["C102", "C101"]
