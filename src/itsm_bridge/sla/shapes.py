"""Tickets that went the same way: the runs of each way are worked out once, then laid over all of its tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from itsm_bridge.history import reopens
from itsm_bridge.sla.machine import NOBODY, Level, Run, Step, Walk
from itsm_bridge.sla.model import Stage
from itsm_bridge.sla.readings import Situation
from itsm_bridge.sla.versions import Versions

Numbers = npt.NDArray[np.int64]

STAGES = tuple(Stage)

STILL = -1
"""In place of a step: the run has not ended, or took nothing over."""

Way = tuple[tuple[tuple[int, ...], bool, int, tuple[int, ...], tuple[int, ...]], ...]
"""What the machine sees of a ticket, step by step: what no two tickets with other answers share."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The runs of one way as columns; times are numbers of a ticket's steps, ``carried`` is a place among the runs.

    ``vendor`` is the step whose vendor a run is reported for, ``place`` that of the rest. ``pieces`` has a row for each
    piece: its run, first and last step, whether it is paused, and the step whose rota it lies on.
    """

    runs: Numbers
    pieces: Numbers

    LEVEL, STARTED, STOPPED, STAGE, VENDOR, PLACE, ROTA, CARRIED = range(8)
    RUN, START, END, PAUSED, ON = range(5)


class Shapes:
    """The shapes that are known, by the situations that tickets went through."""

    def __init__(self, levels: Sequence[Level], versions: Versions) -> None:
        self._levels = levels
        self._versions = versions
        self.known: list[Shape] = []
        self._by_course: dict[tuple[object, ...], int] = {}
        self._by_way: dict[Way, int] = {}

    def forget(self) -> None:
        """Give memory back; the numbers of shapes begin again."""
        self.known.clear()
        self._by_course.clear()
        self._by_way.clear()

    def number(
        self,
        course: tuple[int, ...],
        situations: Sequence[Situation],
        rotas: Sequence[tuple[int, ...]],
        turns: Sequence[int],
    ) -> int:
        """Which shape a ticket has that went through a course of situations.

        ``rotas`` has the rota of each definition in each situation; ``turns`` tells between which two turns of the
        versions each step lies.
        """
        key = course, tuple(turns)
        number = self._by_course.get(key)
        if number is None:
            in_force = [self._versions.in_force[turn] for turn in turns]
            way = _way([situations[place] for place in course], [rotas[place] for place in course], in_force)
            number = self._by_way.get(way)
            if number is None:
                number = self._by_way[way] = len(self.known)
                self.known.append(self._walked(way))
            self._by_course[key] = number
        return number

    def _walked(self, way: Way) -> Shape:
        walk = Walk(self._levels)
        for number, (signals, reopened, vendor, rotas, in_force) in enumerate(way):
            walk.step(Step(number, signals, reopened, vendor, rotas, in_force))
        return _shape(walk.finish())


def _way(course: Sequence[Situation], rotas: Sequence[tuple[int, ...]], in_force: Sequence[tuple[int, ...]]) -> Way:
    """A course with names and calendars as far as they matter: whether they are the same as before."""
    vendors = _first_seen([situation.place.vendor or None for situation in course])
    levels = [_first_seen(of_level) for of_level in zip(*rotas, strict=True)]
    return tuple(
        zip(
            [situation.signals for situation in course],
            reopens(situation.state for situation in course),
            vendors,
            zip(*levels, strict=True) if levels else [()] * len(course),
            in_force,
            strict=True,
        )
    )


def _first_seen(values: Iterable[object]) -> list[int]:
    """For each value the place of the first one that is the same; ``NOBODY`` for none."""
    places: dict[object, int] = {}
    return [NOBODY if value is None else places.setdefault(value, number) for number, value in enumerate(values)]


def _shape(runs: Sequence[Run]) -> Shape:
    places = {id(run): place for place, run in enumerate(runs)}
    rows = [
        (
            run.level.index,
            run.started,
            STILL if run.stopped is None else run.stopped,
            STAGES.index(run.stage),
            run.vendor if run.level.per_vendor and run.stage is Stage.COMPLETED else run.place,
            run.place,
            run.rota,
            STILL if run.carried_from is None else places[id(run.carried_from)],
        )
        for run in runs
    ]
    pieces = [
        (place, piece.start, piece.end, piece.paused, piece.rota)
        for place, run in enumerate(runs)
        for piece in run.pieces
    ]
    return Shape(
        np.array(rows, dtype=np.int64).reshape(-1, 8),
        np.array(pieces, dtype=np.int64).reshape(-1, 5),
    )
