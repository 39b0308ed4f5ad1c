"""Many tickets as columns of facts: each field read once for each distinct value, and only if somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from zoneinfo import ZoneInfo

from itsm_bridge.conditions.columns import Column, Columns
from itsm_bridge.model import Ticket, TicketRecord
from itsm_bridge.rules.facts import ATTRIBUTES, CUSTOM_PREFIX, PASSING, passing_facts, read_field

KEYS: Mapping[str, Callable[[Ticket], Hashable]] = MappingProxyType(
    {
        "text": lambda ticket: (ticket.summary, ticket.description),
        "weekday": attrgetter("created_at"),
        "time": attrgetter("created_at"),
    }
)
"""What of a ticket a fact rests on that is more than one attribute, unless it rests on the whole history."""

ENUMERATED = frozenset({"type", "state", "approval"})
"""Fields whose values exist once each, and are quicker told apart by their identity."""


def columns_of(records: Sequence[TicketRecord], now: datetime, zone: ZoneInfo) -> Columns:
    """The facts of ``facts_of``, by columns."""
    return lasting_columns(records, zone).replaced(passing_columns(records, [now] * len(records)))


def passing_columns(records: Sequence[TicketRecord], now: Sequence[datetime]) -> dict[str, Callable[[], Column]]:
    """The facts that change with the clock alone, for each ticket at its own instant, worked out when asked for."""

    def read(field: str) -> Column:
        pairs = list(zip(records, now, strict=True))
        return Column.keyed(None, pairs, lambda pair: passing_facts(*pair)[field])

    return {field: partial(read, field) for field in PASSING}


def lasting_columns(records: Sequence[TicketRecord], zone: ZoneInfo) -> Columns:
    """The facts of ``lasting_facts``, by columns; the passing ones have no value."""
    tickets = [record.ticket for record in records]

    def read(field: str) -> Column:
        if field in PASSING:
            return Column.of(() for _ in records)
        if field in ATTRIBUTES:
            attribute, shape = ATTRIBUTES[field]
            values = list(map(attrgetter(attribute), tickets))
            return Column.keyed(list(map(id, values)) if field in ENUMERATED else values, values, shape)
        return Column.keyed(_keys(field, tickets), records, partial(read_field, zone=zone, name=field))

    return Columns(len(records), read)


def _keys(field: str, tickets: Sequence[Ticket]) -> Sequence[Hashable] | None:
    if field.startswith(CUSTOM_PREFIX):
        name = field.removeprefix(CUSTOM_PREFIX)
        return [ticket.custom.get(name) for ticket in tickets]
    return list(map(KEYS[field], tickets)) if field in KEYS else None
