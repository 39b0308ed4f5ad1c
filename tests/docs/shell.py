"""What somebody types at a shell, from a page of the documentation: ours in this process, all else by ``sh``."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from itsm_bridge.cli import cli
from itsm_bridge.cli.exits import guarded

PROGRAM = "itsm-bridge"
PROMPT = "$ "
OTHERS = ("cat", "chmod", "cp", "grep", "install", "mkdir", "mv", "rm", "sed", "touch")
"""What else a page may have somebody type, since it does the same everywhere."""


@dataclass(frozen=True)
class Typed:
    """One command, and what the page shows below it (``None``: nothing)."""

    command: str
    shown: str | None = None


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    output: str


def typed_in(language: str, text: str) -> list[Typed]:
    """The commands of a block: every line of ``sh``, and what follows a ``$`` in ``console``."""
    if language == "sh":
        return [Typed(command) for command in _commands(text.splitlines())]
    if not text.startswith(PROMPT):
        message = f"a console begins with a command, not with {text.splitlines()[0]!r}"
        raise ValueError(message)
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [Typed(command, output.rstrip() or None) for command, _, output in (one.partition("\n") for one in parts)]


def _commands(lines: Sequence[str]) -> Iterator[str]:
    """Commands without comments; one goes on behind a backslash, and to the end of what stands ``<<'HERE'``."""
    rest = iter(lines)
    for line in rest:
        command = line
        while command.endswith("\\"):
            command = command[:-1] + next(rest).lstrip()
        if here := re.search(r"<<'(\w+)'", command):
            while not command.endswith(f"\n{here[1]}"):
                command += f"\n{next(rest)}"
            yield command
        elif shlex.split(command, comments=True):
            yield from command.split(" && ")


@dataclass(frozen=True)
class Shell:
    """A folder in which commands are typed; addresses and secrets of a page stand for real ones."""

    folder: Path
    stands_for: Mapping[str, str]

    def placed(self, text: str) -> str:
        """A text of a page with what is real here."""
        for shown, real in self.stands_for.items():
            text = text.replace(shown, real)
        return text

    def run(self, command: str) -> Ran:
        """What a command says and how it ends. Raises ``ValueError`` for one that no page should have."""
        command = self.placed(command)
        words = shlex.split(command, comments=True)
        if words[0] == PROGRAM:
            return self._ours(words[1:])
        if words[0] not in OTHERS:
            message = f"{words[0]} is not run here; mark the block"
            raise ValueError(message)
        done = subprocess.run(  # noqa: S603 - what the page says, of a few programs
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def _ours(self, words: list[str]) -> Ran:
        """The whole program as its console script calls it, with the line on standard error that ends a failure."""
        into = Path()
        if ">" in words:
            words, into = words[: words.index(">")], self.folder / words[-1]
        output, stdout, argv = io.StringIO(), io.StringIO(), sys.argv
        try:
            sys.argv = [PROGRAM, *words]
            kept = stdout if into.name else output
            with contextlib.chdir(self.folder), contextlib.redirect_stdout(kept), contextlib.redirect_stderr(output):
                guarded(cli)
        except SystemExit as end:
            if into.name:
                into.write_text(stdout.getvalue(), encoding="utf-8")
            return Ran(int(end.code or 0), output.getvalue())
        finally:
            sys.argv = argv
        raise AssertionError  # it always leaves with a code


def differs(shown: str, output: str) -> str:
    """What a page shows that the command did not say. ``…`` stands for any text, and alone in a line for any lines."""
    wanted = [re.escape(line.rstrip()).replace("…", ".*") for line in shown.splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == ".*" else f"{line}\n" for line in wanted)
    said = "".join(f"{line.rstrip()}\n" for line in output.strip("\n").splitlines())
    return "" if re.fullmatch(pattern, said) else f"shown:\n{shown}\n\nsaid:\n{said}"


PLACEHOLDER = re.compile(r"…|[A-Z]{2,}\b.*")
"""A word that stands for others, such as COMMAND."""


def misspelt(command: str) -> str:
    """What is wrong with one of our commands, by the program's own parser, without calling it; empty if nothing is."""
    words = shlex.split(command, comments=True)[1:]
    group: click.Command = cli
    context = click.Context(cli, info_name=PROGRAM)
    while True:
        try:
            values, rest, _ = group.make_parser(context).parse_args(list(words))
        except click.UsageError as problem:
            return problem.format_message()
        for parameter in group.params:
            given = values.get(parameter.name or "")
            if isinstance(parameter.type, click.Choice) and isinstance(given, str) and not PLACEHOLDER.match(given):
                try:
                    parameter.type.convert(given, parameter, context)
                except click.UsageError as problem:
                    return problem.format_message()
        if not isinstance(group, click.Group):
            return "" if not rest else f"{' '.join(rest)} is too much"
        if not rest or PLACEHOLDER.match(rest[0]):
            return ""
        found = group.get_command(context, rest[0])
        if found is None:
            return f"no such command: {rest[0]}"
        group, words, context = found, rest[1:], click.Context(found, parent=context, info_name=rest[0])
