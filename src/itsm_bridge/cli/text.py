"""Foreign text on a terminal: shown, never obeyed."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import unicodedata
from typing import TextIO

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, longest: int = 2000) -> str:
    """``text`` with control, bidirectional and other invisible characters shown as escapes, cut at ``longest``."""
    shown = "".join(
        _escaped(character) if unicodedata.category(character) in INVISIBLE else character for character in text
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal that ``stream`` (default: standard output) goes to, 40 to 100; ``None`` for none."""
    is_terminal = (stream or sys.stdout).isatty()
    return min(max(shutil.get_terminal_size().columns, 40), 100) if is_terminal else None


def fitted(line: str, width: int | None = None, *, hang: int = 2) -> str:
    """``line`` broken for a terminal of ``width`` (default: this one, from 40 to 100), ``hang`` deeper after the first.

    Off a terminal it stays one line: whoever reads that looks for words in lines.
    """
    width = width or terminal_width()
    if width is None or len(line) <= width:
        return line
    start = " " * (len(line) - len(line.lstrip()))
    deeper = start + " " * hang
    return textwrap.fill(line.lstrip(), width, initial_indent=start, subsequent_indent=deeper, break_on_hyphens=False)


def error_document(code: int, message: str, hint: str) -> str:
    """The JSON document of a command that could not do its work."""
    return json.dumps({"error": {"exit_code": code, "message": message, "next": hint}}, indent=2, ensure_ascii=False)


def plural(count: int, one: str, many: str = "") -> str:
    """``1 ticket``, ``2 tickets``, ``1,204 tickets``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
