"""What the conditions of service levels see: a ticket's values as they stood, moment by moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import epoch
from itsm_bridge.conditions import Condition, Facts, FieldTest, Kind, Not, Value, compile_condition, field_of
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.history import Moment, reassignments, reopenings, reopens, split, timeline
from itsm_bridge.model import State, Ticket, TicketRecord

START, STOP, PAUSE, RESUME, RESET, CANCEL = (1 << bit for bit in range(6))

REPORTED = ("vendor", "environment", "service", "priority")

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FIXED: dict[str, Callable[[Ticket, ZoneInfo], tuple[Value, ...]]] = {
    "created": lambda ticket, _: (ticket.created_at,),
    "due": lambda ticket, _: () if ticket.due_at is None else (ticket.due_at,),
    "text": lambda ticket, _: _fact("text", "\n".join(part for part in (ticket.summary, ticket.description) if part)),
    "weekday": lambda ticket, zone: (DAYS[ticket.created_at.astimezone(zone).weekday()],),
    "time": lambda ticket, zone: (ticket.created_at.astimezone(zone).time(),),
}
"""Fields that are worked out from what never changes."""

COUNTED: dict[str, tuple[Callable[[TicketRecord], tuple[datetime, ...]], tuple[str, ...]]] = {
    "reopened": (reopenings, ("state",)),
    "reassigned": (reassignments, ("vendor", "group")),
}
"""Fields that count what happened so far, with the fields whose history they are counted from."""

PASSING = frozenset({"age", "idle", "updated"})
"""Fields that change without an entry in the history, so that nothing can be replayed from them."""

MOST_REMEMBERED = 100_000


class Place(NamedTuple):
    """Where a ticket is: whose, and of what rank."""

    vendor: str
    environment: str
    service: str
    priority: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What holds from ``at`` (epoch seconds) on. ``signals`` has one set of bits for each definition.

    ``reopened`` is whether the ticket was opened again at this moment; ``environment`` and ``services`` are those whose
    owner's calendar counts.
    """

    at: int
    signals: tuple[int, ...]
    reopened: bool
    place: Place
    environment: str
    services: tuple[str, ...]


class Reader:
    """Reads tickets for all definitions at once; what conditions say of the same values is worked out once.

    Raises ``ConfigurationInvalid`` for a condition on what no history records.
    """

    def __init__(self, definitions: Sequence[SlaDefinition], zone: ZoneInfo) -> None:
        self._zone = zone
        self._tests = [_compiled(definition) for definition in definitions]
        read = {field for definition in definitions for field in _fields_of(definition)}
        self._fixed = tuple(sorted(read & FIXED.keys()))
        self._counted = tuple(sorted(read & COUNTED.keys()))
        self._historic = tuple(sorted((read - FIXED.keys() - COUNTED.keys()) | {"state"}))
        counted_from = {field for name in self._counted for field in COUNTED[name][1]}
        self._followed = tuple({*self._historic, *counted_from, *REPORTED})
        self._known: dict[tuple[object, ...], tuple[int, ...]] = {}

    def readings(self, record: TicketRecord, until: datetime) -> list[Reading]:
        """The ticket's readings up to ``until``, inclusive; none if it did not exist then."""
        moments = [moment for moment in timeline(record, self._followed) if moment.at <= until]
        counts = [(name, COUNTED[name][0](record)) for name in self._counted]
        fixed = tuple(FIXED[name](record.ticket, self._zone) for name in self._fixed)
        environments = _known_ones([moment.values["environment"] for moment in moments])
        services = _known_ones([moment.values["service"] for moment in moments])
        return [
            Reading(
                at=epoch(moment.at),
                signals=self._signals(moment, fixed, tuple(bisect_right(when, moment.at) for _, when in counts)),
                reopened=reopened,
                place=Place._make(moment.values[field] for field in REPORTED),
                environment=environment,
                services=split(service),
            )
            for moment, reopened, environment, service in zip(
                moments, reopens(moments), environments, services, strict=True
            )
        ]

    def _signals(
        self, moment: Moment, fixed: tuple[tuple[Value, ...], ...], counts: tuple[int, ...]
    ) -> tuple[int, ...]:
        values = tuple(moment.values[field] for field in self._historic)
        key = values, fixed, counts
        signals = self._known.get(key)
        if signals is None:
            facts = self._facts(values, fixed, counts)
            canceled = CANCEL * (moment.values["state"] == State.CANCELED)
            signals = tuple(canceled | sum(bit for bit, holds in tests if holds(facts)) for tests in self._tests)
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = signals
        return signals

    def _facts(self, values: tuple[str, ...], fixed: tuple[tuple[Value, ...], ...], counts: tuple[int, ...]) -> Facts:
        facts: dict[str, tuple[Value, ...]] = dict(zip(self._fixed, fixed, strict=True))
        facts |= {name: (count,) for name, count in zip(self._counted, counts, strict=True)}
        facts |= {field: _fact(field, value) for field, value in zip(self._historic, values, strict=True)}
        return facts


def _fact(field: str, value: str) -> tuple[Value, ...]:
    """A field's text as the rule language sees it."""
    known = field_of(field)
    if known is not None and known.kind is Kind.NUMBER and value.isdecimal():
        return (int(value),)
    if known is not None and known.many:
        return split(value)
    return (value,) if value and not value.isspace() else ()


def _compiled(definition: SlaDefinition) -> list[tuple[int, Callable[[Facts], bool]]]:
    conditions = _conditions(definition)
    return [(bit, compile_condition(condition)) for bit, condition in conditions if condition is not None]


def _conditions(definition: SlaDefinition) -> tuple[tuple[int, Condition | None], ...]:
    return (
        (START, definition.start),
        (STOP, definition.stop),
        (PAUSE, definition.pause),
        (RESUME, definition.resume),
        (RESET, definition.reset),
        (CANCEL, definition.cancel),
    )


def _fields_of(definition: SlaDefinition) -> frozenset[str]:
    read = frozenset(field for _, condition in _conditions(definition) if condition for field in _read(condition))
    if read & PASSING:
        names = ", ".join(sorted(read & PASSING))
        raise ConfigurationInvalid(
            f"service level {definition.name!r}, {definition.position}: its conditions look at {names}, "
            "which no history records, so no clock was computed"
        )
    return read


def _read(condition: Condition) -> Iterator[str]:
    """The fields that a condition looks at."""
    if isinstance(condition, FieldTest):
        yield condition.field
    elif isinstance(condition, Not):
        yield from _read(condition.part)
    else:
        for part in condition.parts:
            yield from _read(part)


def _known_ones(values: list[str]) -> list[str]:
    """Each value, or where it is empty the one before it, or at the beginning the first there is."""
    last = next((value for value in values if value), "")
    known = []
    for value in values:
        last = value or last
        known.append(last)
    return known
