"""Looks for a ticket, exactly: there is one, there is none, or the budget is used up, which is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import z3

from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.judging import Judged
from itsm_bridge.proofs.reading import MadeUp, read
from itsm_bridge.proofs.terms import Terms, no

SHRUNK = 50
"""Rules that hide another, up to which those that are not needed are taken out one by one."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How far one question is followed, and all together, in the solver's own steps: the same on every machine.

    ``rounds`` are the times that a ticket may turn out impossible for reasons that the formula does not hold, such as
    regular expressions that exclude each other. ``listed`` findings of one kind and section are enough to go on with.
    """

    steps: int = 1_000_000
    all_steps: int = 50_000_000
    rounds: int = 200
    listed: int = 20


class Undecided(Exception):
    """The budget of one question is used up, or nobody can tell."""


class Search:
    """Questions to the solver about any ticket; what is learned from one is kept for the next."""

    def __init__(self, ticket: AnyTicket, terms: Terms, judged: Iterable[Judged], budget: Budget) -> None:
        self.ticket = ticket
        self.terms = terms
        self.budget = budget
        self.switches = {one.rule.name: one.on for one in judged}
        self._names = {switch.decl().name(): name for name, switch in self.switches.items()}
        self._solver = self._made()
        self._solver.add(*self.switches.values())
        self._told = len(terms.statements)
        self._learned: list[z3.BoolRef] = []
        self._counted = 0
        self._taken = 0

    def find(self, *wanted: z3.BoolRef) -> MadeUp | None:
        """A ticket for which all of ``wanted`` holds, ``None`` where there is none; else raises ``Undecided``."""
        self._tell()
        certain = [no(flag) for flag in self.ticket.loose]
        found, complete = self._tickets((*wanted, *certain))
        if found is not None:
            return found
        if certain or not complete:
            self._refuted(wanted)
        return None

    def hiding(self, *wanted: z3.BoolRef) -> tuple[str, ...]:
        """Of a question without an answer, the names of the rules without which it would have one, or fewer of them."""
        solver = self._switchable
        solver.push()
        try:
            solver.add(*self._learned, *wanted)
            core = self._core(solver)
        finally:
            solver.pop()
        return tuple(name for name in self.switches if name in core)

    def _core(self, solver: z3.Solver) -> list[str]:
        if solver.check(*self.switches.values()) != z3.unsat:
            return []
        core = [self._names[switch.decl().name()] for switch in solver.unsat_core()]
        for name in list(core) if len(core) <= SHRUNK else ():
            fewer = [self.switches[other] for other in core if other != name]
            if solver.check(*fewer) == z3.unsat:
                core.remove(name)
        return core

    @cached_property
    def _switchable(self) -> z3.Solver:
        """The same statements, with no rule switched on."""
        return self._made()

    def _made(self) -> z3.Solver:
        solver = z3.Solver()
        solver.set("rlimit", self.budget.steps)
        solver.set("model.compact", False)  # noqa: FBT003 - three times as fast, and nobody reads the functions
        solver.add(*self.terms.statements)
        return solver

    def _tell(self) -> None:
        new = self.terms.statements[self._told :]
        self._told = len(self.terms.statements)
        if new:
            self._solver.add(*new)

    def _tickets(self, wanted: Sequence[z3.BoolRef]) -> tuple[MadeUp | None, bool]:
        """A ticket, or none; and whether nothing was passed over on the way."""
        learned: list[z3.BoolRef] = []
        self._solver.push()
        try:
            self._solver.add(*wanted)
            return self._rounds(learned)
        finally:
            self._solver.pop()
            self._learned += learned
            self._solver.add(*learned)

    def _rounds(self, learned: list[z3.BoolRef]) -> tuple[MadeUp | None, bool]:
        complete = True
        for _ in range(self.budget.rounds):
            if not self._answer():
                return None, complete
            found = read(self.ticket, self._solver.model())
            if isinstance(found, MadeUp):
                return found, complete
            complete = complete and found.certain
            if found.certain:
                learned.append(found.formula)
            self._solver.add(found.formula)
        raise Undecided

    def _answer(self) -> bool:
        if self._taken > self.budget.all_steps:
            raise Undecided
        answer = self._solver.check()
        counted = _count(self._solver)
        self._taken += max(0, counted - self._counted) if self._counted else 0
        self._counted = counted
        if answer == z3.unknown:
            raise Undecided
        return bool(answer == z3.sat)

    def _refuted(self, wanted: Sequence[z3.BoolRef]) -> None:
        """Whether there is no ticket even where what is open may come out either way; raises ``Undecided``."""
        self._solver.push()
        try:
            self._solver.add(*wanted)
            if self._answer():
                raise Undecided
        finally:
            self._solver.pop()


def _count(solver: z3.Solver) -> int:
    """The steps that were ever taken in this process."""
    return next((int(count) for name, count in solver.statistics() if name == "rlimit count"), 0)
