"""Finished files opened again, to see whether any of them holds what it must not, wherever a file can hold a text."""

from __future__ import annotations

import csv
import html
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from itsm_bridge.report.foreign import neutralised
from itsm_bridge.report.naming import Names

_MARKS = re.compile(r"""[<>"]|(?<==)'""")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_ADDRESS = re.compile(r"\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?")
"""Of a cell: no name, whatever a vendor is called."""

_PAGE_CODE = re.compile("&(?:[LCRPNDTZFAGBIUESXY]|[0-9]+ ?|K[0-9A-F]{6})")

LONGEST_CELL = 10_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One text of a file, and where it stands."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Leak:
    """What a file holds and must not."""

    file: str
    place: str
    name: str


def leaks(folder: Path, names: Names, columns: Mapping[str, Collection[str]]) -> Iterator[Leak]:
    """What the files of a folder hold of foreign names; ``columns`` are those of CSVs that have only some values."""
    cleared: set[str] = set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        inside = pieces(path) if path.is_file() else iter(())
        for piece in (Piece("its name", name), *inside):
            if piece.text not in cleared:
                yield from (Leak(name, piece.place, found.name) for found in names.find(piece.text))
                cleared.add(piece.text)
        if path.suffix == ".csv":
            yield from (Leak(name, piece.place, piece.text) for piece in _strays(path, columns))


def pieces(path: Path) -> Iterator[Piece]:
    """Every text of a file, where it stands first: cells, texts and attributes of a markup, an archive's parts."""
    return _READERS.get(path.suffix, _plain)(path)


def _csv(path: Path) -> Iterator[Piece]:
    seen = {""}
    for number, row in enumerate(_rows(path), start=1):
        if seen.issuperset(row):
            continue
        for place, cell in enumerate(row, start=1):
            if cell not in seen:
                seen.add(cell)
                yield Piece(f"row {number}, column {place}", cell.removeprefix("'"))


def _rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.reader(file)


def _strays(path: Path, columns: Mapping[str, Collection[str]]) -> Iterator[Piece]:
    """Cells of ``columns`` that hold another value than they may."""
    rows = _rows(path)
    header = next(rows, [])
    watched = {
        place: frozenset(map(neutralised, columns[name])) for place, name in enumerate(header) if name in columns
    }
    for number, row in enumerate(rows, start=2):
        for place, allowed in watched.items():
            if row[place] not in allowed:
                yield Piece(f"row {number}, column {header[place]}", row[place])


def _archive(path: Path) -> Iterator[Piece]:
    with zipfile.ZipFile(path) as archive:
        yield Piece("the comment of the archive", archive.comment.decode("utf-8", "replace"))
        for member in archive.infolist():
            yield Piece("a part's name", member.filename)
            yield from _marked_up(member.filename, archive.read(member).decode("utf-8", "replace"))


def _plain(path: Path) -> Iterator[Piece]:
    return _marked_up("its text", path.read_bytes().decode("utf-8", "replace"))


def _marked_up(place: str, text: str) -> Iterator[Piece]:
    """What stands between the marks of a markup, with its characters as they are read."""
    for piece in dict.fromkeys(_MARKS.split(_without_places(text))):
        read = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), html.unescape(piece)).strip()
        if read.startswith("&"):  # the header of a printed page
            read = _PAGE_CODE.sub(" ", read).replace("&&", "&")
        if read and not _ADDRESS.fullmatch(read):
            yield Piece(place, read)


def _without_places(text: str) -> str:
    """A sheet without what says where its cells and rows stand, and which of the workbook's strings they have.

    Those are searched where they are written, in a part of their own; the numbers of a sheet stay.
    """
    return _ROW.sub("<row>", _CELL.sub("<c>", _STRING_CELL.sub("", text)))


_STRING_CELL = re.compile('<c r="[A-Z]{1,3}[0-9]+"(?: s="[0-9]+")? t="s"><v>[0-9]+</v></c>')
_CELL = re.compile('<c r="[A-Z]{1,3}[0-9]+"(?: s="[0-9]+")?(?: t="b")?>')
_ROW = re.compile('<row r="[0-9]+"(?: spans="[0-9]+:[0-9]+")?>')

_READERS: Mapping[str, Callable[[Path], Iterator[Piece]]] = {".csv": _csv, ".xlsx": _archive, ".zip": _archive}
