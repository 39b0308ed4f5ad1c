"""``calendar``: a calendar looked at, and asked, from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tests.cli.programs import run
from tests.config.editing import copy_example, edit

from itsm_bridge.cli import calendars, cli
from itsm_bridge.cli.calendars import calendar
from itsm_bridge.cli.exits import Finished
from itsm_bridge.errors import UsageError

MONDAY = "2026-11-02T10:00:00+05:30"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return copy_example(tmp_path)


def asked(config: Path, *words: str, lines: str | bytes | None = None, as_json: bool = False) -> Result:
    return CliRunner().invoke(
        cli, ["-C", str(config), *(["--json"] if as_json else []), "calendar", *words], input=lines
    )


def rows(result: Result) -> dict[str, str]:
    """The line of each day."""
    assert result.exit_code == 0, result.exception
    return {line[:10]: line for line in result.output.splitlines() if line.startswith("2")}


# --- show ------------------------------------------------------------------------------------------------------------


def test_a_month_has_a_line_for_each_day_within_80_columns(config: Path) -> None:
    lines = asked(config, "show", "punjab-office", "2026-11").output.splitlines()
    assert lines[0] == "punjab-office, 2026-11, Asia/Kolkata"
    assert len([line for line in lines if line.startswith("2026-11-")]) == 30
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "total            160:30  on 21 days"


def test_a_day_shows_its_hours_its_holiday_and_its_override(config: Path) -> None:
    of_november = rows(asked(config, "show", "punjab-office", "2026-11"))
    assert of_november["2026-11-02"] == "2026-11-02 Mon    08:30  09:30-13:30 14:00-18:30"
    assert of_november["2026-11-30"] == "2026-11-30 Mon        –  closed                   Founders' day"
    assert rows(asked(config, "show", "punjab-office", "2026-10"))["2026-10-19"].endswith("other hours on this day")


def test_a_change_of_the_clock_is_noted_on_its_day(config: Path) -> None:
    edit(config, "sla.yaml", "always: {timezone: UTC", "always: {timezone: America/Sao_Paulo")
    forward = rows(asked(config, "show", "always", "2018-11"))["2018-11-04"]
    back = rows(asked(config, "show", "always", "2018-02"))["2018-02-17"]
    assert forward == "2018-11-04 Sun    23:00  00:00-24:00  clock from 00:00 to 01:00"
    assert back == "2018-02-17 Sat    25:00  00:00-24:00  clock from 24:00 to 23:00"


def test_the_default_month_is_the_present_one_in_the_calendars_zone(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "clock", lambda: datetime(2026, 10, 31, 19, tzinfo=UTC))
    assert "2026-11" in asked(config, "show", "punjab-office").output.splitlines()[0]
    assert "2026-10" in asked(config, "show", "always").output.splitlines()[0]


def test_a_name_from_a_calendar_file_is_shown_and_never_obeyed(config: Path) -> None:
    edit(config, "sla.yaml", "holidays: {country: IN}", "holidays: {country: IN, ics: office.ics}")
    event = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261111\nSUMMARY:創立記念日\u202e" + "長" * 60 + "\nEND:VEVENT\n"
    (config / "office.ics").write_text(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n", encoding="utf-8")
    line = rows(asked(config, "show", "internal", "2026-11"))["2026-11-11"]
    assert "創立記念日\\u202e" in line
    assert line.endswith("…")
    assert "長" * 12 in line
    assert "長" * 23 not in line


def test_the_months_document_adds_up_to_what_elapsed_says(config: Path) -> None:
    document = json.loads(asked(config, "show", "punjab-office", "2026-11", as_json=True).stdout)
    whole = asked(config, "elapsed", "punjab-office", "2026-11-01T00:00+05:30", "2026-12-01T00:00+05:30").output
    assert document["seconds"] == sum(day["seconds"] for day in document["days"]) == int(whole)
    assert document["days"][1] == {
        "date": "2026-11-02",
        "weekday": "mon",
        "hours": [["09:30", "13:30"], ["14:00", "18:30"]],
        "holiday": None,
        "override": False,
        "change": False,
        "clock": [],
        "seconds": 30600,
    }


def test_a_day_from_which_a_calendar_changes_is_marked(config: Path) -> None:
    edit(
        config,
        "sla.yaml",
        "    holidays: {country: IN}\n",
        '    holidays: {country: IN}\n    changes: {2027-04-01: {hours: {mon-fri: ["08:00-16:00"]}}}\n',
    )
    of_april = rows(asked(config, "show", "internal", "2027-04"))
    assert of_april["2027-04-01"] == "2027-04-01 Thu    08:00  08:00-16:00  changes from this day on"
    assert rows(asked(config, "show", "internal", "2027-03"))["2027-03-31"].endswith("09:00  09:30-18:30")


# --- elapsed and due -------------------------------------------------------------------------------------------------


def test_elapsed_answers_in_whole_seconds(config: Path) -> None:
    assert asked(config, "elapsed", "punjab-office", MONDAY, "2026-11-03T10:00:00.9+05:30").output == "30600\n"


@pytest.mark.parametrize(
    ("duration", "due"),
    [
        ("90s", "2026-11-02T10:01:30+05:30"),
        ("15m", "2026-11-02T10:15:00+05:30"),
        ("4h", "2026-11-02T14:30:00+05:30"),
        ("3 working_days", "2026-11-05T10:00:00+05:30"),
    ],
)
def test_due_answers_with_an_instant_in_the_calendars_zone(config: Path, duration: str, due: str) -> None:
    assert asked(config, "due", "punjab-office", "2026-11-02T04:30:00Z", duration).output == f"{due}\n"


def test_lines_are_answered_in_their_order_and_a_bad_one_on_its_own_line(config: Path) -> None:
    lines = f"{MONDAY},4h\nnonsense\n\n{MONDAY},1d\n{MONDAY}, 3 working_days\r\n2026-11-02T10:00,4h"
    result = asked(config, "due", "punjab-office", "-", lines=lines)
    answers = result.output.splitlines()
    assert [answers[0], answers[4]] == ["2026-11-02T14:30:00+05:30", "2026-11-05T10:00:00+05:30"]
    assert answers[1] == "error: 'nonsense' is not START,DURATION"
    assert answers[2] == "error: '' is not START,DURATION"
    assert answers[3].startswith('error: "1d" is refused')
    assert "has no zone" in answers[5]
    assert len(answers) == 6
    assert isinstance(result.exception, Finished)
    assert (result.exception.code, result.exception.message) == (3, "4 of 6 lines could not be answered")


def test_a_chunk_of_lines_ends_no_answer(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "LINES_AT_ONCE", 2)
    lines = "".join(f"{MONDAY},2026-11-02T10:00:0{second}+05:30\n" for second in range(5))
    assert asked(config, "elapsed", "punjab-office", "-", lines=lines).output == "0\n1\n2\n3\n4\n"


def test_bytes_that_are_no_text_spoil_their_own_line_alone(config: Path) -> None:
    lines = b"\xef\xbb\xbf" + f"{MONDAY},{MONDAY}\n".encode() + b"\xff\x1b[2J\n" + f"{MONDAY},{MONDAY}\n".encode()
    answers = asked(config, "elapsed", "punjab-office", "-", lines=lines).output.splitlines()
    assert [answers[0], answers[2]] == ["0", "0"]
    assert answers[1].startswith("error: ")
    assert "\x1b" not in answers[1]


def test_no_lines_have_no_answers(config: Path) -> None:
    result = asked(config, "elapsed", "punjab-office", "-", lines="")
    assert (result.exit_code, result.output) == (0, "")


def test_lines_become_one_document_with_an_answer_each(config: Path) -> None:
    result = asked(config, "elapsed", "punjab-office", "-", lines=f"{MONDAY},{MONDAY}\nx\n", as_json=True)
    assert json.loads(result.stdout) == {"answers": [{"seconds": 0}, {"error": "'x' is not START,END"}]}


def test_a_time_that_never_comes_is_an_error_on_its_line_alone(config: Path) -> None:
    edit(config, "sla.yaml", "holidays: {country: IN}\n", "holidays: {country: IN, ics: closed.ics}\n")
    event = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
    (config / "closed.ics").write_text(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n", encoding="utf-8")
    lines = f"{MONDAY},4h\n{MONDAY},9000h\n{MONDAY},1 working_days\n{MONDAY},900 working_days\n"
    result = asked(config, "due", "internal", "-", lines=lines)
    answers = result.output.splitlines()
    assert [answers[0], answers[2]] == ["2026-11-02T14:00:00+05:30", "2026-11-03T10:00:00+05:30"]
    never = "error: calendar 'internal', sla.yaml:5:3: it is not open long enough"
    assert all(answers[place].startswith(never) for place in (1, 3))
    assert isinstance(result.exception, Finished)


def test_an_unknown_calendar_names_the_one_that_was_meant_and_all_others(config: Path) -> None:
    result = asked(config, "show", "punjb-office")
    assert isinstance(result.exception, UsageError)
    assert 'did you mean "punjab-office"; calendars: always, internal, punjab-office,' in result.exception.message


@pytest.mark.parametrize(
    "words",
    [
        ("elapsed", "always", MONDAY),
        ("elapsed", "always"),
        ("elapsed", "always", MONDAY, "tomorrow"),
        ("due", "always", MONDAY, "1d"),
        ("show", "always", "2026-13"),
        ("show", "always", "1492-10"),
    ],
)
def test_wrong_usage_exits_2_with_one_line_that_names_the_help(config: Path, words: tuple[str, ...]) -> None:
    done = run("-C", str(config), "calendar", *words, cwd=config.parent)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"itsm-bridge calendar {words[0]} --help" in done.stderr


@pytest.mark.parametrize("name", list(calendar.commands))
def test_every_part_of_the_command_shows_an_example_and_its_exit_code(name: str) -> None:
    done = CliRunner().invoke(cli, ["calendar", name, "--help"])
    assert f"Example: itsm-bridge calendar {name} punjab-office" in " ".join(done.output.split())
    assert ("Exit code 3" in " ".join(done.output.split())) is (name != "show")
    assert isinstance(calendar.commands[name], click.Command)


def test_a_calendar_is_asked_without_pandas_or_a_store(config: Path) -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from itsm_bridge.cli import cli\n"
        f"words = ['-C', {str(config)!r}, 'calendar', 'elapsed', 'always', {MONDAY!r}, {MONDAY!r}]\n"
        "assert CliRunner().invoke(cli, words).output == '0\\n'\n"
        "assert not {'pandas', 'sqlalchemy', 'icalendar'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own program
