"""Seeded mistakes: slips of a hand anywhere in the shipped configuration, and where each is to be found."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.config.editing import EXAMPLE

from itsm_bridge.config import FILES
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode, compose
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.model import Position

TEXTS = {name: (EXAMPLE / name).read_text(encoding="utf-8") for name in FILES}


class Mistake(NamedTuple):
    """From ``start`` to ``end`` of a file ``new`` is written; ``line`` is where the finding has to stand.

    ``meant`` is the suggestion that makes sense, ``None`` where none does.
    """

    kind: str
    file: str
    start: int
    end: int
    new: str
    line: int
    meant: str | None = None

    def apply(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]


@dataclass(frozen=True)
class Place:
    """A key or a value, the names of the keys above it, and its span in the text."""

    file: str
    path: tuple[str, ...]
    node: Node
    key: ScalarNode | None
    start: int

    @property
    def text(self) -> str:
        return self.node.text if isinstance(self.node, ScalarNode) else ""

    @property
    def end(self) -> int:
        """Of a scalar, quotes included."""
        quotes = 2 if TEXTS[self.file][self.start] in "\"'" else 0
        return self.start + len(self.text) + quotes

    def replaced(self, kind: str, new: str, meant: str | None = None) -> Mistake:
        return Mistake(kind, self.file, self.start, self.end, new, self.node.position.line, meant)


def index_of(file: str, place: Position) -> int:
    lines = TEXTS[file].splitlines(keepends=True)
    return sum(map(len, lines[: place.line - 1])) + place.column - 1


def _walk(file: str, node: Node, path: tuple[str, ...], key: ScalarNode | None) -> Iterator[Place]:
    yield Place(file, path, node, key, index_of(file, node.position))
    if isinstance(node, MappingNode):
        for name, value in node.entries:
            yield from _walk(file, value, (*path, name.text), name)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _walk(file, item, path, None)


def places() -> list[Place]:
    found = []
    for file, text in TEXTS.items():
        node = compose(text, Position(file, 1, 1), Findings())
        assert node is not None
        found += list(_walk(file, node, (), None))
    return found


PLACES = places()
VALUES = [place for place in PLACES if isinstance(place.node, ScalarNode)]
KEYS = [Place(one.file, one.path, one.key, one.key, index_of(one.file, one.key.position)) for one in PLACES if one.key]

# --- slips -------------------------------------------------------------------------------------------------------


def typo(word: str, chance: random.Random) -> str:
    """``word`` with two letters exchanged, one left out, doubled, or another."""
    at = chance.randrange(len(word) - 1)
    letter = chance.choice(string.ascii_lowercase)
    slips = (
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[: at + 1] + word[at + 2 :],
        word[:at] + word[at] + word[at:],
        word[: at + 1] + letter + word[at + 2 :],
    )
    changed = [slip for slip in slips if slip.casefold() != word.casefold()]
    return chance.choice(changed)


OWN_NAMES = ("sources", "vendors", "environments", "calendars")
"""Below these a key is a name of the writer's own."""

CHOSEN = {*OWN_NAMES, "states", "types", "priorities", "map", "fields", "add", "overrides"}


def _is_fixed(place: Place) -> bool:
    """Whether a key is one of the language, and of three letters or more: of a slip in less nothing can be guessed."""
    above = place.path[-2] if len(place.path) > 1 else ""
    in_states = "states" in place.path[:-1]
    return above not in CHOSEN and not in_states and len(place.text) >= 3 and place.text.isascii()


REQUIRED = ("timezone", "status", "capacity", "calendar", "people", "focus", "name", "measures", "target", "stop", "at")
DURATIONS = re.compile(r"\d+[mh]")
SPANS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
DAYS = re.compile(r"\d{4}-\d\d-\d\d")
NAMES = {
    "vendor", "among", "environment", "status", "kind", "deployment", "calendar", "type", "policy", "on_timeout", "by",
    "on_reopen", "on_change", "fallback", "country", "timezone", "of", "tell", "approval", "state",
    "service", "priority", "states",
}  # fmt: skip


def _is_word(place: Place) -> bool:
    """Whether a value is one of few that the files or the language name."""
    if place.file == "bridge.yaml" and place.path[-1] in {"vendor", "environment", "service", "approval"}:
        return False  # a field of the source there, except for ownership
    if place.file == "vendors.yaml" and place.path[-1] == "state":
        return False
    if "category" in place.path or (isinstance(place.node, ScalarNode) and place.node.value is None):
        return False
    named = place.path[-1] in NAMES or "states" in place.path or (place.path[-1] == "not" and len(place.path) > 1)
    return (
        named
        and len(place.text) >= 3
        and place.text.replace("_", "").replace(" ", "").replace("-", "").replace("/", "").isalpha()
    )


def _misspelt_key(chance: random.Random) -> Mistake:
    place = chance.choice([one for one in KEYS if _is_fixed(one)])
    return place.replaced("misspelt key", typo(place.text, chance), place.text)


def _misspelt_word(chance: random.Random) -> Mistake:
    place = chance.choice([one for one in VALUES if _is_word(one)])
    return place.replaced("misspelt word", typo(place.text, chance), place.text)


def _bare_day(chance: random.Random) -> Mistake:
    keys = {"target", "timeout", "max_wait", "max_runtime"}
    place = chance.choice([one for one in VALUES if one.path[-1] in keys and DURATIONS.fullmatch(one.text)])
    count = chance.randint(1, 9)
    clock = place.path[0] == "limits"
    meant = f"{count * 24}h" if clock else f"{count} working_days"
    return place.replaced("bare day", f"{count}{chance.choice(('d', ' days', ' day'))}", meant)


def _bad_span(chance: random.Random) -> Mistake:
    place = chance.choice([one for one in VALUES if SPANS.fullmatch(one.text)])
    form = chance.choice((r"\1.\2-\3.\4", r"\1:\2 - \3:\4", r"\1:\2 to \3:\4"))
    return place.replaced("bad time", f'"{SPANS.sub(form, place.text)}"', place.text)


def _bad_day(chance: random.Random) -> Mistake:
    place = chance.choice([one for one in VALUES if DAYS.fullmatch(one.text) and one.path[-1] in {"from", "to"}])
    new = chance.choice(("2026-02-30", "2026-13-01", "12.01.2026", "soon"))
    return place.replaced("bad day", new)


def _wrong_kind(chance: random.Random) -> Mistake:
    place = chance.choice(
        [
            one
            for one in VALUES
            if isinstance(one.node, ScalarNode)
            and type(one.node.value) in (int, bool)
            and "states" not in one.path
            and one.path[-1] not in {"priority", "impact", "urgency"}
        ]
    )
    return place.replaced("wrong kind", chance.choice(("many", "[a, b]", "{a: b}")))


def _missing_key(chance: random.Random) -> Mistake:
    """A line with a required key of an entry goes; the finding stands at the entry: the line of the key above it."""
    chosen = [one for one in KEYS if one.text in REQUIRED and re.search(r"\n *\Z", TEXTS[one.file][: one.start])]
    place = chance.choice([one for one in chosen if one.file == "vendors.yaml" or one.text in {"target", "stop"}])
    text = TEXTS[place.file]
    begin = text.rindex("\n", 0, place.start) + 1
    after = text.index("\n", place.start) + 1
    owner = max(
        (
            one
            for one in PLACES
            if isinstance(one.node, MappingNode)
            and one.file == place.file
            and one.path == place.path[:-1]
            and one.start <= place.start
        ),
        key=lambda one: one.start,
    )
    line = (owner.key or owner.node).position.line
    return Mistake("missing key", place.file, begin, after, "", line)


def _doubled_key(chance: random.Random) -> Mistake:
    chosen = [one for one in KEYS if re.search(r"\n *\Z", TEXTS[one.file][: one.start])]
    place = chance.choice([one for one in chosen if isinstance(_value(one), ScalarNode)])
    text = TEXTS[place.file]
    after = text.index("\n", place.start) + 1
    line = text[text.rindex("\n", 0, place.start) + 1 : after]
    return Mistake("doubled key", place.file, after, after, line, place.node.position.line + 1)


def _value(key: Place) -> Node:
    return next(one.node for one in PLACES if one.key is key.key)


def _empty_approvers(chance: random.Random) -> Mistake:
    place = chance.choice(
        [one for one in PLACES if one.path[-1:] == ("approvers",) and isinstance(one.node, SequenceNode)]
    )
    end = TEXTS[place.file].index("]", place.start) + 1
    return Mistake("empty approvers", place.file, place.start, end, "[]", place.node.position.line)


def _no_owner(chance: random.Random) -> Mistake:
    """All owners of an environment go: nobody owns it, which is said at its name."""
    owners = chance.choice(
        [one for one in PLACES if one.path[-1:] == ("owners",) and isinstance(one.node, SequenceNode)]
    )
    environment = next(one for one in PLACES if one.path == owners.path[:-1] and one.key)
    assert isinstance(owners.node, SequenceNode)
    last = index_of(owners.file, owners.node.items[-1].position)
    end = TEXTS[owners.file].index("\n", last)
    assert environment.key is not None
    return Mistake("no owner", owners.file, owners.start, end, "[]", environment.key.position.line)


def _unmapped_states(chance: random.Random) -> Mistake:
    place = chance.choice(
        [
            one
            for one in KEYS
            if one.path[-2:-1] == ("states",)
            and one.text in TEXTS[one.file]
            and one.path[1] == "snow"
            and isinstance(_value(one), MappingNode)
        ]
    )
    text = TEXTS[place.file]
    begin, after = text.rindex("\n", 0, place.start) + 1, text.index("\n", place.start) + 1
    states = next(one for one in PLACES if one.path == ("sources", "snow", "states"))
    return Mistake("unmapped states", place.file, begin, after, "", states.node.position.line)


def _bad_yaml(chance: random.Random) -> Mistake:
    """A bracket that is never closed, or a stray one: what comes after it cannot be read."""
    place = chance.choice(
        [
            one
            for one in VALUES
            if len(one.text) >= 3 and "\n" not in one.text and re.search(r": \Z", TEXTS[one.file][: one.start])
        ]
    )
    new = chance.choice((f'"{place.text}" "', f"@{place.text}", f"{place.text}: {place.text}: b"))
    return place.replaced("bad YAML", new)


KINDS: dict[Callable[[random.Random], Mistake], int] = {
    _misspelt_key: 60,
    _misspelt_word: 50,
    _bare_day: 12,
    _bad_span: 12,
    _bad_day: 10,
    _wrong_kind: 14,
    _missing_key: 12,
    _doubled_key: 12,
    _empty_approvers: 2,
    _no_owner: 4,
    _unmapped_states: 2,
    _bad_yaml: 10,
}
"""How many of each are made: 200 in all."""


def seeded() -> list[Mistake]:
    chance = random.Random(20261126)
    return [make(chance) for make, count in KINDS.items() for _ in range(count)]
