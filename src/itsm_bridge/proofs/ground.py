"""What a proof stands on: the configuration as symbols, the search, the engine, and the tickets met so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import z3

from itsm_bridge.config.model import Configuration, Position
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.boxes import Boxes
from itsm_bridge.proofs.engine import Course, Engine, Property
from itsm_bridge.proofs.judging import Judged
from itsm_bridge.proofs.reading import MadeUp
from itsm_bridge.proofs.search import Budget, Search, Undecided
from itsm_bridge.proofs.sections import sections
from itsm_bridge.proofs.terms import Terms, all_of
from itsm_bridge.proofs.views import SomeValues


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it is known how many tickets it ``concerns``."""

    code: str
    severity: str
    position: Position
    message: str
    suggestion: str | None = None
    witness: MadeUp | None = None
    concerns: Property | None = None


class Ground:
    """All that the questions about one configuration share."""

    def __init__(self, configuration: Configuration, now: datetime, budget: Budget) -> None:
        self.configuration = configuration
        self.budget = budget
        self.terms = Terms()
        self.ticket = AnyTicket(configuration, self.terms, now)
        self.sections = sections(configuration, self.ticket, self.terms)
        self.single = self.terms.named(all_of(self._single(whole=True)), "single")
        self.strictly_single = self.terms.named(all_of((self.single, *self._single(whole=False))), "strictly-single")
        self.judged = tuple(one for judged in self.sections.judged.values() for one in judged)
        self.search = Search(self.ticket, self.terms, self.judged, budget)
        self.engine = Engine(configuration)
        self.boxes = Boxes(self.ticket.views)
        self._met: list[Course] = []
        self._matching: dict[tuple[str, str], list[bool]] = {}
        self._deciding: set[tuple[str, str]] = set()

    def _single(self, *, whole: bool) -> Iterator[z3.BoolRef]:
        """That no field has several values, of those of which rules name whole values or parts."""
        for view in self.ticket.views.values():
            if isinstance(view, SomeValues) and view.whole is whole and len(view.members) > 1:
                yield z3.AtMost(*(there for _, there in view.members), 1)

    # --- questions -----------------------------------------------------------------------------------------------

    def find(self, *wanted: z3.BoolRef) -> MadeUp | None:
        """A ticket, today if there is one today, else on a later day; remembered for questions to come."""
        today = self.ticket.days.alternatives[0][1]
        found = self.search.find(*wanted, today)
        if found is None and len(self.ticket.days.alternatives) > 1:
            found = self.search.find(*wanted)
        if found is not None:
            self.meet(found)
        return found

    def witness(self, found: MadeUp, shows: Property) -> MadeUp:
        """The plainest ticket that ``shows`` it in the engine; raises ``Disagreement`` where ``found`` does not."""
        plain = self.engine.plainest(found, shows)
        if plain is None:
            raise Disagreement
        return plain

    def has_decided(self, one: Judged) -> bool:
        """Whether a ticket was met for which a rule decided something."""
        return (one.section, one.rule.name) in self._deciding

    def has_served(self, one: Judged) -> bool:
        """Whether a ticket was met for which a rule of the assignment found somebody."""
        return self.has_decided(one) and any(course.serves(one.rule.name) for course in self._met)

    def has_parted(self, one: Judged, other: Judged) -> bool:
        """Whether a ticket was met that one rule matches and another of the same section does not."""
        return any(first and not second for first, second in zip(self._matches(one), self._matches(other), strict=True))

    def meet(self, ticket: MadeUp) -> Course:
        """Remember what becomes of a ticket, for questions to come."""
        course = self.engine.course(ticket)
        self._met.append(course)
        self._deciding |= course.deciding
        return course

    def _matches(self, one: Judged) -> list[bool]:
        """Which of the tickets met so far a rule matches."""
        known = self._matching.setdefault((one.section, one.rule.name), [])
        known += (course.matches(one.section, one.rule.name) for course in self._met[len(known) :])
        return known


class Disagreement(Exception):
    """The solver and the engine are not of one mind: a mistake of this program."""


def attempt(one: Judged, about: str, question: Callable[[], Iterator[Draft]]) -> Iterator[Draft]:
    """The findings of one question about a rule, or that it stays open."""
    yield from answered(one.rule.position, f'"{one.rule.name}" {about}', question)


def answered(position: Position, about: str, question: Callable[[], Iterator[Draft]]) -> Iterator[Draft]:
    """The findings of one question about what stands at ``position``, or that it stays open."""
    try:
        yield from question()
    except Undecided:
        yield undecided(position, f"whether {about} was not decided within the budget of one question")
    except Disagreement:
        wrong = f"whether {about} is open: the proof and the engine disagree, which is a mistake of this program"
        yield undecided(position, wrong)


def undecided(position: Position, message: str) -> Draft:
    """What nobody knows."""
    return Draft("R309", "info", position, message)


def named(names: tuple[str, ...], most: int = 4) -> str:
    """Names of rules in a sentence."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
