"""How many tickets came in each month: what a forecast rests on, over years that no other frame holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.agreements import Identity
from itsm_bridge.analysis.frames import INSTANT, SCHEMAS, TEXT
from itsm_bridge.analysis.period import Period, Unit
from itsm_bridge.history import SEPARATOR, as_of, with_recorded_end
from itsm_bridge.model import TicketRecord
from itsm_bridge.store import Arrival

MONTHS = 48
"""So far back tickets are counted."""

KEY = ["month", "environment", "service"]

EMPTY = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in SCHEMAS["demand"].items()})


@dataclass(frozen=True, slots=True)
class Arriving:
    """What arrivals are made of: those between two instants, whole records of some, and how classify rules fill them.

    Rules are asked only about tickets without an environment: a ticket that has one keeps the service that its source
    says, also where that is none.
    """

    arrivals: Callable[[datetime, datetime], Iterable[Arrival]]
    records: Callable[[Collection[Identity]], Iterable[TicketRecord]]
    read: Callable[[TicketRecord], TicketRecord]

    def demand(self, until: datetime, zone: ZoneInfo) -> pd.DataFrame:
        """The frame ``demand``, as of an instant; the month that holds it is as long as it is."""
        arrived = list(self.arrivals(first_month(until, zone).start, until))
        replayed = self._replayed([one.identity for one in arrived if one.has_changed or not one.environment], until)
        places = [replayed.get(one.identity) or _place(one) for one in arrived]
        created = pd.DatetimeIndex([one.created_at for one in arrived], dtype=INSTANT).tz_convert(zone)
        found = pd.DataFrame({
            "month": pd.Series(created.strftime("%Y-%m"), dtype=TEXT),
            "environment": pd.Series([environment for environment, _ in places], dtype=TEXT),
            "service": pd.Series([service for _, service in places], dtype=TEXT),
        })  # fmt: skip
        counted = found.assign(arrivals=1).groupby(KEY, as_index=False).agg({"arrivals": "sum"})
        return counted.astype(dict(SCHEMAS["demand"]))

    def _replayed(self, ids: Collection[Identity], until: datetime) -> dict[Identity, tuple[str, str]]:
        """Where some tickets were at the instant, environment and service."""
        return dict(self._read(ids, until)) if ids else {}

    def _read(self, ids: Collection[Identity], until: datetime) -> Iterator[tuple[Identity, tuple[str, str]]]:
        for record in self.records(ids):
            seen = as_of(with_recorded_end(record), until)
            if seen is not None:
                ticket = (seen if seen.ticket.environment else self.read(seen)).ticket
                yield (ticket.source, ticket.external_id), (ticket.environment or "", SEPARATOR.join(ticket.service))


def first_month(until: datetime, zone: ZoneInfo) -> Period:
    """The first of the months that are counted; the last holds what was just before ``until``."""
    month = Period.holding(until - timedelta(microseconds=1), Unit.MONTH, zone)
    for _ in range(MONTHS - 1):
        month = month.previous()
    return month


def _place(one: Arrival) -> tuple[str, str]:
    return one.environment or "", SEPARATOR.join(one.service)
