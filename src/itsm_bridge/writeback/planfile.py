"""A plan as a file: what a person looked at, so that ``apply FILE`` writes that and nothing else."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from itsm_bridge.errors import GuardTripped, UsageError
from itsm_bridge.model import FieldChange
from itsm_bridge.writeback.plan import Plan


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a plan file announced: each change as ticket, field and value, and the version that each ticket had.

    ``configuration`` is the digest of the configuration that made it.
    """

    configuration: str
    lines: frozenset[tuple[str, str, str | int | None]]
    versions: Mapping[str, str]


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan in the contract's shape; ``configuration`` and ``versions`` bind it to what it was made from."""
    return {
        "changes": [_line(change) for change in plan.changes],
        "held": [{"ticket": held.ticket, "field": held.field, "why": held.why} for held in plan.held],
        "unrouted": [{"ticket": unrouted.ticket, "why": unrouted.why} for unrouted in plan.unrouted],
        "summary": plan_summary(plan),
        "configuration": plan.digest,
        "made_at": plan.made_at.isoformat(),
        "versions": {ticket.ticket.id: ticket.ticket.version for ticket in plan.tickets},
    }


def _line(change: FieldChange) -> dict[str, Any]:
    """A change; of a note also whether more than those who work on the ticket will see it."""
    line: dict[str, Any] = {
        "ticket": change.ticket,
        "source": change.source,
        "field": change.field,
        "from": change.before,
        "to": change.after,
        "rule": change.rule,
        "because": change.because,
    }
    return line if change.note is None else line | {"public": change.note.public}


def plan_summary(plan: Plan) -> dict[str, Any]:
    """Counts: tickets looked at and to be changed, changes by field and by rule, tickets gained by each vendor."""
    return {
        "open_tickets": sum(plan.open_tickets.values()),
        "tickets_to_change": len(plan.tickets),
        "held": len(plan.held),
        "unrouted": len(plan.unrouted),
        "by_field": dict(sorted(Counter(change.field for change in plan.changes).items())),
        "by_rule": dict(sorted(Counter(change.rule for change in plan.changes).items())),
        "to_vendor": dict(sorted(Counter(str(c.after) for c in plan.changes if c.field == "vendor").items())),
    }


def write_plan_file(plan: Plan, path: Path) -> None:
    """Write the plan for ``apply FILE``: whole or not at all, readable by its owner only."""
    text = json.dumps(plan_document(plan), indent=2, ensure_ascii=False) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_plan_file(path: Path) -> SavedPlan:
    """Read a plan file. Raises ``UsageError`` where it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return SavedPlan(
            configuration=document["configuration"],
            lines=frozenset((line["ticket"], line["field"], line["to"]) for line in document["changes"]),
            versions=dict(document["versions"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
        message = f"{path} is not a plan file; nothing was written"
        raise UsageError(message, hint="itsm-bridge plan --out FILE") from problem


def restrict(plan: Plan, saved: SavedPlan) -> tuple[Plan, tuple[str, ...]]:
    """The part of today's ``plan`` that the file announced, and the tickets of the file that have moved since.

    Only what both hold is written: a file cannot bring in a change that the rules do not make today. Raises
    ``GuardTripped`` where the file was made under another configuration.
    """
    if saved.configuration != plan.digest:
        raise GuardTripped(
            "the plan was made under another configuration; nothing was written", hint="itsm-bridge plan --out FILE"
        )
    kept = tuple(
        ticket
        for ticket in plan.tickets
        if saved.versions.get(ticket.ticket.id) == ticket.ticket.version
        and all((change.ticket, change.field, change.after) in saved.lines for change in ticket.changes)
    )
    still = {ticket.ticket.id for ticket in kept}
    moved = tuple(ticket for ticket in saved.versions if ticket not in still)
    return replace(plan, tickets=kept), moved
