"""What a store is asked for a report: only what can matter, with the same answers as a walk through all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis import made
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import NOW, ago

from itsm_bridge.analysis.frames import Frames, Partners
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.material import Gone, Problem
from itsm_bridge.analysis.period import Period
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Oddity, Page
from itsm_bridge.model import TicketRecord
from itsm_bridge.store import Store, SweepRow

ODD = "assignment group unknown"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open("sqlite:///b.db", tmp_path, create=True) as opened:
        yield opened


def held(store: Store, population: list[TicketRecord], odd: set[str]) -> None:
    """Keep tickets, some of which are odd."""
    oddities = tuple(Oddity(one, "odd", ODD) for one in sorted(odd))
    store.save_page("snow", "incident", Page(tuple(population), {"after": "1"}, oddities=oddities), NOW)


def of_store(store: Store, configured: Configuration, as_of: datetime, unit: str) -> Frames:
    return frames(store, configured, Period.holding(as_of, unit, configured.zone), as_of)


def assert_same(some: Frames, others: Frames) -> None:
    for field in fields(Frames):
        mine, theirs = getattr(some, field.name), getattr(others, field.name)
        if isinstance(mine, pd.DataFrame):
            pd.testing.assert_frame_equal(mine, theirs)
        elif isinstance(mine, Frames):
            assert_same(mine, theirs)
        elif isinstance(mine, Partners):
            for part in fields(Partners):
                pd.testing.assert_frame_equal(getattr(mine, part.name), getattr(theirs, part.name))
        elif field.name != "freshness":
            assert mine == theirs, field.name


def aged(population: Population, old: set[int]) -> Population:
    """The same, some of it half a year earlier, which is before all that a report of a month looks at."""
    earlier = timedelta(days=180)
    return [
        (created - earlier, [(at - earlier, field, new) for at, field, new in changes])
        if place in old
        else (created, changes)
        for place, (created, changes) in enumerate(population)
    ]


places = st.sets(st.integers(0, 5))


@given(populations, places, st.sampled_from([0, 3, 15, 40]), st.sampled_from(["week", "month"]), places, places)
@settings(max_examples=often(20), deadline=None)
def test_a_store_gives_the_same_as_all_of_its_tickets(  # noqa: PLR0917 - drawn one by one
    configured: Configuration,
    population: Population,
    old: set[int],
    days: int,
    unit: str,
    odd: set[int],
    lost: set[int],
) -> None:
    whole, as_of = records(aged(population, old)), ago(days=days)
    names, away = ({f"INC{place}" for place in some if f"INC{place}" in ids_of(whole)} for some in (odd, lost))
    problems = [Problem("snow", "odd", one, ODD, NOW) for one in sorted(names)]
    gone = {("snow", one): Gone(ago(days=3), "deleted") for one in sorted(away)}
    expected = made.frames(whole, configured, as_of=as_of, unit=unit, problems=problems, gone=gone)
    with TemporaryDirectory() as folder, Store.open("sqlite:///b.db", Path(folder), create=True) as store:
        held(store, whole, names)
        sweep = SweepRow("snow", ago(days=3), seen=0, fetched=0, missed=len(away))
        store.note_sweep(sweep, dict.fromkeys(away, "deleted"), final={"deleted"}, patience=1)
        assert_same(of_store(store, configured, as_of, unit), expected)


@pytest.mark.parametrize("unit", ["week", "month"])
def test_tickets_that_cannot_matter_are_not_read(configured: Configuration, store: Store, unit: str) -> None:
    done = made.ticket("INC1", ago(days=200), (ago(days=190), "state", "resolved"))
    touched = made.ticket("INC2", ago(days=200), (ago(days=190), "state", "resolved"), (ago(days=1), "vendor", "OptIT"))
    left = made.ticket("INC3", ago(days=200))
    late = made.ticket("INC4", ago(hours=1))
    held(store, [done, touched, left, late], set())
    assert [one.ticket.number for one in store.alive(ago(days=100), ago(hours=1))] == ["INC2", "INC3"]
    assert dict(of_store(store, configured, ago(hours=1), unit).known) == {"snow": 3}


def test_what_was_done_when_its_source_says_it_was_is_read_although_it_was_updated_before(store: Store) -> None:
    dated = made.ticket("INC1", ago(days=200), state="closed")
    odd = replace(dated, ticket=replace(dated.ticket, closed_at=ago(days=2)))
    held(store, [odd], set())
    assert [one.ticket.number for one in store.alive(ago(days=3), NOW)] == ["INC1"]
    assert list(store.alive(ago(days=1), NOW)) == []


def ids_of(whole: list[TicketRecord]) -> set[str]:
    return {one.ticket.external_id for one in whole}
