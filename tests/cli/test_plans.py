from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.writeback.world import a_ticket

from itsm_bridge.cli.plans import WIDTH, plan_text
from itsm_bridge.model import FieldChange, Held, Note, Unrouted
from itsm_bridge.writeback import Plan, TicketPlan

AT = datetime(2026, 11, 23, tzinfo=UTC)
NOTHING = Plan("", AT, (), (), (), (), {"snow": 3})


def a_change(number: str, because: str, after: str | int = "OptIT") -> TicketPlan:
    ticket = a_ticket(number)
    line = FieldChange(ticket.id, "snow", "vendor", None, after, "owner", because)
    return TicketPlan(ticket, (line,), (), "")


def test_a_plan_without_changes_is_one_line() -> None:
    assert plan_text(NOTHING) == "0 of 3 open tickets would change. Nothing was written."


def test_what_all_changes_of_a_rule_have_in_common_is_said_once() -> None:
    tickets = (a_change("INC1", "One owner. (OptIT owns punjab)"), a_change("INC2", "One owner. (GWL owns ap)", "GWL"))
    assert plan_text(replace(NOTHING, tickets=tickets)).splitlines() == [
        "owner (2 changes): One owner.",
        "  snow:INC1  vendor  – → OptIT  (OptIT owns punjab)",
        "  snow:INC2  vendor  – → GWL    (GWL owns ap)",
        "",
        "2 of 3 open tickets would change; GWL +1, OptIT +1. Nothing was written.",
    ]


def test_a_reason_that_only_one_change_adds_to_is_still_shared() -> None:
    tickets = (a_change("INC1", "One owner."), a_change("INC2", "One owner. (GWL owns ap)"))
    assert plan_text(replace(NOTHING, tickets=tickets)).splitlines()[:3] == [
        "owner (2 changes): One owner.",
        "  snow:INC1  vendor  – → OptIT",
        "  snow:INC2  vendor  – → OptIT  (GWL owns ap)",
    ]


def test_reasons_that_differ_stand_with_their_changes() -> None:
    tickets = (a_change("INC1", "the least load"), a_change("INC2", "the last one"))
    assert plan_text(replace(NOTHING, tickets=tickets)).splitlines()[0] == "owner (2 changes)"


def test_tickets_that_wait_for_the_same_thing_are_listed_together() -> None:
    held = tuple(Held(f"snow:CHG{n}", "vendor", "waits for approval") for n in range(30))
    unrouted = (Unrouted("snow:INC9", "owner would have matched if environment were given"),)
    text = plan_text(replace(NOTHING, held=held, unrouted=unrouted))
    assert text.count("waits for approval") == 1
    assert "held (30 tickets)" in text
    assert "unrouted (1 ticket)" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_text_of_a_ticket_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in plan_text(replace(NOTHING, tickets=(a_change("INC1", "\x1b]0;x\x07"),)))


def test_a_note_follows_its_line_in_lines_of_the_plans_width() -> None:
    ticket = a_ticket("INC1")
    note = Note("0123456789abcdef", "lead@gwl.example: " + "half of the time is used up. " * 9)
    change = FieldChange(ticket.id, "snow", "note", None, note.text, "breach", "(52 % of resolution)", note)
    lines = plan_text(replace(NOTHING, tickets=(TicketPlan(ticket, (change,), (), ""),))).splitlines()
    assert lines[:3] == [
        "breach (1 change): (52 % of resolution)",
        "  snow:INC1  note",
        "      lead@gwl.example: half of the time is used up. half of the time is used up. half of the time",
    ]
    assert max(map(len, lines)) <= WIDTH
