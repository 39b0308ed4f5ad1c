"""What a report is made of: how an assembly asks the store, the rules and the clocks, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.analysis.agreements import Agreed, Identity
from itsm_bridge.analysis.demand import Arriving
from itsm_bridge.config.model import OutsideFigure
from itsm_bridge.history import Histories
from itsm_bridge.model import Decision, TicketRecord
from itsm_bridge.sla import Compared, CycleColumns
from itsm_bridge.store import KnownTicket

NOTHING_AGREED = Agreed()

Read = Callable[[TicketRecord], TicketRecord]
Clock = Callable[[Sequence[TicketRecord], datetime, Histories | None], CycleColumns]
Compare = Callable[[Sequence[TicketRecord], datetime], Iterable[Compared]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd that the store holds about one record: an oddity, or why it is quarantined."""

    source: str
    check: str
    external_id: str
    detail: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """Since when a ticket cannot be seen in its source, and why, as the store has it (``AbsenceRow.reason``)."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A value that was sent to a source; ``outcome`` is what came of it, ``unknown`` before ``closed_at``."""

    source: str
    external_id: str
    field: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of. ``read`` fills in what classify rules say; ``clock`` computes cycles as of an instant.

    ``alive`` gives all records of tickets that were created before its second instant, but for those that had been done
    by its first and were not touched since; ``counted`` says how many there are, of each source, that were created
    before an instant, and ``known`` what some of them (by source and external id) are called. ``decisions`` gives, for
    an instant, the latest decision before it about each field of each ticket, in any order; it may give more. ``sent``
    is in the order of sending. ``gone`` is by source and external id, and so is ``booked``: the seconds that people
    booked on tickets before an instant. ``compare`` holds tickets' cycles against the clocks of their sources.
    ``agreed`` is about ended clocks, ``arriving`` about what came in the years before. ``outside`` are figures that
    tickets do not hold.
    """

    alive: Callable[[datetime, datetime], Iterable[TicketRecord]]
    counted: Callable[[datetime], Mapping[str, int]]
    known: Callable[[Collection[Identity]], Iterable[KnownTicket]]
    read: Read
    clock: Clock
    decisions: Callable[[datetime], Iterable[Decision]]
    sent: Iterable[Sent]
    problems: Iterable[Problem]
    freshness: Mapping[str, datetime | None]
    gone: Mapping[Identity, Gone]
    arriving: Arriving
    booked: Callable[[datetime], Mapping[Identity, int]] = lambda _: {}
    compare: Compare = lambda records, _at: [Compared()] * len(records)
    agreed: Agreed = NOTHING_AGREED
    outside: Sequence[OutsideFigure] = ()
