"""A source in memory: tickets with their history, people who edit them, and faults that can be ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from itsm_bridge.connectors.base import (
    Absence,
    Bookmark,
    Census,
    Check,
    DayCount,
    Identity,
    Page,
    Rejected,
    Write,
)
from itsm_bridge.errors import BridgeError, RecordRejected, WriteRefused
from itsm_bridge.model import ApprovalState, HistoryEntry, NativeSla, Note, State, Ticket, TicketRecord, TicketType

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
    """One source. ``deaf`` fields are accepted and not stored; hooks run before and after a write is applied.

    ``unread`` tickets are there and no stream of changes shows them; ``broken`` ones cannot be read; ``absent`` says
    why a ticket that was taken away is not there. ``asked`` counts what was asked for. ``board`` are the notes of each
    ticket; a source that ``forgets_notes`` takes them and shows none, one that ``hides_notes`` does not let us look.
    """

    name: str = "snow"
    records: dict[str, TicketRecord] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)
    before: Hook = lambda _: None
    after: Hook = lambda _: None
    down: BridgeError | None = None
    now: datetime = NOW
    unread: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    absent: dict[str, Absence] = field(default_factory=dict)
    natives: tuple[NativeSla, ...] = ()
    can_count: bool = True
    asked: Counter[str] = field(default_factory=Counter)
    during: Callable[[], object] = lambda: None
    board: dict[str, list[Note]] = field(default_factory=dict)
    forgets_notes: bool = False
    hides_notes: bool = False

    def take_away(self, external_id: str, reason: Absence) -> None:
        del self.records[external_id]
        self.absent[external_id] = reason

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
        self.records[external_id] = replace(record, ticket=ticket, history=(*record.history, *entries))

    # --- the Connector protocol

    def identity(self) -> Identity:
        return Identity(BRIDGE, "UTC", self.now)

    def streams(self) -> Sequence[str]:
        return ("tickets",)

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:  # noqa: ARG002 - the protocol
        if self.down is not None:
            raise self.down
        self.asked["fetch"] += 1
        self.during()
        yield self._page([one for one in self.records if one not in self.unread], {"at": self.now.isoformat()})

    def census(self, stream: str) -> Iterator[Census]:  # noqa: ARG002 - the protocol
        self.asked["census"] += 1
        ids = sorted(self.records)
        for start in range(0, len(ids), 10):
            step = ids[start : start + 10]
            yield Census({one: self.records[one].ticket.version for one in step}, len(ids))

    def fetch_ids(self, stream: str, external_ids: Sequence[str]) -> Page:  # noqa: ARG002 - the protocol
        self.asked["fetch_ids"] += len(external_ids)
        return self._page([one for one in external_ids if one in self.records], {})

    def absence(self, stream: str, external_id: str) -> Absence | None:  # noqa: ARG002 - the protocol
        self.asked["absence"] += 1
        return None if external_id in self.records else self.absent.get(external_id, Absence.DELETED)

    def count_by_day(self, stream: str, since: date) -> Sequence[DayCount]:
        self.asked["count_by_day"] += 1
        days = Counter(record.ticket.created_at.date() for record in self.records.values())
        return [DayCount(stream, day, count) for day, count in days.items() if day >= since] if self.can_count else []

    def _page(self, ids: Sequence[str], bookmark: Bookmark) -> Page:
        return Page(
            tuple(self.records[one] for one in ids if one not in self.broken),
            bookmark,
            rejected=tuple(Rejected(one, "no date of creation") for one in ids if one in self.broken),
            natives=tuple(native for native in self.natives if native.external_id in ids),
        )

    def read(self, ticket: Ticket) -> TicketRecord:
        if self.down is not None:
            raise self.down
        if ticket.external_id in self.absent or ticket.external_id not in self.records:
            raise RecordRejected(f"{ticket.id} is not there any more")
        return self.records[ticket.external_id]

    def notes(self, ticket: Ticket) -> Collection[str]:
        self.asked["notes"] += 1
        if self.hides_notes:
            raise WriteRefused(f"{ticket.id}: its notes cannot be seen")
        return {note.marker for note in self.board.get(ticket.external_id, ())}

    def push(self, write: Write) -> None:
        self.before(write)
        self.writes.append(write)
        stored = {name: value for name, value in write.values.items() if name not in self.deaf}
        if stored or write.notes:
            self.edit(write.ticket.external_id, BRIDGE, **stored)
        if not self.forgets_notes:
            self.board.setdefault(write.ticket.external_id, []).extend(write.notes)
        self.after(write)

    def doctor(self) -> Sequence[Check]:
        return ()


def _text(value: object) -> str:
    return "" if value is None else str(value)
