"""All findings about the rules and the service levels of one configuration, with the tickets concerned of late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import Finding
from itsm_bridge.model import TicketRecord
from itsm_bridge.proofs.engine import Engine, written
from itsm_bridge.proofs.gaps import gaps
from itsm_bridge.proofs.ground import Draft, Ground
from itsm_bridge.proofs.overlaps import overlaps
from itsm_bridge.proofs.search import Budget
from itsm_bridge.proofs.service_levels import service_levels
from itsm_bridge.proofs.unreachable import unreachable
from itsm_bridge.proofs.workless import workless

PERIOD = timedelta(days=90)
"""How old tickets may be that count."""


def prove(
    configuration: Configuration,
    now: datetime,
    recent: Callable[[], Iterable[TicketRecord]] | None = None,
    *,
    budget: Budget | None = None,
) -> tuple[Finding, ...]:
    """What is wrong for tickets from ``now`` on, by code; of one code, what concerns most tickets first.

    ``recent`` gives the tickets that the store holds, and is asked only where there is something to count; those that
    were created within ``PERIOD`` count.
    """
    budget = budget or Budget()
    ground = Ground(configuration, now, budget)
    drafts = [draft for find in (unreachable, overlaps, gaps, workless) for draft in find(ground)]
    drafts += service_levels(configuration, now, budget)
    counts = None if recent is None else _counts(ground.engine, drafts, recent, now)
    ranked = sorted(range(len(drafts)), key=lambda place: (drafts[place].code, -counts[place] if counts else 0))
    return tuple(_finding(drafts[place], None if counts is None else counts[place]) for place in ranked)


def _counts(
    engine: Engine, drafts: Sequence[Draft], recent: Callable[[], Iterable[TicketRecord]], now: datetime
) -> list[int]:
    counts = [0] * len(drafts)
    asked = [(place, draft.concerns) for place, draft in enumerate(drafts) if draft.concerns is not None]
    for record in recent() if asked else ():
        if now - PERIOD <= record.ticket.created_at <= now:
            course = engine.recorded(record, now)
            for place, concerns in asked:
                counts[place] += concerns(course)
    return counts


def _finding(draft: Draft, count: int | None) -> Finding:
    place = draft.position
    tickets = "1 ticket" if count == 1 else f"{count} tickets"
    counted = "" if count is None or draft.concerns is None else f"; {tickets} of the last {PERIOD.days} days"
    fields = draft.witness.fields if draft.witness is not None else None
    witness = None if fields is None else tuple((name, written(values, name)) for name, values in fields.items())
    message = draft.message + counted
    return Finding(
        place.file, place.line, place.column, draft.code, draft.severity, message, draft.suggestion, (), witness
    )
