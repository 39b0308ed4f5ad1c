from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import ALWAYS, CREATED, NOW, example, is_, record, rule, with_rules

from itsm_bridge.config.model import Configuration, Ownership
from itsm_bridge.model import State, TicketType
from itsm_bridge.rules import Decider, Explanation, Standing, explain, render_text, to_json
from itsm_bridge.rules.explain import RuleExplanation

DECIDER = Decider(example())


def rules_of(explanation: Explanation) -> dict[str, RuleExplanation]:
    return {rule.name: rule for section in explanation.sections for rule in section.rules}


def test_every_rule_of_every_section_is_explained_in_order(configuration: Configuration) -> None:
    explanation = explain(Decider(configuration), record(environment=None, service=(), summary="pb-7 site down"), NOW)
    assert [section.name for section in explanation.sections] == [
        "classify",
        "intake",
        "priority",
        "approval",
        "assignment",
        "escalation",
        "knowledge",
    ]
    assert [(name, rule.matched, rule.decided) for name, rule in rules_of(explanation).items()] == [
        ("punjab-from-host", True, True),
        ("erp-by-word", False, False),
        ("not-ours-desktop", False, False),
        ("citizen-outage", True, True),
        ("default", True, False),
        ("production-change", False, False),
        ("access-grant", False, False),
        ("security-stays-in", False, False),
        ("owner", True, True),
        ("shared-pool", True, False),
    ]
    assert rules_of(explanation)["default"].note == "all that it sets is decided above"
    assert rules_of(explanation)["shared-pool"].note == "decided above"


def test_the_explained_verdict_is_the_decided_one(configuration: Configuration) -> None:
    made = record(type=TicketType.CHANGE)
    assert explain(Decider(configuration), made, NOW).verdict == Decider(configuration).decide(made, NOW)


def test_the_text_says_what_was_seen_and_what_came_of_it(configuration: Configuration) -> None:
    text = render_text(explain(Decider(configuration), record(environment="bihar", summary="Site down"), NOW))
    lines = text.splitlines()
    assert lines[0] == "snow:INC0010023  Site down"
    assert "  [no] punjab-from-host" in lines
    assert "      environment is empty: seen 'bihar' — no" in lines
    assert "  [decides] citizen-outage: impact = 1, urgency = 1" in lines
    assert "      any of: yes" in lines
    assert "        text contains one of outage, 'site down', unreachable: seen 'Site down' — yes" in lines
    assert "      every ticket — yes" in lines
    assert "  nearest: not-ours-desktop would have matched if category is one of hardware, desktop (seen" in lines
    assert text.endswith("Every environment has one accountable owner. (eGov DevOps owns\n    bihar)\n")


def test_the_text_names_what_waits_and_what_stands(configuration: Configuration) -> None:
    standing = {"priority": Standing("asha", CREATED, Ownership.YIELD)}
    change = explain(Decider(configuration), record(type=TicketType.CHANGE), NOW, standing=standing)
    text = render_text(change)
    assert "  changed by asha on 2026-11-02 04:30 UTC: that stands\n" in text
    assert "  given to nobody: waits for approval by punjab-spoc@egov.example" in text
    assert "  [matches] owner: not asked\n" in text
    assert "  vendor is held: waits for approval by punjab-spoc@egov.example" in text


def test_a_rule_decides_nothing_where_what_a_person_set_stands(configuration: Configuration) -> None:
    standing = {"priority": Standing("rohit.s", CREATED, Ownership.YIELD)}
    explanation = explain(Decider(configuration), record(), NOW, standing=standing)
    default = rules_of(explanation)["default"]
    assert (default.matched, default.decided) == (True, False)
    lines = render_text(explanation).splitlines()
    assert "  [matches] default: would set impact = 2, urgency = 2, but a person's change stands" in lines
    assert "  changed by rohit.s on 2026-11-02 04:30 UTC: that stands" in lines


def test_a_section_that_did_not_run_says_why(configuration: Configuration) -> None:
    closed = render_text(explain(Decider(configuration), record(state=State.CLOSED), NOW))
    assert "assignment: did not run, the ticket is closed; only open tickets are decided" in closed
    assert closed.endswith("outcome\n  nothing is decided\n")
    foreign = render_text(explain(Decider(configuration), record(category=("desktop",)), NOW))
    assert "priority: did not run, not ours: redirected to Office IT desk (rule not-ours-desktop)" in foreign


def test_the_text_is_as_narrow_as_the_terminal(configuration: Configuration) -> None:
    text = render_text(explain(Decider(configuration), record(environment="bihar", summary="Site down"), NOW), 60)
    assert max(map(len, text.splitlines())) <= 60
    assert "text contains one of outage" in text


def test_a_ticket_that_nobody_takes_is_told_the_nearest_rule(configuration: Configuration) -> None:
    lonely = with_rules(
        configuration, assignment=(rule("never", is_("type", "problem"), example().rules.assignment[1].then),)
    )
    text = render_text(explain(Decider(lonely), record(), NOW))
    assert "  nobody is given the ticket: no rule matches; nearest is never, if type is problem (seen\n" in text
    assert "    'incident')\n" in text


@given(st.text(max_size=300), st.text(max_size=50), st.text(max_size=300))
def test_the_text_is_narrow_and_holds_nothing_that_steers_a_terminal(
    summary: str, environment: str, because: str
) -> None:
    rules = (rule("r" * 120, ALWAYS, example().rules.priority[0].then, because),)
    decider = Decider(with_rules(example(), priority=rules))
    text = render_text(explain(decider, record(summary=summary, environment=environment), NOW))
    assert all(len(line) <= 100 for line in text.split("\n"))
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text.replace("\n", ""))
    assert not set(text) & {"\u202e", "\u2066", "\u2028", "\u2029"}
    text.encode("utf-8")


def test_the_json_holds_everything_uncut(configuration: Configuration) -> None:
    made = record(summary="x" * 5_000, type=TicketType.CHANGE)
    document = json.loads(json.dumps(to_json(explain(Decider(configuration), made, NOW))))
    assert document["facts"]["summary"] == ["x" * 5_000]
    assert document["facts"]["created"] == ["2026-11-02T04:30:00+00:00"]
    assert document["values"]["priority"] == {"value": 3, "rule": "default", "because": "(impact 2 and urgency 2)"}
    assert [held["field"] for held in document["held"]] == ["vendor"]
    approval = next(section for section in document["sections"] if section["section"] == "approval")
    change = approval["rules"][0]
    assert (change["rule"], change["matched"], change["decided"], change["failed"]) == (
        "production-change",
        True,
        True,
        0,
    )
    assert change["condition"]["parts"][1] == {
        "kind": "test",
        "path": "all[1].environment",
        "held": True,
        "field": "environment",
        "matchers": [{"operator": "not", "operands": ["internal"]}],
        "seen": ["punjab"],
    }


@given(st.text(max_size=40))
def test_explaining_any_text_works(summary: str) -> None:
    json.dumps(to_json(explain(DECIDER, record(summary=summary), NOW)))
