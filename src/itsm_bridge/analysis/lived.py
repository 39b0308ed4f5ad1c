"""What tickets went through, as frames: the part of all frames that others are worked out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import pandas as pd

from itsm_bridge.analysis.effort import work_seconds
from itsm_bridge.analysis.growing import GrowingColumns
from itsm_bridge.analysis.hands import with_business_time
from itsm_bridge.analysis.spans import spans
from itsm_bridge.analysis.votes import votes
from itsm_bridge.calendars import Calendars
from itsm_bridge.config.model import Configuration


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """Frames as ``Frames`` has them."""

    tickets: pd.DataFrame
    history: pd.DataFrame
    intervals: pd.DataFrame
    spans: pd.DataFrame
    hands: pd.DataFrame
    cycles: pd.DataFrame

    @classmethod
    def of(
        cls,
        gathered: Mapping[str, GrowingColumns],
        configuration: Configuration,
        calendars: Calendars,
        until: datetime,
    ) -> Self:
        """Of what was gathered of all tickets, as of an instant, which is given back for it."""
        intervals = gathered["intervals"].frame()
        intervals["work_seconds"] = work_seconds(intervals, configuration, calendars, until)
        return cls(
            tickets=gathered["tickets"].frame(),
            history=gathered["history"].frame(),
            intervals=intervals,
            spans=spans(intervals),
            hands=with_business_time(gathered["hands"].frame(), calendars),
            cycles=gathered["cycles"].frame(),
        )

    def votes(self, records: pd.DataFrame, calendars: Calendars) -> pd.DataFrame:
        """The frame ``votes``; ``records`` are those of the approvers that a source names."""
        return votes(
            records,
            self.tickets,
            intervals=self.intervals,
            history=self.history,
            hands=self.hands,
            calendars=calendars,
        )
