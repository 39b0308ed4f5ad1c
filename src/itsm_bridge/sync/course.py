"""One pull under way: where it reads from, where it stores, when it must stop, and what it has brought so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from itsm_bridge.connectors.base import Connector, Page
from itsm_bridge.errors import BridgeError, SourceUnavailable
from itsm_bridge.events import emit
from itsm_bridge.store import Saved, Store

BATCH = 100
"""Tickets that are asked for by their ids at once."""

Watch = Callable[[str, str, int, int | None], None]
"""Told after each page: source, stream, records so far, records expected (``None`` where the source does not say)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull brought. ``problem`` is why it ended early; without one, every stream was read to its end.

    ``gone`` counts the tickets that the sweep of this pull gave up; ``swept`` says whether there was one.
    """

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    history_entries: int = 0
    quarantined: int = 0
    gone: int = 0
    swept: bool = False
    problem: BridgeError | None = None


@dataclass(slots=True)
class Course:
    """One pull. ``now`` stamps what is stored; ``expired`` is asked between two requests."""

    store: Store
    connector: Connector
    now: datetime
    watch: Watch
    expired: Callable[[], bool]
    pulled: Pulled

    @property
    def source(self) -> str:
        """The name of the source."""
        return self.connector.name

    def keep_time(self) -> None:
        """Raise ``SourceUnavailable`` once the time of this run is used up."""
        if self.expired():
            raise SourceUnavailable(f"{self.source}: the time of this run is used up; progress is kept")

    def store_page(self, stream: str, page: Page) -> None:
        """Store one page of a walk with its bookmark, and count it."""
        self._count(stream, page, self.store.save_page(self.source, stream, page, self.now))

    def fetch(self, stream: str, external_ids: Sequence[str]) -> None:
        """Read tickets by their ids and store them, a batch at a time; bookmarks stay as they are."""
        for start in range(0, len(external_ids), BATCH):
            self.keep_time()
            page = self.connector.fetch_ids(stream, external_ids[start : start + BATCH])
            self._count(stream, page, self.store.save_found(self.source, stream, page, self.now))

    def _count(self, stream: str, page: Page, saved: Saved) -> None:
        emit(
            "page.stored",
            source=self.source,
            stream=stream,
            read=len(page.records),
            changed=saved.new + saved.changed,
            quarantined=len(page.rejected),
        )
        for one in page.rejected:
            emit("ticket.quarantined", ticket=f"{self.source}:{one.external_id}", stream=stream)
        so_far = self.pulled
        self.pulled = replace(
            so_far,
            read=so_far.read + len(page.records),
            new=so_far.new + saved.new,
            changed=so_far.changed + saved.changed,
            history_entries=so_far.history_entries + saved.history_entries,
            quarantined=so_far.quarantined + len(page.rejected),
        )
