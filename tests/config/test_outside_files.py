"""Figures from outside: what a CSV may say, what is wrong with it line by line, and that nothing waits for it."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.editing import copy_example
from tests.config.test_reports import saying

from itsm_bridge.config import Configuration, check, load
from itsm_bridge.config.documents import MAX_BYTES
from itsm_bridge.config.outside_files import Outside, read_outside

HEAD = "vendor,environment,month,value,unit,of,note\n"


def with_file(config: Path, text: str | bytes, kind: str = "uptime") -> Path:
    """The example with one file of figures."""
    (config / "inputs").mkdir(exist_ok=True)
    (config / "inputs/outside.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return saying(config, f" {{inputs: {{{kind}: inputs/outside.csv}}}}")


def read(config: Path, text: str | bytes, kind: str = "uptime") -> Outside:
    return read_outside(load(with_file(config, text, kind)))


def test_a_line_is_one_figure(config: Path) -> None:
    outside = read(config, HEAD + "GWL,punjab,2026-10,99.95%,,43200,planned stop left out\n")
    assert outside.findings == ()
    (one,) = outside.figures
    assert (one.figure, one.vendor, one.environment, one.month) == ("uptime", "GWL", "punjab", date(2026, 10, 1))
    assert (one.value, one.unit, one.of, one.note) == (0.9995, "share", 43200, "planned stop left out")
    assert (one.file, one.line) == ("inputs/outside.csv", 2)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "read_as"),
    [
        ("uptime", "0.999", "", (0.999, "share")),
        ("uptime", "99.9", "%", (0.999, "share")),
        ("uptime", "1", "share", (1, "share")),
        ("patch_compliance", "0%", "", (0, "share")),
        ("cost", "1200000.50", "INR", (1_200_000.5, "INR")),
        ("satisfaction", "4.2", "", (4.2, "1 to 5")),
    ],
)
def test_a_value_is_read_by_its_kind(config: Path, kind: str, value: str, unit: str, read_as: object) -> None:
    outside = read(config, f"vendor,period,value,unit\nGWL,2026-10,{value},{unit}\n", kind)
    assert outside.findings == ()
    assert [(one.value, one.unit) for one in outside.figures] == [read_as]


@pytest.mark.parametrize(
    ("kind", "line", "place", "suggestion"),
    [
        ("uptime", "GVL,,2026-10,1,,,", (2, 1, "C205"), "GWL"),
        ("uptime", "GWL,punjb,2026-10,1,,,", (2, 5, "C205"), "punjab"),
        ("uptime", ",,2026-10,1,,,", (2, 1, "C208"), None),
        ("uptime", "GWL,,,1,,,", (2, 6, "C208"), None),
        ("uptime", "GWL,,2026-10", (2, 1, "C208"), None),
        ("uptime", "GWL,,2026-13,1,,,", (2, 6, "C204"), None),
        ("uptime", "GWL,,2026-10-01,1,,,", (2, 6, "C204"), "2026-10"),
        ("uptime", "GWL,,1066-10,1,,,", (2, 6, "C204"), None),
        ("uptime", "GWL,,2026-10,99.9,,,", (2, 14, "C204"), "99.9%"),
        ("uptime", "GWL,,2026-10,101%,,,", (2, 14, "C204"), None),
        ("uptime", "GWL,,2026-10,-0.5,,,", (2, 14, "C204"), None),
        ("uptime", 'GWL,,2026-10,"0,99",,,', (2, 15, "C204"), "0.99"),
        ("uptime", "GWL,,2026-10,nan,,,", (2, 14, "C204"), None),
        ("uptime", "GWL,,2026-10,1e3,,,", (2, 14, "C204"), None),
        ("uptime", "GWL,,2026-10,\u0660,,,", (2, 14, "C204"), None),
        ("uptime", "GWL,,2026-10,=1+1,,,", (2, 14, "C204"), None),
        ("uptime", "GWL,,2026-10,1,hours,,", (2, 16, "C204"), None),
        ("uptime", "GWL,,2026-10,1,,0,", (2, 17, "C204"), None),
        ("uptime", "GWL,,2026-10,1,,many,", (2, 17, "C204"), None),
        ("cost", "GWL,,2026-10,1200,,,", (2, 19, "C204"), None),
        ("cost", "GWL,,2026-10,1200,Rs,,", (2, 19, "C204"), None),
        ("cost", "GWL,,2026-10,1,200,INR,,,x", (2, 16, "C204"), None),
        ("cost", "GWL,,2026-10,1200,INR,,a note, and more", (2, 32, "C111"), None),
        ("satisfaction", "GWL,,2026-10,0.9,,,", (2, 14, "C204"), None),
        ("satisfaction", "GWL,,2026-10,5.1,,,", (2, 14, "C204"), None),
        ("satisfaction", "GWL,,2026-10,4,%,,", (2, 16, "C204"), None),
    ],
)
def test_a_wrong_line_is_named_by_file_line_and_column_and_left_out(
    config: Path, kind: str, line: str, place: tuple[int, int, str], suggestion: str | None
) -> None:
    good = "OptIT,,2026-10,1,INR,,\n" if kind == "cost" else "OptIT,,2026-10,1,,,\n"
    outside = read(config, HEAD + line + "\n" + good, kind)
    found = [(one.line, one.column, one.code) for one in outside.findings]
    assert place in found
    assert {(one.file, one.line, one.severity) for one in outside.findings} == {("inputs/outside.csv", 2, "warning")}
    assert [one.suggestion for one in outside.findings if (one.line, one.column, one.code) == place] == [suggestion]
    assert [one.vendor for one in outside.figures] == ["OptIT"]


def test_all_mistakes_of_a_line_are_named_at_once(config: Path) -> None:
    outside = read(config, HEAD + "GVL,punjb,10/2026,much,x,y,\n")
    assert [one.column for one in outside.findings] == [1, 5, 11, 24, 26]


def test_of_two_lines_about_the_same_neither_is_used(config: Path) -> None:
    lines = "GWL,,2026-10,0.9,,,\nGWL,punjab,2026-10,0.8,,,\nGWL,,2026-10,0.7,,,\nGWL,,2026-10,0.6,,,\n"
    outside = read(config, HEAD + lines)
    assert [(one.line, one.code) for one in outside.findings] == [(4, "C206"), (5, "C206")]
    assert all("line 2" in one.message for one in outside.findings)
    assert [one.value for one in outside.figures] == [0.8]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("", (1, 1, "C208"), id="nothing"),
        pytest.param("vendor,month\nGWL,2026-10\n", (1, 1, "C112"), id="a column that is missing"),
        pytest.param("vendor,month,valeu\nGWL,2026-10,1\n", (1, 14, "C111"), id="a column misspelt"),
        pytest.param("vendor,month,period,value\nGWL,2026-10,2026-10,1\n", (1, 14, "C110"), id="a column twice"),
        pytest.param(HEAD.encode() + b"GWL,,2026-10,1,,,caf\xe9\n", (2, 21, "C104"), id="another encoding"),
        pytest.param(HEAD + "GWL,,2026-10,1,,,a\0b\n", (2, 19, "C114"), id="a NUL"),
        pytest.param(HEAD.encode("utf-16"), (1, 1, "C104"), id="UTF-16"),
        pytest.param(HEAD + 'GWL,,2026-10,1,,,"never closed\n', (2, 18, "C105"), id="a quote that stays open"),
        pytest.param(HEAD + "x" * MAX_BYTES, (1, 1, "C103"), id="too much"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_warning(config: Path, text: str | bytes, place: tuple[int, int, str]) -> None:
    outside = read(config, text)
    assert place in [(one.line, one.column, one.code) for one in outside.findings]
    assert outside.figures == ()


def test_a_missing_file_a_folder_and_a_link_out_of_the_folder_are_warnings(config: Path) -> None:
    seen = with_file(config, HEAD)
    file = config / "inputs/outside.csv"
    file.unlink()
    assert [one.code for one in read_outside(load(seen)).findings] == ["C101"]
    file.mkdir()
    assert [one.code for one in read_outside(load(seen)).findings] == ["C102"]
    file.rmdir()
    (config.parent / "secret.csv").write_text(HEAD + "GWL,,2026-10,1,,,\n")
    file.symlink_to(config.parent / "secret.csv")
    assert [one.code for one in read_outside(load(seen)).findings] == ["C102"]
    file.unlink()
    file.symlink_to(file)
    assert [one.code for one in read_outside(load(seen)).findings] == ["C102"]
    file.unlink()
    os.mkfifo(file)
    assert [one.code for one in read_outside(load(seen)).findings] == ["C102"]


def test_a_link_within_the_folder_is_read(config: Path) -> None:
    seen = with_file(config, HEAD + "GWL,,2026-10,1,,,\n")
    (config / "inputs/outside.csv").rename(config / "inputs/real.csv")
    (config / "inputs/outside.csv").symlink_to("real.csv")
    assert len(read_outside(load(seen)).figures) == 1


def test_check_tells_of_them_and_no_run_is_stopped_by_them(config: Path) -> None:
    seen = with_file(config, HEAD + "GVL,,2026-10,1,,,\n")
    configuration, findings = check(seen)
    assert configuration is not None
    assert [(one.file, one.line, one.column, one.code, one.severity) for one in findings] == [
        ("inputs/outside.csv", 2, 1, "C205", "warning")
    ]
    assert findings[0].allowed == tuple(configuration.vendors)
    assert load(seen).reports.inputs


def test_new_figures_do_not_make_another_configuration(config: Path) -> None:
    digest = load(with_file(config, HEAD)).digest
    assert load(with_file(config, HEAD + "GWL,,2026-10,1,,,\n")).digest == digest


def test_a_formula_in_a_note_is_text(config: Path) -> None:
    (one,) = read(config, HEAD + 'GWL,,2026-10,1,,,"=HYPERLINK(""http://x"")"\n').figures
    assert one.note == '=HYPERLINK("http://x")'


cells = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    st.sampled_from(["GWL", "OptIT", "punjab", "2026-10", "2026-11", "0.5", "50%", "INR", "=1", "1", ""]),
)
lines = st.one_of(
    st.tuples(*[cells] * 7),
    st.tuples(
        st.sampled_from(["GWL", "OptIT"]),
        st.sampled_from(["", "punjab"]),
        st.sampled_from(["2026-10", "2026-11"]),
        st.sampled_from(["0.5", "50%", "2"]),
        *[st.just("")] * 3,
    ),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return load(with_file(copy_example(tmp_path_factory.mktemp("any")), HEAD))


@settings(deadline=None, max_examples=100)
@given(st.lists(lines, max_size=6))
def test_any_line_is_a_figure_or_is_named(kept: Configuration, rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    content = (HEAD + text.getvalue()).encode()
    (kept.folder / "inputs/outside.csv").write_bytes(content)
    outside = read_outside(kept)
    if any(one.code in {"C104", "C114"} for one in outside.findings):
        assert outside.figures == ()
        return
    told = {one.line for one in outside.figures} | {one.line for one in outside.findings}
    told |= {int(line) for one in outside.findings for line in re.findall(r"in line (\d+)", one.message)}
    assert {line for line, row in enumerate(rows, 2) if any(cell.strip() for cell in row)} <= told
    for one in outside.figures:
        said = rows[one.line - 2]
        assert [one.vendor, one.environment, f"{one.month:%Y-%m}"] == [cell.strip() for cell in said[:3]]
        assert one.value == (0.5 if said[3] in {"0.5", "50%"} else float(said[3].strip().removesuffix("%")))
