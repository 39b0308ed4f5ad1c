"""What Jira holds, to compare the store with: every id and version, why one is gone, and how many came on a day.

Both walks are by the time of creation, which nothing moves, and with the same guards as every walk. A site answers a
stranger with an empty list and with 404, so that who we are is proved before and after, and each project by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time

from itsm_bridge.config.model import Jira
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Absence, Census, DayCount, Identity
from itsm_bridge.connectors.jira.deployment import Deployment
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.issues import version_of
from itsm_bridge.connectors.jira.reader import STREAM, Reader
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import NeedsPerson

_CLOSED = {
    403: "the account may not see it",
    404: "it is not there, or the account may not see it",
    410: "it is not there any more",
}


class Survey:
    """Counting and looking up in one site."""

    def __init__(self, source: Jira, deployment: Deployment, reader: Reader) -> None:
        self._source, self._deployment, self._reader = source, deployment, reader

    def census(self) -> Iterator[Census]:
        """See ``Connector.census``. The last step comes only after it is proved that the search knew who was asking."""
        now = self._proved().server_time
        held: Census | None = None
        for step in self._deployment.walk("created", None, now):
            if held is not None:
                yield held
            held = Census({one.id: version_of(one.updated) for one in step.found}, step.expected)
        self._proved()
        if held is not None:
            yield held

    def absence(self, external_id: str) -> Absence | None:
        """See ``Connector.absence``.

        Jira says 404 of an issue that was deleted and of one that is hidden alike: nothing tells them apart but its
        administrators' audit log. So that is ``UNKNOWN``; a 403 is ``HIDDEN``, and an issue of a project that is not
        ours ``MOVED``.
        """
        if whole(external_id) is None:
            return Absence.UNKNOWN
        try:
            issue = self._deployment.site.whereabouts(external_id)
        except ReadRefused as refusal:
            if refusal.status not in _CLOSED:
                raise
            return Absence.HIDDEN if refusal.status == 403 else Absence.UNKNOWN
        if part(issue, "id") != external_id:
            raise NeedsPerson(f"{self._source.name}: Jira answered with another issue than was asked for")
        return None if self._reader.is_ours(issue) else Absence.MOVED

    def count_by_day(self, since: date) -> Sequence[DayCount]:
        """See ``Connector.count_by_day``; days of which the search knows no issue are left out.

        They are counted from a walk by creation. Jira Cloud's ``search/approximate-count`` is an estimate by its own
        account, and a day of a query is one of the account's zone, not of UTC.
        """
        start = datetime.combine(since, time(), UTC)
        now = self._proved().server_time
        found = {
            one.id: one.at.date()
            for step in self._deployment.walk("created", min(start, now), now)
            for one in step.found
            if one.at >= start
        }
        self._proved()
        return [DayCount(STREAM, day, tickets) for day, tickets in sorted(Counter(found.values()).items())]

    def _proved(self) -> Identity:
        """Who we are, after every project has been asked for by name."""
        for key in self._source.projects:
            self._require(key)
        return self._reader.identity()

    def _require(self, key: str) -> None:
        nothing = "nothing was concluded about its tickets"
        try:
            project = self._deployment.site.project(key)
        except ReadRefused as refusal:
            if refusal.status not in _CLOSED:
                raise
            why = f"answered {refusal.status}: {_CLOSED[refusal.status]}"
            raise NeedsPerson(f"{self._source.name}: the project {key} {why}; {nothing}") from None
        if part(project, "key") != key:
            raise NeedsPerson(
                f"{self._source.name}: the project {key} is called {part(project, 'key')[:40]!r} by now; {nothing}"
            )
