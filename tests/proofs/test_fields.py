from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.proofs.tables import found, table, to, witness
from tests.rules.made import ALWAYS, all_of, is_, on

from itsm_bridge.conditions import Condition, FieldTest, Matcher, Operator
from itsm_bridge.config import load


def test_numbers_in_a_custom_field_are_cut_where_rules_compare_them() -> None:
    few, some, many = (
        on("custom.users", Operator.LT, 10),
        FieldTest("custom.users", (Matcher(Operator.GTE, (10,)), Matcher(Operator.LTE, (100,)))),
        on("custom.users", Operator.GT, 100),
    )
    rules = (to("OptIT", "few", few), to("GWL", "some", some), to("OptIT", "many", many))

    (finding,) = found(table(assignment=rules), "R303")

    assert not witness(finding).get("custom.users", "").isdigit()  # missing, or a word, which no comparison holds for


def test_a_comparison_within_another_hides_its_rule() -> None:
    rules = (
        to("OptIT", "over ten", on("custom.users", Operator.GT, 10)),
        to("GWL", "over a hundred", on("custom.users", Operator.GT, 100)),
        to("GWL", "rest", ALWAYS),
    )

    (finding,) = found(table(assignment=rules), "R301")

    assert float(witness(finding)["custom.users"]) > 100


def test_order_and_parts_of_one_value_are_told_to_be_undecided() -> None:
    both = FieldTest("custom.users", (Matcher(Operator.GT, (10,)), Matcher(Operator.CONTAINS, ("7",))))
    rules = (to("OptIT", "both", both), to("GWL", "rest", ALWAYS))

    findings = found(table(assignment=rules), "R301", "R309")

    assert {(one.code, one.file, one.line) for one in findings} == {("R309", "rules.yaml", 1)}


@pytest.mark.parametrize("other", [is_("project", "OPS"), is_("source", "snow")])
def test_a_project_belongs_to_its_source(other: Condition, shared: Path) -> None:
    odd = all_of(is_("project", "OPS"), is_("source", "snow"))
    rules = (to("OptIT", "odd", odd), to("GWL", "even", other), to("GWL", "rest", ALWAYS))
    sources = load(shared / "example-config").sources

    findings = found(replace(table(assignment=rules), sources=sources), "R301")

    assert [one.message for one in findings] == ['"odd" matches no ticket: its condition contradicts itself']
