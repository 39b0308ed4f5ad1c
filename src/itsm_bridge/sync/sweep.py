"""The sweep: what no stream of changes can show, since a ticket that is deleted or hidden does not change.

Every id in scope is walked with its version. What differs is read again, and so is a ticket with a name that could not
be looked up, which no version tells. A known ticket that the walk missed is asked for by itself, and given up only with
a reason. Where too many are missing at once nothing is given up at all: then it is a permission, not a thousand
deletions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from itsm_bridge.config.model import Limits
from itsm_bridge.connectors.base import Absence
from itsm_bridge.errors import GuardTripped
from itsm_bridge.events import emit
from itsm_bridge.store import SweepRow
from itsm_bridge.sync.course import Course

SMALL_ENOUGH = 20
"""Missing tickets up to which the percentage does not count."""

FINAL = frozenset({Absence.DELETED, Absence.MOVED, Absence.ARCHIVED})
"""Reasons for which a ticket is gone at once."""

PATIENCE = 2
"""Sweeps in a row that must miss a ticket before it is gone for any other reason."""

NAMELESS = "unresolved_reference"
"""The oddity of a ticket that names a record which could not be seen."""

MOST_NAMELESS = 500
"""Tickets that one sweep reads again for such a name."""


@dataclass(slots=True)
class _Walk:
    """What a walk over all ids found: the stream of each id, and by stream what must be read again."""

    stream_of: dict[str, str] = field(default_factory=dict)
    stale: dict[str, list[str]] = field(default_factory=dict)


def is_due(course: Course, zone: ZoneInfo) -> bool:
    """Whether the source has not been swept yet on this day of ``zone``, or the last sweep stopped it."""
    last = course.store.sweeps().get(course.source)
    if course.source in course.store.stops():
        return True
    return last is None or last.swept_at.astimezone(zone).date() != course.now.astimezone(zone).date()


def sweep(course: Course, limits: Limits) -> None:
    """Walk every id of the source, read what differs, and give up what is gone.

    Raises ``GuardTripped`` where more known tickets are missing than ``limits`` allow; then none is given up.
    """
    known = course.store.versions(course.source)
    remembered = course.store.stream_of(course.source)
    quarantined = {row.external_id for row in course.store.quarantine() if row.source == course.source}
    walk = _walk(course, _without(known, _nameless(course)), quarantined)
    for stream, external_ids in walk.stale.items():
        course.fetch(stream, external_ids)
    missing = sorted(known.keys() - walk.stream_of.keys())
    _guard(course, len(missing), len(known), limits)
    reasons = _ask(course, missing, remembered)
    _release(course, quarantined - walk.stream_of.keys() - known.keys(), remembered)
    fetched = sum(len(external_ids) for external_ids in walk.stale.values())
    row = SweepRow(course.source, course.now, seen=len(walk.stream_of), fetched=fetched, missed=len(reasons))
    moved = {one: stream for one, stream in walk.stream_of.items() if one in known and remembered.get(one) != stream}
    gone = course.store.note_sweep(row, reasons, final=FINAL, patience=PATIENCE, streams=moved)
    for one in gone:
        emit("ticket.gone", ticket=f"{course.source}:{one}", reason=reasons[one])
    course.pulled = replace(course.pulled, gone=course.pulled.gone + len(gone), swept=True)


def _nameless(course: Course) -> Collection[str]:
    """Tickets whose names were not all there when last read: the longest unread first, as many as may be."""
    rows = [row for row in course.store.oddities() if (row.source, row.check) == (course.source, NAMELESS)]
    rows.sort(key=lambda row: (row.last_seen, row.external_id))
    return {row.external_id for row in rows[:MOST_NAMELESS]}


def _without(known: Mapping[str, str], doubtful: Collection[str]) -> Mapping[str, str]:
    return {external_id: version for external_id, version in known.items() if external_id not in doubtful}


def _walk(course: Course, known: Mapping[str, str], quarantined: Collection[str]) -> _Walk:
    walk = _Walk()
    for stream in course.connector.streams():
        seen = 0
        for step in course.connector.census(stream):
            for external_id, version in step.versions.items():
                walk.stream_of[external_id] = stream
                if external_id not in quarantined and known.get(external_id) != version:
                    walk.stale.setdefault(stream, []).append(external_id)
            seen += len(step.versions)
            course.watch(course.source, f"sweep of {stream}", seen, step.expected)
            course.keep_time()
    return walk


def stop(source: str, why: str) -> GuardTripped:
    """What is said of a source as long as it is stopped."""
    return GuardTripped(
        why,
        hint="itsm-bridge doctor; if they are gone for good, raise limits.max_vanish_percent for one "
        f"itsm-bridge sync --full --source {source}",
    )


def _guard(course: Course, missing: int, known: int, limits: Limits) -> None:
    """Stop the source where too many are missing, and keep that: it stays so until a whole sweep has passed."""
    if missing <= SMALL_ENOUGH or missing * 100 <= limits.max_vanish_percent * known:
        return
    why = (
        f"{course.source}: {missing} of {known} known tickets cannot be seen any more, limit max_vanish_percent "
        f"{limits.max_vanish_percent:g} %; none was dropped, and nothing was decided or written there"
    )
    course.store.note_stop(course.source, why, course.now)
    raise stop(course.source, why)


def _ask(course: Course, missing: Collection[str], remembered: Mapping[str, str]) -> dict[str, str]:
    """Why each missing ticket is not there; what can be read after all is read."""
    reasons: dict[str, str] = {}
    for external_id in missing:
        course.keep_time()
        stream = remembered.get(external_id) or _stream_by_project(course, external_id)
        reason = course.connector.absence(stream, external_id)
        if reason is None:
            course.fetch(stream, [external_id])
        else:
            reasons[external_id] = reason.value
    return reasons


def _stream_by_project(course: Course, external_id: str) -> str:
    """The stream of a ticket that an older version of this program stored: a table's name, else the first."""
    streams = course.connector.streams()
    ticket = course.store.ticket(course.source, external_id)
    return ticket.project if ticket is not None and ticket.project in streams else streams[0]


def _release(course: Course, unseen: Collection[str], remembered: Mapping[str, str]) -> None:
    """Forget quarantined records that never were tickets here and that the source has no more."""
    lost = []
    for external_id in sorted(unseen):
        course.keep_time()
        stream = remembered.get(external_id)
        if stream is not None and course.connector.absence(stream, external_id) in FINAL:
            lost.append(external_id)
    course.store.release(course.source, lost)
