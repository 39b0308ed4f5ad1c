"""How values of the model lie in a column: instants as integers, lists and maps as JSON, text that any database takes.

What cannot be read back as it was written raises ``DamageError``, which the store's edge turns into ``StorageFailed``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Generic, TypeVar

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from itsm_bridge.model import Outcome

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHARED = 4_096
"""Values of a column that are remembered by their text."""

REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class DamageError(ValueError):
    """A stored value that this program cannot have written."""


def clean(text: str) -> str:
    """``text`` with U+FFFD for what a database cannot hold: NUL (PostgreSQL) and lone surrogates (both)."""
    return text if text.isprintable() else _UNSTORABLE.sub(REPLACEMENT, text)


def to_microseconds(instant: datetime) -> int:
    """Whole microseconds since the epoch in UTC; no floating point on the way. Raises ``ValueError`` without a zone."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no zone: the store takes no local times")
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_microseconds(value: int) -> datetime:
    """The instant in UTC."""
    try:
        return EPOCH + timedelta(0, 0, value)
    except (OverflowError, TypeError) as error:
        raise DamageError("not an instant") from error


def _instant_or_none(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


def to_json(value: object) -> str:
    """Compact JSON with sorted keys, its text cleaned; what JSON does not know is written as text."""
    text = _dumps(value)
    if "\\u0000" in text or _UNSTORABLE.search(text):
        text = _dumps(_cleaned(value))
    return text


def from_json(text: str) -> object:
    """The value behind stored JSON."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise DamageError("not JSON") from error


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


_dumps = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain).encode


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list | tuple) else value


def _cleaned_or_none(text: str | None) -> str | None:
    return text if text is None or text.isprintable() else clean(text)


class Foreign(TypeDecorator[str]):
    """Text from outside, cleaned on its way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (their signature)
        """The text as the column holds it."""
        return None if value is None else clean(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 (their signature)
        """The same in one call: a page of tickets has a hundred thousand texts."""
        return _cleaned_or_none


class Key(Foreign):
    """Text that rows are found and ordered by: by code point on every database, whatever its locale."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """The column's type in one dialect."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()


class Instant(TypeDecorator[datetime]):
    """A zone-aware instant as microseconds since the epoch; a local time is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (their signature)
        """Microseconds."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (their signature)
        """The instant in UTC."""
        return None if value is None else from_microseconds(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:  # noqa: ARG002 (their signature)
        """The same in one call: a report reads millions."""
        return _instant_or_none


class Coded(TypeDecorator[T], Generic[T]):
    """A value that lies in the column as other text: ``lower`` writes it, ``lift`` reads it (or ``DamageError``).

    What ``lift`` gives is not changed by anybody, so that rows with the same text may share it.
    """

    impl = Text
    cache_ok = True

    def __init__(self, lower: Callable[[T], str], lift: Callable[[str], T]) -> None:
        super().__init__()
        self.lower = lower
        self.lift = lift
        self.shared = lru_cache(SHARED)(lift)  # most lists are empty, and most names are one of a few

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (their signature)
        """The value as the column holds it."""
        return None if value is None else self.lower(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:  # noqa: ARG002 (their signature)
        """The value again."""
        return None if value is None else self.lift(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], T | None]:  # noqa: ARG002 (their signature)
        """The same in one call."""
        shared = self.shared
        return lambda value: None if value is None else shared(value)


def choice(names: type[E]) -> Coded[E]:
    """One of a closed set of names."""

    def lift(stored: str) -> E:
        try:
            return names(stored)
        except ValueError as error:
            raise DamageError(f"not a {names.__name__}") from error

    return Coded(str, lift)


def as_json(thaw: Callable[[object], T]) -> Coded[T]:
    """A value as JSON text with sorted keys; ``thaw`` makes it again from what JSON gives, checking its shape."""
    return Coded(to_json, lambda stored: thaw(from_json(stored)))


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DamageError("not a list of texts")
    return tuple(value)


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object, read-only."""
    if not isinstance(value, dict):
        raise DamageError("not a mapping")
    return MappingProxyType(value)


def text_by_name(value: object) -> Mapping[str, str]:
    """A mapping of texts."""
    found = mapping(value)
    return MappingProxyType(dict(zip(found, texts(list(found.values())), strict=True)))


def texts_by_name(value: object) -> Mapping[str, tuple[str, ...]]:
    """A mapping of lists of texts."""
    return MappingProxyType({name: texts(items) for name, items in mapping(value).items()})


def outcome_by_name(value: object) -> Mapping[str, Outcome]:
    """How the write of each field ended."""
    try:
        return MappingProxyType({name: Outcome(outcome) for name, outcome in text_by_name(value).items()})
    except ValueError as error:
        raise DamageError("not an outcome") from error


def scalar(value: object) -> str | int | None:
    """A decided value: text, a whole number, or none."""
    if value is None or isinstance(value, str | int):
        return value
    raise DamageError("not a value of a field")


def scalar_by_name(value: object) -> Mapping[str, str | int | None]:
    """Decided values by field."""
    return MappingProxyType({name: scalar(item) for name, item in mapping(value).items()})


def before_and_after(value: object) -> Mapping[str, tuple[str | int | None, str | int | None]]:
    """What each field was and was to become."""
    changes: dict[str, tuple[str | int | None, str | int | None]] = {}
    for name, pair in mapping(value).items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise DamageError("not a change of a field")
        changes[name] = (scalar(pair[0]), scalar(pair[1]))
    return MappingProxyType(changes)
