"""Shapes laid over tickets: all their runs and pieces as columns, cut where another calendar begins to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from itsm_bridge.sla.desk import NO_CALENDAR, Desk
from itsm_bridge.sla.shapes import STILL, Shape

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER = -(2**62)
"""No instant."""


@dataclass(frozen=True, slots=True)
class Courses:
    """Some tickets' steps, one ticket after another, each with a last one that stands for now.

    ``first`` is where each ticket's begin, ``shape`` which of the shapes it has.
    """

    at: Numbers
    situations: Numbers
    first: Numbers
    shape: Numbers


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of all runs, one row each and run by run, in epoch seconds; ``calendar`` is a number of the desk's."""

    run: Numbers
    start: Numbers
    end: Numbers
    paused: Flags
    rota: Numbers
    calendar: Numbers

    def of(self, rows: Numbers | Flags) -> Self:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of some tickets, one row each, ticket by ticket and in the order of their attachment.

    ``ticket`` is a place among the tickets, ``level`` that of the definition. Instants are epoch seconds; ``stopped``
    is ``NEVER`` for a run that goes on. ``vendor`` and ``place`` are numbers of situations. ``carried`` is the row of
    the run that one takes over from, else ``STILL``. ``rota`` is the one that it is on at its end.
    """

    ticket: Numbers
    level: Numbers
    started: Numbers
    stopped: Numbers
    stage: Numbers
    vendor: Numbers
    place: Numbers
    rota: Numbers
    carried: Numbers

    def __len__(self) -> int:
        return len(self.ticket)

    def of(self, kept: Flags) -> Self:
        """Some of them; what one of them takes over from is among them."""
        places = np.cumsum(kept) - 1
        some = {name: getattr(self, name)[kept] for name in self.__slots__}
        carried = some["carried"]
        return replace(self, **some | {"carried": np.where(carried == STILL, STILL, places[carried])})


def lay_out(courses: Courses, shapes: Sequence[Shape], rotas: Numbers) -> tuple[Runs, Pieces]:
    """The runs of all tickets, with pieces that have no calendar yet. ``rotas`` has a row for each situation."""
    sizes = np.array([(len(shape.runs), len(shape.pieces)) for shape in shapes], dtype=np.int64).reshape(-1, 2)
    begins = np.cumsum(sizes, axis=0) - sizes
    ticket, of_run = spread(begins[courses.shape, 0], sizes[courses.shape, 0])
    rows = np.concatenate([np.empty((0, 8), dtype=np.int64), *(shape.runs for shape in shapes)])[of_run]
    counts = np.bincount(ticket, minlength=len(courses.shape))
    first_run = np.cumsum(counts) - counts
    owner, of_piece = spread(begins[courses.shape, 1], sizes[courses.shape, 1])
    pieces = np.concatenate([np.empty((0, 5), dtype=np.int64), *(shape.pieces for shape in shapes)])[of_piece]
    step, there = courses.first[ticket], courses.first[owner]
    stopped, carried, level = rows[:, Shape.STOPPED], rows[:, Shape.CARRIED], rows[:, Shape.LEVEL]
    run = first_run[owner] + pieces[:, Shape.RUN]
    return (
        Runs(
            ticket=ticket,
            level=level,
            started=courses.at[step + rows[:, Shape.STARTED]],
            stopped=np.where(stopped == STILL, NEVER, courses.at[step + stopped]),
            stage=rows[:, Shape.STAGE],
            vendor=courses.situations[step + rows[:, Shape.VENDOR]],
            place=courses.situations[step + rows[:, Shape.PLACE]],
            rota=rotas[courses.situations[step + rows[:, Shape.ROTA]], level],
            carried=np.where(carried == STILL, STILL, first_run[ticket] + carried),
        ),
        Pieces(
            run=run,
            start=courses.at[there + pieces[:, Shape.START]],
            end=courses.at[there + pieces[:, Shape.END]],
            paused=pieces[:, Shape.PAUSED].astype(np.bool_),
            rota=rotas[courses.situations[there + pieces[:, Shape.ON]], level[run]],
            calendar=np.full(len(pieces), NO_CALENDAR, dtype=np.int64),
        ),
    )


def spread(begins: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """For ranges that begin somewhere and are so long: whose each element is, and the elements, one after another."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner] + begins[owner]


def on_calendars(pieces: Pieces, desk: Desk) -> Pieces:
    """Each piece with its calendar, cut in two where another one begins to count."""
    turns = [desk.on(rota) for rota in range(len(desk.rotas))]
    counts = np.array([len(since) for since, _ in turns], dtype=np.int64)
    base = np.cumsum(counts) - counts
    since = np.concatenate([np.empty(0, dtype=np.int64), *(since for since, _ in turns)])
    calendars = np.concatenate([np.empty(0, dtype=np.int64), *(calendars for _, calendars in turns)])
    low = np.zeros(len(pieces.run), dtype=np.int64)
    high = low.copy()
    for rota in np.flatnonzero(counts > 1).tolist():
        rows = np.flatnonzero(pieces.rota == rota)
        low[rows] = np.searchsorted(turns[rota][0], pieces.start[rows], side="right") - 1
        high[rows] = np.maximum(np.searchsorted(turns[rota][0], pieces.end[rows], side="left") - 1, low[rows])
    owner, turn = spread(low, high - low + 1)
    cut, place = pieces.of(owner), base[pieces.rota[owner]] + turn
    after = since[np.minimum(place + 1, len(since) - 1)] if len(since) else since
    return replace(
        cut,
        start=np.where(turn > low[owner], since[place], cut.start),
        end=np.where(turn < high[owner], after, cut.end),
        calendar=calendars[place],
    )


def problems(runs: Runs, pieces: Pieces, desk: Desk) -> dict[int, str]:
    """The runs that cannot be measured, each with the reason of its first piece without a calendar."""
    found: dict[int, str] = {}
    for row in np.flatnonzero(pieces.calendar == NO_CALENDAR).tolist():
        reason = desk.reason(int(pieces.rota[row]), int(pieces.start[row]))
        found.setdefault(int(pieces.run[row]), reason)
    if found:
        for row in np.flatnonzero(runs.carried != STILL).tolist():
            before = found.get(int(runs.carried[row]))
            if before is not None:
                found[row] = f"the clock that it takes over from cannot be measured: {before}"
    return found
