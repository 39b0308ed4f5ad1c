from __future__ import annotations

import pytest
from tests.proofs.tables import found, table, to, witness
from tests.rules.made import ALWAYS, all_of, contains, is_, on

from itsm_bridge.conditions import Condition, Not, Operator, holds
from itsm_bridge.proofs.pattern_samples import sample
from itsm_bridge.proofs.patterns import automaton, together
from itsm_bridge.proofs.texts import meets


def matches(pattern: str, field: str = "text") -> Condition:
    return on(field, Operator.MATCHES, pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "pb-\\d+",
        "^prod",
        "(foo|bar)+$",
        "[A-Z]{3}-[0-9]{2,4}",
        "a[^b]c",
        "(?i)Node",
        "x*",
        "[^a-z]",
        "^(pb|up)-node-\\d+$",
        "a.c",
        "\\bword\\b",
        "é+",
        "(?:a|b){3}",
    ],
)
def test_a_sample_is_a_text_that_the_engine_finds_the_pattern_in(pattern: str) -> None:
    text = sample(pattern)

    assert text is not None
    assert holds(matches(pattern), {"text": (text,)})


@pytest.mark.parametrize("pattern", ["\\bword\\b", "a^b", "é", "(?m)^x"])
def test_what_cannot_be_translated_is_not_guessed(pattern: str) -> None:
    assert automaton((Operator.MATCHES, pattern)) is None


def test_patterns_and_texts_that_exclude_each_other_are_told() -> None:
    node, held = (Operator.MATCHES, "pb-\\d+"), (Operator.CONTAINS, "pb-")

    assert together({node: True, held: False}) is False
    text = together({node: True, (Operator.CONTAINS, "pb-1"): False, (Operator.STARTS_WITH, "z"): True})
    assert isinstance(text, str)
    assert meets(node, text)
    assert not meets((Operator.CONTAINS, "pb-1"), text)


def test_a_rule_behind_a_text_that_its_pattern_needs_is_unreachable() -> None:
    rules = (
        to("OptIT", "hosts", contains("text", "pb-")),
        to("GWL", "nodes", matches("pb-\\d+")),
        to("GWL", "rest", ALWAYS),
    )

    (finding,) = found(table(assignment=rules), "R301", "R309")

    assert (finding.code, finding.line) == ("R301", 2)
    assert holds(matches("pb-\\d+"), {"text": (witness(finding)["summary"],)})


def test_two_patterns_that_no_text_has_both_of_do_not_cross() -> None:
    apart = (to("OptIT", "a", matches("^pb-\\d+$")), to("GWL", "b", matches("^ap-\\d+$")), to("OptIT", "rest", ALWAYS))
    meeting = (to("OptIT", "a", matches("pb-\\d+")), to("GWL", "b", matches("ap-\\d+")), to("OptIT", "rest", ALWAYS))

    assert found(table(assignment=apart), "R302", "R309") == []
    (finding,) = found(table(assignment=meeting), "R302", "R309")
    assert finding.code == "R302"


def test_what_hangs_on_a_pattern_without_a_language_is_said_to_be_undecided() -> None:
    word = matches("\\bpb\\b")
    rules = (to("OptIT", "texts", contains("text", "pb")), to("GWL", "words", word), to("GWL", "rest", ALWAYS))

    findings = found(table(assignment=rules), "R301", "R302", "R303", "R309")

    assert {(one.code, one.line) for one in findings} == {("R309", 2)}
    assert findings[0].message.startswith('whether "words" can ever decide anything was not decided')


def test_a_pattern_on_a_field_with_several_values_is_sampled() -> None:
    rules = (
        to("OptIT", "gold", all_of(matches("^vip-\\d", "labels"), is_("type", "change"))),
        to("GWL", "rest", ALWAYS),
    )

    assert found(table(assignment=rules), "R301", "R309") == []


def test_contradicting_patterns_on_summary_and_text_are_told_apart() -> None:
    rules = (
        to("OptIT", "summary", all_of(contains("summary", "pb-"), Not(contains("text", "pb-")))),
        to("GWL", "below", all_of(contains("description", "pb-"), Not(contains("summary", "pb-")))),
        to("GWL", "rest", ALWAYS),
    )

    assert [one.line for one in found(table(assignment=rules), "R301", "R309")] == [1]
