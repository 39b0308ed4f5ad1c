"""``help``: what a code of ``check`` or an exit code means, why it comes about, and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Final

import click

from itsm_bridge.cli.catalogue import CODES, Entry
from itsm_bridge.cli.endings import ENDINGS, Ending
from itsm_bridge.cli.exits import INTERRUPTED, MEANINGS, TERMINATED
from itsm_bridge.cli.options import Options
from itsm_bridge.errors import UsageError

STOPPED: Final = {INTERRUPTED: "stopped by Ctrl-C", TERMINATED: "stopped by SIGTERM"}
EXIT_CODES: Final = "exit-codes"
WIDTH: Final = 79

_KINDS: Final = {
    "C1": "Files and keys",
    "C2": "Values and references",
    "R3": "What the proofs say of rules and owners",
    "S4": "What the proofs say of service levels",
}


@click.command("help", epilog="Example: itsm-bridge help C111")
@click.argument("topic", required=False, metavar="[CODE|exit-codes|COMMAND]")
@click.option("--markdown", is_flag=True, help="All codes as one page: what docs/codes.md holds.")
@click.pass_context
def help_(context: click.Context, topic: str | None, markdown: bool) -> None:
    """List all codes, or explain one with cause, fix and example; of a command, print its --help."""
    options: Options = context.obj
    asked = None if topic is None else topic.strip().upper()
    if markdown:
        click.echo("\n".join(page()))
    elif asked is None:
        _tell(options, {code: document(code) for code in CODES}, "\n".join(_listed()))
    elif asked == EXIT_CODES.upper():
        endings = {str(code): _ending_document(code) for code in ENDINGS}
        _tell(options, endings, "\n".join(f"{code:>4}  {_title(code)}" for code in ENDINGS))
    elif asked in CODES:
        _tell(options, document(asked), "\n".join(_explained(asked, CODES[asked])))
    elif asked.isdecimal() and int(asked) in ENDINGS:
        _tell(options, _ending_document(int(asked)), "\n".join(_ended(int(asked), ENDINGS[int(asked)])))
    else:
        _show_command(context, str(topic))


def _tell(options: Options, content: object, text: str) -> None:
    options.document(content)
    options.say(text)


def _show_command(context: click.Context, name: str) -> None:
    """The help of a command; raises ``UsageError`` for what is neither code nor command."""
    from itsm_bridge.config.findings import nearest

    group = context.parent.command if context.parent is not None else None
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    command = group.get_command(context, name) if isinstance(group, click.Group) else None
    if command is None:
        known = [*CODES, *map(str, ENDINGS), EXIT_CODES, *names]
        meant = nearest(name.strip(), known)
        hint = f'; did you mean "{meant}"' if meant else ""
        raise UsageError(f'"{name}" is no code and no command{hint}', hint=f"itsm-bridge help {meant or ''}".strip())
    with click.Context(command, info_name=name, parent=context.parent) as inner:
        click.echo(command.get_help(inner))


def _title(code: int) -> str:
    return MEANINGS.get(code) or STOPPED[code]


def document(code: str) -> dict[str, Any]:
    """A code as JSON."""
    entry = CODES[code]
    example = {"file": entry.example.file, "wrong": entry.example.wrong, "right": entry.example.right}
    return {"code": code, "title": entry.title, "cause": entry.cause, "fix": entry.fix, "example": example}


def _ending_document(code: int) -> dict[str, Any]:
    ending = ENDINGS[code]
    return {"code": code, "title": _title(code), "cause": ending.cause, "fix": ending.fix, "example": ending.example}


# --- for people --------------------------------------------------------------------------------------------------


def _listed() -> Iterator[str]:
    for prefix, title in _KINDS.items():
        yield title
        yield from (f"  {code}  {entry.title}" for code, entry in CODES.items() if code.startswith(prefix))
    yield f"\nOne of them: itsm-bridge help C111. What a command ends with: itsm-bridge help {EXIT_CODES}."


def _explained(code: str, entry: Entry) -> Iterator[str]:
    yield f"{code}: {entry.title}\n"
    yield from _paragraph("Cause", entry.cause)
    yield from _paragraph("Fix", entry.fix)
    for label, text in (("Wrong", entry.example.wrong), ("Right", entry.example.right)):
        yield f"{label} ({entry.example.file}):"
        yield textwrap.indent(text, "    ")


def _ended(code: int, ending: Ending) -> Iterator[str]:
    yield from textwrap.wrap(f"exit {code}: {_title(code)}", WIDTH, subsequent_indent="  ")
    yield ""
    yield from _paragraph("Cause", ending.cause)
    yield from _paragraph("Fix", ending.fix)
    if ending.example:
        yield from _paragraph("Such as", f"itsm-bridge: {ending.example}")


def _paragraph(label: str, text: str) -> list[str]:
    return textwrap.wrap(f"{label}: {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)


# --- the page ----------------------------------------------------------------------------------------------------


def page() -> Iterator[str]:
    """``docs/codes.md``, line by line."""
    yield "# Codes of findings and of exits\n"
    yield "`itsm-bridge help CODE` prints each of these. `itsm-bridge help --markdown > docs/codes.md` makes this page;"
    yield "each wrong example was given to `check` by a test, and has the code, and each right one has not."
    for prefix, title in _KINDS.items():
        yield f"\n## {title}"
        for code, entry in CODES.items():
            if code.startswith(prefix):
                yield from _section(code, entry)
    yield "\n## Exit codes\n"
    yield "| code | meaning | cause | fix |\n|---|---|---|---|"
    for number, ending in ENDINGS.items():
        yield f"| {number} | {_title(number)} | {ending.cause} | {ending.fix} |"


def _section(code: str, entry: Entry) -> Iterator[str]:
    yield f"\n### {code}: {entry.title}\n"
    yield f"{entry.cause}\n"
    yield f"**Fix.** {entry.fix}\n"
    for label, text in (("Wrong", entry.example.wrong), ("Right", entry.example.right)):
        yield f"{label}, in `{entry.example.file}`:\n"
        yield f"```\n{text}\n```"
