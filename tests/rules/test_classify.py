from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import ALWAYS, contains, empty, example, is_, on, record, rule, with_rules
from tests.rules.randomly import some_configuration, some_record

from itsm_bridge.conditions import Facts, Operator, holds
from itsm_bridge.config.model import Classify, Configuration, Rule
from itsm_bridge.rules import classify
from itsm_bridge.rules.classify import Reader
from itsm_bridge.rules.facts import lasting_facts


def test_an_empty_environment_is_filled_from_the_text(configuration: Configuration) -> None:
    made = record(environment=None, service=(), summary="PB-node-7: ledger is slow")
    read = classify(configuration)(made).ticket
    assert (read.environment, read.service) == ("punjab", ("erp",))


def test_a_field_with_a_value_keeps_it(configuration: Configuration) -> None:
    made = record(environment="ap", service=("portal",), summary="pb-node-7: ledger is slow")
    assert classify(configuration)(made) is made


def test_the_first_rule_that_fills_a_field_has_it(configuration: Configuration) -> None:
    rules = (
        rule("one", ALWAYS, Classify({"environment": "ap"})),
        rule("two", ALWAYS, Classify({"environment": "bihar"})),
    )
    assert classify(with_rules(configuration, classify=rules))(record(environment=None)).ticket.environment == "ap"


def test_a_rule_sees_what_another_filled_wherever_it_stands(configuration: Configuration) -> None:
    rules = (
        rule("service", is_("environment", "punjab"), Classify({"service": "erp", "custom.tier": "1"})),
        rule("environment", contains("text", "pb-"), Classify({"environment": "punjab"})),
    )
    read = classify(with_rules(configuration, classify=rules))(record(environment=None, service=(), summary="pb-1"))
    assert (read.ticket.environment, read.ticket.service, read.ticket.custom["tier"]) == ("punjab", ("erp",), ("1",))


def test_a_ticket_reads_the_same_at_any_time(configuration: Configuration) -> None:
    rules = (rule("old", on("age", Operator.GT, 0), Classify({"subcategory": "old"})),)
    assert classify(with_rules(configuration, classify=rules))(record()).ticket.subcategory is None


FILLS = st.lists(
    st.builds(
        lambda when, field, value: rule(f"{field}{value}", when, Classify({field: value})),
        st.sampled_from([ALWAYS, is_("environment", "a"), is_("service", "b"), empty("ci"), contains("text", "pb-")]),
        st.sampled_from(["environment", "service", "category", "ci", "custom.x"]),
        st.sampled_from("ab"),
    ),
    max_size=5,
)


@given(FILLS, st.sampled_from(["pb-1", "other"]))
def test_reading_a_ticket_twice_is_reading_it_once(rules: list[object], summary: str) -> None:
    reads = classify(with_rules(example(), classify=tuple(rules)))
    once = reads(record(environment=None, service=(), summary=summary))
    assert reads(once) is once


def test_the_rule_right_after_one_that_filled_has_its_turn(configuration: Configuration) -> None:
    rules = (
        rule("one", ALWAYS, Classify({"ci": "db-1"})),
        rule("two", ALWAYS, Classify({"subcategory": "two"})),
        rule("three", ALWAYS, Classify({"subcategory": "three"})),
    )
    assert classify(with_rules(configuration, classify=rules))(record()).ticket.subcategory == "two"


def _read_slowly(rules: Sequence[Rule[Classify]], facts: Facts) -> Facts:
    """Every rule in turn, from top to bottom, again and again until nothing is filled any more."""
    known, before = dict(facts), None
    while known != before:
        before = dict(known)
        for one in rules:
            if holds(one.when, known):
                known |= {field: (value,) for field, value in one.then.fields.items() if not known.get(field)}
    return known


def test_rules_that_are_not_asked_would_have_filled_nothing() -> None:
    chance = random.Random(11)
    filled = 0
    for place in range(300):
        configuration = some_configuration(chance)
        made = some_record(chance, place)
        facts = lasting_facts(made, configuration.zone)
        reading = Reader(configuration).read(made, facts)
        assert reading.facts == _read_slowly(configuration.rules.classify, facts)
        filled += len(reading.filled)
    assert filled > 50
