from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.programs import BARE

from itsm_bridge import errors
from itsm_bridge.cli.exits import EXIT_CODES, MEANINGS, code_of, last_line, worst
from itsm_bridge.errors import BridgeError, CredentialsRefused, NeedsPerson, SourceUnavailable


def command(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program as cron would: no terminal, hardly any environment."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "itsm_bridge", *words],
        cwd=cwd,
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_every_error_class_has_an_exit_code_and_every_code_a_meaning() -> None:
    classes = {
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, BridgeError) and thing is not BridgeError
    }
    assert classes == set(EXIT_CODES)
    assert set(EXIT_CODES.values()) <= set(MEANINGS)


def test_an_error_of_a_kind_of_its_own_has_the_exit_code_of_its_class() -> None:
    class ReadRefused(NeedsPerson):
        pass

    assert code_of(ReadRefused("ops: 404")) == 7


def test_a_command_without_its_name_shows_the_help_and_one_last_line(tmp_path: Path) -> None:
    done = command(cwd=tmp_path)
    assert done.returncode == 2
    assert "Commands:\n" in done.stderr
    assert "\\b" not in done.stderr
    assert done.stderr.splitlines()[-1] == "itsm-bridge: a command is missing. Next: itsm-bridge demo"


@pytest.mark.parametrize("value", ["1", "yesplease", "0"])
def test_any_value_of_no_color_is_taken(value: str, tmp_path: Path) -> None:
    assert command("demo", "--help", cwd=tmp_path, NO_COLOR=value).returncode == 0


def test_an_option_of_the_program_behind_the_command_is_told_where_it_belongs(tmp_path: Path) -> None:
    assert "put --json before the command's name" in command("status", "--json", cwd=tmp_path).stderr


def test_of_several_problems_the_one_that_waiting_does_not_cure_is_reported() -> None:
    refused = CredentialsRefused("snow: refused")
    assert worst([SourceUnavailable("ops: busy"), refused]) is refused


def test_a_missing_configuration_ends_in_one_line_with_the_next_step(tmp_path: Path) -> None:
    done = command("status", cwd=tmp_path)
    assert done.returncode == 10
    assert done.stdout == ""
    assert done.stderr.startswith("itsm-bridge: ")
    assert done.stderr.count("\n") == 1
    assert "Next: " in done.stderr


def test_wrong_usage_exits_2_and_names_the_help(tmp_path: Path) -> None:
    done = command("sync", "--fll", cwd=tmp_path)
    assert done.returncode == 2
    assert "itsm-bridge sync --help" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    assert command("synk", cwd=tmp_path).returncode == 2


def test_json_puts_the_error_on_standard_output_as_a_document(tmp_path: Path) -> None:
    done = command("--json", "status", cwd=tmp_path)
    assert '"exit_code": 10' in done.stdout


@pytest.mark.parametrize(
    "heavy", ["pandas", "sqlalchemy", "requests", "rich", "holidays", "yaml", "pydantic", "statsmodels"]
)
def test_help_starts_without(heavy: str) -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from itsm_bridge.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        f"assert {heavy!r} not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own program


def test_the_last_line_is_one_line_off_a_terminal_however_long() -> None:
    assert last_line("x " * 100 + "y", "itsm-bridge status", None).count("\n") == 0


def test_on_a_terminal_words_are_not_cut_and_the_command_stands_on_a_line_of_its_own() -> None:
    told = last_line("2 mistakes in config; nothing runs until they are corrected", "itsm-bridge check", 60)
    assert told.splitlines() == [
        "itsm-bridge: 2 mistakes in config; nothing runs until they",
        "  are corrected.",
        "Next: itsm-bridge check",
    ]
    assert last_line("there is no ticket", "", 60) == "itsm-bridge: there is no ticket"
