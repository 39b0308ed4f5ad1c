from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import ALWAYS, contains, empty, example, is_, on, record, rule, with_rules

from itsm_bridge.conditions import Operator
from itsm_bridge.config.model import Classify, Configuration
from itsm_bridge.rules import classify


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
