"""The clocks of tickets as the rules see them: how much of each is used up now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord
from itsm_bridge.rules import RunningClock
from itsm_bridge.sla import Stage, clocked

RUNNING = frozenset({Stage.IN_PROGRESS, Stage.PAUSED})

Clocks = Mapping[tuple[str, str], tuple[RunningClock, ...]]
"""The clocks that have not ended, by source and external id of the ticket."""


def clocks_of(configuration: Configuration, records: Iterable[TicketRecord], now: datetime) -> Clocks:
    """The clocks of ``records`` at ``now``; none where no rule looks at them, as they take time to work out.

    A clock that cannot be measured is none: ``sla_cycles`` of a report says why.
    """
    if not configuration.rules.escalation:
        return {}
    found: defaultdict[tuple[str, str], list[RunningClock]] = defaultdict(list)
    for some in clocked(records, configuration, now):
        for cycle in some.cycles:
            if cycle.stage in RUNNING:
                used = 100 * cycle.elapsed_seconds / cycle.target_seconds if cycle.target_seconds else 100.0
                clock = RunningClock(cycle.sla, cycle.measures, used, cycle.started_at)
                found[cycle.source, cycle.external_id].append(clock)
    return {ticket: tuple(clocks) for ticket, clocks in found.items()}
