from __future__ import annotations

from tests.proofs.tables import found, table, to, witness
from tests.rules.made import ALWAYS, all_of, approval_by, contains, empty, is_, levels, on, rule

from itsm_bridge.conditions import AnyOf, FieldTest, Matcher, Not, Operator
from itsm_bridge.config.model import Classify, Intake, Knowledge

PUNJAB = is_("environment", "punjab")
UNION = (
    to("OptIT", "grave", is_("impact", 1)),
    to("GWL", "slight", on("impact", Operator.GTE, 2)),
    to("OptIT", "unranked", empty("impact")),
    to("eGov DevOps", "hidden", PUNJAB),
)


def test_a_rule_hidden_only_by_several_together_is_found_and_they_are_named() -> None:
    (finding,) = found(table(assignment=UNION), "R301")

    assert (finding.severity, finding.file, finding.line, finding.column) == ("error", "rules.yaml", 4, 5)
    assert finding.message == (
        '"hidden" can never decide anything: '
        '"grave", "slight" and "unranked" together take every ticket that it matches'
    )
    assert finding.suggestion == 'put "hidden" above "grave", "slight" and "unranked", or remove it'
    assert witness(finding)["environment"] == "punjab"


def test_a_rule_that_only_part_of_an_earlier_section_of_rules_hides_is_none() -> None:
    assert found(table(assignment=(UNION[0], UNION[1], UNION[3])), "R301") == []


def test_only_those_that_are_needed_to_hide_a_rule_are_named() -> None:
    rules = (
        to("OptIT", "elsewhere", is_("environment", "ap")),
        to("GWL", "here", PUNJAB),
        to("OptIT", "again", all_of(PUNJAB, is_("type", "change"))),
    )

    (finding,) = found(table(assignment=rules), "R301")

    assert finding.message == '"again" can never decide anything: "here" takes every ticket that it matches'


def test_a_condition_that_contradicts_itself_has_no_witness() -> None:
    rules = (to("OptIT", "never", all_of(PUNJAB, is_("environment", "ap"))), to("GWL", "rest", ALWAYS))

    (finding,) = found(table(assignment=rules), "R301")

    assert finding.message == '"never" matches no ticket: its condition contradicts itself'
    assert finding.witness is None


def test_texts_contradict_each_other_where_one_holds_the_other() -> None:
    rules = (
        to("OptIT", "never", all_of(contains("text", "pb-1"), Not(contains("text", "pb-")))),
        to(
            "OptIT", "both starts", all_of(on("text", Operator.STARTS_WITH, "a"), on("text", Operator.STARTS_WITH, "b"))
        ),
        to("GWL", "rest", ALWAYS),
    )

    assert [one.line for one in found(table(assignment=rules), "R301")] == [1, 2]


def test_a_priority_that_the_section_before_never_gives_is_found() -> None:
    ranked = (rule("grave", is_("type", "incident"), levels(1, 1)), rule("default", ALWAYS, levels(2, 2)))
    rules = (to("OptIT", "slight", is_("priority", 5)), to("GWL", "rest", ALWAYS))

    (finding,) = found(table(priority=ranked, assignment=rules), "R301")

    assert finding.line == 3
    assert finding.message == (
        '"slight" can never decide anything: '
        'no ticket that it matches comes as far as assignment: "default" sees to that'
    )
    assert witness(finding)["priority"] == 5


def test_a_rule_for_tickets_that_intake_declines_is_found() -> None:
    declining = (rule("desktop", is_("category", "desktop"), Intake("decline", None, None)),)
    rules = (to("OptIT", "desks", is_("category", "desktop")), to("GWL", "rest", ALWAYS))

    (finding,) = found(table(intake=declining, assignment=rules), "R301")

    assert (finding.line, witness(finding)["category"]) == (2, "desktop")
    assert '"desktop" sees to that' in finding.message


def test_a_rule_for_closed_tickets_decides_nothing() -> None:
    (finding,) = found(
        table(assignment=(to("OptIT", "late", is_("state", "closed")), to("GWL", "rest", ALWAYS))), "R301"
    )

    assert witness(finding)["state"] == "closed"


def test_a_priority_rule_counts_if_one_of_its_fields_can_be_decided_by_it() -> None:
    first = rule("impact", ALWAYS, levels(impact=1))

    assert found(table(priority=(first, rule("both", ALWAYS, levels(2, 2)))), "R301") == []
    (finding,) = found(
        table(priority=(first, rule("urgency", ALWAYS, levels(urgency=2)), rule("both", ALWAYS, levels(2, 2)))), "R301"
    )
    assert '"impact" and "urgency" together' in finding.message


def test_a_priority_behind_both_impact_and_urgency_counts_for_nothing() -> None:
    ranked = (rule("levels", ALWAYS, levels(1, 1)), rule("direct", is_("type", "change"), levels(priority=4)))

    (finding,) = found(table(priority=ranked), "R301")

    assert (finding.line, witness(finding)["type"]) == (2, "change")


def test_a_classify_rule_that_only_sees_filled_fields_never_fills() -> None:
    filling = (
        rule("punjab", all_of(empty("environment"), contains("text", "pb-")), Classify({"environment": "punjab"})),
        rule("ap", PUNJAB, Classify({"environment": "ap"})),
        rule("again", all_of(empty("environment"), contains("text", "pb-1")), Classify({"environment": "ap"})),
    )

    findings = found(table(classify=filling), "R301")

    assert [one.line for one in findings] == [2, 3]
    assert findings[0].message == '"ap" never fills anything: each ticket that it matches has environment already'
    assert findings[1].message == '"again" can never decide anything: "punjab" takes every ticket that it matches'


def test_a_classify_rule_that_reads_what_a_later_one_fills_is_reached_in_the_next_reading() -> None:
    filling = (
        rule("service", PUNJAB, Classify({"service": "erp"})),
        rule("host", contains("text", "pb-"), Classify({"environment": "punjab"})),
    )
    knowing = rule("article", all_of(is_("service", "erp"), contains("text", "pb-")), Knowledge("KB1", None))

    assert found(table(classify=filling, knowledge=(knowing,)), "R301") == []


def test_the_votes_do_not_undo_a_rule() -> None:
    asking = (rule("changes", is_("type", "change"), approval_by("a@x", kind="any")),)
    rules = (to("OptIT", "approved", is_("type", "change")), to("GWL", "rest", ALWAYS))

    assert found(table(approval=asking, assignment=rules), "R301") == []


def test_a_field_with_several_values_has_one_that_passes_and_another_that_does_not() -> None:
    both = all_of(is_("labels", "vip"), FieldTest("labels", (Matcher(Operator.CONTAINS, ("x",)),)))
    never = FieldTest("labels", (Matcher(Operator.ONE_OF, ("vip",)), Matcher(Operator.CONTAINS, ("x",))))

    rules = (to("OptIT", "both", both), to("OptIT", "never", never), to("GWL", "rest", ALWAYS))

    assert [one.line for one in found(table(assignment=rules), "R301")] == [2]


def test_nothing_is_idle_for_longer_than_it_is_old() -> None:
    old, idle = on("age", Operator.LT, 3600), on("idle", Operator.GT, 7200)
    rules = (
        to("OptIT", "odd", all_of(old, idle)),
        to("OptIT", "even", all_of(Not(old), idle)),
        to("GWL", "rest", ALWAYS),
    )

    assert [one.line for one in found(table(assignment=rules), "R301")] == [1]


def test_any_and_not_are_looked_through() -> None:
    either = AnyOf((is_("type", "incident"), Not(is_("type", "incident", "change"))))
    rules = (to("OptIT", "either", either), to("GWL", "others", Not(either)), to("GWL", "rest", is_("impact", 1)))

    (finding,) = found(table(assignment=rules), "R301")

    assert finding.message.startswith('"rest" can never decide anything: "either" and "others" together')
