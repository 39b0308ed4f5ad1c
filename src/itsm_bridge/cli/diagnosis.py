"""Findings of ``check`` for people: what is wrong, the line with its place marked, what was meant, and more."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import click

from itsm_bridge.cli.excerpts import LINE_BREAK, columns, excerpt, extent
from itsm_bridge.cli.options import Options
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.errors import Finding

COLOURS: Final = {"error": "red", "warning": "yellow", "info": "cyan"}
LISTED: Final = 40
"""Allowed words that are listed; of more the rest is counted."""

OFF_TERMINAL: Final = 100
"""Columns of a line of a file where nobody's terminal sets a limit."""

LARGEST: Final = 1_000_001


@dataclass(frozen=True, slots=True)
class Screen:
    """What the output can show: ``width`` in columns, ``None`` where lines are not to be wrapped; and colours."""

    width: int | None
    coloured: bool

    @classmethod
    def of(cls, options: Options) -> Screen:
        """The one that standard output goes to."""
        if not sys.stdout.isatty():
            return cls(None, coloured=False)
        return cls(max(40, shutil.get_terminal_size().columns), coloured=not options.no_color)

    def style(self, text: str, colour: str | None = None) -> str:
        """``text`` in bold and perhaps in a colour, where there are colours."""
        return click.style(text, fg=colour, bold=True) if self.coloured else text

    def wrap(self, text: str, first: str, later: str) -> list[str]:
        """``text`` behind ``first``, its further lines behind ``later``."""
        if self.width is None:
            return [first + text]
        return textwrap.wrap(
            text, self.width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
        ) or [first.rstrip()]


def diagnosis(finding: Finding, folder: Path, screen: Screen) -> str:
    """A finding as ruff shows one."""
    head, *further = screen.wrap(printable(finding.message), f"{finding.severity}[{finding.code}]: ", "  ")
    label, _, message = head.partition(": ")
    lines = [f"{screen.style(label, COLOURS.get(finding.severity))}: {screen.style(message)}"]
    lines += [screen.style(line) for line in further]
    gutter = " " * len(str(finding.line))
    place = printable(f"{folder / finding.file}:{finding.line}:{finding.column}")
    lines.append(f"{gutter}{screen.style('-->', 'blue')} {place}")
    meant = _meant(finding)
    line = _line(folder / finding.file, finding.line)
    if line is not None:
        lines += _marked(finding, line, meant if finding.code.startswith("C") else "", screen)
    elif meant and finding.code.startswith("C"):
        lines += _notes([("", meant)], gutter, screen)
    return "\n".join(lines + _notes(_remarks(finding), gutter, screen))


def _meant(finding: Finding) -> str:
    if finding.suggestion is None:
        return ""
    return f'did you mean "{printable(finding.suggestion)}"?'


def _marked(finding: Finding, line: str, remark: str, screen: Screen) -> Iterator[str]:
    """The line of the file, what is meant by it below its place."""
    number = str(finding.line)
    gutter = " " * len(number)
    room = (screen.width or OFF_TERMINAL) - len(number) - 3
    start = min(finding.column - 1, len(line))
    unknown = finding.code == "C111" and finding.suggestion is None  # which may be the name of a secret
    found = excerpt(line, start, extent(line, start, finding.message), room, bare_key=unknown)
    bar = screen.style("|", "blue")
    yield f"{gutter} {bar}"
    yield f"{screen.style(number, 'blue')} {bar} {found.shown}".rstrip()
    beside = columns(f"{found.marks} {remark}") <= room
    blanks = found.marks.rstrip("^")
    marks = blanks + screen.style(found.marks.strip(), COLOURS.get(finding.severity))
    yield f"{gutter} {bar} {marks}{f' {remark}' if remark and beside else ''}"
    if remark and not beside:
        yield from _notes([("", remark)], gutter, screen)


def _remarks(finding: Finding) -> Iterator[tuple[str, str]]:
    """What stands below a line: a remedy that is no word of the file, a ticket, the words there are, the next page."""
    if finding.suggestion is not None and not finding.code.startswith("C"):
        yield "fix", finding.suggestion
    given = [(name, value) for name, value in finding.witness or () if value is not None]
    if given:
        ticket = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in given)
        yield "for example", f"{{{ticket}}}"
    if finding.allowed:
        left = len(finding.allowed) - LISTED
        yield "allowed", ", ".join(finding.allowed[:LISTED]) + (f" and {left} more" if left > 0 else "")
    yield "more", f"itsm-bridge help {finding.code}"


def _notes(remarks: Iterable[tuple[str, str]], gutter: str, screen: Screen) -> list[str]:
    lines = []
    for label, text in remarks:
        first = f"{gutter} = {label}: " if label else f"{gutter} = "
        lines += screen.wrap(printable(text), first, f"{gutter}   ")
    return lines


@lru_cache(maxsize=8)
def _lines(path: Path) -> tuple[str, ...]:
    from itsm_bridge.config.regular_files import read_regular

    try:
        content = read_regular(path, LARGEST)
    except OSError:
        return ()
    if content is None or len(content.head) >= LARGEST:
        return ()
    return tuple(LINE_BREAK.split(content.head.decode("utf-8-sig", errors="replace")))


def _line(path: Path, number: int) -> str | None:
    """One line of a file; ``None`` where the file cannot be read or has fewer, and for an empty file."""
    lines = _lines(path)
    return lines[number - 1] if 0 < number <= len(lines) and any(lines) else None


def counted(findings: Sequence[Finding]) -> str:
    """``3 mistakes, 1 warning``; information is not counted."""
    errors, warnings = (sum(one.severity == kind for one in findings) for kind in ("error", "warning"))
    parts = [plural(errors, "mistake")] * bool(errors) + [plural(warnings, "warning")] * bool(warnings)
    return ", ".join(parts) or "no mistakes"
