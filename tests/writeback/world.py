"""A source in memory: tickets with their history, people who edit them, and faults that can be ordered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from itsm_bridge.connectors.base import Bookmark, Check, Identity, Page, Write
from itsm_bridge.errors import BridgeError, RecordRejected
from itsm_bridge.model import ApprovalState, HistoryEntry, State, Ticket, TicketRecord, TicketType

CREATED = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 1, 35, tzinfo=UTC)
BRIDGE = "bridge@egov.example"

Hook = Callable[[Write], None]


def a_ticket(number: str = "INC0000001", **given: object) -> Ticket:
    """An open incident of Punjab, as it was created: nobody's, and of the lowest priority."""
    fields: dict[str, object] = {
        "source": "snow",
        "external_id": f"id-{number}",
        "number": number,
        "type": TicketType.INCIDENT,
        "project": "incident",
        "state": State.NEW,
        "created_at": CREATED,
        "updated_at": CREATED,
        "version": "0",
        "summary": "The ledger is slow",
        "environment": "punjab",
        "service": ("erp",),
        "group": "eGov Service Desk",
        "impact": 3,
        "urgency": 3,
        "priority": 5,
    }
    return Ticket(**(fields | given))  # type: ignore[arg-type]  # the fields of the class, by name


@dataclass
class World:
    """One source. ``deaf`` fields are accepted and not stored; hooks run before and after a write is applied."""

    name: str = "snow"
    records: dict[str, TicketRecord] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)
    before: Hook = lambda _: None
    after: Hook = lambda _: None
    down: BridgeError | None = None
    now: datetime = NOW

    def put(self, *tickets: Ticket) -> None:
        for ticket in tickets:
            self.records[ticket.external_id] = TicketRecord(ticket)

    def edit(self, external_id: str, actor: str, **values: str | int) -> None:
        """What a save does: the values, their history, a new version."""
        self.now += timedelta(seconds=1)
        record = self.records[external_id]
        entries = tuple(
            HistoryEntry(
                source=self.name,
                external_id=external_id,
                entry_id=f"{external_id}-{len(record.history) + place}",
                at=self.now,
                field=name,
                old=_text(getattr(record.ticket, name)),
                new=_text(value),
                actor=actor,
            )
            for place, (name, value) in enumerate(values.items())
        )
        stored = {name: ApprovalState(str(value)) if name == "approval" else value for name, value in values.items()}
        version = str(int(record.ticket.version) + 1)
        ticket = replace(record.ticket, updated_at=self.now, version=version, **stored)  # type: ignore[arg-type]
        self.records[external_id] = replace(record, ticket=ticket, history=record.history + entries)

    # --- the Connector protocol

    def identity(self) -> Identity:
        return Identity(BRIDGE, "UTC", self.now)

    def streams(self) -> Sequence[str]:
        return ("tickets",)

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:  # noqa: ARG002 - the protocol
        if self.down is not None:
            raise self.down
        yield Page(tuple(self.records.values()), {"at": self.now.isoformat(), "stream": stream})

    def read(self, ticket: Ticket) -> TicketRecord:
        if self.down is not None:
            raise self.down
        if ticket.external_id not in self.records:
            raise RecordRejected(f"{ticket.id} is gone or hidden")
        return self.records[ticket.external_id]

    def push(self, write: Write) -> None:
        self.before(write)
        self.writes.append(write)
        stored = {name: value for name, value in write.values.items() if name not in self.deaf}
        if stored:
            self.edit(write.ticket.external_id, BRIDGE, **stored)
        self.after(write)

    def doctor(self) -> Sequence[Check]:
        return ()


def _text(value: object) -> str:
    return "" if value is None else str(value)
