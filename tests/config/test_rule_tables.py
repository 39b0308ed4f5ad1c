"""Rules that stand in a spreadsheet: read like those of the YAML file, and placed by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.editing import EXAMPLE, copy_example, edit, errors_of

from itsm_bridge.conditions import AllOf, FieldTest, Matcher, Operator
from itsm_bridge.config import load
from itsm_bridge.config.csv_cells import read_cells
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.model import Assign, Rule
from itsm_bridge.errors import ConfigurationInvalid

OWNERS = "name,because,environment,category,vendor\n"


def with_table(tmp_path: Path, table: str | bytes, section: str = "assignment:") -> Path:
    config = copy_example(tmp_path)
    edit(config, "rules.yaml", section, f"{section}\n  - table: owners.csv")
    (config / "owners.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return config


def first_rules(config: Path, count: int) -> Sequence[Rule[Assign]]:
    return load(config).rules.assignment[:count]


def places(config: Path) -> list[tuple[str, int, int, str]]:
    return [(one.file, one.line, one.column, one.code) for one in errors_of(config)]


def test_rows_are_rules_in_their_order_and_in_their_place(tmp_path: Path) -> None:
    config = with_table(tmp_path, OWNERS + "one,first,punjab,network,OptIT\ntwo,,[ap],,GWL\n")
    plain = len(load(EXAMPLE).rules.assignment)
    rules = load(config).rules.assignment
    assert [rule.name for rule in rules[:2]] == ["one", "two"]
    assert len(rules) == plain + 2
    assert rules[0].because == "first"
    assert [rule.then.vendor for rule in rules[:2]] == ["OptIT", "GWL"]
    assert rules[1].when == FieldTest("environment", (Matcher(Operator.ONE_OF, ("ap",)),))
    assert (rules[1].position.file, rules[1].position.line) == ("owners.csv", 3)


def test_a_table_says_the_same_as_the_rules_that_it_stands_for(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    edit(
        config,
        "rules.yaml",
        "assignment:",
        "assignment:\n  - name: night\n    because: b\n    when: {environment: punjab, priority: {lte: 2}, text: "
        '{contains: "pb-"}}\n    then: {among: [OptIT, GWL], by: load}',
    )
    written = load(config).rules.assignment[0]
    edit(config, "rules.yaml", "assignment:\n  - name: night", "assignment:\n  - table: owners.csv\n  - name: other")
    (config / "owners.csv").write_text(
        "name,because,environment,priority,text,among,by\n"
        'night,b,punjab,{lte: 2},"{contains: ""pb-""}","[OptIT, GWL]",load\n'
    )
    tabled = load(config).rules.assignment[0]
    assert replace(tabled, position=written.position) == written


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_any_spreadsheets_csv_is_read(tmp_path: Path, separator: str, ending: str, mark: str) -> None:
    lines = ["name,environment,vendor", "one,punjab,OptIT", ",,", "", "two,-,GWL"]
    table = mark + ending.join(lines).replace(",", separator) + ending
    one, two = first_rules(with_table(tmp_path, table), 2)
    assert (one.name, one.then.vendor, two.name, two.then.vendor) == ("one", "OptIT", "two", "GWL")
    assert two.when == AllOf(())


def test_a_row_without_a_name_is_called_by_its_table_and_line(tmp_path: Path) -> None:
    (rule,) = first_rules(with_table(tmp_path, "environment,vendor\npunjab,OptIT\n"), 1)
    assert rule.name == "owners row 2"


def test_a_name_that_could_be_both_is_told_apart_by_when(tmp_path: Path) -> None:
    (rule,) = first_rules(with_table(tmp_path, "name,when vendor,vendor\none,GWL,OptIT\n"), 1)
    assert isinstance(rule.when, FieldTest)
    assert (rule.when.field, rule.then.vendor) == ("vendor", "OptIT")


def test_what_classify_fills_is_told_apart_by_then(tmp_path: Path) -> None:
    table = "name,environment,text,then environment\none,{empty: true},{contains: pb-},punjab\n"
    rule = load(with_table(tmp_path, table, "classify:")).rules.classify[0]
    assert dict(rule.then.fields) == {"environment": "punjab"}


def test_a_table_of_priorities_stands_below_rules(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    edit(config, "rules.yaml", "  rules:", "  rules:\n    - table: levels.csv")
    (config / "levels.csv").write_text("name,category,impact,urgency\none,network,1,2\n")
    rule = load(config).rules.priority[0]
    assert (rule.name, rule.then.impact, rule.then.urgency) == ("one", 1, 2)


def test_text_of_a_cell_needs_no_quotes(tmp_path: Path) -> None:
    (rule,) = first_rules(with_table(tmp_path, "name,category,vendor\none,# A: b & *c,OptIT\n"), 1)
    assert rule.when == FieldTest("category", (Matcher(Operator.ONE_OF, ("# a: b & *c",)),))


@pytest.mark.parametrize(
    ("table", "place"),
    [
        pytest.param(OWNERS + "one,,punjb,,OptIT\n", (2, 6, "C205"), id="an unknown environment"),
        pytest.param(OWNERS + 'one,,"punjb",,OptIT\n', (2, 7, "C205"), id="the same in quotes"),
        pytest.param(OWNERS + "one,,punjab,,OptIT\ntwo,,ap,,GVL\n", (3, 10, "C205"), id="an unknown vendor"),
        pytest.param("name,enviroment,vendor\na,x,GWL\nb,y,GWL\n", (1, 6, "C210"), id="a misspelt column, said once"),
        pytest.param("name,category,vendor\none,{contain: x},GWL\n", (2, 6, "C211"), id="an unknown operator"),
        pytest.param('name,category,vendor\none,"{contains: [x}",GWL\n', (2, 19, "C105"), id="a bracket left open"),
        pytest.param("name,category,vendor\none,x,GWL,more\n", (2, 11, "C111"), id="a cell without a column"),
        pytest.param("name,category,vendor,\none,x,GWL,more\n", (2, 11, "C111"), id="a column without a name"),
        pytest.param("name,category,category,vendor\none,x,y,GWL\n", (1, 15, "C110"), id="a column twice"),
        pytest.param('name,category,vendor\none,"x,GWL\n', (2, 5, "C105"), id="a quote left open"),
        pytest.param("name,category,vendor\none,x,GWL\none,y,GWL\n", (3, 1, "C206"), id="a name twice"),
        pytest.param("name,category,vendor\none,x,\n", (2, 1, "C208"), id="a row that sets nothing"),
        pytest.param("name,category,vendor\none,\x07,GWL\n", (2, 5, "C114"), id="a control character"),
        pytest.param(b"name,category,vendor\none,\xe9,GWL\n", (2, 5, "C104"), id="another encoding"),
        pytest.param("\n\n", (1, 1, "C208"), id="an empty table"),
    ],
)
def test_a_mistake_is_placed_at_its_cell(tmp_path: Path, table: str | bytes, place: tuple[int, int, str]) -> None:
    assert places(with_table(tmp_path, table)) == [("owners.csv", *place)]


@pytest.mark.parametrize("name", ["../owners.csv", "/owners.csv", "a/owners.csv", "owners.xlsx", "..\\owners.csv"])
def test_a_table_lies_beside_the_rules(tmp_path: Path, name: str) -> None:
    config = copy_example(tmp_path)
    edit(config, "rules.yaml", "assignment:", f"assignment:\n  - table: '{name}'")
    (error,) = errors_of(config)
    assert (error.file, error.code) == ("rules.yaml", "C204")
    assert "beside rules.yaml" in error.message


def test_a_missing_table_is_a_mistake_at_the_place_that_names_it(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    edit(config, "rules.yaml", "assignment:", "assignment:\n  - table: none.csv")
    assert {one.file for one in errors_of(config)} == {"none.csv", "rules.yaml"}
    with pytest.raises(ConfigurationInvalid):
        load(config)


def test_a_changed_cell_changes_the_digest(tmp_path: Path) -> None:
    config = with_table(tmp_path, "name,category,vendor\none,x,OptIT\n")
    before = load(config).digest
    edit(config, "owners.csv", "OptIT", "GWL")
    assert load(config).digest != before


CELLS = st.lists(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8), min_size=2), min_size=1)


@given(CELLS)
def test_cells_are_those_that_the_csv_library_reads(rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c", *[""] * 30], *rows])
    findings = Findings()
    cells = read_cells(written.getvalue(), "x.csv", findings)
    expected = [[text.strip() for text in row] for row in rows if any(text.strip() for text in row)]
    assert [[cell.text for cell in row] for row in cells[1:]] == expected
    assert not findings.listed()


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    rows = read_cells(text, "x.csv", Findings())
    assert all(cell.position.line >= 1 and cell.position.column >= 1 for row in rows for cell in row)
