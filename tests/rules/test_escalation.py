from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.rules.made import ALWAYS, CREATED, NOW, is_, record, rule, with_rules, with_vendor

from itsm_bridge.config.model import Assign, Configuration, Contacts, Escalate, Rule
from itsm_bridge.model import Held
from itsm_bridge.rules import Decider, NoteDecision, RunningClock, Verdict, inputs_json

LEAD, HEAD, SPOC = "lead@optit.example", "head@optit.example", "punjab-spoc@egov.example"
BREACH = rule("breach", ALWAYS, Escalate(100, "resolution", "escalation", note=True))
HALF = rule("half-way", is_("priority", 1, 2, 3), Escalate(50, "resolution", "lead", note=False))


def clock(used: float, measures: str = "resolution", *, started_at: datetime = CREATED) -> RunningClock:
    return RunningClock("standard resolution", measures, used, started_at)


@pytest.fixture
def staffed(configuration: Configuration) -> Configuration:
    """OptIT with a lead and a head, Punjab with somebody to turn to."""
    punjab = replace(configuration.environments["punjab"], contact=SPOC)
    known = replace(configuration, environments={**configuration.environments, "punjab": punjab})
    return with_vendor(known, "OptIT", contacts=Contacts(LEAD, (HEAD,)))


def verdict(
    configuration: Configuration,
    rules: Sequence[Rule[Escalate]],
    *clocks: RunningClock,
    priority: int | None = None,
) -> Verdict:
    decider = Decider(with_rules(configuration, escalation=tuple(rules)))
    return decider.decide(record(priority=priority), NOW, clocks=clocks)


def notes(
    configuration: Configuration,
    rules: Sequence[Rule[Escalate]],
    *clocks: RunningClock,
    priority: int | None = None,
) -> tuple[NoteDecision, ...]:
    return verdict(configuration, rules, *clocks, priority=priority).notes


def test_the_lead_is_told_when_the_share_is_reached(staffed: Configuration) -> None:
    assert notes(staffed, [HALF], clock(49.9)) == ()
    (note,) = notes(staffed, [HALF], clock(50))
    assert note.text == f"{LEAD}: 50 % of standard resolution is used up."
    assert (note.told, note.public) == ((LEAD,), False)


def test_each_rule_tells_its_own_people(staffed: Configuration) -> None:
    assert [note.told for note in notes(staffed, [HALF, BREACH], clock(130))] == [(LEAD,), (HEAD,)]


def test_a_rule_that_does_not_match_and_a_clock_of_something_else_tell_nobody(staffed: Configuration) -> None:
    other = rule("other", is_("type", "change"), Escalate(50, "resolution", "lead", note=False))
    assert notes(staffed, [other], clock(130)) == ()
    assert notes(staffed, [BREACH], clock(130, "response")) == ()
    assert notes(staffed, [BREACH]) == ()


def test_a_rule_sees_what_was_decided_before_it(staffed: Configuration) -> None:
    assert len(notes(staffed, [HALF], clock(60), priority=5)) == 1  # the rules make it a 3


@pytest.mark.parametrize(
    ("contacts", "tell", "told"),
    [
        (Contacts(LEAD, (HEAD,)), "lead", (LEAD,)),
        (Contacts(None, (HEAD,)), "lead", (HEAD,)),
        (Contacts(LEAD, ()), "escalation", (SPOC,)),
        (Contacts(), "lead", (SPOC,)),
    ],
)
def test_who_is_missing_is_stood_in_for_further_up(
    staffed: Configuration, contacts: Contacts, tell: str, told: tuple[str, ...]
) -> None:
    rules = [rule("breach", ALWAYS, Escalate(100, "resolution", tell, note=False))]
    (note,) = notes(with_vendor(staffed, "OptIT", contacts=contacts), rules, clock(100))
    assert note.told == told


def test_where_nobody_has_the_ticket_its_environment_is_told(staffed: Configuration) -> None:
    nobody = with_rules(staffed, assignment=())
    (note,) = notes(nobody, [BREACH], clock(100))
    assert note.told == (SPOC,)


def test_where_nobody_can_be_told_that_is_a_finding_and_the_note_is_left_all_the_same(
    configuration: Configuration,
) -> None:
    found = verdict(configuration, [BREACH, HALF], clock(100))
    assert [(note.rule, note.text) for note in found.notes] == [("breach", "100 % of standard resolution is used up.")]
    why = "nobody can be told: OptIT has no escalation contact, and nobody is named for its environment (rule breach)"
    assert found.held[0] == Held(found.ticket.id, "note", why, "untold")
    assert len(found.held) == 2
    assert verdict(configuration, [BREACH], clock(99)).held == ()


def test_a_note_alone_is_for_nobody_in_particular(staffed: Configuration) -> None:
    rules = [rule("breach", ALWAYS, Escalate(100, "resolution", None, note=True), "The promise is broken.")]
    (note,) = notes(staffed, rules, clock(100))
    assert (note.told, note.text) == ((), "100 % of standard resolution is used up. The promise is broken.")


def test_the_same_clock_is_the_same_note_however_far_it_is(staffed: Configuration) -> None:
    first, later = notes(staffed, [BREACH], clock(100)), notes(staffed, [BREACH], clock(340))
    assert (first[0].key, first[0].text) == (later[0].key, later[0].text)


def test_a_clock_that_began_again_is_another_note(staffed: Configuration) -> None:
    again = clock(100, started_at=CREATED + timedelta(hours=3))
    assert len({note.key for note in notes(staffed, [BREACH], clock(100), again)}) == 2


def test_a_decision_keeps_the_clocks_that_it_rests_on(staffed: Configuration) -> None:
    kept = json.loads(inputs_json(verdict(staffed, [BREACH], clock(130))))
    assert kept["clocks"] == [["standard resolution", "resolution", 130, CREATED.isoformat()]]


def test_the_trace_says_how_far_the_clock_is_and_who_is_told(staffed: Configuration) -> None:
    lines = [line for line in verdict(staffed, [BREACH], clock(62)).trace if line.section == "escalation"]
    assert [(line.decided, line.note) for line in lines] == [
        (False, f"62 % of standard resolution used, of 100 %; tells {HEAD}")
    ]


def test_nobody_is_told_of_what_is_not_ours_to_give(staffed: Configuration) -> None:
    given = with_rules(staffed, assignment=(rule("gwl", ALWAYS, Assign("GWL", False, (), None, ())),))
    (note,) = notes(given, [BREACH], clock(100))
    assert note.told == (SPOC,)  # GWL has no contact here, and OptIT, the owner, does not have the ticket
