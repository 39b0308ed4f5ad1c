"""Business time: our calendars beside ``businesstimedelta``, on the same office, the same intervals, in one run.

Both are asked for the opening seconds in random intervals of up to 60 days over two years; the answers must agree.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from pathlib import Path

import businesstimedelta
import holidays
import numpy as np
import pytz

from itsm_bridge.calendars import Calendars
from itsm_bridge.config import load

INTERVALS, ASKED_OF_PEER = 200_000, 400
ROOT = Path(__file__).resolve().parents[1]


def intervals(count: int) -> list[tuple[datetime, datetime]]:
    """Seeded intervals, start before end."""
    chance = random.Random(7)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(seconds=chance.randrange(2 * 365 * 86_400)) for _ in range(count)]
    return [(start, start + timedelta(seconds=chance.randrange(60 * 86_400))) for start in starts]


def main() -> None:
    """Print seconds for each and the rates."""
    asked = intervals(INTERVALS)
    office = Calendars(load(ROOT / "config"))["ap-office"]
    starts = np.array([int(start.timestamp()) for start, _ in asked])
    ends = np.array([int(end.timestamp()) for _, end in asked])
    began = time.perf_counter()
    ours = office.elapsed_array(starts, ends)
    vectorised = time.perf_counter() - began
    began = time.perf_counter()
    scalar = [office.elapsed(start, end) for start, end in asked[:ASKED_OF_PEER]]
    one_by_one = time.perf_counter() - began

    days_off = businesstimedelta.HolidayRule(_holidays())
    hours = businesstimedelta.WorkDayRule(
        start_time=wall(9, 30),
        end_time=wall(18, 30),
        working_days=[0, 1, 2, 3, 4],
        tz=pytz.timezone(office.definition.zone.key),
    )
    rules = businesstimedelta.Rules([hours, days_off])
    began = time.perf_counter()
    theirs = [rules.difference(start, end) for start, end in asked[:ASKED_OF_PEER]]
    peer = time.perf_counter() - began
    same = sum(int(got.hours) * 3600 + int(got.seconds) == mine for got, mine in zip(theirs, scalar, strict=True))

    print(f"ours, arrays        {INTERVALS / vectorised:>12,.0f} intervals/s")
    print(f"ours, one by one    {ASKED_OF_PEER / one_by_one:>12,.0f} intervals/s")
    print(f"businesstimedelta   {ASKED_OF_PEER / peer:>12,.0f} intervals/s")
    print(f"the same answer in {same} of {ASKED_OF_PEER}; checksum {int(ours.sum())}")


def _holidays() -> dict[date, str]:
    return dict(holidays.country_holidays("IN", subdiv="AP", years=range(2025, 2028)).items())


if __name__ == "__main__":
    main()
