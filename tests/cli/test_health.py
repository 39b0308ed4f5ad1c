from __future__ import annotations

from datetime import UTC, datetime

from itsm_bridge.cli.health import _runs
from itsm_bridge.operations.status import Status
from itsm_bridge.store import Run

NOW = datetime(2026, 11, 23, 1, 35, tzinfo=UTC)


def shown(told: object) -> list[str]:
    """The lines about one run that told somebody something."""
    run = Run(1, "run", NOW, "", NOW, "0", {"written": 7, "told": told})
    found = Status(
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
    return list(_runs(found))


def test_a_run_is_shown_with_whom_it_told_about_which_tickets() -> None:
    lines = shown([["snow:INC1", "lead@optit.example", "…"], ["ops:OPS-2", "lead@optit.example", "…"]])
    assert lines[1:] == ["      told lead@optit.example about snow:INC1, ops:OPS-2"]


def test_a_flood_of_tickets_is_one_short_line() -> None:
    (line,) = shown([[f"snow:INC{n}", "lead@optit.example", "…"] for n in range(9)])[1:]
    assert line.endswith("snow:INC4 and 4 more")


def test_a_run_of_an_older_program_told_nobody() -> None:
    assert len(shown(None)) == len(shown([])) == 1


def test_an_address_that_would_be_obeyed_by_a_terminal_is_shown() -> None:
    assert "\x1b" not in shown([["snow:INC1", "\x1b]0;pwned\x07", "…"]])[1]
