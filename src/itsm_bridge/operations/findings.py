"""What a person should look at, at the end of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from itsm_bridge.model import Outcome
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.completeness import incomplete_streams
from itsm_bridge.store import Reader
from itsm_bridge.writeback import Applied, Plan, TicketOutcome, collisions_in
from itsm_bridge.writeback.notes import NOT_STORED

WRITING = frozenset({"run", "apply"})
"""Commands that write to sources."""

UNKNOWN_WRITE = "unknown_write"
"""The finding of a write of which nobody knows yet what became of it."""

MOST_RUNS = 200
"""Runs among which the last that told all it found is looked for."""


@dataclass(frozen=True, slots=True)
class RunFinding:
    """Something at the end of a run that a person should look at; ``kind`` is a stable short name."""

    kind: str
    subject: str
    detail: str


def findings(bridge: Bridge, applied: Applied, plan: Plan | None = None) -> tuple[RunFinding, ...]:
    """What a person should look at.

    Writes that did not end as planned, what is held for somebody, quarantined records and incomplete streams.
    """
    of_writes = [finding for outcome in applied.findings for finding in _of_write(outcome)]
    quarantined = [
        RunFinding("quarantined", f"{row.source}:{row.external_id}", row.reason) for row in bridge.store.quarantine()
    ]
    held = () if plan is None else (one for one in plan.held if one.kind)
    stuck = [RunFinding(one.kind, f"{one.ticket} {one.field}", one.why) for one in held]
    incomplete = [
        RunFinding("incomplete", f"{gap.source}:{gap.stream}", gap.text) for gap in incomplete_streams(bridge.store)
    ]
    return (*of_writes, *stuck, *quarantined, *incomplete)


def untold_collisions(store: Reader) -> tuple[RunFinding, ...]:
    """Values of people that ours replaced, found since the last run that lived to tell what it found.

    A run that died may have found some itself, and others are found when its last write is resolved.
    """
    runs = [run for run in store.runs(MOST_RUNS) if run.command in WRITING]
    last = next((run for run in runs if run.summary.get("open_tickets") is not None), None)
    return tuple(
        finding
        for intent in store.closed_intents(last)
        for finding in _collisions(f"{intent.source}:{intent.number}", intent.detail)
    )


def _of_write(outcome: TicketOutcome) -> Iterator[RunFinding]:
    ticket, detail = outcome.plan.ticket.id, outcome.detail
    collisions = tuple(_collisions(ticket, detail))
    if Outcome.CONFLICT in outcome.fields.values():
        yield RunFinding("conflict", ticket, detail)
    elif not collisions or len(collisions) < len(detail.split("; ")):
        kind = UNKNOWN_WRITE if Outcome.UNKNOWN in outcome.fields.values() else NOT_STORED
        yield RunFinding(kind, ticket, _without(detail.split("; "), collisions))
    yield from collisions


def _without(parts: Iterable[str], collisions: Iterable[RunFinding]) -> str:
    told = {one.detail for one in collisions}
    return "; ".join(part for part in parts if part not in told)


def _collisions(ticket: str, detail: str) -> Iterator[RunFinding]:
    return (RunFinding("collision", ticket, text) for text in collisions_in(detail))
