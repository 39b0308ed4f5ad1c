"""What the stages work with and what they hand back: a case, a step, a verdict. Types without decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from itsm_bridge.calendars import Calendars
from itsm_bridge.conditions import Facts, Nearest, Shortlist, compile_condition
from itsm_bridge.config.model import A_co, Action, Configuration, Ownership, Rule
from itsm_bridge.model import Held, Ticket, TicketRecord, Unrouted

A = TypeVar("A", bound=Action)

NOBODY: Mapping[str, Any] = MappingProxyType({})
"""An empty mapping, for defaults."""


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """What one field becomes, by which rule (the empty string where no rule was needed), and why."""

    value: str | int | None
    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class NoteDecision:
    """A text that a rule leaves on the ticket, once for each ``key``, however often it is decided.

    ``told`` are the people whom it is for, by address; nobody in particular where it is empty.
    """

    key: str
    text: str
    rule: str
    because: str
    public: bool = False
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A clock of the ticket that runs or is paused: what it measures, and the ``used`` share of its target in percent.

    ``started_at`` tells it from an earlier clock of the same service level.
    """

    sla: str
    measures: str
    used: float
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's change of a field that the bridge has to respect; ``by`` is the source's name of the account.

    Where somebody resolved a conflict of the field, ``resolved`` says so in words, and ``by`` and ``at`` are theirs;
    under ``force`` it was resolved that the rules' value is written.
    """

    by: str
    at: datetime
    mode: Ownership
    resolved: str = ""


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """What became of one rule that matched: whether it decided something, and what, or why not."""

    section: str
    rule: str
    decided: bool
    note: str


@dataclass(frozen=True, slots=True)
class CompiledRule(Generic[A_co]):
    """A rule with its condition ready to be asked of many tickets."""

    rule: Rule[A_co]
    holds: Callable[[Facts], bool]


class CompiledRules(tuple[CompiledRule[A_co], ...]):  # noqa: SLOT001  # it keeps its shortlist
    """The rules of a section from top to bottom, and by the values that they cannot do without."""

    @cached_property
    def _shortlist(self) -> Shortlist:
        return Shortlist([compiled.rule.when for compiled in self])

    @cached_property
    def _nearest(self) -> Nearest:
        return Nearest([compiled.rule.when for compiled in self], self._shortlist)

    def nearest(self, facts: Facts) -> Rule[A_co]:
        """Of several rules of which none matches the one that fails by the fewest conditions, the first of several."""
        return self[self._nearest.of(facts)].rule

    def able(self, facts: Facts) -> Iterator[int]:
        """The places of the rules that can hold at all, in order: what is not among them does not hold."""
        return self._shortlist.of(facts)


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket before one section: ``facts`` hold what earlier sections decided.

    ``waiting`` says why nobody may be given the ticket yet; empty where nothing stands in the way. ``loads`` is each
    vendor's open work over its capacity, in any one unit. ``clocks`` are those of the ticket that have not ended,
    ``calendars`` gives the opening hours of the configuration, worked out when somebody first asks.
    """

    configuration: Configuration
    record: TicketRecord
    facts: Facts
    now: datetime
    standing: Mapping[str, Standing]
    loads: Mapping[str, float]
    waiting: str = ""
    clocks: tuple[RunningClock, ...] = ()
    calendars: Callable[[], Calendars] | None = None

    @property
    def ticket(self) -> Ticket:
        """The ticket, as classified."""
        return self.record.ticket

    @property
    def today(self) -> date:
        """The day of ``now`` in the configuration's zone: who owns what changes at midnight there."""
        return self.now.astimezone(self.configuration.zone).date()

    def after(self, step: Step) -> Case:
        """The ticket before the section that follows."""
        changed = {field: values for field, values in step.facts.items() if self.facts.get(field) != values}
        if not changed and not step.waits:
            return self
        return replace(self, facts={**self.facts, **changed}, waiting=self.waiting or step.waits)

    def matching(self, rules: Iterable[CompiledRule[A]]) -> Iterator[Rule[A]]:
        """The rules that match, from top to bottom."""
        able = map(rules.__getitem__, rules.able(self.facts)) if isinstance(rules, CompiledRules) else rules
        return (compiled.rule for compiled in able if compiled.holds(self.facts))


@dataclass(frozen=True, slots=True)
class Step:
    """What one section came to. ``facts`` is what later sections see changed.

    ``ends`` says why no later section runs, ``waits`` why later sections may give the ticket to nobody.
    """

    values: Mapping[str, FieldDecision] = field(default_factory=lambda: NOBODY)
    held: tuple[Held, ...] = ()
    unrouted: Unrouted | None = None
    approvers: tuple[str, ...] = ()
    facts: Facts = field(default_factory=lambda: NOBODY)
    trace: tuple[TraceEntry, ...] = ()
    ends: str = ""
    waits: str = ""
    notes: tuple[NoteDecision, ...] = ()


NO_STEP = Step()
"""What a section comes to that has nothing to say."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was decided about one ticket.

    ``facts`` are the ticket's as read and classified; ``inputs`` those of them that the rules can see, with everything
    else the decision rests on. ``values`` holds what is to be: a field that is held, or that a person decided, is not
    among them. ``approvers`` goes with an approval that is requested. ``notes`` are all that the ticket is to bear,
    those among them that it bears already.
    """

    ticket: Ticket
    facts: Facts
    values: Mapping[str, FieldDecision]
    held: tuple[Held, ...]
    unrouted: Unrouted | None
    approvers: tuple[str, ...]
    trace: tuple[TraceEntry, ...]
    inputs: Mapping[str, object]
    notes: tuple[NoteDecision, ...] = ()


def compile_rules(rules: Iterable[Rule[A]]) -> CompiledRules[A]:
    """The rules of a section, ready to be asked of many tickets."""
    return CompiledRules(CompiledRule(rule, compile_condition(rule.when)) for rule in rules)


def because(rule: Rule[A], detail: str = "") -> str:
    """A rule's own words, followed by what this ticket adds to them."""
    return " ".join(part for part in (rule.because, detail) if part)
