"""Sorted numbers among which many others are placed: what ``searchsorted`` does, without a search for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from itsm_bridge.calendars.walltime import AFTER_ALL, Seconds

MOST_CELLS = 500_000
FEW = 2_000
"""So few numbers are not worth a grid."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of ``2 ** shift`` from ``base`` on, none with more than one of the ``numbers`` in it.

    ``counts`` says how many of them are at or below the beginning of each cell: one comparison more tells how many are
    at or below any number. Behind the last of ``numbers`` stands one that is greater than all.
    """

    numbers: Seconds
    base: int
    shift: int
    counts: Seconds

    @classmethod
    def over(cls, numbers: Seconds) -> Grid | None:
        """The grid over numbers that ascend, the first one not above anything that will be asked about.

        ``None`` where they are too few, or two of them so near each other that it would be huge.
        """
        if numbers.size < 3:
            return None
        first, last = int(numbers[1]), int(numbers[-1])
        shift = int(np.diff(numbers[1:]).min()).bit_length() - 1
        base, cells = first - (1 << shift), ((last - first) >> shift) + 3
        if cells > MOST_CELLS:
            return None
        begins = base + (np.arange(cells, dtype=np.int64) << shift)
        return cls(np.append(numbers, AFTER_ALL), base, shift, numbers.searchsorted(begins, side="right"))

    def at_or_below(self, each: Seconds) -> Seconds:
        """How many of the numbers are at or below each one."""
        cells = each - self.base
        np.right_shift(cells, self.shift, out=cells)
        counts: Seconds = self.counts.take(cells, mode="clip")
        np.add(counts, self.numbers.take(counts, mode="clip") <= each, out=counts)
        return counts


class Steps:
    """Numbers in ascending order, no two alike, with a grid over them from when many are asked about.

    Nothing is asked about that lies below the first of them.
    """

    __slots__ = ("_grid", "_is_asked_much", "numbers")

    def __init__(self, numbers: Seconds) -> None:
        self.numbers = numbers
        self._grid: Grid | None = None
        self._is_asked_much = False

    def at_or_below(self, each: Seconds) -> Seconds:
        """How many of the numbers are at or below each one."""
        if each.size >= FEW and not self._is_asked_much:
            self._grid, self._is_asked_much = Grid.over(self.numbers), True
        if each.size < FEW or self._grid is None:
            return self.numbers.searchsorted(each, side="right")
        return self._grid.at_or_below(each)
