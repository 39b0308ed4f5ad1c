"""Names that a text may not hold: found word by word, in any spelling, and replaced.

A text is a row of words: runs of letters, digits, and marks that show nothing. A name is found where the words of a
text, joined, are those of the name: in any case, width and ligature (NFKC), with or without invisible characters, and
with other separators between the words ("Opt-IT", "opt it"). A name never begins or ends within a word, so that OptIT
is not found in OptITude. Where several names begin at one word the longest counts, and the vendor's own names count
too: GWL is not found in its own name GWL-2, but GWL-2 is found in a copy for GWL. A name that differs from an own one
in its spelling alone (gwl beside GWL) is found as it is spelt.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

OTHER_PARTY = "[other party]"

GAP, LONGEST_GAP = frozenset("-_./ \u00a0&+':@#|\\"), 3
"""What may stand between the words of a name, beside what does stand there."""


_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a text, from ``start`` to ``end``."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text as it is compared."""

    start: int
    end: int
    key: str


class Names:
    """Names that are a vendor's ``own`` and names that are ``foreign``, to be found in any number of texts.

    ``ids`` of tickets are foreign too; they are many, and only written as they are. ``instead`` is what a name is
    replaced by, where that is not ``OTHER_PARTY``. ``common`` are foreign names that are words of the program's own
    text: they are found only where they are the whole of a text.
    """

    def __init__(
        self,
        own: Iterable[str],
        foreign: Iterable[str],
        ids: Iterable[str] = (),
        *,
        own_ids: Iterable[str] = (),
        instead: Mapping[str, str] | None = None,
        common: Collection[str] = (),
    ) -> None:
        ids, own_ids = tuple(ids), tuple(own_ids)
        parties, own = sorted({name for name in foreign if name.strip()}), frozenset(own)
        self._instead = instead or {}
        self._own = {key_of(name) for name in (*own, *own_ids)} - {""}
        self._whole = {key_of(name): name for name in parties if name in common and name not in own}
        searched = [name for name in parties if name not in common and name not in own]
        self._spelt = {name for name in searched if key_of(name) in self._own}
        self._foreign = {key_of(name): name for name in searched if name not in self._spelt}
        self._foreign.pop("", None)
        self._wordless = [name for name in searched if not key_of(name)]
        named = [*own, *searched]
        self._beginnings = {key[:end] for name in named for key in [key_of(name)] for end in range(1, len(key) + 1)}
        for name in (*own_ids, *ids):
            self._beginnings.update(_joined(words_of(name)))
        for name in ids:
            key = key_of(name)
            if key and key not in self._own:
                self._foreign.setdefault(key, name)
        gaps = [name[one.end : other.start] for name in named for one, other in _pairs(words_of(name))]
        self._gap = GAP.union(*gaps)
        self._has_numbers = any(not _LETTER.search(key) for key in (*self._foreign, *self._whole, *self._spelt))
        self._longest_gap = max([LONGEST_GAP, *map(len, gaps)])

    def find(self, text: str) -> list[Found]:
        """Every foreign name in ``text``, from left to right."""
        if not self._has_numbers and not self._wordless and not _LETTER.search(text):
            return []
        whole = self._whole.get(key_of(text)) if self._whole else None
        if whole is not None:
            return [Found(0, len(text), whole)]
        found = [Found(text.index(name), text.index(name) + len(name), name) for name in self._wordless if name in text]
        return found + list(self._in_words(text))

    def redacted(self, text: str) -> str:
        """``text`` with something else in the place of every foreign name."""
        for one in sorted(self.find(text), key=lambda found: -found.start):
            text = text[: one.start] + self._instead.get(one.name, OTHER_PARTY) + text[one.end :]
        return text

    def _in_words(self, text: str) -> Iterator[Found]:
        words = words_of(text)
        place = 0
        while place < len(words):
            if words[place].key not in self._beginnings:
                place += 1
                continue
            end, name = self._longest(text, words, place)
            if name is not None:
                yield Found(words[place].start, words[end - 1].end, name)
            place = max(end, place + 1)

    def _longest(self, text: str, words: list[Word], first: int) -> tuple[int, str | None]:
        """Where the longest name that begins here ends, and its name if it is foreign."""
        best: tuple[int, str | None] = (first, None)
        joined = ""
        for place in range(first, len(words)):
            if place > first and not self._is_gap(text[words[place - 1].end : words[place].start]):
                break
            joined += words[place].key
            if joined not in self._beginnings:
                break
            spelt = text[words[first].start : words[place].end]
            if spelt in self._spelt:
                best = place + 1, spelt
            elif joined in self._own:
                best = place + 1, None
            elif joined in self._foreign:
                best = place + 1, self._foreign[joined]
        return best

    def _is_gap(self, between: str) -> bool:
        return len(between) <= self._longest_gap and self._gap.issuperset(between)


def key_of(text: str) -> str:
    """What a name is compared by: its words, joined."""
    return "".join(word.key for word in words_of(text))


def words_of(text: str) -> list[Word]:
    """The words of a text; one that shows nothing is none."""
    words = (Word(found.start(), found.end(), _folded(found[0])) for found in _word().finditer(text))
    return [word for word in words if word.key]


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    visible = "".join(character for character in word if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())


def _joined(words: Iterable[Word]) -> Iterator[str]:
    joined = ""
    for word in words:
        joined += word.key
        yield joined


def _pairs(words: list[Word]) -> Iterator[tuple[Word, Word]]:
    return pairwise(words)


@cache
def _word() -> re.Pattern[str]:
    """Letters, digits, marks and invisible characters: what no word is divided by."""
    inside = "".join(
        f"\\U{point:08x}"
        for point in range(0x80, min(0x20000, sys.maxunicode))
        if unicodedata.category(chr(point)) in {"Mn", "Mc", "Me", "Cf"}
    )
    return re.compile(f"(?:[^\\W_]|[{inside}])+")
