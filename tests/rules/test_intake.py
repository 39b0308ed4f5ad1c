from __future__ import annotations

from tests.rules.made import ALWAYS, NOW, record, rule, with_rules

from itsm_bridge.config.model import Configuration, Intake
from itsm_bridge.rules import Decider


def test_what_is_not_ours_is_held_and_gets_no_other_decision(configuration: Configuration) -> None:
    verdict = Decider(configuration).decide(record(category=("Desktop",)), NOW)
    assert verdict.values == {}
    assert verdict.unrouted is None
    (held,) = verdict.held
    assert (held.field, held.why) == ("vendor", "not ours: redirected to Office IT desk (rule not-ours-desktop)")


def test_what_is_declined_is_not_ours_either(configuration: Configuration) -> None:
    rules = (rule("spam", ALWAYS, Intake("decline", None, None)),)
    verdict = Decider(with_rules(configuration, intake=rules)).decide(record(), NOW)
    assert verdict.values == {}
    assert verdict.held[0].why == "not ours: declined (rule spam)"


def test_the_first_rule_decides_and_may_accept(configuration: Configuration) -> None:
    rules = (rule("ours", ALWAYS, Intake("accept", None, None)), *configuration.rules.intake)
    verdict = Decider(with_rules(configuration, intake=rules)).decide(record(category=("desktop",)), NOW)
    assert verdict.values["vendor"].value == "OptIT"
