"""Reports: the frames of a quarter and every table of it, from a store of 100,000 tickets with five changes each.

Of one store most tickets were done before anything that the report looks at; in the others all are of the quarter, and
in the last of them a verdict is frozen about every clock that has ended. Each is measured in a process of its own,
whose largest memory is shown. Tables and their checks are made as a report makes them. The floor is
``pandas.read_sql`` of all tickets and their history, bare rows: without times, clocks or holders, and without leaving
out what does not matter.
"""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pandas as pd
from benchmarks.bench_cycles import DAYS, FIRST, ROOT, record

import itsm_bridge.analysis.checks as checks
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.rules import classify
from itsm_bridge.sla import ClockedTicket, Clockwork, Digests, frozen
from itsm_bridge.store import Store

TICKETS, PAGE = 100_000, 1_000
URL = "sqlite:///bench.db"


@dataclass(frozen=True, slots=True)
class Case:
    """A store, by when its tickets came, and the instant of the report."""

    name: str
    first: datetime
    days: int
    as_of: datetime
    all_matter: bool = False
    frozen: bool = False


QUARTER = Case(
    "of one quarter", datetime(2026, 7, 2, tzinfo=UTC), 80, datetime(2026, 9, 30, 12, tzinfo=UTC), all_matter=True
)
CASES = (
    Case("of 20 months", FIRST, DAYS, datetime(2026, 8, 1, tzinfo=UTC)),
    QUARTER,
    replace(QUARTER, name="of one quarter, with frozen verdicts", frozen=True),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """One thing measured: seconds by the clock and of the processor, and the rows that came out."""

    what: str
    seconds: float
    processor: float
    rows: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All that one process measured, and the most memory that it took, in MB."""

    parts: tuple[Spent, ...]
    memory: float
    tickets: int


def main() -> None:
    """Print seconds, rows and memory."""
    configuration = load(ROOT / "config")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), case, configuration)
            print(f"{TICKETS:,} tickets {case.name}:")
            report, floor = alone(reported, Path(folder), case), alone(bare, Path(folder), case)
        if case.all_matter and report.tickets != TICKETS:
            sys.exit(f"{report.tickets:,} of {TICKETS:,} tickets are in the report")
        show(report, "a report")
        show(floor, "the floor")


def fill(folder: Path, case: Case, configuration: Configuration) -> None:
    """Make the store."""
    with Store.open(URL, folder, create=True) as store:
        for start in range(0, TICKETS, PAGE):
            made = (record(place, configuration, case.first, case.days) for place in range(start, start + PAGE))
            store.save_page("snow", "incident", Page(tuple(made), {"after": str(start)}), case.as_of)
        if case.frozen:
            freeze(store, configuration, case.as_of)


def freeze(store: Store, configuration: Configuration, now: datetime) -> None:
    """Freeze the verdicts of all clocks that have ended."""
    clockwork, digests, read = Clockwork(configuration), Digests(configuration), classify(configuration)
    records = store.records()
    while some := list(islice(records, PAGE)):
        as_read = [read(record) for record in some]
        clocks = clockwork.columns(as_read, now)
        tickets = (
            ClockedTicket(some[place], as_read[place], list(clocks.cycles(clocks.rows_of(place))))
            for place in range(len(some))
        )
        agreed = [verdict for ticket in tickets for verdict in frozen(ticket, (), digests, now)]
        store.freeze("snow", [record.ticket.external_id for record in some], agreed)


def alone(measure: Callable[[Path, Case], Measured], folder: Path, case: Case) -> Measured:
    """Measure in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as others:
        return others.submit(measure, folder, case).result()


def reported(folder: Path, case: Case) -> Measured:
    """The frames of the quarter, and each of its tables."""
    configuration = load(ROOT / "config")
    period = Period.holding(case.as_of, "quarter", configuration.zone)
    parts: list[Spent] = []
    with Store.open(URL, folder, create=False) as store:
        with timed(parts, "frames") as rows:
            made = frames(store, configuration, period, case.as_of)
            rows.append(len(made.tickets))
        tables: dict[str, pd.DataFrame] = {}
        for name, table in TABLES.items():
            with timed(parts, name) as rows:
                tables[name] = checks.compare(made, tables) if table is checks.TABLE else table.rows(made)
                rows.append(len(tables[name]))
    return Measured(tuple(parts), memory(), len(made.tickets))


def bare(folder: Path, _case: Case) -> Measured:
    """Both tables as they lie in the file."""
    parts: list[Spent] = []
    connection = sqlite3.connect(folder / "bench.db")
    for name in ("tickets", "history"):
        with timed(parts, f"read_sql {name}") as rows:
            rows.append(len(pd.read_sql(f"SELECT * FROM {name}", connection)))  # noqa: S608 - one of two names
    connection.close()
    return Measured(tuple(parts), memory(), parts[0].rows)


@contextmanager
def timed(parts: list[Spent], what: str) -> Iterator[list[int]]:
    """Measure the block, which says how many rows it made."""
    rows: list[int] = []
    began, busy = time.perf_counter(), time.process_time()
    yield rows
    parts.append(Spent(what, time.perf_counter() - began, time.process_time() - busy, sum(rows)))


def memory() -> float:
    """The most memory that this process has taken, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(measured: Measured, what: str) -> None:
    """A line for each part, the sum, and the memory."""
    print(f"  {what:<24} {'seconds':>9} {'processor':>10} {'rows':>10}")
    for part in measured.parts:
        print(f"    {part.what:<22} {part.seconds:>9.2f} {part.processor:>10.2f} {part.rows:>10,}")
    seconds, processor = (sum(getattr(part, name) for part in measured.parts) for name in ("seconds", "processor"))
    print(f"    {'all':<22} {seconds:>9.2f} {processor:>10.2f}   {measured.memory:,.0f} MB at most")


if __name__ == "__main__":
    main()
