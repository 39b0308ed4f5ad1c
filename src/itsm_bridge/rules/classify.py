"""The first section: how a ticket is read where its source leaves fields empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import Facts, Value, field_of, fields_of
from itsm_bridge.config.model import Classify, Configuration, Rule
from itsm_bridge.model import Ticket, TicketRecord
from itsm_bridge.rules.facts import CUSTOM_PREFIX, some_facts
from itsm_bridge.rules.verdict import CompiledRules, TraceEntry, compile_rules

SECTION = "classify"


@dataclass(frozen=True, slots=True)
class Filled:
    """One field that one rule filled, and the facts on which it did."""

    rule: Rule[Classify]
    field: str
    value: str
    seen: Facts


@dataclass(frozen=True, slots=True)
class Reading:
    """A ticket as read: the record and its facts with the empty fields filled."""

    record: TicketRecord
    facts: dict[str, tuple[Value, ...]]
    filled: tuple[Filled, ...]

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """What each rule filled."""
        return tuple(
            TraceEntry(SECTION, fill.rule.name, decided=True, note=f"{fill.field} = {fill.value}")
            for fill in self.filled
        )


def classify(configuration: Configuration) -> Callable[[TicketRecord], TicketRecord]:
    """How every ticket is read, in decisions and analyses alike: a function that fills what is empty.

    A field with a value keeps it. A rule sees what other rules filled, and the rules are read from top to bottom until
    nothing more is filled, so that reading a ticket twice is reading it once. A ticket reads the same at any time:
    ``age`` and ``idle`` have no value here.
    """
    reader = Reader(configuration)
    return lambda record: reader.read(record, some_facts(record, configuration.zone, reader.fields)).record


class Reader:
    """The classify rules, compiled."""

    def __init__(self, configuration: Configuration) -> None:
        self.rules: CompiledRules[Classify] = compile_rules(configuration.rules.classify)
        self.zone: ZoneInfo = configuration.zone
        self.fields = frozenset(_fields(configuration.rules.classify))

    def read(self, record: TicketRecord, facts: Facts) -> Reading:
        """Fill the empty fields of ``record``, which ``facts`` describe."""
        known = dict(facts)
        filled: list[Filled] = []
        while new := tuple(self._pass(known)):
            filled += new
        ticket = record.ticket
        for fill in filled:
            ticket = _with(ticket, fill.field, fill.value)
        return Reading(replace(record, ticket=ticket) if filled else record, known, tuple(filled))

    def _pass(self, facts: dict[str, tuple[Value, ...]]) -> Iterable[Filled]:
        """One reading of the rules, filling ``facts`` as it goes."""
        place = self._next(facts, 0)
        while place is not None:
            rule, seen = self.rules[place].rule, dict(facts)
            for field, value in rule.then.fields.items():
                if not facts.get(field):
                    facts[field] = (value,)
                    yield Filled(rule, field, value, seen)
            place = self._next(facts, place + 1)

    def _next(self, facts: Facts, start: int) -> int | None:
        """The place of the first rule from ``start`` on that has something to fill."""
        for place in self.rules.able(facts):
            if place >= start and self.rules[place].holds(facts) and not self._is_filled(place, facts):
                return place
        return None

    def _is_filled(self, place: int, facts: Facts) -> bool:
        return all(facts.get(field) for field in self.rules[place].rule.then.fields)


def _fields(rules: Iterable[Rule[Classify]]) -> Iterator[str]:
    """All that the rules look at and fill."""
    for rule in rules:
        yield from fields_of(rule.when)
        yield from rule.then.fields


def _with(ticket: Ticket, field: str, value: str) -> Ticket:
    if field.startswith(CUSTOM_PREFIX):
        return replace(ticket, custom=MappingProxyType({**ticket.custom, field.removeprefix(CUSTOM_PREFIX): (value,)}))
    known = field_of(field)
    changed: dict[str, Any] = {field: (value,) if known is not None and known.many else value}
    return replace(ticket, **changed)
