"""Before anything else: what earlier runs left open is resolved, and what nobody was told yet is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from itsm_bridge.connectors.base import Connector
from itsm_bridge.errors import BridgeError, StorageFailed
from itsm_bridge.events import emit
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.findings import UNKNOWN_WRITE, RunFinding, untold_collisions
from itsm_bridge.writeback import look_for_notes, look_for_shown, resolve_leftovers


@dataclass(frozen=True, slots=True)
class Resumed:
    """The sources that this run goes on with, how many writes were resolved, and what is to be told of all that."""

    healthy: Mapping[str, Connector]
    resolved: int
    findings: tuple[RunFinding, ...]
    problems: tuple[BridgeError, ...]


def resume(bridge: Bridge, connectors: Mapping[str, Connector], run_id: int) -> Resumed:
    """Close what is open and look for notes that were not seen; a source where that fails is left out of this run."""
    healthy: dict[str, Connector] = {}
    problems: list[BridgeError] = []
    found: list[RunFinding] = []
    resolved = 0
    for name, connector in connectors.items():
        try:
            leftovers = resolve_leftovers(bridge.store, {name: connector}, bridge.clock)
            look_for_notes(bridge.store, connector, run_id, bridge.clock)
            look_for_shown(bridge.store, connector)
            healthy[name] = connector
        except StorageFailed:
            raise
        except BridgeError as problem:
            problems.append(problem)
        else:
            resolved += leftovers.resolved
            found += [RunFinding(UNKNOWN_WRITE, one.ticket, _told(one.why)) for one in leftovers.unread]
    if resolved:
        emit("run.resumed", resolved=resolved)
    return Resumed(healthy, resolved, (*untold_collisions(bridge.store), *found), tuple(problems))


def _told(why: str) -> str:
    return (
        f"nobody knows what became of a write, as its ticket cannot be read ({why}); it is neither decided nor written "
        "until it can be"
    )
