"""The tickets of a period as rows of the frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import numpy as np

from itsm_bridge.analysis.agreements import Identity
from itsm_bridge.analysis.frames import Columns, Row, Texts, texts
from itsm_bridge.analysis.lives import Flags, Lives
from itsm_bridge.history import DERIVED, SEPARATOR, Holders, microseconds, mismatches
from itsm_bridge.model import ApprovalState, HistoryEntry, State, TicketRecord


@dataclass(frozen=True, slots=True)
class Taken:
    """A ticket of the period: as its source had it, and as classify rules fill it (``read``)."""

    seen: TicketRecord
    read: TicketRecord
    is_gone: bool
    reopened: int
    reassigned: int

    @property
    def identity(self) -> Identity:
        """Its source and external id."""
        return self.read.ticket.source, self.read.ticket.external_id

    @property
    def recorded(self) -> Sequence[HistoryEntry]:
        """Its history, without what is made from its dates."""
        if self.seen.history and self.seen.history[-1].entry_id == DERIVED:
            return [entry for entry in self.seen.history if entry.entry_id != DERIVED]
        return self.seen.history

    def ticket_row(self, booked: int | None) -> Row:
        """Its row of ``tickets``; ``booked`` are the seconds that people booked on it."""
        ticket = self.read.ticket
        return (
            ticket.id, ticket.source, ticket.external_id, ticket.number, ticket.type, ticket.project,
            ticket.environment, SEPARATOR.join(ticket.service), SEPARATOR.join(ticket.category), ticket.priority,
            ticket.state, ticket.approval or ApprovalState.NOT_REQUIRED, ticket.vendor, ticket.group, ticket.assignee,
            ticket.summary, ticket.created_at, ticket.resolved_at, ticket.closed_at, ticket.state.is_open,
            self.reopened, self.reassigned, booked,
        )  # fmt: skip

    def findings(self) -> Iterator[Row]:
        """What is odd about its history, as rows of ``findings``."""
        ticket = self.read.ticket
        for entry in mismatches(self.seen):
            yield ticket.source, "history_mismatch", ticket.id, f"{entry.field}: history ends with {entry.new!r}"
        if len(self.recorded) < len(self.seen.history):
            yield ticket.source, "no_state_history", ticket.id, "its end is taken from its dates"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Some tickets as they stood at one instant: as their sources had them, and as classify rules fill them (``read``).

    ``gone`` has since when some, by place, could not be seen: one that was open is in no known state from then on, and
    its life in ``lives`` ends there. ``whole`` are the lives as if it had been seen.
    """

    seen: Sequence[TicketRecord]
    read: Sequence[TicketRecord]
    gone: Mapping[int, datetime]
    whole: Lives
    lives: Lives

    @classmethod
    def of(
        cls,
        seen: Sequence[TicketRecord],
        read: Sequence[TicketRecord],
        gone: Mapping[int, datetime],
        holders: Holders,
        until: datetime,
    ) -> Self:
        """The tickets with their lives up to the instant."""
        whole = Lives.of(read, holders, until)
        lost = {place: at for place, at in gone.items() if read[place].ticket.state.is_open}
        known = [_unknown(record) if place in lost else record for place, record in enumerate(read)]
        return cls(seen, known, gone, whole, whole.cut(lost))

    @property
    def ids(self) -> Texts:
        """What they are called."""
        return np.array([record.ticket.id for record in self.read], dtype=np.object_)

    def taken(self, flags: Flags) -> list[Taken]:
        """Some of them."""
        reopened, reassigned = self.lives.reopenings().tolist(), self.whole.reassignments().tolist()
        return [
            Taken(self.seen[place], self.read[place], place in self.gone, reopened[place], reassigned[place])
            for place in np.flatnonzero(flags).tolist()
        ]


def _unknown(record: TicketRecord) -> TicketRecord:
    return replace(record, ticket=replace(record.ticket, state=State.UNKNOWN))


def history_columns(taken: Iterable[Taken], ids: Sequence[str]) -> Columns:
    """The frame ``history`` of some tickets, which are called so."""
    recorded = [one.recorded for one in taken]
    entries = [entry for some in recorded for entry in some]
    return {
        "ticket": np.repeat(np.array(ids, dtype=np.object_), [len(some) for some in recorded]),
        "at": np.array([microseconds(entry.at) for entry in entries], dtype=np.int64),
        "field": texts(entry.field for entry in entries),
        "from": texts(entry.old for entry in entries),
        "to": texts(entry.new for entry in entries),
        "actor": texts(entry.actor for entry in entries),
    }
