"""The configuration as it takes effect: every value, and where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from itsm_bridge.config.decoding import Checked, Converted, Decoder, MappingOf, SequenceOf, Surveyed
from itsm_bridge.config.documents import MappingNode, Node, Plain, ScalarNode, SequenceNode, plain_value
from itsm_bridge.config.records import REQUIRED, Choice, Record
from itsm_bridge.config.rules_file import OnlyTrue
from itsm_bridge.config.schema import DECODERS, read_document
from itsm_bridge.config.schema.sketch import plain_default

DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value with the keys that lead to it, and where it stands: ``file:line``, or ``default``."""

    path: tuple[str | int, ...]
    value: Any
    origin: str

    @property
    def name(self) -> str:
        """The path as it is typed: ``sources.snow.url``."""
        return ".".join(map(str, self.path))


def settings(folder: Path) -> Iterator[Setting]:
    """Every value of a configuration that holds no mistakes, in the order of the files; unset keys by their default."""
    for file, decoder in DECODERS.items():
        document = read_document(folder, file)
        if document is not None:
            yield from _of(decoder, document, ())


def _of(decoder: Decoder[Any] | None, node: Node, path: tuple[str | int, ...]) -> Iterator[Setting]:
    inner = _unwrapped(decoder, node)
    origin = f"{node.position.file}:{node.position.line}"
    match node:
        case ScalarNode():
            yield Setting(path, node.value, origin)
        case SequenceNode(items=()):
            yield Setting(path, [], origin)
        case SequenceNode():
            item = inner.item if isinstance(inner, SequenceOf) else None
            for number, one in enumerate(node.items):
                yield from _of(item, one, (*path, number))
        case MappingNode():
            yield from _mapping(inner, node, path, origin)


def _mapping(
    inner: Decoder[Any] | None, node: MappingNode, path: tuple[str | int, ...], origin: str
) -> Iterator[Setting]:
    keys = {key.name: key for key in inner.keys} if isinstance(inner, Record) else {}
    every = inner.value if isinstance(inner, MappingOf) else None
    if not node.entries and not keys:
        yield Setting(path, {}, origin)
    for key, value in node.entries:
        known = keys.pop(key.text, None)
        is_unset = isinstance(value, ScalarNode) and value.value is None
        if known is not None and is_unset and known.default is not REQUIRED:
            keys[key.text] = known
        else:
            yield from _of(known.decoder if known else every, value, (*path, key.text))
    for left in keys.values():
        yield from _default(left, (*path, left.name))


def _default(key: Any, path: tuple[str | int, ...]) -> Iterator[Setting]:  # noqa: ANN401 - a Key of anything
    """A key that is not given: its parts where they have defaults of their own."""
    inner = _unwrapped(key.decoder, None)
    value = plain_default(key)
    if value is None and key.default is not None and isinstance(inner, Record):
        for one in inner.keys:
            if one.default is not REQUIRED:
                yield from _default(one, (*path, one.name))
    elif value not in (None, "", [], {}) and not isinstance(inner, OnlyTrue):  # else there is no value to show
        yield Setting(path, value, DEFAULT)


def _unwrapped(decoder: Decoder[Any] | None, node: Node | None) -> Decoder[Any] | None:
    """What reads the parts of a node, whatever looks at it besides."""
    while isinstance(decoder, Converted | Checked | Surveyed):
        decoder = decoder.inner
    if isinstance(decoder, Choice) and isinstance(node, MappingNode):
        word = node.get(decoder.by)
        return decoder.cases.get(word.text) if isinstance(word, ScalarNode) else None
    return decoder


# --- as YAML -----------------------------------------------------------------------------------------------------

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ ./+@-]*[A-Za-z0-9_]|[A-Za-z0-9_]", re.ASCII)


def scalar(value: Plain | list[object] | dict[str, object]) -> str:
    """One value as YAML writes it, quoted where it would be read as something else."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and plain_value(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def as_yaml(found: list[Setting]) -> Iterator[str]:
    """The lines of a document, each value with its origin in a comment; it reads as the configuration itself."""
    before: tuple[str | int, ...] = ()
    for one in found:
        shared = _shared(before, one.path)
        for depth in range(shared, len(one.path)):
            step, is_last = one.path[depth], depth == len(one.path) - 1
            lead = "  " * depth + ("-" if isinstance(step, int) else f"{scalar(step)}:")
            yield f"{lead} {scalar(one.value)}  # {one.origin}" if is_last else lead
        before = one.path


def _shared(left: tuple[str | int, ...], right: tuple[str | int, ...]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
