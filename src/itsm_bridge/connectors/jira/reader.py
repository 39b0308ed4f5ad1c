"""Reading Jira: ids walked from a bookmark by JQL, then details and changelogs by id; and one issue read anew.

The search index lags behind by seconds to minutes and answers a stranger with an empty list. So the last minutes are
read again, what we wrote ourselves is named to the search, and who we are is proved before a walk and after it.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from itsm_bridge.config.model import Jira, Vendor
from itsm_bridge.connectors.ahead import one_ahead
from itsm_bridge.connectors.answers import PageTooLarge, PageTooSlow, ReadRefused
from itsm_bridge.connectors.base import Bookmark, Identity, Oddity, Page, Rejected
from itsm_bridge.connectors.jira.brought import Brought
from itsm_bridge.connectors.jira.deployment import Deployment, Found, Histories, Step
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.fields import SYSTEM, Field, names_in_changelogs, resolve
from itsm_bridge.connectors.jira.histories import History, assignees_in
from itsm_bridge.connectors.jira.instants import instant
from itsm_bridge.connectors.jira.issues import Reading
from itsm_bridge.connectors.jira.scope import digest_of
from itsm_bridge.connectors.jira.service_desk import ServiceDesk
from itsm_bridge.connectors.jira.site import MOST_ISSUES, Json
from itsm_bridge.connectors.jira.values import People, Values
from itsm_bridge.connectors.jira.worklogs import FIELD as WORKLOG
from itsm_bridge.connectors.jira.worklogs import Worklogs
from itsm_bridge.connectors.oddities import odd_about
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import BridgeError, NeedsPerson, RecordRejected
from itsm_bridge.model import Ticket, TicketRecord

STREAM = "issues"
MOST_RECONCILED = 50
CUT = "its changelog does not come whole"


class Reader:
    """All reading of one site. It remembers names and fields, not issues."""

    def __init__(self, source: Jira, vendors: Mapping[str, Vendor], deployment: Deployment) -> None:
        self._source, self._deployment, self._site = source, deployment, deployment.site
        self._people = People()
        self._values = Values(source, vendors, self._site.statuses)
        is_asked = source.write.votes or source.native_slas
        self._desk = ServiceDesk(source.name, self._site, self._people) if is_asked else None
        self._worklogs = Worklogs(source.name, self._site, self._people) if source.worklogs else None
        self._digest = digest_of(source, vendors)
        self._fields: tuple[Field, ...] = ()
        self._field_names: Mapping[tuple[str, str], str] = {}
        self._written: deque[int] = deque(maxlen=MOST_RECONCILED)

    def identity(self) -> Identity:
        """See ``Connector.identity``."""
        info, me = self._site.server_info(), self._site.myself()
        self._deployment.meet(info, me)
        return Identity(self._people.is_us(me), part(me, "timeZone") or "UTC", self._now(info))

    def wrote(self, issue: str) -> None:
        """Note that an issue was just written, which the index may not know yet."""
        self._written.append(int(issue))

    def fields(self) -> tuple[Field, ...]:
        """The configured fields with their ids; asked for once."""
        if not self._fields:
            known = self._site.fields()
            self._fields = resolve(self._source, known)
            self._field_names = names_in_changelogs(known, self._fields)
        return self._fields

    def fetch(self, bookmark: Bookmark | None) -> Iterator[Page]:
        """See ``Connector.fetch``. The last page comes only after it is proved that the search knew who was asking."""
        now = self.identity().server_time
        start = self._start(bookmark)
        place: Bookmark = {"at": _text(start) if start else "", "scope": self._digest}
        newest = start
        held: Page | None = None
        for some, expected, finish in one_ahead(self._asked(start, now)):
            if held is not None:
                yield held
            place = {**place, "at": _later(place["at"], min(now, *(one.at for one in some)))}
            newest = max([*(one.at for one in some), *([newest] if newest else [])])
            held = replace(finish().page(place), expected=expected)
        self.identity()
        if held is not None and newest is not None:
            yield replace(held, bookmark={**place, "at": _later(place["at"], min(newest, now))})

    def fetch_ids(self, external_ids: Sequence[str]) -> Page:
        """See ``Connector.fetch_ids``. What is not there, or in another project by now, is left out."""
        ids = [one for one in dict.fromkeys(external_ids) if whole(one) is not None]
        brought = Brought()
        for place in range(0, len(ids), MOST_ISSUES):
            found = self._issues(ids[place : place + MOST_ISSUES])[0]
            ours = [issue for issue in found if self.is_ours(issue)]
            self._read(ours, self._logs(ours), brought)
        return brought.page({})

    def read(self, ticket: Ticket) -> TicketRecord:
        """See ``Connector.read``. Raises ``RecordRejected`` where the issue is gone or hidden."""
        issue = self._issue(ticket)
        if part(issue, "id") != ticket.external_id:
            raise NeedsPerson(f"{ticket.id}: Jira answered with another issue; nothing was written")
        histories = self._deployment.history(issue)
        if histories is None:
            raise RecordRejected(f"{ticket.id} cannot be read: {CUT}")
        self._meet([issue], [histories])
        try:
            return self._record(issue, histories, Brought())
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

    def _asked(
        self, start: datetime | None, now: datetime
    ) -> Iterator[tuple[Sequence[Found], int | None, Callable[[], Brought]]]:
        """Piece by piece, what a page is made of; what cannot be had raises in its turn, and ends the walk."""
        for some, expected in self._pieces(start, now):
            try:
                finish = self._details([one.id for one in some])
            except BridgeError as problem:
                yield some, expected, functools.partial(_fail, problem)
                return
            yield some, expected, finish

    def _pieces(self, start: datetime | None, now: datetime) -> Iterator[tuple[Sequence[Found], int | None]]:
        """The changed issues, in pieces of which the details can be asked for at once."""
        for step in self._steps(start, now):
            found = list({one.id: one for one in step.found}.values())
            for place in range(0, len(found), MOST_ISSUES):
                yield found[place : place + MOST_ISSUES], step.expected

    def _steps(self, start: datetime | None, now: datetime) -> Iterator[Step]:
        since = None if start is None else start - self._deployment.overlap
        return self._deployment.walk("updated", since, now, tuple(self._written))

    # --- assembling ---

    def _names(self) -> list[str]:
        beside = (WORKLOG,) if self._worklogs else ()
        return list(dict.fromkeys((*SYSTEM, *(field.id for field in self.fields()), *beside)))

    def _details(self, ids: Sequence[str]) -> Callable[[], Brought]:
        """Ask for issues and their changelogs; what is left is to make tickets of them."""
        issues, rejected, oddities = self._issues(ids)
        ours = [issue for issue in issues if self.is_ours(issue)]
        if len(ours) * 2 < len(issues):
            raise NeedsPerson(f"{self._source.name}: the search answers with other projects; was one of them renamed?")
        oddities += [
            Oddity(part(issue, "id"), "outside_scope", f"it is in {project_of(issue)} by now")
            for issue in issues
            if not self.is_ours(issue)
        ]
        logs = self._logs(ours)
        return lambda: self._read(ours, logs, Brought(rejected=rejected, oddities=oddities))

    def is_ours(self, issue: Json) -> bool:
        """Whether an issue is in one of the configured projects."""
        return project_of(issue) in self._source.projects

    def _logs(self, issues: Sequence[Json]) -> Histories:
        audited = [one.id for one in self.fields() if one.is_audited]
        return self._deployment.histories(issues, sorted({"status", *audited}))

    def _read(self, issues: Sequence[Json], logs: Histories, brought: Brought) -> Brought:
        """Make tickets of issues and their changelogs, and add them to ``brought``."""
        self._meet(issues, logs.values())
        for issue in issues:
            number = part(issue, "id")
            if number not in logs:
                brought.rejected.append(Rejected(number, CUT))
                continue
            try:
                record = self._record(issue, logs[number], brought)
            except ValueError as error:
                brought.rejected.append(Rejected(number, str(error)))
                continue
            brought.records.append(record)
            if self._desk is not None:
                brought.natives += self._desk.natives(record.ticket)
            booked = self._worklogs.of(issue, brought.oddities) if self._worklogs else None
            if booked is not None:
                brought.worklogs[number] = booked
        return brought

    def _issues(self, ids: Sequence[str]) -> tuple[list[Json], list[Rejected], list[Oddity]]:
        """The details of issues, those that cannot be had, and those that have gone since the search."""
        try:
            issues = self._deployment.issues(ids, self._names())
        except PageTooLarge as problem:
            if len(ids) == 1 and isinstance(problem, PageTooSlow):
                raise
            return self._halves(ids)
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

    def _meet(self, issues: Iterable[Json], logs: Collection[Sequence[Json]]) -> None:
        """Ask who the strangers in changelogs are, so that a person is called the same in every run."""
        for issue in issues:
            content = issue.get("fields")
            self._people.name(content.get("assignee") if isinstance(content, Mapping) else None)
        for one in (one for histories in logs for one in histories):
            self._people.name(one.get("author"))
        numbers = (number for histories in logs for number in assignees_in(histories))
        for account in self._site.accounts(self._people.strangers(numbers)):
            self._people.name(account)

    def _record(self, issue: Json, histories: Sequence[Json], brought: Brought) -> TicketRecord:
        """One ticket; what is odd about it, and what else comes with it, goes to ``brought``.

        Raises ``ValueError`` for an issue that cannot be read.
        """
        name, fields = self._source.name, self.fields()
        reading = Reading(name, issue, fields, self._values, self._people)
        ticket = reading.ticket()
        history = History(name, issue, self._values, self._people)
        record = TicketRecord(ticket, history.entries(histories, fields, self._field_names))
        if self._desk is not None and self._source.write.votes:
            record = self._desk.with_votes(record, brought.oddities)
        brought.oddities += [*reading.oddities, *history.oddities, *odd_about(record)]
        return record

    def _now(self, info: Json) -> datetime:
        try:
            told = instant(info.get("serverTime"))
        except ValueError:
            told = None
        return told or self._site.session.now()


def _fail(problem: BridgeError) -> NoReturn:
    raise problem


def project_of(issue: Json) -> str:
    """The key of an issue's project."""
    content = issue.get("fields")
    project = part(content.get("project"), "key") if isinstance(content, Mapping) else ""
    return project or part(issue, "key").rpartition("-")[0]


def _later(at: str, candidate: datetime) -> str:
    """The later of a bookmark's instant and another one: a bookmark never goes back."""
    return max(at, _text(candidate))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
