"""What a connector is: the seam between a source's own words and the normalized model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from itsm_bridge.model import Approval, Ticket, TicketRecord

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
    stream holds from the bookmark on, where the source says so (for progress only).
    """

    records: tuple[TicketRecord, ...]
    bookmark: Bookmark
    approvals: tuple[Approval, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    expected: int | None = None


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
    """All decided fields of one ticket, to be written at once.

    ``values`` maps ``impact``, ``urgency``, ``priority``, ``vendor`` or ``approval`` to the bridge's own name of the
    value. ``approvers`` goes with an approval of ``requested``. ``marker`` is unique to the intent.
    """

    ticket: Ticket
    values: Mapping[str, str | int]
    approvers: tuple[str, ...]
    marker: str


class Connector(Protocol):
    """One source. Every method raises only the classes of ``errors``; no message holds a secret or a body."""

    name: str

    def identity(self) -> Identity:
        """Ask the source who we are. Raises ``CredentialsRefused`` where it will not say."""

    def streams(self) -> Sequence[str]:
        """The names of what is read separately, in order, each with a bookmark of its own."""

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:
        """Walk ``stream`` from ``bookmark`` (less an overlap; ``None``: from the start) to its end; no upper bound.

        At least once: a record may come again, none is left out. A bookmark of another scope is not used.
        """

    def read(self, ticket: Ticket) -> TicketRecord:
        """The ticket as it is now, read by its immutable id, with its history and approvals."""

    def push(self, write: Write) -> None:
        """Write once. Raises ``WriteRefused`` or ``OutcomeUnknown``; what was stored only ``read`` can tell."""

    def doctor(self) -> Sequence[Check]:
        """Connection, identity, configured fields and permissions, one line each; never writes."""
