"""Decoders of mappings with fixed keys: which keys there are, what each holds, and what becomes of them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from itsm_bridge.config.decoding import Context, Decoder, Mistaken, OneOf, given, read_all
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode
from itsm_bridge.config.findings import LISTED_PER_FILE, Code, nearest, quote
from itsm_bridge.config.model import Position

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class _Required:
    """Stands for the default of a key that has none."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Key(Generic[T_co]):
    """One key of a record, and what it is without a value; ``into`` is the parameter that takes it, if not ``name``."""

    name: str
    decoder: Decoder[T_co]
    default: object = REQUIRED
    into: str = ""

    def take(self, node: MappingNode, context: Context) -> object:
        """The value of this key in ``node``, or its default; raises ``Mistaken``."""
        value = node.get(self.name)
        absent = value is None or (isinstance(value, ScalarNode) and value.value is None)
        if absent and self.default is not REQUIRED:
            return self.default
        if value is None:
            raise Mistaken
        return self.decoder.read(value, context.under(node.key(self.name)))

    def survey(self, value: Node, context: Context) -> None:
        """Note what is wrong in a value that stands under a misspelt name: one pass finds it too."""
        with suppress(Mistaken):
            self.decoder.read(value, context)


def _no_check(value: object, node: MappingNode, context: Context) -> None:
    """Most records need no look at the whole."""


@dataclass(frozen=True, slots=True)
class Record(Decoder[T]):
    """A mapping with fixed keys, made into something by ``build``.

    ``named`` passes the key under which it stands as ``name``, ``placed`` its place as ``position``. ``tag`` is a key
    that a ``Choice`` has read. ``hints`` say more about keys that do not exist. ``check`` notes what is wrong between
    several keys.
    """

    what: str
    build: Callable[..., T]
    keys: tuple[Key[object], ...]
    named: bool = False
    placed: bool = False
    tag: str = ""
    hints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    check: Callable[[T, MappingNode, Context], None] = _no_check

    def _decode(self, node: Node, context: Context) -> T:
        if not isinstance(node, MappingNode):
            raise context.refuse_kind(node, f"a mapping ({self.what})")
        place = context.key.position if context.key else node.position
        self._note_missing(node, place, context, self._note_unknown(node, context))
        values = self._values(node, context)
        if self.named and context.key:
            values["name"] = context.key.text
        if self.placed:
            values["position"] = place
        built = self.build(**values)
        self.check(built, node, context)
        return built

    def _values(self, node: MappingNode, context: Context) -> dict[str, object]:
        values: dict[str, object] = {}
        mistaken = False
        for key in self.keys:
            try:
                values[key.into or key.name] = key.take(node, context)
            except Mistaken:
                mistaken = True
        if mistaken:
            raise Mistaken
        return values

    def _note_unknown(self, node: MappingNode, context: Context) -> frozenset[str]:
        """Note unknown keys; the answer is what was probably meant by them, which is then not missing besides."""
        names = [key.name for key in self.keys]
        unknown = [key for key, _ in node.entries if key.text not in names and key.text != self.tag]
        for key in unknown:
            hint = self.hints.get(key.text.casefold(), "")
            message = f"{self.what} has no key {quote(key.text)}{hint}"
            context.refuse_word(key, Code.UNKNOWN_KEY, message, names)
        meant = {key.text: nearest(key.text, names) for key in unknown[:LISTED_PER_FILE]}
        sure = {key.text: nearest(key.text, names, likeness=0.8) for key in unknown[:LISTED_PER_FILE]}
        for known in self.keys:
            written = next((node.key(word) for word, name in sure.items() if name == known.name), None)
            value = None if written is None else node.get(written.text)
            if written is not None and value is not None and node.get(known.name) is None:
                known.survey(value, context.under(written))
        return frozenset(filter(None, meant.values()))

    def _note_missing(self, node: MappingNode, place: Position, context: Context, meant: frozenset[str]) -> None:
        for key in self.keys:
            if key.default is REQUIRED and key.name not in meant and node.get(key.name) is None:
                context.refuse(place, Code.MISSING_KEY, f"{self.what} needs the key {quote(key.name)}")


@dataclass(frozen=True, slots=True)
class Choice(Decoder[T]):
    """One of several records, told apart by the word that stands at the key ``by``."""

    what: str
    by: str
    cases: Mapping[str, Decoder[T]]

    def _decode(self, node: Node, context: Context) -> T:
        if not isinstance(node, MappingNode):
            raise context.refuse_kind(node, f"a mapping ({self.what})")
        word = node.get(self.by)
        if word is None:
            place = context.key.position if context.key else node.position
            raise context.refuse(place, Code.MISSING_KEY, f"{self.what} needs the key {quote(self.by)}")
        return OneOf(f"a value of {quote(self.by)}", self.cases).read(word, context).read(node, context)


@dataclass(frozen=True, slots=True)
class Keyed(Decoder[Mapping[str, T]]):
    """A mapping in which each key decides how its value is read; ``value_of`` refuses keys that there are not."""

    what: str
    value_of: Callable[[ScalarNode, Context], Decoder[T]]
    least: int = 0

    def _decode(self, node: Node, context: Context) -> Mapping[str, T]:
        if not isinstance(node, MappingNode):
            raise context.refuse_kind(node, f"a mapping ({self.what})")
        if len(node.entries) < self.least:
            raise context.refuse(node.position, Code.NOTHING_GIVEN, f"{self.what} says nothing")
        values = read_all(_ByKey(self.value_of), ((value, context.under(key)) for key, value in node.entries))
        return MappingProxyType(dict(zip((key.text for key, _ in node.entries), given(values), strict=True)))


@dataclass(frozen=True, slots=True)
class _ByKey(Decoder[T]):
    value_of: Callable[[ScalarNode, Context], Decoder[T]]

    def _decode(self, node: Node, context: Context) -> T:
        assert context.key is not None  # noqa: S101 - it is read inside a mapping
        return self.value_of(context.key, context).read(node, context)
