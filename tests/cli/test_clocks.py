"""A ticket's clocks on a terminal of 80 columns, and as one document."""

from __future__ import annotations

from dataclasses import replace

from tests.sla.test_telling import MONDAY, ON_HOLD, told, with_days_off
from tests.sla.tickets import EXAMPLE_LEVELS, P1_RESOLUTION, STANDARD, at, configured, level, record

from itsm_bridge.cli.clocks import WIDTH, clocks_document, clocks_text
from itsm_bridge.config.model import OnChange, SlaDefinition, Target
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import Statements, statements

HOSTILE = "\x1b]0;pwned\x07\u202eoffice " + "x" * 200


def text(one: TicketRecord, *levels: SlaDefinition, now: str, whole: bool = False) -> list[str]:
    return clocks_text(told(one, *levels, now=now), whole=whole).splitlines()


def long_life() -> Statements:
    """A clock over nights, a weekend, two holidays, a pause and a breach."""
    paused = ("2026-07-02T12:00+05:30", "state", "on_hold")
    one = record("2026-06-24T11:00+05:30", paused, ("2026-07-06T12:00+05:30", "state", "in_progress"), priority=1)
    levels = (level("resolution", calendar="optit", pause=ON_HOLD, hours=16), *EXAMPLE_LEVELS)
    return statements(one, with_days_off(*levels), at("2026-07-07T13:00+05:30"))


def test_a_clock_is_told_from_its_head_to_its_sum() -> None:
    one = record(MONDAY, ("2026-11-24T12:00+05:30", "state", "on_hold"))
    lines = text(one, level(calendar="optit", pause=ON_HOLD, hours=40), now="2026-11-24T13:00+05:30")
    assert lines == [
        "snow:INC1",
        "clocks as of 2026-11-24 07:30 UTC",
        "",
        "resolution: paused",
        "  sla for resolution, hours of optit (Asia/Kolkata)",
        "  10h of 40h used, 25 %; would be due Mon 2026-11-30 11:00 if resumed now",
        "",
        "  from                  to                                counts       used",
        "  Mon 2026-11-23 10:00  Tue 2026-11-24 12:00  running   10:00:00   10:00:00",
        "      created; 2 days in hours",
        "  Tue 2026-11-24 12:00  13:00                 paused     1:00:00   10:00:00",
        "      state became on_hold",
        "  sum                                         running              10:00:00",
        "                                              paused     1:00:00",
    ]


def test_nothing_is_folded_where_the_whole_is_wanted() -> None:
    one = record(MONDAY)
    few, all_of_it = (
        text(one, level(calendar="optit"), now="2026-11-27T12:00+05:30", whole=whole) for whole in (False, True)
    )
    assert sum("running " in line for line in few) == 2  # one line and the sum
    assert sum("running " in line for line in all_of_it) == 6
    assert few[-1] == all_of_it[-1]


def test_no_line_is_wider_than_the_terminal() -> None:
    found = long_life()
    crowded = replace(found, summary=HOSTILE, clocks=tuple(replace(one, ended=HOSTILE) for one in found.clocks))
    lines = [line for whole in (False, True) for line in clocks_text(crowded, whole=whole).splitlines()]
    assert len(found.clocks) == 3
    assert max(map(len, lines)) <= WIDTH
    assert not any(line != line.rstrip() for line in lines)


def test_what_a_person_typed_does_not_steer_the_terminal() -> None:
    found = told(record(MONDAY, summary=HOSTILE), level(calendar="optit"), now="2026-11-23T13:00+05:30")
    said = clocks_text(found, whole=False)
    assert "pwned" in said
    assert all(line.isprintable() for line in said.splitlines())


def test_a_breach_says_by_how_much_and_when_it_was_due() -> None:
    lines = text(record(MONDAY), level(hours=1), now="2026-11-23T13:30+05:30")
    assert "resolution: running, breached by 2h 30m" in lines
    assert "  3h 30m of 1h used, 350 %; was due Mon 2026-11-23 05:30" in lines


def test_a_target_in_working_days_is_told_in_both_ways() -> None:
    lines = text(record(MONDAY), level(calendar="optit", days=2), now="2026-11-23T12:00+05:30")
    assert "  2h of 2 working days (16h) used, 12 %; due Wed 2026-11-25 10:00" in lines
    single = replace(level(calendar="optit"), target=Target(working_days=1))
    assert "of 1 working day (8h) used" in "\n".join(text(record(MONDAY), single, now="2026-11-23T12:00+05:30"))


def test_time_that_was_carried_over_is_the_first_line() -> None:
    one = record(MONDAY, ("2026-11-23T12:00+05:30", "priority", "3"), priority=1, environment="punjab")
    lines = text(one, replace(P1_RESOLUTION, on_change=OnChange.CARRY), STANDARD, now="2026-11-23T13:00+05:30")
    head = lines.index("standard resolution: running")
    assert [line for line in lines[head:] if line.endswith(":00:00")] == [
        "  carried from P1 resolution                                        2:00:00",
        "  Mon 2026-11-23 12:00  13:00                 running    1:00:00    3:00:00",
        "  sum                                         running               3:00:00",
    ]


def test_levels_without_a_clock_are_listed_with_the_reason() -> None:
    lines = text(record(MONDAY, priority=3), *EXAMPLE_LEVELS, now="2026-11-23T13:00+05:30")
    assert lines[2:] == [
        "",
        "cannot be measured",
        "  standard resolution: it has no environment",
        "",
        "no clock",
        "  P1 response: start never held; it would have if priority is 1 (seen 3)",
        "  P1 resolution: start never held; it would have if priority is 1 (seen 3)",
        "  vendor resolution: start never held; it would have if vendor is not empty",
        "    (seen nothing)",
    ]


def test_a_configuration_without_levels_is_said_to_have_none() -> None:
    found = statements(record(MONDAY), configured(), at("2026-11-23T13:00+05:30"))
    assert clocks_text(found, whole=False).splitlines()[-1] == "there are no service levels in sla.yaml"


def test_the_document_holds_every_interval_and_they_add_up() -> None:
    found = long_life()
    document = clocks_document(found)
    clocks = document["clocks"]
    assert isinstance(clocks, list)
    first = clocks[0]
    assert (document["ticket"], first["sla"], first["calendar"], first["zone"]) == (
        "snow:INC1", "resolution", "optit", "Asia/Kolkata",
    )  # fmt: skip
    assert len(first["intervals"]) == len(found.clocks[0].lines) > 15
    running, paused = (
        sum(one["seconds"] for one in first["intervals"] if one["kind"] == kind) for kind in ("running", "paused")
    )
    assert (running, paused) == (first["elapsed_seconds"], first["paused_seconds"])
    assert {one["kind"] for one in first["intervals"]} == {"running", "paused", "closed", "holiday"}
    named = [one["why"] for one in first["intervals"] if one["kind"] == "holiday"]
    assert named == ["Ashura", "Sant Kabir's Birthday", "Founders' day"]
    assert document["unattached"] == [{"sla": one.sla, "why": one.why} for one in found.unattached]
    assert [one.sla for one in found.unattached] == ["standard resolution", "vendor resolution"]


def test_the_document_names_what_cannot_be_measured() -> None:
    found = told(record(MONDAY, priority=3), STANDARD, now="2026-11-23T13:00+05:30")
    assert clocks_document(found)["unmeasured"] == [{"sla": "standard resolution", "why": "it has no environment"}]
