"""Regular expressions as automata: to decide what they, and the texts beside them, exclude together.

Most of what people write can be translated; what cannot (word boundaries, anchors inside, letters beyond ASCII) has no
automaton here, and what hangs on it is undecided. Texts are in lower case: patterns match without regard to it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import count
from typing import Any

from itsm_bridge.conditions import Operator
from itsm_bridge.proofs.views import Atom

WORK = 40_000
"""States of single automata that one question may come to, all together."""

LARGEST = 2_000
"""States of one automaton, after which the pattern counts as untranslated."""

BEYOND = 0x80
"""Stands for every character beyond ASCII."""

LOWER = frozenset(code for code in range(BEYOND) if not "A" <= chr(code) <= "Z") | {BEYOND}
LIKED = [*map(ord, "abcdefghijklmnopqrstuvwxyz0123456789-_. "), *sorted(LOWER)]
"""Characters, those first that people like to read."""

Codes = frozenset[int]
CATEGORIES: Mapping[str, Codes] = {
    "CATEGORY_DIGIT": frozenset(map(ord, "0123456789")),
    "CATEGORY_WORD": frozenset(map(ord, "abcdefghijklmnopqrstuvwxyz0123456789_")),
    "CATEGORY_SPACE": frozenset(map(ord, "\t\n\f\r ")),
}
"""As RE2 has them: ASCII alone."""

MATCHED = frozenset({-1})
"""A pattern that is found stays found."""


class Untranslated(Exception):
    """The pattern says something that has no automaton here."""


@dataclass
class Automaton:
    """States and the ways between them: ``moves`` over a character, ``jumps`` over none; ``ends`` where it is found.

    ``first`` and ``last`` say that it is tied to the beginning and to the end of the text.
    """

    first: bool = False
    last: bool = False
    ends: int = 0
    moves: dict[int, list[tuple[Codes, int]]] = field(default_factory=dict)
    jumps: dict[int, list[int]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def state(self) -> int:
        """A new state."""
        number = next(self._numbers)
        if number > LARGEST:
            raise Untranslated
        return number

    def closed(self, states: Iterator[int] | Sequence[int]) -> Codes:
        """These states and all that are reached from them over no character."""
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting += self.jumps.get(state, ())
        return MATCHED if self.ends in found and not self.last else frozenset(found)

    def begin(self) -> Codes:
        """Where it is before the first character; every automaton begins at state 0."""
        return self.closed([0])

    def step(self, at: Codes, code: int) -> Codes:
        """Where it is one character later."""
        if at == MATCHED:
            return at
        after = [target for state in at for codes, target in self.moves.get(state, ()) if code in codes]
        return self.closed(after if self.first else [*after, 0])

    def found(self, at: Codes) -> bool:
        """Whether the text may end here and holds the pattern."""
        return at == MATCHED or self.ends in at


# --- questions ---------------------------------------------------------------------------------------------------


def together(truths: Mapping[Atom, bool]) -> str | bool | None:
    """A text to which all questions are answered so; ``False`` where there is none, ``None`` where that is open."""
    return _together(tuple(truths.items()))


@lru_cache(maxsize=16_384)
def _together(answers: tuple[tuple[Atom, bool], ...]) -> str | bool | None:
    truths = dict(answers)
    known = {atom: found for atom in truths if (found := automaton(atom)) is not None}
    text = _Walk([(found, truths[atom]) for atom, found in known.items()]).text()
    return text if text is False or len(known) == len(truths) else None


class _Walk:
    """All automata side by side, over every text, the shortest first."""

    def __init__(self, asked: Sequence[tuple[Automaton, bool]]) -> None:
        self.automata = [found for found, _ in asked]
        self.wanted = [true for _, true in asked]
        self._steps: dict[tuple[int, Codes, int], Codes] = {}

    def text(self) -> str | bool | None:
        """The shortest text that is not blank; ``False`` for none, ``None`` where there are too many states."""
        start = (tuple(one.begin() for one in self.automata), False)
        texts: dict[tuple[tuple[Codes, ...], bool], str] = {start: ""}
        waiting = [start]
        for at in waiting:
            if len(texts) * len(self.automata) > WORK:
                return None
            if at[1] and all(one.found(state) is true for one, state, true in self._beside(at[0])):
                return texts[at]
            for code in self._characters:
                after = (self._after(at[0], code), at[1] or not chr(code).isspace())
                if after not in texts and self._may_fit(after[0]):
                    texts[after] = texts[at] + ("é" if code == BEYOND else chr(code))
                    waiting.append(after)
        return False

    @cached_property
    def _characters(self) -> list[int]:
        """One character of each kind that the automata can tell apart."""
        sets = {codes for one in self.automata for moves in one.moves.values() for codes, _ in moves}
        kinds: dict[tuple[bool, ...], int] = {}
        for code in LIKED:
            kinds.setdefault((*(code in codes for codes in sets), chr(code).isspace()), code)
        return list(kinds.values())

    def _beside(self, states: Sequence[Codes]) -> Iterator[tuple[Automaton, Codes, bool]]:
        return zip(self.automata, states, self.wanted, strict=True)

    def _after(self, states: Sequence[Codes], code: int) -> tuple[Codes, ...]:
        return tuple(self._step(number, state, code) for number, state in enumerate(states))

    def _step(self, number: int, state: Codes, code: int) -> Codes:
        key = (number, state, code)
        if key not in self._steps:
            self._steps[key] = self.automata[number].step(state, code)
        return self._steps[key]

    def _may_fit(self, states: Sequence[Codes]) -> bool:
        """What is found stays found, and what is tied to the beginning and lost it stays lost."""
        return all((state != MATCHED or true) and (bool(state) or not true) for _, state, true in self._beside(states))


# --- the translation ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def automaton(atom: Atom) -> Automaton | None:
    """What answers a question about a text; ``None`` where that cannot be said."""
    operator, text = atom
    if operator is not Operator.MATCHES:
        if any(ord(character) >= BEYOND for character in text):
            return None
        tied_first = operator in {Operator.ONE_OF, Operator.STARTS_WITH}
        return _whole([("LITERAL", ord(one)) for one in text], first=tied_first, last=operator in _TO_THE_END)
    try:
        parsed = parsed_pattern(text)
        odd = parsed.state.flags & (re.MULTILINE | re.DOTALL | re.VERBOSE)
        return None if odd else _tied(list(parsed))
    except (Untranslated, re.error, OverflowError, RecursionError):
        return None


_TO_THE_END = frozenset({Operator.ONE_OF, Operator.ENDS_WITH})


def parsed_pattern(pattern: str) -> Any:  # noqa: ANN401 - the parser's own shapes
    """What a pattern says, as Python's own parser of regular expressions reads it; raises ``re.error``."""
    return importlib.import_module("re._parser").parse(pattern)


def _tied(items: list[Any]) -> Automaton:
    """The pattern found anywhere, unless it is tied to the beginning or the end."""
    first = bool(items) and _is_anchor(items[0], "AT_BEGINNING", "AT_BEGINNING_STRING")
    items = items[1:] if first else items
    last = bool(items) and _is_anchor(items[-1], "AT_END")
    return _whole(items[:-1] if last else items, first=first, last=last)


def _is_anchor(item: Any, *names: str) -> bool:  # noqa: ANN401 - the parser's own shapes
    return str(item[0]) == "AT" and str(item[1]) in names


def _whole(items: Sequence[Any], *, first: bool, last: bool) -> Automaton:
    made = Automaton(first, last)
    made.ends = _sequence(made, 0, items)
    return made


def _sequence(made: Automaton, start: int, items: Sequence[Any]) -> int:
    """Add items one after another; where they end."""
    for kind, argument in items:
        start = _item(made, start, str(kind), argument)
    return start


def _item(made: Automaton, start: int, kind: str, argument: Any) -> int:  # noqa: ANN401 - the parser's own shapes
    match kind:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
            end = made.state()
            made.moves.setdefault(start, []).append((_character(kind, argument), end))
            return end
        case "BRANCH":
            end = made.state()
            for way in argument[1]:
                _jump(made, _sequence(made, _jump(made, start, made.state()), list(way)), end)
            return end
        case "SUBPATTERN" if not argument[2] and not argument[1] & ~re.IGNORECASE:
            return _sequence(made, start, list(argument[3]))
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _repeated(made, start, *argument)
        case _:
            raise Untranslated


def _repeated(made: Automaton, start: int, least: int, most: Any, items: Any) -> int:  # noqa: ANN401 - the same
    for _ in range(least):
        start = _sequence(made, start, list(items))
    end = made.state()
    if str(most) == "MAXREPEAT":
        loop = _jump(made, start, made.state())
        _jump(made, _sequence(made, loop, list(items)), loop)
        return _jump(made, loop, end)
    for _ in range(least, int(most)):
        _jump(made, start, end)
        start = _sequence(made, start, list(items))
    return _jump(made, start, end)


def _jump(made: Automaton, start: int, end: int) -> int:
    made.jumps.setdefault(start, []).append(end)
    return end


def _character(kind: str, argument: Any) -> Codes:  # noqa: ANN401 - the parser's own shapes
    match kind:
        case "LITERAL":
            return _lowered(argument, argument)
        case "NOT_LITERAL":
            return LOWER - _lowered(argument, argument)
        case "ANY":
            return LOWER - {ord("\n")}
        case _:
            return codes_of(argument)


def codes_of(items: list[Any]) -> Codes:
    """The characters of a set, in lower case; raises ``Untranslated``."""
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    parts = [_member(str(kind), argument) for kind, argument in (items[1:] if negated else items)]
    codes: Codes = frozenset().union(*parts)
    return LOWER - codes if negated else codes


def _member(kind: str, argument: Any) -> Codes:  # noqa: ANN401 - the parser's own shapes
    if kind == "LITERAL":
        return _lowered(argument, argument)
    if kind == "RANGE":
        return _lowered(*argument)
    if kind == "CATEGORY" and str(argument) in CATEGORIES:
        return CATEGORIES[str(argument)]
    if kind == "CATEGORY" and str(argument).replace("NOT_", "") in CATEGORIES:
        return LOWER - CATEGORIES[str(argument).replace("NOT_", "")]
    raise Untranslated


def _lowered(first: int, last: int) -> Codes:
    if last >= BEYOND:
        raise Untranslated
    return frozenset(ord(chr(code).lower()) for code in range(first, last + 1))
