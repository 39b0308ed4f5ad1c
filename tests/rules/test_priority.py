from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import ALWAYS, CREATED, NOW, is_, levels, record, rule, with_rules

from itsm_bridge.config.model import Configuration, Ownership, Rule, SetPriority
from itsm_bridge.model import TicketType
from itsm_bridge.rules import Decider, Standing, Verdict
from itsm_bridge.rules.priority import levels_for, priority_of

MATRIX = ((1, 2, 3), (2, 3, 4), (3, 4, 5))


def decided(configuration: Configuration, *rules: Rule[SetPriority], **ticket: Any) -> Verdict:  # noqa: ANN401  # any field
    return Decider(with_rules(configuration, priority=rules)).decide(record(**ticket), NOW)


def values(verdict: Verdict) -> dict[str, object]:
    return {
        field: verdict.values[field].value for field in ("impact", "urgency", "priority") if field in verdict.values
    }


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 2), (2, 2, 3), (2, 3, 4), (3, 1, 3), (3, 2, 4), (3, 3, 5)],
)
def test_the_matrix_gives_the_published_priorities(impact: int, urgency: int, priority: int) -> None:
    assert priority_of(MATRIX, impact, urgency) == priority


@pytest.mark.parametrize(("impact", "urgency"), [(None, 1), (1, None), (0, 1), (4, 1), (1, 0), (1, 4), (-1, -1)])
def test_outside_the_matrix_there_is_no_priority(impact: int | None, urgency: int | None) -> None:
    assert priority_of(MATRIX, impact, urgency) is None


def test_the_first_rule_that_sets_a_field_decides_that_field(configuration: Configuration) -> None:
    verdict = decided(
        configuration,
        rule("impact", is_("type", "incident"), levels(impact=1), "It hurts."),
        rule("never", is_("type", "change"), levels(3, 3)),
        rule("rest", ALWAYS, levels(2, 2)),
    )
    assert values(verdict) == {"impact": 1, "urgency": 2, "priority": 2}
    assert {field: verdict.values[field].rule for field in values(verdict)} == {
        "impact": "impact",
        "urgency": "rest",
        "priority": "impact",
    }
    assert verdict.values["priority"].because == "It hurts. (impact 1 and urgency 2)"


def test_what_no_rule_sets_stays_the_tickets(configuration: Configuration) -> None:
    verdict = decided(configuration, rule("impact", ALWAYS, levels(impact=1)), impact=3, urgency=3)
    assert values(verdict) == {"impact": 1, "priority": 3}


def test_the_matrix_alone_decides_where_the_ticket_has_both(configuration: Configuration) -> None:
    verdict = decided(configuration, impact=1, urgency=2, priority=5)
    assert values(verdict) == {"priority": 2}
    assert verdict.values["priority"].rule == "matrix"


def test_nothing_is_decided_where_nothing_is_known(configuration: Configuration) -> None:
    assert values(decided(configuration)) == {}
    assert values(decided(configuration, rule("half", ALWAYS, levels(impact=1)))) == {"impact": 1}


def test_a_direct_priority_goes_past_the_matrix_and_takes_impact_and_urgency_along(
    configuration: Configuration,
) -> None:
    verdict = decided(
        configuration,
        rule("vip", ALWAYS, levels(priority=1)),
        rule("default", ALWAYS, levels(2, 2)),
        impact=3,
        urgency=3,
    )
    assert values(verdict) == {"impact": 1, "urgency": 1, "priority": 1}
    assert {decision.rule for field, decision in verdict.values.items() if field in values(verdict)} == {"vip"}


def test_a_direct_priority_leaves_levels_that_already_make_it(configuration: Configuration) -> None:
    assert values(decided(configuration, rule("vip", ALWAYS, levels(priority=2)), impact=2, urgency=1)) == {
        "priority": 2
    }


def test_a_rule_that_sets_all_three_is_taken_at_its_word(configuration: Configuration) -> None:
    assert values(decided(configuration, rule("odd", ALWAYS, levels(3, 3, 1)))) == {
        "impact": 3,
        "urgency": 3,
        "priority": 1,
    }


def test_a_direct_priority_below_rules_that_settled_both_levels_comes_too_late(configuration: Configuration) -> None:
    outage = rule("outage", is_("type", "incident"), levels(1, 1))
    rest = rule("rest", ALWAYS, levels(priority=4))
    assert values(decided(configuration, outage, rest)) == {"impact": 1, "urgency": 1, "priority": 1}
    assert values(decided(configuration, outage, rest, type=TicketType.TASK))["priority"] == 4


def test_a_priority_that_no_cell_holds_is_still_decided(configuration: Configuration) -> None:
    flat = with_rules(configuration, matrix=((3, 3, 3), (3, 3, 3), (3, 3, 3)))
    assert values(decided(flat, rule("vip", ALWAYS, levels(priority=1)), impact=2, urgency=2)) == {"priority": 1}


def test_later_sections_see_the_decided_priority(configuration: Configuration) -> None:
    first = rule("urgent", is_("priority", 1), configuration.rules.assignment[0].then)
    urgent = with_rules(
        configuration,
        priority=(rule("vip", ALWAYS, levels(1, 1)),),
        assignment=(first, *configuration.rules.assignment),
    )
    assert Decider(urgent).decide(record(priority=4), NOW).values["vendor"].rule == "urgent"


def test_a_persons_priority_stands(configuration: Configuration) -> None:
    standing = {"priority": Standing("asha", CREATED, Ownership.YIELD)}
    verdict = Decider(configuration).decide(record(impact=3, urgency=3, priority=5), NOW, standing=standing)
    assert values(verdict) == {}
    assert verdict.held == ()
    assert verdict.trace[-2].note == "changed by asha on 2026-11-02 04:30 UTC: that stands"


def test_a_persons_priority_is_held_where_the_configuration_says_so(configuration: Configuration) -> None:
    standing = {"priority": Standing("asha", CREATED, Ownership.HOLD)}
    verdict = Decider(configuration).decide(record(impact=3, urgency=2, priority=4), NOW, standing=standing)
    assert values(verdict) == {}
    (held,) = verdict.held
    assert (held.ticket, held.field) == ("snow:INC0010023", "priority")
    assert held.why.endswith("the rules want impact 2 (rule default), priority 3 (rule default)")


@given(
    st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=3, max_size=3),
    st.integers(1, 5),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
)
def test_levels_for_a_priority_make_that_priority(
    cells: Sequence[Sequence[int]], priority: int, impact: int | None, urgency: int | None
) -> None:
    matrix = tuple(map(tuple, cells))
    found = levels_for(matrix, priority, impact, urgency)
    assert (found is None) is all(priority not in row for row in matrix)
    assert found is None or priority_of(matrix, *found) == priority
    if priority_of(matrix, impact, urgency) == priority:
        assert found == (impact, urgency)


def test_a_priority_below_both_levels_decides_nothing_and_the_trace_says_so(configuration: Configuration) -> None:
    verdict = decided(configuration, rule("levels", ALWAYS, levels(1, 1)), rule("direct", ALWAYS, levels(priority=4)))

    assert values(verdict)["priority"] == 1
    traced = {entry.rule: (entry.decided, entry.note) for entry in verdict.trace if entry.section == "priority"}
    assert traced["direct"] == (False, "all that it sets is decided above")
