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


def test_what_is_redirected_is_told_so_to_those_who_work_on_it(configuration: Configuration) -> None:
    (note,) = Decider(configuration).decide(record(category=("desktop",)), NOW).notes
    assert (note.text, note.public) == ("Desktop requests are served by the Office IT desk.", False)
    assert (note.rule, note.because) == ("not-ours-desktop", "Desktop support belongs to the office IT desk.")


def test_whoever_asked_is_told_only_where_a_line_says_so(configuration: Configuration) -> None:
    rules = (rule("spam", ALWAYS, Intake("decline", None, "Please ask again in words.", public=True)),)
    (note,) = Decider(with_rules(configuration, intake=rules)).decide(record(), NOW).notes
    assert note.public


def test_without_a_note_nothing_is_said(configuration: Configuration) -> None:
    rules = (rule("spam", ALWAYS, Intake("decline", None, None)),)
    assert Decider(with_rules(configuration, intake=rules)).decide(record(), NOW).notes == ()


def test_what_is_accepted_may_bear_a_note_and_is_decided_all_the_same(configuration: Configuration) -> None:
    rules = (rule("ours", ALWAYS, Intake("accept", None, "Handled by the programme.")),)
    verdict = Decider(with_rules(configuration, intake=rules)).decide(record(), NOW)
    assert [note.text for note in verdict.notes] == ["Handled by the programme."]
    assert verdict.values["vendor"].value == "OptIT"


def test_another_desk_is_another_note_and_other_words_are_not(configuration: Configuration) -> None:
    def key(name: str, target: str, words: str) -> str:
        rules = (rule(name, ALWAYS, Intake("redirect", target, words)),)
        return Decider(with_rules(configuration, intake=rules)).decide(record(), NOW).notes[0].key

    assert key("a", "Office IT desk", "Ask them.") == key("b", "Office IT desk", "Please ask them.")
    assert key("a", "Office IT desk", "Ask them.") != key("a", "Facilities", "Ask them.")
