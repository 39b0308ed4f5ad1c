"""What a piece of a walk through Jira brought, in the making."""

from __future__ import annotations

from dataclasses import dataclass, field

from itsm_bridge.connectors.base import Bookmark, Oddity, Page, Rejected
from itsm_bridge.model import NativeSla, TicketRecord, Worklog


@dataclass(slots=True)
class Brought:
    """The tickets, and all that is told of them beside."""

    records: list[TicketRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)
    natives: list[NativeSla] = field(default_factory=list)
    worklogs: dict[str, tuple[Worklog, ...]] = field(default_factory=dict)

    def page(self, place: Bookmark) -> Page:
        """The same as one page."""
        return Page(
            tuple(self.records),
            place,
            rejected=tuple(self.rejected),
            oddities=tuple(self.oddities),
            natives=tuple(self.natives),
            worklogs=self.worklogs,
        )
