"""The lives of many tickets as columns: what each was when, up to one instant, and in whose hands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import numpy as np

from itsm_bridge.analysis.frames import NEVER, Columns, Flags, Numbers, Texts
from itsm_bridge.analysis.hands import FOLLOWED as IN_HAND
from itsm_bridge.analysis.hands import PLACE
from itsm_bridge.analysis.spans import GONE
from itsm_bridge.conditions.columns import alike
from itsm_bridge.history import DONE, OPEN, Histories, Holders, MomentColumns, microseconds, moments_of
from itsm_bridge.model import TicketRecord

FOLLOWED = ("state", "vendor", "environment", "approval", "service")
"""Where one of these changes an interval ends."""

LAST = 2**62
"""Later than any instant."""


@dataclass(frozen=True, slots=True)
class Lives:
    """The moments of some tickets, all before ``until`` (microseconds): each lasts up to the ticket's next."""

    fields: Sequence[str]
    moments: MomentColumns
    count: int
    until: int

    @classmethod
    def of(
        cls, records: Sequence[TicketRecord], holders: Holders, until: datetime, histories: Histories | None = None
    ) -> Self:
        """All that intervals and hands look at; ``histories`` are those of ``records``, where they are columns."""
        fields = tuple(sorted({*FOLLOWED, *IN_HAND, *holders.fields}))
        return cls(fields, moments_of(records, fields, histories=histories), len(records), microseconds(until))

    def of_rows(self, rows: Numbers | Flags) -> Self:
        """Some of the moments."""
        return replace(self, moments=self.moments.of(rows))

    def of_tickets(self, flags: Flags) -> Self:
        """The moments of some tickets, which keep their places."""
        return self.of_rows(flags[self.moments.ticket])

    def cut(self, gone: Mapping[int, datetime]) -> Self:
        """The same for tickets that could not be seen from an instant on: up to there, and ``GONE`` from then on."""
        if not gone:
            return self
        at = np.full(self.count, LAST, dtype=np.int64)
        places = np.array(sorted(gone), dtype=np.int64)
        at[places] = [microseconds(gone[place]) for place in places.tolist()]
        kept = self.of_rows((self.moments.at < at[self.moments.ticket]) | self.first).moments
        ends = np.searchsorted(kept.ticket, places, side="right")
        values = kept.values[ends - 1]
        values[:, self.fields.index("state")] = len(kept.texts)
        moments = MomentColumns(
            ticket=np.insert(kept.ticket, ends, places),
            at=np.insert(kept.at, ends, np.maximum(at[places], kept.at[ends - 1])),
            values=np.insert(kept.values, ends, values, axis=0),
            texts=[*kept.texts, GONE],
        )
        return replace(self, moments=moments)

    def narrowed(self) -> Self:
        """The moments at which one of ``FOLLOWED`` changes."""
        values = self.moments.values[:, [self.fields.index(field) for field in FOLLOWED]]
        kept = self.first
        kept[1:] |= (values[1:] != values[:-1]).any(axis=1)
        return self.of_rows(kept)

    @property
    def first(self) -> Flags:
        """Which moments are the first of their tickets."""
        ticket = self.moments.ticket
        return np.concatenate((np.ones(min(len(ticket), 1), dtype=np.bool_), ticket[1:] != ticket[:-1]))

    def ends(self, last: int) -> Numbers:
        """When each moment is over; ``last`` for the last of each ticket."""
        ticket, at = self.moments.ticket, self.moments.at
        return np.where(
            np.append(ticket[1:] == ticket[:-1], False)[: len(at)], np.append(at[1:], last)[: len(at)], last
        )

    def is_in(self, states: Collection[str]) -> Flags:
        """Which moments are in one of some states."""
        known = np.array([text in states for text in self.moments.texts], dtype=np.bool_)
        return known[self.codes("state")]

    def were_open(self, since: datetime) -> Flags:
        """Which tickets have an open moment that lasted until ``since`` or later."""
        found = np.zeros(self.count, dtype=np.bool_)
        found[self.moments.ticket[self.is_in(OPEN) & (self.ends(self.until) >= microseconds(since))]] = True
        return found

    def codes(self, field: str) -> Numbers:
        """The values of a field, as places among the texts."""
        values: Numbers = self.moments.values[:, self.fields.index(field)]
        return values

    def texts(self, field: str) -> Texts:
        """The values of a field."""
        return self._said(self.codes(field))

    def intervals(self, ids: Texts) -> Columns:
        """The frame ``intervals``, of tickets that are called so."""
        narrowed = self.narrowed()
        return {
            "ticket": ids[narrowed.moments.ticket],
            "start": narrowed.moments.at,
            "end": narrowed.ends(NEVER),
            **{field: narrowed.texts(field) for field in FOLLOWED},
        }

    def hands(self, ids: Texts, holders: Holders) -> Columns:
        """The frame ``hands``, without its business time, which is put in later for all at once."""
        values = self.moments.values.copy()
        for field in PLACE:
            values[:, self.fields.index(field)] = self.moments.remembered(self.fields.index(field))
        remembered = replace(self, moments=replace(self.moments, values=values))
        rows = self.is_in(OPEN)
        ends, stretches = self.ends(self.until)[rows], remembered.of_rows(rows)
        examples, group = alike([stretches.codes(field) for field in holders.fields], len(ends))
        held = [
            holders.at({field: stretches.text(field, row) for field in holders.fields}) for row in examples.tolist()
        ]
        return {
            "ticket": ids[stretches.moments.ticket],
            "start": stretches.moments.at,
            "end": ends,
            "holder": np.array([holder.name for holder in held], dtype=np.object_)[group],
            "kind": np.array([str(holder.kind) for holder in held], dtype=np.object_)[group],
            **{field: stretches.texts(field) for field in IN_HAND},
        }

    def text(self, field: str, row: int) -> str:
        """The value of a field at one moment."""
        return self.moments.texts[int(self.codes(field)[row])]

    def last_into(self, states: Collection[str]) -> Numbers:
        """When each ticket last went from elsewhere into one of some states; ``NEVER`` where it did not."""
        found = np.full(self.count, NEVER, dtype=np.int64)
        inside = self.is_in(states)
        rows = 1 + np.flatnonzero(inside[1:] & ~inside[:-1] & ~self.first[1:])
        found[self.moments.ticket[rows]] = self.moments.at[rows]
        return found

    def reopenings(self) -> Numbers:
        """How often each ticket was opened again after it was done."""
        told = np.flatnonzero(self.is_in(OPEN) | self.is_in(DONE))
        opened, ticket = self.is_in(OPEN)[told], self.moments.ticket[told]
        again = opened[1:] & ~opened[:-1] & (ticket[1:] == ticket[:-1])
        return np.bincount(ticket[1:][again], minlength=self.count)

    def reassignments(self) -> Numbers:
        """How often each ticket went from one vendor or group to another one; coming back from nobody is none."""
        again = np.zeros(len(self.moments.ticket), dtype=np.bool_)
        filled = np.array([bool(text) for text in self.moments.texts], dtype=np.bool_)
        for field in ("vendor", "group"):
            codes = self.codes(field)
            rows = np.flatnonzero(filled[codes])
            held, ticket = codes[rows], self.moments.ticket[rows]
            again[rows[1:][(held[1:] != held[:-1]) & (ticket[1:] == ticket[:-1])]] = True
        return np.bincount(self.moments.ticket[again], minlength=self.count)

    def _said(self, codes: Numbers) -> Texts:
        return np.array(self.moments.texts, dtype=np.object_)[codes]
