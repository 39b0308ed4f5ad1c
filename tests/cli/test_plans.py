from __future__ import annotations

import json
import logging
import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.writeback.world import NOW, World, a_ticket

from itsm_bridge.cli import cli
from itsm_bridge.cli.plans import WIDTH, plan_text
from itsm_bridge.cli.starter import write_starter
from itsm_bridge.config import load
from itsm_bridge.model import FieldChange, Held, Note, Unrouted
from itsm_bridge.operations.bridge import open_bridge
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.writeback import Plan, TicketPlan

AT = datetime(2026, 11, 23, tzinfo=UTC)
NOTHING = Plan("", AT, (), (), (), (), {"snow": 3})


def a_change(
    number: str, because: str, after: str | int = "OptIT", *, field: str = "vendor", before: str | int | None = None
) -> TicketPlan:
    ticket = a_ticket(number)
    line = FieldChange(ticket.id, "snow", field, before, after, "owner", because)
    return TicketPlan(ticket, (line,), (), "")


def shown(*tickets: TicketPlan, **given: Any) -> list[str]:  # noqa: ANN401 - the fields of the class
    return plan_text(replace(NOTHING, tickets=tickets, **given)).splitlines()


def part(lines: list[str], first: str) -> list[str]:
    """The lines from one that begins so, up to an empty one."""
    start = next(place for place, line in enumerate(lines) if line.startswith(first))
    return lines[start : lines.index("", start)]


def test_a_plan_without_changes_is_one_line() -> None:
    assert plan_text(NOTHING) == "0 of 3 open tickets would change. Nothing was written."


def test_a_slip_of_a_rule_shows_in_the_first_lines_and_in_the_last() -> None:
    slipped = [a_change(f"INC{n}", "One owner.", "GWL", before="OptIT" if n < 40 else None) for n in range(43)]
    lines = shown(*slipped, in_hand={"GWL": 12, "OptIT": 50, "eGov DevOps": 7, "": 3}, open_tickets={"snow": 72})
    assert lines[:9] == [
        "Open tickets by vendor",
        "               now     then",
        "  GWL           12  →    55  (+43)",
        "  OptIT         50  →    10  (-40)",
        "  (nobody)       3  →     0   (-3)",
        "  eGov DevOps    7",
        "",
        "Tickets by rule",
        "  owner  43   GWL +43, OptIT -40, (nobody) -3",
    ]
    assert " ".join(line.strip() for line in lines[-2:]) == (
        "43 of 72 open tickets would change; GWL 12 → 55 (+43), OptIT 50 → 10 (-40). Nothing was written."
    )


def test_the_rule_that_changes_most_tickets_stands_first() -> None:
    few = replace(a_change("INC9", ""), changes=(FieldChange("snow:INC9", "snow", "vendor", None, "A", "a-rule", ""),))
    lines = shown(few, a_change("INC1", "", 2, field="impact"), a_change("INC2", "", 2, field="impact"))
    assert part(lines, "Tickets by rule")[1:] == ["  owner   2   impact 2", "  a-rule  1   A +1, (nobody) -1"]


def test_a_plan_that_moves_no_ticket_has_no_table_of_vendors() -> None:
    assert shown(a_change("INC1", "", 2, field="impact"), in_hand={"GWL": 3})[0] == "Tickets by rule"


def test_what_all_changes_of_a_rule_have_in_common_is_said_once() -> None:
    lines = shown(
        a_change("INC1", "One owner. (OptIT owns punjab)"), a_change("INC2", "One owner. (GWL owns ap)", "GWL")
    )
    assert part(lines, "owner (") == [
        "owner (2 tickets): One owner.",
        "  vendor – → OptIT (OptIT owns punjab)",
        "    snow:INC1",
        "  vendor – → GWL (GWL owns ap)",
        "    snow:INC2",
    ]


def test_a_reason_that_only_one_change_adds_to_is_still_shared() -> None:
    assert part(shown(a_change("INC1", "One owner."), a_change("INC2", "One owner. (GWL owns ap)")), "owner (") == [
        "owner (2 tickets): One owner.",
        "  vendor – → OptIT",
        "    snow:INC1",
        "  vendor – → OptIT (GWL owns ap)",
        "    snow:INC2",
    ]


def test_reasons_that_differ_stand_with_their_changes() -> None:
    lines = shown(a_change("INC1", "the least load"), a_change("INC2", "the last one"))
    assert part(lines, "owner (")[:2] == ["owner (2 tickets)", "  vendor – → OptIT the least load"]


def test_the_fields_that_a_rule_changes_on_one_ticket_stand_together() -> None:
    ticket = a_change("INC1", "By default.", 2, field="impact")
    urgency = replace(ticket.changes[0], field="urgency", before=3)
    lines = part(shown(replace(ticket, changes=(*ticket.changes, urgency))), "owner (")
    assert lines == ["owner (1 ticket): By default.", "  impact – → 2, urgency 3 → 2", "    snow:INC1"]


def test_long_lists_are_cut_and_say_where_the_rest_is() -> None:
    alike = [a_change(f"INC{n:04}", "One owner.") for n in range(37)]
    others = [a_change(f"INC1{n:03}", "One owner.", f"vendor {n}") for n in range(9)]
    lines = shown(*alike, *others)
    tickets = part(lines, "owner (")
    assert tickets[0] == "owner (46 tickets): One owner."
    assert "snow:INC0007  … 29 more" in tickets[3]
    assert tickets[-1] == "  … 5 more tickets in 5 other ways"
    assert lines[lines.index("") :].count(
        "The lists are cut; every ticket: itsm-bridge --json plan, or plan --out FILE."
    )
    assert not any("cut" in line for line in shown(alike[0]))


def test_tickets_that_wait_for_the_same_thing_are_listed_together_and_counted_once() -> None:
    held = (*(Held(f"snow:CHG{n}", "vendor", "waits for approval") for n in range(30)),)
    more = (*held, Held("snow:CHG0", "approval", "not given in time"))
    unrouted = (Unrouted("snow:INC9", "owner would have matched if environment were given"),)
    text = plan_text(replace(NOTHING, held=more, unrouted=unrouted))
    assert text.count("waits for approval") == 1
    assert "held (30 tickets)" in text
    assert "unrouted (1 ticket)" in text
    assert text.splitlines()[-1] == "0 of 3 open tickets would change; 30 held; 1 unrouted. Nothing was written."


@pytest.mark.parametrize("width", [WIDTH, 60])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    because = "Every environment has one accountable owner, and here is a reason that goes on. (OptIT owns punjab)"
    tickets = tuple(a_change(f"INC{n:07}", because, f"A vendor of a long name, number {n}") for n in range(30))
    held = tuple(Held(f"snow:CHG{n:07}", "vendor", "waits for " + "somebody@egov.example, " * 9) for n in range(30))
    text = plan_text(replace(NOTHING, tickets=tickets, held=held), width)
    assert max(map(len, text.splitlines())) <= width


def test_the_text_of_a_ticket_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;x\x07"
    ticket = a_change("INC1", evil, evil, before=evil)
    assert "\x1b" not in "".join(shown(ticket, in_hand={evil: 3}, held=(Held(evil, evil, evil),)))


def test_a_note_follows_its_line_in_lines_of_the_plans_width() -> None:
    ticket = a_ticket("INC1")
    note = Note("0123456789abcdef", "lead@gwl.example: " + "half of the time is used up. " * 9)
    change = FieldChange(ticket.id, "snow", "note", None, note.text, "breach", "(52 % of resolution)", note)
    lines = part(shown(TicketPlan(ticket, (change,), (), "")), "breach (")
    assert lines[:3] == [
        "breach (1 ticket): (52 % of resolution)",
        "  note",
        "      lead@gwl.example: half of the time is used up. half of the time is used",
    ]
    assert lines[-1] == "    snow:INC1"


def test_a_reason_that_is_a_sentence_and_several_notes_have_lines_of_their_own() -> None:
    ticket = a_ticket("INC1")
    notes = [Note(f"{place:016x}", f"lead@gwl.example: clock {place} is used up.") for place in range(2)]
    changes = [
        FieldChange(ticket.id, "snow", "note", None, note.text, "breach", f"({place} %)", note)
        for place, note in enumerate(notes)
    ]
    lines = part(shown(TicketPlan(ticket, tuple(changes), (), "")), "breach (")
    assert lines[1:] == ["  2 notes (0 %) (1 %)", *(f"      {note.text}" for note in notes), "    snow:INC1"]
    asked = shown(a_change("INC1", "It needs the lead. (nobody has voted)"), a_change("INC2", "By hand."))
    assert part(asked, "owner (")[1:3] == ["  vendor – → OptIT", "      It needs the lead. (nobody has voted)"]


# --- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def unmarked() -> Iterator[None]:
    """A command sets the process's umask and its log; the next test finds them as they were."""
    umask, log = os.umask(0o077), logging.getLogger()
    handlers, level = log.handlers[:], log.level
    yield
    os.umask(umask)
    log.handlers[:] = handlers
    log.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path, unmarked: None) -> Path:  # noqa: ARG001 - a fixture
    """A project whose store knows 25 open tickets of Punjab, which nobody has."""
    folder = tmp_path / "config"
    write_starter(folder, {"snow": "http://127.0.0.1:1", "ops": "http://127.0.0.1:2"})
    world = World()
    world.put(*(a_ticket(f"INC00000{place:02}") for place in range(25)))
    with open_bridge(load(folder), lambda: NOW, create=True) as bridge:
        read_sources(bridge, {"snow": world})
    return folder


def planned(folder: Path, *words: str, json_too: str = "") -> str:
    options = ["--json"] if json_too else []
    done = CliRunner().invoke(cli, ["-C", str(folder), *options, "plan", *words])
    assert done.exception is None
    return done.stdout


def shown_for(folder: Path) -> str:
    return f"itsm-bridge -C {shlex.quote(str(folder))}"


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def test_the_last_line_is_the_command_to_type_next(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mon day.json"
    one = ("--ticket", "snow:INC0000001")
    assert last_line(planned(folder, *one, "--out", str(file))) == f"Next: {shown_for(folder)} apply '{file}'"
    assert last_line(planned(folder, *one)) == (
        f"Next: {shown_for(folder)} plan --ticket snow:INC0000001 --out FILE && {shown_for(folder)} apply FILE"
    )


def test_a_plan_that_a_guard_will_stop_says_so_before_anybody_tries(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.json"
    *_, stops, which, then = planned(folder, "--out", str(file)).splitlines()
    assert f"{stops} {which.strip()}" == (
        "A guard will stop this: 25 of 25 open tickets of snow would change, limit max_change_percent 20 % "
        "(most by rule default: 25)."
    )
    assert max(len(stops), len(which)) <= WIDTH
    assert then == f"Next, if all of it is meant: {shown_for(folder)} apply {file} --allow-changes 25"


def test_a_plan_from_an_older_copy_of_the_store_says_that_it_must_be_read_first(folder: Path) -> None:
    with open_bridge(load(folder), lambda: NOW) as bridge:
        bridge.store.want_reread(["snow"], NOW)
    *_, stops, then = planned(folder).splitlines()
    assert stops == (
        "A guard will stop this: the store is an older copy: snow must be read from the start before anything is "
        "written."
    )
    assert then == f"Next: {shown_for(folder)} sync"


def test_the_json_of_a_plan_says_what_each_vendor_has_before_and_after(folder: Path) -> None:
    summary = json.loads(planned(folder, json_too="yes"))["summary"]
    assert summary["vendors"] == {"": {"before": 25, "after": 0}, "OptIT": {"before": 0, "after": 25}}


def test_where_nothing_is_to_be_written_the_next_command_shows_how_things_stand(folder: Path) -> None:
    rules = folder / "rules.yaml"
    rules.write_text("classify: []\n", encoding="utf-8")
    assert last_line(planned(folder)) == f"Next: {shown_for(folder)} status"


def test_a_plan_file_that_was_edited_stops_apply_before_anything(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.json"
    planned(folder, "--out", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace('"OptIT"', '"GWL"'), encoding="utf-8")
    done = CliRunner().invoke(cli, ["-C", str(folder), "apply", str(file)])
    assert "edited or damaged; nothing was written" in str(done.exception)
