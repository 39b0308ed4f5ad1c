"""Reading the changelogs of issues on Jira Cloud: in bulk, or issue by issue where a site does not offer that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from itsm_bridge.connectors.answers import PageTooLarge, ReadRefused
from itsm_bridge.connectors.jira.deployment import Histories
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.site import CloudSite, Json
from itsm_bridge.errors import NeedsPerson, SourceUnavailable

MOST_FIELDS = 10
_NOT_OFFERED = frozenset({404, 405, 410})


class Changelogs:
    """Reads the changelogs of one site."""

    def __init__(self, source: str, site: CloudSite) -> None:
        self._source, self._site = source, site
        self._in_bulk = True

    def of(self, ids: Sequence[str], fields: Sequence[str]) -> Histories:
        """The histories of issues, by id; ``fields`` are the ids of the fields that matter."""
        if not ids:
            return {}
        if self._in_bulk:
            try:
                return self._bulk(ids, fields if len(fields) <= MOST_FIELDS else ())
            except ReadRefused as refusal:
                if refusal.status not in _NOT_OFFERED:
                    raise
                self._in_bulk = False
            except PageTooLarge:
                pass  # a few issues with endless texts: one by one they fit
        return {issue: self.one(issue) for issue in ids}

    def one(self, issue: str) -> Sequence[Json]:
        """The histories of one issue, page by page."""
        found: list[Json] = []
        while True:
            page = self._site.changelog(issue, len(found))
            values: list[Json] = page["values"]
            found += values
            total = page.get("total")
            more = len(found) < total if isinstance(total, int) else page.get("isLast") is False
            if not more:
                return found
            if not values:
                raise SourceUnavailable(f"{self._source}: a changelog ended before its end; nothing of it was kept")

    def _bulk(self, ids: Sequence[str], fields: Sequence[str]) -> Histories:
        found: defaultdict[str, list[Json]] = defaultdict(list)
        token: str | None = None
        seen: set[str] = set()
        while True:
            page = self._page(ids, fields, token)
            for log in page["issueChangeLogs"]:
                issue, histories = part(log, "issueId"), log.get("changeHistories")
                if issue not in ids:
                    raise NeedsPerson(f"{self._source}: Jira answered with the changelog of another issue")
                found[issue] += (
                    [one for one in histories if isinstance(one, dict)] if isinstance(histories, list) else []
                )
            token = part(page, "nextPageToken")
            if not token:
                return found
            if token in seen:
                raise repeated(self._source)
            seen.add(token)

    def _page(self, ids: Sequence[str], fields: Sequence[str], token: str | None) -> Json:
        try:
            return self._site.changelogs(ids, fields, token)
        except ReadRefused as refusal:
            raise (not_taken(self._source) if token and refusal.status == 400 else refusal) from None


def not_taken(source: str) -> SourceUnavailable:
    """A walk that took too long: the next run goes on from its last page."""
    return SourceUnavailable(f"{source}: Jira does not take its own page token any more; progress is kept")


def repeated(source: str) -> SourceUnavailable:
    """A walk that goes in circles."""
    return SourceUnavailable(f"{source}: Jira repeats a page token, so that the walk would never end; progress is kept")
