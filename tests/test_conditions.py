from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.conditions import (
    FIELDS,
    MATCH_LIMIT,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    FieldTest,
    Judgement,
    Kind,
    Matcher,
    Not,
    Operator,
    Value,
    check_pattern,
    compile_condition,
    describe,
    explain,
    field_of,
    fields_of,
    holds,
    leaves,
    miss_text,
    misses,
    seen_text,
    shown,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def matching(field: str, **operators: Any) -> FieldTest:  # noqa: ANN401  # operands of any kind
    return FieldTest(
        field,
        tuple(
            Matcher(Operator(name.rstrip("_")), operands if isinstance(operands, tuple) else (operands,))
            for name, operands in operators.items()
        ),
    )


def is_(field: str, *operands: Value) -> FieldTest:
    return matching(field, one_of=operands)


# --- what each matcher means: the table of the contract ----------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        pytest.param(is_("environment", "punjab"), ("Punjab",), True, id="text equals without regard to case"),
        pytest.param(is_("environment", "PUNJAB"), ("punjab",), True, id="an operand that is not folded counts too"),
        pytest.param(is_("environment", "strasse"), ("Straße",), True, id="case is folded, not lowered"),
        pytest.param(is_("environment", "punjab"), ("punjabi",), False, id="equality is not containment"),
        pytest.param(is_("environment", "punjab", "ap"), ("AP",), True, id="a list holds for one of it"),
        pytest.param(is_("environment", "punjab"), (), False, id="no value equals nothing"),
        pytest.param(is_("labels", "db"), ("web", "DB"), True, id="one of several values is enough"),
        pytest.param(is_("priority", 1, 2), (2,), True, id="numbers equal numbers"),
        pytest.param(is_("priority", "1"), (1,), True, id="a numeral equals its number"),
        pytest.param(is_("priority", "one"), (1,), False, id="a word equals no number"),
        pytest.param(is_("custom.release", "1.10"), ("1.1",), False, id="two texts compare as texts"),
        pytest.param(is_("custom.floor", 3), ("3",), True, id="text is read as a number beside a number"),
        pytest.param(is_("custom.vip", True), ("TRUE",), True, id="true and false are words"),
        pytest.param(is_("custom.vip", True), (1,), False, id="true is not 1"),
        pytest.param(is_("weekday", "monday"), ("mon",), True, id="a weekday has a long name"),
        pytest.param(is_("weekday", "mon"), ("Monday",), True, id="and a short one"),
        pytest.param(is_("time", time(9, 30)), (time(9, 30),), True, id="times equal"),
        pytest.param(matching("environment", not_="punjab"), ("ap",), True, id="not holds for another value"),
        pytest.param(matching("environment", not_="punjab"), ("Punjab",), False, id="not fails for the value"),
        pytest.param(matching("environment", not_=("punjab", "ap")), ("ap",), False, id="not fails for one of several"),
        pytest.param(matching("environment", not_="punjab"), (), True, id="not holds without a value"),
        pytest.param(
            matching("labels", not_="db"), ("web", "db"), False, id="not fails if one of several values is it"
        ),
        pytest.param(matching("environment", empty=True), (), True, id="empty holds without a value"),
        pytest.param(matching("environment", empty=True), ("  \n",), True, id="blank is empty"),
        pytest.param(matching("environment", empty=False), ("ap",), True, id="a value is not empty"),
        pytest.param(matching("environment", empty=False), ("",), False, id="blank is not a value"),
        pytest.param(matching("priority", empty=True), (0,), False, id="zero is a value"),
        pytest.param(
            matching("text", contains=("outage", "down")), ("Site DOWN",), True, id="contains one of the texts"
        ),
        pytest.param(matching("text", contains="outage"), (), False, id="nothing contains nothing"),
        pytest.param(matching("text", contains_all=("a", "b")), ("b and a",), True, id="contains all of the texts"),
        pytest.param(matching("text", contains_all=("a", "b")), ("only a",), False, id="contains all needs all"),
        pytest.param(matching("labels", contains_all=("a", "b")), ("a", "b"), False, id="in one and the same value"),
        pytest.param(matching("text", starts_with="pb-"), ("PB-node-7",), True, id="begins with"),
        pytest.param(matching("text", ends_with=("x", "-7")), ("PB-node-7",), True, id="ends with one of"),
        pytest.param(
            matching("text", matches=r"\bpb-\d+$"), ("host PB-12",), True, id="a pattern is searched, in any case"
        ),
        pytest.param(matching("text", matches="^b"), ("a\nb",), False, id="a pattern's beginning is the text's"),
        pytest.param(matching("priority", gt=1, lt=3), (2,), True, id="several operators all hold"),
        pytest.param(matching("priority", gt=1, lt=3), (3,), False, id="one that fails fails all"),
        pytest.param(matching("custom.n", gt=3, lt=5), ("1", "9"), False, id="all hold for one and the same value"),
        pytest.param(matching("custom.n", gt=3, lt=5), ("1", "4"), True, id="whichever that is"),
        pytest.param(matching("priority", gte=2), (), False, id="no value compares"),
        pytest.param(matching("priority", gte=2), (2,), True, id="at least"),
        pytest.param(matching("priority", lte=2), (3,), False, id="at most"),
        pytest.param(matching("custom.n", gt=9), ("10",), True, id="numerals compare as numbers"),
        pytest.param(matching("custom.n", gt=9), ("many",), False, id="words do not compare"),
        pytest.param(matching("age", gt=14_400), (14_401,), True, id="durations are seconds"),
        pytest.param(matching("created", gte=NOON), (NOON,), True, id="instants compare"),
        pytest.param(
            matching("custom.go", lt=NOON), ("2026-11-02T17:29:59+05:30",), True, id="instants in text compare"
        ),
        pytest.param(matching("custom.go", lt=date(2026, 11, 3)), ("2026-11-02",), True, id="days in text compare"),
        pytest.param(matching("created", gte=date(2026, 1, 1)), (NOON,), False, id="a bare day is no instant"),
        pytest.param(matching("time", gte=time(18)), (time(19, 15),), True, id="times of day compare"),
        pytest.param(matching("custom.n", gt=1), (float("nan"),), False, id="what is no number does not compare"),
        pytest.param(matching("custom.n", gt=1), ("9" * 5000,), False, id="nor does a number without end"),
        pytest.param(AllOf(()), (), True, id="no condition holds for every ticket"),
        pytest.param(AnyOf(()), (), False, id="any of nothing never holds"),
        pytest.param(Not(AllOf(())), (), False, id="not turns around"),
    ],
)
def test_a_matcher_means_what_the_contract_says(
    condition: Condition, values: tuple[Value, ...], expected: bool
) -> None:
    field = next(fields_of(condition), "environment")
    assert holds(condition, {field: values}) is expected
    assert holds(Not(condition), {field: values}) is not expected


def test_a_field_that_is_absent_is_a_field_without_a_value() -> None:
    assert holds(matching("environment", empty=True), {})
    assert not holds(is_("environment", "punjab"), {})


# --- hostile patterns and texts ----------------------------------------------------------------------------------


def test_a_pattern_that_makes_others_backtrack_for_ever_is_searched_at_once() -> None:
    test = compile_condition(matching("text", matches="(a+)+$"))
    assert not test({"text": ("a" * (MATCH_LIMIT - 1) + "b",)})
    assert not test({"text": (("a" * 999 + "b") * 10_000,)})


def test_a_pattern_sees_only_the_beginning_of_an_endless_text() -> None:
    test = compile_condition(matching("text", matches="needle"))
    assert test({"text": ("x" * (MATCH_LIMIT - 6) + "needle",)})
    assert not test({"text": ("x" * MATCH_LIMIT + "needle",)})


def test_half_a_character_in_a_text_breaks_nothing() -> None:
    assert holds(matching("text", matches="outage"), {"text": ("\ud800 outage",)})
    assert holds(matching("text", contains="outage"), {"text": ("\ud800 outage",)})


def test_a_pattern_can_be_checked_before_it_is_used() -> None:
    assert check_pattern(r"pb-\d+") is None
    assert "(?=" in (check_pattern("(?=a)") or "")
    assert check_pattern("\ud800") is not None
    with pytest.raises(ValueError, match="invalid perl operator"):
        compile_condition(matching("text", matches="(?=a)"))


# --- properties --------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["", " ", "punjab", "PUNJAB", "ap", "a", "b", "7", "7.0", "07", "mon", "Monday", "true"])
PLAIN = st.one_of(
    WORDS,
    st.integers(-2, 9),
    st.sampled_from([7.0, 1.5, float("inf")]),
    st.booleans(),
    st.sampled_from([NOON, datetime(2026, 11, 2, 17, 30, tzinfo=UTC), date(2026, 11, 2), time(9, 30)]),
)
NAMES = st.sampled_from(["environment", "labels", "priority", "weekday", "custom.x"])


def matchers() -> st.SearchStrategy[Matcher]:
    patterns = st.sampled_from(["a", "^p", r"\d", "(a|b)+$", ""])
    texts = st.tuples(WORDS, WORDS)
    return st.one_of(
        st.builds(Matcher, st.sampled_from([Operator.ONE_OF, Operator.NOT]), st.tuples(PLAIN, PLAIN)),
        st.builds(Matcher, st.just(Operator.EMPTY), st.tuples(st.booleans())),
        st.builds(Matcher, st.just(Operator.MATCHES), st.tuples(patterns)),
        st.builds(
            Matcher,
            st.sampled_from([Operator.CONTAINS, Operator.CONTAINS_ALL, Operator.STARTS_WITH, Operator.ENDS_WITH]),
            texts,
        ),
        st.builds(Matcher, st.sampled_from([Operator.GT, Operator.GTE, Operator.LT, Operator.LTE]), st.tuples(PLAIN)),
    )


def conditions() -> st.SearchStrategy[Condition]:
    tests = st.builds(FieldTest, NAMES, st.lists(matchers(), min_size=1, max_size=2).map(tuple))
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=6,
    )


FACTS = st.dictionaries(NAMES, st.lists(PLAIN, max_size=3).map(tuple), max_size=5)


def told_apart(judgement: Judgement) -> bool:
    """Whether the tree holds, from its leaves alone."""
    parts = [told_apart(part) for part in judgement.parts]
    return {"test": judgement.held, "all": all(parts), "any": any(parts), "not": parts == [False]}[judgement.kind]


@given(conditions(), FACTS)
def test_compiled_judged_and_asked_once_a_condition_comes_out_the_same(condition: Condition, facts: Facts) -> None:
    outcome = compile_condition(condition)(facts)
    assert holds(condition, facts) is outcome
    assert told_apart(explain(condition, facts)) is outcome
    assert explain(condition, facts).held is outcome


@given(conditions(), FACTS)
def test_not_not_is_nothing(condition: Condition, facts: Facts) -> None:
    assert holds(Not(Not(condition)), facts) is holds(condition, facts)


@given(conditions(), FACTS)
def test_all_and_any_are_each_others_opposites(condition: Condition, facts: Facts) -> None:
    other = is_("environment", "punjab")
    assert holds(Not(AllOf((condition, other))), facts) is holds(AnyOf((Not(condition), Not(other))), facts)


@given(conditions(), FACTS)
def test_the_order_of_the_facts_does_not_matter(condition: Condition, facts: Mapping[str, tuple[Value, ...]]) -> None:
    assert holds(condition, dict(reversed(list(facts.items())))) is holds(condition, facts)


def plainly_one_of(value: Value, operand: Value) -> bool:
    """Equality said otherwise, for text and whole numbers."""
    if isinstance(value, str) and isinstance(operand, str):
        return value.casefold() == operand.casefold()
    return str(value).strip() == str(operand).strip()


@given(
    st.lists(st.one_of(st.sampled_from(["a", "B", "3", "x"]), st.integers(0, 4)), max_size=3),
    st.lists(st.one_of(st.sampled_from(["A", "b", "3", "y"]), st.integers(0, 4)), min_size=1, max_size=3),
)
def test_one_of_and_not_agree_with_the_plainest_comparison(values: list[Value], operands: list[Value]) -> None:
    expected = any(plainly_one_of(value, operand) for value in values for operand in operands)
    assert holds(is_("labels", *operands), {"labels": tuple(values)}) is expected
    assert holds(matching("labels", not_=tuple(operands)), {"labels": tuple(values)}) is not expected


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_numbers_compare_as_numbers(value: int, operand: int) -> None:
    facts: Facts = {"custom.n": (str(value),)}
    outcomes = [holds(matching("custom.n", **{name: operand}), facts) for name in ("gt", "gte", "lt", "lte")]
    assert outcomes == [value > operand, value >= operand, value < operand, value <= operand]


@given(conditions(), FACTS)
def test_a_condition_misses_by_as_many_tests_as_have_to_change(condition: Condition, facts: Facts) -> None:
    judgement = explain(condition, facts)
    assert (judgement.failed == 0) is judgement.held
    assert len(misses(judgement)) <= judgement.failed
    assert set(map(id, misses(judgement))) <= set(map(id, leaves(judgement)))


# --- explanations ------------------------------------------------------------------------------------------------

OUTAGE = AllOf(
    (
        is_("type", "incident"),
        is_("environment", "punjab", "ap"),
        AnyOf((matching("text", contains="site down"), is_("category", "availability"))),
    )
)


def test_every_test_is_judged_with_its_path_and_the_values_seen() -> None:
    judgement = explain(OUTAGE, {"type": ("incident",), "environment": ("bihar",), "category": ("network", "dns")})
    assert [(test.path, test.held, test.seen) for test in leaves(judgement)] == [
        ("all[0].type", True, ("incident",)),
        ("all[1].environment", False, ("bihar",)),
        ("all[2].any[0].text", False, ()),
        ("all[2].any[1].category", False, ("network", "dns")),
    ]
    assert [part.kind for part in judgement.parts] == ["test", "test", "any"]


def test_a_near_miss_counts_an_alternative_once() -> None:
    judgement = explain(OUTAGE, {"type": ("incident",), "environment": ("bihar",)})
    assert judgement.failed == 2
    assert [miss.path for miss in misses(judgement)] == ["all[1].environment", "all[2].any[0].text"]
    assert miss_text(misses(judgement)) == (
        "if environment is one of punjab, ap (seen 'bihar') and text contains 'site down' (seen nothing)"
    )


def test_what_must_not_hold_is_a_miss_too() -> None:
    judgement = explain(Not(OUTAGE.parts[1]), {"environment": ("ap",)})
    assert judgement.failed == 1
    assert miss_text(misses(judgement)) == "if not environment is one of punjab, ap (seen 'ap')"


def test_what_can_never_match_says_so() -> None:
    assert miss_text(misses(explain(AnyOf(()), {}))) == "which no ticket can match"


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (is_("environment", "punjab"), "environment is punjab"),
        (is_("priority", 1, 2), "priority is one of 1, 2"),
        (matching("environment", not_="internal"), "environment is not internal"),
        (matching("environment", empty=True), "environment is empty"),
        (matching("environment", empty=False), "environment is not empty"),
        (matching("text", contains=("site down", "outage")), "text contains one of 'site down', outage"),
        (matching("age", gt=4 * 3600, lte=187_801), "age is over 4h and is at most 52h 10m 1s"),
        (matching("idle", gt=0), "idle is over 0s"),
        (matching("created", gte=NOON), "created is at least 2026-11-02T12:00:00+00:00"),
        (matching("custom.vip", one_of=True), "custom.vip is true"),
        (matching("labels", one_of=tuple("abcdefgh")), "labels is one of a, b, c, d, e, f and 2 more"),
        (FieldTest("labels", ()), "labels is anything"),
    ],
)
def test_a_test_reads_as_a_sentence(test: FieldTest, words: str) -> None:
    assert describe(test) == words


def test_foreign_text_is_shown_and_not_obeyed() -> None:
    judgement = explain(is_("summary", "x"), {"summary": ("\x1b[31mred\u202e\nline" + "y" * 100,)})
    text = seen_text(judgement)
    assert text.startswith("'\\x1b[31mred\\u202e\\nline")
    assert text.endswith("…'")
    assert len(text) <= 62
    assert shown("क्\u200dष") == "क्\u200dष"  # the joiner is part of the word
    assert shown("\ud800") == "\\ud800"


# --- fields ------------------------------------------------------------------------------------------------------


CONTRACT = """source number project type environment service category subcategory ci summary description text labels
reporter assignee group state impact urgency priority approval vendor created updated due age idle reopened reassigned
weekday time"""


def test_the_fields_are_those_of_the_contract() -> None:
    assert list(FIELDS) == CONTRACT.split()


def test_a_custom_field_is_text_with_several_values() -> None:
    field = field_of("custom.cost centre")
    assert field is not None
    assert (field.kind, field.many) == (Kind.TEXT, True)
    assert field_of("custom.") is None
    assert field_of("colour") is None


def test_the_fields_of_a_condition_are_found_in_every_part_of_it() -> None:
    assert list(fields_of(Not(OUTAGE))) == ["type", "environment", "text", "category"]
