"""Clocks as columns beside the same clocks one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.sla.randomly import Story
from tests.sla.test_cycle_properties import BEGIN, OFFICES, levels, minutes, stories
from tests.sla.tickets import configured

from itsm_bridge.calendars import epoch
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.sla import Clockwork, reckonings


@given(st.lists(stories(), min_size=1, max_size=4), levels(), minutes(20_000))
def test_the_running_time_of_each_clock_is_that_of_its_intervals(
    some: list[Story], defined: tuple[SlaDefinition, ...], passed: timedelta
) -> None:
    configuration = replace(configured(*defined), calendars={office.name: office for office in OFFICES})
    records = [story.record(f"id-{place}") for place, story in enumerate(some)]
    clocks = Clockwork(configuration).columns(records, BEGIN + passed)
    ran = clocks.running(np.arange(len(clocks)))
    expected = [one for record in records for one in reckonings(record, configuration, BEGIN + passed)]
    assert [one.cycle for one in expected] == list(clocks.cycles())
    together = zip(
        *(column.tolist() for column in (ran.row, ran.start, ran.end, ran.calendar, ran.seconds)), strict=True
    )
    assert list(together) == [
        (row, epoch(piece.start), epoch(piece.end), piece.calendar, piece.seconds)
        for row, one in enumerate(expected)
        for piece in one.used
        if piece.seconds
    ]
    assert [clocks.rows_of(place).stop for place in range(len(records))] == np.cumsum(
        np.bincount(clocks.ticket, minlength=len(records))
    ).tolist()
