"""What a pull is: every stream of one source, page by page, rows and bookmark together, into the store.

At least once: a page may come again, none is left out, and a run that dies anywhere goes on from the last bookmark.
A source that is busy or unreachable ends its own pull and nobody else's; what was stored stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from itsm_bridge.connectors.base import Connector, Page
from itsm_bridge.errors import BridgeError, SourceUnavailable, StorageFailed
from itsm_bridge.store import Store

Watch = Callable[[str, str, int, int | None], None]
"""Told after each page: source, stream, records so far, records expected (``None`` where the source does not say)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull brought. ``problem`` is why it ended early; without one, every stream was read to its end."""

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    history_entries: int = 0
    quarantined: int = 0
    problem: BridgeError | None = None


def pull(
    store: Store,
    connector: Connector,
    now: datetime,
    *,
    full: bool = False,
    watch: Watch = lambda *_: None,
    expired: Callable[[], bool] = lambda: False,
) -> Pulled:
    """Read what changed in one source, or with ``full`` everything, into ``store``.

    ``now`` stamps what is stored; the bookmarks hold the source's own time. ``expired`` is asked after each page: once
    it says yes the pull ends, with its progress kept. A problem of the source is returned; one of the store is raised,
    since nobody can go on without a store.
    """
    if full:
        store.forget_bookmarks(connector.name)
    pulled = Pulled(connector.name)
    try:
        connector.identity()
        for stream in connector.streams():
            done = 0
            for page in connector.fetch(stream, store.bookmark(connector.name, stream)):
                pulled = _stored(store, stream, page, now, pulled)
                done += len(page.records) + len(page.approvals)
                watch(connector.name, stream, done, page.expected)
                if expired():
                    raise SourceUnavailable(f"{connector.name}: the time of this run is used up; progress is kept")
    except StorageFailed:
        raise
    except BridgeError as problem:
        return replace(pulled, problem=problem)
    store.mark_synced(connector.name, now)
    return pulled


def _stored(store: Store, stream: str, page: Page, now: datetime, pulled: Pulled) -> Pulled:
    """Store one page with its bookmark, and count it."""
    saved = store.save_page(pulled.source, stream, page, now)
    return replace(
        pulled,
        read=pulled.read + len(page.records),
        new=pulled.new + saved.new,
        changed=pulled.changed + saved.changed,
        history_entries=pulled.history_entries + saved.history_entries,
        quarantined=pulled.quarantined + len(page.rejected),
    )
