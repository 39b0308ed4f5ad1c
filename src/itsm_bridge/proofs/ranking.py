"""The priority section as symbols: the first rule that sets a field decides it, and the matrix makes the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import z3

from itsm_bridge.config.model import RuleBook, SetPriority
from itsm_bridge.proofs.domains import LEVELS
from itsm_bridge.proofs.judging import Judged, Judging, Seen
from itsm_bridge.proofs.terms import FALSE, TRUE, all_of, any_of, no, none_of
from itsm_bridge.proofs.views import OneValue, View
from itsm_bridge.rules.priority import levels_for, priority_of

Levels = Mapping[int | None, z3.BoolRef]
"""Each level of a field, ``None`` for none, and when it is that."""


class Ranking:
    """Impact, urgency and priority after the section."""

    def __init__(self, judging: Judging, book: RuleBook, seen: Seen) -> None:
        self.judging = judging
        self.book = book
        self.seen = seen
        self._left: dict[str, z3.BoolRef] = dict.fromkeys(LEVELS, TRUE)
        self._ways: dict[tuple[str, int], list[z3.BoolRef]] = {}
        self._after: dict[str, dict[int | None, list[z3.BoolRef]]] = {name: {} for name in LEVELS}

    def judged(self) -> tuple[Judged, ...]:
        """The rules, with when each is the first to set what; to be asked for before ``views``."""
        return tuple(self._judged(self.judging.judged("priority", rule, self.seen)) for rule in self.book.priority)

    def _judged(self, one: Judged) -> Judged:
        terms, before = self.judging.terms, dict(self._left)
        settled = all_of((no(before["impact"]), no(before["urgency"])))
        sets: dict[str, tuple[z3.BoolRef, object]] = {}
        for name, value in _levels(one.rule.then):
            first = all_of((one.matches, before[name]))
            counts = first if name != "priority" else all_of((first, no(settled)))
            sets[name] = (terms.named(counts, f"sets:{name}"), value)
            self._ways.setdefault((name, value), []).append(sets[name][0])
            self._left[name] = terms.named(all_of((before[name], no(one.matches))), f"left:{name}")
        return replace(one, decides=terms.named(any_of(when for when, _ in sets.values()), "decides"), sets=sets)

    def views(self) -> dict[str, View]:
        """What later sections see of the three fields."""
        for impact, is_impact in self._own("impact").items():
            for urgency, is_urgency in self._own("urgency").items():
                cell = self.judging.terms.named(all_of((is_impact, is_urgency)), f"{impact}×{urgency}")
                self._cell(impact, urgency, cell)
        return {name: self._view(name, levels) for name, levels in self._after.items()}

    def unranked(self) -> z3.BoolRef:
        """When a ticket comes out without a priority; to be asked for after ``views``."""
        nothing = any_of(self._after["priority"].get(None, ()))
        return self.judging.terms.named(all_of((self.seen.reached, nothing)), "unranked")

    def _own(self, name: str) -> Levels:
        """Impact or urgency as a rule sets it, or as the ticket has it."""
        own = self.judging.ticket.one_value(name)
        found: dict[int | None, z3.BoolRef] = {
            level: any_of((self._set(name, level), all_of((self._left[name], own.when(level)))))
            for level in range(1, 4)
        }
        return {**found, None: none_of(found.values())}

    def _set(self, name: str, level: int) -> z3.BoolRef:
        return any_of(self._ways.get((name, level), (FALSE,)))

    def _cell(self, impact: int | None, urgency: int | None, cell: z3.BoolRef) -> None:
        """One impact and urgency, with each priority that a rule may set past the matrix, and with none."""
        matrix = self.book.matrix
        direct = {level: self._set("priority", level) for level in range(1, 6)}
        for priority, is_direct in direct.items():
            same = priority_of(matrix, impact, urgency) == priority
            levels = None if same else levels_for(matrix, priority, impact, urgency)
            self._note(*(levels or (impact, urgency)), priority, all_of((cell, is_direct)))
        plain = all_of((cell, none_of(direct.values())))
        level = priority_of(matrix, impact, urgency)
        if level is not None:
            self._note(impact, urgency, level, plain)
            return
        for own, is_own in self.judging.ticket.one_value("priority").alternatives:
            self._note(impact, urgency, None if own is None else int(str(own)), all_of((plain, is_own)))

    def _note(self, impact: int | None, urgency: int | None, priority: int | None, when: z3.BoolRef) -> None:
        if not z3.is_false(when):
            for name, level in zip(LEVELS, (impact, urgency, priority), strict=True):
                self._after[name].setdefault(level, []).append(when)

    def _view(self, name: str, levels: Mapping[int | None, list[z3.BoolRef]]) -> View:
        named = ((level, self.judging.terms.named(any_of(when), f"{name}={level}")) for level, when in levels.items())
        return OneValue(tuple(named))


def _levels(then: SetPriority) -> Iterator[tuple[str, int]]:
    for name in LEVELS:
        value = getattr(then, name)
        if value is not None:
            yield name, value
