from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from itsm_bridge.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_shows_an_example(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0
    assert f"Example{', in a crontab' if name == 'run' else ''}: " in " ".join(done.output.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_is_explained(name: str) -> None:
    options = [parameter for parameter in command(name).params if isinstance(parameter, click.Option)]
    assert all(option.help for option in options)


def test_the_readme_lists_every_command_with_the_same_words() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, (_, summary) in COMMANDS.items():
        assert f"| `{name}` | {summary} |" in readme


def test_the_runbook_lists_every_exit_code_with_its_meaning() -> None:
    from itsm_bridge.cli.exits import MEANINGS

    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    for code, meaning in MEANINGS.items():
        assert f"| {code} | {meaning} |" in runbook
