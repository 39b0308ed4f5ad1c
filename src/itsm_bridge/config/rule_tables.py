"""Decision tables: a CSV file beside ``rules.yaml`` whose rows are rules, for those who live in a spreadsheet.

In a section, ``- table: owners.csv`` stands for the rows of that file, in their order. Its first row names the columns:
``name`` and ``because``; what the section's rules may set, such as ``vendor`` of ``assignment``; any other is a
condition on the field of that name. Where a name could be both, ``when vendor`` is the condition; in ``classify``,
``then environment`` is what is filled. A cell holds what would stand after that key in ``rules.yaml``, and its text
needs no quotes; an empty one says nothing.

A row becomes the node of a rule, so that it is read, checked and placed like one that stands in the YAML file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from itsm_bridge.config.csv_cells import Cell, read_cells
from itsm_bridge.config.documents import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    compose,
    decode_text,
    plain_value,
    read_bytes,
)
from itsm_bridge.config.findings import Code, Findings, quote
from itsm_bridge.config.model import Position

TABLE: Final = "table"
_ANYTHING: Final = "-"
"""A cell with a dash is a condition that always holds, as in the tables of DMN."""
_WORDS: Final = ("name", "because")
_FLOW: Final = ("[", "{", '"', "'")


@dataclass(frozen=True, slots=True)
class _Column:
    """What the cells of a column are: ``part`` is ``when``, ``then``, or empty for a word about the rule."""

    part: str
    key: ScalarNode


@dataclass(slots=True)
class RuleTables:
    """The tables that one ``rules.yaml`` names; ``contents`` are the bytes of each, by its name."""

    folder: Path
    outcomes: Mapping[str, tuple[str, ...]]
    findings: Findings
    contents: dict[str, bytes]

    def expand(self, document: Node | None) -> Node | None:
        """The document with the rows of each table in its place; mistakes are noted, and leave no rule."""
        if not isinstance(document, MappingNode):
            return document
        entries = tuple((key, self._section(key.text, value)) for key, value in document.entries)
        return replace(document, entries=entries)

    def _section(self, name: str, node: Node) -> Node:
        if name not in self.outcomes:
            return node
        if name == "priority" and isinstance(node, MappingNode):
            rules = ((key, self._rules(name, value) if key.text == "rules" else value) for key, value in node.entries)
            return replace(node, entries=tuple(rules))
        return self._rules(name, node)

    def _rules(self, section: str, node: Node) -> Node:
        if not isinstance(node, SequenceNode):
            return node
        return replace(node, items=tuple(rule for item in node.items for rule in self._expanded(section, item)))

    def _expanded(self, section: str, item: Node) -> Iterator[Node]:
        table = item.get(TABLE) if isinstance(item, MappingNode) else None
        if table is None or not isinstance(item, MappingNode):
            yield item
            return
        for key, _ in item.entries:
            if key.text != TABLE:
                self.findings.add(key.position, Code.UNKNOWN_KEY, f"{quote(key.text)} beside a table: its rows say it")
        text = self._text(table)
        if text is not None:
            name = table.text if isinstance(table, ScalarNode) else ""
            yield from self._rows(section, name, read_cells(text, name, self.findings))

    def _text(self, table: Node) -> str | None:
        name = table.text if isinstance(table, ScalarNode) else ""
        if PurePath(name).name != name or not name.casefold().endswith(".csv") or "\\" in name:
            message = "a table is the name of a CSV file that lies beside rules.yaml, such as owners.csv"
            self.findings.add(table.position, Code.BAD_FORM, message)
            return None
        content = read_bytes(self.folder / name, self.findings)
        if content is None:
            self.findings.add(table.position, Code.FILE_UNREADABLE, f"the rules of {name} cannot be read, see there")
            return None
        self.contents[name] = content
        return decode_text(content, name, self.findings)

    def _rows(self, section: str, file: str, rows: tuple[tuple[Cell, ...], ...]) -> Iterator[Node]:
        if not rows:
            self.findings.add(Position(file, 1, 1), Code.NOTHING_GIVEN, "the table has no row that names its columns")
            return
        columns = self._columns(section, rows[0])
        for row in rows[1:]:
            for cell in row[len(columns) :]:
                if cell.text:
                    self.findings.add(cell.position, Code.UNKNOWN_KEY, "there is no column above this cell")
            yield self._rule(file, columns, row)

    def _columns(self, section: str, head: tuple[Cell, ...]) -> tuple[_Column, ...]:
        columns = tuple(_column(cell, self.outcomes[section]) for cell in head)
        seen: dict[tuple[str, str], Position] = {}
        for column in columns:
            first = seen.setdefault((column.part, column.key.text), column.key.position)
            if first != column.key.position and column.key.text:
                message = f"{quote(column.key.text)} is a column twice; first in column {first.column} of the line"
                self.findings.add(column.key.position, Code.DOUBLED_KEY, message)
        return columns

    def _rule(self, file: str, columns: tuple[_Column, ...], row: tuple[Cell, ...]) -> Node:
        place = row[0].position
        parts: dict[str, list[tuple[ScalarNode, Node]]] = {"when": [], "then": [], "": []}
        for column, cell in zip(columns, row, strict=False):
            node = self._value(column, cell)
            if node is not None:
                parts[column.part].append((column.key, node))
        if not any(key.text == "name" for key, _ in parts[""]):
            parts[""].append(_entry("name", place, f"{PurePath(file).stem} row {place.line}"))
        for part in ("when", "then"):
            parts[""].append((_scalar(place, part), MappingNode(place, tuple(parts[part]))))
        return MappingNode(place, tuple(parts[""]))

    def _value(self, column: _Column, cell: Cell) -> Node | None:
        if not cell.text or (column.part == "when" and cell.text == _ANYTHING):
            return None
        if not column.key.text:
            self.findings.add(cell.position, Code.UNKNOWN_KEY, "the column of this cell has no name")
            return None
        if column.part and cell.text.startswith(_FLOW):
            return compose(cell.text, cell.position, self.findings)
        return _scalar(cell.position, cell.text)


def _column(cell: Cell, outcomes: tuple[str, ...]) -> _Column:
    part, _, field = cell.text.partition(" ")
    if part in {"when", "then"} and field:
        indent = len(cell.text) - len(field.lstrip())
        place = replace(cell.position, column=cell.position.column + indent)
        return _Column(part, _scalar(place, field.strip()))
    if cell.text in _WORDS:
        return _Column("", _scalar(cell.position, cell.text))
    return _Column("then" if cell.text in outcomes else "when", _scalar(cell.position, cell.text))


def _entry(key: str, place: Position, text: str) -> tuple[ScalarNode, Node]:
    return _scalar(place, key), _scalar(place, text)


def _scalar(position: Position, text: str) -> ScalarNode:
    return ScalarNode(position, text, plain_value(text))
