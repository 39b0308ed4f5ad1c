"""Jira Service Management: who was asked to approve a request and what they said, and its own clocks. Never an answer.

Only the projects of service desks are asked, and in them an issue that is no customer's request answers 404.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Oddity
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.instants import instant
from itsm_bridge.connectors.jira.site import Json, Site
from itsm_bridge.connectors.jira.values import People
from itsm_bridge.connectors.texts import LONGEST_LINE, cut
from itsm_bridge.errors import SourceUnavailable
from itsm_bridge.model import Approval, ApprovalState, NativeSla, Ticket, TicketRecord

DECISIONS: Mapping[str, ApprovalState] = {
    "pending": ApprovalState.REQUESTED,
    "approved": ApprovalState.APPROVED,
    "declined": ApprovalState.REJECTED,
}
_NO_REQUEST = frozenset({404, 410})
_LONGEST = 1000 * 86_400 * 366 * 1000
"""Milliseconds in a thousand years: no duration is longer, and neither a number without end nor one of no value is."""


class Desks:
    """Which projects of a site are service desks; each is asked for once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[str, bool] = {}

    def __call__(self, project: str) -> bool:
        """Whether the project of that key is one."""
        if project not in self._known:
            self._known[project] = is_service_desk(self._site.project(project))
        return self._known[project]


class ServiceDesk:
    """The requests of one site."""

    def __init__(self, source: str, site: Site, people: People) -> None:
        self._source, self._site, self._people = source, site, people
        self._is_desk = Desks(site)
        site.session.headers["X-ExperimentalApi"] = "opt-in"  # Data Center offers approvals under this header only

    def with_votes(self, record: TicketRecord, oddities: list[Oddity]) -> TicketRecord:
        """The ticket with every approver's vote; where no field holds its approval, the latest round tells it."""
        ticket = record.ticket
        rounds = self._values_of(ticket, "approval")
        votes: list[Approval] = []
        for one in rounds:
            try:
                votes += self._votes(ticket, one)
            except ValueError as error:
                oddities.append(Oddity(ticket.external_id, "unmapped_approval", str(error)))
        if ticket.approval is None and rounds:
            ticket = replace(ticket, approval=_outcome(rounds))
        return replace(record, ticket=ticket, approvals=tuple(votes))

    def natives(self, ticket: Ticket) -> list[NativeSla]:
        """The request's own clocks, as far as the account may see them (an agent may)."""
        try:
            return [clock for one in self._values_of(ticket, "sla") for clock in self._clocks(ticket, one)]
        except ReadRefused as refusal:
            if refusal.status != 403:
                raise
            return []

    def _votes(self, ticket: Ticket, one: Json) -> Iterator[Approval]:
        """The votes of one round. Who was not heard before it ended need not vote any more."""
        number, asked, done = part(one, "id"), _at(one.get("createdDate")), _at(one.get("completedDate"))
        approvers = one.get("approvers")
        if not number or asked is None or not isinstance(approvers, list):
            raise ValueError("an approval has no id, no time or no approvers")
        is_over = part(one, "finalDecision") in {"approved", "declined"}
        for each in approvers:
            who = _approver(each)
            key = part(who, "accountId") or part(who, "key") or part(who, "name")
            state = DECISIONS.get(part(each, "approverDecision"))
            if state is None or not key:
                raise ValueError("an approver or a decision of an approval is not known")
            if state is ApprovalState.REQUESTED and is_over:
                state = ApprovalState.NOT_REQUIRED
            yield Approval(
                source=self._source,
                external_id=ticket.external_id,
                approval_id=f"{ticket.external_id}:{number}:{key}",
                approver=self._people.name(who),
                state=state,
                requested_at=asked,
                decided_at=done if state in {ApprovalState.APPROVED, ApprovalState.REJECTED} else None,
            )

    def _clocks(self, ticket: Ticket, one: Json) -> Iterator[NativeSla]:
        """The cycles of one service level, the finished ones first."""
        done, ongoing = one.get("completedCycles"), one.get("ongoingCycle")
        cycles = [*(done if isinstance(done, list) else ()), *([ongoing] if ongoing is not None else [])]
        for place, cycle in enumerate(cycles, 1):
            if not isinstance(cycle, Mapping):
                continue
            paused, breached = cycle.get("paused") is True, cycle.get("breached")
            stage = "completed" if cycle is not ongoing else "paused" if paused else "ongoing"
            started = _at(cycle.get("startTime"))
            which = place if started is None else int(started.timestamp())
            yield NativeSla(
                source=self._source,
                external_id=ticket.external_id,
                native_id=f"{ticket.external_id}:{part(one, 'id')}:{which}",
                name=cut(part(one, "name"), LONGEST_LINE),
                stage=stage,
                started_at=started,
                stopped_at=_at(cycle.get("stopTime")),
                due_at=_at(cycle.get("breachTime")),
                elapsed_seconds=_seconds(cycle.get("elapsedTime")),
                breached=breached if isinstance(breached, bool) else None,
                measured_at=_at(cycle.get("stopTime")) or self._site.session.now(),
                target_seconds=_seconds(cycle.get("goalDuration")),
                paused=None if "paused" not in cycle and cycle is ongoing else paused,
            )

    def _values_of(self, ticket: Ticket, what: str) -> Sequence[Json]:
        """Every value of a request's approvals or service levels; none for an issue that is no request."""
        if not self._is_desk(ticket.project):
            return ()
        found: list[Json] = []
        while True:
            try:
                page = self._site.of_request(ticket.external_id, what, len(found))
            except ReadRefused as refusal:
                if refusal.status in _NO_REQUEST and not found:
                    return ()
                raise
            values: list[Json] = page["values"]
            found += values
            if page.get("isLastPage") is not False:
                return found
            if not values:
                raise SourceUnavailable(
                    f"{self._source}: a list of a request ended before its end; nothing of it was kept"
                )


def is_service_desk(project: Json) -> bool:
    """Whether a project is one of Jira Service Management."""
    return part(project, "projectTypeKey") == "service_desk"


def _approver(each: object) -> object:
    return each.get("approver") if isinstance(each, Mapping) else None


def _outcome(rounds: Sequence[Json]) -> ApprovalState | None:
    """What the rounds come to: a pending one counts before those that are over, and of these the latest."""
    decisions = [part(one, "finalDecision") for one in rounds]
    if "pending" in decisions:
        return ApprovalState.REQUESTED
    latest = max(rounds, key=lambda one: _at(one.get("createdDate")) or datetime.min.replace(tzinfo=UTC))
    return DECISIONS.get(part(latest, "finalDecision"))


def _at(moment: object) -> datetime | None:
    """An instant of Jira Service Management, which writes it in several ways; ``None`` where none is readable."""
    if not isinstance(moment, Mapping):
        return None
    for label in ("epochMillis", "jira", "iso8601"):
        try:
            if (at := instant(moment.get(label))) is not None:
                return at
        except ValueError:
            continue
    return None


def _seconds(duration: object) -> int | None:
    millis = duration.get("millis") if isinstance(duration, Mapping) else None
    if not isinstance(millis, int | float) or isinstance(millis, bool) or not abs(millis) <= _LONGEST:
        return None
    return round(millis / 1000)
