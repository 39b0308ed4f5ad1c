"""Carrying a plan out: fresh read, durable intent, one write a ticket, read-back, a look at the history since.

Neither Jira nor ServiceNow offers a conditional write, so a person may save between our read and our write. The
look at the history afterwards finds that: the ticket is then reported, never silently overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from itsm_bridge.connectors.base import Connector, Write
from itsm_bridge.errors import (
    BridgeError,
    OutcomeUnknown,
    RecordRejected,
    StorageFailed,
    WriteRefused,
)
from itsm_bridge.model import Outcome, TicketRecord
from itsm_bridge.store import Intent, Store
from itsm_bridge.writeback.plan import Plan, TicketPlan, current_value


@dataclass(frozen=True, slots=True)
class TicketOutcome:
    """How the write of one ticket ended, by field; ``detail`` says in words what was not done and why."""

    plan: TicketPlan
    fields: Mapping[str, Outcome]
    detail: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether somebody should look: anything but a value that is there now."""
        return bool(self.detail) or any(
            outcome not in {Outcome.VERIFIED, Outcome.NOOP} for outcome in self.fields.values()
        )


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
            outcomes.append(writing.ticket(ticket_plan, connectors[source]))
        except StorageFailed:
            raise
        except BridgeError as problem:
            problems[source] = problem
            left += 1
        watch(source, done + 1, len(plan.tickets))
    return Applied(tuple(outcomes), problems, left)


def resolve_leftovers(store: Store, connectors: Mapping[str, Connector], clock: Callable[[], datetime]) -> int:
    """Close the intents that a killed run left open, by reading what the ticket says now; returns how many."""
    resolved = 0
    for name, connector in connectors.items():
        for intent in store.unresolved_intents(name):
            _resolve(store, connector, intent, clock())
            resolved += 1
    return resolved


def _resolve(store: Store, connector: Connector, intent: Intent, now: datetime) -> None:
    """Decide from the ticket's own value what became of one write; a ticket that is gone keeps its secret."""
    wanted = {field: after for field, (_, after) in intent.values.items()}
    try:
        record = _read_again(store, connector, intent)
    except RecordRejected as problem:
        store.close_intent(intent.id, Outcome.UNKNOWN, now, detail=f"a run died around this write; {problem.message}")
        return
    outcomes = {
        field: Outcome.VERIFIED if current_value(record.ticket, field) == value else Outcome.UNKNOWN
        for field, value in wanted.items()
    }
    lost = Outcome.UNKNOWN in outcomes.values()
    detail = "a run died around this write; it was not applied" if lost else ""
    store.close_intent(intent.id, outcomes, now, _written_at(wanted, record), detail, record)


def _read_again(store: Store, connector: Connector, intent: Intent) -> TicketRecord:
    ticket = store.ticket(intent.source, intent.external_id)
    if ticket is None:
        raise RecordRejected(f"{intent.source}:{intent.number} is not in the store any more")
    return connector.read(ticket)


@dataclass(frozen=True, slots=True)
class _Writing:
    """What all writes of one run share."""

    store: Store
    run: int
    clock: Callable[[], datetime]
    marker: Callable[[], str]

    def ticket(self, plan: TicketPlan, connector: Connector) -> TicketOutcome:
        """The protocol for one ticket."""
        try:
            fresh = connector.read(plan.ticket)
        except (RecordRejected, WriteRefused) as problem:
            return _all(plan, Outcome.REJECTED, problem.message)
        if skipped := _moved(plan, fresh):
            self.store.save_record(fresh, self.clock())
            return skipped
        intent, refusal = self._send(plan, fresh, connector)
        try:
            after = connector.read(plan.ticket)
        except RecordRejected as problem:
            detail = f"written, and then it could not be read back: {problem.message}"
            self.store.close_intent(intent, Outcome.UNKNOWN, self.clock(), detail=detail)
            return _all(plan, Outcome.UNKNOWN, detail)
        outcome = _judge(plan, after, refusal)
        at = _written_at(plan.values, after)
        self.store.close_intent(intent, outcome.fields, self.clock(), at, outcome.detail, after)
        return outcome

    def _send(self, plan: TicketPlan, fresh: TicketRecord, connector: Connector) -> tuple[int, str]:
        """Announce the write durably, then make it; the intent, and why the source refused it, if it did."""
        marker = self.marker()
        before_and_after = {change.field: (change.before, change.after) for change in plan.changes}
        intent = self.store.open_intent(
            self.run, plan.ticket, before_and_after, marker, plan.inputs_digest, self.clock()
        )
        try:
            connector.push(Write(fresh.ticket, plan.values, plan.approvers, marker))
        except WriteRefused as problem:
            return intent, problem.message
        except OutcomeUnknown:
            pass  # the read-back decides
        return intent, ""


def _written_at(wanted: Mapping[str, str | int | None], after: TicketRecord) -> datetime:
    """When the source stored our values: by its history, since a person may have saved after that."""
    ours = [entry.at for entry in after.history if entry.field in wanted and entry.new == str(wanted[entry.field])]
    return max(ours, default=after.ticket.updated_at)


def _moved(plan: TicketPlan, fresh: TicketRecord) -> TicketOutcome | None:
    """Why a ticket is not written after all: it says so already, or it is not the ticket that the plan saw."""
    if all(current_value(fresh.ticket, field) == value for field, value in plan.values.items()):
        return _all(plan, Outcome.NOOP)
    if not fresh.ticket.state.is_open:
        return _all(plan, Outcome.CONFLICT, f"it is {fresh.ticket.state} by now; not written")
    if fresh.ticket.version != plan.ticket.version:
        return _all(
            plan, Outcome.CONFLICT, "it changed since the plan was made; not written, the next run decides anew"
        )
    return None


def _judge(plan: TicketPlan, after: TicketRecord, refusal: str) -> TicketOutcome:
    """Compare what is there with what was wanted."""
    stored = {change.field: current_value(after.ticket, change.field) == change.after for change in plan.changes}
    missed = Outcome.REJECTED if refusal else Outcome.OVERRIDDEN
    fields = {field: Outcome.VERIFIED if there else missed for field, there in stored.items()}
    lost = [field for field, there in stored.items() if not there]
    detail = refusal if lost else ""
    if lost and not refusal:
        detail = f"the source did not store {', '.join(lost)}; a permission or a workflow of the source is in the way"
    return TicketOutcome(plan, fields, detail or _collision(plan, after))


def _collision(plan: TicketPlan, after: TicketRecord) -> str:
    """Whether our write replaced a value that we had not seen: a person saved between our read and our write."""
    for change in plan.changes:
        ours = [entry for entry in after.history if entry.field == change.field and entry.new == str(change.after)]
        if ours and ours[-1].at >= plan.ticket.updated_at and ours[-1].old not in _as_text(change.before):
            return f"{change.field}: a person's {ours[-1].old!r} was saved in between and replaced by {change.after!r}"
    return ""


def _as_text(before: str | int | None) -> Iterable[str]:
    """How history writes a value; nothing and "not required" are the same for an approval."""
    return {"", "not_required"} if before in {None, "not_required"} else {str(before)}


def _all(plan: TicketPlan, outcome: Outcome, detail: str = "") -> TicketOutcome:
    return TicketOutcome(plan, {change.field: outcome for change in plan.changes}, detail)
