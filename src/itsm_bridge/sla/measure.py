"""The arithmetic of clocks, in bulk: from runs with their pieces to seconds used, due instants and breaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from itsm_bridge.calendars import Calendar, Seconds
from itsm_bridge.sla.desk import Desk
from itsm_bridge.sla.machine import Level
from itsm_bridge.sla.runs import NEVER, Numbers, Pieces, Runs
from itsm_bridge.sla.shapes import STILL
from itsm_bridge.sla.targets import promised


@dataclass(frozen=True, slots=True)
class Measured:
    """One row for each run; ``due`` is in epoch seconds. ``piece_seconds`` has a row for each piece, run by run.

    Of a paused run ``due`` is when it would be due if it went on now.
    """

    target: Seconds
    carried: Seconds
    elapsed: Seconds
    paused: Seconds
    due: Seconds
    piece_seconds: Seconds


NOTHING = Measured(*[np.empty(0, dtype=np.int64)] * 6)
"""Of no runs."""


def measure(  # noqa: PLR0917 (the seam)
    runs: Runs, pieces: Pieces, desk: Desk, levels: Sequence[Level], dues: Sequence[int | None], now: int
) -> Measured:
    """Count every run's time up to its end, or to ``now`` where it has none.

    There is at least one run, each has a piece, and each piece a calendar. ``dues`` has the due date of each ticket.
    """
    return _Measure(runs, pieces, desk, levels, dues, now).all()


class _Measure:
    """One measurement of some runs; ``first`` is where each one's pieces begin."""

    def __init__(  # noqa: PLR0917 (as above)
        self, runs: Runs, pieces: Pieces, desk: Desk, levels: Sequence[Level], dues: Sequence[int | None], now: int
    ) -> None:
        self.runs, self.pieces, self.desk, self.levels, self.dues, self.now = runs, pieces, desk, levels, dues, now
        self.first = np.searchsorted(pieces.run, np.arange(len(runs)))
        self.turning = np.array([len(desk.on(rota)[0]) > 1 for rota in range(len(desk.rotas))], dtype=np.bool_)

    def all(self) -> Measured:
        pieces = self.pieces
        seconds = self._by_calendar(
            pieces.calendar, lambda calendar, some: calendar.elapsed_array(pieces.start[some], pieces.end[some])
        )
        running = np.where(pieces.paused, 0, seconds)
        own = np.add.reduceat(running, self.first)
        promise = self._promise(_carried(self.runs.carried, own))
        return Measured(
            target=promise.target,
            carried=promise.carried,
            elapsed=own + promise.carried,
            paused=np.add.reduceat(seconds - running, self.first),
            due=self._due(running, own, promise),
            piece_seconds=seconds,
        )

    def _by_calendar(self, calendars: Numbers, answer: Callable[[Calendar, Seconds], Seconds]) -> Seconds:
        """Ask each calendar once, for all of its rows, and put the answers back in their places."""
        answers = np.zeros(len(calendars), dtype=np.int64)
        for number in np.unique(calendars).tolist():
            rows = np.flatnonzero(calendars == number)
            answers[rows] = answer(self.desk.calendars[number], rows)
        return answers

    def _promise(self, carried: Seconds) -> _Promise:
        targets = [level.definition.target for level in self.levels]
        target = np.array([one.seconds or 0 for one in targets], dtype=np.int64)[self.runs.level]
        is_instant = np.array([one.is_instant for one in targets], dtype=np.bool_)[self.runs.level]
        instants = np.full(len(self.runs), NEVER, dtype=np.int64)
        for row in np.flatnonzero(is_instant).tolist():
            instants[row], target[row] = self._promised(row)
        return _Promise(target, carried, instants)

    def _promised(self, row: int) -> tuple[int, int]:
        """The instant that a target promises at the run's start, and the business time up to it."""
        start = int(self.pieces.start[self.first[row]])
        calendar = self.desk.calendars[int(self.pieces.calendar[self.first[row]])]
        target = self.levels[int(self.runs.level[row])].definition.target
        instant = promised(target, calendar, start, self.dues[int(self.runs.ticket[row])])
        return instant, self.desk.rota(int(self.runs.rota[row])).elapsed(start, instant)

    def _due(self, running: Seconds, own: Seconds, promise: _Promise) -> Seconds:
        """When the target is used up: where it was, or where it would be if the clock went on from its end or now."""
        pieces = self.pieces
        before = np.cumsum(running) - running
        before += (promise.carried - before[self.first])[pieces.run]
        left = promise.target[pieces.run] - before
        due = self._from_here(promise.target - promise.carried - own)
        reaching = np.flatnonzero(~pieces.paused & (running >= left))
        reached, first = np.unique(pieces.run[reaching], return_index=True)
        rows = reaching[first]
        due[reached] = self._by_calendar(
            pieces.calendar[rows],
            lambda calendar, some: calendar.due_array(pieces.start[rows[some]], np.maximum(left[rows[some]], 0)),
        )
        due = np.where(promise.carried >= promise.target, self.runs.started, due)
        for row in np.flatnonzero(promise.instant != NEVER).tolist():
            due[row] = self._as_promised(row, int(due[row]), int(promise.instant[row]))
        return due

    def _from_here(self, left: Seconds) -> Seconds:
        """When the rest of each target would be used up, going on from the run's end; ``NEVER`` where it is unknown."""
        runs = self.runs
        due = np.full(len(runs), NEVER, dtype=np.int64)
        ends = np.where(runs.stopped == NEVER, self.now, runs.stopped)
        steady = np.flatnonzero((left > 0) & ~self.turning[runs.rota])
        single = np.array([self.desk.on(rota)[1][0] for rota in range(len(self.desk.rotas))], dtype=np.int64)
        due[steady] = self._by_calendar(
            single[runs.rota[steady]],
            lambda calendar, some: calendar.due_array(ends[steady[some]], left[steady[some]]),
        )
        for row in np.flatnonzero((left > 0) & self.turning[runs.rota]).tolist():
            turned = self.desk.rota(int(runs.rota[row])).due(int(ends[row]), int(left[row]))
            due[row] = NEVER if turned is None else turned
        return due

    def _as_promised(self, row: int, due: int, promised: int) -> int:
        """A due instant, or the instant that was promised where no business time lies between the two."""
        rota = self.desk.rota(int(self.runs.rota[row]))
        return promised if NEVER < due <= promised and rota.elapsed(due, promised) == 0 else due


@dataclass(frozen=True, slots=True)
class _Promise:
    """What each run was to keep to: its target in business seconds, and what it began with.

    For a target that is an ``instant`` rather than a time, that instant (``NEVER`` for others).
    """

    target: Seconds
    carried: Seconds
    instant: Seconds


def _carried(before: Numbers, own: Seconds) -> Seconds:
    """What each run begins with: all that the one before it had used, which may itself have carried."""
    carried = np.zeros(len(own), dtype=np.int64)
    taking = before != STILL
    while True:  # once more than the longest chain of clocks that took over from each other
        more = np.where(taking, (own + carried)[before], 0)
        if (more == carried).all():
            return carried
        carried = more
