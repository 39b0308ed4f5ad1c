"""Jira Data Center: a search by minutes of our account's zone, changelogs with the issues themselves.

The search takes a bound to the minute and counts places from it, refuses those from the ten thousandth on, and leaves
out what the account may not see after it has counted it. So the bound moves on with what was found, places are counted
only within one minute, and a short page is no end: only the total is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import itsm_bridge.connectors.jira.jql as jql
from itsm_bridge.config.model import Jira
from itsm_bridge.connectors.answers import PageTooLarge, ReadRefused
from itsm_bridge.connectors.jira.deployment import Found, Histories, Order, Step, fields_of, found_in
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.site import DataCenterSite, Json
from itsm_bridge.errors import NeedsPerson, SourceUnavailable

WINDOW = 10_000
MOST_SEARCHED = 1_000
AMBIGUOUS = timedelta(hours=1)


class Bound(NamedTuple):
    """A bound as the search takes it, and the earliest instant that it may be taken for."""

    text: str
    lowest: datetime


class DataCenter:
    """See ``Deployment``."""

    overlap = timedelta(minutes=5)

    def __init__(self, source: Jira, site: DataCenterSite) -> None:
        self.site: DataCenterSite = site
        self._source = source
        self._zone: ZoneInfo | None = None

    def meet(self, info: Json, me: Json) -> None:
        """See ``Deployment.meet``. Our account's zone is the one that the search reads times in."""
        name = self._source.name
        if info.get("deploymentType") == "Cloud":
            raise NeedsPerson(f"{name}: this is Jira Cloud; correct deployment: in bridge.yaml")
        try:
            self._zone = ZoneInfo(part(me, "timeZone"))
        except (ValueError, OSError, LookupError):  # a name that is none, a folder, one that nobody knows
            raise NeedsPerson(
                f"{name}: the zone of our account is not known, so that no time can be asked for"
            ) from None

    def walk(self, order: Order, since: datetime | None, now: datetime, written: Sequence[int] = ()) -> Iterator[Step]:  # noqa: ARG002 - the clock is not needed, and the index knows what was written
        """See ``Deployment.walk``."""
        place = _Place(self._source.name, self._bound(since) if since is not None else None)
        expected: int | None = None
        while True:
            page = self._asked(place, order)
            found = found_in(self._source.name, page["issues"], order, place.bound.lowest if place.bound else None)
            expected = page["total"] if expected is None else expected
            yield Step(place.unseen(found), expected)
            if place.is_end(page["total"], len(found)):
                return
            place.advance(found, self._bound(_surely_reached(found)) if found else None)

    def issues(self, ids: Sequence[str], fields: Sequence[str]) -> list[Json]:
        """See ``Deployment.issues``. One id that is not there spoils the question for all: none are given then."""
        found: list[Json] = []
        while True:
            try:
                page = self.site.search(jql.with_ids(ids), len(found), len(ids), fields, histories=True)
            except ReadRefused as refusal:
                if refusal.status != 400:
                    raise
                return found
            found += page["issues"]
            if not page["issues"] or len(found) >= page["total"]:
                return found

    def histories(self, issues: Sequence[Json], fields: Sequence[str]) -> Histories:  # noqa: ARG002 - they come whole
        """See ``Deployment.histories``."""
        logs = ((part(issue, "id"), self._log(issue)) for issue in issues)
        return {number: log for number, log in logs if log is not None}

    def history(self, issue: Json) -> Sequence[Json] | None:
        """See ``Deployment.history``."""
        return _whole_log(issue)

    def _log(self, issue: Json) -> list[Json] | None:
        """The changelog of an issue, asked for alone where it was cut in a list."""
        whole = _whole_log(issue)
        return whole if whole is not None else _whole_log(self.site.issue(part(issue, "id"), ["updated"]))

    def _bound(self, at: datetime) -> Bound:
        if self._zone is None:
            raise NeedsPerson(f"{self._source.name}: the zone of our account was not asked for")
        return bound_at(at, self._zone)

    def _asked(self, place: _Place, order: Order) -> Json:
        query = jql.since(self._source.projects, order, place.bound.text if place.bound else None)
        while True:
            try:
                page = self.site.search(query, place.start, place.size, fields_of(order))
            except PageTooLarge:
                if place.size == 1:
                    raise
                place.most = place.size // 2
                continue
            if page["startAt"] != place.start or page["total"] < 0 or page["maxResults"] < 1:
                raise SourceUnavailable(f"{self._source.name}: the search answers another page than was asked for")
            place.most = min(place.most, page["maxResults"])
            return page


class _Place:
    """Where a walk stands: the bound, how many places beyond it, and what was seen since."""

    def __init__(self, source: str, bound: Bound | None) -> None:
        self.bound, self.start, self.most = bound, 0, MOST_SEARCHED
        self._source = source
        self._seen: dict[str, datetime] = {}

    @property
    def size(self) -> int:
        """How many may be asked for here."""
        return min(self.most, WINDOW - self.start)

    def unseen(self, found: Sequence[Found]) -> list[Found]:
        """What did not come before as it is now."""
        new = [one for one in found if self._seen.get(one.id) != one.at]
        self._seen |= {one.id: one.at for one in new}
        return new

    def is_end(self, total: int, found: int) -> bool:
        """Whether nothing is left. A short page is no end: what is missing in it may have been hidden or cut off."""
        return self.start + (found or self.size) >= total

    def advance(self, found: Sequence[Found], reached: Bound | None) -> None:
        """Move the bound if that is surely right, else ¾ of a page on, as rows move up when others leave."""
        if reached is not None and (self.bound is None or reached.lowest > self.bound.lowest):
            self.bound, self.start = reached, 0
            self._seen = {number: at for number, at in self._seen.items() if at >= reached.lowest}
            return
        self.start += max(1, (len(found) or self.size) * 3 // 4)
        if self.size <= 0:
            raise NeedsPerson(
                f"{self._source}: more than {WINDOW} issues share one minute, which the search cannot list; "
                "progress is kept"
            )


def _surely_reached(found: Sequence[Found]) -> datetime:
    """How far a page reaches, even where the index sorts a few issues by what they were before their last change."""
    return min(one.at for one in found[-max(1, len(found) // 8) :])


def bound_at(at: datetime, zone: ZoneInfo) -> Bound:
    """The minute of an instant. In the hour that comes twice a minute means either: then an hour is read again."""
    wall = _minute(at, zone)
    if _comes_twice(wall):
        wall = _minute(at - AMBIGUOUS, zone)
    return Bound(wall.strftime("%Y-%m-%d %H:%M"), wall.replace(fold=0).astimezone(UTC))


def _minute(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(second=0, microsecond=0)


def _comes_twice(wall: datetime) -> bool:
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _whole_log(issue: Json) -> list[Json] | None:
    """The changelog that came with an issue, ``None`` where some of it is missing."""
    log = issue.get("changelog")
    histories = log.get("histories") if isinstance(log, Mapping) else None
    if not isinstance(log, Mapping) or not isinstance(histories, list):
        return None
    total = log.get("total")
    if isinstance(total, int) and total > len(histories):
        return None
    return [one for one in histories if isinstance(one, dict)]
