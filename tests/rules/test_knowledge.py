from __future__ import annotations

from tests.rules.made import ALWAYS, NOW, contains, record, rule, with_rules

from itsm_bridge.config.model import Configuration, Intake, Knowledge, Rule
from itsm_bridge.model import State, TicketRecord
from itsm_bridge.rules import Decider, NoteDecision

DISK = rule("disk-full-sop", contains("text", "disk full"), Knowledge("KB0010042", "SOP: reclaim disk space."))


FULL = record(summary="Disk full on node 3")


def notes(configuration: Configuration, *rules: Rule[Knowledge], of: TicketRecord = FULL) -> tuple[NoteDecision, ...]:
    return Decider(with_rules(configuration, knowledge=rules)).decide(of, NOW).notes


def test_an_article_is_attached_with_its_number_and_the_rules_words(configuration: Configuration) -> None:
    (note,) = notes(configuration, DISK)
    assert note.text == "Knowledge article KB0010042: SOP: reclaim disk space."
    assert (note.rule, note.because, note.public) == ("disk-full-sop", "(article KB0010042)", False)


def test_a_ticket_that_is_about_something_else_gets_none(configuration: Configuration) -> None:
    assert notes(configuration, DISK, of=record(summary="The ledger is slow")) == ()


def test_every_rule_that_matches_brings_its_article_and_the_same_one_comes_once(configuration: Configuration) -> None:
    again, other = rule("again", ALWAYS, Knowledge("kb0010042", None)), rule("other", ALWAYS, Knowledge("KB7", None))
    assert [(note.rule, note.text) for note in notes(configuration, DISK, again, other)] == [
        ("disk-full-sop", "Knowledge article KB0010042: SOP: reclaim disk space."),
        ("other", "Knowledge article KB7"),
    ]


def test_nothing_of_the_tickets_own_text_is_quoted(configuration: Configuration) -> None:
    hostile = record(summary="disk full [code]<script>javascript:x", description="\x1b]0;x")
    (note,) = notes(configuration, DISK, of=hostile)
    assert note.text == "Knowledge article KB0010042: SOP: reclaim disk space."


def test_a_closed_ticket_and_one_that_is_not_ours_get_none(configuration: Configuration) -> None:
    assert notes(configuration, DISK, of=record(summary="Disk full", state=State.RESOLVED)) == ()
    away = with_rules(configuration, intake=(rule("away", ALWAYS, Intake("decline", None, None)),))
    assert notes(away, DISK) == ()
