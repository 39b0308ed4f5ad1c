"""What a run says at its end, and ``status`` later: clocks that passed a warning, and several problems at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from itsm_bridge.cli.exits import Finished
from itsm_bridge.cli.health import _runs
from itsm_bridge.cli.options import Options
from itsm_bridge.cli.runs import _finish, code_of_report, summary_line
from itsm_bridge.errors import GuardTripped, SourceUnavailable
from itsm_bridge.operations.clock_warnings import ClockWarning, Warnings
from itsm_bridge.operations.run import MOST_WARNINGS, RunReport
from itsm_bridge.operations.status import Status, warnings_of
from itsm_bridge.store import Run

NOW = datetime(2026, 11, 23, 1, 35, tzinfo=UTC)


def clocks(count: int, ticket: str = "snow:INC{}", vendor: str | None = "OptIT") -> RunReport:
    found = (ClockWarning(ticket.format(n), "P1 resolution", 75.0, 82.4, vendor, NOW) for n in range(count))
    return RunReport("run", warnings=Warnings(tuple(found)))


def shown(report: RunReport) -> list[str]:
    """What ``status`` shows of a run."""
    run = Run(1, "run", NOW, "", NOW, "0", report.summary())
    nothing = Status(NOW, (run,), {}, {}, {}, 0, (), 0, {}, {}, (), (), ())
    return list(_runs(nothing))[1:]


def test_a_run_names_the_clocks_that_passed_a_warning_and_does_not_fail_for_it() -> None:
    assert summary_line(clocks(1)) == "1 clock passed a warning: snow:INC0 P1 resolution 82 % (OptIT)"
    assert summary_line(clocks(1, vendor=None)).endswith("(nobody)")
    assert code_of_report(clocks(1)) == 0


def test_many_clocks_are_one_short_line() -> None:
    line = summary_line(clocks(1204))
    assert line.startswith("1,204 clocks passed a warning: snow:INC0 ")
    assert line.endswith("snow:INC4 P1 resolution 82 % (OptIT), 1,199 more")
    (told,) = shown(clocks(1204))
    assert told.startswith("      passed a warning: snow:INC0 P1 resolution 82 %, snow:INC1 P1 resolution 82 %, ")
    assert told.endswith("snow:INC4 P1 resolution 82 % and 1,199 more")


def test_a_run_counts_all_clocks_and_keeps_a_bounded_number_of_them() -> None:
    summary = clocks(MOST_WARNINGS + 1).summary()
    assert len(warnings_of(summary)) == MOST_WARNINGS
    assert isinstance(summary["warnings"], dict)
    assert summary["warnings"]["passed"] == MOST_WARNINGS + 1


def test_what_had_passed_before_is_a_number_only() -> None:
    assert summary_line(RunReport("run", warnings=Warnings(before=12))) == "12 warnings passed before the bridge looked"


def test_a_run_of_an_older_program_told_of_no_clock() -> None:
    assert warnings_of({"written": 1}) == warnings_of({"warnings": None}) == ()


def test_a_ticket_that_would_be_obeyed_by_a_terminal_is_shown() -> None:
    hostile = clocks(1, ticket="snow:\x1b]0;pwned\x07{}")
    assert "\x1b" not in summary_line(hostile) + shown(hostile)[0]


def test_each_of_several_problems_is_told_with_its_own_command(capsys: pytest.CaptureFixture[str]) -> None:
    problems = (
        SourceUnavailable("ops: 503", hint="wait"),
        GuardTripped("snow: 30 of 40 known tickets cannot be seen any more\x1b", hint="itsm-bridge doctor"),
        GuardTripped("25 of 25 open tickets of ops would change", hint="itsm-bridge apply --allow-changes 25"),
    )
    with pytest.raises(Finished) as ended:
        _finish(Options(Path(), False, 0, False, "text", True), RunReport("run", problems=problems))
    assert (ended.value.code, ended.value.hint) == (6, "itsm-bridge doctor")
    assert "cannot be seen any more\x1b (2 more problems)" in ended.value.message  # made harmless where it is printed
    assert capsys.readouterr().err.splitlines() == [
        "problem  ops: 503. Next: wait",
        "problem  25 of 25 open tickets of ops would change. Next: itsm-bridge apply --allow-changes 25",
    ]
