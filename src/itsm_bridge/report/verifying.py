"""Whether the files that were written hold what the manifest says they do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile

from itsm_bridge.report.manifest import WrittenFile

TABLE = re.compile(rb'<table [^>]*\bdisplayName="tbl_([^"]+)" ref="[A-Z]+(\d+):[A-Z]+(\d+)"')
PART = re.compile(r"_\d+$")


def differing(files: Iterable[WrittenFile]) -> tuple[str, ...]:
    """Where a file has other rows than were to be written, in words; nothing where all agree."""
    return tuple(line for file in files for line in _differing(file))


def _differing(file: WrittenFile) -> Iterator[str]:
    found = _COUNTS[file.path.suffix](file) if file.path.suffix in _COUNTS else file.tables
    for table, expected in file.tables.items():
        rows = found.get(table, -1)
        if rows != expected:
            yield f"{file.path.name}: {table} has {max(rows, 0):,} rows of {expected:,}"


def _rows_of_csv(file: WrittenFile) -> Counter[str]:
    """Line ends less the header's: a text of ours holds no carriage return, so that each of them ends a row."""
    (table,) = file.tables
    return Counter({table: _line_ends(file.path) - 1})


def _line_ends(path: Path) -> int:
    with path.open("rb") as opened:
        return sum(piece.count(b"\r") for piece in iter(lambda: opened.read(1 << 20), b""))


def _rows_of_workbook(file: WrittenFile) -> Counter[str]:
    """The rows of its tables, less their headers; an empty one has a blank row, since Excel wants one."""
    found: Counter[str] = Counter()
    with ZipFile(file.path) as parts:
        for name in parts.namelist():
            if name.startswith("xl/tables/"):
                for table, top, last in TABLE.findall(parts.read(name)):
                    found[_named(table.decode(), file)] += int(last) - int(top)
    for table, expected in file.tables.items():
        if not expected and found[table] == 1:
            found[table] = 0
    return found


def _named(sheet: str, file: WrittenFile) -> str:
    """The table that a sheet is a part of."""
    return sheet if sheet in file.tables else PART.sub("", sheet)


_COUNTS = {".csv": _rows_of_csv, ".xlsx": _rows_of_workbook}
