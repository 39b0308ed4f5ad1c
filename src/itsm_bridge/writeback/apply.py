"""Carrying a plan out: fresh read, durable intent, one write a ticket, read-back, a look at the history since.

Neither Jira nor ServiceNow offers a conditional write, so a person may save between our read and our write. The
look at the history afterwards finds that: the ticket is then reported, never silently overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from itsm_bridge.connectors.base import Connector, Write
from itsm_bridge.errors import (
    BridgeError,
    NoteShown,
    OutcomeUnknown,
    RecordRejected,
    StorageFailed,
    WriteRefused,
)
from itsm_bridge.events import emit
from itsm_bridge.model import Outcome, TicketRecord
from itsm_bridge.store import Store
from itsm_bridge.writeback.judging import (
    Board,
    Sent,
    TicketOutcome,
    all_of,
    judge,
    moved,
    says_so,
    strange_note,
)
from itsm_bridge.writeback.plan import Plan, TicketPlan
from itsm_bridge.writeback.storing import written_at


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan. ``problems`` ended a source's part early; ``left`` counts the tickets not tried."""

    outcomes: tuple[TicketOutcome, ...]
    problems: Mapping[str, BridgeError]
    left: int

    @property
    def written(self) -> int:
        """Tickets with at least one value that we wrote and read back."""
        return sum(Outcome.VERIFIED in outcome.fields.values() for outcome in self.outcomes)

    @property
    def findings(self) -> tuple[TicketOutcome, ...]:
        """The tickets that somebody should look at."""
        return tuple(outcome for outcome in self.outcomes if outcome.is_finding)


def apply(
    plan: Plan,
    store: Store,
    connectors: Mapping[str, Connector],
    run: int,
    clock: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    marker: Callable[[], str] = lambda: uuid4().hex,
    watch: Callable[[str, int, int], None] = lambda *_: None,
) -> Applied:
    """Write the plan, one ticket after the other; between two tickets ``stopped`` may end it.

    A ticket that moved since the plan is skipped and listed. A source that fails ends its own part only. Raises
    ``StorageFailed``, since nothing may be written without a durable intent.
    """
    outcomes: list[TicketOutcome] = []
    problems: dict[str, BridgeError] = {}
    left = 0
    writing = _Writing(store, run, clock, marker)
    for done, ticket_plan in enumerate(plan.tickets):
        source = ticket_plan.ticket.source
        if source in problems or stopped():
            left += 1
            continue
        try:
            writing.sign_in(source, connectors[source])
            outcomes.append(writing.ticket(ticket_plan, connectors[source]))
            _tell(outcomes[-1])
        except StorageFailed:
            raise
        except BridgeError as problem:
            problems[source] = problem
            left += 1
        watch(source, done + 1, len(plan.tickets))
    return Applied(tuple(outcomes), problems, left)


@dataclass(frozen=True, slots=True)
class _Writing:
    """What all writes of one run share."""

    store: Store
    run: int
    clock: Callable[[], datetime]
    marker: Callable[[], str]
    accounts: dict[str, str] = field(default_factory=dict)

    def sign_in(self, source: str, connector: Connector) -> None:
        """Ask once, before the first write to a source, as whom we write: the audit log names the account."""
        if source not in self.accounts:
            self.accounts[source] = connector.identity().account

    def ticket(self, plan: TicketPlan, connector: Connector) -> TicketOutcome:
        """The protocol for one ticket."""
        try:
            fresh = connector.read(plan.ticket)
        except (RecordRejected, WriteRefused) as problem:
            return all_of(plan, Outcome.REJECTED, problem.message)
        before = Board.of(plan.ticket, connector, wanted=bool(plan.notes))
        if says_so(plan, fresh, before):
            return self._nothing_to_do(plan, fresh, before)
        if skipped := moved(plan, fresh):
            self.store.save_record(fresh, self.clock())
            return skipped
        sent = self._send(plan, fresh, before, connector)
        try:
            after = connector.read(plan.ticket)
        except RecordRejected as problem:
            detail = f"written, and then it could not be read back: {problem.message}"  # the next run resolves it
            return all_of(plan, Outcome.UNKNOWN, detail)
        outcome = judge(plan, after, before, Board.of(plan.ticket, connector, wanted=bool(plan.notes)), sent)
        at = written_at(plan.values, after, fresh.ticket.updated_at)
        self.store.close_intent(sent.intent, outcome.fields, self.clock(), at, outcome.detail, after)
        return outcome

    def _nothing_to_do(self, plan: TicketPlan, fresh: TicketRecord, board: Board) -> TicketOutcome:
        """All is there already. Of notes that is kept, as a ticket does not show them by itself."""
        outcome = all_of(plan, Outcome.NOOP, strange_note(plan, board))
        if not plan.notes:
            self.store.save_record(fresh, self.clock())
            return outcome
        intent = self._announce(plan, self.marker())
        self.store.close_intent(intent, outcome.fields, self.clock(), detail=outcome.detail, record=fresh)
        return outcome

    def _announce(self, plan: TicketPlan, marker: str) -> int:
        before_and_after = {change.key: (change.before, change.after) for change in plan.changes}
        rules = {change.key: change.rule for change in plan.changes}
        account = self.accounts[plan.ticket.source]
        return self.store.open_intent(
            self.run, plan.ticket, before_and_after, marker, plan.inputs_digest, self.clock(), rules, account
        )

    def _send(self, plan: TicketPlan, fresh: TicketRecord, board: Board, connector: Connector) -> Sent:
        """Announce the write durably, then make it. A note goes only where it is known not to be there."""
        marker = self.marker()
        intent = self._announce(plan, marker)
        notes = () if board.hidden else tuple(note for note in plan.notes if note.marker not in board.markers)
        if not plan.values and not notes:
            return Sent(intent)
        try:
            connector.push(Write(fresh.ticket, plan.values, plan.approvers, marker, notes))
        except WriteRefused as problem:
            return Sent(intent, refusal=problem.message)
        except OutcomeUnknown as problem:
            return Sent(intent, unclear=problem.message)  # the read-back decides
        except NoteShown as problem:
            self.store.note_shown(fresh.ticket, problem.marker, self.clock())  # there must not be a next one
            raise
        return Sent(intent)


def _tell(outcome: TicketOutcome) -> None:
    ticket, fields = outcome.plan.ticket.id, outcome.fields
    became = ", ".join(f"{name} {result}" for name, result in sorted(fields.items()))
    if Outcome.VERIFIED in fields.values():
        emit("ticket.written", ticket=ticket, outcome=became)
    else:
        emit("ticket.left", ticket=ticket, outcome=became)
