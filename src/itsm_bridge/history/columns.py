"""What the fields of many tickets were when, as columns: the same as ``values_over_time``, for a whole population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from itsm_bridge.history.course import CUSTOM, is_known, said, split, value_of
from itsm_bridge.history.entries import Codes, Flags, Histories, Numbers, microseconds, numbers_of
from itsm_bridge.model import ApprovalState, Ticket, TicketRecord

NONE = -1
"""In place of a place."""


@dataclass(frozen=True, slots=True)
class MomentColumns:
    """The moments of many tickets, ticket by ticket and oldest first, the first of each at its creation.

    ``ticket`` is a place among the records; ``at`` is in microseconds since 1970-01-01T00:00Z. ``values`` has a row for
    each moment and a column for each field; a value is a place in ``texts``.
    """

    ticket: Numbers
    at: Numbers
    values: Numbers
    texts: Sequence[str]

    def until(self, at: int) -> MomentColumns:
        """Those at or before an instant."""
        return self.of(self.at <= at)

    def of(self, rows: Numbers | Flags) -> MomentColumns:
        """Some of them."""
        return MomentColumns(self.ticket[rows], self.at[rows], self.values[rows], self.texts)

    def remembered(self, column: int) -> Numbers:
        """Each value of a field; where it is empty the one before, or at the beginning the ticket's first there is."""
        values = self.values[:, column]
        filled = np.array([bool(text) for text in self.texts], dtype=np.bool_)[values]
        if filled.all():
            return values
        rows = np.arange(len(values))
        before = np.maximum.accumulate(np.where(filled, rows, 0))
        after = np.minimum.accumulate(np.where(filled, rows, len(values) - 1)[::-1])[::-1]
        has_before = filled[before] & (self.ticket[before] == self.ticket) & (before <= rows)
        has_after = filled[after] & (self.ticket[after] == self.ticket)
        return values[np.where(has_before, before, np.where(has_after, after, rows))]


def moments_of(
    records: Sequence[TicketRecord],
    fields: Sequence[str],
    also: Sequence[int] = (),
    histories: Histories | None = None,
) -> MomentColumns:
    """The course of some fields of many tickets.

    Beside the changes there is a moment at each instant of ``also`` (microseconds) that is after a ticket's creation.
    ``histories`` are those of ``records``, where they are columns already.
    """
    told = Histories.of(records) if histories is None else histories
    codes = Codes(zip(told.texts, range(len(told.texts)), strict=True))
    created = numbers_of(microseconds(record.ticket.created_at) for record in records)
    updated = numbers_of(microseconds(record.ticket.updated_at) for record in records)
    now = _today(codes, fields, records)
    recorded = _Entries.of(told, fields, codes)
    late = recorded.unrecorded(now, list(codes)).by(updated)
    initial = now.copy()
    first = _firsts([recorded.ticket, recorded.field])
    initial[recorded.ticket[first], recorded.field[first]] = recorded.old[first]
    entries = recorded.joined(late)
    every = _Rows.of(entries, created, np.array(sorted(also), dtype=np.int64))
    return every.moments(initial, entries.new, list(codes))


def mismatched(records: Sequence[TicketRecord], histories: Histories) -> Flags:
    """Which tickets have any of ``mismatches``; ``histories`` are those of ``records``."""
    fields = [field for code in np.unique(histories.field).tolist() if is_known(field := histories.texts[code])]
    codes = Codes(zip(histories.texts, range(len(histories.texts)), strict=True))
    now = _today(codes, fields, records)
    found = np.zeros(len(records), dtype=np.bool_)
    found[_Entries.of(histories, fields, codes).unrecorded(now, list(codes)).ticket] = True
    return found


@dataclass(frozen=True, slots=True)
class _Entries:
    """Changes of fields, by ticket and instant; ``old`` and ``new`` are codes of texts."""

    ticket: Numbers
    at: Numbers
    field: Numbers
    old: Numbers
    new: Numbers

    @classmethod
    def of(cls, told: Histories, fields: Sequence[str], codes: Codes) -> _Entries:
        """The entries about some fields, which are known by their place from here on."""
        places = np.full(len(codes), NONE, dtype=np.int64)
        for place, name in enumerate(fields):
            if name in codes:
                places[codes[name]] = place
        some = told.rows(places[told.field] >= 0)
        field = places[some.field]
        approvals = field == (fields.index("approval") if "approval" in fields else NONE)
        order = np.lexsort((some.at, some.ticket))
        columns = (some.ticket, some.at, field, *(_given(codes, one, approvals) for one in (some.old, some.new)))
        return cls(*(column[order] for column in columns))

    def unrecorded(self, now: Numbers, texts: Sequence[str]) -> _Entries:
        """The changes that led from the last entry of a field to the value of today; as of that entry."""
        latest = _lasts([self.ticket, self.field])
        ticket, field, then = self.ticket[latest], self.field[latest], self.new[latest]
        today = now[ticket, field]
        differs = ~_alike(then, today, texts)
        columns = ticket, self.at[latest], field, then, today
        return _Entries(*(column[differs] for column in columns))

    def by(self, updated: Numbers) -> _Entries:
        """Those that the last update of their tickets may have brought, as of it."""
        known = self.at <= updated[self.ticket]
        ticket = self.ticket[known]
        return _Entries(ticket, updated[ticket], self.field[known], self.old[known], self.new[known])

    def joined(self, later: _Entries) -> _Entries:
        names = ("ticket", "at", "field", "old", "new")
        return _Entries(*(np.concatenate((getattr(self, name), getattr(later, name))) for name in names))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Creations, instants that are asked for and entries (by their place, else -1), in the order of time."""

    ticket: Numbers
    at: Numbers
    asked: Flags
    entry: Numbers
    field: Numbers

    @classmethod
    def of(cls, entries: _Entries, created: Numbers, also: Numbers) -> _Rows:
        wanted, which = np.nonzero(also[np.newaxis, :] > created[:, np.newaxis])
        tickets = np.arange(len(created))
        ticket = np.concatenate((tickets, wanted, entries.ticket))
        at = np.concatenate((created, also[which], np.maximum(entries.at, created[entries.ticket])))
        others = len(tickets) + len(wanted)
        entry = np.concatenate((np.full(others, -1, dtype=np.int64), np.arange(len(entries.ticket))))
        field = np.concatenate((np.zeros(others, dtype=np.int64), entries.field))
        order = np.lexsort((at, ticket))
        return cls(ticket[order], at[order], (entry < 0)[order], entry[order], field[order])

    def moments(self, initial: Numbers, new: Numbers, texts: Sequence[str]) -> MomentColumns:
        begins = np.ones(len(self.ticket), dtype=np.bool_)
        begins[1:] = (self.ticket[1:] != self.ticket[:-1]) | (self.at[1:] != self.at[:-1])
        moment = np.cumsum(begins) - 1
        rows = np.flatnonzero(begins)
        ticket, at = self.ticket[rows], self.at[rows]
        first = np.ones(len(ticket), dtype=np.bool_)
        first[1:] = ticket[1:] != ticket[:-1]
        values = np.full((len(ticket), initial.shape[1]), -1, dtype=np.int64)
        values[first] = initial
        changes = np.flatnonzero(self.entry >= 0)
        changes = changes[_lasts([moment[changes], self.field[changes]])]
        values[moment[changes], self.field[changes]] = new[self.entry[changes]]
        known = np.maximum.accumulate(np.where(values >= 0, np.arange(len(ticket))[:, np.newaxis], 0), axis=0)
        values = np.take_along_axis(values, known, axis=0)
        kept = first.copy()
        kept[1:] |= (values[1:] != values[:-1]).any(axis=1)
        kept[moment[self.asked]] = True
        return MomentColumns(ticket[kept], at[kept], values[kept], texts)


def _firsts(keys: Sequence[Numbers]) -> Numbers:
    """The first row of each combination of keys, which are small numbers from 0 on."""
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        code = code * (int(key.max(initial=0)) + 1) + key
    rows: Numbers = np.unique(code, return_index=True)[1]
    return rows


def _lasts(keys: Sequence[Numbers]) -> Numbers:
    """The last row of each combination of keys."""
    rows: Numbers = len(keys[0]) - 1 - _firsts([key[::-1] for key in keys])
    return rows


def _given(codes: Codes, values: Numbers, are_approvals: Flags) -> Numbers:
    """Codes of values, with the word for no approval where there is none."""
    empty = are_approvals & (values == codes[""])
    return np.where(empty, codes[ApprovalState.NOT_REQUIRED.value], values) if empty.any() else values


def _today(codes: Codes, fields: Sequence[str], records: Sequence[TicketRecord]) -> Numbers:
    """What some fields of each ticket are now, a column each."""
    tickets = [record.ticket for record in records]
    columns = [_Said(codes, field).of(tickets) for field in fields]
    return np.array(columns, dtype=np.int64).reshape(len(fields), len(records)).T


class _Said(dict[object, int]):
    """The code of each value of a field; its text is made once, as there are few."""

    def __init__(self, codes: Codes, field: str) -> None:
        super().__init__()
        self._codes, self._field = codes, field

    def __missing__(self, value: object) -> int:
        code = self[value] = self._codes[said(self._field, value)]
        return code

    def of(self, tickets: Sequence[Ticket]) -> Numbers:
        """What the field of each ticket is now."""
        if self._field.startswith(CUSTOM):
            values = map(self.__getitem__, [value_of(ticket, self._field) for ticket in tickets])
        else:
            values = map(self.__getitem__, map(attrgetter(self._field), tickets))
        return np.fromiter(values, dtype=np.int64, count=len(tickets))


def _alike(some: Numbers, others: Numbers, texts: Sequence[str]) -> Flags:
    """Which pairs of texts are the same value: case and the order of several values do not count."""
    same: Flags = some == others
    known: dict[frozenset[str], int] = {}
    folded = np.arange(len(texts))
    for code in np.unique(np.concatenate((some[~same], others[~same]))).tolist():
        folded[code] = known.setdefault(frozenset(part.casefold() for part in split(texts[code])), code)
    alike: Flags = same | (folded[some] == folded[others])
    return alike
