"""Looks for many texts in many others, all of them in one pass over each (Aho and Corasick, CACM 18, 1975)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ahocorasick_rs import AhoCorasick, Implementation

from itsm_bridge.conditions.blocks import flattened

LARGEST_TABLE = 50_000
"""Characters of all texts to look for up to which the fastest automaton, which takes the most room, is built."""


class Needles:
    """Texts to look for, already casefolded and different from each other."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._all = tuple(needles)
        plain = [needle for needle in self._all if needle and _encodable(needle)]
        self._odd = [needle for needle in self._all if not needle or not _encodable(needle)]
        self._search = _search(plain)

    def found_in(self, text: str) -> list[str]:
        """Those that ``text``, casefolded, contains; one may come several times."""
        try:
            found = self._search(text)
        except UnicodeEncodeError:  # half a character somewhere, which the automaton does not take
            return [needle for needle in self._all if needle in text]
        return found + [needle for needle in self._odd if needle in text] if self._odd else found

    def found_in_each(self, texts: Sequence[str]) -> tuple[list[str], list[int]]:
        """The same for many texts: all that is found, text by text, and how much in each."""
        if not self._odd:
            try:
                return flattened(self._search, texts)
            except UnicodeEncodeError:
                pass
        return flattened(self.found_in, texts)


def _search(needles: list[str]) -> Callable[[str], list[str]]:
    if not needles:
        return lambda _: []
    small = sum(map(len, needles)) <= LARGEST_TABLE
    kind = Implementation.DFA if small else Implementation.ContiguousNFA
    automaton = AhoCorasick(needles, store_patterns=True, implementation=kind)
    return partial(automaton.find_matches_as_strings, overlapping=True)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
