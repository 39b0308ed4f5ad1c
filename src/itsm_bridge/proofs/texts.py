"""Texts that hold, begin and end with what is wanted, and with nothing else that any rule asks about.

Between the wanted parts stands a character that no rule knows. Such a text passes no test but those that every text
with these parts passes; so the statements of ``Wording.statements`` are all that there is to know about ``contains``,
``starts_with``, ``ends_with`` and equality. Regular expressions are another matter, see ``patterns``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, permutations, product

import z3

from itsm_bridge.conditions import FieldTest, Operator, Value
from itsm_bridge.conditions.matching import VALUE_OPERATORS, text_of
from itsm_bridge.proofs.pattern_samples import sample
from itsm_bridge.proofs.patterns import together
from itsm_bridge.proofs.terms import all_of, no, one_at_most
from itsm_bridge.proofs.views import Atom, Text, atoms_of

MARKS = "·¦†‡¶§¤«»"
"""What may stand between the parts of a made-up text; the first that no rule knows is taken."""

RELATIONS = 2_000
"""Questions about pairs of which one is a regular expression, after which the others are left to the search."""

UNITS = 64
"""Ways to pass one test of a field with several values, after which the others are left out."""


@lru_cache(maxsize=8_192)
def _question(atom: Atom) -> Callable[[Value], bool]:
    operator, operand = atom
    return VALUE_OPERATORS[operator]((operand,))


def meets(atom: Atom, text: str) -> bool:
    """The engine's own answer to one question about a text."""
    return bool(_question(atom)(text))


def mark_beside(texts: Iterable[str]) -> str:
    """A character that none of ``texts`` holds."""
    used = {character for text in texts for character in text}
    signs = map(chr, range(0x2190, 0x2FFF))  # arrows and the like: neither letters nor blanks
    return next(mark for mark in chain(MARKS, signs) if mark not in used)


def written(parts: Mapping[Operator, Sequence[str]], mark: str) -> Iterator[str]:
    """Texts with the wanted parts, the most readable first, the least that passes last."""
    starts = max(parts.get(Operator.STARTS_WITH, ()), key=len, default="")
    ends = max(parts.get(Operator.ENDS_WITH, ()), key=len, default="")
    held = _needed(parts.get(Operator.CONTAINS, ()), (starts, ends))
    between = tuple(part for part in (starts, *held, ends) if part)
    if between:
        yield " ".join(between)
    least = mark.join(part for part in (starts, *held, ends) if part)
    yield (least if starts else mark + least) + ("" if ends else mark)


def _needed(texts: Iterable[str], known: Sequence[str]) -> list[str]:
    """Those that none of the others holds, nor what is there anyway."""
    kept: list[str] = []
    for text in sorted(set(texts), key=lambda text: (-len(text), text)):
        if not any(text in other for other in (*known, *kept)):
            kept.append(text)
    return sorted(kept)


class Wording:
    """One text field, and all that rules ask about it."""

    def __init__(self, view: Text) -> None:
        self.view = view
        self.atoms: tuple[Atom, ...] = tuple(view.atoms)
        self.mark = mark_beside(text for _, text in self.atoms)
        self.has_patterns = any(operator is Operator.MATCHES for operator, _ in self.atoms)

    def statements(self) -> Iterator[z3.BoolRef]:
        """What follows from what: every consequence of one part, and which parts exclude each other."""
        atoms = self.view.atoms
        yield from (z3.Implies(there, self.view.present) for there in atoms.values())
        plain = [atom for atom in self.atoms if atom[0] is not Operator.MATCHES]
        for atom in plain:
            yield z3.Implies(atoms[atom], all_of(self._consequences(atom, plain)))
        yield one_at_most([atoms[atom] for atom in plain if atom[0] is Operator.ONE_OF])
        yield from self._excluding(Operator.STARTS_WITH, plain)
        yield from self._excluding(Operator.ENDS_WITH, plain)
        yield from self._of_patterns()

    def _consequences(self, atom: Atom, plain: Sequence[Atom]) -> Iterator[z3.BoolRef]:
        operator, atoms = atom[0], self.view.atoms
        least = self._least(atom)
        for other in plain:
            if meets(other, least):
                yield atoms[other]
            elif operator is Operator.ONE_OF:
                yield no(atoms[other])

    def _excluding(self, operator: Operator, plain: Sequence[Atom]) -> Iterator[z3.BoolRef]:
        """Of two beginnings one begins with the other: at each branching of their tree at most one way is taken."""
        texts = [text for kind, text in plain if kind is operator]
        branches: dict[str, list[z3.BoolRef]] = {}
        for text in texts:
            shorter = [other for other in texts if other != text and meets((operator, other), text)]
            branches.setdefault(max(shorter, key=len, default=""), []).append(self.view.atoms[operator, text])
        yield from (one_at_most(ways) for ways in branches.values())

    def _of_patterns(self) -> Iterator[z3.BoolRef]:
        """What follows from what where patterns are among them: where the least text of one passes the other, ask."""
        asked = 0
        for first, second in permutations(self.atoms, 2):
            if Operator.MATCHES in {first[0], second[0]} and asked < RELATIONS:
                least = self._least(first)
                if meets(second, least):
                    asked += 1
                    if together({first: True, second: False}) is False:
                        yield z3.Implies(self.view.atoms[first], self.view.atoms[second])
                elif not any(meets(second, text) and meets(first, text) for text in self._both(first, second)):
                    asked += 1
                    if together({first: True, second: True}) is False:
                        yield z3.Or(no(self.view.atoms[first]), no(self.view.atoms[second]))

    def _least(self, atom: Atom) -> str:
        operator, text = self._place(atom[1]) if atom[0] is Operator.MATCHES else atom
        return text if operator is Operator.ONE_OF else tuple(written({operator: (text,)}, self.mark))[-1]

    def _both(self, *atoms: Atom) -> Iterator[str]:
        parts: dict[Operator, list[str]] = {}
        for operator, text in (self._place(atom[1]) if atom[0] is Operator.MATCHES else atom for atom in atoms):
            parts.setdefault(operator, []).append(text)
        yield from (text for some in parts.get(Operator.ONE_OF, ()) for text in (some,))
        yield from written(parts, self.mark)

    def write(self, truths: Mapping[Atom, bool]) -> str | None:
        """A text to which every question is answered as in ``truths``; ``None`` where none was found.

        Without regular expressions there is always one, if the truths agree with ``statements``.
        """
        exact = next((text for (kind, text), true in truths.items() if true and kind is Operator.ONE_OF), None)
        if exact is not None:
            return exact if self._fits(exact, truths) else None
        parts: dict[Operator, list[str]] = {}
        for (operator, text), true in truths.items():
            if true:
                where, part = self._place(text) if operator is Operator.MATCHES else (operator, text)
                parts.setdefault(where, []).append(part)
        return next((text for text in written(parts, self.mark) if self._fits(text, truths)), None)

    def _place(self, pattern: str) -> Atom:
        """A sample of a pattern, and where it has to stand: anywhere, or at one end."""
        text, asked = sample(pattern) or "", (Operator.MATCHES, pattern)
        if meets(asked, self.mark + text + self.mark):
            return Operator.CONTAINS, text
        return (Operator.STARTS_WITH if meets(asked, text + self.mark) else Operator.ENDS_WITH), text

    def _fits(self, text: str, truths: Mapping[Atom, bool]) -> bool:
        return bool(text.strip()) and all(meets(atom, text) is true for atom, true in truths.items())


# --- fields with several values ----------------------------------------------------------------------------------


def ways_to_pass(test: FieldTest, mark: str) -> tuple[list[str], bool]:
    """A text for each way to pass the operators of ``test`` that values must pass, and whether those are all ways.

    Each is the least: a value that passes the test in that way passes also every other test that the text passes. Of
    the texts that a regular expression matches one stands for many.
    """
    choices: list[list[tuple[tuple[Operator, str], ...]]] = []
    complete = True
    for matcher in test.matchers:
        if matcher.operator in _PARTS:
            atoms = [(operator, text) for operator, text in atoms_of(matcher)]
            every = matcher.operator is Operator.CONTAINS_ALL
            choices.append([tuple(atoms)] if every else [(atom,) for atom in atoms])
        elif matcher.operator is Operator.MATCHES:
            complete = False
            found = [text for one in matcher.operands if (text := sample(str(one))) is not None]
            choices.append([((Operator.CONTAINS, text),) for text in found])
    ways = list(product(*choices))
    return [text for way in ways[:UNITS] for text in _texts(way, mark)], complete and len(ways) <= UNITS


_PARTS = frozenset(
    {Operator.ONE_OF, Operator.CONTAINS, Operator.CONTAINS_ALL, Operator.STARTS_WITH, Operator.ENDS_WITH}
)


def _texts(way: Sequence[Sequence[Atom]], mark: str) -> Iterator[str]:
    atoms = [atom for choice in way for atom in choice]
    exact = [text for operator, text in atoms if operator is Operator.ONE_OF]
    if exact:
        yield from exact
        return
    parts: dict[Operator, list[str]] = {}
    for operator, text in atoms:
        parts.setdefault(operator, []).append(text)
    yield from written(parts, mark)


def operand_texts(tests: Iterable[FieldTest]) -> Iterator[str]:
    """All texts that tests name."""
    for test in tests:
        for matcher in test.matchers:
            yield from (text_of(operand) for operand in matcher.operands if not isinstance(operand, bool))
