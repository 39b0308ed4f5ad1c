"""How many hours of work a ticket is, by its type and priority, learnt from those that were finished lately.

The hours of one ticket are the business hours, on its vendor's calendar, in which it was in progress in that vendor's
hands. A kind's hours are the median of its tickets. Where a kind had fewer than ``ENOUGH``, those of its priority
count, else those of all tickets, else one hour a ticket. What waited, or was worked on beside others, is not taken out:
the figures compare tickets and vendors with one another and are no bill; ``bandwidth`` of a report is the account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median

from itsm_bridge.calendars import Calendars
from itsm_bridge.history import timeline
from itsm_bridge.model import State, Ticket, TicketRecord

ENOUGH = 5
"""Finished tickets of a kind from which its effort can be told."""

LEAST = 0.05
"""Hours that a ticket takes at the least: one that was closed within a minute was work, too."""

UNKNOWN = 1.0
"""Hours of a ticket where nothing was learnt."""

Kind = tuple[str | None, int | None]


@dataclass(frozen=True, slots=True)
class Efforts:
    """Hours of work by type and priority; ``None`` stands for any."""

    hours: Mapping[Kind, float] = field(default_factory=dict)

    def of(self, ticket: Ticket) -> float:
        """The hours that a ticket of its kind takes."""
        kinds: tuple[Kind, ...] = ((ticket.type.value, ticket.priority), (None, ticket.priority), (None, None))
        return next((self.hours[kind] for kind in kinds if kind in self.hours), UNKNOWN)


def learn(finished: Iterable[TicketRecord], calendars: Calendars) -> Efforts:
    """What the ``finished`` tickets tell."""
    found: defaultdict[Kind, list[float]] = defaultdict(list)
    for record in finished:
        hours = worked(record, calendars)
        if hours > 0:
            kind = (record.ticket.type.value, record.ticket.priority)
            for one in {kind, (None, kind[1]), (None, None)}:
                found[one].append(max(hours, LEAST))
    return Efforts({kind: median(hours) for kind, hours in found.items() if len(hours) >= ENOUGH})


def worked(record: TicketRecord, calendars: Calendars) -> float:
    """The business hours in which a ticket was in progress in the hands of a known vendor."""
    moments = timeline(record, ("state", "vendor"))
    spans = ((one.at, after.at, one.values) for one, after in pairwise(moments))
    return sum(
        _hours(calendars, values["vendor"], start, end)
        for start, end, values in spans
        if values["state"] == State.IN_PROGRESS
    )


def _hours(calendars: Calendars, vendor: str, start: datetime, end: datetime) -> float:
    calendar = calendars.for_vendor(vendor)
    return 0.0 if calendar is None else calendar.elapsed(start, end) / 3600
