"""One line of a file on a terminal, with the place of a mistake marked below it; files are written by other people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from itsm_bridge.cli.text import printable

TAB: Final = "    "
HIDDEN: Final = "***"
_CUT: Final = "…"

LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML 1.1, by whose parser lines are counted."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line as it can be shown, and the blanks and marks that stand below it."""

    shown: str
    marks: str


def excerpt(line: str, start: int, end: int, width: int, *, bare_key: bool = False) -> Excerpt:
    """``line``, cut to ``width`` columns around the characters from ``start`` to ``end``, which are marked.

    A tab is shown as blanks, and what does not print as its escape; wide characters count as two columns. Whatever
    looks like a secret is hidden; with ``bare_key`` that is all behind the colon of the marked key.
    """
    cells = _cells(line, _secrets(line, end if bare_key else None))
    edges = [0, *accumulate(map(columns, cells))]
    start = min(start, len(cells))
    low, high = edges[start], max(edges[min(max(end, start), len(cells))], edges[start] + 1)
    first, last = _window(edges, start, width)
    lead, tail = _CUT if first else "", _CUT if last < len(cells) else ""
    shown = lead + "".join(cells[first:last]) + tail
    before = len(lead) + low - edges[first]
    marked = max(1, min(high, max(edges[last], low + 1)) - low)
    return Excerpt(shown.rstrip(), " " * before + "^" * marked)


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _cells(line: str, secrets: frozenset[int]) -> list[str]:
    """What stands on the terminal for each character; a stretch of secret ones is one mark."""
    return [
        (TAB if character == "\t" else printable(character))
        if place not in secrets
        else (HIDDEN if place - 1 not in secrets else "")
        for place, character in enumerate(line)
    ]


def _window(edges: list[int], start: int, width: int) -> tuple[int, int]:
    """The first character that is shown, and the first behind it that is not, so that ``start`` is in view."""
    count = len(edges) - 1
    if edges[count] <= width:
        return 0, count
    room = width - 2  # for the marks of both cuts
    first = 0
    if edges[start] > room * 2 // 3:
        first = next(place for place in range(count + 1) if edges[place] >= edges[start] - room // 3)
    last = max(place for place in range(first, count + 1) if edges[place] - edges[first] <= room)
    return first, last


# --- secrets -----------------------------------------------------------------------------------------------------

_SECRETS: Final = (
    re.compile(
        r"(?:pass|pwd|secret|token|api[_-]?key|private[_-]?key|credential)[\w-]*[\"']?\s*[:=]\s*(.+)", re.IGNORECASE
    ),
    re.compile(r"://(\S+)@"),
    re.compile(r"://[^\s?]*\?([^\s\"']+)"),
    re.compile(r"\b(?:Basic|Bearer)\s+(\S+)", re.IGNORECASE),
)


def _secrets(line: str, key_end: int | None) -> frozenset[int]:
    """The places of characters that are not to be shown: what follows a telling key, and accounts in addresses."""
    stretches = [found.span(1) for pattern in _SECRETS for found in pattern.finditer(line)]
    value = None if key_end is None else re.compile(r"[\"']?\s*:\s*(\S.*)").match(line, key_end)
    if value is not None:
        stretches.append(value.span(1))
    return frozenset(place for low, high in stretches for place in range(low, high))


# --- what to mark ------------------------------------------------------------------------------------------------

_QUOTED: Final = re.compile(r'"([^"]*?)…?"')
_WORD: Final = re.compile(r"[^\s,:\[\]{}#]+")
_CLOSING: Final = {"[": "]", "{": "}"}


def extent(line: str, start: int, message: str) -> int:
    """Where the thing ends that begins at ``start``: a word that the message repeats, a quoted text, a list, a word."""
    rest = line[start:]
    for word in _QUOTED.findall(message):
        for written in (f'"{word}"', f"'{word}'", word):
            if word and rest.startswith(written):
                return start + len(written)
    if rest[:1] in _CLOSING:
        return start + _bracketed(rest)
    if rest[:1] in {'"', "'"}:
        closing = rest.find(rest[0], 1)
        return start + (closing + 1 if closing > 0 else len(rest.rstrip()))
    found = _WORD.match(rest)
    return start + (found.end() if found else 1)


def _bracketed(text: str) -> int:
    """The length of the list or mapping that ``text`` begins with, or of the line where it goes on below."""
    depths = accumulate(_steps(text))
    return next((place for place, depth in enumerate(depths, 1) if depth == 0), len(text.rstrip()))


def _steps(text: str) -> Iterator[int]:
    for character in text:
        yield (character in "[{") - (character in "]}")
