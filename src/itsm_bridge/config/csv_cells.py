"""Reads CSV as spreadsheets write it, into cells that know their place: RFC 4180, with a comma, semicolon or tab."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from itsm_bridge.config.findings import Code, Findings
from itsm_bridge.config.model import Position

_SEPARATORS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text without quotes and without spaces around it, and where that begins."""

    position: Position
    text: str


def read_cells(text: str, file: str, findings: Findings) -> tuple[tuple[Cell, ...], ...]:
    """The rows of a table, those without any text left out; it ends before a quote that is never closed.

    The separator is the one of comma, semicolon and tab that the first line has most of: which one a spreadsheet
    writes depends on the country that its computer is set to.
    """
    head = text.lstrip("\r\n").split("\n", 1)[0]
    reader = _Reader(text, file, max(_SEPARATORS, key=head.count), findings)
    return tuple(row for row in reader.rows() if any(cell.text for cell in row))


class _NeverClosed(Exception):
    pass


class _Reader:
    """Walks over the text once, and keeps count of lines and columns."""

    def __init__(self, text: str, file: str, separator: str, findings: Findings) -> None:
        self._text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._file, self._separator, self._findings = file, separator, findings
        self._at, self._line, self._line_start = 0, 1, 0

    def rows(self) -> list[tuple[Cell, ...]]:
        found: list[tuple[Cell, ...]] = []
        with suppress(_NeverClosed):
            while self._at < len(self._text):
                found.append(self._row())
        return found

    def _row(self) -> tuple[Cell, ...]:
        cells = [self._cell()]
        while self._next() == self._separator:
            self._advance()
            cells.append(self._cell())
        if self._next() == "\n":
            self._advance()
        return tuple(cells)

    def _cell(self) -> Cell:
        while self._next() in {" ", "\xa0"}:
            self._advance()
        return self._quoted() if self._next() == '"' else self._plain()

    def _plain(self) -> Cell:
        position, start = self._position(), self._at
        self._skip_to_end()
        return Cell(position, self._text[start : self._at].strip())

    def _quoted(self) -> Cell:
        opening = self._position()
        self._advance()
        position, parts = self._position(), []
        while True:
            closing = self._text.find('"', self._at)
            if closing < 0:
                self._findings.add(opening, Code.SYNTAX, "a quote is opened here and never closed")
                raise _NeverClosed
            parts.append(self._text[self._at : closing])
            self._advance(closing - self._at + 1)
            if self._next() != '"':
                break
            parts.append('"')
            self._advance()
        self._skip_to_end()
        return Cell(position, "".join(parts).strip())

    def _skip_to_end(self) -> None:
        while self._next() not in {self._separator, "\n", ""}:
            self._advance()

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _advance(self, steps: int = 1) -> None:
        passed = self._text[self._at : self._at + steps]
        self._at += steps
        if "\n" in passed:
            self._line += passed.count("\n")
            self._line_start = self._at - (len(passed) - passed.rfind("\n") - 1)

    def _position(self) -> Position:
        return Position(self._file, self._line, self._at - self._line_start + 1)
