"""Reads a YAML file strictly, into nodes that know their place; mistakes are noted, never raised.

Only what a configuration needs is YAML here: one document of mappings, lists and plain values. What makes YAML
surprising is a mistake with a place: anchors, aliases, tags, merge keys, doubled keys. Plain values follow the core
schema of YAML 1.2, so that ``no``, ``on``, ``09:30`` and ``010`` are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from itsm_bridge.config.findings import Code, Findings, quote
from itsm_bridge.config.model import Position
from itsm_bridge.config.regular_files import read_regular

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 30

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value: ``text`` as it was written, ``value`` as YAML 1.2 reads it."""

    position: Position
    text: str
    value: Plain


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    position: Position
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys with their values, in the order of the file; no key stands twice."""

    position: Position
    entries: tuple[tuple[ScalarNode, Node], ...]

    def get(self, key: str) -> Node | None:
        """The value of ``key``, or ``None`` where the key is not given."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> ScalarNode | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.entries if name.text == key), None)


@dataclass(frozen=True, slots=True)
class BrokenNode:
    """Something whose mistake is already noted."""

    position: Position


Node = ScalarNode | SequenceNode | MappingNode | BrokenNode


# --- bytes -------------------------------------------------------------------------------------------------------


def read_bytes(path: Path, findings: Findings, file: str = "") -> bytes | None:
    """The bytes of a regular file of at most 1 MB; ``None``, with a finding, for anything else. Never blocks.

    ``file`` is what findings call it, if not by its name alone.
    """
    name = file or path.name
    start = Position(name, 1, 1)
    try:
        content = read_regular(path, MAX_BYTES + 1)
    except FileNotFoundError:
        findings.add(start, Code.FILE_MISSING, f"{name} is missing")
        return None
    except OSError as error:
        findings.add(start, Code.FILE_UNREADABLE, f"{name} cannot be read: {error.strerror or 'unknown reason'}")
        return None
    if content is None:
        findings.add(start, Code.FILE_UNREADABLE, f"{name} is not a regular file")
        return None
    if len(content.head) > MAX_BYTES:
        findings.add(start, Code.FILE_TOO_LARGE, f"{name} is larger than 1 MB")
        return None
    return content.head


def decode_text(content: bytes, file: str, findings: Findings) -> str | None:
    """The text of a UTF-8 file, a byte-order mark taken off; ``None``, with a finding, where it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")  # which lacks the mark
        findings.add(_place(before, file), Code.NOT_UTF8, "the file is not UTF-8 from here on; save it as UTF-8")
        return None
    bad = _NOT_YAML.search(text)
    if bad:
        place = _place(text[: bad.start()], file)
        findings.add(place, Code.CONTROL_CHARACTER, f"a control character (U+{ord(bad.group()):04X}) is not text")
        return None
    return text


_NOT_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 does not count as a printable character (section 5.1)."""


def _place(before: str, file: str) -> Position:
    return Position(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


# --- nodes -------------------------------------------------------------------------------------------------------


def compose(text: str, origin: Position, findings: Findings) -> Node | None:
    """The one document in ``text``, empty where there is none; ``None``, with a finding, where it is broken.

    ``origin`` is where the text begins: the first place of a file, or a cell of a table.
    """
    try:
        return _Composer(text, origin, findings).document()
    except yaml.YAMLError as error:
        deep = "nesting depth" in str(error)  # the parser in C looks ahead, and may give up before we do
        code, words = (Code.TOO_DEEP, _TOO_DEEP) if deep else (Code.SYNTAX, _words_for(error))
        findings.add(_place_of(error, origin, text), code, words)
    except (ValueError, OverflowError):  # the parser in Python, for "\UFFFFFFFF"
        findings.add(origin, Code.SYNTAX, "an escape such as \\U… names a character that does not exist")
    except _TooDeep as error:
        findings.add(error.position, Code.TOO_DEEP, _TOO_DEEP)
    return None


_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep; the rest of the file was not read"


class _TooDeep(Exception):
    def __init__(self, position: Position) -> None:
        super().__init__()
        self.position = position


_LOADER: Final[type[yaml.CSafeLoader | yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Composer:
    """Builds nodes from the parser's events, which expand nothing and hence cannot explode."""

    def __init__(self, text: str, origin: Position, findings: Findings) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._origin = origin
        self._findings = findings

    def document(self) -> Node:
        """The first document's node; notes each further one."""
        found: Node = MappingNode(self._origin, ())
        seen = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                seen += 1
                self._check_start(event, seen)
                node = self._node(next(self._events), 1)
                found = node if seen == 1 else found
        return found

    def _check_start(self, event: yaml.DocumentStartEvent, seen: int) -> None:
        if seen == 2:
            self._note(event, Code.SEVERAL_DOCUMENTS, "a second document begins here; a file holds one")
        if event.tags:
            self._note(event, Code.TAG, "%TAG directives are not used here")

    def _node(self, event: yaml.Event, depth: int) -> Node:
        position = self._position(event)
        if depth > MAX_DEPTH:
            raise _TooDeep(position)
        if isinstance(event, yaml.AliasEvent):
            self._note(event, Code.REUSE, f"an alias (*{event.anchor}) is not allowed; write the value out")
            return BrokenNode(position)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._checked(event, SequenceNode(position, self._items(depth + 1)))
        if isinstance(event, yaml.MappingStartEvent):
            return self._checked(event, MappingNode(position, self._entries(depth + 1)))
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - the grammar of YAML leaves nothing else
        return self._checked(event, self._scalar(event))

    def _checked(self, event: yaml.NodeEvent, node: Node) -> Node:
        """Refuse what a node may carry; an anchor leaves the node itself readable."""
        if event.anchor is not None:
            self._note(event, Code.REUSE, f"an anchor (&{event.anchor}) is not allowed; write each value out")
        tag: str | None = getattr(event, "tag", None)
        if tag is None:
            return node
        self._note(event, Code.TAG, f"a tag ({quote(tag)}) is not allowed; write the plain value")
        return BrokenNode(node.position)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth))
        return tuple(items)

    def _entries(self, depth: int) -> tuple[tuple[ScalarNode, Node], ...]:
        entries: dict[str, tuple[ScalarNode, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, depth)
            value = self._node(next(self._events), depth)
            if key is None:
                continue
            if key.text in entries:
                first = entries[key.text][0].position
                self._note(event, Code.DOUBLED_KEY, f"{quote(key.text)} stands here twice; first in line {first.line}")
            entries.setdefault(key.text, (key, value))
        return tuple(entries.values())

    def _key(self, event: yaml.Event, depth: int) -> ScalarNode | None:
        node = self._node(event, depth)
        if not isinstance(node, ScalarNode):
            if not isinstance(node, BrokenNode):
                self._note(event, Code.KEY_NOT_TEXT, "a key is text, not a list or a mapping")
            return None
        if node.text == "<<" and node.value == "<<":
            self._note(event, Code.REUSE, "a merge key (<<) is not allowed; write the keys out")
            return None
        if not node.text:
            self._note(event, Code.KEY_NOT_TEXT, "a key is empty")
            return None
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        position = self._position(event)
        text = event.value
        if _CONTROL.search(text):
            self._note(event, Code.CONTROL_CHARACTER, "an escape stands for a control character, which is not text")
            return BrokenNode(position)
        return ScalarNode(position, text, text if event.style else plain_value(text))

    def _position(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        assert mark is not None  # noqa: S101 - every event of a parser has one
        return _at(mark.line, mark.column, self._origin)

    def _note(self, event: yaml.Event, code: Code, message: str) -> None:
        self._findings.add(self._position(event), code, message)


_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,17})?\.[0-9]{1,18}|(?:0|[1-9][0-9]{0,17})\.?)(?:[eE][-+]?[0-9]{1,3})?"
)
_WORDS: Final[dict[str, Plain]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


def plain_value(text: str) -> Plain:
    """What a value without quotes stands for: YAML 1.2's core schema, less octal, hexadecimal and infinite numbers.

    A number with a leading zero (``010``) is an identifier to everybody who writes one, so it stays text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


# --- words -------------------------------------------------------------------------------------------------------

_EXPLANATIONS: Final = (
    ("cannot start any token", "a value cannot begin like this: text with special characters goes in quotes"),
    ("mapping values are not allowed", "a colon where none fits: text with a colon goes in quotes, keys line up"),
    ("unexpected end of stream", "a quote is opened here and never closed"),
    ("could not find expected ':'", "a colon is missing after this key, or the line is indented wrongly"),
    ("expected ',' or ']'", "a list in [ ] is not closed, or a comma is missing"),
    ("expected ',' or '}'", "a mapping in { } is not closed, or a comma is missing"),
    ("did not find expected key", "a key is wanted here: look at the indentation, and at quotes before it"),
    ("'-' indicator", "a list goes on with '-' at the same indentation, and here is something else"),
    ("<block end>", "the indentation does not fit what stands before"),
    ("node content", "a value is missing here, or a bracket is not closed"),
    ("unknown escape", "in double quotes a backslash needs a known letter after it; use single quotes for plain text"),
    ("escape", "in double quotes a backslash starts an escape, and this one names no character"),
)


def _words_for(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or "it cannot be read")
    return "not YAML: " + next((words for part, words in _EXPLANATIONS if part in problem), problem)


def _at(line: int, column: int, origin: Position) -> Position:
    """The place in the file of a place, counted from 0, in a text that begins at ``origin``."""
    return Position(origin.file, origin.line + line, column + (1 if line else origin.column))


def _place_of(error: yaml.YAMLError, origin: Position, text: str) -> Position:
    """Where the mistake is; where the parser only noticed it at the end of the file, where that thing began."""
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    context: yaml.Mark | None = getattr(error, "context_mark", None)
    if mark is not None and context is not None and _begins_earlier(str(getattr(error, "problem", "")), mark, text):
        mark = context
    return origin if mark is None else _at(mark.line, mark.column, origin)


def _begins_earlier(problem: str, mark: yaml.Mark, text: str) -> bool:
    return "could not find expected ':'" in problem or mark.line >= len(text.rstrip().splitlines())
