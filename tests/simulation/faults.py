"""What goes wrong in a simulation: faults that fire by chance, and a process that dies at a numbered point."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

RATES: Mapping[str, float] = {
    "answer_lost": 0.06,  # the write was applied, and nobody told us
    "request_lost": 0.04,  # the write never arrived, and nobody told us
    "half_written": 0.05,  # the fields were stored, then the connection broke before approvers and notes
    "turned_away": 0.04,  # the source took nothing and said so, as it was busy
    "refused": 0.03,  # the source refused this write for good
    "busy": 0.02,  # 503 to a reading
    "duplicates": 0.10,  # rows of a page come twice
    "not_stored": 0.04,  # one field is silently not stored, this time
    "cut": 0.05,  # the walk breaks off in the middle
    "lag": 0.30,  # the index shows a change some seconds later
    "note_unseen": 0.15,  # the source takes a note and never shows it
    "board_closed": 0.06,  # the notes of a ticket cannot be seen, this time
    "edit_while_paging": 0.15,
    "edit_before_read": 0.06,
    "edit_before_write": 0.15,  # the race: between our read and our write
    "edit_after_write": 0.06,
    "back_dated": 0.05,  # a change that no stream of changes shows
}
"""How likely each fault is, each time it could happen."""

LOUD = frozenset({"busy", "cut", "turned_away"})
"""Faults that end the part of their source in a run."""

RACE = "edit_before_write"
SLOW_TO_SHOW = frozenset({"back_dated"})
"""Only the next sweep of all tickets shows these."""


class Crash(BaseException):
    """The process is killed: nothing but the store survives. No handler of the program catches it."""


@dataclass
class Faults:
    """Rolls the dice; ``fired`` counts what happened. Nothing happens any more once there is ``peace``.

    ``risk`` is how often each fault was to be expected by now.
    """

    chance: random.Random
    race: bool
    peace: bool = False
    without: frozenset[str] = frozenset()
    fired: Counter[str] = field(default_factory=Counter)
    risk: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def fires(self, kind: str) -> bool:
        if self.peace or kind in self.without or (kind == RACE and not self.race):
            return False
        self.risk[kind] += RATES[kind]
        if self.chance.random() >= RATES[kind]:
            return False
        self.fired[kind] += 1
        return True


@dataclass
class CrashPoints:
    """Every place where the process may die, numbered as it comes by: it dies at number ``at``, or by ``chance``.

    ``risk`` is how many deaths are to be expected at each by now.
    """

    chance: random.Random
    rate: float = 0.0
    at: int | None = None
    count: int = 0
    dead: bool = False
    passed: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    risk: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def visit(self, site: str, weight: float = 1) -> None:
        """Pass a point; where much depends on it, it is some times as deadly. The dead do nothing more."""
        self.live()
        self.count += 1
        self.passed[site] += 1
        self.risk[site] += self.rate * weight
        if self.count == self.at or (self.rate and self.chance.random() < self.rate * weight):
            self.died[site] += 1
            self.dead = True
            raise Crash(site)

    def live(self) -> None:
        """Go on, unless the process is dead already: by another of its threads, or by what is cleaned up."""
        if self.dead:
            raise Crash("dead already")
