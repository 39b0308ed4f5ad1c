"""Reading Jira Cloud: ids walked from a bookmark by JQL, then details and changelogs by id; and one issue read anew.

The search index lags behind by seconds to minutes and answers a stranger with an empty list. So the last quarter of an
hour is read again, what we wrote ourselves is named to the search, and who we are is proved before a walk and after it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from itsm_bridge.config.model import Jira, Vendor
from itsm_bridge.connectors.answers import PageTooLarge, PageTooSlow, ReadRefused
from itsm_bridge.connectors.base import Bookmark, Identity, Oddity, Page, Rejected
from itsm_bridge.connectors.jira import jql
from itsm_bridge.connectors.jira.changelog import Changelogs, repeated
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.fields import SYSTEM, Field, resolve
from itsm_bridge.connectors.jira.histories import History
from itsm_bridge.connectors.jira.instants import instant
from itsm_bridge.connectors.jira.issues import Reading
from itsm_bridge.connectors.jira.site import MOST_ISSUES, Json, Site
from itsm_bridge.connectors.jira.values import People, Values
from itsm_bridge.connectors.oddities import odd_about
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import NeedsPerson, RecordRejected, SourceUnavailable
from itsm_bridge.model import Ticket, TicketRecord

STREAM = "issues"
OVERLAP = timedelta(minutes=15)
MOST_RECONCILED = 50
MOST_EMPTY_PAGES = 50

Found = tuple[str, datetime]
"""An issue's id and its ``updated`` in the index."""


class Reader:
    """All reading of one site. It remembers names and fields, not issues."""

    def __init__(self, source: Jira, vendors: Mapping[str, Vendor], site: Site) -> None:
        self._source, self._site = source, site
        self._people = People()
        self._values = Values(source, vendors, site.statuses)
        self._changelogs = Changelogs(source.name, site)
        self._digest = _digest(source, vendors)
        self._fields: tuple[Field, ...] = ()
        self._field_names: dict[str, str] = {}
        self._written: deque[int] = deque(maxlen=MOST_RECONCILED)

    def identity(self) -> Identity:
        """See ``Connector.identity``."""
        info, me = self._site.server_info(), self._site.myself()
        if info.get("deploymentType") != "Cloud":
            raise NeedsPerson(f"{self._source.name}: this is not Jira Cloud; correct deployment: in bridge.yaml")
        return Identity(self._people.is_us(me), part(me, "timeZone") or "UTC", self._now(info))

    def wrote(self, issue: str) -> None:
        """Note that an issue was just written, which the index may not know yet."""
        self._written.append(int(issue))

    def fields(self) -> tuple[Field, ...]:
        """The configured fields with their ids; asked for once."""
        if not self._fields:
            known = self._site.fields()
            self._fields = resolve(self._source, known)
            self._field_names = {part(one, "name").casefold(): part(one, "id") for one in known}
        return self._fields

    def fetch(self, bookmark: Bookmark | None) -> Iterator[Page]:
        """See ``Connector.fetch``. The last page comes only after it is proved that the search knew who was asking."""
        now = self.identity().server_time
        start = self._start(bookmark)
        place: Bookmark = {"at": _text(start) if start else "", "scope": self._digest}
        newest = start
        held: Page | None = None
        for some in self._pieces(start, now):
            if held is not None:
                yield held
            place = {**place, "at": _later(place["at"], min(at for _, at in some))}
            newest = max([*(at for _, at in some), *([newest] if newest else [])])
            held = self._page([issue for issue, _ in some], place)
        self.identity()
        if held is not None and newest is not None:
            yield _with_bookmark(held, {**place, "at": _later(place["at"], min(newest, now))})

    def read(self, ticket: Ticket) -> TicketRecord:
        """See ``Connector.read``. Raises ``RecordRejected`` where the issue is gone or hidden."""
        issue = self._issue(ticket)
        if part(issue, "id") != ticket.external_id:
            raise NeedsPerson(f"{ticket.id}: Jira answered with another issue; nothing was written")
        try:
            return self._record(issue, self._changelogs.one(ticket.external_id))[0]
        except ValueError as error:
            raise RecordRejected(f"{ticket.id} cannot be read: {error}") from None

    def _issue(self, ticket: Ticket) -> Json:
        try:
            return self._site.issue(ticket.external_id, self._names())
        except PageTooSlow:
            raise
        except PageTooLarge:
            raise RecordRejected(f"{ticket.id} is larger than an answer may be; nothing was written") from None
        except ReadRefused as refusal:
            if refusal.status not in {403, 404, 410}:
                raise
            raise RecordRejected(f"{ticket.id} is gone or hidden from the account; nothing was written") from None

    # --- walking ---

    def _start(self, bookmark: Bookmark | None) -> datetime | None:
        """Where to begin: at the bookmark if it is one of today's scope, else at the start."""
        if bookmark is None or bookmark.get("scope") != self._digest:
            return None
        try:
            return instant(bookmark.get("at"))
        except ValueError:
            return None

    def _pieces(self, start: datetime | None, now: datetime) -> Iterator[Sequence[Found]]:
        """The changed issues, in pieces of which the details can be asked for at once."""
        for page in self._search(start, now):
            found = list(dict(page).items())
            for place in range(0, len(found), MOST_ISSUES):
                yield found[place : place + MOST_ISSUES]

    def _search(self, start: datetime | None, now: datetime) -> Iterator[list[Found]]:
        """Page after page of ids. The end is where Jira says so and gives no further token."""
        minutes = None if start is None else math.ceil((now - start + OVERLAP) / timedelta(minutes=1)) + 1
        query = jql.changed(self._source.projects, minutes)
        oldest = now - timedelta(minutes=minutes + 1) if minutes is not None else None
        written = tuple(self._written)
        token, tokens, empty = "", set[str](), 0
        while True:
            page = self._asked(query, token, written)
            yield self._checked(page["issues"], oldest, written)
            token = part(page, "nextPageToken")
            empty = 0 if page["issues"] else empty + 1
            if not token:
                self._require_end(page)
                return
            if token in tokens or empty > MOST_EMPTY_PAGES:
                raise repeated(self._source.name)
            tokens.add(token)

    def _asked(self, query: str, token: str, written: Sequence[int]) -> Json:
        """One page of the search. A token that Jira no longer takes ends the walk; the next run goes on from here."""
        try:
            return self._site.search(query, token, written)
        except ReadRefused as refusal:
            if token and refusal.status == 400:
                raise SourceUnavailable(
                    f"{self._source.name}: the search does not take its own page token any more; progress is kept"
                ) from None
            raise

    def _require_end(self, page: Json) -> None:
        if page.get("isLast") is not True:
            raise SourceUnavailable(
                f"{self._source.name}: the search broke off: a page without a token that is not the last"
            )

    def _checked(self, issues: Sequence[Json], oldest: datetime | None, written: Sequence[int]) -> list[Found]:
        """The issues of a search page, held against what was asked."""
        found = []
        for issue in issues:
            number, at = part(issue, "id"), _updated(issue)
            if whole(number) is None or at is None:
                raise NeedsPerson(f"{self._source.name}: the search answers without ids or updated; nothing was kept")
            if oldest is not None and at < oldest and whole(number) not in written:
                raise NeedsPerson(
                    f"{self._source.name}: the search was widened: it answers with issues that have not changed"
                )
            found.append((number, at))
        return found

    # --- assembling ---

    def _names(self) -> list[str]:
        return list(dict.fromkeys((*SYSTEM, *(field.id for field in self.fields()))))

    def _page(self, ids: Sequence[str], place: Bookmark) -> Page:
        issues, rejected, oddities = self._issues(ids)
        ours = [issue for issue in issues if _project(issue) in self._source.projects]
        if len(ours) * 2 < len(issues):
            raise NeedsPerson(f"{self._source.name}: the search answers with other projects; was one of them renamed?")
        oddities += [
            Oddity(part(issue, "id"), "outside_scope", f"it is in {_project(issue)} by now")
            for issue in issues
            if issue not in ours
        ]
        audited = [field.id for field in self.fields() if field.is_audited]
        logs = self._changelogs.of([part(issue, "id") for issue in ours], sorted({"status", *audited}))
        records = []
        for issue in ours:
            try:
                record, odd = self._record(issue, logs.get(part(issue, "id"), ()))
            except ValueError as error:
                rejected.append(Rejected(part(issue, "id"), str(error)))
                continue
            records.append(record)
            oddities += odd
        return Page(tuple(records), place, rejected=tuple(rejected), oddities=tuple(oddities))

    def _issues(self, ids: Sequence[str]) -> tuple[list[Json], list[Rejected], list[Oddity]]:
        """The details of issues, those that cannot be had, and those that have gone since the search."""
        try:
            answer = self._site.issues(ids, self._names())
        except PageTooLarge as problem:
            if len(ids) == 1 and isinstance(problem, PageTooSlow):
                raise
            return self._halves(ids)
        issues: list[Json] = answer["issues"]
        there = {part(issue, "id") for issue in issues}
        if not there <= set(ids):
            raise NeedsPerson(f"{self._source.name}: Jira answered with other issues than were asked for")
        gone = []
        for issue in (one for one in ids if one not in there):
            try:
                issues.append(self._site.issue(issue, self._names()))
            except ReadRefused:
                gone.append(
                    Oddity(issue, "vanished", "the search knows it, and reading it says that it is gone or hidden")
                )
        return issues, [], gone

    def _halves(self, ids: Sequence[str]) -> tuple[list[Json], list[Rejected], list[Oddity]]:
        if len(ids) == 1:
            return [], [Rejected(ids[0], "it is larger than an answer may be")], []
        middle = len(ids) // 2
        first, second = self._issues(ids[:middle]), self._issues(ids[middle:])
        return first[0] + second[0], first[1] + second[1], first[2] + second[2]

    def _record(self, issue: Json, histories: Sequence[Json]) -> tuple[TicketRecord, list[Oddity]]:
        """Raises ``ValueError`` for an issue that cannot be read."""
        name, fields = self._source.name, self.fields()
        for one in histories:
            self._people.name(one.get("author"))
        reading = Reading(name, issue, fields, self._values, self._people)
        ticket = reading.ticket()
        history = History(name, issue, self._values, self._people)
        record = TicketRecord(ticket, history.entries(histories, fields, self._field_names))
        return record, [*reading.oddities, *history.oddities, *odd_about(record)]

    def _now(self, info: Json) -> datetime:
        try:
            told = instant(info.get("serverTime"))
        except ValueError:
            told = None
        return told or self._site.session.now()


def _updated(issue: Json) -> datetime | None:
    content = issue.get("fields")
    try:
        return instant(content.get("updated")) if isinstance(content, Mapping) else None
    except ValueError:
        return None


def _project(issue: Json) -> str:
    content = issue.get("fields")
    project = part(content.get("project"), "key") if isinstance(content, Mapping) else ""
    return project or part(issue, "key").rpartition("-")[0]


def _later(at: str, candidate: datetime) -> str:
    """The later of a bookmark's instant and another one: a bookmark never goes back."""
    return max(at, _text(candidate))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _with_bookmark(page: Page, place: Bookmark) -> Page:
    return Page(page.records, place, page.approvals, page.rejected, page.oddities, page.expected)


def _digest(source: Jira, vendors: Mapping[str, Vendor]) -> str:
    """What reading depends on: when it changes, everything is read from its start."""
    names = {vendor.names[source.name]: vendor.name for vendor in vendors.values() if source.name in vendor.names}
    fields = {ours: [one.name, dict(one.values)] for ours, one in source.fields.items()}
    written = [source.write.priority, source.write.vendor, source.write.approval]
    parts = [
        sorted(source.projects),
        fields,
        dict(source.types),
        dict(source.states),
        dict(source.priorities),
        names,
        written,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
