"""Worklogs: the time that people booked on an issue. The first of them come with it, a longer list is asked for.

Whoever books, changes or deletes a worklog changes the issue, so that each time it is read all of its worklogs are,
and what is missing among them was deleted. There is no stream of them to read beside, nor a place in it to keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Oddity
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.instants import instant
from itsm_bridge.connectors.jira.site import Json, Site
from itsm_bridge.connectors.jira.values import People
from itsm_bridge.errors import SourceUnavailable
from itsm_bridge.model import Worklog

FIELD = "worklog"
"""The field of an issue that holds its first worklogs."""

LONGEST = 10 * 366 * 86_400
"""Seconds in one worklog; more is no time that anybody worked."""


class Worklogs:
    """The worklogs of one site."""

    def __init__(self, source: str, site: Site, people: People) -> None:
        self._source, self._site, self._people = source, site, people

    def of(self, issue: Json, oddities: list[Oddity]) -> tuple[Worklog, ...] | None:
        """All that is booked on an issue; ``None`` where Jira does not say, as with time tracking switched off."""
        number, listed = part(issue, "id"), self._listed(issue)
        if listed is None:
            return None
        found: dict[str, Worklog] = {}
        for one in listed:
            try:
                worklog = self._worklog(number, one)
            except ValueError as error:
                oddities.append(Oddity(number, "bad_worklog", f"worklog {part(one, 'id')[:20]} {error}"))
            else:
                found[worklog.worklog_id] = worklog
        return tuple(found.values())

    def _listed(self, issue: Json) -> Sequence[object] | None:
        content = issue.get("fields")
        page = content.get(FIELD) if isinstance(content, Mapping) else None
        some = page.get("worklogs") if isinstance(page, Mapping) else None
        if not isinstance(page, Mapping) or not isinstance(some, list):
            return None
        total = page.get("total")
        return some if isinstance(total, int) and total <= len(some) else self._all(part(issue, "id"))

    def _all(self, issue: str) -> Sequence[object] | None:
        """The whole list, page by page: never a part of it, since what is missing would count as deleted."""
        found: list[object] = []
        while True:
            try:
                page = self._site.worklogs(issue, len(found))
            except ReadRefused as refusal:
                if refusal.status != 404:
                    raise
                return None
            found += page["worklogs"]
            total = page.get("total")
            if len(found) >= total if isinstance(total, int) else not page["worklogs"]:
                return found
            if not page["worklogs"]:
                raise SourceUnavailable(
                    f"{self._source}: a list of worklogs ended before its end; nothing of it was kept"
                )

    def _worklog(self, issue: str, one: object) -> Worklog:
        """One worklog. Raises ``ValueError`` for what cannot be read."""
        content: Json = one if isinstance(one, dict) else {}
        number, seconds = part(content, "id"), content.get("timeSpentSeconds")
        started = instant(content.get("started"))
        updated = instant(content.get("updated")) or instant(content.get("created")) or started
        if not number or started is None or updated is None:
            raise ValueError("has no id or no time")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST:
            raise ValueError("has no readable length")
        author = self._people.name(content.get("author"))
        return Worklog(self._source, issue, number, author, started, seconds, updated)
