from __future__ import annotations

from tests.proofs.tables import found, table, to, witness
from tests.rules.made import ALWAYS, all_of, approval_by, assign, contains, empty, is_, levels, on, rule

from itsm_bridge.conditions import Operator
from itsm_bridge.config.model import Classify, Intake
from itsm_bridge.proofs import Budget

PUNJAB, CHANGE = is_("environment", "punjab"), is_("type", "change")


def test_two_rules_that_cross_and_want_different_things_are_found_at_the_later_one() -> None:
    rules = (to("OptIT", "changes", CHANGE), to("GWL", "punjab", PUNJAB), to("GWL", "rest", ALWAYS))

    (finding,) = found(table(assignment=rules), "R302")

    assert (finding.severity, finding.line) == ("warning", 2)
    assert (
        finding.message
        == '"punjab" and "changes" cross: on tickets that match both, the upper one decides who gets them'
    )
    assert finding.suggestion == 'if "changes" is not meant to win, exclude its tickets or put "punjab" above it'
    assert (witness(finding)["type"], witness(finding)["environment"]) == ("change", "punjab")


def test_a_special_rule_before_a_general_one_is_silent() -> None:
    rules = (to("OptIT", "special", all_of(CHANGE, PUNJAB)), to("GWL", "general", CHANGE), to("OptIT", "rest", ALWAYS))

    assert found(table(assignment=rules), "R302") == []


def test_rules_that_want_the_same_may_cross() -> None:
    rules = (to("OptIT", "changes", CHANGE), to("OptIT", "punjab", PUNJAB), to("GWL", "rest", ALWAYS))

    assert found(table(assignment=rules), "R302") == []


def test_an_owner_who_is_the_named_vendor_anyway_is_no_other_outcome() -> None:
    named = to("eGov DevOps", "changes", CHANGE)
    owner = rule("owner", is_("environment", "internal"), assign(owner=True))
    rest = to("eGov DevOps", "rest", ALWAYS)

    assert found(table(assignment=(named, owner, rest)), "R302") == []
    elsewhere = rule("owner", PUNJAB, assign(owner=True))
    assert len(found(table(assignment=(named, elsewhere, rest)), "R302")) == 1


def test_an_overlap_that_an_earlier_rule_takes_whole_has_no_effect() -> None:
    crossing = (to("OptIT", "changes", CHANGE), to("GWL", "punjab", PUNJAB))
    first = to("eGov DevOps", "both", all_of(CHANGE, PUNJAB))

    assert len(found(table(assignment=crossing), "R302")) == 1
    assert found(table(assignment=(first, *crossing)), "R302") == []


def test_priority_rules_cross_field_by_field() -> None:
    impact, urgency = rule("a", CHANGE, levels(impact=1)), rule("b", PUNJAB, levels(urgency=2))
    other, direct = rule("c", PUNJAB, levels(impact=2)), rule("d", PUNJAB, levels(priority=4))

    assert found(table(priority=(impact, urgency)), "R302") == []
    (finding,) = found(table(priority=(impact, other)), "R302")
    assert finding.message.endswith("decides impact")
    assert found(table(priority=(impact, direct)), "R302") == []
    both = rule("both", CHANGE, levels(1, 1))
    (finding,) = found(table(priority=(both, direct)), "R302")
    assert finding.message.endswith("decides priority")


def test_text_rules_cross_on_a_text_with_both() -> None:
    filling = (
        rule("punjab", all_of(empty("environment"), contains("text", "pb-")), Classify({"environment": "punjab"})),
        rule("ap", all_of(empty("environment"), contains("text", "ap-")), Classify({"environment": "ap"})),
    )

    (finding,) = found(table(classify=filling), "R302")

    assert {"pb-", "ap-"} <= set(witness(finding)["summary"].split())


def test_intake_and_approval_cross_too() -> None:
    intake = (
        rule("changes", CHANGE, Intake("accept", None, None)),
        rule("desks", PUNJAB, Intake("decline", None, None)),
    )
    approval = (rule("lead", CHANGE, approval_by("a@x")), rule("head", PUNJAB, approval_by("b@x")))

    (first,) = found(table(intake=intake), "R302")
    (second,) = found(table(approval=approval), "R302")

    assert first.message.endswith("decides whether they are ours")
    assert second.message.endswith("decides who approves")


def test_a_table_by_service_is_mentioned_once_and_fails_nothing() -> None:
    rules = [
        to("OptIT" if n % 2 else "GWL", f"s{n}", is_("service", name))
        for n, name in enumerate(("erp", "portal", "co-ex"))
    ]

    (finding,) = found(table(assignment=(*rules, to("OptIT", "rest", ALWAYS))), "R302")

    assert finding.severity == "info"
    assert len(witness(finding)["service"]) == 2


def test_with_very_many_overlaps_the_rest_is_said_not_to_be_looked_for() -> None:
    rules = [to("OptIT" if n % 2 else "GWL", f"t{n}", contains("text", f"word{n}x")) for n in range(8)]

    configuration = table(assignment=(*rules, to("OptIT", "rest", ALWAYS)))
    findings = found(configuration, "R302", "R309", budget=Budget(listed=3))

    assert [one.code for one in findings] == ["R302"] * 3 + ["R309"]
    assert findings[-1].message.endswith("further ones were not looked for")


def test_numbers_cross_only_where_their_spans_do() -> None:
    low, high = on("reopened", Operator.LTE, 2), on("reopened", Operator.GT, 2)
    apart = (to("OptIT", "few", low), to("GWL", "many", high))
    touching = (to("OptIT", "few", low), to("GWL", "some", on("reopened", Operator.GTE, 2)))

    assert found(table(assignment=apart), "R302") == []
    (finding,) = found(table(assignment=touching), "R302")
    assert witness(finding)["reopened"] == 2
