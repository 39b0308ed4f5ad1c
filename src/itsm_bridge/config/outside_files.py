"""CSV files of figures that tickets do not hold: uptime, patch compliance, cost, satisfaction, by vendor and month.

The first row names the columns: ``vendor``, ``month`` (or ``period``; such as ``2026-11``) and ``value``; and, as
wanted, ``environment`` (none: the vendor as a whole), ``unit`` (or ``currency``), ``of`` (what the value is about: so
many devices, minutes, answers) and ``note``. What a line says wrongly is a warning with its place, and the line is
left out: such files come from other people every month, and no ticket may wait for them. For the same reason they are
no part of the configuration's digest.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from itsm_bridge.config.csv_cells import Cell, read_cells
from itsm_bridge.config.documents import decode_text, read_bytes
from itsm_bridge.config.findings import Code, Findings, quote
from itsm_bridge.config.literals import LiteralError
from itsm_bridge.config.model import Configuration, OutsideFigure, Position
from itsm_bridge.config.outside_values import (
    PERCENT,
    SHARE,
    parse_month,
    parse_of,
    parse_unit,
    parse_value,
)
from itsm_bridge.errors import Finding

T = TypeVar("T")

NEEDED: Final = ("vendor", "month", "value")
COLUMNS: Final = ("vendor", "environment", "month", "value", "unit", "of", "note")
OTHER_NAMES: Final[Mapping[str, str]] = {"period": "month", "currency": "unit"}
LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class Outside:
    """What the files say, and what is wrong with them: warnings, ordered by place."""

    figures: tuple[OutsideFigure, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_outside(configuration: Configuration) -> Outside:
    """The figures of all files that ``reports.inputs`` names, as they are on the disk now."""
    findings = Findings()
    figures: list[OutsideFigure] = []
    for figure, path in configuration.reports.inputs.items():
        file = path.as_posix()
        text = _text(configuration.folder, file, findings)
        if text is not None:
            reader = _Reader(figure, file, configuration.vendors, configuration.environments, findings)
            figures += reader.figures(read_cells(text, file, findings))
    return Outside(tuple(figures), tuple(replace(one, severity="warning") for one in findings.listed()))


def _text(folder: Path, file: str, findings: Findings) -> str | None:
    path = folder / file
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        message = f"{file} is a link that leads out of the configuration folder"
        findings.add(Position(file, 1, 1), Code.FILE_UNREADABLE, message)
        return None
    content = read_bytes(path, findings, file)
    return None if content is None else decode_text(content, file, findings)


@dataclass(slots=True)
class _Reader:
    """Reads the rows of one file."""

    figure: str
    file: str
    vendors: Collection[str]
    environments: Collection[str]
    findings: Findings
    _columns: dict[str, int] = field(default_factory=dict)
    _width: int = 0

    def figures(self, rows: tuple[tuple[Cell, ...], ...]) -> list[OutsideFigure]:
        """One figure a row; of rows about the same vendor, environment and month none, as none is known to be right."""
        if not rows:
            self._refuse(Position(self.file, 1, 1), Code.NOTHING_GIVEN, "the file has no row that names its columns")
            return []
        if not self._read_head(rows[0]):
            return []
        found: dict[tuple[str, str, date], OutsideFigure | None] = {}
        lines: dict[tuple[str, str, date], int] = {}
        for one in filter(None, map(self._read_row, rows[1:])):
            key = one.vendor, one.environment, one.month
            if key in found:
                place = f"{quote(one.vendor)} {quote(one.environment)}".removesuffix(' ""')
                message = f"{place} {one.month:%Y-%m} stands here and in line {lines[key]}; neither is used"
                self._refuse(Position(self.file, one.line, 1), Code.DOUBLED_NAME, message)
            found[key] = None if key in found else one
            lines.setdefault(key, one.line)
        return [one for one in found.values() if one is not None]

    def _read_head(self, head: tuple[Cell, ...]) -> bool:
        """Take in the names of the columns; ``False`` where one is wrong: what the lines mean is not sure then."""
        self._width = len(head)
        is_sure = True
        for place, cell in enumerate(head):
            name = OTHER_NAMES.get(cell.text.casefold(), cell.text.casefold())
            if name in COLUMNS and name not in self._columns:
                self._columns[name] = place
            elif cell.text:
                is_sure = False
                self._refuse_column(cell, name)
        missing = [name for name in NEEDED if name not in self._columns] if is_sure else []
        for name in missing:
            self._refuse(head[0].position, Code.MISSING_KEY, f"the file needs the column {quote(name)}")
        return is_sure and not missing

    def _refuse_column(self, cell: Cell, name: str) -> None:
        if name in self._columns:
            self._refuse(cell.position, Code.DOUBLED_KEY, f"{quote(cell.text)} says the same as another column")
        else:
            message = f"{quote(cell.text)} is no column of such a file"
            self.findings.refuse(cell.position, Code.UNKNOWN_KEY, cell.text, message, COLUMNS)

    def _read_row(self, row: tuple[Cell, ...]) -> OutsideFigure | None:
        """One line; ``None`` where something in it is wrong, all of which is noted."""
        vendor = self._name(row, "vendor", self.vendors)
        environment = self._name(row, "environment", self.environments) if self._cell(row, "environment").text else ""
        month = self._read(row, "month", parse_month)
        unit = self._parsed(self._cell(row, "unit"), partial(parse_unit, self.figure))
        value = None if unit is None else self._read(row, "value", partial(parse_value, unit))
        of = self._read(row, "of", parse_of) if self._cell(row, "of").text else math.inf
        if vendor is None or environment is None or month is None or unit is None or value is None or of is None:
            return None
        if self._has_more(row):
            return None
        return OutsideFigure(
            figure=self.figure,
            vendor=vendor,
            environment=environment,
            month=month,
            value=value,
            unit=SHARE if unit == PERCENT else unit,
            of=None if math.isinf(of) else of,
            note=self._cell(row, "note").text[:LONGEST_NOTE],
            file=self.file,
            line=row[0].position.line,
        )

    def _has_more(self, row: tuple[Cell, ...]) -> bool:
        """Whether a cell lies beyond the columns: a comma that stands in an amount makes one."""
        more = [cell for cell in row[self._width :] if cell.text]
        for cell in more:
            self._refuse(cell.position, Code.UNKNOWN_KEY, "there is no column above this cell: is a quote missing?")
        return bool(more)

    def _name(self, row: tuple[Cell, ...], what: str, known: Collection[str]) -> str | None:
        name = self._read(row, what, str)
        if name is None or name in known:
            return name
        cell = self._cell(row, what)
        self.findings.refuse(cell.position, Code.UNKNOWN_NAME, name, f"{quote(name)} is no known {what}", tuple(known))
        return None

    def _read(self, row: tuple[Cell, ...], column: str, parse: Callable[[str], T]) -> T | None:
        """What a cell holds that must not be empty; ``None`` where that is noted as wrong."""
        cell = self._cell(row, column)
        if not cell.text:
            self._refuse(cell.position, Code.NOTHING_GIVEN, f"the line gives no {column}")
            return None
        return self._parsed(cell, parse)

    def _parsed(self, cell: Cell, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(cell.text)
        except LiteralError as error:
            self._refuse(cell.position, Code.BAD_FORM, str(error), error.suggestion)
            return None

    def _cell(self, row: tuple[Cell, ...], column: str) -> Cell:
        """The cell of a column; where the line is too short or has no such column, an empty one at its start."""
        place = self._columns.get(column)
        return row[place] if place is not None and place < len(row) else Cell(row[0].position, "")

    def _refuse(self, position: Position, code: Code, message: str, suggestion: str | None = None) -> None:
        self.findings.add(position, code, message, suggestion=suggestion)
