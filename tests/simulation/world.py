"""The world of a simulation: what one source truly holds, who changed it, and a log of all that happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, Note, State, Ticket, TicketRecord, TicketType

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BRIDGE = "bridge@egov.example"
WORKFLOW = "workflow@egov.example"
OVERLAP = timedelta(seconds=45)
"""How far behind its bookmark the fake connector reads again; the index never lags longer."""

Value = str | int | None
Values = Mapping[str, Value]
MATRIX = ((1, 2, 3), (2, 3, 4), (3, 4, 5))


@dataclass(frozen=True)
class Event:
    """One thing that happened, in order. Only a write of ours has a ``marker``; ``asked`` is what it wanted to set.

    ``failed`` is the fault of a write that changed nothing, as it was refused or never arrived.
    """

    number: int
    at: datetime
    external_id: str
    actor: str
    changes: Mapping[str, tuple[Value, Value]]
    marker: str = ""
    asked: Values = field(default_factory=dict)
    note: str = ""
    unseen: bool = False
    failed: str = ""


@dataclass
class Truth:
    """One ticket: as it is, as the index shows it from which instant on, its notes, and what stands in our way."""

    record: TicketRecord
    indexed: list[tuple[datetime, TicketRecord]] = field(default_factory=list)
    board: list[Note] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)
    unreadable: str = ""  # a field that an ACL does not show us
    unwritable: str = ""  # a field that an ACL never lets us store
    rewritten: str = ""  # a field that a workflow sets back after each write of ours
    hidden: bool = False  # a row that an ACL does not show us
    unlisted: bool = False  # its last change was dated back: no stream of changes shows it


@dataclass
class Time:
    """One time for all worlds."""

    now: datetime = START


@dataclass
class World:
    """One source in memory. Instants are ``whole`` seconds where the source keeps no fractions, as ServiceNow."""

    name: str
    time: Time = field(default_factory=Time)
    whole: bool = False
    tickets: dict[str, Truth] = field(default_factory=dict)
    deleted: dict[str, Truth] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.time.now

    @now.setter
    def now(self, instant: datetime) -> None:
        self.time.now = instant

    @property
    def at(self) -> datetime:
        return self.now.replace(microsecond=0) if self.whole or self.name == "snow" else self.now

    def say(self, line: str) -> None:
        self.trace.append(f"{self.now:%d %H:%M:%S.%f}"[:-3] + f" {line}")

    def create(self, kind: TicketType, environment: str, summary: str, category: str = "", **obstacles: str) -> str:
        number = f"{self.name.upper()}-{len(self.tickets) + len(self.deleted) + 1}"
        ticket = Ticket(
            source=self.name,
            external_id=f"id-{number}",
            number=number,
            type=kind,
            project="tickets",
            state=State.NEW,
            created_at=self.at,
            updated_at=self.at,
            version="0",
            summary=summary,
            environment=environment,
            service=("erp",) if environment == "punjab" else ("portal",),
            category=(category,) if category else (),
            impact=3,
            urgency=3,
            priority=5,
        )
        record = TicketRecord(ticket)
        self.tickets[ticket.external_id] = Truth(record, [(self.now, record)], **obstacles)  # type: ignore[arg-type]  # those are texts
        self.say(f"created {ticket.external_id} {kind} {environment} {category} {obstacles or ''}")
        return ticket.external_id

    def edit(
        self,
        external_id: str,
        actor: str,
        values: Values,
        *,
        marker: str = "",
        lag: float = 0,
        asked: Values | None = None,
        back_dated: bool = False,
    ) -> None:
        """One save: what differs is stored, with its history, a new version, and a line in the log."""
        truth = self.tickets[external_id]
        record = truth.record
        ticket = record.ticket
        wanted = dict(values)
        if self.name == "snow" and {"impact", "urgency"} & wanted.keys():
            impact, urgency = (int(wanted.get(one, getattr(ticket, one)) or 3) for one in ("impact", "urgency"))
            wanted["priority"] = MATRIX[impact - 1][urgency - 1]
        changes = {one: (said(ticket, one), value) for one, value in wanted.items() if said(ticket, one) != value}
        self.log.append(Event(len(self.log), self.at, external_id, actor, changes, marker, dict(asked or values)))
        self.say(
            f"{external_id} {actor.partition('@')[0]} {changes} {marker[:6]} {'(dated back)' if back_dated else ''}"
        )
        if not changes:
            return
        at = self.at
        entries = tuple(
            HistoryEntry(
                source=self.name,
                external_id=external_id,
                entry_id=f"{len(self.log):06}",
                at=at,
                field=name,
                old=text(old),
                new=text(new),
                actor=actor,
            )
            for name, (old, new) in changes.items()
        )
        stored = {name: stored_as(name, new) for name, (_, new) in changes.items()}
        version = str(int(ticket.version) + 1)
        changed = replace(ticket, updated_at=at, version=version, **stored)  # type: ignore[arg-type]  # by the fields' names
        self._put(truth, replace(record, ticket=changed, history=(*record.history, *entries)), lag)
        truth.unlisted = back_dated

    def ask(self, external_id: str, approver: str) -> None:
        """A record for one approver to vote on."""
        truth = self.tickets[external_id]
        if any(vote.approver == approver for vote in truth.record.approvals):
            return
        number = f"{external_id}-vote-{len(truth.record.approvals)}"
        vote = Approval(self.name, external_id, number, approver, ApprovalState.REQUESTED, self.at)
        self._put(truth, replace(truth.record, approvals=(*truth.record.approvals, vote)), 0)

    def vote(self, external_id: str, number: str, state: ApprovalState) -> None:
        """An approver decides on their record, or once more; the ticket has changed with it."""
        truth = self.tickets[external_id]
        votes = {vote.approval_id: vote for vote in truth.record.approvals}
        old, new = votes[number], replace(votes[number], state=state, decided_at=self.at)
        votes[number] = new
        self.log.append(
            Event(len(self.log), self.at, external_id, old.approver, {"vote": (str(old.state), str(new.state))})
        )
        self.say(f"{external_id} {old.approver} votes {new.state}")
        ticket = truth.record.ticket
        changed = replace(ticket, updated_at=self.at, version=str(int(ticket.version) + 1))
        self._put(truth, replace(truth.record, ticket=changed, approvals=tuple(votes.values())), 0)

    def note(self, external_id: str, note: Note, marker: str, *, unseen: bool) -> None:
        truth = self.tickets[external_id]
        truth.board.append(note)
        moved = replace(truth.record.ticket, updated_at=self.at, version=str(int(truth.record.ticket.version) + 1))
        self._put(truth, replace(truth.record, ticket=moved), 0)  # as both products do, whoever may see the note
        if unseen:
            truth.unseen.add(note.marker)
        self.log.append(
            Event(
                len(self.log),
                self.at,
                external_id,
                BRIDGE,
                {},
                marker,
                note=note.text,
                unseen=note.marker in truth.unseen,
            )
        )
        self.say(f"{external_id} note {note.marker} by {marker[:6]} {'(unseen)' if unseen else ''}")

    def attempt(self, external_id: str, asked: Values, marker: str, why: str) -> None:
        """A write of ours that changed nothing."""
        self.log.append(Event(len(self.log), self.at, external_id, BRIDGE, {}, marker, dict(asked), failed=why))
        self.say(f"{external_id} push {marker[:6]}: {why}")

    def is_blind(self, external_id: str, name: str) -> bool:
        """Whether an ACL never showed us a field of a ticket, which may be deleted by now."""
        return (self.tickets.get(external_id) or self.deleted[external_id]).unreadable == name

    def version(self, event: Event) -> str:
        """The version that a ticket had before something happened to it."""
        before = (one for one in self.log[: event.number] if one.external_id == event.external_id)
        return str(sum(bool(one.changes or one.note) for one in before))

    def delete(self, external_id: str) -> None:
        self.say(f"{external_id} deleted")
        self.deleted[external_id] = self.tickets.pop(external_id)

    def seen(self, external_id: str, record: TicketRecord | None = None) -> TicketRecord:
        """A ticket as the account may see it."""
        truth = self.tickets[external_id]
        record = truth.record if record is None else record
        if not truth.unreadable:
            return record
        blank = replace(record.ticket, **{truth.unreadable: None})  # type: ignore[arg-type]  # by the field's name
        shown = tuple(entry for entry in record.history if entry.field != truth.unreadable)
        return replace(record, ticket=blank, history=shown)

    def index(self) -> list[TicketRecord]:
        """What a search finds now."""
        found = []
        for external_id, truth in self.tickets.items():
            there = [record for since, record in truth.indexed if since <= self.now]
            if there and not truth.hidden and not truth.unlisted:
                found.append(self.seen(external_id, there[-1]))
        return sorted(found, key=lambda record: (record.ticket.updated_at, record.ticket.external_id))

    def _put(self, truth: Truth, record: TicketRecord, lag: float) -> None:
        truth.record = record
        since = max([self.now + timedelta(seconds=lag), *(since for since, _ in truth.indexed[-1:])])
        truth.indexed.append((since, record))


def said(ticket: Ticket, name: str) -> Value:
    value = getattr(ticket, name)
    return str(value) if isinstance(value, ApprovalState | State) else value


def stored_as(name: str, value: Value) -> object:
    kinds = {"approval": ApprovalState, "state": State}
    return kinds[name](str(value)) if name in kinds and value is not None else value


def text(value: Value) -> str:
    return "" if value is None else str(value)
