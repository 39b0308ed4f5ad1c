"""Who had which ticket when: the stretches of a life as rows, and the business time of each."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from itsm_bridge.analysis.effort import epochs
from itsm_bridge.analysis.frames import TEXT
from itsm_bridge.calendars import Calendars
from itsm_bridge.history import split

PLACE = ("environment", "service")
"""What says whose calendar counts."""

FOLLOWED = ("vendor", "group", *PLACE)


def with_business_time(hands: pd.DataFrame, calendars: Calendars) -> pd.DataFrame:
    """``hands`` with ``business_seconds``, and ``uncounted``: why some of the time is in no calendar, empty elsewhere.

    Each day counts by the calendar of whoever owns the ticket's environment on it; where nobody does, nothing counts.
    """
    starts, ends = epochs(hands["start"]), epochs(hands["end"])
    seconds, reasons = np.zeros(len(hands), dtype=np.int64), np.full(len(hands), "", dtype=object)
    for place, places in hands.groupby(list(PLACE)).indices.items():
        environment, service = cast("tuple[str, str]", place)
        rota = calendars.rota(environment, split(service))
        for calendar, some, since, to in rota.cut(starts[places], ends[places]):
            if calendar is None:
                reasons[places[some]] = _why(environment, calendars)
            else:
                seconds[places[some]] += calendar.elapsed_array(since, to)
    return hands.assign(
        business_seconds=pd.Series(seconds, index=hands.index, dtype="Int64"),
        uncounted=pd.Series(reasons, index=hands.index, dtype=TEXT),
    )


def _why(environment: str, calendars: Calendars) -> str:
    if not environment:
        return "it has no environment"
    if not calendars.knows_environment(environment):
        return f"there is no environment {environment!r}"
    return f"{environment} had no owner on some of its days"
