"""From the tickets in the store to what would be written: pure, so that the plan shown is the plan made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.conditions import Facts
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import ApprovalState, Decision, FieldChange, Held, Ticket, TicketRecord, Unrouted
from itsm_bridge.rules import Decider, FieldDecision, Standing, Verdict, classify, inputs_json, standing_fields
from itsm_bridge.store import LastWrite

Ledger = Mapping[str, Mapping[str, Mapping[str, LastWrite]]]
"""The bridge's own last write of each field: by source, external id and field."""

REFUSALS_BEFORE_HOLD = 2
"""A value that a source did not store is sent once more, then held until the inputs change."""

PASSING_FACTS = frozenset({"age", "idle", "updated"})
"""Facts that change without anybody's doing; they do not make a refused value worth another try."""


@dataclass(frozen=True, slots=True)
class TicketPlan:
    """All that would be written to one ticket, at once, if it is still at ``ticket.version`` then."""

    ticket: Ticket
    changes: tuple[FieldChange, ...]
    approvers: tuple[str, ...]
    inputs_digest: str

    @property
    def values(self) -> dict[str, str | int]:
        """What each field would become."""
        return {change.field: change.after for change in self.changes if change.after is not None}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run decided. ``open_tickets`` counts those looked at, by source; ``digest`` is the configuration's.

    ``refused`` are those of ``held`` that a source has not stored: somebody has to look at them.
    """

    digest: str
    made_at: datetime
    tickets: tuple[TicketPlan, ...]
    held: tuple[Held, ...]
    unrouted: tuple[Unrouted, ...]
    decisions: tuple[Decision, ...]
    open_tickets: Mapping[str, int]
    refused: tuple[Held, ...] = ()

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """Every line of the plan, in the order of the tickets."""
        return tuple(change for ticket in self.tickets for change in ticket.changes)


def make_plan(configuration: Configuration, records: Iterable[TicketRecord], ledger: Ledger, now: datetime) -> Plan:
    """Decide every open ticket and compare with what it says now.

    ``records`` are the open tickets of the sources in scope, in a fixed order: ``among … by: load`` hands them out one
    after the other. Nothing is written and nothing is read beyond the arguments.
    """
    planner = _Planner(configuration, ledger, now)
    reads = classify(configuration)
    ordered = [reads(record) for record in records]
    planner.count_load(ordered)
    for record in ordered:
        planner.add(record)
    return planner.plan()


class _Planner:
    """The tickets seen so far, and the load that their assignments put on the vendors."""

    def __init__(self, configuration: Configuration, ledger: Ledger, now: datetime) -> None:
        self._configuration = configuration
        self._ledger = ledger
        self._now = now
        self._decider = Decider(configuration)
        self._open_by_vendor = dict.fromkeys(configuration.vendors, 0)
        self._open_by_source = dict.fromkeys(configuration.sources, 0)
        self._tickets: list[TicketPlan] = []
        self._held: list[Held] = []
        self._refused: list[Held] = []
        self._unrouted: list[Unrouted] = []
        self._decisions: list[Decision] = []

    def count_load(self, records: Sequence[TicketRecord]) -> None:
        """Count the work that is already in each vendor's hands."""
        for record in records:
            self._open_by_source[record.ticket.source] += 1
            if record.ticket.vendor in self._open_by_vendor:
                self._open_by_vendor[record.ticket.vendor] += 1

    def add(self, record: TicketRecord) -> None:
        """Decide one ticket."""
        ticket = record.ticket
        writes = self._ledger.get(ticket.source, {}).get(ticket.external_id, {})
        standing = standing_of(self._configuration, record, writes)
        verdict = self._decider.decide(
            record, self._now, standing=standing, loads=loads_of(self._configuration, self._open_by_vendor)
        )
        self._move_load(ticket, verdict)
        self._held.extend(verdict.held)
        if verdict.unrouted is not None:
            self._unrouted.append(verdict.unrouted)
        self._add_changes(ticket, verdict, writes)

    def plan(self) -> Plan:
        """All of it, frozen."""
        return Plan(
            digest=self._configuration.digest,
            made_at=self._now,
            tickets=tuple(self._tickets),
            held=(*self._held, *self._refused),
            refused=tuple(self._refused),
            unrouted=tuple(self._unrouted),
            decisions=tuple(self._decisions),
            open_tickets=self._open_by_source,
        )

    def _move_load(self, ticket: Ticket, verdict: Verdict) -> None:
        """Count a ticket for whom it goes to, so that the next one sees it."""
        decided = verdict.values.get("vendor")
        if decided is None or decided.value == ticket.vendor:
            return
        if ticket.vendor in self._open_by_vendor:
            self._open_by_vendor[ticket.vendor] -= 1
        self._open_by_vendor[str(decided.value)] += 1

    def _add_changes(self, ticket: Ticket, verdict: Verdict, writes: Mapping[str, LastWrite]) -> None:
        source = self._configuration.sources[ticket.source]
        digest = inputs_digest(self._configuration.digest, verdict.facts)
        inputs = inputs_json(verdict)
        held_fields = {held.field: held for held in verdict.held}
        changes = []
        for field in source.writable:
            decided = verdict.values.get(field)
            if decided is None:
                if field in held_fields:
                    self._record(ticket, field, FieldDecision(None, "", held_fields[field].why), inputs, "held")
                continue
            outcome = self._compare(ticket, field, decided, last=writes.get(field), digest=digest)
            if isinstance(outcome, FieldChange):
                changes.append(outcome)
            self._record(ticket, field, decided, inputs, "planned" if isinstance(outcome, FieldChange) else outcome)
        if changes:
            self._tickets.append(TicketPlan(ticket, tuple(changes), verdict.approvers, digest))

    def _compare(
        self,
        ticket: Ticket,
        field: str,
        decided: FieldDecision,
        *,
        last: LastWrite | None,
        digest: str,
    ) -> FieldChange | str:
        """A change, or why there is none: ``kept`` or ``held``."""
        current = current_value(ticket, field)
        if not _differs(field, current, decided.value):
            return "kept"
        if field == "approval" and decided.value != ApprovalState.REQUESTED:
            return "kept"  # the bridge asks for approvals; it never gives, refuses or withdraws one
        if last is not None and refused(last, decided.value, digest):
            reason = last.detail or f"{ticket.source} did not store it"
            why = f"{decided.value!r} was not stored in {last.refusals} tries ({reason}); held until the inputs change"
            self._refused.append(Held(ticket.id, field, why))
            return "held"
        return FieldChange(ticket.id, ticket.source, field, current, decided.value, decided.rule, decided.because)

    def _record(self, ticket: Ticket, field: str, decided: FieldDecision, inputs: str, outcome: str) -> None:
        self._decisions.append(
            Decision(
                source=ticket.source,
                external_id=ticket.external_id,
                field=field,
                value=decided.value,
                rule=decided.rule,
                because=decided.because,
                decided_at=self._now,
                digest=self._configuration.digest,
                inputs=inputs,
                outcome=outcome,
            )
        )


def standing_of(
    configuration: Configuration, record: TicketRecord, writes: Mapping[str, LastWrite]
) -> Mapping[str, Standing]:
    """What people decided about a ticket since it was created and since our own last write of the field."""
    written = {field: write.written_at for field, write in writes.items() if write.written_at is not None}
    return standing_fields(record, written, configuration.ownership)


def loads_of(configuration: Configuration, open_tickets: Mapping[str, int]) -> dict[str, float]:
    """Open tickets for each hour of weekly capacity: comparable between large and small partners."""
    hours = {name: vendor.capacity.hours for name, vendor in configuration.vendors.items()}
    return {name: count / hours[name] if hours[name] else float("inf") for name, count in open_tickets.items()}


def current_value(ticket: Ticket, field: str) -> str | int | None:
    """What a ticket says now, in the bridge's names."""
    value: str | int | None = getattr(ticket, field)
    return str(value) if isinstance(value, ApprovalState) else value


def _differs(field: str, current: str | int | None, wanted: str | int | None) -> bool:
    if field == "approval":  # a ticket without an approval needs none
        return (current or ApprovalState.NOT_REQUIRED) != (wanted or ApprovalState.NOT_REQUIRED)
    return current != wanted


def refused(last: LastWrite, wanted: str | int | None, digest: str) -> bool:
    """Whether a source has refused this value on these inputs often enough."""
    return last.refusals >= REFUSALS_BEFORE_HOLD and str(last.value) == str(wanted) and last.inputs_digest == digest


def inputs_digest(configuration_digest: str, facts: Facts) -> str:
    """A short digest of what a decision rests on, without the facts that change by themselves."""
    lasting = {name: [str(value) for value in values] for name, values in facts.items() if name not in PASSING_FACTS}
    text = json.dumps([configuration_digest, lasting], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
