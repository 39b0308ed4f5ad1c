"""Lives as columns beside the same lives one by one."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.history.stretches import remembered, stretches
from tests.history.test_columns import CREATED, records

from itsm_bridge.analysis.frames import NEVER
from itsm_bridge.analysis.hands import FOLLOWED as IN_HAND
from itsm_bridge.analysis.hands import PLACE
from itsm_bridge.analysis.lives import FOLLOWED, Lives
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import Holders, Moment, microseconds, reassignments, reopenings, timeline
from itsm_bridge.model import OPEN_STATES, TicketRecord

UNTIL = CREATED + timedelta(hours=1)
many = st.lists(records(), max_size=5)


def laid_out(configured: Configuration, some: list[TicketRecord]) -> tuple[Lives, np.ndarray]:
    ids = np.array([str(place) for place in range(len(some))], dtype=np.object_)
    return Lives.of(some, Holders(configured), UNTIL), ids


def course(lives: Lives, record: TicketRecord) -> tuple[Moment, ...]:
    return timeline(record, lives.fields)


@given(many)
def test_a_ticket_is_reopened_and_handed_on_as_often(configured: Configuration, some: list[TicketRecord]) -> None:
    lives, _ = laid_out(configured, some)
    assert lives.reopenings().tolist() == [len(reopenings(one)) for one in some]
    assert lives.reassignments().tolist() == [len(reassignments(one)) for one in some]


@given(many)
def test_intervals_end_where_one_of_their_fields_changes(configured: Configuration, some: list[TicketRecord]) -> None:
    lives, ids = laid_out(configured, some)
    found = lives.intervals(ids)
    expected: list[tuple[object, ...]] = []
    for place, record in enumerate(some):
        steps: list[tuple[int, tuple[str, ...]]] = []
        for moment in course(lives, record):
            values = tuple(moment.values[field] for field in FOLLOWED)
            if not steps or steps[-1][1] != values:
                steps.append((microseconds(moment.at), values))
        ends = [*(at for at, _ in steps[1:]), NEVER]
        expected += [(str(place), at, end, *values) for (at, values), end in zip(steps, ends, strict=True)]
    assert list(zip(*(found[name] for name in ("ticket", "start", "end", *FOLLOWED)), strict=True)) == expected


@given(many)
def test_hands_are_the_stretches_of_each_ticket(configured: Configuration, some: list[TicketRecord]) -> None:
    lives, ids = laid_out(configured, some)
    found, holders = lives.hands(ids, Holders(configured)), Holders(configured)
    names = ("ticket", "start", "end", "holder", "kind", *IN_HAND)
    assert list(zip(*(found[name] for name in names), strict=True)) == [
        (
            str(place),
            microseconds(one.start),
            microseconds(one.end),
            one.holder.name,
            one.holder.kind,
            *(one.values[field] for field in IN_HAND),
        )
        for place, record in enumerate(some)
        for one in stretches(holders, remembered(course(lives, record), PLACE), UNTIL)
    ]


@given(many, st.integers(-5, 70))
def test_a_ticket_matters_that_was_open_then_or_later(
    configured: Configuration, some: list[TicketRecord], minute: int
) -> None:
    lives, _ = laid_out(configured, some)
    since = CREATED + timedelta(minutes=minute)
    expected = []
    for record in some:
        moments = course(lives, record)
        ends = [*(after.at for _, after in pairwise(moments)), UNTIL]
        open_until = [end for moment, end in zip(moments, ends, strict=True) if moment.values["state"] in OPEN_STATES]
        expected.append(any(end >= since for end in open_until))
    assert lives.were_open(since).tolist() == expected
