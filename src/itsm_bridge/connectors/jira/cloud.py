"""Jira Cloud: ids by tokens from an index that lags, details and changelogs in bulk by id."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import itsm_bridge.connectors.jira.jql as jql
from itsm_bridge.config.model import Jira
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.jira.changelog import Changelogs, not_taken, repeated
from itsm_bridge.connectors.jira.deployment import Histories, Order, Step, fields_of, found_in
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.site import CloudSite, Json
from itsm_bridge.errors import BridgeError, NeedsPerson, SourceUnavailable

MOST_SEARCHED = 5_000
MOST_EMPTY_PAGES = 50
MINUTE = timedelta(minutes=1)


class Cloud:
    """See ``Deployment``."""

    overlap = timedelta(minutes=15)

    def __init__(self, source: Jira, site: CloudSite) -> None:
        self.site: CloudSite = site
        self._source = source
        self._changelogs = Changelogs(source.name, site)
        self._counts = True

    def meet(self, info: Json, me: Json) -> None:  # noqa: ARG002 - bounds are relative, so that our zone is no matter
        """See ``Deployment.meet``."""
        if info.get("deploymentType") != "Cloud":
            raise NeedsPerson(f"{self._source.name}: this is not Jira Cloud; correct deployment: in bridge.yaml")

    def walk(self, order: Order, since: datetime | None, now: datetime, written: Sequence[int] = ()) -> Iterator[Step]:
        """See ``Deployment.walk``. The end is where Jira says so and gives no further token."""
        minutes = None if since is None else math.ceil((now - since) / MINUTE) + 1
        query = jql.within(self._source.projects, order, minutes)
        oldest = now - (minutes + 1) * MINUTE if minutes is not None else None
        token, tokens, empty = "", set[str](), 0
        expected: int | None = None
        while True:
            page = self._asked(query, token, written, order)
            token = part(page, "nextPageToken")
            if token and not tokens:
                expected = self._estimate(query)
            yield Step(found_in(self._source.name, page["issues"], order, oldest, written), expected)
            empty = 0 if page["issues"] else empty + 1
            if not token:
                self._require_end(page)
                return
            if token in tokens or empty > MOST_EMPTY_PAGES:
                raise repeated(self._source.name)
            tokens.add(token)

    def issues(self, ids: Sequence[str], fields: Sequence[str]) -> list[Json]:
        """See ``Deployment.issues``."""
        found: list[Json] = self.site.issues(ids, fields)["issues"]
        return found

    def histories(self, issues: Sequence[Json], fields: Sequence[str]) -> Histories:
        """See ``Deployment.histories``."""
        ids = [part(issue, "id") for issue in issues]
        found = self._changelogs.of(ids, fields)
        return {issue: found.get(issue, ()) for issue in ids}

    def history(self, issue: Json) -> Sequence[Json]:
        """See ``Deployment.history``."""
        return self._changelogs.one(part(issue, "id"))

    def _estimate(self, query: str) -> int | None:
        """About how many issues a walk of several pages will bring: nobody else's matter if Jira will not say."""
        if not self._counts:
            return None
        try:
            return self.site.count(jql.unordered(query))
        except BridgeError:
            self._counts = False
            return None

    def _asked(self, query: str, token: str, written: Sequence[int], order: Order) -> Json:
        """One page of the search. A token that Jira no longer takes ends the walk; the next run goes on from here."""
        try:
            page = self.site.search(query, token, written, fields_of(order), MOST_SEARCHED)
        except ReadRefused as refusal:
            raise (not_taken(self._source.name) if token and refusal.status == 400 else refusal) from None
        if page.get("warnings") or page.get("warningMessages"):
            raise NeedsPerson(f"{self._source.name}: the search warns that its answer is not what was asked for")
        return page

    def _require_end(self, page: Json) -> None:
        if page.get("isLast") is not True:
            raise SourceUnavailable(
                f"{self._source.name}: the search broke off: a page without a token that is not the last"
            )
