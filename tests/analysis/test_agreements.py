"""Verdicts beside today's clocks, for many tickets at once and ticket by ticket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import ago, frames

from itsm_bridge.analysis.agreements import Agreed
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import reopenings
from itsm_bridge.model import TicketRecord, Verdict
from itsm_bridge.rules import classify
from itsm_bridge.sla import ClockedTicket, Clockwork, Digests, frozen, pairs

Shown = tuple[str, str, str, str, object, object]


def ticketed(configured: Configuration, some: list[TicketRecord], days: int) -> Iterator[ClockedTicket]:
    """Tickets with their clocks, some days ago."""
    clockwork, read = Clockwork(configured), classify(configured)
    for record in some:
        as_read = read(record)
        yield ClockedTicket(record, as_read, clockwork.cycles([as_read], ago(days=days)).cycles)


def agreed_then(configured: Configuration, population: Population, days: int, *, lenient: set[int]) -> list[Verdict]:
    """What was frozen some days ago; of some tickets that every clock was met."""
    digests, then = Digests(configured), ago(days=days)
    return [
        replace(one, breached=False) if place in lenient else one
        for place, ticket in enumerate(ticketed(configured, records(population, then), days))
        for one in frozen(ticket, (), digests, then)
    ]


def of_some(verdicts: list[Verdict]) -> Agreed:
    return Agreed(verdicts=lambda ids: [one for one in verdicts if (one.source, one.external_id) in ids])


def shown(verdicts: pd.DataFrame) -> list[Shown]:
    names = ["ticket", "sla", "agreed", "today", "started_at", "stopped_at"]
    return list(verdicts[names].itertuples(index=False, name=None))


def plainly(configured: Configuration, some: list[TicketRecord], verdicts: list[Verdict]) -> list[Shown]:
    """One ticket and one level after the other."""
    found: list[Shown] = []
    for ticket in ticketed(configured, some, 0):
        mine = [one for one in verdicts if one.external_id == ticket.record.ticket.external_id]
        for sla in dict.fromkeys(one.sla for one in mine):
            found += (
                (ticket.read.ticket.id, sla, pair.agreed, pair.today, pair.verdict.started_at, pair.verdict.stopped_at)
                for pair in pairs(
                    [cycle for cycle in ticket.cycles if cycle.sla == sla],
                    [one for one in mine if one.sla == sla],
                    reopenings(ticket.record),
                )
            )
    return found


@given(populations, st.integers(0, 30), st.sets(st.integers(0, 5)))
@settings(max_examples=often(25), deadline=None)
def test_many_tickets_have_their_verdicts_beside_the_same_clocks_as_each_alone(
    configured: Configuration, population: Population, days: int, lenient: set[int]
) -> None:
    whole, verdicts = records(population), agreed_then(configured, population, days, lenient=lenient)
    made = frames(whole, configured, unit="quarter", agreed=of_some(verdicts))
    listed = set(made.tickets["ticket"])
    expected = [row for row in plainly(configured, whole, verdicts) if row[0] in listed]
    assert shown(made.verdicts) == expected
    beside = made.cycles[made.cycles["agreed_at"].notna()]
    gone = sum(row[3] == "gone" for row in expected)
    assert Counter(beside["ticket"]).total() == len(expected) - gone
