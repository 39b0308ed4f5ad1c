"""What the conditions of service levels see: a ticket's values as they stood, moment by moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from itsm_bridge.conditions import Condition, Facts, FieldTest, Not, Value, compile_condition
from itsm_bridge.conditions.columns import alike
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.history import (
    Histories,
    MomentColumns,
    as_fact,
    microseconds,
    moments_of,
    reassignments,
    reopenings,
    split,
)
from itsm_bridge.model import State, Ticket, TicketRecord

Numbers = npt.NDArray[np.int64]

MICROSECONDS = 1_000_000

START, STOP, PAUSE, RESUME, RESET, CANCEL = (1 << bit for bit in range(6))

REPORTED = ("vendor", "environment", "service", "priority")

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FIXED: dict[str, Callable[[Ticket, ZoneInfo], tuple[Value, ...]]] = {
    "created": lambda ticket, _: (ticket.created_at,),
    "due": lambda ticket, _: () if ticket.due_at is None else (ticket.due_at,),
    "text": lambda ticket, _: as_fact("text", "\n".join(part for part in (ticket.summary, ticket.description) if part)),
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
class Situation:
    """All that clocks look at in a ticket at one moment; tickets that look alike share one.

    ``number`` is its place in ``Reader.situations``. ``signals`` has one set of bits for each definition;
    ``environment`` and ``services`` are those whose owner's calendar counts.
    """

    number: int
    signals: tuple[int, ...]
    state: str
    place: Place
    environment: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """The moments of some tickets, ticket by ticket, and the number of the situation that begins at each.

    ``ticket`` is a place among the records, ``at`` is in epoch seconds.
    """

    ticket: Numbers
    at: Numbers
    situations: Numbers


class Reader:
    """Reads tickets for all definitions at once; what conditions say of the same values is worked out once.

    Raises ``ConfigurationInvalid`` for a condition on what no history records.
    """

    def __init__(self, definitions: Sequence[SlaDefinition], zone: ZoneInfo) -> None:
        self.situations: list[Situation] = []
        self._zone = zone
        self._tests = [_compiled(definition) for definition in definitions]
        read = {field for definition in definitions for field in _fields_of(definition)}
        self._fixed = tuple(sorted(read & FIXED.keys()))
        self._counted = tuple(sorted(read & COUNTED.keys()))
        self._historic = tuple(sorted((read - FIXED.keys() - COUNTED.keys()) | {"state"}))
        counted_from = {field for name in self._counted for field in COUNTED[name][1]}
        more = {*counted_from, *REPORTED} - {*self._historic}
        self._followed = (*self._historic, *sorted(more))
        self._state = self._followed.index("state")
        self._where = tuple(self._followed.index(field) for field in ("environment", "service"))
        self._reported = tuple(self._followed.index(field) for field in REPORTED)
        self._known: dict[tuple[object, ...], int] = {}

    def forget(self) -> None:
        """Give memory back; the numbers of situations begin again."""
        self.situations.clear()
        self._known.clear()

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that it is time to forget."""
        return len(self.situations) >= MOST_REMEMBERED

    def readings(
        self,
        records: Sequence[TicketRecord],
        until: datetime,
        also: Sequence[int] = (),
        histories: Histories | None = None,
    ) -> Readings:
        """The tickets' readings up to ``until``, inclusive; none of one that did not exist then.

        There is one at each instant of ``also`` (epoch seconds) after a ticket's creation, changed or not.
        ``histories`` are those of ``records``, where they are columns already.
        """
        moments = moments_of(records, self._followed, [second * MICROSECONDS for second in also], histories)
        moments = moments.until(microseconds(until))
        known = [moments.remembered(place) for place in self._where]
        fixed = [tuple(FIXED[name](record.ticket, self._zone) for name in self._fixed) for record in records]
        counts = [_counts(COUNTED[name][0], records, moments) for name in self._counted]
        codes = {values: code for code, values in enumerate(dict.fromkeys(fixed))}
        of_ticket = np.array([codes[values] for values in fixed], dtype=np.int64)
        keys = [*moments.values.T, *known, of_ticket[moments.ticket], *counts]
        examples, group = alike(keys, len(moments.ticket))
        numbers = [
            self._number(
                tuple(moments.texts[code] for code in moments.values[row]),
                fixed[moments.ticket[row]],
                tuple(int(count[row]) for count in counts),
                moments.texts[known[0][row]],
                moments.texts[known[1][row]],
            )
            for row in examples
        ]
        return Readings(moments.ticket, moments.at // MICROSECONDS, np.array(numbers, dtype=np.int64)[group])

    def _number(
        self,
        values: tuple[str, ...],
        fixed: tuple[tuple[Value, ...], ...],
        counts: tuple[int, ...],
        environment: str,
        service: str,
    ) -> int:
        key = values, fixed, counts, environment, service
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.situations)
            self.situations.append(
                Situation(
                    number=number,
                    signals=self._signals(values, fixed, counts),
                    state=values[self._state],
                    place=Place._make(values[place] for place in self._reported),
                    environment=environment,
                    services=split(service),
                )
            )
        return number

    def _signals(
        self, values: tuple[str, ...], fixed: tuple[tuple[Value, ...], ...], counts: tuple[int, ...]
    ) -> tuple[int, ...]:
        facts: dict[str, tuple[Value, ...]] = dict(zip(self._fixed, fixed, strict=True))
        facts |= {name: (count,) for name, count in zip(self._counted, counts, strict=True)}
        facts |= {field: as_fact(field, value) for field, value in zip(self._historic, values, strict=False)}
        canceled = CANCEL * (values[self._state] == State.CANCELED)
        return tuple(canceled | sum(bit for bit, holds in tests if holds(facts)) for tests in self._tests)


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


def _counts(
    count: Callable[[TicketRecord], tuple[datetime, ...]], records: Sequence[TicketRecord], moments: MomentColumns
) -> Numbers:
    """How often something had happened to a ticket by each moment."""
    when = [[microseconds(at) for at in count(record)] for record in records]
    asked = zip(moments.ticket.tolist(), moments.at.tolist(), strict=True)
    return np.array([bisect_right(when[ticket], at) for ticket, at in asked], dtype=np.int64)


def seen_at(
    record: TicketRecord, values: Mapping[str, str], at: datetime, condition: Condition, zone: ZoneInfo
) -> Facts:
    """What a condition sees of a ticket at an instant; ``values`` are those of the fields that it ``follows``."""
    return {field: _seen(record, values, at, field, zone) for field in _read(condition)}


def _seen(
    record: TicketRecord, values: Mapping[str, str], at: datetime, field: str, zone: ZoneInfo
) -> tuple[Value, ...]:
    if field in FIXED:
        return FIXED[field](record.ticket, zone)
    if field in COUNTED:
        return (bisect_right(COUNTED[field][0](record), at),)
    return as_fact(field, values[field])


def follows(condition: Condition) -> frozenset[str]:
    """The fields with a history on which a condition rests."""
    read = frozenset(_read(condition))
    return (read - FIXED.keys() - COUNTED.keys()).union(*(COUNTED[field][1] for field in read & COUNTED.keys()))
