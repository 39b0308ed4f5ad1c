"""How things stand, from the store alone: last runs, freshness of each source, what is stuck, held or quarantined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.store import QuarantineRow, Run


@dataclass(frozen=True, slots=True)
class Status:
    """What ``status`` shows. ``freshness`` is when each source was last read whole, ``None`` for never."""

    now: datetime
    runs: tuple[Run, ...]
    freshness: Mapping[str, datetime | None]
    tickets: Mapping[str, int]
    open_tickets: Mapping[str, int]
    unresolved: int
    quarantined: tuple[QuarantineRow, ...]
    held: int
    findings: tuple[tuple[str, str, str], ...]

    @property
    def healthy(self) -> bool:
        """The last run ended well, every source has been read, and nothing waits for a person."""
        last_ended_well = bool(self.runs) and self.runs[0].outcome == "0"
        return last_ended_well and all(self.freshness.values()) and not self.unresolved and not self.quarantined


def status_of(bridge: Bridge) -> Status:
    """Gather it."""
    store, sources = bridge.store, bridge.configuration.sources
    runs = tuple(store.runs(10))
    fresh = store.freshness()
    telling = next((run for run in runs if run.command in {"run", "apply", "sync"} and run.outcome is not None), None)
    last_findings = telling.summary.get("findings") if telling is not None else None
    return Status(
        now=bridge.clock(),
        runs=runs,
        freshness={name: fresh.get(name) for name in sources},
        tickets={name: store.ticket_count(name) for name in sources},
        open_tickets={name: store.ticket_count(name, open_only=True) for name in sources},
        unresolved=sum(len(store.unresolved_intents(name)) for name in sources),
        quarantined=tuple(store.quarantine()),
        held=sum(decision.outcome == "held" for decision in store.decisions(latest=True)),
        findings=tuple(_finding(row) for row in last_findings) if isinstance(last_findings, list | tuple) else (),
    )


def _finding(row: Sequence[object]) -> tuple[str, str, str]:
    kind, subject, detail = row
    return str(kind), str(subject), str(detail)
