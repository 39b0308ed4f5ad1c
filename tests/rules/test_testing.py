from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from tests.rules.made import HERE, NOW, levels, on, rule, with_rules

from itsm_bridge.conditions import Operator
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration, RuleTest
from itsm_bridge.rules import Difference, run_tests

CONFIG = Path(__file__).resolve().parents[2] / "config"


def differences(
    configuration: Configuration, ticket: dict[str, tuple[object, ...]], **expect: object
) -> list[Difference]:
    test = RuleTest("one", ticket, expect, HERE)  # type: ignore[arg-type]  # values of any kind
    (result,) = run_tests(with_rules(configuration, tests=(test,)), NOW)
    return list(result.differences)


def test_the_tests_of_the_example_pass(configuration: Configuration) -> None:
    results = run_tests(configuration, NOW)
    assert [(result.name, result.passed) for result in results] == [
        ("a Punjab outage is a P1 of OptIT", True),
        ("a production change waits for its approvers", True),
    ]


def test_the_tests_of_the_shipped_configuration_pass() -> None:
    results = run_tests(load(CONFIG), NOW)
    assert results
    assert [result for result in results if not result.passed] == []


def test_tests_are_chosen_by_a_part_of_their_name(configuration: Configuration) -> None:
    assert [result.name for result in run_tests(configuration, NOW, "OUTAGE")] == ["a Punjab outage is a P1 of OptIT"]
    assert run_tests(configuration, NOW, "nothing like it") == ()


def test_a_difference_says_what_was_expected_and_which_rule_decided(configuration: Configuration) -> None:
    assert differences(configuration, {"type": ("incident",), "environment": ("ap",)}, priority=1, vendor="OptIT") == [
        Difference("priority", 1, 3, "default"),
        Difference("vendor", "OptIT", "GWL", "owner"),
    ]


def test_null_means_that_nothing_is_decided(configuration: Configuration) -> None:
    assert differences(configuration, {"category": ("desktop",), "vendor": ("GWL",)}, vendor=None, priority=None) == []
    assert differences(configuration, {}, priority=None) == [Difference("priority", None, 3, "default")]


def test_a_value_may_be_the_tickets_own(configuration: Configuration) -> None:
    without = with_rules(configuration, priority=())
    assert differences(without, {"priority": (4,), "environment": ("Punjab",)}, priority=4, environment="punjab") == []


def test_what_classify_fills_can_be_expected(configuration: Configuration) -> None:
    ticket: dict[str, tuple[object, ...]] = {"summary": ("finance on pb-7",)}
    assert differences(configuration, ticket, environment="punjab", service="erp") == []
    assert differences(configuration, ticket, environment="ap") == [
        Difference("environment", "ap", "punjab", "punjab-from-host")
    ]


@pytest.mark.parametrize(
    ("approval", "expected", "vendor"),
    [("approved", "approved", "GWL"), ("rejected", "rejected", None), ("requested", "requested", None)],
)
def test_an_approval_that_is_given_is_the_vote_of_every_approver(
    configuration: Configuration, approval: str, expected: str, vendor: str | None
) -> None:
    ticket: dict[str, tuple[object, ...]] = {"type": ("change",), "environment": ("ap",), "approval": (approval,)}
    assert differences(configuration, ticket, approval=expected, vendor=vendor) == []


def test_a_test_is_decided_on_the_day_of_its_ticket(configuration: Configuration) -> None:
    before, after = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 8, 1, 9, tzinfo=UTC)
    assert differences(configuration, {"environment": ("punjab",), "created": (before,)}, vendor="eGov DevOps") == []
    assert differences(configuration, {"environment": ("punjab",), "created": (after,)}, vendor="OptIT") == []


@pytest.mark.parametrize(
    ("field", "operator", "operand", "value"),
    [
        ("age", Operator.GT, 3600, 7200),
        ("idle", Operator.GTE, 3600, 3600),
        ("weekday", Operator.ONE_OF, "sat", "sat"),
        ("time", Operator.LT, time(9), time(8, 30)),
        ("reopened", Operator.GT, 1, 2),
        ("reassigned", Operator.GT, 1, 2),
        ("text", Operator.CONTAINS, "needle", "a needle"),
        ("custom.tier", Operator.ONE_OF, "gold", "Gold"),
        ("due", Operator.LT, NOW, datetime(2026, 1, 1, tzinfo=UTC)),
        ("labels", Operator.ONE_OF, "db", "db"),
        ("source", Operator.ONE_OF, "ops", "ops"),
        ("state", Operator.ONE_OF, "on_hold", "on_hold"),
    ],
)
def test_every_fact_can_be_given(
    configuration: Configuration, field: str, operator: Operator, operand: object, value: object
) -> None:
    urgent = rule("urgent", on(field, operator, operand), levels(1, 1))  # type: ignore[arg-type]  # of any kind
    wider = with_rules(configuration, priority=(urgent, *configuration.rules.priority))
    assert differences(wider, {field: (value,)}, priority=1) == []
    assert differences(wider, {}, priority=1) != []


def test_a_closed_ticket_gets_nothing(configuration: Configuration) -> None:
    assert differences(configuration, {"state": ("closed",)}, priority=None, vendor=None, approval=None) == []


def test_the_name_of_a_test_decides_nothing_but_its_turn(configuration: Configuration) -> None:
    tests = tuple(replace(test, name=f"{test.name} again") for test in configuration.rules.tests)
    assert all(result.passed for result in run_tests(with_rules(configuration, tests=tests), NOW))


def test_a_note_is_expected_by_words_that_it_holds(configuration: Configuration) -> None:
    desktop: dict[str, tuple[object, ...]] = {"category": ("desktop",)}
    assert differences(configuration, desktop, note="office it DESK") == []
    (wrong,) = differences(configuration, desktop, note="somebody else")
    assert (wrong.field, wrong.got, wrong.rule) == (
        "note",
        "Desktop requests are served by the Office IT desk.",
        "not-ours-desktop",
    )


def test_no_note_is_expected_by_null(configuration: Configuration) -> None:
    assert differences(configuration, {"environment": ("ap",)}, note=None) == []
    (wrong,) = differences(configuration, {"category": ("desktop",)}, note=None)
    assert wrong.expected is None
