"""The key ``reports`` of ``bridge.yaml``: what counts as few, weights, outside figures, vendor copies, mail, words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final, TypeVar

from itsm_bridge.config.decoding import (
    Checked,
    Context,
    Decoder,
    Integer,
    MappingOf,
    Parsed,
    Reference,
    SequenceOf,
    Surveyed,
    note_doubles,
    one_of,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode
from itsm_bridge.config.findings import Code, quote
from itsm_bridge.config.literals import LiteralError
from itsm_bridge.config.model import OUTSIDE, SCORED, UNSCORED, Mail, People, Reports
from itsm_bridge.config.names import Named
from itsm_bridge.config.records import Key, Keyed, Record

T = TypeVar("T")

MOST: Final = 1_000
"""The largest weight."""

LONGEST_WORDS: Final = 100
"""Letters of a line beside others in the margin of a page; a spreadsheet takes 255 for all of it."""

MAIL_PORT: Final = 587
"""Of message submission (RFC 6409), where ``server`` names none."""


# --- weights and files -------------------------------------------------------------------------------------------


def _weight(key: ScalarNode, context: Context) -> Decoder[int]:
    if key.text in UNSCORED:
        message = f"{quote(key.text)} is shown without a score, and takes no weight"
        raise context.refuse(key.position, Code.NOT_ALLOWED, message)
    return _among(key, context, "a figure of the scorecard", SCORED, Integer(0, MOST))


def _among(key: ScalarNode, context: Context, what: str, known: tuple[str, ...], decoder: Decoder[T]) -> Decoder[T]:
    if key.text not in known:
        raise context.refuse_word(key, Code.NOT_ALLOWED, f"{quote(key.text)} is not {what}", known)
    return decoder


def _weighs_something(weights: Mapping[str, int], node: Node, context: Context) -> None:
    if not any(weights.values()):
        context.refuse(node.position, Code.NOTHING_GIVEN, "every weight is 0: there would be no score")


_SCORECARD: Final = Checked(Keyed("weights by figure", _weight, least=1), _weighs_something)


def parse_input(text: str) -> Path:
    """Read the name of a CSV file below the configuration folder, such as ``inputs/uptime.csv``."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text or path.suffix.casefold() != ".csv":
        message = f"{quote(text)} is not the name of a CSV file below this folder, such as inputs/uptime.csv"
        raise LiteralError(message)
    return Path(*path.parts)


def _kind(key: ScalarNode, context: Context) -> Decoder[Path]:
    return _among(key, context, "a kind of figure from outside", OUTSIDE, Parsed(parse_input, "the name of a CSV file"))


def _each_its_own(node: Node, context: Context) -> None:
    """Note where two kinds name one file."""
    if isinstance(node, MappingNode):
        note_doubles((value for _, value in node.entries), "inputs", context)


_INPUTS: Final = Surveyed(Keyed("CSV files by kind", _kind), _each_its_own)

# --- mail --------------------------------------------------------------------------------------------------------

_SERVER: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?", re.ASCII)
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII
)


def parse_server(text: str) -> tuple[str, int]:
    """Read ``host:port`` or ``host``; raises ``LiteralError``."""
    found = _SERVER.fullmatch(text)
    if found is None:
        message = f"{quote(text)} is not a mail server: write its name and port, such as smtp.example.org:587"
        raise LiteralError(message, text.partition("://")[2].rstrip("/") or None)
    port = int(found[2] or MAIL_PORT)
    if not 0 < port < 65_536:
        raise LiteralError(f"{port} is not a port: 1 to 65535", f"{found[1]}:{MAIL_PORT}")
    return found[1], port


def parse_address(text: str) -> str:
    """Read one mail address, without a name before it; raises ``LiteralError``."""
    if not _ADDRESS.fullmatch(text):
        inner = re.search(r"<([^<>]+)>", text)
        meant = inner[1] if inner and _ADDRESS.fullmatch(inner[1]) else None
        raise LiteralError(f"{quote(text)} is not a mail address: write it such as ops@example.org", meant)
    return text


_ADDRESSED: Final = Parsed(parse_address, "a mail address")
_ADDRESSES: Final = SequenceOf(_ADDRESSED, "addresses", least=1, distinct=True)
_NOBODY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_FROM_ENVIRONMENT: Final = MappingProxyType(
    dict.fromkeys(
        ("username", "user", "password", "token", "secret", "credentials", "auth"),
        ": who we are to the mail server comes from the environment",
    )
)


def _mail(server: tuple[str, int], sender: str, to: tuple[str, ...], vendors: Mapping[str, tuple[str, ...]]) -> Mail:
    return Mail(*server, sender, to, vendors)


def _reaches_somebody(mail: Mail, node: MappingNode, context: Context) -> None:
    if not mail.to and not mail.vendors:
        context.refuse(node.position, Code.NOTHING_GIVEN, "mail goes to nobody: give to, vendors, or both")


_MAIL: Final = Record(
    "mail",
    _mail,
    (
        Key("server", Parsed(parse_server, "a mail server such as smtp.example.org:587")),
        Key("from", _ADDRESSED, into="sender"),
        Key("to", _ADDRESSES, ()),
        Key("vendors", MappingOf(Reference(Named.VENDOR), _ADDRESSES, "vendors", least=1), _NOBODY),
    ),
    hints=_FROM_ENVIRONMENT,
    check=_reaches_somebody,
)

# --- words of the report -----------------------------------------------------------------------------------------


def parse_words(text: str) -> str:
    """Read a short line of words for people; raises ``LiteralError`` for one that a page's margin cannot hold."""
    words = " ".join(text.split())
    if not words.isprintable() or len(words) > LONGEST_WORDS:
        raise LiteralError(f"{quote(text)} is not one line of at most {LONGEST_WORDS} letters")
    return words


_WORDS: Final = Parsed(parse_words, "a short line of words")

# --- the key -----------------------------------------------------------------------------------------------------

_DEFAULTS: Final = Reports()


def _people(people: People) -> People:
    return people


_VENDORS: Final = Record(
    "vendor copies", _people, (Key("people", one_of("a way to name people", People), People.NAMES),)
)

REPORTS: Final = Record(
    "reports",
    Reports,
    (
        Key("small", Integer(1, 1_000_000), _DEFAULTS.small),
        Key("scorecard", _SCORECARD, _DEFAULTS.scorecard),
        Key("inputs", _INPUTS, _DEFAULTS.inputs),
        Key("vendors", _VENDORS, People.NAMES, into="people"),
        Key("mail", _MAIL, None),
        Key("classification", _WORDS, _DEFAULTS.classification),
        Key("contact", _WORDS, _DEFAULTS.contact),
    ),
)
