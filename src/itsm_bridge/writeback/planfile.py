"""A plan as a file: what a person looked at, so that ``apply FILE`` writes that and nothing else."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from itsm_bridge import __version__
from itsm_bridge.errors import GuardTripped, UsageError
from itsm_bridge.model import FieldChange
from itsm_bridge.store.whole_files import FILES, Files, replace_whole
from itsm_bridge.writeback.piles import piles
from itsm_bridge.writeback.plan import Plan, TicketPlan

Announced = frozenset[tuple[str, str | int | None]]
"""What a plan says about one ticket: each field with the value that it is to have, each note with its text."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a plan file announced about each ticket, with the version that the ticket had and when it had changed last.

    ``configuration`` is the digest of the configuration that made it; ``path`` is where it lies.
    """

    path: Path
    configuration: str
    tickets: Mapping[str, Announced]
    versions: Mapping[str, str]
    updated: Mapping[str, datetime]

    @property
    def name(self) -> str:
        """The file as a word of a command."""
        return shlex.quote(str(self.path))


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan in the contract's shape, and what binds it to what it was made from.

    ``configuration`` and ``versions`` bind it to rules and tickets, ``program`` and ``checksum`` to what was written.
    """
    document = {
        "changes": [_line(change) for change in plan.changes],
        "held": [{"ticket": held.ticket, "field": held.field, "why": held.why} for held in plan.held],
        "unrouted": [{"ticket": unrouted.ticket, "why": unrouted.why} for unrouted in plan.unrouted],
        "summary": plan_summary(plan),
        "configuration": plan.digest,
        "made_at": plan.made_at.isoformat(),
        "versions": {ticket.ticket.id: ticket.ticket.version for ticket in plan.tickets},
        "updated": {ticket.ticket.id: ticket.ticket.updated_at.isoformat() for ticket in plan.tickets},
        "program": __version__,
    }
    return document | {"checksum": _checksum(document)}


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
    """Counts: tickets looked at and to be changed, changes by field and by rule, and each vendor's open tickets.

    ``to_vendor`` counts what is given to a vendor, ``vendors`` all that it has before and after; nobody is empty there.
    """
    return {
        "open_tickets": sum(plan.open_tickets.values()),
        "tickets_to_change": len(plan.tickets),
        "held": len(plan.held),
        "unrouted": len(plan.unrouted),
        "by_field": dict(sorted(Counter(change.field for change in plan.changes).items())),
        "by_rule": dict(sorted(Counter(change.rule for change in plan.changes).items())),
        "to_vendor": dict(sorted(Counter(str(c.after) for c in plan.changes if c.field == "vendor").items())),
        "vendors": {pile.vendor: {"before": pile.before, "after": pile.after} for pile in piles(plan)},
    }


def write_plan_file(plan: Plan, path: Path, files: Files = FILES) -> None:
    """Write the plan for ``apply FILE``: whole or not at all, readable by its owner only."""
    text = json.dumps(plan_document(plan), indent=2, ensure_ascii=False) + "\n"
    replace_whole(path, text.encode("utf-8"), files)


def read_plan_file(path: Path, files: Files = FILES) -> SavedPlan:
    """Read a plan file. Raises ``UsageError`` where it is none, of another program, or not as it was written."""
    again = f"itsm-bridge plan --out {shlex.quote(str(path))}"
    try:
        document = json.loads((files.read(path) or b"").decode("utf-8"))
        program, checksum = document["program"], document.pop("checksum")
        if program != __version__:
            told = f"{path} was made by version {program} of the program, this is {__version__}; nothing was written"
            raise UsageError(told, hint=again)
        if checksum != _checksum(document):
            told = f"{path} is not as it was written: it was edited or damaged; nothing was written"
            raise UsageError(told, hint=again)
        return _saved(path, document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise UsageError(f"{path} is not a plan file, or not all of one; nothing was written", hint=again) from problem


def _saved(path: Path, document: Mapping[str, Any]) -> SavedPlan:
    versions = dict(document["versions"])
    lines: dict[str, set[tuple[str, str | int | None]]] = {ticket: set() for ticket in versions}
    for line in document["changes"]:
        lines[line["ticket"]].add((line["field"], line["to"]))
    return SavedPlan(
        path=path,
        configuration=_text(document["configuration"]),
        tickets={ticket: frozenset(said) for ticket, said in lines.items()},
        versions=versions,
        updated={ticket: _instant(document["updated"][ticket]) for ticket in versions},
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value


def _instant(text: str) -> datetime:
    """An instant with its zone: it is compared with others after the writes, where nothing may fail any more."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    return at


def _checksum(document: Mapping[str, Any]) -> str:
    """A digest of what a document says, not of how it is laid out. It finds slips; it is no signature."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def check_configuration(saved: SavedPlan, digest: str) -> None:
    """Raise ``GuardTripped`` where the file was made under another configuration than that of ``digest``."""
    if saved.configuration == digest:
        return
    raise GuardTripped(
        f"{saved.path} was made under another configuration ({saved.configuration[:8]}, now {digest[:8]}); "
        "nothing was written",
        hint=f"make it anew and look at it: itsm-bridge plan --out {saved.name}; "
        f"then write it: itsm-bridge apply {saved.name}",
    )


def announced(ticket: TicketPlan) -> Announced:
    """What a plan of today says about one ticket."""
    return frozenset((change.field, change.after) for change in ticket.changes)


def restrict(plan: Plan, saved: SavedPlan) -> tuple[Plan, tuple[str, ...]]:
    """The part of today's ``plan`` that the file announced, and the tickets of the file that are not as it says.

    Only a ticket of the same version, about which both say the same, is written: a file cannot bring in a change that
    the rules do not make today, and today's rules cannot bring in one that nobody has looked at. A note that has become
    due since, as warnings do by themselves, waits for the next run and keeps nothing back.
    """
    kept = tuple(one for ticket in plan.tickets if (one := _as_announced(ticket, saved)) is not None)
    still = {ticket.ticket.id for ticket in kept}
    return replace(plan, tickets=kept), tuple(ticket for ticket in saved.versions if ticket not in still)


def _as_announced(ticket: TicketPlan, saved: SavedPlan) -> TicketPlan | None:
    """What the file said of a ticket, where today's rules say that too; ``None`` where they do not."""
    said = saved.tickets.get(ticket.ticket.id)
    if said is None or saved.versions[ticket.ticket.id] != ticket.ticket.version:
        return None
    looked_at = tuple(line for line in ticket.changes if line.note is None or (line.field, line.after) in said)
    found = replace(ticket, changes=looked_at)
    return found if announced(found) == said else None
