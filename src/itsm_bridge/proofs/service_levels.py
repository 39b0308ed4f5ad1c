"""``S401`` to ``S404``: service levels that can never attach, run or pause, or end where no report judges them.

As in the clock machine a cycle is attached while ``start`` holds and neither ``stop`` nor ``cancel`` does. ServiceNow
words its warnings by subsets, "pause is a subset of start" for one, which every ordinary pause is; what is checked is
the effect that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import z3

from itsm_bridge.config.model import Configuration, OnChange
from itsm_bridge.proofs.clocks import Clock, Clocks, Signals, facts_of, narrowed, signals
from itsm_bridge.proofs.ground import Disagreement, Draft, answered
from itsm_bridge.proofs.reading import MadeUp
from itsm_bridge.proofs.search import Budget, Search
from itsm_bridge.proofs.terms import Terms, any_of, no

Shows = Callable[[Signals], bool]


def service_levels(configuration: Configuration, now: datetime, budget: Budget) -> Iterator[Draft]:
    """A finding for each service level whose conditions leave it no clock, or none that pauses as it says."""
    if not configuration.slas:
        return
    terms = Terms()
    clocks = Clocks(configuration, terms, now)
    search = Search(clocks.ticket, terms, (), budget)
    for definition in configuration.slas:
        trap = _Trap(configuration, search, clocks.of(definition))
        yield from answered(
            definition.position, f'"{definition.name}" can attach, run and pause', partial(_findings, trap)
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """A finding at the condition ``key``; ``fatal`` where the service level does not do what it says."""

    code: str
    key: str
    message: str
    remedy: str
    fatal: bool = True


@dataclass(frozen=True, eq=False)
class _Trap:
    """One service level, and questions about it."""

    configuration: Configuration
    search: Search
    clock: Clock

    def find(self, *wanted: z3.BoolRef) -> MadeUp | None:
        """A ticket for which all of ``wanted`` holds."""
        return self.search.find(*wanted)

    def never(self, *wanted: z3.BoolRef) -> bool:
        """Whether there is no such ticket."""
        return self.find(*wanted) is None

    def draft(self, said: _Said, shown: MadeUp | None, shows: Shows) -> Draft:
        """A finding, with a ticket that ``shows`` it to the rule language too."""
        definition = self.clock.definition
        if shown is not None and not shows(signals(definition, facts_of(shown, self.configuration.zone))):
            raise Disagreement
        return Draft(
            said.code,
            "error" if said.fatal else "warning",
            definition.place_of(said.key),
            f'"{definition.name}" {said.message}',
            said.remedy,
            None if shown is None else narrowed(shown, definition),
        )

    @property
    def looks_back(self) -> str:
        """What is to be added where the clock also counts what was before it attached."""
        retroactive = self.clock.definition.on_change is OnChange.RETROACTIVE
        return ", but for the time before, which on_change: retroactive reckons" if retroactive else ""

    def ended(self, *wanted: z3.BoolRef) -> str:
        """Why there is no attached cycle for which all of ``wanted`` holds, though there are such tickets."""
        for end, words in self.clock.ends:
            if self.never(*wanted, no(end)):
                return words
        return "stop or cancel holds too"


def _findings(trap: _Trap) -> Iterator[Draft]:
    clock = trap.clock
    if trap.never(clock.attached):
        yield _never_attaching(trap)
        return
    traps = [] if clock.definition.pause is None else list(_pausing(trap))
    yield from traps or _closing(trap)


def _closing(trap: _Trap) -> Iterator[Draft]:
    """A clock that goes on once its ticket is resolved: none is judged whose ticket was not open in the period."""
    clock = trap.clock
    resolved, closed = (clock.start, clock.resolved), (clock.start, clock.closed)
    if trap.never(*closed, clock.stop) or trap.find(*resolved, clock.stop) is not None:
        return
    shown = trap.find(clock.attached, clock.resolved)
    if shown is not None:
        message = (
            "is judged in no period where its ticket is closed in a later one than it was resolved in: stop holds for "
            "closed tickets, and for none that is resolved"
        )
        said = _Said("S404", "stop", message, "let stop hold for resolved tickets too", fatal=False)
        yield trap.draft(said, shown, lambda at: at.attached)


def _pausing(trap: _Trap) -> Iterator[Draft]:
    clock = trap.clock
    if trap.never(clock.attached, any_of((no(clock.pause), clock.resume))):
        yield _never_running(trap)
    elif trap.never(clock.attached, clock.pause):
        yield _never_paused(trap)
    elif clock.definition.resume is not None:
        yield from _resuming(trap)


def _never_attaching(trap: _Trap) -> Draft:
    clock = trap.clock
    shown = trap.find(clock.start)
    if shown is None:
        why, remedy = "its start contradicts itself", "correct start, or remove the service level"
    else:
        why = f"whenever start holds {trap.ended(clock.start)}"
        remedy = "let start hold for tickets that are not done yet, or ask less of stop and cancel"
    said = _Said("S401", "start", f"never attaches: {why}", remedy)
    return trap.draft(said, shown, lambda at: at.start and not at.attached)


def _never_running(trap: _Trap) -> Draft:
    clock = trap.clock
    pauses = "pause holds" if clock.definition.resume is None else "pause holds and resume does not"
    message = f"is paused for ever: whenever it is attached {pauses}{trap.looks_back}"
    remedy = "let pause hold for some of the tickets that start holds for, not for all of them"
    return trap.draft(_Said("S402", "pause", message, remedy), trap.find(clock.attached), _is_paused)


def _never_paused(trap: _Trap) -> Draft:
    clock = trap.clock
    shown = trap.find(clock.pause)
    if shown is None:
        said = _Said("S403", "pause", "never pauses: its pause contradicts itself", "correct pause, or remove it")
    elif trap.never(clock.start, clock.pause):
        why = "start and pause exclude each other, and a cycle is cancelled as soon as start no longer holds"
        remedy = "let start hold while it is to be paused: what ends the clock belongs into stop and cancel"
        said = _Said("S403", "pause", f"never pauses: {why}{trap.looks_back}", remedy)
    else:
        shown = trap.find(clock.start, clock.pause)
        message = f"never pauses: whenever start and pause hold {trap.ended(clock.start, clock.pause)}{trap.looks_back}"
        remedy = "leave pause out: the cycle ends first; or ask less of what ends it"
        said = _Said("S403", "pause", message, remedy, fatal=False)
    return trap.draft(said, shown, lambda at: at.pause and not at.attached)


def _resuming(trap: _Trap) -> Iterator[Draft]:
    """A pause with an end of its own: ``resume`` wins where both hold."""
    clock = trap.clock
    if trap.never(clock.attached, clock.pause, no(clock.resume)):
        message = f"never pauses: whenever pause holds resume does too{trap.looks_back}"
        said = _Said("S403", "resume", message, "let resume hold only where the clock is to run again")
        yield trap.draft(said, trap.find(clock.attached, clock.pause), lambda at: at.pause and at.resume)
    elif trap.never(clock.attached, clock.resume):
        message = "stays paused for ever once it is paused: resume never holds while it is attached"
        remedy = "let resume hold for some of the tickets that start holds for, or leave it out"
        said = _Said("S402", "resume", message, remedy)
        yield trap.draft(said, trap.find(clock.attached, clock.pause), _is_paused)
    elif trap.never(clock.attached, clock.resume, no(clock.pause)):
        message = "stays paused when pause ends: resume only holds while pause does"
        remedy = "leave resume out: then the clock runs as soon as pause no longer holds"
        said = _Said("S402", "resume", message, remedy, fatal=False)
        yield trap.draft(said, trap.find(clock.attached, clock.resume), lambda at: at.pause and at.resume)


def _is_paused(at: Signals) -> bool:
    return at.attached and at.pause and not at.resume
