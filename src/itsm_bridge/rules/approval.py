"""The fourth section: whether a ticket needs an approval, and what the votes so far come to.

Where a source keeps a record of each vote, those are rolled up by the rule's policy. Where the approval is one plain
field, as in Jira, its history is the only record of votes, and the same policy rolls up what each approver set last.
While some are missing the field may already say ``approved``. The bridge then gives the ticket to nobody and leaves
the field as it is: writing ``requested`` over it would be a new question, and end the votes that were given. Whoever
is missing sets the field once more, over whatever value they have to pass on the way.

A ``timeout`` runs in business time from the last time that somebody was asked. When it is up, ``on_timeout: escalate``
tells the environment's contact once and lists the approval, which stays requested; ``reject`` takes it for rejected, so
that nobody is given the ticket. That is the rules' own reading: a rejection is never written, a late vote still counts,
and asking again starts the time anew. So no approval is ever stuck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from itsm_bridge.conditions import shown
from itsm_bridge.config.model import Ownership, RequireApproval, Rule
from itsm_bridge.model import ApprovalState, Held, TicketRecord
from itsm_bridge.rules.contacts import UNTOLD, of_environment
from itsm_bridge.rules.ownership import who
from itsm_bridge.rules.timeouts import Overdue, asked_in_field, asked_in_votes, overdue
from itsm_bridge.rules.verdict import Case, CompiledRule, FieldDecision, NoteDecision, Step, TraceEntry, because
from itsm_bridge.rules.votes import Ballot, asks_in, latest_votes, person_of, roll_up

SECTION = "approval"
BLOCKING = frozenset({ApprovalState.REQUESTED, ApprovalState.REJECTED})
"""An approval in one of these states keeps a ticket from being given to anybody."""


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What the rules say. ``since`` is the last vote that counts; ``objection`` why an ``approved`` does not count.

    ``unfinished`` is an ``approved`` in a plain field that some approvers gave, and not yet enough of them.
    ``asked_at`` is when those who are silent were asked, ``late`` that their time is up.
    """

    state: ApprovalState
    rule: Rule[RequireApproval] | None
    detail: str
    since: datetime | None = None
    objection: str = ""
    unfinished: bool = False
    asked_at: datetime | None = None
    late: Overdue | None = None

    @property
    def decision(self) -> FieldDecision:
        name, why = ("", self.detail) if self.rule is None else (self.rule.name, because(self.rule, f"({self.detail})"))
        return FieldDecision(self.state.value, name, why)

    @property
    def waits(self) -> bool:
        """Whether somebody has yet to answer."""
        return self.state is ApprovalState.REQUESTED


def decide(case: Case, rules: Sequence[CompiledRule[RequireApproval]]) -> Step:
    """The approval by the first rule that matches; ``not_required`` where none does."""
    return by_rule(case, next(case.matching(rules), None))


def by_rule(case: Case, rule: Rule[RequireApproval] | None) -> Step:
    """The approval that one rule asks for, or none.

    A person's own change of the field stands where that binds, but it never lets a ticket through that a rule stops:
    only the votes of the configured approvers do.
    """
    ruling = _in_time(case, _ruling(case.record, rule))
    own = case.ticket.approval or ApprovalState.NOT_REQUIRED
    stands = own is not ruling.state and (ruling.unfinished or _binds(case, ruling))
    note = _note(ruling, stands=stands)
    trace = () if rule is None else (TraceEntry(SECTION, rule.name, decided=not stands, note=note),)
    effective = _effective(ruling, own) if stands else ruling.state
    return Step(
        values={} if stands else {"approval": ruling.decision},
        held=(*(_held(case, ruling, own) if stands else ()), *_late(case, ruling)),
        approvers=rule.then.approvers if rule is not None and ruling.waits else (),
        facts={"approval": (effective.value,)},
        trace=trace,
        waits=_waits(effective, ruling) if effective in BLOCKING else "",
        notes=_notes(case, ruling),
    )


# --- what the rules say ------------------------------------------------------------------------------------------


def _ruling(record: TicketRecord, rule: Rule[RequireApproval] | None) -> _Ruling:
    if rule is None:
        return _Ruling(ApprovalState.NOT_REQUIRED, None, "no rule asks for an approval")
    return _by_votes(record, rule) if record.approvals else _by_field(record, rule)


def _in_time(case: Case, ruling: _Ruling) -> _Ruling:
    """The same where there is time left, or nobody has to answer; else with what silence means to the rule."""
    late = overdue(case, ruling.rule.then, ruling.asked_at) if ruling.rule is not None and ruling.waits else None
    if late is None or ruling.rule is None:
        return ruling
    if ruling.rule.then.on_timeout != "reject":
        return replace(ruling, late=late)
    detail = f"{ruling.detail}; {late.text}"
    objection = ruling.objection or late.text
    return replace(ruling, state=ApprovalState.REJECTED, detail=detail, objection=objection, late=late)


def _by_votes(record: TicketRecord, rule: Rule[RequireApproval]) -> _Ruling:
    votes = latest_votes(record.approvals, rule.then.approvers)
    states = {person: vote.state for person, vote in votes.items()}
    approved = sum(state is ApprovalState.APPROVED for state in states.values())
    rejected = sum(state is ApprovalState.REJECTED for state in states.values())
    detail = f"{approved} of {len(set(map(person_of, rule.then.approvers)))} approved, {rejected} rejected"
    since = max((vote.decided_at for vote in votes.values() if vote.decided_at is not None), default=None)
    state = roll_up(states, rule.then.approvers, rule.then.policy)
    return _Ruling(state, rule, detail, since, asked_at=asked_in_votes(votes.values()))


def _by_field(record: TicketRecord, rule: Rule[RequireApproval]) -> _Ruling:
    """The ticket's own word, where its source keeps no votes: an approval counts only if enough approvers gave it."""
    ballot = Ballot.of(record, rule.then)  # refuses a policy that nobody can fulfil
    own = record.ticket.approval
    asked_at = asked_in_field(record, asks_in(record, rule.then.approvers))
    if own is ApprovalState.REJECTED:
        return _Ruling(own, rule, "the ticket says rejected")
    if own is not ApprovalState.APPROVED:
        so_far = f"{ballot.text}; the field no longer says so" if ballot.votes else "nobody has voted"
        return _Ruling(ApprovalState.REQUESTED, rule, so_far, asked_at=asked_at)
    why = _objection(record, rule.then)
    if why:
        return _Ruling(ApprovalState.REQUESTED, rule, why, objection=why, asked_at=asked_at)
    since = max((vote.at for vote in ballot.votes.values()), default=None)
    if ballot.state is ApprovalState.APPROVED:
        return _Ruling(ballot.state, rule, f"approved by {ballot.names(ApprovalState.APPROVED)}", since)
    return _Ruling(ballot.state, rule, ballot.text, since, objection=ballot.text, unfinished=True, asked_at=asked_at)


def _objection(record: TicketRecord, asked: RequireApproval) -> str:
    """Why the field's ``approved`` is no approver's; empty where its last word is that of one."""
    last = next((entry for entry in reversed(record.history) if entry.field == "approval"), None)
    if last is None or last.new != ApprovalState.APPROVED or not last.actor.strip():
        return "approved by nobody known"
    if person_of(last.actor) not in set(map(person_of, asked.approvers)):
        return f"approved by {shown(last.actor)}, who is not an approver"
    return ""


# --- what a person says ------------------------------------------------------------------------------------------


def _binds(case: Case, ruling: _Ruling) -> bool:
    """Whether a person's change of the field stands against the rules: unless an approver has voted since.

    In one and the same second, of which ServiceNow does not tell what came first, it stands: nobody's word is lost, and
    the next vote counts. What somebody resolved stands until it is resolved otherwise.
    """
    standing = case.standing.get("approval")
    return standing is not None and (bool(standing.resolved) or ruling.since is None or ruling.since <= standing.at)


def _effective(ruling: _Ruling, own: ApprovalState) -> ApprovalState:
    """The stricter of the two; where no rule asks for an approval, the person's."""
    if ruling.rule is None:
        return own
    return own if own in BLOCKING and ruling.state not in BLOCKING else ruling.state


def _held(case: Case, ruling: _Ruling, own: ApprovalState) -> tuple[Held, ...]:
    """A line where a person's word stands against a rule's; without a rule only under ``hold``."""
    if ruling.unfinished:
        again = ", and who is missing can clear it and set it again"
        how = again if ruling.state is ApprovalState.REQUESTED else ""
        return (Held(case.ticket.id, "approval", f"{ruling.objection}; the field stays {own.value}{how}"),)
    standing = case.standing["approval"]
    if ruling.rule is None and standing.mode is not Ownership.HOLD:
        return ()
    since = f"({standing.resolved})" if standing.resolved else f"since a change by {who(standing)}"
    why = ruling.objection or f"{own.value} {since}; the rules say {ruling.state.value}"
    return (Held(case.ticket.id, "approval", why),)


def _late(case: Case, ruling: _Ruling) -> tuple[Held, ...]:
    """The line of an approval that is overdue; somebody has to look at it where nobody can be told."""
    if ruling.rule is None or ruling.late is None:
        return ()
    by = f"(rule {ruling.rule.name})"
    if not ruling.waits:
        return (Held(case.ticket.id, "approval", f"taken for rejected: {ruling.late.text} {by}"),)
    told = of_environment(case)
    whom = f"told {', '.join(told)}" if told else "nobody can be told, as nobody is named for its environment"
    return (Held(case.ticket.id, "approval", f"{ruling.late.text}; {whom} {by}", "" if told else UNTOLD),)


def _notes(case: Case, ruling: _Ruling) -> tuple[NoteDecision, ...]:
    if ruling.rule is None or ruling.late is None or not ruling.waits:
        return ()
    return (ruling.late.note(case, ruling.rule),)


def _waits(state: ApprovalState, ruling: _Ruling) -> str:
    by = "" if ruling.rule is None else f" (rule {ruling.rule.name})"
    objection = f"; {ruling.objection}" if ruling.objection else ""
    if state is ApprovalState.REJECTED:
        return f"its approval was rejected{by}{objection}"
    whom = "" if ruling.rule is None else f" by {', '.join(ruling.rule.then.approvers)}"
    return f"waits for approval{whom}{by}{objection}"


def _note(ruling: _Ruling, *, stands: bool) -> str:
    note = f"approval = {ruling.state.value} ({ruling.detail})"
    return f"would set {note}, but the field is left as it is" if stands else note
