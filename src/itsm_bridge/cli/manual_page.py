"""The manual page in the language of ``man``, from the commands, their options, their examples and the exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from itsm_bridge import __version__
from itsm_bridge.cli.exits import MEANINGS

FILES = {
    "config/": "bridge.yaml, vendors.yaml, sla.yaml and rules.yaml; another folder with -C.",
    ".env": "Secrets, beside config/; only its owner may write it.",
    "var/": "The store, the lock, and the key and seals of the audit log.",
    "reports/": "A folder for each period.",
}

ENVIRONMENT = {
    "ITSM_BRIDGE_CONFIG": "The configuration folder, where -C is not given.",
    "ITSM_BRIDGE_<SOURCE>__<NAME>": "A secret of a source; with _FILE behind it, the path of a file that holds it.",
    "NO_COLOR": "Any value: no colour on a terminal either.",
}


def page(root: click.Group) -> str:
    """The whole page. No date stands in it: the same program gives the same bytes."""
    lines = [
        f'.TH ITSM\\-BRIDGE 1 "" "itsm\\-bridge {text(__version__)}" "User Commands"',
        *(".SH NAME", f"itsm\\-bridge \\- {text(_first_line(root).rstrip('.'))}"),
        *(".SH SYNOPSIS", ".B itsm\\-bridge", text("[OPTIONS] COMMAND [ARGS]...")),
        *(".SH OPTIONS", *_options(root)),
        *(".SH COMMANDS", *_commands(root, "itsm-bridge")),
        *(".SH EXIT STATUS", *_listed({str(code): meaning for code, meaning in MEANINGS.items()})),
        *(".SH ENVIRONMENT", *_listed(ENVIRONMENT)),
        *(".SH FILES", *_listed(FILES)),
    ]
    return "\n".join(lines) + "\n"


def walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below ``group`` with what is typed for it, groups before what is in them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from walk(command, f"{path} {name}")


def _commands(root: click.Group, path: str) -> Iterator[str]:
    for typed, command in walk(root, path):
        pieces = command.collect_usage_pieces(click.Context(command))
        yield f".SS {text(' '.join((typed, *pieces)))}"
        yield from _help(command)
        yield from _options(command)
        if command.epilog:
            yield from (".PP", text(inspect.cleandoc(command.epilog)))


def _help(command: click.Command) -> Iterator[str]:
    """Paragraph by paragraph; one that click is not to wrap is not filled here either."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if not paragraph.startswith("\b\n"):
            yield from (".PP", text(" ".join(paragraph.split())))
        else:
            yield from (".PP", ".nf", *map(text, paragraph.split("\n")[1:]), ".fi")


def _options(command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    records = (one.get_help_record(context) for one in command.params if isinstance(one, click.Option))
    return _listed(dict(record for record in records if record is not None))


def _listed(entries: dict[str, str]) -> Iterator[str]:
    for term, meaning in entries.items():
        yield from (".TP", f".B {text(term)}", text(meaning))


def _first_line(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").split("\n", maxsplit=1)[0]


def text(words: str) -> str:
    """Words that ``man`` shows as they are: no escape, no hyphen for a minus, no request at the start of a line."""
    shown = words.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown
