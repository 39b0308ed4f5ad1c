"""Clocks: every cycle of 200,000 tickets with five changes each, from a store, under the shipped configuration.

One walk through the store, some thousand tickets at a time, tells reading from clocking. The peer is what one would
write by hand: ``businesstimedelta``, one interval after the other. It is given the intervals (so that it walks through
no history), of a few hundred tickets; its seconds for all tickets are extrapolated.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from itertools import islice
from pathlib import Path

import businesstimedelta
import holidays
import pytz

from itsm_bridge.config import load
from itsm_bridge.config.model import CalendarDefinition, Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.model import HistoryEntry, State, Ticket, TicketRecord, TicketType
from itsm_bridge.sla import Interval, clocked, reckonings
from itsm_bridge.store import Store

TICKETS, ASKED_OF_PEER, CHECKED = 200_000, 300, 2_000
CHUNK, PAGE = 4_000, 1_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIRST, DAYS = datetime(2025, 1, 1, tzinfo=UTC), 600
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print seconds and rates."""
    configuration = load(ROOT / "config")
    with tempfile.TemporaryDirectory() as folder, Store.open("sqlite:///bench.db", Path(folder), create=True) as store:
        began = time.perf_counter()
        for first in range(0, TICKETS, PAGE):
            made = tuple(record(place, configuration) for place in range(first, first + PAGE))
            store.save_page("snow", "incident", Page(made, {"after": str(first)}), NOW)
        show("made and stored", time.perf_counter() - began, TICKETS, "tickets")
        counts = walk(store, configuration)
    check(counts, configuration)
    peer(configuration)


def walk(store: Store, configuration: Configuration) -> Mapping[str, int]:
    """Read all tickets and clock them, and print what each took; how many cycles each ticket has."""
    reading = clocking = 0.0
    counts: dict[str, int] = {}
    unclocked = 0
    records = store.records()
    while True:
        began = time.perf_counter()
        some = list(islice(records, CHUNK))
        read = time.perf_counter()
        found = list(clocked(some, configuration, NOW))
        done = time.perf_counter()
        reading, clocking = reading + read - began, clocking + done - read
        if not some:
            break
        counts |= dict.fromkeys((one.ticket.id for one in some), 0)
        for cycle in (cycle for part in found for cycle in part.cycles):
            counts[cycle.ticket] += 1
        unclocked += sum(len(part.unclocked) for part in found)
    show("(a) read from the store", reading, TICKETS, "tickets")
    show("(b) clocked", clocking, TICKETS, "tickets")
    show("", clocking, sum(counts.values()), "cycles")
    print(f"{sum(counts.values()):,} cycles of {len(counts):,} tickets; {unclocked:,} that cannot be measured")
    return counts


def check(counts: Mapping[str, int], configuration: Configuration) -> None:
    """Count the cycles of every so many tickets once more: made anew, without the store, one ticket at a time.

    Ends with 1 where any ticket has another number of them.
    """
    made = [record(place, configuration) for place in range(0, TICKETS, TICKETS // CHECKED)]
    again = {one.ticket.id: len(reckonings(one, configuration, NOW)) for one in made}
    if len(counts) != TICKETS or again != {ticket: counts[ticket] for ticket in again}:
        sys.exit("the cycles of the same tickets are not as many")
    print(f"as many one by one, of {len(again):,} tickets without the store: {sum(again.values()):,} cycles")


def peer(configuration: Configuration) -> None:
    """The same seconds by ``businesstimedelta``."""
    made = [record(place, configuration) for place in range(0, TICKETS, TICKETS // ASKED_OF_PEER)][:ASKED_OF_PEER]
    reckoned = [one for each in made for one in reckonings(each, configuration, NOW)]
    intervals = [interval for one in reckoned for interval in one.intervals]
    rules = {name: rules_of(calendar) for name, calendar in configuration.calendars.items() if not calendar.always}
    began = time.perf_counter()
    theirs = [seconds(rules, interval) for interval in intervals]
    spent = time.perf_counter() - began
    same = sum(mine.seconds == other for mine, other in zip(intervals, theirs, strict=True))
    show(f"(c) businesstimedelta, {len(made)}", spent, len(made), "tickets")
    print(f"    all {TICKETS:,} would take it {spent / len(made) * TICKETS:,.0f} s (extrapolated)")
    print(f"    the same seconds in {same:,} of {len(intervals):,} intervals (it knows no other hours on single days),")
    print(
        f"    {sum(one.calendar in rules for one in intervals):,} of them in office hours, the others round the clock"
    )


def seconds(rules: Mapping[str, businesstimedelta.Rules], interval: Interval) -> int:
    """The seconds of one interval, by the peer; where a calendar is always open there is nothing to ask."""
    if interval.calendar not in rules:
        return int((interval.end - interval.start).total_seconds())
    spent = rules[interval.calendar].difference(interval.start, interval.end)
    return int(spent.hours) * 3600 + int(spent.seconds)


def rules_of(calendar: CalendarDefinition) -> businesstimedelta.Rules:
    """A calendar in the peer's terms, without its hours of single days."""
    spans = sorted({span for day in calendar.week for span in day})
    return businesstimedelta.Rules(
        [
            *(
                businesstimedelta.WorkDayRule(
                    start_time=_wall(start),
                    end_time=_wall(end),
                    working_days=[day for day, of_day in enumerate(calendar.week) if (start, end) in of_day],
                    tz=pytz.timezone(calendar.zone.key),
                )
                for start, end in spans
            ),
            businesstimedelta.HolidayRule(_holidays(calendar), tz=pytz.timezone(calendar.zone.key)),
        ]
    )


def _wall(second: int) -> wall:
    return wall(second // 3600, second // 60 % 60)


def _holidays(calendar: CalendarDefinition) -> dict[date, str]:
    ours, years = calendar.holidays, range(FIRST.year, NOW.year + 1)
    public = {}
    if ours.country is not None:
        public = dict(holidays.country_holidays(ours.country, subdiv=ours.subdivision, years=years).items())
    return {day: name for day, name in public.items() if day not in ours.remove} | dict(ours.add)


# --- made-up tickets ---------------------------------------------------------------------------------------------


def record(place: int, configuration: Configuration, first: datetime = FIRST, days: int = DAYS) -> TicketRecord:
    """The ticket of a place: taken up, ranked or put on hold, handed over, and nine times in ten resolved."""
    chance = random.Random(place)
    created = at = first + timedelta(seconds=chance.randrange(days * 86_400))
    values = {"state": "new", "priority": "4", "vendor": ""}
    entries: list[HistoryEntry] = []
    for field, value in changes(chance, list(configuration.vendors)):
        at += timedelta(seconds=chance.randrange(60, 3 * 86_400))
        entry = HistoryEntry("snow", f"{place:032x}", f"{place}.{len(entries)}", at, field, values[field], value)
        entries.append(entry)
        values[field] = value
    ticket = Ticket(
        source="snow",
        external_id=f"{place:032x}",
        number=f"INC{place:07}",
        type=TicketType.INCIDENT,
        project="incident",
        state=State(values["state"]),
        created_at=created,
        updated_at=at,
        version="1",
        summary="The portal answers slowly",
        environment=chance.choice(list(configuration.environments)),
        priority=int(values["priority"]),
        vendor=values["vendor"] or None,
    )
    return TicketRecord(ticket, tuple(entries))


def changes(chance: random.Random, vendors: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Five changes, oldest first: field and new value."""
    yield "vendor", chance.choice(vendors)
    yield "state", "in_progress"
    turn = chance.choice(("1", "2", "on_hold"))
    if turn == "on_hold":
        yield "state", "on_hold"
        yield "state", "in_progress"
    else:
        yield "priority", turn
        yield "vendor", chance.choice(vendors)
    yield ("state", "resolved") if chance.random() < 0.9 else ("priority", "3")


def show(what: str, spent: float, count: int, things: str) -> None:
    """One line: seconds and rate."""
    print(f"{what:<28} {spent:>8.1f} s {count / spent:>12,.0f} {things}/s")


if __name__ == "__main__":
    main()
