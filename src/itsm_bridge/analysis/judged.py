"""Which clocks were judged in which week: what each week's own report counted, read off the clocks of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from itsm_bridge.analysis.frames import MICROSECONDS, TEXT
from itsm_bridge.analysis.growing import GrowingColumns
from itsm_bridge.analysis.period import Week
from itsm_bridge.calendars import Calendars, Seconds, epoch
from itsm_bridge.sla import NEVER, CycleColumns, Stage
from itsm_bridge.sla.runs import Flags, Numbers


@dataclass(frozen=True, slots=True)
class _Counted:
    """Clocks, by their rows, that count in weeks, by their places, at an instant (epoch seconds)."""

    rows: Numbers
    weeks: Numbers
    at: Seconds


class Judged:
    """Gathers the frame ``judged``: clocks completed in a week, or past their target and running at its end."""

    def __init__(self, calendars: Calendars, weeks: Sequence[Week]) -> None:
        self._calendars = calendars
        self._weeks = weeks
        self._starts = np.array([epoch(week.start) for week in weeks], dtype=np.int64)
        self._rows = GrowingColumns("judged")

    def add(self, clocks: CycleColumns) -> None:
        """Take the clocks of some tickets in; those of one ticket must come once."""
        if not len(clocks) or not self._weeks:
            return
        found = [self._completed(clocks), *(self._past(clocks, place) for place in range(len(self._weeks)))]
        rows, weeks, at = (np.concatenate([getattr(one, name) for one in found]) for name in _Counted.__slots__)
        ids = np.array([record.ticket.id for record in clocks.records], dtype=np.object_)
        names = np.array([week.name for week in self._weeks], dtype=np.object_)
        is_completed = np.arange(len(rows)) < len(found[0].rows)
        self._rows.put({
            "week": names[weeks],
            "ticket": ids[clocks.ticket[rows]],
            "kind": clocks.named("kind")[rows],
            "vendor": clocks.vendor[rows],
            "environment": clocks.environment[rows],
            "at": at * MICROSECONDS,
            "completed": is_completed,
            "met": is_completed & ~clocks.breached[rows],
        })  # fmt: skip

    def frame(self, spans: pd.DataFrame) -> pd.DataFrame:
        """The frame; a ticket counts in the weeks in which it was open at some time, by its ``spans``."""
        rows, lasts = self._rows.frame(), spans["end"].isna()
        tickets, weeks = pd.Index(spans["ticket"].unique()), pd.Index([week.name for week in self._weeks], dtype=TEXT)
        of_span, of_row = tickets.get_indexer(spans["ticket"]), tickets.get_indexer(rows["ticket"])
        was_open = np.zeros((len(tickets) + 1, len(weeks)), dtype=np.bool_)  # the last is of those without a span: -1
        for place, week in enumerate(self._weeks):
            lived = (spans["start"] < week.end) & (lasts | (spans["end"] >= week.start))
            was_open[of_span[lived.to_numpy()], place] = True
        counted: pd.DataFrame = rows[was_open[of_row, weeks.get_indexer(pd.Index(rows["week"]))]]
        return counted.reset_index(drop=True)

    def _completed(self, clocks: CycleColumns) -> _Counted:
        """The clocks that ended in one of the weeks, with their target met or not."""
        rows = np.flatnonzero(clocks.is_in(Stage.COMPLETED) & (clocks.stopped >= self._starts[0]))
        stopped = clocks.stopped[rows]
        return _Counted(rows, np.searchsorted(self._starts, stopped, side="right") - 1, stopped)

    def _past(self, clocks: CycleColumns, place: int) -> _Counted:
        """The clocks that were past their target, and ran, at a week's end."""
        is_last, at = place == len(self._weeks) - 1, epoch(self._weeks[place].end)
        late = clocks.breached
        rows = np.flatnonzero(late & (_still_runs(clocks) if is_last else self._was_late(clocks, late, at)))
        return _Counted(rows, np.full(len(rows), place), np.full(len(rows), at))

    def _was_late(self, clocks: CycleColumns, late: Flags, at: int) -> Flags:
        """Which of those that are ``late`` had used up more than their target, and ran, at an instant."""
        found = late & (clocks.started < at) & (clocks.due < at) & (_still_runs(clocks) | (clocks.stopped >= at))
        rows = np.flatnonzero(found)
        found[rows] = self._used(clocks, rows, at) > clocks.target[rows]
        return found

    def _used(self, clocks: CycleColumns, rows: Numbers, at: int) -> Seconds:
        """The business seconds that some clocks had used at an instant."""
        pieces = clocks.running(rows)
        seconds = np.where(pieces.start < at, pieces.seconds, 0)
        cut = np.flatnonzero((pieces.start < at) & (pieces.end > at))
        for name in set(pieces.calendar[cut].tolist()):
            some = cut[pieces.calendar[cut] == name]
            ends = np.full(len(some), at, dtype=np.int64)
            seconds[some] = self._calendars[str(name)].elapsed_array(pieces.start[some], ends)
        used = np.zeros(len(clocks), dtype=np.int64)
        np.add.at(used, pieces.row, seconds)
        return used[rows]


def _still_runs(clocks: CycleColumns) -> Flags:
    found: Flags = clocks.stopped == NEVER
    return found
