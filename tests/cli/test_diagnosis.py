"""How a finding looks: the marks stand below the place, whatever the file holds, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from itsm_bridge.cli.diagnosis import Screen, diagnosis
from itsm_bridge.cli.excerpts import columns, excerpt, extent
from itsm_bridge.errors import Finding

PLAIN = Screen(80, coloured=False)


def shown(folder: Path, line: str, word: str, *, code: str = "C205", screen: Screen = PLAIN, meant: str = "") -> str:
    (folder / "rules.yaml").write_text(f"# first\n{line}\n", encoding="utf-8")
    finding = Finding("rules.yaml", 2, line.index(word) + 1, code, "error", f'"{word}" is wrong', meant or None)
    return diagnosis(finding, folder, screen)


def marked(text: str) -> tuple[str, int]:
    """What is shown above the marks, by columns, and how many marks there are."""
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if "^" in line)
    before = lines[place].index("^")
    over, width = "", 0
    for character in lines[place - 1]:
        if before <= width < before + lines[place].count("^"):
            over += character
        width += columns(character)
    return over, lines[place].count("^")


@pytest.mark.parametrize(
    ("line", "word", "over"),
    [
        pytest.param("when: {environment: panjab}", "panjab", "panjab", id="plain"),
        pytest.param("\twhen:\tpanjab", "panjab", "panjab", id="tabs"),
        pytest.param('because: "\u6771\u4eac", when: panjab', "panjab", "panjab", id="wide characters"),
        pytest.param("because: e\u0301te\u0301, when: panjab", "panjab", "panjab", id="combining accents"),
        pytest.param("name: \u202ereversed\u202c, when: panjab", "panjab", "panjab", id="bidirectional controls"),
        pytest.param("name: \x1b[31mred, when: panjab", "panjab", "panjab", id="terminal controls"),
        pytest.param(f"note: {'x' * 500}, when: panjab, {'y' * 500}", "panjab", "panjab", id="a long line"),
        pytest.param(
            "note: " + "\u6771" * 300 + ", when: panjab", "panjab", "panjab", id="a long line of wide characters"
        ),
    ],
)
def test_the_marks_stand_below_the_place(tmp_path: Path, line: str, word: str, over: str) -> None:
    text = shown(tmp_path, line, word)

    assert marked(text) == (over, len(over))
    assert max(map(columns, text.splitlines()[2:])) <= 80
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    "line",
    [
        "url: https://me:hunter2@x.example, when: panjab",
        "password: hunter2 # panjab",
        "api_token: 'hunter2', x: panjab",
        "url: https://x.example/?k=hunter2 # panjab",
    ],
)
def test_a_secret_in_the_line_is_not_shown(tmp_path: Path, line: str) -> None:
    assert "panjab" in line
    assert "hunter2" not in shown(tmp_path, line, "panjab")


def test_the_value_of_an_unknown_key_that_resembles_none_is_not_shown(tmp_path: Path) -> None:
    text = shown(tmp_path, "kennwort: hunter2", "kennwort", code="C111")
    assert "kennwort: ***" in text
    assert "hunter2" not in text


def test_there_are_colours_only_where_they_are_asked_for(tmp_path: Path) -> None:
    plain = shown(tmp_path, "when: panjab", "panjab", meant="punjab")
    coloured = shown(tmp_path, "when: panjab", "panjab", meant="punjab", screen=Screen(80, coloured=True))
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert click.unstyle(coloured) == plain


def test_a_file_that_is_not_there_has_no_line_and_no_traceback(tmp_path: Path) -> None:
    finding = Finding("sla.yaml", 1, 1, "C101", "error", "sla.yaml is missing")
    assert diagnosis(finding, tmp_path, PLAIN).splitlines() == [
        "error[C101]: sla.yaml is missing",
        f" --> {tmp_path / 'sla.yaml'}:1:1",
        "  = more: itsm-bridge help C101",
    ]


def test_a_place_behind_the_end_of_its_line_is_marked_once() -> None:
    found = excerpt("when:", 5, 6, 80)
    assert (found.shown, found.marks) == ("when:", "     ^")


def test_a_list_that_is_wrong_is_marked_as_a_whole() -> None:
    line = "among: [OptIT, [GWL]], by: load"
    assert line[7 : extent(line, 7, "a mapping is wanted here")] == "[OptIT, [GWL]]"
