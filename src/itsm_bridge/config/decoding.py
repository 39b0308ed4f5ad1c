"""Turns nodes into typed values by declarations, noting every mistake with its place instead of stopping at one.

A decoder either returns a value or raises ``Mistaken``, having noted why. Whatever holds several parts reads all of
them before it raises, so that one pass finds all that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from itsm_bridge.config.documents import BrokenNode, MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, Findings, quote
from itsm_bridge.config.holiday_files import HolidayFiles
from itsm_bridge.config.literals import LiteralError
from itsm_bridge.config.model import Position
from itsm_bridge.config.names import Named, Names

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")
K = TypeVar("K")
E = TypeVar("E", bound=StrEnum)


class Mistaken(Exception):
    """There is no value; why is already among the findings."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a decoder may know: the declared names, the calendar files, and the key that holds the node in a mapping."""

    names: Names
    findings: Findings
    holiday_files: HolidayFiles
    key: ScalarNode | None = None

    def under(self, key: ScalarNode | None) -> Context:
        """The context of the value that stands under ``key``."""
        return replace(self, key=key)

    def refuse(self, position: Position, code: Code, message: str, *, suggestion: str | None = None) -> Mistaken:
        """Note a mistake; the answer is to be raised where no value is left."""
        self.findings.add(position, code, message, suggestion=suggestion)
        return Mistaken()

    def refuse_word(self, node: ScalarNode, code: Code, message: str, allowed: Iterable[str]) -> Mistaken:
        """Note a word that is none of ``allowed``."""
        self.findings.refuse(node.position, code, node.text, message, tuple(allowed))
        return Mistaken()

    def refuse_kind(self, node: Node, wanted: str, *, suggestion: str | None = None) -> Mistaken:
        """Note a list where text is wanted, and the like."""
        message = f"{wanted} is wanted here, not {_kind(node)}"
        return self.refuse(node.position, Code.WRONG_KIND, message, suggestion=suggestion)

    def warn(self, position: Position, code: Code, message: str, *, suggestion: str | None = None) -> None:
        """Note what is probably not meant, but can be worked with."""
        self.findings.add(position, code, message, severity="warning", suggestion=suggestion)


def _kind(node: Node) -> str:
    match node:
        case SequenceNode():
            return "a list"
        case MappingNode():
            return "a mapping"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=str()):
            return f"the text {quote(node.text)}"
        case ScalarNode():
            return quote(node.text)
        case _:
            return "what stands here"


class Decoder(Generic[T_co]):
    """Reads one node."""

    __slots__ = ()

    def read(self, node: Node, context: Context) -> T_co:
        """The value of ``node``; raises ``Mistaken``, the reason noted."""
        if isinstance(node, BrokenNode):
            raise Mistaken
        return self._decode(node, context)

    def _decode(self, node: Node, context: Context) -> T_co:
        raise NotImplementedError


# --- single values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text(Decoder[str]):
    """Text that is not blank. A number counts as it was written: an id needs no quotes."""

    what: str = "text"
    form: str = ""
    rule: str = ""
    flags: bool = False

    def _decode(self, node: Node, context: Context) -> str:
        if not isinstance(node, ScalarNode) or node.value is None or (isinstance(node.value, bool) and not self.flags):
            raise context.refuse_kind(node, self.what)
        if not node.text.strip():
            raise context.refuse(node.position, Code.NOTHING_GIVEN, f"{self.what} is wanted here, and it is blank")
        if self.form and not re.fullmatch(self.form, node.text, re.ASCII):
            raise context.refuse(node.position, Code.BAD_FORM, f"{quote(node.text)} is not {self.what}: {self.rule}")
        return node.text


@dataclass(frozen=True, slots=True)
class Parsed(Decoder[T]):
    """Text that a function of ``literals`` reads."""

    parse: Callable[[str], T]
    what: str

    def _decode(self, node: Node, context: Context) -> T:
        text = Text(self.what).read(node, context)
        try:
            return self.parse(text)
        except LiteralError as error:
            raise context.refuse(node.position, Code.BAD_FORM, str(error), suggestion=error.suggestion) from None


@dataclass(frozen=True, slots=True)
class Number(Decoder[float]):
    """A number within bounds, both inclusive."""

    low: float
    high: float

    def _decode(self, node: Node, context: Context) -> float:
        value = node.value if isinstance(node, ScalarNode) else None
        if not isinstance(node, ScalarNode) or isinstance(value, bool | str) or value is None:
            raise context.refuse_kind(node, "a number")
        if not self.low <= value <= self.high:
            message = f"{quote(node.text)} is outside {self.low:g} to {self.high:g}"
            raise context.refuse(node.position, Code.OUT_OF_RANGE, message)
        return float(value)


@dataclass(frozen=True, slots=True)
class Integer(Decoder[int]):
    """A whole number within bounds, both inclusive."""

    low: int
    high: int

    def _decode(self, node: Node, context: Context) -> int:
        if not isinstance(node, ScalarNode) or isinstance(node.value, bool) or not isinstance(node.value, int):
            raise context.refuse_kind(node, "a whole number")
        return int(Number(self.low, self.high).read(node, context))


_SWITCHES: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass(frozen=True, slots=True)
class Flag(Decoder[bool]):
    """``true`` or ``false``."""

    def _decode(self, node: Node, context: Context) -> bool:
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        meant = _SWITCHES.get(node.text.casefold()) if isinstance(node, ScalarNode) else None
        raise context.refuse_kind(node, "true or false", suggestion=meant)


@dataclass(frozen=True, slots=True)
class OneOf(Decoder[T]):
    """One of a few words, each with its value."""

    what: str
    words: Mapping[str, T]

    def _decode(self, node: Node, context: Context) -> T:
        if not isinstance(node, ScalarNode) or node.value is None:
            raise context.refuse_kind(node, self.what)
        if node.text not in self.words:
            message = f"{quote(node.text)} is not {self.what}"
            raise context.refuse_word(node, Code.NOT_ALLOWED, message, self.words)
        return self.words[node.text]


def one_of(what: str, members: Iterable[E]) -> OneOf[E]:
    """One of an enumeration's members, by its value."""
    return OneOf(what, {member.value: member for member in members})


@dataclass(frozen=True, slots=True)
class Reference(Decoder[str]):
    """The name of something that another place declares; ``also`` are names that need no declaration."""

    kind: Named
    also: tuple[str, ...] = ()

    def _decode(self, node: Node, context: Context) -> str:
        name = Text(f"the name of a {self.kind}").read(node, context)
        known = context.names.known(self.kind)
        if known is not None and name not in known and name not in self.also and isinstance(node, ScalarNode):
            message = f"{quote(name)} is no known {self.kind}"
            raise context.refuse_word(node, Code.UNKNOWN_NAME, message, (*known, *self.also))
        return name


# --- values made of others ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Converted(Decoder[T], Generic[S, T]):
    """What ``inner`` reads, turned into something else that cannot fail."""

    inner: Decoder[S]
    convert: Callable[[S], T]

    def _decode(self, node: Node, context: Context) -> T:
        return self.convert(self.inner.read(node, context))


@dataclass(frozen=True, slots=True)
class Checked(Decoder[T]):
    """What ``inner`` reads, looked at once more as a whole; ``check`` notes what it finds."""

    inner: Decoder[T]
    check: Callable[[T, Node, Context], None]

    def _decode(self, node: Node, context: Context) -> T:
        value = self.inner.read(node, context)
        self.check(value, node, context)
        return value


@dataclass(frozen=True, slots=True)
class Surveyed(Decoder[T]):
    """What ``inner`` reads, the node looked at as a whole before; so its parts may be mistaken."""

    inner: Decoder[T]
    survey: Callable[[Node, Context], None]

    def _decode(self, node: Node, context: Context) -> T:
        self.survey(node, context)
        return self.inner.read(node, context)


@dataclass(frozen=True, slots=True)
class SequenceOf(Decoder[tuple[T, ...]]):
    """A list of ``least`` items or more, none of them twice where they are ``distinct``, without regard to case."""

    item: Decoder[T]
    what: str
    least: int = 0
    distinct: bool = False

    def _decode(self, node: Node, context: Context) -> tuple[T, ...]:
        if not isinstance(node, SequenceNode):
            written = f"[{node.text}]" if isinstance(node, ScalarNode) and node.text else None
            raise context.refuse_kind(node, f"a list of {self.what}", suggestion=written)
        if len(node.items) < self.least:
            raise context.refuse(node.position, Code.NOTHING_GIVEN, f"the list of {self.what} is empty")
        if self.distinct:
            note_doubles(node.items, self.what, context)
        return tuple(given(read_all(self.item, ((item, context.under(None)) for item in node.items))))


def read_all(decoder: Decoder[T], parts: Iterable[tuple[Node, Context]]) -> list[T] | None:
    """The values of all parts; ``None``, once every part was read, where one of them is mistaken."""
    values: list[T] = []
    mistaken = False
    for node, context in parts:
        try:
            values.append(decoder.read(node, context))
        except Mistaken:
            mistaken = True
    return None if mistaken else values


def given(value: T | None) -> T:
    """``value``; raises ``Mistaken`` where a mistake left none."""
    if value is None:
        raise Mistaken
    return value


def note_doubles(nodes: Iterable[Node | None], what: str, context: Context) -> None:
    """Note each text that came before, without regard to case."""
    seen: dict[str, ScalarNode] = {}
    for node in nodes:
        if isinstance(node, ScalarNode):
            first = seen.setdefault(node.text.casefold(), node)
            if first is not node:
                message = f"{quote(node.text)} stands twice among the {what}; first in line {first.position.line}"
                context.refuse(node.position, Code.DOUBLED_NAME, message)


@dataclass(frozen=True, slots=True)
class OneOrMore(Decoder[tuple[T, ...]]):
    """One value, or a list of them that is not empty."""

    item: Decoder[T]
    what: str

    def _decode(self, node: Node, context: Context) -> tuple[T, ...]:
        if isinstance(node, SequenceNode):
            return SequenceOf(self.item, self.what, least=1).read(node, context)
        return (self.item.read(node, context),)


@dataclass(frozen=True, slots=True)
class MappingOf(Decoder[Mapping[K, T]], Generic[K, T]):
    """A mapping with keys of the writer's choice; two keys that mean the same are a mistake."""

    name: Decoder[K]
    value: Decoder[T]
    what: str
    least: int = 0

    def _decode(self, node: Node, context: Context) -> Mapping[K, T]:
        if not isinstance(node, MappingNode):
            raise context.refuse_kind(node, f"a mapping of {self.what}")
        if len(node.entries) < self.least:
            raise context.refuse(node.position, Code.NOTHING_GIVEN, f"there are no {self.what}")
        keys = tuple(key for key, _ in node.entries)
        note_doubles(keys, self.what, context)
        names = read_all(self.name, ((key, context) for key in keys))
        values = read_all(self.value, ((value, context.under(key)) for key, value in node.entries))
        return MappingProxyType(dict(zip(given(names), given(values), strict=True)))
