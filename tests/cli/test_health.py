from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsm_bridge.cli.health import _document, _lines, _runs
from itsm_bridge.operations.status import Status
from itsm_bridge.store import Run

NOW = datetime(2026, 11, 23, 1, 35, tzinfo=UTC)


def shown(told: object) -> list[str]:
    """The lines about one run that told somebody something."""
    return list(_runs(healthy(Run(1, "run", NOW, "", NOW, "0", {"written": 7, "told": told}))))


def healthy(run: Run) -> Status:
    """All is well, and there is no source."""
    return Status(
        now=NOW,
        runs=(run,),
        freshness={},
        tickets={},
        open_tickets={},
        unresolved=0,
        quarantined=(),
        held=0,
        sweeps={},
        gone={},
        gaps=(),
        counts=(),
        findings=(),
    )


def test_copies_of_the_store_are_named_in_80_columns() -> None:
    copy = Path("/srv/itsm-bridge/var/itsm-bridge.db.r0009.20261126T120000Z.backup")
    found = replace(healthy(Run(1, "run", NOW, "", NOW, "0", {})), copies=(copy,))
    (line,) = [line for line in _lines(found) if "copy" in line]
    assert line == f"  copy of before an upgrade: {copy.name}"
    assert len(line) <= 80
    assert _document(found)["copies"] == [str(copy)]


def test_a_run_is_shown_with_whom_it_told_about_which_tickets() -> None:
    lines = shown([["snow:INC1", "lead@optit.example", "…"], ["ops:OPS-2", "lead@optit.example", "…"]])
    assert lines[1:] == ["      told lead@optit.example about snow:INC1, ops:OPS-2"]


def test_a_ticket_with_two_notes_is_named_once() -> None:
    lines = shown([["snow:INC1", "lead@optit.example", "75 %"], ["snow:INC1", "lead@optit.example", "100 %"]])
    assert lines[1:] == ["      told lead@optit.example about snow:INC1"]


def test_a_flood_of_tickets_is_one_short_line() -> None:
    (line,) = shown([[f"snow:INC{n}", "lead@optit.example", "…"] for n in range(9)])[1:]
    assert line.endswith("snow:INC4 and 4 more")


def test_a_run_of_an_older_program_told_nobody() -> None:
    assert len(shown(None)) == len(shown([])) == 1


def test_an_address_that_would_be_obeyed_by_a_terminal_is_shown() -> None:
    assert "\x1b" not in shown([["snow:INC1", "\x1b]0;pwned\x07", "…"]])[1]


def stood(*outcomes: str | None) -> Status:
    """How things stand after runs that ended so, an hour apart, the newest first."""
    runs = tuple(
        Run(9 - n, "run", NOW - timedelta(hours=n), "", NOW - timedelta(hours=n), outcome, {})
        for n, outcome in enumerate(outcomes)
    )
    return Status(NOW, runs, {"snow": NOW}, {"snow": 1}, {"snow": 1}, 0, (), 0, {}, {"snow": {}}, (), (), ())


def test_it_is_healthy_since_the_first_of_the_runs_that_all_ended_well() -> None:
    assert (stood("0", "0", "5").healthy, stood("0", "0", "5").since) == (True, NOW - timedelta(hours=1))
    assert stood("0", "0", "5").reasons == ()


def test_it_needs_a_look_since_the_first_of_the_runs_that_all_ended_badly_and_says_why() -> None:
    found = stood("6", "5", "0")
    assert (found.healthy, found.since) == (False, NOW - timedelta(hours=1))
    assert found.reasons == ("the last run was stopped by a guard",)
    assert next(iter(_lines(found))).startswith("needs a look since 2026-11-23 00:35 UTC")


def test_a_project_without_a_run_says_so_and_since_nothing() -> None:
    assert (stood().reasons, stood().since) == (("no run yet",), None)


def test_a_run_that_has_not_ended_is_a_reason_and_does_not_say_since_when() -> None:
    assert stood(None, "0").reasons == ("the last run has not ended: at work, or killed",)
    assert stood(None, "0").since == NOW - timedelta(hours=1)
