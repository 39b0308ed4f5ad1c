"""What a figure of the summary is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from itsm_bridge.analysis.frames import Frames

Measure = Callable[[Frames], float | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the summary. ``better`` is ``up`` or ``down`` where one direction is good, else empty."""

    title: str
    unit: str
    better: str
    definition: str
    measure: Measure
