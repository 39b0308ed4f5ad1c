"""What can be wrong with a configuration: the codes, the words, and the list in which mistakes are gathered."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum

from itsm_bridge.config.model import Position
from itsm_bridge.errors import Finding

LISTED_PER_FILE = 200
"""Mistakes listed for one file; after so many a reader wants to repair, not to read."""

SHOWN = 60
"""Characters of a wrong value that a message repeats."""


class Code(StrEnum):
    """The stable names of mistakes: ``C1xx`` syntax and keys, ``C2xx`` values and references, ``R3xx`` what follows.

    What is proved of rules (``R3xx``) and service levels (``S4xx``) by the solver is named where it is proved.
    """

    FILE_MISSING = "C101"
    FILE_UNREADABLE = "C102"
    FILE_TOO_LARGE = "C103"
    NOT_UTF8 = "C104"
    SYNTAX = "C105"
    TOO_DEEP = "C106"
    SEVERAL_DOCUMENTS = "C107"
    REUSE = "C108"
    TAG = "C109"
    DOUBLED_KEY = "C110"
    UNKNOWN_KEY = "C111"
    MISSING_KEY = "C112"
    KEY_NOT_TEXT = "C113"
    CONTROL_CHARACTER = "C114"
    WRONG_KIND = "C201"
    NOT_ALLOWED = "C202"
    OUT_OF_RANGE = "C203"
    BAD_FORM = "C204"
    UNKNOWN_NAME = "C205"
    DOUBLED_NAME = "C206"
    CONTRADICTION = "C207"
    NOTHING_GIVEN = "C208"
    UNKNOWN_FIELD = "C210"
    OPERATOR = "C211"
    INCOMPLETE = "C212"
    CREDENTIALS = "C280"
    NOT_CARRIED_OUT = "C290"
    NO_OWNER = "R304"
    TWO_OWNERS = "R305"


def stops(finding: Finding) -> bool:
    """Whether nothing can run with this mistake: every error of words, and two owners on one day.

    What else is proved about rules and owners fails ``check`` alone: on a day without an owner tickets go to the
    fallback or are listed as unrouted, and a rule that never decides does no harm.
    """
    return finding.severity == "error" and (finding.code.startswith("C") or finding.code == Code.TWO_OWNERS)


class Findings:
    """The mistakes of one reading, in the order in which they were seen."""

    def __init__(self) -> None:
        self._listed: list[Finding] = []
        self._seen: set[tuple[Position, Code, str]] = set()
        self._count: Counter[str] = Counter()

    def add(
        self,
        position: Position,
        code: Code,
        message: str,
        *,
        severity: str = "error",
        suggestion: str | None = None,
        allowed: Sequence[str] = (),
    ) -> None:
        """Note one mistake, once; of a file with very many only the first are kept, and how many there are.

        A column of a table is read again for each of its rows: what is wrong with its name is wrong once.
        """
        if (position, code, message) in self._seen:
            return
        self._seen.add((position, code, message))
        seen = self._count[position.file]
        self._count[position.file] += 1
        place = (position.file, position.line, position.column)
        if seen < LISTED_PER_FILE:
            self._listed.append(Finding(*place, code.value, severity, message, suggestion, tuple(allowed)))
        elif seen == LISTED_PER_FILE:
            more = f"more than {LISTED_PER_FILE} mistakes in this file; the rest is not listed"
            self._listed.append(Finding(*place, code.value, "error", more))

    def refuse(self, position: Position, code: Code, wrong: str, message: str, allowed: Sequence[str]) -> None:
        """Note that ``wrong`` is none of ``allowed``, with the nearest of them as a suggestion."""
        full = self._count[position.file] >= LISTED_PER_FILE
        self.add(position, code, message, suggestion=None if full else nearest(wrong, allowed), allowed=allowed)

    def listed(self) -> tuple[Finding, ...]:
        """All mistakes, ordered by place."""
        return tuple(sorted(self._listed, key=lambda one: (one.file, one.line, one.column, one.code)))


def nearest(wrong: str, allowed: Collection[str], likeness: float = 0.6) -> str | None:
    """The one of ``allowed`` that was probably meant, or ``None``; a ``likeness`` of 1 is equality."""
    word = wrong.casefold()
    if len(word) > SHOWN:
        return None
    by_fold = {name.casefold(): name for name in allowed if name != wrong}
    found = [word] if word in by_fold else difflib.get_close_matches(word, by_fold, n=1, cutoff=likeness)
    return by_fold[found[0]] if found else None


def quote(text: str) -> str:
    """A value of a file as a message shows it: in quotes, and cut where it is long."""
    return f'"{text}"' if len(text) <= SHOWN else f'"{text[:SHOWN]}…"'


def describe(finding: Finding) -> str:
    """One line for people: ``file:line:column: what is wrong; did you mean …; allowed: …``.

    Before what is no error stands its severity: ``file:line:column: warning: …``.
    Characters that could steer a terminal or hide text are shown by their code: files are written by other people.
    """
    severity = "" if finding.severity == "error" else f"{finding.severity}: "
    parts = [f"{finding.file}:{finding.line}:{finding.column}: {severity}{finding.message}"]
    if finding.suggestion is not None:
        meant = finding.code.startswith("C")  # what follows from good words is mended by other means than another word
        parts.append(f'did you mean "{finding.suggestion}"' if meant else finding.suggestion)
    if finding.allowed:
        parts.append(f"allowed: {', '.join(finding.allowed)}")
    return "".join(map(_visible, "; ".join(parts)))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
