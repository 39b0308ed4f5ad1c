from __future__ import annotations

import json
import shlex
from pathlib import Path

import click
import pytest
from tests.cli.test_exits import command

from itsm_bridge.cli import cli
from itsm_bridge.cli.pasting import pasted
from itsm_bridge.cli.starter import write_starter


def called(*words: str) -> click.Context:
    """A call of the program that has got as far as its command."""
    return cli.make_context("itsm-bridge", [*words, "status"])


IN_SRV = called("-C", "/srv/it sm/config")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A configuration in another folder than the one that a command looks at by itself; it has no store yet."""
    folder = tmp_path / "it sm" / "config"
    write_starter(folder, {"snow": "http://127.0.0.1:1", "ops": "http://127.0.0.1:2"})
    return folder


def next_of(stderr: str) -> list[str]:
    return shlex.split(stderr.splitlines()[-1].partition(". Next: ")[2])


def test_the_command_to_run_next_names_the_folder_that_this_one_was_given(elsewhere: Path, tmp_path: Path) -> None:
    done = command("-C", str(elsewhere), "status", cwd=tmp_path)
    assert done.returncode == 10
    assert next_of(done.stderr) == ["itsm-bridge", "-C", str(elsewhere), "sync"]


def test_so_it_does_where_the_environment_gave_the_folder_as_in_a_crontab(elsewhere: Path, tmp_path: Path) -> None:
    done = command("--json", "status", cwd=tmp_path, ITSM_BRIDGE_CONFIG=str(elsewhere))
    assert next_of(done.stderr) == ["itsm-bridge", "-C", str(elsewhere), "sync"]
    assert shlex.split(json.loads(done.stdout)["error"]["next"]) == next_of(done.stderr)


def test_the_folder_that_is_looked_at_anyway_is_not_named(elsewhere: Path) -> None:
    done = command("status", cwd=elsewhere.parent)
    assert next_of(done.stderr) == ["itsm-bridge", "sync"]


def test_every_command_of_a_line_gets_the_folder() -> None:
    assert pasted("look: itsm-bridge plan; allow it once: itsm-bridge apply 'x y' --allow-changes 4", IN_SRV) == (
        "look: itsm-bridge -C '/srv/it sm/config' plan; "
        "allow it once: itsm-bridge -C '/srv/it sm/config' apply 'x y' --allow-changes 4"
    )
    assert pasted("itsm-bridge --json plan", IN_SRV) == "itsm-bridge -C '/srv/it sm/config' --json plan"


@pytest.mark.parametrize(
    "text",
    [
        "itsm-bridge -C new check",  # has one
        "itsm-bridge demo --out ANOTHER",  # need none
        "pip install --upgrade itsm-bridge",
        "the account that runs itsm-bridge",
        "restore /srv/itsm-bridge db",  # a path
        "",
    ],
)
def test_what_has_a_folder_or_needs_none_stays(text: str) -> None:
    assert pasted(text, IN_SRV) == text
