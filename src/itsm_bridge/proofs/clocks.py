"""The conditions of a service level before any ticket, and on one that was made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import z3

from itsm_bridge.conditions import Condition, Facts, FieldTest, Value, compile_condition, fields_of
from itsm_bridge.config.model import Configuration, SlaDefinition
from itsm_bridge.model import State
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.domains import TEXTS, tests_in
from itsm_bridge.proofs.judging import Judging
from itsm_bridge.proofs.reading import MadeUp
from itsm_bridge.proofs.spans import DAYS
from itsm_bridge.proofs.terms import FALSE, Terms, all_of, no


@dataclass(frozen=True, eq=False)
class Clock:
    """A service level before any ticket: when its conditions hold; what it has none of never does.

    ``canceled``, ``resolved`` and ``closed`` are the ticket's state, and ``nobodys`` that nobody holds a ticket whose
    clock runs in a vendor's hands. ``unknown`` is a state that ``states:`` does not map, where the conditions do not
    ask for it: such a ticket may have a clock by accident, and that is not what makes a service level a good one.
    """

    definition: SlaDefinition
    start: z3.BoolRef
    stop: z3.BoolRef
    cancel: z3.BoolRef
    pause: z3.BoolRef
    resume: z3.BoolRef
    canceled: z3.BoolRef
    nobodys: z3.BoolRef
    unknown: z3.BoolRef
    resolved: z3.BoolRef
    closed: z3.BoolRef

    @property
    def attached(self) -> z3.BoolRef:
        """When it can be attached, and stays so."""
        return all_of((self.start, *(no(end) for end, _ in self.ends)))

    @property
    def ends(self) -> tuple[tuple[z3.BoolRef, str], ...]:
        """What ends it though ``start`` holds, and that in words."""
        return (
            (self.stop, "stop holds too"),
            (self.cancel, "cancel holds too"),
            (self.canceled, "the ticket is canceled, which cancels every cycle"),
            (self.nobodys, "the ticket is in nobody's hands, where a vendor's clock does not run"),
            (self.unknown, "the ticket's state is unknown"),
        )


@dataclass(frozen=True, slots=True)
class Signals:
    """The same on one ticket, as the rule language itself answers."""

    start: bool
    attached: bool
    pause: bool
    resume: bool


def per_vendor(definition: SlaDefinition) -> bool:
    """Whether its clock runs in one vendor's hands."""
    return definition.calendar == "vendor" or definition.kind == "uc"


def _asks_for_unknown(definition: SlaDefinition) -> bool:
    """Whether a condition names the state that a ticket has where ``states:`` does not map its own."""
    tests = tests_in(conditions_of(definition)).get("state", ())
    return any(State.UNKNOWN in matcher.operands for test in tests for matcher in test.matchers)


def conditions_of(definition: SlaDefinition) -> Iterator[Condition]:
    """Those that decide whether it is attached, and whether it runs."""
    all_conditions = definition.start, definition.stop, definition.cancel, definition.pause, definition.resume
    yield from (condition for condition in all_conditions if condition is not None)


class Clocks:
    """All service levels of a configuration, over one ticket that may be any."""

    def __init__(self, configuration: Configuration, terms: Terms, now: datetime) -> None:
        tests: dict[str, tuple[FieldTest, ...]] = {"vendor": ()}
        tests |= tests_in(condition for one in configuration.slas for condition in conditions_of(one))
        self.ticket = AnyTicket(configuration, terms, now, tests)
        self._judging = Judging(self.ticket, terms)

    def of(self, definition: SlaDefinition) -> Clock:
        """One of them."""
        state = self.ticket.one_value("state")
        return Clock(
            definition=definition,
            start=self._holds(definition.start),
            stop=self._holds(definition.stop),
            cancel=self._holds(definition.cancel),
            pause=self._holds(definition.pause),
            resume=self._holds(definition.resume),
            canceled=state.when(State.CANCELED),
            nobodys=self.ticket.views["vendor"].missing() if per_vendor(definition) else FALSE,
            unknown=FALSE if _asks_for_unknown(definition) else state.when(State.UNKNOWN),
            resolved=state.when(State.RESOLVED),
            closed=state.when(State.CLOSED),
        )

    def _holds(self, condition: Condition | None) -> z3.BoolRef:
        return FALSE if condition is None else self._judging.holds(condition, self.ticket.views)


def signals(definition: SlaDefinition, facts: Facts) -> Signals:
    """What the conditions say of one ticket."""

    def holds(condition: Condition | None) -> bool:
        return condition is not None and compile_condition(condition)(facts)

    left_out = {State.CANCELED} if _asks_for_unknown(definition) else {State.CANCELED, State.UNKNOWN}
    ended = holds(definition.stop) or holds(definition.cancel) or not left_out.isdisjoint(facts["state"])
    lost = per_vendor(definition) and not facts.get("vendor")
    start = holds(definition.start)
    return Signals(start, start and not ended and not lost, holds(definition.pause), holds(definition.resume))


def facts_of(ticket: MadeUp, zone: ZoneInfo) -> Mapping[str, tuple[Value, ...]]:
    """A made-up ticket as conditions see it."""
    texts = [str(text) for name in TEXTS for text in ticket.fields.get(name, ())]
    facts = {**ticket.fields, "text": ("\n".join(texts),) if texts else ()}
    for created in ticket.fields.get("created", ()):
        if isinstance(created, datetime):
            local = created.astimezone(zone)
            facts |= {"weekday": (DAYS[local.weekday()],), "time": (local.time(),)}
    return facts


def narrowed(ticket: MadeUp, definition: SlaDefinition) -> MadeUp:
    """The same ticket with what its conditions look at alone, and its state."""
    read = {name for condition in conditions_of(definition) for name in fields_of(condition)} | {"state"}
    read |= {"vendor"} if per_vendor(definition) else set()
    read |= set(TEXTS) if "text" in read else set()
    read |= {"created"} if read & {"weekday", "time"} else set()
    return replace(ticket, fields={name: values for name, values in ticket.fields.items() if name in read})
