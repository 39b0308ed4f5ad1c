"""Whose a ticket's time was, moment by moment: the plain reading that the columns of reports are held against."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from itsm_bridge.history import Holder, Holders, Moment
from itsm_bridge.history.course import OPEN


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a ticket's open time, half-open, that one holder had, and what the ticket was meanwhile."""

    start: datetime
    end: datetime
    holder: Holder
    values: Mapping[str, str]


def stretches(holders: Holders, moments: Sequence[Moment], until: datetime) -> Iterator[Stretch]:
    """The open time of a course up to ``until``, cut at each moment; one holder may have several in a row."""
    ends = [*(after.at for _, after in pairwise(moments)), until]
    for moment, end in zip(moments, ends, strict=True):
        if moment.values["state"] in OPEN:
            yield Stretch(moment.at, end, holders.at(moment.values), moment.values)


def remembered(moments: Sequence[Moment], fields: Collection[str]) -> tuple[Moment, ...]:
    """The same course, in which an empty value of ``fields`` is the last known before it, or else the first after."""
    last = {field: next((m.values[field] for m in moments if m.values[field]), "") for field in fields}
    found = []
    for moment in moments:
        last = {field: moment.values[field] or known for field, known in last.items()}
        found.append(Moment(moment.at, {**moment.values, **last}))
    return tuple(found)
