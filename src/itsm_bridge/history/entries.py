"""The histories of many tickets as columns: taken from their records once, for all that look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from itsm_bridge.history.course import DERIVED
from itsm_bridge.model import EPOCH, Entries, EntryRow, HistoryEntry, TicketRecord

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

MICROSECOND = timedelta(microseconds=1)

NAMES = tuple(field.name for field in fields(HistoryEntry))
_VALUES: Callable[[HistoryEntry], tuple[Any, ...]] = attrgetter(*NAMES)


@dataclass(frozen=True, slots=True)
class Histories:
    """All entries of ``count`` tickets, ticket by ticket and in the order of their records.

    ``ticket`` is a place among the records; ``at`` is in microseconds since 1970-01-01T00:00Z. ``field``, ``old``,
    ``new`` and ``actor`` are places in ``texts``. ``derived`` are those that no source has.
    """

    count: int
    ticket: Numbers
    at: Numbers
    field: Numbers
    old: Numbers
    new: Numbers
    actor: Numbers
    derived: Flags
    texts: Sequence[str]

    @classmethod
    def of(cls, records: Sequence[TicketRecord]) -> Self:
        """Those of some records."""
        codes = Codes()
        rows = [row for record in records for row in _rows(record.history)]
        columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(NAMES, ())
        return cls(
            count=len(records),
            ticket=np.repeat(np.arange(len(records)), [len(record.history) for record in records]),
            at=numbers_of(columns["at"]),
            field=codes.of(columns["field"]),
            old=codes.of(columns["old"]),
            new=codes.of(columns["new"]),
            actor=codes.of(columns["actor"]),
            derived=np.array([entry_id == DERIVED for entry_id in columns["entry_id"]], dtype=np.bool_),
            texts=list(codes),
        )

    def rows(self, rows: Numbers | Flags) -> Self:
        """Some of the entries."""
        names = ("ticket", "at", "field", "old", "new", "actor", "derived")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def of_tickets(self, places: Sequence[int] | Numbers) -> Self:
        """Those of some tickets, which are counted anew; ``places`` are in order."""
        anew = np.full(self.count, -1, dtype=np.int64)
        anew[places] = np.arange(len(places))
        some = self.rows(anew[self.ticket] >= 0)
        return replace(some, count=len(places), ticket=anew[some.ticket])

    def before(self, at: int) -> Self:
        """Those before an instant."""
        return self.rows(self.at < at)

    def touched(self, since: int) -> Flags:
        """Which tickets have an entry at an instant or later."""
        return self.have(self.at >= since)

    def about(self, field: str) -> Flags:
        """Which tickets have an entry about a field."""
        return self.have(np.array([text == field for text in self.texts], dtype=np.bool_)[self.field])

    def have(self, rows: Flags) -> Flags:
        """Which tickets have one of some entries."""
        found = np.zeros(self.count, dtype=np.bool_)
        found[self.ticket[rows]] = True
        return found

    def said(self, name: str) -> Texts:
        """A column of texts, each of which is there once."""
        said: Texts = np.array(self.texts, dtype=np.object_)[getattr(self, name)]
        return said


def _rows(history: Sequence[HistoryEntry]) -> Sequence[EntryRow]:
    """Entries as rows, which those of a store are already."""
    return history.rows if isinstance(history, Entries) else list(map(_row, history))


def _row(entry: HistoryEntry) -> EntryRow:
    source, external_id, entry_id, at, *said = _VALUES(entry)
    return (source, external_id, entry_id, microseconds(at), *said)


class Codes(dict[str, int]):
    """A number for each text, given when it is first asked for."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number

    def of(self, texts: Sequence[str]) -> Numbers:
        """The numbers of some texts."""
        return np.fromiter(map(self.__getitem__, texts), dtype=np.int64, count=len(texts))


def numbers_of(values: Iterable[int]) -> Numbers:
    """Whole numbers as a column."""
    return np.fromiter(values, dtype=np.int64)


def microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970-01-01T00:00Z."""
    return (at - EPOCH) // MICROSECOND
