"""What pandas alone makes of the log under event_log_config/: its calendars and targets once more, and every cycle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache

import pandas as pd
from tests.end_to_end.event_log import Office, closings, course, holdings, resolutions

RESOLVED_WITHIN = {1: 4, 2: 8, 3: 72, 4: 120}
CLOSED_WITHIN = {1: 8, 2: 8, 3: 62, 4: 134}
"""Hours, by priority."""

WHOLE_DAY = ((time(0), time(0)),)
WEEKDAY = ((time(8), time(12, 30)), (time(13, 15), time(18)))
ROUND_THE_CLOCK = ("Group 70", "Group 24", "Group 39", "Group 27")
IN_OFFICE_HOURS = ("Group 25", "Group 20", "Group 23", "Group 28")


@cache
def offices() -> dict[str, Office]:
    return {
        "always": Office.of("UTC", dict.fromkeys(range(7), WHOLE_DAY), {}),
        "office": Office.of(
            "Europe/Berlin",
            {**dict.fromkeys(range(5), WEEKDAY), 5: ((time(9), time(13)),)},
            {
                **dict.fromkeys((date(2016, 3, 25), date(2016, 3, 28), date(2016, 5, 5)), ()),
                date(2016, 5, 6): ((time(8), time(12)),),
                date(2016, 3, 27): ((time(1), time(4)),),
            },
        ),
        "judged": Office.of("UTC", dict.fromkeys(range(5), ((time(14), time(23)),)), {}),
    }


COLUMNS = ["number", "sla", "started", "stopped", "priority", "used", "paused", "breached", "stage"]


def second_reading(log: pd.DataFrame, now: datetime) -> dict[str, pd.DataFrame]:
    """By the end of a service level's name, what pandas alone says of each of its cycles."""
    rows = course(log, pd.Timestamp(now))
    found = {
        "resolution": (resolutions(rows, offices()["always"], from_creation=False), RESOLVED_WITHIN),
        "resolution in office hours": (resolutions(rows, offices()["office"], from_creation=True), RESOLVED_WITHIN),
        "closing": (closings(rows, offices()["judged"]), CLOSED_WITHIN),
    }
    return {
        name: clocks.assign(
            sla="P" + clocks["level"].astype(str) + " " + name,
            breached=clocks["used"] > 3600 * clocks["level"].map(targets),
        )
        for name, (clocks, targets) in found.items()
    }


def by_cycle(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[COLUMNS].sort_values(["number", "sla", "started", "used"], ignore_index=True)


def in_hands(log: pd.DataFrame, now: datetime) -> Mapping[tuple[str, str], tuple[int, int]]:
    """For each incident and vendor, the running and waiting seconds in that vendor's hands."""
    hours = dict.fromkeys(ROUND_THE_CLOCK, offices()["always"]) | dict.fromkeys(IN_OFFICE_HOURS, offices()["office"])
    found = holdings(course(log, pd.Timestamp(now)), hours)
    columns = (found[name].tolist() for name in ("number", "vendor", "used", "paused"))
    return {(number, vendor): (used, paused) for number, vendor, used, paused in zip(*columns, strict=True)}
