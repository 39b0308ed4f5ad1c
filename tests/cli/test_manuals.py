"""Completion and the manual page: made from the commands, and current."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.cli.programs import BARE, ROOT

from itsm_bridge.cli import COMMANDS, cli
from itsm_bridge.cli.manual_page import page, text, walk

ALL = dict(walk(cli, "itsm-bridge"))


def parsed(words: list[str]) -> None:
    """Read the words as the program does, without doing anything. Raises what click says of wrong ones."""
    command: click.Command = cli
    context = cli.make_context("itsm-bridge", words, resilient_parsing=False)
    rest = [*context._protected_args, *context.args]
    while isinstance(command, click.Group):
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(found.name, rest, parent=context)
        rest = [*context._protected_args, *context.args] if isinstance(command, click.Group) else []


def examples(epilog: str | None) -> list[list[str]]:
    """The calls of the program in an example, each up to where the shell goes on to something else."""
    words = shlex.split((epilog or "").replace("$(", " ").replace(')"', " ").replace('"', " ").replace("`", " "))
    found: list[list[str]] = []
    is_ours = False
    for one in words:
        if one == "itsm-bridge":
            found.append([])
        is_ours = one == "itsm-bridge" or (is_ours and one not in {"&&", ">", "|"})
        if is_ours and one != "itsm-bridge":
            found[-1].append(one)
    return found


@pytest.mark.parametrize("typed", ALL)
def test_every_command_and_what_is_below_it_ends_its_help_with_an_example_that_can_be_read(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("monday.json", "config", "config.new"):
        (tmp_path / name).mkdir() if "config" in name else (tmp_path / name).touch()
    calls = examples(ALL[typed].epilog)
    assert calls, f"{typed} has no example"
    for call in calls:
        parsed(call)
    with pytest.raises(click.UsageError):
        parsed([*calls[0], "--no-such-option"])


def test_the_manual_page_in_docs_is_that_of_the_present_commands() -> None:
    assert (ROOT / "docs" / "itsm-bridge.1").read_text(encoding="utf-8") == page(cli)


def test_no_text_is_taken_for_a_request_by_man() -> None:
    assert text(".env \\n -C") == "\\&.env \\en \\-C"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_asks_this_program(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert "_ITSM_BRIDGE_COMPLETE" in done.output


def test_a_shell_is_told_the_commands_that_begin_so() -> None:
    asked = {**BARE, "_ITSM_BRIDGE_COMPLETE": "bash_complete", "COMP_WORDS": "itsm-bridge sch", "COMP_CWORD": "1"}
    program = "import sys; sys.argv[0] = 'itsm-bridge'; from itsm_bridge.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env=asked, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    names = [line.partition(",")[2] for line in done.stdout.splitlines()]
    assert names == [name for name in COMMANDS if name.startswith("sch")]
    assert "schedule" in names


@pytest.mark.parametrize("words", [["--help"], ["completion", "fish"], ["schedule", "--help"]])
def test_nothing_heavy_is_imported_for_a_help_or_a_completion(words: list[str]) -> None:
    program = (
        "import sys\nfrom itsm_bridge.cli import cli\n"
        f"cli.main({words!r}, standalone_mode=False)\n"
        "heavy = {'pandas', 'numpy', 'sqlalchemy', 'requests', 'pydantic', 'z3', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 'click' not in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=BARE, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    assert (done.returncode, done.stderr) == (0, "")
