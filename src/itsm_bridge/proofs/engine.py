"""The rules engine on a made-up ticket: what no solver says counts before it has said the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice, permutations
from typing import Any

from itsm_bridge.conditions import Facts, Value
from itsm_bridge.config.model import Assign, Configuration, Position, RuleTest
from itsm_bridge.model import ApprovalState, State, TicketRecord
from itsm_bridge.proofs.domains import TEXTS
from itsm_bridge.proofs.reading import MadeUp
from itsm_bridge.rules.assignment import choose
from itsm_bridge.rules.classify import Reading
from itsm_bridge.rules.decide import Decider, Run
from itsm_bridge.rules.eligibility import refusal
from itsm_bridge.rules.testing import made_up
from itsm_bridge.rules.verdict import NOBODY, Case, CompiledRule, Verdict

NAME = "witness"
NOWHERE = Position("rules.yaml", 1, 1)
PLAINEST: Mapping[str, Value] = {
    "approval": ApprovalState.NOT_REQUIRED,
    "state": State.NEW,
    "reopened": 0,
    "reassigned": 0,
}
"""What a field without which there is no ticket is where it does not matter."""


@dataclass(frozen=True)
class Course:
    """What the engine made of one ticket."""

    engine: Engine
    now: datetime
    reading: Reading
    runs: tuple[Run, ...]
    verdict: Verdict

    def matches(self, section: str, rule: str) -> bool:
        """Whether a section asks a rule, and it matches; of ``classify``, before anything is filled."""
        facts = self._asked(section)
        return facts is not None and self.engine.rules[section, rule].holds(facts)

    def matching(self, section: str) -> frozenset[str]:
        """The rules of a section that ``matches`` names."""
        facts = self._asked(section)
        named = ((name, rule) for (where, name), rule in self.engine.rules.items() if where == section)
        return frozenset(name for name, rule in named if facts is not None and rule.holds(facts))

    def alone(self, section: str, rule: str) -> bool:
        """Whether a rule's condition holds for the ticket as it came."""
        return self.engine.rules[section, rule].holds(self._unfilled(self.runs[0].facts))

    def decides(self, section: str, rule: str) -> bool:
        """Whether a rule decided something, or in the assignment had the choice before all others that found nobody."""
        return (section, rule) in self.deciding

    @cached_property
    def deciding(self) -> frozenset[tuple[str, str]]:
        """The rules that ``decides`` names, with their sections."""
        asked = {(one.section, one.rule) for one in self.verdict.trace if one.decided or one.section == "assignment"}
        return frozenset(asked | {(name, rule) for name in ("escalation", "knowledge") for rule in self.matching(name)})

    def takers(self, then: Assign) -> frozenset[str]:
        """Who may get the ticket by one action."""
        run = self._run("assignment")
        case = Case(self.engine.configuration, self.reading.record, run.facts, self.now, NOBODY, NOBODY)
        if then.among:
            return frozenset(name for name in then.among if refusal(case, name, then.skills) is None)
        vendor = choose(case, then).vendor
        return frozenset({vendor} if vendor is not None else ())

    def serves(self, rule: str) -> bool:
        """Whether a rule of the assignment found somebody."""
        return any(one.decided and one.rule == rule for one in self.verdict.trace if one.section == "assignment")

    @property
    def waits(self) -> bool:
        """Whether nobody may be given the ticket yet."""
        return any(run.step.waits for run in self.runs)

    @property
    def is_unranked(self) -> bool:
        """Whether it gets no priority and has none."""
        ranked = "priority" in self.verdict.values or bool(self.verdict.facts.get("priority"))
        return not self._run("priority").skipped and not ranked

    def _unfilled(self, facts: Facts) -> Facts:
        return {**facts, **{fill.field: () for fill in self.reading.filled}}

    def _run(self, section: str) -> Run:
        return next(run for run in self.runs if run.section == section)

    def _asked(self, section: str) -> Facts | None:
        """What a section sees; ``None`` where it asks no rule."""
        if section == "classify":
            return self._unfilled(self.reading.facts)
        run = self._run(section)
        return None if run.skipped or (section == "assignment" and self.waits) else run.facts


Property = Callable[[Course], bool]


class Engine:
    """The engine of one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.decider = Decider(configuration)
        sections = {"classify": self.decider.reader.rules, **self.decider.rules}
        self.rules: Mapping[tuple[str, str], CompiledRule[Any]] = {
            (section, one.rule.name): one for section, rules in sections.items() for one in rules
        }

    def course(self, ticket: MadeUp) -> Course:
        """What becomes of a made-up ticket."""
        test = RuleTest(NAME, {name: values for name, values in ticket.fields.items() if values}, {}, NOWHERE)
        record, _, given = made_up(self.configuration, test, ticket.now)
        return Course(self, ticket.now, *self.decider.walk(record, ticket.now, given=given))

    def recorded(self, record: TicketRecord, now: datetime) -> Course:
        """What became of a real one, or would have while it was open."""
        ticket = record.ticket
        if not ticket.state.is_open:
            record = replace(record, ticket=replace(ticket, state=State.NEW))
        return Course(self, now, *self.decider.walk(record, now))

    def plainest(self, ticket: MadeUp, shows: Property) -> MadeUp | None:
        """The ticket with as little in it as still ``shows`` the same; ``None`` where it does not show it at all."""
        course = self.course(ticket)
        if not shows(course):
            return None
        outright = {fill.field: (fill.value,) for fill in course.reading.filled}
        stated = replace(ticket, fields={**ticket.fields, **outright})
        ticket = stated if shows(self.course(stated)) else ticket
        for name in sorted(ticket.fields, key=lambda name: name not in TEXTS):  # a field says more than a text
            for less in _less(name, ticket.fields[name]):
                simpler = replace(ticket, fields={**ticket.fields, name: less})
                if shows(self.course(simpler)):
                    ticket = simpler
                    break
        return ticket

    def merged(self, ticket: MadeUp, shows: Property) -> MadeUp | None:
        """The plainest ticket with one value in each field that ``shows`` the same; ``None`` where none was found."""
        plain = self.plainest(ticket, shows)
        if plain is None:
            return None
        for name in _several(plain):
            tried = (replace(plain, fields={**plain.fields, name: (text,)}) for text in _joined(plain.fields[name]))
            plain = next((one for one in tried if shows(self.course(one))), plain)
        return None if _several(plain) else plain


def _several(ticket: MadeUp) -> list[str]:
    return [name for name, values in ticket.fields.items() if len(values) > 1]


def _joined(values: tuple[Value, ...]) -> Iterator[str]:
    """One text that holds several, in each order."""
    for some in islice(permutations(map(str, values)), 24):
        yield from (" ".join(some), "".join(some))


def _less(name: str, values: tuple[Value, ...]) -> Iterator[tuple[Value, ...]]:
    """Simpler values of a field, the simplest first."""
    if name in PLAINEST:
        yield (PLAINEST[name],)
        return
    if name in _KEPT or not values:
        return
    yield ()
    if len(values) > 1:
        yield from ((value,) for value in values)
    elif name in TEXTS:
        yield from ((word,) for word in str(values[0]).split(" ") if word)


_KEPT = frozenset({"source", "number", "project", "type", "created", "updated", "age", "idle"})


def written(values: tuple[Value, ...], name: str) -> object:
    """A field of a witness as ``tests:`` would have it: ``None`` for no value, durations such as ``90s``."""
    shown = [_written(value, name) for value in values]
    return shown[0] if len(shown) == 1 else shown or None


def _written(value: Value, name: str) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if name in {"age", "idle"}:
        return f"{int(timedelta(seconds=float(str(value))).total_seconds())}s"
    return str(value) if isinstance(value, str) else value
