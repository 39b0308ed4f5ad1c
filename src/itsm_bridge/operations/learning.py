"""What a plan learns from tickets that are over: how many hours of work each kind is."""

from __future__ import annotations

from datetime import datetime, timedelta

from itsm_bridge.calendars import Calendars
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.writeback import Efforts, learn

LEARNT_FROM = timedelta(days=90)

MOST_LEARNT = 2_000
"""Finished tickets that are looked at: enough for a median of each kind, and read within a second."""


def efforts_of(bridge: Bridge, now: datetime) -> Efforts:
    """By what was finished lately; nothing is read where no rule goes by load."""
    if not goes_by_load(bridge):
        return Efforts()
    lately = bridge.store.finished(now - LEARNT_FROM, MOST_LEARNT)
    return learn(bridge.store.records(ids=lately), Calendars(bridge.configuration))


def goes_by_load(bridge: Bridge) -> bool:
    """Whether any rule looks at how loaded vendors are."""
    return any(rule.then.by == "load" for rule in bridge.configuration.rules.assignment)
