"""Business time: our calendars beside three libraries and beside the least that the job can cost, in one run.

The office of Andhra Pradesh, random intervals of up to 60 days over three years. ``businesstimedelta`` and
``business-duration`` are asked for the time in an interval, ``CustomBusinessHour`` of pandas for the instant so many
hours later, each on as many intervals as it manages in a second or so; the answers must be ours. The limit is one bare
``numpy.searchsorted`` of the same instants in the same table.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as wall
from pathlib import Path
from zoneinfo import ZoneInfo

import businesstimedelta
import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytz
from business_duration import businessDuration

from itsm_bridge.calendars import Calendar, Calendars, instant
from itsm_bridge.config import load

INTERVALS, ROUNDS = 1_000_000, 5
OPENS, CLOSES = wall(9, 30), wall(18, 30)
FIRST = int(datetime(2024, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")).timestamp())
ROOT = Path(__file__).resolve().parents[1]
Seconds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asked:
    """The office, and what it is asked: intervals by their ends, and whole hours from each start on."""

    office: Calendar
    zone: ZoneInfo
    days_off: tuple[date, ...]
    starts: Seconds
    ends: Seconds
    hours: Seconds

    def local(self, seconds: int) -> datetime:
        """What the clock of the office shows."""
        return instant(seconds).astimezone(self.zone).replace(tzinfo=None)


def asked() -> Asked:
    """Seeded questions."""
    chance = np.random.default_rng(7)
    office = Calendars(load(ROOT / "config"))["ap-office"]
    starts = FIRST + chance.integers(0, 3 * 365 * 86_400, INTERVALS)
    return Asked(
        office=office,
        zone=office.definition.zone,
        days_off=tuple(holidays.country_holidays("IN", subdiv="AP", years=range(2024, 2029))),
        starts=starts,
        ends=starts + chance.integers(0, 60 * 86_400, INTERVALS),
        hours=chance.integers(1, 60, INTERVALS),
    )


def best(work: Callable[[], object]) -> float:
    """The least seconds of a few rounds: what else the machine does only adds to it."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


# --- peers: each answers the first few questions, and says whether the answers are ours ------------------------------


def businesstimedelta_answers(questions: Asked, count: int) -> list[int]:
    """Elapsed seconds."""
    hours = businesstimedelta.WorkDayRule(
        start_time=OPENS, end_time=CLOSES, working_days=[0, 1, 2, 3, 4], tz=pytz.timezone(questions.zone.key)
    )
    rules = businesstimedelta.Rules([hours, businesstimedelta.HolidayRule(dict.fromkeys(questions.days_off, ""))])
    pairs = zip(questions.starts[:count].tolist(), questions.ends[:count].tolist(), strict=True)
    found = [rules.difference(instant(start), instant(end)) for start, end in pairs]
    return [int(one.hours) * 3600 + int(one.seconds) for one in found]


def business_duration_answers(questions: Asked, count: int) -> list[int]:
    """Elapsed seconds; it knows no zones, so that it is asked in local time, which never changes in this office."""
    pairs = zip(questions.starts[:count].tolist(), questions.ends[:count].tolist(), strict=True)
    days_off = list(questions.days_off)
    found = [
        businessDuration(
            startdate=pd.Timestamp(questions.local(start)),
            enddate=pd.Timestamp(questions.local(end)),
            starttime=OPENS,
            endtime=CLOSES,
            weekendlist=[5, 6],
            holidaylist=days_off,
            unit="sec",
        )
        for start, end in pairs
    ]
    return [0 if pd.isna(one) else round(float(one)) for one in found]


def pandas_answers(questions: Asked, count: int) -> list[int]:
    """The instants at which the hours are used up, in local time too."""
    found = []
    days_off = [np.datetime64(day) for day in questions.days_off]
    for start, hours in zip(questions.starts[:count].tolist(), questions.hours[:count].tolist(), strict=True):
        step = pd.offsets.CustomBusinessHour(hours, start=OPENS, end=CLOSES, holidays=days_off)
        found.append(int((pd.Timestamp(questions.local(start)) + step).tz_localize(questions.zone).timestamp()))
    return found


def agree(questions: Asked, theirs: list[int], *, is_due: bool) -> int:
    """How many answers are ours; of two due instants it is enough that the office is closed between them."""
    starts, answers = questions.starts[: len(theirs)], np.array(theirs, dtype=np.int64)
    if not is_due:
        return int((questions.office.elapsed_array(starts, questions.ends[: len(theirs)]) == answers).sum())
    ours = questions.office.due_array(starts, questions.hours[: len(theirs)] * 3600)
    between = questions.office.elapsed_array(np.minimum(ours, answers), np.maximum(ours, answers))
    return int((between == 0).sum())


PEERS: dict[str, tuple[Callable[[Asked, int], list[int]], int, bool]] = {
    "businesstimedelta": (businesstimedelta_answers, 400, False),
    "business-duration": (business_duration_answers, 400, False),
    "pandas CustomBusinessHour": (pandas_answers, 1_000, True),
}
"""How each is asked, how often, and whether for due instants."""


def main() -> None:
    """Print rates, and ours as multiples of the best peer's and of the limit's time."""
    questions = asked()
    office, seconds = questions.office, questions.hours * 3600
    office.elapsed_array(questions.starts, questions.ends)  # which lays the table out
    table = office._covering(int(questions.starts.min()), int(questions.ends.max()))  # noqa: SLF001 - the same table
    ours = {
        "elapsed_array": best(lambda: office.elapsed_array(questions.starts, questions.ends)),
        "due_array": best(lambda: office.due_array(questions.starts, seconds)),
    }
    limit = best(lambda: np.searchsorted(table.opens, questions.starts))
    print(f"{INTERVALS:,} intervals over three years; {table.opens.size:,} opening hours in the table")
    print(f"{'the limit: one searchsorted':<28} {limit * 1e3:>9.1f} ms {INTERVALS / limit:>14,.0f}/s")
    rates = {}
    for name, (answers, count, is_due) in PEERS.items():
        began = time.perf_counter()
        theirs = answers(questions, count)
        rates[name] = count / (time.perf_counter() - began)
        same = agree(questions, theirs, is_due=is_due)
        print(f"{name:<28} {'':>12} {rates[name]:>14,.0f}/s   the same answer in {same} of {count}")
    peer = max(rates.values())
    for name, taken in ours.items():
        print(
            f"{'ours, ' + name:<28} {taken * 1e3:>9.1f} ms {INTERVALS / taken:>14,.0f}/s   "
            f"{INTERVALS / taken / peer:,.0f} x the best peer, {taken / limit:.1f} x the limit's time"
        )
    one_by_one(questions)


def one_by_one(questions: Asked) -> None:
    """What a single question costs."""
    pairs = [
        (instant(start), instant(end))
        for start, end in zip(questions.starts[:20_000].tolist(), questions.ends[:20_000].tolist(), strict=True)
    ]
    taken = best(lambda: [questions.office.elapsed(start, end) for start, end in pairs])
    print(f"{'ours, elapsed one by one':<28} {'':>12} {len(pairs) / taken:>14,.0f}/s")
    taken = best(lambda: [questions.office.due(start, 36_000) for start, _ in pairs])
    print(f"{'ours, due one by one':<28} {'':>12} {len(pairs) / taken:>14,.0f}/s")


if __name__ == "__main__":
    main()
