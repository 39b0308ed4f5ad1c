"""When an approval has waited too long: business time of the ticket's environment since it was last asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsm_bridge.calendars import Rota, epoch, instant
from itsm_bridge.config.model import Duration, Environment, Jira, RequireApproval, Rule, ServiceNow
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, TicketRecord
from itsm_bridge.rules.contacts import of_environment
from itsm_bridge.rules.eligibility import environment_of
from itsm_bridge.rules.facts import read_fact
from itsm_bridge.rules.verdict import Case, NoteDecision


@dataclass(frozen=True, slots=True)
class Overdue:
    """An approval that was asked for at ``asked_at`` and could be given in time until ``due_at``."""

    asked_at: datetime
    due_at: datetime
    within: Duration

    @property
    def text(self) -> str:
        """``not given within 8 h of business time since it was asked for on …``."""
        seconds, days = self.within.seconds, self.within.working_days
        length = f"{days} working days" if seconds is None else f"{seconds / 3600:g} h of business time"
        return f"not given within {length} since it was asked for on {self.asked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

    def note(self, case: Case, rule: Rule[RequireApproval]) -> NoteDecision:
        """What the contact of the environment is told, once for each time that the approval was asked for."""
        told = of_environment(case)
        addressed = f"{', '.join(told)}: " if told else ""
        text = f"{addressed}the approval by {', '.join(rule.then.approvers)} was {self.text}."
        key = f"approval {rule.name} {self.asked_at.astimezone(UTC).isoformat()}"
        return NoteDecision(key, text, rule.name, "(its approval is overdue)", told=told)


def overdue(case: Case, then: RequireApproval, asked_at: datetime | None) -> Overdue | None:
    """Whether the time is up. It never is where nobody was asked, or no calendar is known for the ticket."""
    if then.timeout is None or asked_at is None or not _may_be_up(then.timeout, case.now - asked_at):
        return None
    rota = _rota(case)
    if rota is None or _asks_nobody(case):
        return None
    due_at = _due(rota, asked_at, then.timeout)
    return Overdue(asked_at, due_at, then.timeout) if due_at is not None and case.now > due_at else None


def asked_in_votes(votes: Collection[Approval]) -> datetime | None:
    """When the last of those who have not answered was asked: each of them had the whole time then."""
    return max((vote.requested_at for vote in votes if vote.state is ApprovalState.REQUESTED), default=None)


def asked_in_field(record: TicketRecord, asks: Collection[HistoryEntry]) -> datetime | None:
    """When a plain field last became ``requested``; ``asks`` are the entries of its history that ask."""
    if asks:
        return max(entry.at for entry in asks)
    return record.ticket.created_at if record.ticket.approval is ApprovalState.REQUESTED else None


def _may_be_up(timeout: Duration, passed: timedelta) -> bool:
    """Whether it is worth a look: business time is never longer than the time on the clock."""
    return passed > timedelta(seconds=timeout.seconds or 0)


def _asks_nobody(case: Case) -> bool:
    """Whether a field says ``requested`` where approvers are asked by records of their own, and there are none."""
    source = case.configuration.sources.get(case.ticket.source)
    by_records = isinstance(source, ServiceNow) and source.write.approval == "approver_records"
    return not case.record.approvals and (by_records or (isinstance(source, Jira) and source.write.votes))


def _rota(case: Case) -> Rota | None:
    environment: Environment | None = environment_of(case)
    if environment is None or case.calendars is None:
        return None
    return case.calendars().rota(environment.name, read_fact(case.facts, "service"))


def _due(rota: Rota, asked_at: datetime, timeout: Duration) -> datetime | None:
    if timeout.working_days is not None:
        calendar = rota.at(epoch(asked_at))
        return None if calendar is None else calendar.due_working_days(asked_at, timeout.working_days)
    due = rota.due(epoch(asked_at), timeout.seconds or 0)
    return None if due is None else instant(due)
