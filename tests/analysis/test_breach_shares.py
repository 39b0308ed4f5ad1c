from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from tests.analysis import made
from tests.analysis.lives import VALUES, Population, often, populations, records
from tests.analysis.made import NOW, WEEK_START, Change, ago, frames, ticket
from tests.analysis.walking import Life, holder_at, office_is_open

from itsm_bridge.analysis import sla_breach_holders, sla_breach_shares, sla_breaches
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import Interval, Reckoning, Stage, reckonings

HOUR = 3600
RESOLUTION = "resolution in a day"

TWO_RANKS = """
  - name: urgent
    measures: resolution
    kind: sla
    target: 2h
    calendar: always
    start: {priority: 1}
    pause: {state: on_hold}
    stop: {state: [resolved, closed]}
  - name: office hours
    measures: resolution
    kind: sla
    target: 3h
    calendar: environment
    start: {priority: [3, 5]}
    pause: {approval: requested}
    stop: {state: closed}
"""


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Service levels that take over from each other, that pause for other reasons, and run while it is resolved."""
    folder: Path = tmp_path_factory.mktemp("ranked") / "config"
    made.configuration(folder)
    (folder / "sla.yaml").write_text(made.SLA[: made.SLA.index("slas:")] + "slas:" + TWO_RANKS, encoding="utf-8")
    return load(folder)


def shares(seen: Frames) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = sla_breach_shares.TABLE.rows(seen).to_dict("records")  # type: ignore[assignment]  # its keys are the columns' names
    return rows


def test_a_breach_is_divided_among_those_who_had_the_ticket_while_the_clock_ran(configured: Configuration) -> None:
    one = ticket(
        "INC1",
        ago(hours=60),
        (ago(hours=50), "vendor", "OptIT"),
        (ago(hours=45), "state", "on_hold"),  # the clock pauses: the requester uses none of it
        (ago(hours=40), "state", "in_progress"),
        (ago(hours=20), "approval", "requested"),  # this one runs on while the approver thinks
    )
    rows = [row for row in shares(frames([one], configured)) if row["sla"] == RESOLUTION]
    assert [(row["holder"], row["kind"], row["business_seconds"] / HOUR) for row in rows] == [
        ("OptIT", "vendor", 25),
        ("approver", "approver", 20),
        ("GWL", "vendor", 10),
    ]
    assert [row["share"] for row in rows] == [0.454545, 0.363636, 0.181818]
    assert {(row["started_at"], row["elapsed_seconds"]) for row in rows} == {(ago(hours=60), 55 * HOUR)}


def test_what_a_clock_took_over_from_another_is_divided_like_its_own_time(ranked: Configuration) -> None:
    one = ticket("INC1", ago(hours=5), (ago(hours=3), "priority", "1"))  # 3 and then 2 hours ago, still office hours
    late = ticket("INC2", ago(hours=5), (NOW - timedelta(seconds=1), "priority", "1"))
    rows = shares(frames([one, late], ranked))
    assert {(row["ticket"], row["sla"], row["holder"]) for row in rows} == {
        ("snow:INC1", "urgent", "GWL"),
        ("snow:INC2", "urgent", "GWL"),
    }
    counts = {row["ticket"]: (row["business_seconds"], row["share"]) for row in rows}
    assert counts == {"snow:INC1": (5 * HOUR, 1), "snow:INC2": (4 * HOUR + 1, 1)}


def test_a_clock_that_runs_while_the_ticket_is_resolved_is_nobody_s(ranked: Configuration) -> None:
    one = ticket("INC1", ago(hours=9), (ago(hours=6), "state", "resolved"))
    assert {(row["holder"], row["kind"], row["business_seconds"]) for row in shares(frames([one], ranked))} == {
        ("GWL", "vendor", 3 * HOUR),
        ("nobody", "nobody", 5 * HOUR),  # up to 17:00
    }


def test_only_the_rows_of_sla_breaches_are_divided(configured: Configuration) -> None:
    made_of = [
        ticket("INC1", ago(days=20), (ago(days=9), "state", "resolved"), (ago(days=1), "state", "new")),
        ticket("INC2", ago(days=20), (ago(days=1), "state", "canceled")),
        ticket("INC3", ago(hours=2)),
        ticket("INC4", ago(days=20), (ago(days=9), "vendor", "OptIT"), (ago(days=1), "state", "resolved")),
    ]
    seen = frames(made_of, configured)
    divided = sla_breach_shares.TABLE.rows(seen)[["ticket", "sla"]].drop_duplicates()
    breached = sla_breaches.TABLE.rows(seen)[["ticket", "sla"]].drop_duplicates()
    assert set(divided.itertuples(index=False)) == set(breached.itertuples(index=False))
    assert set(divided["ticket"]) == {"snow:INC1", "snow:INC4"}


def test_by_service_level_and_holder_the_rows_add_up(configured: Configuration) -> None:
    made_of = [
        ticket("INC1", ago(hours=40), (ago(hours=10), "vendor", "OptIT")),
        ticket("INC2", ago(hours=50)),
        ticket("INC3", ago(hours=30), vendor=None),
    ]
    seen = frames(made_of, configured)
    table = sla_breach_holders.TABLE.rows(seen)
    ours = table[table["sla"] == RESOLUTION].set_index("holder")
    assert {name: (row["cycles"], row["business_seconds"] / HOUR) for name, row in ours.iterrows()} == {
        "GWL": (2, 80),
        "nobody": (1, 30),
        "OptIT": (1, 10),
    }
    assert list(ours.index) == ["GWL", "nobody", "OptIT"]
    assert ours.loc["GWL", "share"] == pytest.approx(80 / 120, abs=1e-6)
    assert table["business_seconds"].sum() == sla_breach_shares.TABLE.rows(seen)["business_seconds"].sum()


def test_without_a_breach_there_is_nothing_to_divide(configured: Configuration) -> None:
    seen = frames([ticket("INC1", ago(minutes=9))], configured)
    assert (len(shares(seen)), len(sla_breach_holders.TABLE.rows(seen))) == (0, 0)


# --- against a walk ------------------------------------------------------------------------------------------------


def random_life(rng: random.Random) -> Life:
    """A ticket that changes on full half hours within five days."""
    step = timedelta(minutes=30)
    created = WEEK_START + rng.randrange(100) * step
    changes: list[Change] = []
    current = {"state": "new", "vendor": "GWL", "environment": "punjab", "priority": "3", "approval": ""}
    for offset in sorted(rng.sample(range(1, 200), rng.randrange(12))):
        field = rng.choice(list(VALUES))
        new = rng.choice([value for value in VALUES[field] if value != current[field]])
        current[field] = new
        if created + offset * step < NOW:
            changes.append((created + offset * step, field, new))
    return created, changes


def walked(life: Life, pieces: Sequence[Interval]) -> Counter[tuple[str, str]]:
    """The seconds of each holder, half an hour at a time: nothing opens, closes or changes in between."""
    used: Counter[tuple[str, str]] = Counter()
    for piece in pieces:
        at: datetime = piece.start
        while at < piece.end and not piece.paused:
            if piece.calendar == "always" or office_is_open(at):
                used[holder_at(life, at) or ("nobody", "nobody")] += 1800
            at += timedelta(minutes=30)
    return used


def late(record: TicketRecord, configuration: Configuration) -> list[Reckoning]:
    return [
        one
        for one in reckonings(record, configuration, NOW)
        if one.cycle.breached and one.cycle.stage is not Stage.CANCELLED
    ]


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_those_that_a_walk_through_each_clock_finds(ranked: Configuration, seed: int) -> None:
    rng = random.Random(seed)
    lives = [random_life(rng) for _ in range(40)]
    tickets = [ticket(f"INC{place:02}", created, *changes) for place, (created, changes) in enumerate(lives)]
    wanted = Counter(
        (one.cycle.ticket, one.cycle.sla, one.cycle.started_at, *holder, seconds)
        for life, record in zip(lives, tickets, strict=True)
        for one in late(record, ranked)
        for holder, seconds in walked(life, (*one.carried, *one.intervals)).items()
    )
    rows = shares(frames(tickets, ranked))
    fields = ("ticket", "sla", "started_at", "holder", "kind", "business_seconds")
    assert Counter(tuple(row[field] for field in fields) for row in rows) == wanted
    assert len(rows) > 30
    assert any(one.carried for record in tickets for one in late(record, ranked))
    assert {row["kind"] for row in rows} == {"vendor", "nobody", "requester", "approver"}


@settings(deadline=None, max_examples=often(15))
@given(populations)
def test_a_clock_s_rows_add_up_to_what_it_used(ranked: Configuration, population: Population) -> None:
    tickets = records(population)
    seen = frames(tickets, ranked)
    rows = sla_breach_shares.TABLE.rows(seen)
    key = ["ticket", "sla", "started_at"]
    used = rows.groupby(key)["business_seconds"].sum()
    wanted = {
        (one.cycle.ticket, one.cycle.sla, pd.Timestamp(one.cycle.started_at)): one.cycle.elapsed_seconds
        for record in tickets
        for one in late(record, ranked)
        if (one.cycle.stopped_at is None or one.cycle.stopped_at >= WEEK_START)
    }
    known = set(seen.tickets["ticket"])
    assert used.to_dict() == {name: own for name, own in wanted.items() if name[0] in known}
    assert all(total == pytest.approx(1, abs=1e-5) for total in rows.groupby(key)["share"].sum())
