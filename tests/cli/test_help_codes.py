"""``help CODE``: the catalogue is complete, its examples are true, and ``docs/codes.md`` says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.config.editing import copy_example, edit

from itsm_bridge import proofs
from itsm_bridge.cli import cli
from itsm_bridge.cli.catalogue import CODES
from itsm_bridge.cli.endings import ENDINGS
from itsm_bridge.cli.exits import INTERRUPTED, MEANINGS, TERMINATED
from itsm_bridge.config import check, credentials
from itsm_bridge.config.findings import Code
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.proofs import Budget, prove

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)


def asked(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words])


def codes_of(config: Path) -> set[str]:
    """The codes that ``check`` finds, the proofs' included."""
    configuration, findings = check(config)
    if configuration is not None:
        findings += prove(configuration, NOW)
    return {one.code for one in findings}


def test_every_code_of_a_finding_and_of_an_exit_is_explained() -> None:
    folder = Path(str(proofs.__file__)).parent
    proved = {code for file in folder.glob("*.py") for code in re.findall(r'"([RS]\d{3})"', file.read_text("utf-8"))}
    assert proved >= {"R301", "S401"}
    assert set(CODES) == {code.value for code in Code} | proved
    assert set(ENDINGS) == {*MEANINGS, INTERRUPTED, TERMINATED}


def _grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"#" * 1_000_001)


def _replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _in_another_encoding(path: Path) -> None:
    path.write_bytes(path.read_bytes() + "# Büro\n".encode("latin-1"))


def _in_utf_8(path: Path) -> None:
    path.write_bytes(path.read_bytes() + "# Büro\n".encode())


DONE: dict[str, Callable[[Path], None]] = {
    "C101": Path.unlink,
    "C102": _replaced_by_a_folder,
    "C103": _grown,
    "C104": _in_another_encoding,
}
"""What is no text of a file, done to it."""

OUTSIDE = {"C280", "C290", "R309"}
"""What is no text of one of the four files."""


@pytest.mark.parametrize("code", sorted(CODES.keys() - DONE.keys() - OUTSIDE))
def test_a_wrong_example_gives_its_code_and_the_right_one_does_not(tmp_path: Path, code: str) -> None:
    config, example = copy_example(tmp_path), CODES[code].example
    assert code not in codes_of(config)

    edit(config, example.file, example.right, example.wrong)

    assert code in codes_of(config)


@pytest.mark.parametrize("code", DONE)
def test_a_file_that_cannot_be_read_gives_the_code_of_its_reason(tmp_path: Path, code: str) -> None:
    config = copy_example(tmp_path)
    _in_utf_8(config / CODES[code].example.file)
    assert code not in codes_of(config)

    DONE[code](config / CODES[code].example.file)

    assert code in codes_of(config)


def test_an_entry_of_a_holiday_file_that_is_no_day_gives_its_code(tmp_path: Path) -> None:
    config, example = copy_example(tmp_path), CODES["C290"].example
    edit(config, "sla.yaml", "holidays: {country: IN}", f"holidays: {{country: IN, ics: {example.file}}}")
    found = []
    for start in (example.right, example.wrong):
        lines = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", start, "SUMMARY:Day", "END:VEVENT", "END:VCALENDAR", "")
        (config / example.file).write_bytes("\n".join(lines).encode())
        found.append(codes_of(config))
    assert [("C290" in codes, "C101" in codes) for codes in found] == [(False, False), (True, False)]


def test_a_question_beyond_its_budget_gives_its_code(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    assert "R309" not in codes_of(config)
    configuration, _ = check(config)
    assert configuration is not None
    assert "R309" in {one.code for one in prove(configuration, NOW, budget=Budget(steps=1))}


def test_credentials_that_are_missing_give_their_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration, _ = check(copy_example(tmp_path))
    assert configuration is not None
    with pytest.raises(ConfigurationInvalid) as raised:
        credentials(configuration.sources["ops"], tmp_path)
    assert {one.code for one in raised.value.findings} == {"C280"}
    for name in re.findall(r"\w+__\w+", CODES["C280"].example.right):
        monkeypatch.setenv(name, "lead@egov.example")
    assert credentials(configuration.sources["ops"], tmp_path)


@pytest.mark.parametrize("code", CODES)
def test_help_prints_cause_fix_and_example_of_a_code_in_80_columns(code: str) -> None:
    done = asked("help", code.lower())
    assert done.exit_code == 0
    assert done.output.startswith(f"{code}: ")
    for part in ("Cause: ", "Fix: ", "Wrong (", "Right ("):
        assert part in done.output
    assert max(map(len, done.output.splitlines())) <= 80


@pytest.mark.parametrize("code", ENDINGS)
def test_help_explains_an_exit_code(code: int) -> None:
    done = asked("help", str(code))
    assert done.exit_code == 0
    assert f"exit {code}: " in done.output
    assert str(code) in asked("help", "exit-codes").output.split()


def test_help_without_a_code_lists_all_of_them() -> None:
    done = asked("help")
    assert set(re.findall(r"^  ([CRS]\d{3})  ", done.output, re.MULTILINE)) == set(CODES)


def test_help_of_a_command_is_its_own_help() -> None:
    assert "--strict" in asked("help", "check").output


def test_an_unknown_code_is_wrong_usage_with_the_nearest_one() -> None:
    done = asked("help", "C1111")
    assert str(done.exception) == '"C1111" is no code and no command; did you mean "C111"'
    assert type(done.exception).__name__ == "UsageError"


def test_help_is_json_where_it_is_asked_for() -> None:
    assert json.loads(asked("--json", "help", "C111").output)["example"]["right"] == "timezone: Asia/Kolkata"
    assert set(json.loads(asked("--json", "help").output)) == set(CODES)


def test_the_page_of_codes_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "codes.md").read_text(encoding="utf-8") == asked("help", "--markdown").output
