"""The tickets of a period as columns of the frames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Self

import numpy as np

from itsm_bridge.analysis.agreements import Identity
from itsm_bridge.analysis.frames import NEVER, Columns, Flags, Numbers, Row, Texts, texts
from itsm_bridge.analysis.lives import Lives
from itsm_bridge.analysis.votes import vote_rows
from itsm_bridge.history import DERIVED, DONE, SEPARATOR, Histories, Holders, microseconds, mismatched, mismatches
from itsm_bridge.model import ApprovalState, State, Ticket, TicketRecord

AS_THEY_ARE = (
    "source", "external_id", "number", "type", "project", "environment", "state", "vendor", "group", "assignee",
    "summary",
)  # fmt: skip
"""Texts of ``tickets`` that are attributes of a ticket."""

_TEXTS: Callable[[Ticket], tuple[object, ...]] = attrgetter(*AS_THEY_ARE)


@dataclass(frozen=True, slots=True)
class Taken:
    """The tickets of the period: as their sources had them (``seen``), and as classify rules fill them (``read``).

    ``ids`` are what they are called. ``resolved`` and ``closed`` are in microseconds since 1970-01-01T00:00Z, ``NEVER``
    where there is no such instant.
    """

    seen: Sequence[TicketRecord]
    read: Sequence[TicketRecord]
    histories: Histories
    ids: Texts
    gone: Flags
    reopened: Numbers
    reassigned: Numbers
    resolved: Numbers
    closed: Numbers

    def of(self, flags: Flags) -> Self:
        """Some of them."""
        places = np.flatnonzero(flags)
        columns = ("ids", "gone", "reopened", "reassigned", "resolved", "closed")
        return replace(
            self,
            seen=[self.seen[place] for place in places.tolist()],
            read=[self.read[place] for place in places.tolist()],
            histories=self.histories.of_tickets(places),
            **{name: getattr(self, name)[places] for name in columns},
        )

    @property
    def identities(self) -> list[Identity]:
        """Source and external id of each."""
        return [(one.ticket.source, one.ticket.external_id) for one in self.read]

    def tickets(self, booked: Mapping[Identity, int]) -> Columns:
        """The frame ``tickets``; ``booked`` are the seconds that people booked on them."""
        tickets = [one.ticket for one in self.read]
        columns = dict(zip(AS_THEY_ARE, zip(*map(_TEXTS, tickets), strict=True), strict=True))
        return {
            "ticket": self.ids,
            **{name: texts(values) for name, values in columns.items()},
            "service": texts(SEPARATOR.join(ticket.service) for ticket in tickets),
            "category": texts(SEPARATOR.join(ticket.category) for ticket in tickets),
            "priority": [ticket.priority for ticket in tickets],
            "approval": texts(ticket.approval or ApprovalState.NOT_REQUIRED for ticket in tickets),
            "created_at": np.array([microseconds(ticket.created_at) for ticket in tickets], dtype=np.int64),
            "resolved_at": self.resolved,
            "closed_at": self.closed,
            "open": [ticket.state.is_open for ticket in tickets],
            "reopened": self.reopened,
            "reassigned": self.reassigned,
            "booked_seconds": list(map(booked.get, self.identities)) if booked else None,
        }

    def history(self) -> Columns:
        """The frame ``history``: all that their sources recorded."""
        told = self.histories.rows(~self.histories.derived)
        said = {"field": "field", "from": "old", "to": "new", "actor": "actor"}
        return {
            "ticket": self.ids[told.ticket],
            "at": told.at,
            **{column: told.said(name) for column, name in said.items()},
        }

    def votes(self) -> Iterator[Row]:
        """What approvers of them were asked, as rows of ``votes``."""
        for one, name in zip(self.seen, self.ids, strict=True):
            yield from vote_rows(name, one.approvals)

    def findings(self) -> Iterator[Row]:
        """What is odd about their histories, as rows of ``findings``."""
        odd = mismatched(self.seen, self.histories) | self.histories.have(self.histories.derived)
        for place in np.flatnonzero(odd).tolist():
            yield from _findings(self.seen[place], self.ids[place])


@dataclass(frozen=True, slots=True)
class Cohort:
    """Some tickets as they stood at one instant: as their sources had them, and as classify rules fill them (``read``).

    The dates of their end are those of their sources, whatever the instant. ``gone`` has since when some, by place,
    could not be seen: one that was open is in no known state from then on, and its life in ``lives`` ends there.
    ``whole`` are the lives as if it had been seen.
    """

    seen: Sequence[TicketRecord]
    read: Sequence[TicketRecord]
    histories: Histories
    gone: Mapping[int, datetime]
    whole: Lives
    lives: Lives

    @classmethod
    def of(  # noqa: PLR0917 - each is another thing
        cls,
        seen: Sequence[TicketRecord],
        read: Sequence[TicketRecord],
        histories: Histories,
        gone: Mapping[int, datetime],
        holders: Holders,
        until: datetime,
    ) -> Self:
        """The tickets with their ``histories`` and lives up to the instant."""
        whole = Lives.of(read, holders, until, histories)
        lost = {place: at for place, at in gone.items() if read[place].ticket.state.is_open}
        known = [_unknown(record) if place in lost else record for place, record in enumerate(read)]
        return cls(seen, known, histories, gone, whole, whole.cut(lost))

    @property
    def ids(self) -> Texts:
        """What they are called."""
        return np.array([record.ticket.id for record in self.read], dtype=np.object_)

    @property
    def every(self) -> Taken:
        """All of them."""
        gone = np.zeros(len(self.seen), dtype=np.bool_)
        gone[list(self.gone)] = True
        return Taken(
            seen=self.seen,
            read=self.read,
            histories=self.histories,
            ids=self.ids,
            gone=gone,
            reopened=self.lives.reopenings(),
            reassigned=self.whole.reassignments(),
            resolved=self._resolved,
            closed=self._closed,
        )

    @property
    def _resolved(self) -> Numbers:
        """When those that are done were resolved: as the source says, else by their history."""
        said = self._passed([one.ticket.resolved_at for one in self.seen])
        found = np.where(said == NEVER, self.whole.last_into({State.RESOLVED}), said)
        found = np.where((found == NEVER) & self._are({State.CLOSED}), self.whole.last_into(DONE), found)
        return np.where(self._are(DONE), found, NEVER)

    @property
    def _closed(self) -> Numbers:
        """When those that are closed or canceled became so: as the source says, else by their history."""
        said = self._passed([one.ticket.closed_at for one in self.seen])
        entered = [self.whole.last_into({state}) for state in (State.CANCELED, State.CLOSED)]
        found = np.where(said == NEVER, np.where(self._are({State.CANCELED}), *entered), said)
        return np.where(self._are({State.CLOSED, State.CANCELED}), found, NEVER)

    def _are(self, states: Collection[str]) -> Flags:
        return np.array([one.ticket.state in states for one in self.seen], dtype=np.bool_)

    def _passed(self, instants: Sequence[datetime | None]) -> Numbers:
        """Instants in microseconds, ``NEVER`` for one that had not come."""
        found = np.array([NEVER if at is None else microseconds(at) for at in instants], dtype=np.int64)
        return np.where(found < self.whole.until, found, NEVER)


def _findings(seen: TicketRecord, name: str) -> Iterator[Row]:
    """What is odd about one ticket's history."""
    source = seen.ticket.source
    for entry in mismatches(seen):
        yield source, "history_mismatch", name, f"{entry.field}: history ends with {entry.new!r}"
    if any(entry.entry_id == DERIVED for entry in seen.history):
        yield source, "no_state_history", name, "its end is taken from its dates"


def _unknown(record: TicketRecord) -> TicketRecord:
    return replace(record, ticket=replace(record.ticket, state=State.UNKNOWN))
