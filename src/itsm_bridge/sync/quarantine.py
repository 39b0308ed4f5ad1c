"""Records that could not be read are tried again in every pull, a bounded number of them, the longest untried first."""

from __future__ import annotations

from collections import defaultdict

from itsm_bridge.sync.course import Course

MOST = 200
"""Records that one pull tries again."""


def try_again(course: Course) -> None:
    """Ask for quarantined records by their ids: one that can be read is released, any other counts one more attempt."""
    untried = [row for row in course.store.quarantine() if row.source == course.source and row.last_seen < course.now]
    untried.sort(key=lambda row: (row.last_seen, row.external_id))
    streams = course.connector.streams()
    stream_of = course.store.stream_of(course.source) if untried else {}
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for row in untried[:MOST]:
        known = stream_of.get(row.external_id)
        for stream in streams if known is None else [known]:  # a store of an older version does not know the stream
            wanted[stream].append(row.external_id)
    for stream in streams:
        course.fetch(stream, wanted[stream])
