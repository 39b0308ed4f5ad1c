"""What the tests of the rules try, and which mistakes they would let pass."""

from __future__ import annotations

from pathlib import Path

from tests.rules.made import HERE, NOW, all_of, assign, is_, rule, with_rules

from itsm_bridge.conditions import AllOf, AnyOf, Condition, Not
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration, RuleTest
from itsm_bridge.rules import coverage, run_tests, survivors

CONFIG = Path(__file__).resolve().parents[2] / "config"


def given(vendor: str | None, **ticket: str) -> RuleTest:
    name = " ".join(ticket.values()) or "nothing"
    return RuleTest(name, {field: (value,) for field, value in ticket.items()}, {"vendor": vendor}, HERE)


def handed_out(configuration: Configuration, when: Condition, *tests: RuleTest) -> Configuration:
    """Nothing but one rule under test, and one below it for every other ticket."""
    rules = (rule("special", when, assign(vendor="eGov DevOps")), rule("rest", AllOf(()), assign(vendor="GWL")))
    return with_rules(
        configuration, classify=(), intake=(), priority=(), approval=(), assignment=rules, tests=tuple(tests)
    )


NETWORK = given("eGov DevOps", category="network")
DISK = given("GWL", category="disk")


def test_a_rule_that_no_test_lets_decide_is_not_covered(configuration: Configuration) -> None:
    special, rest = coverage(handed_out(configuration, is_("category", "network"), DISK), NOW)
    assert (special.matched, special.decided, special.missing) == (0, 0, ("no test lets it decide",))
    assert (rest.matched, rest.decided, rest.missing) == (1, 1, ())


def test_a_condition_is_covered_once_it_was_seen_true_and_seen_false(configuration: Configuration) -> None:
    when = is_("category", "network")
    special, _ = coverage(handed_out(configuration, when, NETWORK), NOW)
    assert special.missing == ("never false: category is network",)
    special, _ = coverage(handed_out(configuration, when, NETWORK, DISK), NOW)
    assert special.missing == ()
    assert [(one.path, one.held, one.failed) for one in special.conditions] == [("category", 1, 1)]


def test_every_test_inside_a_condition_is_counted_by_its_path(configuration: Configuration) -> None:
    when = all_of(AnyOf((is_("category", "network"), is_("service", "erp"))), Not(is_("environment", "bihar")))
    special, _ = coverage(handed_out(configuration, when, NETWORK, DISK), NOW)
    assert [(one.path, one.held, one.failed) for one in special.conditions] == [
        ("all[0].any[0].category", 1, 1),
        ("all[0].any[1].service", 0, 2),
        ("all[1].not.environment", 0, 2),
    ]
    assert special.missing == ("never true: service is erp", "never true: environment is bihar")


def test_only_the_chosen_tests_cover(configuration: Configuration) -> None:
    configured = handed_out(configuration, is_("category", "network"), NETWORK, DISK)
    special, _ = coverage(configured, NOW, "disk")
    assert special.decided == 0


def test_a_condition_that_no_test_holds_survives_its_opposite(configuration: Configuration) -> None:
    when = all_of(is_("category", "network"), Not(is_("environment", "bihar")))
    configured = handed_out(configuration, when, NETWORK, DISK)
    assert list(survivors(configured, NOW)) == []
    loose = handed_out(configuration, AnyOf((is_("category", "network"), is_("service", "erp"))), NETWORK)
    assert [(one.rule, one.text) for one in survivors(loose, NOW)] == [
        ("special", "service is erp"),
        ("rest", "every ticket"),
    ]


def test_a_test_that_fails_already_kills_nothing(configuration: Configuration) -> None:
    wrong = given("GWL", category="network")
    configured = handed_out(configuration, is_("category", "network"), wrong)
    assert not all(result.passed for result in run_tests(configured, NOW))
    assert [one.rule for one in survivors(configured, NOW)] == ["special", "rest"]


def test_turning_a_condition_round_twice_is_the_condition_again(configuration: Configuration) -> None:
    when = Not(Not(is_("category", "network")))
    assert list(survivors(handed_out(configuration, when, NETWORK, DISK), NOW)) == []


def test_each_rule_of_the_shipped_configuration_is_tried_by_its_tests() -> None:
    shipped = load(CONFIG)
    assert [(rule.rule, rule.missing) for rule in coverage(shipped, NOW) if rule.missing] == []
    assert list(survivors(shipped, NOW)) == []
