"""What the store needs to know of a page; ``connectors.base.Page`` fits without being imported.

Store and connectors are neighbours that do not know each other: the seam is this shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from itsm_bridge.model import Approval, JournalEntry, NativeSla, TicketRecord, Worklog


class Unreadable(Protocol):
    """A record that cannot be read, and why."""

    @property
    def external_id(self) -> str:
        """The source's immutable id."""

    @property
    def reason(self) -> str:
        """One line for a person."""


class Odd(Protocol):
    """Something odd in a record, under the stable short name of a check."""

    @property
    def external_id(self) -> str:
        """The source's immutable id."""

    @property
    def check(self) -> str:
        """Which check found it."""

    @property
    def detail(self) -> str:
        """What exactly is odd."""


class PageOfRecords(Protocol):
    """One step of a walk through a stream."""

    @property
    def records(self) -> Sequence[TicketRecord]:
        """Tickets with their history, in the order in which they were read."""

    @property
    def bookmark(self) -> Mapping[str, str]:
        """How far the stream is read with this page."""

    @property
    def approvals(self) -> Sequence[Approval]:
        """Approvals that were read on their own."""

    @property
    def rejected(self) -> Sequence[Unreadable]:
        """What is kept out."""

    @property
    def oddities(self) -> Sequence[Odd]:
        """What was survived."""

    @property
    def natives(self) -> Sequence[NativeSla]:
        """Service levels as the source measures them."""

    @property
    def worklogs(self) -> Mapping[str, Sequence[Worklog]]:
        """All the time booked on each of these tickets, by external id."""

    @property
    def journal(self) -> Sequence[JournalEntry]:
        """What people wrote on tickets."""
