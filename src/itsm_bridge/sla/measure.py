"""The arithmetic of clocks, in bulk: from runs with their pieces to seconds used, due instants and breaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from itsm_bridge.calendars import Calendar, Rota, Seconds, epoch, instant
from itsm_bridge.sla.machine import Piece, Run
from itsm_bridge.sla.model import Stage

Flags = npt.NDArray[np.bool_]


NEVER = -(2**62)
"""No due instant: the calendar that would tell is nobody's."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One row for each run; ``due`` is in epoch seconds. ``piece_seconds`` has a row for each piece, run by run."""

    target: Seconds
    carried: Seconds
    elapsed: Seconds
    paused: Seconds
    due: Seconds
    piece_seconds: Seconds


def measure(runs: Sequence[Run], now: int) -> Measured:
    """Count every run's time up to its end, or to ``now`` where it has none.

    There is at least one run, each has a piece and no problem, and each comes after the one that it carries from.
    """
    pieces = _Pieces.of(runs)
    seconds = _by_calendar(
        pieces.calendars, lambda calendar, some: calendar.elapsed_array(pieces.start[some], pieces.end[some])
    )
    running = np.where(pieces.paused, 0, seconds)
    own = np.add.reduceat(running, pieces.first)
    promise = _promise(runs, own)
    return Measured(
        target=promise.target,
        carried=promise.carried,
        elapsed=own + promise.carried,
        paused=np.add.reduceat(seconds - running, pieces.first),
        due=_due(runs, pieces, running, promise, now),
        piece_seconds=seconds,
    )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of all runs as columns; ``first`` is where each run's begin, ``run`` whose each one is."""

    start: Seconds
    end: Seconds
    paused: Flags
    run: Seconds
    first: Seconds
    calendars: list[Calendar]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> _Pieces:
        pieces: list[Piece] = [piece for run in runs for piece in run.pieces]
        counts = np.array([len(run.pieces) for run in runs], dtype=np.int64)
        return cls(
            start=np.array([piece.start for piece in pieces], dtype=np.int64),
            end=np.array([piece.end for piece in pieces], dtype=np.int64),
            paused=np.array([piece.paused for piece in pieces], dtype=np.bool_),
            run=np.repeat(np.arange(len(runs)), counts),
            first=np.cumsum(counts) - counts,
            calendars=[piece.calendar for piece in pieces],
        )


def _by_calendar(calendars: Sequence[Calendar], answer: Callable[[Calendar, Seconds], Seconds]) -> Seconds:
    """Ask each calendar once, for all of its rows, and put the answers back in their places."""
    distinct = {id(calendar): calendar for calendar in calendars}
    owner = np.fromiter((id(calendar) for calendar in calendars), dtype=np.int64, count=len(calendars))
    answers = np.zeros(len(calendars), dtype=np.int64)
    for identity, calendar in distinct.items():
        rows = np.flatnonzero(owner == identity)
        answers[rows] = answer(calendar, rows)
    return answers


@dataclass(frozen=True, slots=True)
class _Promise:
    """What each run was to keep to: its target in business seconds, and what it began with.

    For a target in working ``days`` there is also the ``instant`` that it promises (0 for others).
    """

    target: Seconds
    carried: Seconds
    days: Seconds
    instant: Seconds


def _promise(runs: Sequence[Run], own: Seconds) -> _Promise:
    targets = [run.level.definition.target for run in runs]
    target = np.array([duration.seconds or 0 for duration in targets], dtype=np.int64)
    days = np.array([duration.working_days or 0 for duration in targets], dtype=np.int64)
    promised = np.zeros(len(runs), dtype=np.int64)
    for index in np.flatnonzero(days).tolist():
        promised[index], target[index] = _working_days(runs[index], int(days[index]))
    return _Promise(target, _carried(runs, own), days, promised)


def _carried(runs: Sequence[Run], own: Seconds) -> Seconds:
    """What each run begins with: all that the one before it had used, which may itself have carried."""
    carried = np.zeros(len(runs), dtype=np.int64)
    place = {id(run): index for index, run in enumerate(runs)}
    for index, run in enumerate(runs):
        if run.carried_from is not None:
            before = place[id(run.carried_from)]
            carried[index] = own[before] + carried[before]
    return carried


def _working_days(run: Run, days: int) -> tuple[int, int]:
    """The instant that a target in working days promises at the run's start, and the business time up to it."""
    start = run.pieces[0].start
    promised = epoch(run.pieces[0].calendar.due_working_days(instant(start), days))
    return promised, _rota(run).elapsed(start, promised)


def _due(runs: Sequence[Run], pieces: _Pieces, running: Seconds, promise: _Promise, now: int) -> Seconds:
    """When the target is used up: where it was, or where it would be if the clock went on from its end or from now."""
    before = np.cumsum(running) - running
    before += (promise.carried - before[pieces.first])[pieces.run]
    left = promise.target[pieces.run] - before
    due = _from_here(runs, promise.target - promise.carried - np.add.reduceat(running, pieces.first), now)
    reaching = np.flatnonzero(~pieces.paused & (running >= left))
    reached, first = np.unique(pieces.run[reaching], return_index=True)
    rows = reaching[first]
    due[reached] = _by_calendar(
        [pieces.calendars[row] for row in rows],
        lambda calendar, some: calendar.due_array(pieces.start[rows[some]], np.maximum(left[rows[some]], 0)),
    )
    for index in np.flatnonzero(promise.days).tolist():
        due[index] = _as_promised(runs[index], int(due[index]), int(promise.instant[index]))
    started = np.fromiter((run.started for run in runs), dtype=np.int64, count=len(runs))
    return np.where(promise.carried >= promise.target, started, due)


def _from_here(runs: Sequence[Run], left: Seconds, now: int) -> Seconds:
    """When the rest of each target would be used up, going on from the run's end; ``NEVER`` where it is unknown."""
    due = np.full(len(runs), NEVER, dtype=np.int64)
    going, ends, calendars = [], [], []
    for index, run in enumerate(runs):
        end = now if run.stopped is None else run.stopped
        calendar = _rota(run).at(end)
        if run.stage is not Stage.PAUSED and left[index] > 0 and calendar is not None:
            going.append(index)
            ends.append(end)
            calendars.append(calendar)
    rows, since = np.array(going, dtype=np.int64), np.array(ends, dtype=np.int64)
    due[rows] = _by_calendar(calendars, lambda calendar, some: calendar.due_array(since[some], left[rows[some]]))
    for index, end in zip(going, ends, strict=True):
        rota = _rota(runs[index])
        if rota.changes_in(end, int(due[index])):
            due[index] = NEVER if (turned := rota.due(end, int(left[index]))) is None else turned
    return due


def _as_promised(run: Run, due: int, promised: int) -> int:
    """A due instant, or the working day that was promised where no business time lies between the two."""
    if due == NEVER:
        return due
    return promised if due <= promised and _rota(run).elapsed(due, promised) == 0 else due


def _rota(run: Run) -> Rota:
    """The calendars of a run that has no problem."""
    if isinstance(run.rota, str):
        raise TypeError(run.rota)
    return run.rota
