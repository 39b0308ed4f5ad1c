"""A pull, step by step: read the streams, try the quarantined again, sweep when it is due, and compare the counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from itsm_bridge.config.model import Limits
from itsm_bridge.connectors.base import Connector
from itsm_bridge.errors import BridgeError, StorageFailed
from itsm_bridge.store import Store
from itsm_bridge.sync.completeness import compare, differences
from itsm_bridge.sync.course import Course, Pulled, Watch
from itsm_bridge.sync.quarantine import try_again
from itsm_bridge.sync.sweep import is_due, sweep


def pull(
    store: Store,
    connector: Connector,
    now: datetime,
    *,
    zone: ZoneInfo,
    limits: Limits,
    full: bool = False,
    watch: Watch = lambda *_: None,
    expired: Callable[[], bool] = lambda: False,
) -> Pulled:
    """Read what changed in one source, or with ``full`` everything, into ``store``.

    ``now`` stamps what is stored; the bookmarks hold the source's own time. With ``full``, and in the first pull of a
    day of ``zone``, a sweep looks for tickets that vanished. ``expired`` is asked between two requests: once it says
    yes the pull ends, with its progress kept. A source that is to be read from its start (``rereads``) has no bookmarks
    any more and is swept, in this pull or in the next one that gets to its end. A problem of the source is returned;
    one of the store is raised, since nobody can go on without a store.
    """
    course = Course(store, connector, now, watch, expired, Pulled(connector.name))
    if full:
        store.forget_bookmarks(connector.name)
    whole = full or connector.name in store.rereads()
    try:
        connector.identity()
        _read_streams(course)
        try_again(course)
        if whole or is_due(course, zone):
            sweep(course, limits)
        _prove_complete(course, limits)
    except StorageFailed:
        raise
    except BridgeError as problem:
        return replace(course.pulled, problem=problem)
    store.mark_synced(connector.name, now)
    return course.pulled


def _read_streams(course: Course) -> None:
    for stream in course.connector.streams():
        done = 0
        for page in course.connector.fetch(stream, course.store.bookmark(course.source, stream)):
            course.store_page(stream, page)
            done += len(page.records) + len(page.approvals)
            course.watch(course.source, stream, done, page.expected)
            course.keep_time()


def _prove_complete(course: Course, limits: Limits) -> None:
    """Compare the counts; a difference that is new is looked into by a sweep at once, and compared again."""
    before = differences(course)
    compare(course)
    after = differences(course)
    if after and after != before and not course.pulled.swept:
        sweep(course, limits)
        compare(course)
