"""Runs a ticket through the sections, each of which sees what the earlier ones decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import itsm_bridge.rules.approval as approval
import itsm_bridge.rules.assignment as assignment
import itsm_bridge.rules.escalation as escalation
import itsm_bridge.rules.intake as intake
import itsm_bridge.rules.knowledge as knowledge
import itsm_bridge.rules.priority as priority
from itsm_bridge.calendars import Calendars
from itsm_bridge.conditions import Facts, fields_of
from itsm_bridge.config.model import Configuration, Ownership, Rule, RuleBook
from itsm_bridge.model import TicketRecord
from itsm_bridge.rules.classify import Reader, Reading
from itsm_bridge.rules.facts import PASSING, lasting_facts, passing_facts
from itsm_bridge.rules.ownership import OWNED
from itsm_bridge.rules.verdict import (
    NO_STEP,
    NOBODY,
    Case,
    CompiledRule,
    RunningClock,
    Standing,
    Step,
    TraceEntry,
    Verdict,
    compile_rules,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A section that decides: where its rules stand in the rule book, and what it makes of those that match."""

    rules: Callable[[RuleBook], tuple[Rule[Any], ...]]
    decide: Callable[[Case, Sequence[CompiledRule[Any]]], Step]


STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        intake.SECTION: Stage(attrgetter("intake"), intake.decide),
        priority.SECTION: Stage(attrgetter("priority"), priority.decide),
        approval.SECTION: Stage(attrgetter("approval"), approval.decide),
        assignment.SECTION: Stage(attrgetter("assignment"), assignment.decide),
        escalation.SECTION: Stage(attrgetter("escalation"), escalation.decide),
        knowledge.SECTION: Stage(attrgetter("knowledge"), knowledge.decide),
    }
)
"""The sections after ``classify``, in the order in which they run."""

ALWAYS_READ = ("environment", "service", "type", "state", "impact", "urgency", "priority", "approval", "vendor")
"""Facts that actions read, whatever the conditions."""


@dataclass(frozen=True, slots=True)
class Run:
    """One section of one ticket: the facts that it saw, and what it came to, or why it did not run."""

    section: str
    facts: Facts
    step: Step
    skipped: str = ""


class Decider:
    """The rules of one configuration, compiled once. Deterministic: the same arguments give the same verdict."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.reader = Reader(configuration)
        self.rules: Mapping[str, tuple[CompiledRule[Any], ...]] = {
            name: compile_rules(stage.rules(configuration.rules)) for name, stage in STAGES.items()
        }
        self._read = frozenset(_fields_read(configuration.rules))
        self._balanced = frozenset(
            name for rule in configuration.rules.assignment if rule.then.by == "load" for name in rule.then.among
        )

    @cached_property
    def calendars(self) -> Calendars:
        """The opening hours of the configuration."""
        return Calendars(self.configuration)

    def decide(
        self,
        record: TicketRecord,
        now: datetime,
        *,
        standing: Mapping[str, Standing] = NOBODY,
        loads: Mapping[str, float] = NOBODY,
        clocks: tuple[RunningClock, ...] = (),
    ) -> Verdict:
        """What the rules make of a ticket at ``now``; only open tickets are decided.

        ``record`` may be as its source gave it or classified already. ``standing`` is what ``standing_fields`` found,
        by field. ``loads`` is each vendor's open work over its capacity; a vendor without an entry has none. ``clocks``
        are the ticket's own that have not ended, for escalation. Raises ``ConfigurationInvalid`` for an approval that
        nobody can give.
        """
        return self.walk(record, now, standing=standing, loads=loads, clocks=clocks)[2]

    def walk(
        self,
        record: TicketRecord,
        now: datetime,
        *,
        standing: Mapping[str, Standing] = NOBODY,
        loads: Mapping[str, float] = NOBODY,
        clocks: tuple[RunningClock, ...] = (),
        given: Facts = NOBODY,
    ) -> tuple[Reading, tuple[Run, ...], Verdict]:
        """The same with every step on the way; ``given`` facts take the place of the record's own."""
        always = {field: values for field, values in given.items() if field not in PASSING}
        reading = self.reader.read(record, lasting_facts(record, self.reader.zone) | always)
        facts = reading.facts | passing_facts(record, now) | dict(given.items() - always.items())
        forced = {name: found for name, found in standing.items() if found.mode is Ownership.FORCE}
        case = Case(
            self.configuration,
            reading.record,
            facts,
            now,
            {name: found for name, found in standing.items() if name not in forced} if forced else standing,
            loads,
            clocks=clocks,
            calendars=lambda: self.calendars,
        )
        runs = tuple(self._runs(case, forced))
        return reading, runs, self._verdict(case, reading, runs, forced)

    def _runs(self, case: Case, forced: Mapping[str, Standing]) -> Iterator[Run]:
        state = case.ticket.state
        ended = "" if state.is_open else f"the ticket is {state.value}; only open tickets are decided"
        for name, stage in STAGES.items():
            step = NO_STEP if ended else _with_words(name, stage.decide(case, self.rules[name]), forced)
            yield Run(name, case.facts, step, ended)
            ended = ended or step.ends
            case = case.after(step)

    def _verdict(self, case: Case, reading: Reading, runs: Sequence[Run], forced: Mapping[str, Standing]) -> Verdict:
        steps = [run.step for run in runs if run.step is not NO_STEP]
        every = chain.from_iterable
        return Verdict(
            ticket=case.ticket,
            facts=case.facts,
            values=dict(every([step.values.items() for step in steps])),
            held=tuple(every([step.held for step in steps])),
            unrouted=next((step.unrouted for step in steps if step.unrouted is not None), None),
            approvers=tuple(every([step.approvers for step in steps])),
            trace=(*reading.trace, *every([step.trace for step in steps])),
            inputs=self._inputs(case, forced),
            notes=tuple(every([step.notes for step in steps])),
        )

    def _inputs(self, case: Case, forced: Mapping[str, Standing]) -> dict[str, object]:
        """The facts that the rules can see, and under names that no field has, what else a decision rests on."""
        inputs: dict[str, object] = {name: case.facts[name] for name in self._read if case.facts.get(name)}
        inputs["now"] = case.now
        votes = list(_votes(case.record))
        if votes:
            inputs["votes"] = votes
        asked = {vote.approver: vote.requested_at for vote in case.record.approvals if vote.decided_at is None}
        if asked:
            inputs["asked"] = asked
        if case.standing or forced:
            inputs["standing"] = {
                field: (found.by, found.at, found.resolved) if found.resolved else (found.by, found.at)
                for field, found in {**case.standing, **forced}.items()
            }
        loads = {name: load for name, load in case.loads.items() if name in self._balanced}
        if loads:
            inputs["loads"] = loads
        if case.clocks:
            inputs["clocks"] = [(one.sla, one.measures, one.used, one.started_at) for one in case.clocks]
        return inputs


def inputs_json(verdict: Verdict) -> str:
    """The JSON of everything that a decision rests on, with sorted keys: the same inputs give the same text.

    Facts are lists by the names of the rule language, without those that no rule looks at; ``now``, ``votes``,
    ``asked``, ``standing``, ``loads`` and ``clocks`` stand beside them. Instants are ISO 8601.
    """
    return json.dumps(verdict.inputs, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=json_value)


def json_value(value: object) -> str:
    """What JSON has no kind for, as text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a fact")


def _with_words(section: str, step: Step, forced: Mapping[str, Standing]) -> Step:
    """The step with who resolved that its values are written, as a part of their reasons."""
    if not forced:
        return step
    values, trace = dict(step.values), list(step.trace)
    for name, found in forced.items():
        for field in values.keys() & set(OWNED[name]):
            values[field] = replace(values[field], because=f"{values[field].because} ({found.resolved})".lstrip())
        if values.keys() & set(OWNED[name]):
            trace.append(TraceEntry(section, "", decided=False, note=f"{name}: {found.resolved}"))
    return replace(step, values=values, trace=tuple(trace)) if len(trace) > len(step.trace) else step


def _votes(record: TicketRecord) -> Iterator[tuple[str, str, datetime | None]]:
    """Who voted what and when; where a source keeps no votes, who changed its field to what."""
    if record.approvals:
        yield from ((vote.approver, vote.state.value, vote.decided_at) for vote in record.approvals)
    else:
        yield from ((entry.actor, entry.new, entry.at) for entry in record.history if entry.field == "approval")


def _fields_read(book: RuleBook) -> Iterator[str]:
    yield from ALWAYS_READ
    sections: tuple[tuple[Rule[Any], ...], ...] = (book.classify, *(stage.rules(book) for stage in STAGES.values()))
    for section in sections:
        for rule in section:
            yield from fields_of(rule.when)
