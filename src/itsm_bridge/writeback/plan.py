"""From the tickets in the store to what would be written: pure, so that the plan shown is the plan made."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from itsm_bridge.config.model import Configuration
from itsm_bridge.model import ApprovalState, Decision, FieldChange, Held, Note, Ticket, TicketRecord, Unrouted
from itsm_bridge.rules import (
    Decider,
    FieldDecision,
    Standing,
    Verdict,
    classify,
    inputs_json,
)
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback.clocks import Clocks, clocks_of
from itsm_bridge.writeback.comparing import current_value, differs, inputs_digest, unasked_of, why_not_written
from itsm_bridge.writeback.effort import Efforts
from itsm_bridge.writeback.loads import Ledger, Loads
from itsm_bridge.writeback.notes import DONE, NOT_STORED, Shown, line, marker_in, note_of, why_not_sent, why_not_shown
from itsm_bridge.writeback.standing import Resolved, owner_key, standing_of

NOTHING_LEARNT = Efforts()
"""Every ticket counts one hour."""


Resolutions = Mapping[tuple[str, str], Resolved]
"""By ticket (source, external id)."""

NOTHING_RESOLVED: Resolutions = MappingProxyType({})
NOTHING_SHOWN: Shown = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Judged:
    """One ticket and what was made of it, from which ``inputs`` (JSON).

    ``wish`` is what the rules say where nobody's change stands.
    """

    record: TicketRecord
    verdict: Verdict
    standing: Mapping[str, Standing]
    writes: Mapping[str, LastWrite]
    resolved: Resolved
    wish: Callable[[], Verdict]
    inputs: str


Watch = Callable[[Judged], None]


def unwatched(_: Judged) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class TicketPlan:
    """All that would be written to one ticket, at once, if it is still at ``ticket.version`` then.

    ``tried`` are the markers of those notes that an earlier run has sent without knowing what became of them.
    """

    ticket: Ticket
    changes: tuple[FieldChange, ...]
    approvers: tuple[str, ...]
    inputs_digest: str
    tried: frozenset[str] = frozenset()

    @property
    def values(self) -> dict[str, str | int]:
        """What each field would become."""
        return {
            change.field: change.after for change in self.changes if change.note is None and change.after is not None
        }

    @property
    def notes(self) -> tuple[Note, ...]:
        """What would be left on the ticket."""
        return tuple(change.note for change in self.changes if change.note is not None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run decided; ``digest`` is the configuration's.

    ``open_tickets`` counts those looked at by source, ``in_hand`` by the vendor that has them, empty for nobody.
    """

    digest: str
    made_at: datetime
    tickets: tuple[TicketPlan, ...]
    held: tuple[Held, ...]
    unrouted: tuple[Unrouted, ...]
    decisions: tuple[Decision, ...]
    open_tickets: Mapping[str, int]
    in_hand: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """Every line of the plan, in the order of the tickets."""
        return tuple(change for ticket in self.tickets for change in ticket.changes)

    @property
    def refused(self) -> tuple[Held, ...]:
        """Those of ``held`` that a source has not stored."""
        return tuple(held for held in self.held if held.kind == NOT_STORED)


def make_plan(
    configuration: Configuration,
    records: Iterable[TicketRecord],
    ledger: Ledger,
    now: datetime,
    efforts: Efforts = NOTHING_LEARNT,
    *,
    resolved: Resolutions = NOTHING_RESOLVED,
    shown: Shown = NOTHING_SHOWN,
    watch: Watch = unwatched,
    beside: Iterable[Ticket] | None = None,
) -> Plan:
    """Decide every open ticket and compare with what it says now.

    ``records`` are the open tickets of the sources in scope, in a fixed order: ``among … by: load`` hands them out one
    after the other, by the ``efforts`` that they are. ``resolved`` is what people decided about conflicts, ``shown``
    where customers see internal notes. ``watch`` is shown each ticket as it was judged. ``beside`` is all the work that
    is counted where ``records`` are but some of it.
    Nothing is written and nothing is read beyond the arguments.
    """
    reads = classify(configuration)
    ordered = [reads(record) for record in records]
    counted = ordered if beside is None else [reads(TicketRecord(ticket)) for ticket in beside]
    planner = _Planner(
        configuration, ledger, clocks_of(configuration, ordered, now), efforts, now, resolved, shown, watch
    )
    planner.count(counted)
    for record in ordered:
        planner.add(record)
    return planner.plan()


class _Planner:
    """The tickets seen so far, and the load that their assignments put on the vendors."""

    def __init__(  # noqa: PLR0917 (made in one place)
        self,
        configuration: Configuration,
        ledger: Ledger,
        clocks: Clocks,
        efforts: Efforts,
        now: datetime,
        resolved: Resolutions,
        shown: Shown,
        watch: Watch,
    ) -> None:
        self._configuration = configuration
        self._ledger = ledger
        self._clocks = clocks
        self._now = now
        self._decider = Decider(configuration)
        self._loads = Loads(configuration, self._decider.calendars, efforts, ledger, now)
        self._resolved, self._shown, self._watch = resolved, shown, watch
        self._open_by_source = dict.fromkeys(configuration.sources, 0)
        self._in_hand: Counter[str] = Counter()
        self._tickets: list[TicketPlan] = []
        self._held: list[Held] = []
        self._unrouted: list[Unrouted] = []
        self._decisions: list[Decision] = []

    def count(self, records: Sequence[TicketRecord]) -> None:
        """Count the tickets, and the work that is already in each vendor's hands."""
        self._open_by_source.update(Counter(record.ticket.source for record in records))
        self._in_hand.update(record.ticket.vendor or "" for record in records)
        self._loads.count(record.ticket for record in records)

    def add(self, record: TicketRecord) -> None:
        """Decide one ticket."""
        ticket = record.ticket
        key = (ticket.source, ticket.external_id)
        writes = self._ledger.get(ticket.source, {}).get(ticket.external_id, {})
        resolved = self._resolved.get(key, {})
        decide = partial(
            self._decider.decide,
            record,
            self._now,
            loads=self._loads.turns(record.ticket),
            clocks=self._clocks.get(key, ()),
        )
        standing = standing_of(self._configuration, record, writes, resolved, decide)
        verdict = decide(standing=standing)
        judged = Judged(record, verdict, standing, writes, resolved, decide, inputs_json(verdict))
        self._watch(judged)
        if given := verdict.values.get("vendor"):
            self._loads.move(ticket, str(given.value))
        self._held.extend(verdict.held)
        if verdict.unrouted is not None:
            self._unrouted.append(verdict.unrouted)
        self._add_changes(judged)

    def plan(self) -> Plan:
        """All of it, frozen."""
        return Plan(
            digest=self._configuration.digest,
            made_at=self._now,
            tickets=tuple(self._tickets),
            held=tuple(self._held),
            unrouted=tuple(self._unrouted),
            decisions=tuple(self._decisions),
            open_tickets=self._open_by_source,
            in_hand=self._in_hand,
        )

    def _add_changes(self, judged: Judged) -> None:
        """The lines of one ticket, and what else is kept of each field."""
        ticket, writes = judged.record.ticket, judged.writes
        digest = inputs_digest(self._configuration.digest, judged.verdict.facts)
        writable = self._configuration.sources[ticket.source].writable
        changes = [change for field in writable if (change := self._field(judged, field, digest)) is not None]
        notes = list(self._notes(judged, digest)) if writable else []
        for change in notes:
            self._record(judged, change.key, FieldDecision(change.after, change.rule, change.because), "planned")
        if changes or notes:
            tried = frozenset(marker_in(change.key) for change in notes if change.key in writes)
            self._tickets.append(TicketPlan(ticket, (*changes, *notes), judged.verdict.approvers, digest, tried))

    def _field(self, judged: Judged, field: str, digest: str) -> FieldChange | None:
        """The line of one field, if it is to be written; what was decided about it is kept in any case."""
        decided, word = judged.verdict.values.get(field), judged.standing.get(owner_key(field))
        if decided is None:
            self._leave(judged, field, "" if word is None else word.resolved)
            return None
        last = (
            None if word is not None and word.resolved else judged.writes.get(field)
        )  # what was resolved is sent once
        outcome = self._compare(judged, field, decided, last=last, digest=digest)
        is_change = isinstance(outcome, FieldChange)
        self._record(judged, field, decided, "planned" if is_change else str(outcome))
        return outcome if isinstance(outcome, FieldChange) else None

    def _leave(self, judged: Judged, field: str, resolved: str) -> None:
        """Keep why a field is left to whoever holds it: by a line of the verdict, or by what somebody resolved."""
        held = {one.field: one for one in judged.verdict.held}
        line = held.get(field) or held.get(owner_key(field))
        if line is not None:
            self._record(judged, field, FieldDecision(None, "", line.why), "held")
        elif resolved:
            self._record(judged, field, FieldDecision(None, "", resolved), "kept")

    def _notes(self, judged: Judged, digest: str) -> Iterator[FieldChange]:
        """The notes that the ticket does not bear yet, as far as we know."""
        ticket = judged.record.ticket
        for decided in judged.verdict.notes:
            note = note_of(ticket, decided)
            last = judged.writes.get(note.key)
            if last is not None and last.outcome in DONE:
                continue
            held = why_not_sent(ticket, last, digest) or why_not_shown(ticket, note, self._shown)
            if held is None:
                yield line(ticket, decided, note)
            else:
                self._held.append(held)

    def _compare(
        self, judged: Judged, field: str, decided: FieldDecision, *, last: LastWrite | None, digest: str
    ) -> FieldChange | str:
        """A change, or why there is none: ``kept`` or ``held``. An approval that is requested may be so of more."""
        record, ticket = judged.record, judged.record.ticket
        source = self._configuration.sources[ticket.source]
        unasked = unasked_of(source, record, judged.verdict) if field == "approval" else ()
        current = current_value(ticket, field)
        if not differs(field, current, decided.value) and not unasked:
            return "kept"
        if field == "approval" and decided.value != ApprovalState.REQUESTED:
            return "kept"  # the bridge asks for approvals; it never gives, refuses or withdraws one
        held = None if last is None else why_not_written(record, field, decided.value, last, digest)
        if held is not None:
            self._held.append(held)
            return "held"
        asks = f" (asks {', '.join(unasked)})" if unasked and current == decided.value else ""
        return FieldChange(
            ticket.id, ticket.source, field, current, decided.value, decided.rule, decided.because + asks
        )

    def _record(self, judged: Judged, field: str, decided: FieldDecision, outcome: str) -> None:
        ticket = judged.record.ticket
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
                inputs=judged.inputs,
                outcome=outcome,
            )
        )
