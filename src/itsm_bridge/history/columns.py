"""What the fields of many tickets were when, as columns: the same as ``values_over_time``, for a whole population."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from itsm_bridge.history.course import CUSTOM, current, split, value_of
from itsm_bridge.model import ApprovalState, Ticket, TicketRecord

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


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


def moments_of(records: Sequence[TicketRecord], fields: Sequence[str], also: Sequence[int] = ()) -> MomentColumns:
    """The course of some fields of many tickets.

    Beside the changes there is a moment at each instant of ``also`` (microseconds) that is after a ticket's creation.
    """
    codes = _Codes()
    tickets = [record.ticket for record in records]
    created = np.array([microseconds(ticket.created_at) for ticket in tickets], dtype=np.int64)
    updated = np.array([microseconds(ticket.updated_at) for ticket in tickets], dtype=np.int64)
    now = (
        np.array([_today(codes, field, tickets) for field in fields], dtype=np.int64)
        .reshape(len(fields), len(records))
        .T
    )
    recorded = _Entries.of(records, fields, codes)
    late = recorded.unrecorded(now, updated, _folded(list(codes)))
    initial = now.copy()
    first = _firsts([recorded.ticket, recorded.field])
    initial[recorded.ticket[first], recorded.field[first]] = recorded.old[first]
    entries = recorded.joined(late)
    every = _Rows.of(entries, created, np.array(sorted(also), dtype=np.int64))
    return every.moments(initial, entries.new, list(codes))


def microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970-01-01T00:00Z."""
    return (at - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class _Entries:
    """Changes of fields, by ticket and instant; ``old`` and ``new`` are codes of texts."""

    ticket: Numbers
    at: Numbers
    field: Numbers
    old: Numbers
    new: Numbers

    @classmethod
    def of(cls, records: Sequence[TicketRecord], fields: Sequence[str], codes: _Codes) -> _Entries:
        places = {field: place for place, field in enumerate(fields)}
        found = [
            (ticket, entry)
            for ticket, record in enumerate(records)
            for entry in record.history
            if entry.field in places
        ]
        field = _numbers(places[entry.field] for _, entry in found)
        columns = (
            _numbers(ticket for ticket, _ in found),
            _numbers([(entry.at - EPOCH) // MICROSECOND for _, entry in found]),
            field,
            codes.given(_numbers([codes[entry.old] for _, entry in found]), field == places.get("approval", -1)),
            codes.given(_numbers([codes[entry.new] for _, entry in found]), field == places.get("approval", -1)),
        )
        order = np.lexsort((columns[1], columns[0]))
        return cls(*(column[order] for column in columns))

    def unrecorded(self, now: Numbers, updated: Numbers, folded: Numbers) -> _Entries:
        """The changes that led from the last entry of a field to the value of today, as of the last update."""
        last = np.full(now.shape, -1, dtype=np.int64)
        latest = _lasts([self.ticket, self.field])
        last[self.ticket[latest], self.field[latest]] = latest
        ticket, field = np.nonzero(last >= 0)
        row = last[ticket, field]
        changed = (folded[self.new[row]] != folded[now[ticket, field]]) & (self.at[row] <= updated[ticket])
        ticket, field, row = ticket[changed], field[changed], row[changed]
        return _Entries(ticket, updated[ticket], field, self.new[row], now[ticket, field])

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


class _Codes(dict[str, int]):
    """A number for each text, given when it is first asked for."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number

    def given(self, codes: Numbers, are_approvals: Flags) -> Numbers:
        """The same, with the word for no approval where there is none."""
        empty = are_approvals & (codes == self[""])
        return np.where(empty, self[ApprovalState.NOT_REQUIRED.value], codes) if empty.any() else codes


def _numbers(values: Iterable[int]) -> Numbers:
    return np.fromiter(values, dtype=np.int64)


def _today(codes: _Codes, field: str, tickets: Sequence[Ticket]) -> list[int]:
    """What a field of each ticket is now; the text of a value is made once, as there are few."""
    known: dict[object, int] = {}
    values = (
        [value_of(ticket, field) for ticket in tickets] if field.startswith(CUSTOM) else map(attrgetter(field), tickets)
    )
    found = []
    for ticket, value in zip(tickets, values, strict=True):
        number = known.get(value)
        if number is None:
            number = known[value] = codes[current(ticket, field)]
        found.append(number)
    return found


def _folded(texts: Sequence[str]) -> Numbers:
    """A number for each text, the same for texts that differ in case or in the order of their values only."""
    numbers: dict[frozenset[str], int] = {}
    keys = (frozenset(part.casefold() for part in split(text)) for text in texts)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
