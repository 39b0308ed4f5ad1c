"""How loaded each vendor is while a plan is made, so that work is shared out fairly over a day.

A vendor's *turn* is ``(given + effort) x (1 + base / capacity) / capacity``, and the lowest comes next:

* ``capacity``: its hours in this week, less holidays and leave, times focus (``calendars/capacity.py``).
* ``base``: the effort of the open tickets in its hands when the day began.
* ``given``: the effort of what it was given today, by this plan and by those before it; ``effort`` is this ticket's.

So a day's tickets are dealt out in proportion to ``capacity / (1 + base / capacity)``: whoever has more room gets more
of them, and nobody gets all (deficit counters; "the least loaded always wins" floods one vendor until it has caught up
with the others). Nothing here depends on when in the day a run comes: many small runs deal as one large one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import inf

from itsm_bridge.calendars import Calendars, hours_in_week
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import Outcome, Ticket
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback.effort import Efforts

Ledger = Mapping[str, Mapping[str, Mapping[str, LastWrite]]]
"""The bridge's own last write of each field: by source, external id and field."""

STORED = frozenset({Outcome.VERIFIED, Outcome.NOOP})


class Loads:
    """The hours of work in each vendor's hands, counted up while tickets are given out."""

    def __init__(
        self, configuration: Configuration, calendars: Calendars, efforts: Efforts, ledger: Ledger, now: datetime
    ) -> None:
        self._efforts, self._ledger = efforts, ledger
        self._zone, self._today = configuration.zone, now.astimezone(configuration.zone).date()
        monday = self._today - timedelta(days=self._today.weekday())
        self._capacity = {
            name: hours_in_week(vendor, calendars[vendor.calendar], monday)
            for name, vendor in configuration.vendors.items()
        }
        self._base = dict.fromkeys(configuration.vendors, 0.0)
        self._given = dict.fromkeys(configuration.vendors, 0.0)

    def count(self, tickets: Iterable[Ticket]) -> None:
        """Count the work that is in somebody's hands already."""
        for ticket in tickets:
            if ticket.vendor in self._base:
                pile = self._given if self._is_of_today(ticket) else self._base
                pile[ticket.vendor] += self._efforts.of(ticket)

    def turns(self, ticket: Ticket) -> dict[str, float]:
        """Each vendor's turn for this ticket; whoever has no hours this week comes last."""
        effort = self._efforts.of(ticket)
        return {
            name: (self._given[name] + effort) * (1 + self._base[name] / hours) / hours if hours else inf
            for name, hours in self._capacity.items()
        }

    def move(self, ticket: Ticket, vendor: str) -> None:
        """Count a ticket for whom it goes to, so that the next one sees it."""
        if vendor == ticket.vendor:
            return
        effort = self._efforts.of(ticket)
        if ticket.vendor in self._base:
            pile = self._given if self._is_of_today(ticket) else self._base
            pile[ticket.vendor] -= effort
        self._given[vendor] += effort

    def _is_of_today(self, ticket: Ticket) -> bool:
        """Whether the bridge itself gave the ticket to its vendor since midnight."""
        last = self._ledger.get(ticket.source, {}).get(ticket.external_id, {}).get("vendor")
        if last is None or last.written_at is None or last.outcome not in STORED or last.value != ticket.vendor:
            return False
        return last.written_at.astimezone(self._zone).date() == self._today


def loads_of(configuration: Configuration, open_tickets: Mapping[str, int]) -> dict[str, float]:
    """Open tickets for each hour of weekly capacity: for a replay, which has no day to be fair over."""
    hours = {name: vendor.capacity.hours for name, vendor in configuration.vendors.items()}
    return {name: count / hours[name] if hours[name] else inf for name, count in open_tickets.items()}
