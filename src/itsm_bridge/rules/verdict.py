"""What the stages work with and what they hand back: a case, a step, a verdict. Types without decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from itsm_bridge.conditions import Facts, compile_condition
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
class Standing:
    """A person's change of a field that the bridge has to respect; ``by`` is the source's name of the account."""

    by: str
    at: datetime
    mode: Ownership


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


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket before one section: ``facts`` hold what earlier sections decided.

    ``waiting`` says why nobody may be given the ticket yet; empty where nothing stands in the way. ``loads`` is each
    vendor's open work over its capacity, in any one unit.
    """

    configuration: Configuration
    record: TicketRecord
    facts: Facts
    now: datetime
    standing: Mapping[str, Standing]
    loads: Mapping[str, float]
    waiting: str = ""

    @property
    def ticket(self) -> Ticket:
        """The ticket, as classified."""
        return self.record.ticket

    @property
    def today(self) -> date:
        """The day of ``now`` in the configuration's zone: who owns what changes at midnight there."""
        return self.now.astimezone(self.configuration.zone).date()

    def matching(self, rules: Iterable[CompiledRule[A]]) -> Iterator[Rule[A]]:
        """The rules that match, from top to bottom."""
        return (compiled.rule for compiled in rules if compiled.holds(self.facts))


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was decided about one ticket.

    ``facts`` are the ticket's as read and classified; ``inputs`` those of them that the rules can see, with everything
    else the decision rests on. ``values`` holds what is to be: a field that is held, or that a person decided, is not
    among them. ``approvers`` goes with an approval that is requested.
    """

    ticket: Ticket
    facts: Facts
    values: Mapping[str, FieldDecision]
    held: tuple[Held, ...]
    unrouted: Unrouted | None
    approvers: tuple[str, ...]
    trace: tuple[TraceEntry, ...]
    inputs: Mapping[str, object]


def compile_rules(rules: Iterable[Rule[A]]) -> tuple[CompiledRule[A], ...]:
    """The rules of a section, ready to be asked of many tickets."""
    return tuple(CompiledRule(rule, compile_condition(rule.when)) for rule in rules)


def because(rule: Rule[A], detail: str = "") -> str:
    """A rule's own words, followed by what this ticket adds to them."""
    return " ".join(part for part in (rule.because, detail) if part)
