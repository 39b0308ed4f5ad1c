"""What a connector is: the seam between a source's own words and the normalized model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from itsm_bridge.model import Approval, JournalEntry, NativeSla, Note, Ticket, TicketRecord, Worklog

Bookmark = Mapping[str, str]
"""How far a stream was read, in the connector's own words; stored as it is, and given back."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read: kept out and listed with its reason, until it changes or a full sync reads it."""

    external_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in a record that was survived: ``check`` is a stable short name such as ``unmapped_state``."""

    external_id: str
    check: str
    detail: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of a walk brought. Rows and bookmark are stored in one transaction.

    ``approvals`` are those read on their own, for tickets of other pages. ``expected`` is how many records the whole
    stream holds from the bookmark on, where the source says so (for progress only). ``worklogs`` are by ticket
    (external id), for each one named all that it has: one that is missing there was deleted.
    """

    records: tuple[TicketRecord, ...]
    bookmark: Bookmark
    approvals: tuple[Approval, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    expected: int | None = None
    natives: tuple[NativeSla, ...] = ()
    journal: tuple[JournalEntry, ...] = ()
    worklogs: Mapping[str, tuple[Worklog, ...]] = field(default_factory=dict)


class Absence(StrEnum):
    """Why a ticket that we know cannot be read any more."""

    DELETED = "deleted"
    ARCHIVED = "archived"
    HIDDEN = "hidden"
    MOVED = "moved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Census:
    """One step of a walk over every ticket in scope: immutable id to what tells its versions apart.

    The walk is in a fixed order of the ids, independent of the tickets' changes. ``expected`` is how many the source
    says there are in the stream, where it says so.
    """

    versions: Mapping[str, str]
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many tickets of a stream were created on a day (UTC), as the source counts them."""

    stream: str
    day: date
    tickets: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the service account is, its zone, and the source's clock."""

    account: str
    zone: str
    server_time: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``doctor``: ``verdict`` is ``ok``, ``warning`` or ``failure``; ``fix`` says exactly what to do."""

    name: str
    verdict: str
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """All decided fields of one ticket, to be written at once, and the notes to be left on it.

    ``values`` maps ``impact``, ``urgency``, ``priority``, ``vendor`` or ``approval`` to the bridge's own name of the
    value. ``approvers`` goes with an approval of ``requested``. ``marker`` is unique to the intent.
    """

    ticket: Ticket
    values: Mapping[str, str | int]
    approvers: tuple[str, ...]
    marker: str
    notes: tuple[Note, ...] = ()


class Connector(Protocol):
    """One source. Every method raises only the classes of ``errors``; no message holds a secret or a body."""

    name: str

    def identity(self) -> Identity:
        """Ask the source who we are. Raises ``CredentialsRefused`` where it will not say."""

    def streams(self) -> Sequence[str]:
        """The names of what is read separately, in order, each with a bookmark of its own."""

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:
        """Walk ``stream`` from ``bookmark`` (less an overlap; ``None``: from the start) to its end; no upper bound.

        At least once: a record may come again, none is left out. A bookmark of another scope is not used. While a page
        is out, the requests of the next one may be under way; nothing else is asked of the connector until the end.
        """

    def census(self, stream: str) -> Iterator[Census]:
        """Every ticket of ``stream`` that the account may see, with its version; empty for a stream without tickets.

        Raises ``NeedsPerson`` where a whole project or table answers 403 or 404.
        """

    def fetch_ids(self, stream: str, external_ids: Sequence[str]) -> Page:
        """These tickets by their ids, as ``fetch`` would give them, with an empty bookmark.

        Those not there are left out.
        """

    def absence(self, stream: str, external_id: str) -> Absence | None:
        """Why one ticket that a census missed is not there; ``None`` where it can be read after all."""

    def count_by_day(self, stream: str, since: date) -> Sequence[DayCount]:
        """Tickets of ``stream`` by the day of their creation, from ``since`` on, as the source counts.

        Empty where it cannot.
        """

    def read(self, ticket: Ticket) -> TicketRecord:
        """The ticket as it is now, read by its immutable id, with its history and approvals."""

    def notes(self, ticket: Ticket) -> Collection[str]:
        """The markers of our notes that the ticket bears now, whoever may see them.

        Raises ``WriteRefused`` where the account may not see enough to tell: then no note may be sent.
        """

    def push(self, write: Write) -> None:
        """Write once. Raises ``WriteRefused`` where nothing was written, ``OutcomeUnknown`` where a part may have been.

        What was stored only ``read`` and ``notes`` can tell.
        """

    def doctor(self) -> Sequence[Check]:
        """Connection, identity, configured fields and permissions, one line each; never writes."""
