"""One line a vendor for the first page: what is open, breached and attained, and how busy it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

import itsm_bridge.analysis.bandwidth as bandwidth
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_attainment import attainment
from itsm_bridge.analysis.sla_cycles import counted

WHOLE = ("open", "open_change", "breached", "breached_change", "judged")
"""Fields of a line that are whole numbers."""


@dataclass(frozen=True, slots=True)
class VendorLine:
    """One vendor, or nobody (the empty name).

    ``breached``, ``judged`` and ``attainment`` are of clocks of kind ``sla``; ``utilization`` is that of
    ``utilization_week``, ``overload`` its hours beyond capacity, also where there is no capacity at all; ``running`` is
    the utilization of the week that the as-of instant lies in, so far. Changes are against the period before; ``None``
    stands for what is not known.
    """

    vendor: str
    open: int
    open_change: int | None
    breached: int
    breached_change: int | None
    judged: int
    attainment: float | None
    utilization: float | None
    overload: float | None
    running: float | None

    @property
    def is_without_capacity(self) -> bool:
        """Whether work arrived in ``utilization_week`` for somebody who has no hours for any."""
        return self.utilization is None and bool(self.overload)


def by_vendor(frames: Frames) -> tuple[VendorLine, ...]:
    """Every vendor that has capacity, tickets or clocks, the one with most open tickets first."""
    rows = pd.concat([_open(frames), _judged(frames), *_utilization(frames)], axis=1)
    counts = ["open", "breached", "judged"]
    rows[counts] = rows[counts].fillna(0)
    changes = ["open_change", "breached_change"]
    rows[changes] = float("nan")
    if frames.previous is not None and any(frames.previous.known.values()):
        before = pd.concat([_open(frames.previous), _judged(frames.previous)], axis=1)
        before = before[["open", "breached"]].reindex(rows.index).fillna(0)
        rows[changes] = rows[["open", "breached"]].to_numpy() - before.to_numpy()
    rows = rows.rename_axis("vendor").reset_index().sort_values(["open", "vendor"], ascending=[False, True])
    return tuple(_line(row) for row in rows.to_dict("records"))


def utilization_week(frames: Frames) -> str:
    """The last complete week that the report sees; empty where there is none."""
    return next((week.name for week in reversed(frames.weeks) if week.complete), "")


def _open(frames: Frames) -> pd.Series:
    return frames.tickets[frames.tickets["open"]].groupby("vendor").size().astype("float64").rename("open")


def _judged(frames: Frames) -> pd.DataFrame:
    cycles = counted(frames)
    table = attainment(cycles[cycles["kind"] == "sla"], ["vendor"])
    return table.set_index("vendor")[["breached", "attainment", "judged"]].astype("float64")


def _utilization(frames: Frames) -> tuple[pd.DataFrame, pd.Series]:
    """That of the last whole week with what was too much, and that of the running one so far."""
    rows = bandwidth.build(frames)
    last = rows[rows["week"] == utilization_week(frames)].set_index("vendor")
    whole = last[["utilization", "overload_hours"]].rename(columns={"overload_hours": "overload"})
    running = rows[~rows["complete"].astype("boolean").fillna(value=True)].set_index("vendor")["utilization"]
    return whole, running.rename("running")


def _line(row: dict[Any, Any]) -> VendorLine:
    known: dict[str, Any] = {name: None if pd.isna(value) else value for name, value in row.items()}
    whole: dict[str, Any] = {name: None if known[name] is None else int(known[name]) for name in WHOLE}
    return VendorLine(**{**known, **whole})
